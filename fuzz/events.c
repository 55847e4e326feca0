/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "events.h"

#include <assert.h>

#include "intake/scan.h"

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
	struct input *in;
	struct err e;

	if (input_open(path, &in, &e) < 0)
		return false;
	if (scan_input(s, in, note, out, &e) < 0)
		buf_reset(out);
	(void)input_free(in);
	return scan_counts(s)->refused == 0;
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

void events_agree(struct filter *const *f, unsigned n, const char *path)
{
	struct clock clock = clock_fixed(1800000000);
	struct buf out[3];
	bool whole = true;

	for (unsigned i = 0; i < NELEM(out); i++) {
		struct scan_options o = { .clock = &clock, .pcre2 = i == 1 };
		struct scan *s = NULL;
		struct err e;

		buf_init(&out[i], OUT_MAX);
		assert(scan_new(f, n, &o, &s, &e) == 0);
		if (i < 2)
			whole &= in_blocks(s, path, &out[i]);
		else
			by_lines(s, path, &out[i]);
		(void)scan_free(s);
	}
	for (unsigned i = 1; whole && i < NELEM(out); i++)
		assert(span_eq(buf_text(&out[0]), buf_text(&out[i])));
	for (unsigned i = 0; i < NELEM(out); i++)
		buf_done(&out[i]);
}
