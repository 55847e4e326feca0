/* SPDX-License-Identifier: GPL-3.0-or-later */
/* make_mmdb REGISTRY OUT - what a registry file says of origins, as a MaxMind DB (format 2.0), so that
 * libmaxminddb can be timed on the same data. For the bench only: no names of networks, no IPv4 aliases. */
#include <stdlib.h>
#include <string.h>

#include "holders/registry.h"
#include "util/file.h"

#define NODES_MAX 20000000u
#define LEAF	  UINT32_C(0x80000000) /* of an AS, by index */
#define SEPARATOR 16u
#define FILE_MAX  (UINT64_C(1) << 30)

struct node {
	uint32_t child[2]; /* 0: nothing; LEAF | AS; a node */
};

static struct node *nodes;
static uint32_t n_nodes = 1;

static void be32(struct buf *b, uint32_t v)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		buf_byte(b, (char)(v >> shift & 255));
}

static unsigned bit_of(struct addr a, unsigned i)
{
	return (unsigned)((i < 64 ? a.hi >> (63 - i) : a.lo >> (127 - i)) & 1);
}

/* IPv4 lies at ::/96 there. */
static void insert(struct prefix p, uint32_t as)
{
	struct addr a = addr_is_v4(p.addr) ? (struct addr){ 0, p.addr.lo & UINT32_MAX } : p.addr;
	uint32_t at = 0;

	for (unsigned i = 0; i + 1 < p.len; i++) {
		uint32_t *next = &nodes[at].child[bit_of(a, i)];

		if (*next & LEAF || n_nodes == NODES_MAX)
			abort(); /* the registry's prefixes are disjoint */
		if (*next == 0)
			*next = n_nodes++;
		at = *next;
	}
	nodes[at].child[bit_of(a, p.len - 1)] = LEAF | as;
}

static void head(struct buf *b, unsigned type, size_t size)
{
	unsigned low = size < 29 ? (unsigned)size : size < 285 ? 29 : 30;

	buf_byte(b, (char)((type < 8 ? type << 5 : 0) | low));
	if (type >= 8)
		buf_byte(b, (char)(type - 7));
	if (low == 29)
		buf_byte(b, (char)(size - 29));
	else if (low == 30)
		buf_put(b, (char[]){ (char)((size - 285) >> 8), (char)((size - 285) & 255) }, 2);
}

static void text(struct buf *b, struct span s)
{
	head(b, 2, span_len(s));
	buf_span(b, s);
}

static void number(struct buf *b, const char *key, unsigned type, uint64_t v)
{
	unsigned bytes = 0;

	text(b, span_str(key));
	while (bytes < 8 && v >> (8 * bytes))
		bytes++;
	head(b, type, bytes);
	for (unsigned i = bytes; i-- > 0;)
		buf_byte(b, (char)(v >> (8 * i) & 255));
}

/* The data section: one map an AS; at[i] is where. */
static void put_data(struct buf *b, const struct registry *r, uint32_t *at)
{
	for (uint32_t i = 0; i < registry_n_as(r); i++) {
		struct registry_as as = registry_as_at(r, i);

		at[i] = (uint32_t)b->len;
		head(b, 7, 2);
		number(b, "autonomous_system_number", 6, as.asn);
		text(b, SPAN("autonomous_system_organization"));
		text(b, as.name);
	}
}

static void put_metadata(struct buf *b)
{
	buf_put(b, "\xab\xcd\xefMaxMind.com", 14);
	head(b, 7, 9);
	number(b, "node_count", 6, n_nodes);
	number(b, "record_size", 5, 32);
	number(b, "ip_version", 5, 6);
	number(b, "binary_format_major_version", 5, 2);
	number(b, "binary_format_minor_version", 5, 0);
	number(b, "build_epoch", 9, 1);
	text(b, SPAN("database_type"));
	text(b, SPAN("onus-bench-ASN"));
	text(b, SPAN("languages"));
	head(b, 11, 0);
	text(b, SPAN("description"));
	head(b, 7, 0);
}

int main(int argc, char **argv)
{
	struct registry *r = NULL;
	struct buf data, out;
	uint32_t *at;
	struct err e = { "" };

	if (argc != 3 || registry_open(argv[1], &r, &e) < 0) {
		(void)fprintf(stderr, "Usage: make_mmdb REGISTRY OUT\n%s\n", e.text);
		return 3;
	}
	nodes = calloc(NODES_MAX, sizeof(*nodes));
	at = calloc(registry_n_as(r) + 1, sizeof(*at));
	if (!nodes || !at)
		abort();
	for (uint32_t i = 0; i < registry_n_prefix(r); i++) {
		struct registry_prefix p = registry_prefix_at(r, i);
		struct prefix one;
		bool more;

		do {
			more = range_take_prefix(&p.range, &one);
			insert(one, p.as);
		} while (more);
	}
	buf_init(&data, FILE_MAX);
	buf_init(&out, FILE_MAX);
	put_data(&data, r, at);
	for (uint32_t i = 0; i < n_nodes; i++)
		for (unsigned side = 0; side < 2; side++) {
			uint32_t c = nodes[i].child[side];

			be32(&out, c & LEAF ? n_nodes + SEPARATOR + at[c & ~LEAF]
				   : c	    ? c
					    : n_nodes);
		}
	buf_put(&out, (char[SEPARATOR]){ 0 }, SEPARATOR);
	buf_span(&out, buf_text(&data));
	put_metadata(&out);
	if (!buf_ok(&out) || file_write(argv[2], buf_text(&out), &e) < 0) {
		(void)fprintf(stderr, "make_mmdb: %s\n", e.text);
		return 2;
	}
	(void)registry_free(r);
	return 0;
}
