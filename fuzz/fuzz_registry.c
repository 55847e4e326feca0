/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A damaged registry file with a right checksum: refused, or opened, and then lookups in it stay inside
 * it. The input is a list of patches to a small good file, 4 bytes each: which section (the last one is
 * the head), where in it (2 bytes), and what to put there. */
#include "fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "holders/build_format.h"
#include "holders/registry_format.h"
#include "holders/tell.h"
#include "util/file.h"

static const char table[] = "1.0.0.0,1.0.0.255,64496,First\n1.0.1.0,1.0.1.99,64497,Second\n"
			    "45.0.0.0,45.0.255.255,64498,Large\n2a00:1::,2a00:1::ff,64498,Large\n"
			    "2a00:2::,2a00:2:ffff:ffff:ffff:ffff:ffff:ffff,64499,Six\n";

static const struct {
	enum fact_kind kind;
	const char *range, *handle, *org, *abuse, *mail;
} facts[] = {
	{ FACT_NETWORK, "1.0.0.0/16", "", "O", "", "" },
	{ FACT_NETWORK, "1.0.0.0/16", "N", "LOST", "LOST", "" },
	{ FACT_NETWORK, "1.0.1.0-1.0.1.99", "M", "", "", "m@example.net" },
	{ FACT_NETWORK, "2a00:1::/32", "", "O", "", "" },
	{ FACT_NETWORK, "2a00:1::7-2a00:1::9", "", "", "C", "" },
	{ FACT_ORG, NULL, "O", "", "C", "" },
	{ FACT_PLACE, "1.0.0.0/24", "", "", "", "" },
	{ FACT_PLACE, "2a00:1::/48", "", "", "", "" },
	{ FACT_CONTACT, NULL, "C", "", "", "c@example.net" },
	{ FACT_AS, NULL, "", "O", "", "" },
};

static void *good, *copy;
static size_t n_good;
static uint64_t patched[64];
static unsigned n_patched;

static void tell_facts(struct registry_build *b)
{
	struct fact_to to = build_facts(b, 1);

	if (build_input_add(b, "facts", KIND_RPSL) != 1 ||
	    build_input_add(b, "routes", KIND_RIS) != 2)
		abort();
	for (size_t i = 0; i < NELEM(facts); i++) {
		struct fact f = { .kind = facts[i].kind,
			.source = SPAN("RIPE"),
			.handle = span_str(facts[i].handle),
			.name = SPAN("name"),
			.address = SPAN("Here"),
			.org = span_str(facts[i].org),
			.as = { 64496, 64497 }, /* two joins with their holder */
			.abuse = span_str(facts[i].abuse),
			.mail = span_str(facts[i].mail),
			.country = "NL",
			.geofeed = true };

		if ((facts[i].range && range_parse(span_str(facts[i].range), &f.range) < 0) ||
		    to.take(to.ctx, &f) < 0)
			abort();
	}
}

/* Two ASes announce one prefix, behind all that the table has. */
static void tell_routes(struct registry_build *b)
{
	struct fact_to to = build_facts(b, 2);

	for (uint32_t as = 4199999998; as <= 4199999999; as++) {
		struct fact f = { .kind = FACT_ROUTE,
			.source = SPAN("RIS"),
			.as = { as, as },
			.seen = as & 7,
			.range = prefix_range(prefix_make(addr_of_v4(0xc8000000), 120)) };

		if (to.take(to.ctx, &f) < 0)
			abort();
	}
}

/* What a record says of the same AS and holder, and does not hold. */
static void tell_others(struct registry_build *b)
{
	struct fact_to to = build_facts(b, 3);
	struct fact as = { .kind = FACT_AS,
		.source = SPAN("ARIN"),
		.as = { 64496, 64496 },
		.name = SPAN("another"),
		.org = SPAN("Q"),
		.country = "DE" };
	struct fact org = { .kind = FACT_ORG,
		.source = SPAN("RIPE"),
		.handle = SPAN("O"),
		.name = SPAN("another"),
		.address = SPAN("There"),
		.country = "DE" };

	if (build_input_add(b, "others", KIND_ARIN_TEXT) != 3 || to.take(to.ctx, &as) < 0 ||
	    to.take(to.ctx, &org) < 0)
		abort();
}

