/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus annotate - a stream in, the same stream out, with who holds the first address of each line. */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "prog/onus/attribute.h"
#include "prog/onus/commands.h"
#include "util/input.h"
#include "util/opt.h"

#define OUT_MAX	  (4u << 20)
#define OUT_FLUSH (1u << 20)

/* What may stand in an address, and so cannot stand beside one. */
static bool in_address(char c)
{
	return (c >= '.' && c <= ':' && c != '/') || (c >= 'a' && c <= 'f') ||
	       (c >= 'A' && c <= 'F');
}

static bool word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-';
}

/* An address at the head of [p, end), a token that nothing word-like touches; "1.2.3.4:80" and a full
 * stop behind it are understood. */
static bool token(const char *p, const char *end, struct span *ret, struct addr *addr)
{
	struct span s = { p, end };

	if (addr_parse(s, addr) == 0) {
		*ret = s;
		return true;
	}
	while (s.end > s.p && (s.end[-1] == '.' || s.end[-1] == ':'))
		s.end--;
	if (s.end == end) {
		const char *colon = memchr(s.p, ':', span_len(s));

		if (!colon || !memchr(s.p, '.', (size_t)(colon - s.p)))
			return false;
		s.end = colon;
	}
	*ret = s;
	return addr_parse(s, addr) == 0;
}

#define ONES  UINT64_C(0x0101010101010101)
#define HIGHS UINT64_C(0x8080808080808080)

/* The first '.' or ':' of [p, end), or end: eight bytes at a time, and letters cost nothing. Source: the
 * test for a zero byte in S. Anderson, Bit Twiddling Hacks; the lowest bit that is set is exact. */
static const char *find_mark(const char *p, const char *end)
{
	while (end - p >= 8) {
		uint64_t w, dot, colon, hit;

		memcpy(&w, p, 8);
		w = le64toh(w);
		dot = w ^ ONES * '.';
		colon = w ^ ONES * ':';
		hit = ((dot - ONES) & ~dot & HIGHS) | ((colon - ONES) & ~colon & HIGHS);
		if (hit)
			return p + (__builtin_ctzll(hit) >> 3);
		p += 8;
	}
	while (p < end && *p != '.' && *p != ':')
		p++;
	return p;
}

/* The first address in a line: around each mark the token is cut where no byte of an address stands. */
static bool first_address(struct span line, struct span *ret, struct addr *addr)
{
	const char *p = line.p, *mark;

	while ((mark = find_mark(p, line.end)) < line.end) {
		const char *start = mark;
		unsigned dots = 0, colons = 0;
		bool gap = false;

		while (start > p && in_address(start[-1]))
			start--;
		for (p = mark; p < line.end && in_address(*p); p++) {
			dots += *p == '.';
			colons += *p == ':';
			gap |= *p == ':' && p > mark && p[-1] == ':';
		}
		/* most that have colons are the time of day */
		if ((dots < 3 && colons < 7 && !gap) || p - start > ADDR_TEXT_MAX + 6)
			continue;
		if ((start > line.p && word(start[-1])) || (p < line.end && word(*p)))
			continue;
		if (token(start, p, ret, addr))
			return true;
	}
	return false;
}

/* struct stream - lines wait until there are BATCH of them, or nothing more has come */
#define BATCH 256u
struct stream {
	const struct attributor *from;
	struct attribute_ready ready;
	struct buf *out;
	struct attribute_item v[BATCH];
	size_t n;
};

static void write_batch(struct stream *s)
{
	if (attribute_lines(s->from, &s->ready, s->v, s->n, s->out) < 0)
		s->out->bad = true; /* flush tells */
	s->n = 0;
}

static void annotate(struct stream *s, struct span line)
{
	struct attribute_item *it = &s->v[s->n++];

	it->line = line;
	if (!first_address(line, &it->text, &it->addr))
		it->text = SPAN("");
	if (s->n == BATCH)
		write_batch(s);
}

static bool flush(struct buf *out)
{
	bool ok = buf_ok(out) && (out->len == 0 || fwrite(out->p, 1, out->len, stdout) == out->len);

	buf_reset(out);
	return fflush(stdout) == 0 && !ferror(stdout) && ok; /* the error sticks */
}

/* Lines that were too long to be kept whole are told: the stream that comes out is not what went in. */
static void say_cut(const char *path, uint64_t first, uint64_t n)
{
	if (n)
		(void)fprintf(stderr,
		    "onus annotate: %s:%llu: the line is too long: only its first %u bytes are "
		    "kept (%llu lines cut)\n",
		    path, (unsigned long long)first, INPUT_LINE_MAX, (unsigned long long)n);
}

/* Returns 0, 1 when lines were cut, or -errno with the reason. */
static int one_input(struct stream *s, const char *path, struct err *e)
{
	uint64_t first_cut = 0, n_cut = 0;
	struct input *in;
	struct block b;
	int r = input_open(path, &in, e);

	if (r < 0)
		return r;
	while ((r = input_block(in, &b, e)) > 0) {
		uint64_t n = b.cut;
		struct span line;

		if (b.cut) {
			annotate(s, b.text);
			first_cut = n_cut++ ? first_cut : b.first_number;
		}
		for (; !b.cut && !span_empty(b.text); n++) {
			(void)span_cut(
			    &b.text, '\n', &line); /* every line of a block ends with LF */
			annotate(s, line);
			if (s->out->len > OUT_FLUSH && !flush(s->out))
				break;
		}
		input_block_lines(in, n);
		write_batch(s);	      /* lines do not outlive their block */
		if (!flush(s->out)) { /* a block is what there was: nobody waits for its answers */
			r = err_set(e, -EIO, "cannot write to the standard output");
			break;
		}
	}
	in = input_free(in);
	say_cut(path, first_cut, n_cut);
	return r < 0 ? r : n_cut > 0;
}

int cmd_annotate(int argc, char **argv)
{
	const char *conf_file = NULL, *registry = NULL;
	struct opt_list set = { .n = 0 };
	const struct opt opts[] = {
		{ "registry", 'r', OPT_TEXT, &registry, "FILE", "The registry file." },
		{ "config", 'c', OPT_TEXT, &conf_file, "FILE", "Read this configuration file." },
		{ "option", 'o', OPT_LIST, &set, "NAME=VALUE", "Set one parameter over the file." },
	};
	const struct opt_usage usage = { "onus annotate", "[FILE…]",
		"Append to every line, after tabs: the first address in it, the number and the "
		"name of\n"
		"its AS, and its country; '-' where unknown. Lines without an address stay as they "
		"are.",
		"Example: tail -f /var/log/mail.log | onus annotate", opts, NELEM(opts) };
	int n = opt_main(&usage, argc, argv), r = 0, code = 0;
	static struct stream s; /* too large for the stack */
	struct attributor a;
	struct err e = { "" };
	struct buf out;

	if (n < 0)
		return opt_exit(n);
	if (attribute_open(&a, "onus annotate", conf_file, set.v, set.n, registry) < 0)
		return 3;
	buf_init(&out, OUT_MAX);
	s.from = &a;
	s.out = &out;
	if (n == 0)
		code = r = one_input(&s, "-", &e);
	for (int i = 1; i <= n && r >= 0; i++) {
		r = one_input(&s, argv[i], &e);
		code = MAX_OF(code, r);
	}
	if (r < 0)
		(void)fprintf(stderr, "onus annotate: %s\n", e.text);
	attribute_ready_done(&s.ready);
	buf_done(&out);
	attribute_done(&a);
	return r < 0 ? 2 : code;
}
