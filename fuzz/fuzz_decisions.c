/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a list of decisions: what is taken must read the same when it is written again. */
#include "fuzz.h"

#include "publication/decisions.h"

static void again(const struct decision_line *d)
{
	struct decisions_reader rd = { .header = true };
	struct decisions_writer w;
	struct decision_line back;
	struct buf out;
	struct err e;
	struct span line, rest;

	buf_init(&out, 4096);
	decisions_begin(&w, &out);
	decisions_put(&w, d);
	rest = buf_text(&out);
	(void)span_cut(&rest, '\n', &line);
	(void)span_cut(&rest, '\n', &line);
	if (decisions_read(&rd, line, &back, &e) != 1 || back.until_s != d->until_s ||
	    !span_eq(back.reason, d->reason))
		abort();
	buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = span_of((const char *)data, size), line;
	struct decisions_reader rd = { 0 };
	struct decision_line d;
	struct err e;
	int r = 0;

	while (r >= 0 && !span_empty(rest)) {
		(void)span_cut(&rest, '\n', &line);
		r = decisions_read(&rd, line, &d, &e);
		if (r == 1)
			again(&d);
	}
	if (decisions_whole(&rd, &e) == 0 && !rd.ended)
		abort();
	return 0;
}
