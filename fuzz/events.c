/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "events.h"

#include <assert.h>

#define OUT_MAX (64u << 20)

static void note(void *ctx, const struct event *ev, uint64_t number)
{
	struct buf *out = ctx;

	assert(!range_special(prefix_range(ev->subject)));
	buf_fmt(out, "%ju ", (uintmax_t)number);
	event_format(ev, out);
}

/* Returns whether every line was judged. */
static bool in_blocks(struct scan *s, const char *path, struct buf *out)
{
	uint64_t refused = scan_counts(s)->refused;
	struct input *in;
	struct err e;

	if (input_open(path, &in, &e) < 0)
		return false;
	if (scan_input(s, in, note, out, &e) < 0)
		buf_reset(out);
	(void)input_free(in);
	return scan_counts(s)->refused == refused;
}

static void by_lines(struct scan *s, const char *path, struct buf *out)
{
	struct input *in;
	struct line l;
	struct err e;
	int r;

	if (input_open(path, &in, &e) < 0)
		return;
	while ((r = input_line(in, &l, &e)) > 0)
		scan_line(s, &l, note, out);
	if (r < 0)
		buf_reset(out);
	(void)input_free(in);
}

void scanners_open(struct scanners *a, struct filter *const *f, unsigned n)
{
	a->clock = clock_fixed(1800000000);
	for (unsigned i = 0; i < NELEM(a->scan); i++) {
		struct scan_options o = { .clock = &a->clock, .pcre2 = i == 1 };
		struct err e;

		assert(scan_new(f, n, &o, &a->scan[i], &e) == 0);
	}
}

void scanners_close(struct scanners *a)
{
	for (unsigned i = 0; i < NELEM(a->scan); i++)
		a->scan[i] = scan_free(a->scan[i]);
}

void scanners_agree(struct scanners *a, const char *path)
{
	struct buf out[NELEM(a->scan)];
	bool whole = true;

	for (unsigned i = 0; i < NELEM(out); i++) {
		buf_init(&out[i], OUT_MAX);
		if (i < 2)
			whole &= in_blocks(a->scan[i], path, &out[i]);
		else
			by_lines(a->scan[i], path, &out[i]);
	}
	for (unsigned i = 1; whole && i < NELEM(out); i++)
		assert(span_eq(buf_text(&out[0]), buf_text(&out[i])));
	for (unsigned i = 0; i < NELEM(out); i++)
		buf_done(&out[i]);
}
