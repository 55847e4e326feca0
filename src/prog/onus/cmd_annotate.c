/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus annotate - a stream in, the same stream out, with who holds the first address of each line. */
#include <errno.h>

#include "prog/onus/attribute.h"
#include "prog/onus/commands.h"
#include "util/input.h"
#include "util/opt.h"

#define OUT_MAX	  (4u << 20)
#define OUT_FLUSH (1u << 20)

/* What may stand in an address, and so cannot stand beside one. */
static const bool in_address[256] = { ['0'] = 1,
	['1'] = 1,
	['2'] = 1,
	['3'] = 1,
	['4'] = 1,
	['5'] = 1,
	['6'] = 1,
	['7'] = 1,
	['8'] = 1,
	['9'] = 1,
	['a'] = 1,
	['b'] = 1,
	['c'] = 1,
	['d'] = 1,
	['e'] = 1,
	['f'] = 1,
	['A'] = 1,
	['B'] = 1,
	['C'] = 1,
	['D'] = 1,
	['E'] = 1,
	['F'] = 1,
	['.'] = 1,
	[':'] = 1 };

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

/* The first address in a line. Tokens are cut where no byte of an address stands. */
static bool first_address(struct span line, struct span *ret, struct addr *addr)
{
	const char *p = line.p;

	while (p < line.end) {
		const char *start;
		unsigned marks = 0;

		while (p < line.end && !in_address[(unsigned char)*p])
			p++;
		for (start = p; p < line.end && in_address[(unsigned char)*p]; p++)
			marks += *p == '.' || *p == ':';
		if (marks < 2 || p - start < 2 || p - start > ADDR_TEXT_MAX + 6)
			continue;
		if ((start > line.p && word(start[-1])) || (p < line.end && word(*p)))
			continue;
		if (token(start, p, ret, addr))
			return true;
	}
	return false;
}

static void annotate(const struct attributor *a, struct span line, struct buf *out)
{
	struct span text;
	struct addr addr;

	buf_span(out, line);
	if (first_address(line, &text, &addr))
		attribute_fields(a, text, addr, out);
	buf_byte(out, '\n');
}

static bool flush(struct buf *out)
{
	bool ok = buf_ok(out) && (out->len == 0 || fwrite(out->p, 1, out->len, stdout) == out->len);

	buf_reset(out);
	return ok && fflush(stdout) == 0;
}

static int one_input(const struct attributor *a, const char *path, struct buf *out, struct err *e)
{
	struct input *in;
	struct block b;
	int r = input_open(path, &in, e);

	if (r < 0)
		return r;
	while ((r = input_block(in, &b, e)) > 0) {
		struct span line;

		if (b.cut)
			annotate(a, b.text, out);
		for (uint64_t n = 0; !b.cut && !span_empty(b.text); n++) {
			(void)span_cut(
			    &b.text, '\n', &line); /* every line of a block ends with LF */
			annotate(a, line, out);
			if (out->len > OUT_FLUSH && !flush(out))
				break;
		}
		if (!flush(out)) { /* a block is what there was: nobody waits for its answers */
			r = err_set(e, -EIO, "cannot write to the standard output");
			break;
		}
	}
	in = input_free(in);
	return r;
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
	int n = opt_main(&usage, argc, argv), r = 0;
	struct attributor a;
	struct err e = { "" };
	struct buf out;

	if (n < 0)
		return opt_exit(n);
	if (attribute_open(&a, "onus annotate", conf_file, set.v, set.n, registry) < 0)
		return 3;
	buf_init(&out, OUT_MAX);
	if (n == 0)
		r = one_input(&a, "-", &out, &e);
	for (int i = 1; i <= n && r == 0; i++)
		r = one_input(&a, argv[i], &out, &e);
	if (r < 0)
		(void)fprintf(stderr, "onus annotate: %s\n", e.text);
	buf_done(&out);
	attribute_done(&a);
	return r < 0 ? 2 : 0;
}