static void make_good(void)
{
	struct registry_build *b = registry_build_new(NULL, NULL);
	char path[64];
	struct buf file;
	struct err e;

	(void)snprintf(path, sizeof(path), "/tmp/onus-fuzz-registry-file-%ld", (long)getpid());
	buf_init(&file, 64u << 20);
	if (!b ||
	    registry_build_add(b, fuzz_file((const uint8_t *)table, sizeof(table) - 1), &e) < 0)
		abort();
	tell_facts(b);
	tell_routes(b);
	tell_others(b);
	if (registry_build_write(b, path, &e) < 0 || file_read(path, &file, &e) < 0 ||
	    posix_memalign(&good, REG_ALIGN, file.len) != 0 ||
	    posix_memalign(&copy, REG_ALIGN, file.len) != 0)
		abort();
	memcpy(good, file.p, file.len);
	memcpy(copy, file.p, file.len);
	n_good = file.len;
	(void)unlink(path);
	buf_done(&file);
	(void)registry_build_free(b);
}

static void patch(const uint8_t p[4])
{
	const struct reg_head *head = good;
	uint64_t from = 0, size = head->head_bytes, at = (uint64_t)p[1] << 8 | p[2];

	if (p[0] % (REG_SECTIONS + 1) < REG_SECTIONS) {
		const struct reg_extent *x = &head->section[p[0] % (REG_SECTIONS + 1)];

		from = x->offset;
		size = (uint64_t)x->rows * x->row_bytes;
	}
	if (size > 0)
		((uint8_t *)copy)[from + at % size] = p[3];
	if (size > 0)
		patched[n_patched++] = from + at % size;
}

/* The copy as it was: most of it never changes, and it is large. */
static void undo(void)
{
	while (n_patched > 0) {
		uint64_t at = patched[--n_patched];

		((uint8_t *)copy)[at] = ((const uint8_t *)good)[at];
	}
}

/* Every text is looked at from one end to the other. */
static void read_text(struct span s)
{
	assert(s.end >= s.p && span_utf8(s));
}

static void read_member(const struct registry *r, struct registry_member m)
{
	if (m.holder)
		read_text(registry_holder_at(r, m.index).name);
	else
		read_text(registry_as_at(r, m.index).name);
}

static void read_orgs(const struct registry *r)
{
	uint32_t first, n;

	for (uint32_t i = 0; i < registry_n_org(r); i++) {
		struct registry_org o = registry_org_at(r, i);

		read_text(o.handle);
		read_text(o.name);
		n = registry_org_ases(r, i, &first);
		for (uint32_t k = 0; k < n; k++)
			assert(registry_as_at(r, registry_org_as(r, first + k)).org == i);
		n = registry_org_holders(r, i, &first);
		for (uint32_t k = 0; k < n; k++)
			assert(registry_holder_at(r, registry_org_holder(r, first + k)).org == i);
		n = registry_org_links(r, i, &first);
		for (uint32_t k = 0; k < n; k++) {
			struct registry_org_link l = registry_org_link_at(r, first + k);

			read_member(r, l.a);
			read_member(r, l.b);
			read_text(l.why);
			assert(*org_rule_name(l.rule) && *org_rule_words(l.rule));
		}
		assert(registry_find_org(r, o.handle) < registry_n_org(r));
	}
	(void)registry_find_org(r, SPAN("ASNAME/first"));
	(void)registry_find_org(r, SPAN("RIPE/O"));
}

