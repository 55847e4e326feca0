/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus annotate - a stream in, the same stream out, with who holds the first address of each line. */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "prog/onus/attribute.h"
#include "prog/onus/commands.h"
#include "util/input.h"
#include "util/lanes.h"
#include "util/opt.h"

#define OUT_MAX (256u << 20) /* bytes that one block can become */

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

/* --- blocks of lines ----------------------------------------------------------------------------- */

#define BATCH 256u
/* a block that large did not wait for anybody: there is more */
#define TOGETHER_BYTES (INPUT_BLOCK_BYTES / 2)

/* struct desk - what one thread works with; lines wait until there are BATCH of them */
struct desk {
	struct attribute_ready ready;
	struct attribute_item v[BATCH];
};

/* struct job - a block on its way from the input to the output */
struct job {
	char *memory; /* owned; of the input, which got ours for it */
	struct block block;
	struct buf out;
	uint64_t lines;
};

struct stream {
	const struct attributor *from;
	bool holders;
	struct lanes *lanes;
	struct desk desk[LANES_MAX];
	struct job job[LANES_JOBS_MAX];
	/* of the input that is being read */
	uint64_t lines, first_cut, n_cut;
	bool failed; /* writing did */
};

static uint64_t annotate_block(
    const struct stream *s, struct desk *d, const struct block *b, struct buf *out)
{
	struct span rest = b->text;
	uint64_t lines = 0;

	while (!span_empty(rest)) {
		size_t n = 0;
		int r;

		for (; n < BATCH && !span_empty(rest); n++) {
			struct attribute_item *it = &d->v[n];

			it->line = rest;
			if (b->cut)
				rest.p = rest.end;
			else /* every line of a block ends with LF */
				(void)span_cut(&rest, '\n', &it->line);
			if (!first_address(it->line, &it->text, &it->addr))
				it->text = SPAN("");
		}
		r = attribute_lines(s->from, &d->ready, s->holders, d->v, n, out);
		if (r < 0)
			out->bad = true; /* told when it is to be written */
		lines += n;
	}
	return lines;
}

static void work(void *ctx, unsigned lane, unsigned job)
{
	struct stream *s = ctx;
	struct job *j = &s->job[job];

	j->lines = annotate_block(s, &s->desk[lane], &j->block, &j->out);
}

/* What was made of a block goes out, in the order of the blocks. */
static void write_job(struct stream *s, struct job *j)
{
	struct buf *out = &j->out;

	if (j->block.cut)
		s->first_cut = s->n_cut++ ? s->first_cut : s->lines + 1;
	s->lines += j->lines;
	if (!s->failed)
		s->failed = !buf_ok(out) ||
			    (out->len > 0 && fwrite(out->p, 1, out->len, stdout) != out->len);
	buf_reset(out);
}

static void write_oldest(struct stream *s)
{
	write_job(s, &s->job[lanes_oldest(s->lanes)]);
	lanes_emptied(s->lanes);
}

static int hand_over(struct stream *s, struct input *in, const struct block *b)
{
	struct job *j;

	if (lanes_full(s->lanes))
		write_oldest(s);
	j = &s->job[lanes_next(s->lanes)];
	if (!j->memory)
		j->memory = malloc(INPUT_SWAP_BYTES);
	if (!j->memory)
		return -ENOMEM;
	j->memory = input_swap(in, j->memory);
	j->block = *b;
	lanes_go(s->lanes);
	return 0;
}

/* The block at once, in this thread, and out with it: somebody may wait for its answers. */
static void alone(struct stream *s, const struct block *b)
{
	struct job *j;

	while (lanes_busy(s->lanes))
		write_oldest(s);
	j = &s->job[0];
	j->block = *b;
	j->lines = annotate_block(s, &s->desk[0], b, &j->out);
	write_job(s, j);
	s->failed |= fflush(stdout) != 0;
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
	struct input *in;
	struct block b;
	int r = input_open(path, &in, e);

	if (r < 0)
		return r;
	s->lines = s->first_cut = s->n_cut = 0;
	while (!s->failed && (r = input_block(in, &b, e)) > 0) {
		/* what comes through a pipe may come slowly, and is answered at once */
		bool large = input_size(in) > 0 && span_len(b.text) >= TOGETHER_BYTES;

		input_block_lines(in, 0); /* we count them ourselves */
		if (large && lanes_n(s->lanes) > 1 && lanes_start(s->lanes))
			r = hand_over(s, in, &b);
		else
			alone(s, &b);
		if (r < 0) {
			(void)err_set(e, r, "out of memory");
			break;
		}
	}
	while (lanes_busy(s->lanes))
		write_oldest(s);
	s->failed |= fflush(stdout) != 0 || ferror(stdout); /* the error sticks */
	if (s->failed)
		r = err_set(e, -EIO, "cannot write to the standard output");
	in = input_free(in);
	say_cut(path, s->first_cut, s->n_cut);
	return r < 0 ? r : s->n_cut > 0;
}

static struct stream *stream_free(struct stream *s)
{
	if (!s)
		return NULL;
	s->lanes = lanes_free(s->lanes);
	for (unsigned i = 0; i < LANES_MAX; i++)
		attribute_ready_done(&s->desk[i].ready);
	for (unsigned i = 0; i < LANES_JOBS_MAX; i++) {
		free(s->job[i].memory);
		buf_done(&s->job[i].out);
	}
	free(s);
	return NULL;
}

static struct stream *stream_new(const struct attributor *from, bool holders, unsigned threads)
{
	struct stream *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->from = from;
	s->holders = holders;
	s->lanes = lanes_new(threads, work, s);
	for (unsigned i = 0; i < LANES_JOBS_MAX; i++)
		buf_init(&s->job[i].out, OUT_MAX);
	return s->lanes ? s : stream_free(s);
}

int cmd_annotate(int argc, char **argv)
{
	const char *conf_file = NULL, *registry = NULL;
	struct opt_list set = { .n = 0 };
	uint32_t threads = 0;
	bool holders = false;
	const struct opt opts[] = {
		{ "holder", 'H', OPT_FLAG, &holders, NULL,
		    "Two columns more: who holds the narrowest network around it, and the abuse "
		    "contact." },
		{ "threads", 0, OPT_COUNT, &threads, "N",
		    "Read files with N threads; what comes out is the same. Default: all "
		    "processors." },
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
	struct stream *s;
	struct attributor a;
	struct err e = { "" };

	if (n < 0)
		return opt_exit(n);
	if (attribute_open(&a, "onus annotate", conf_file, set.v, set.n, registry) < 0)
		return 3;
	s = stream_new(&a, holders, threads);
	if (!s)
		r = err_set(&e, -ENOMEM, "out of memory");
	if (r == 0 && n == 0)
		code = r = one_input(s, "-", &e);
	for (int i = 1; i <= n && r >= 0; i++) {
		r = one_input(s, argv[i], &e);
		code = MAX_OF(code, r);
	}
	if (r < 0)
		(void)fprintf(stderr, "onus annotate: %s\n", e.text);
	s = stream_free(s);
	attribute_done(&a);
	return r < 0 ? 2 : code;
}