static void read_chain(const struct registry *r, struct addr a)
{
	uint32_t at = registry_network(r, a), abuse;

	abuse = registry_network_abuse(r, at, NULL);
	if (abuse != REGISTRY_NONE)
		read_text(registry_contact_at(r, abuse).mail);
	for (; at != REGISTRY_NONE; at = registry_network_at(r, at).parent)
		for (uint32_t i = at; i != REGISTRY_NONE; i = registry_network_same(r, i)) {
			struct registry_network n = registry_network_at(r, i);

			read_text(n.name);
			read_text(n.handle);
			read_text(n.source);
			read_text(n.status);
			if (n.holder != REGISTRY_NONE)
				read_text(registry_holder_at(r, n.holder).address);
		}
}

static void read_rivals(const struct registry *r, struct addr a)
{
	uint32_t first, n = registry_rivals(r, a, &first);

	for (uint32_t i = first; i < first + n; i++) {
		struct registry_rival v = registry_rival_at(r, i);

		assert(range_has(v.range, a) && v.asn);
		read_text(registry_input_at(r, v.input).kind);
	}
}

static void read_said(const struct registry *r)
{
	uint32_t first, n, all = 0;
	struct said_words w;

	for (uint32_t i = 0; i < registry_n_as(r); i++, all += n) {
		n = registry_as_said(r, i, &first);
		assert(first == all);
		for (uint32_t k = first; k < first + n; k++) {
			struct registry_said s = registry_as_said_at(r, k);

			assert(s.field != SAID_ADDRESS && !span_empty(s.value));
			read_text(s.value);
			tell_said(r, &s, &w);
		}
	}
	assert(all == registry_n_as_said(r));
	all = 0;
	for (uint32_t i = 0; i < registry_n_holder(r); i++, all += n) {
		n = registry_holder_said(r, i, &first);
		assert(first == all);
		for (uint32_t k = first; k < first + n; k++) {
			struct registry_said s = registry_holder_said_at(r, k);

			assert(s.field != SAID_HOLDER && !span_empty(s.value));
			read_text(s.value);
			tell_said(r, &s, &w);
		}
	}
	assert(all == registry_n_holder_said(r));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint64_t his[] = { 0, UINT64_C(0x2a000001) << 32, UINT64_C(0x2a000002) << 32,
		UINT64_MAX };
	struct registry *r = NULL;
	struct attribution at;
	char country[3];
	struct err e;

	if (!good)
		make_good();
	undo();
	for (size_t i = 0; i + 4 <= size && i < 256; i += 4)
		patch(data + i);
	((struct reg_head *)copy)->sum = registry_sum(copy, n_good);
	if (registry_of_bytes(copy, n_good, &r, &e) < 0)
		return 0;
	for (uint32_t i = 0; i < 1024; i++) {
		registry_lookup(r, addr_of_v4(i << 6 | 0x01000000), &at);
		read_chain(r, addr_of_v4(i << 6 | 0x01000000));
	}
	for (size_t i = 0; i < NELEM(his); i++) {
		registry_lookup(r, (struct addr){ his[i], i }, &at);
		read_chain(r, (struct addr){ his[i], i + 6 });
	}
	for (size_t i = 0; i < NELEM(his); i++)
		(void)registry_geofeed(r, (struct addr){ his[i], 0x01000000 }, country);
	assert(registry_n_geofeed(r) <= REG_ROWS_MAX);
	for (size_t i = 0; i < NELEM(his); i++)
		read_rivals(r, (struct addr){ his[i], i });
	read_rivals(r, addr_of_v4(0xc8000080));
	read_orgs(r);
	read_said(r);
	(void)registry_find_network(r, SPAN("RIPE/N"));
	for (uint32_t i = 0; i < registry_n_orphan(r); i++)
		read_text(registry_orphan_at(r, i).handle);
	for (uint32_t i = 0; i < registry_n_as(r); i++)
		assert(registry_as_at(r, i).name.end >= registry_as_at(r, i).name.p);
	(void)registry_free(r);
	return 0;
}
