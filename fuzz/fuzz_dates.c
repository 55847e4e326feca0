/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The first line is a datepattern, up to a blank one; the others are log lines. What is found lies in the line and
 * in time; lines before change nothing; and the short cuts say what the forms say. */
#include "fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/event.h"
#include "intake/dates.h"
#include "intake/stamp.h"

#define NOW	  INT64_C(1800000000)
#define LINES_MAX 64u

struct answer {
	enum dates_result r;
	struct date at;
};

static void check(const struct answer *a, struct span line)
{
	assert(a->r <= DATES_COSTLY);
	if (a->r != DATES_FOUND)
		return;
	assert(a->at.begin < a->at.end && a->at.end <= span_len(line));
	assert(a->at.time_s >= EVENT_OLDEST_S && a->at.time_s <= NOW + EVENT_FUTURE_S);
}

static void check_same(const struct answer *a, const struct answer *b)
{
	if (a->r == DATES_COSTLY ||
	    b->r == DATES_COSTLY) /* which forms are tried depends on the last */
		return;
	assert(a->r == b->r);
	if (a->r == DATES_FOUND)
		assert(a->at.time_s == b->at.time_s && a->at.begin == b->at.begin &&
		       a->at.end == b->at.end && a->at.start == b->at.start);
}

static void check_stamp(const struct answer *a, struct span line)
{
	struct clock clock = clock_fixed(NOW);
	struct stamp_reader r;
	struct stamp st;

	stamp_init(&r, &clock);
	if (a->r == DATES_COSTLY || !stamp_read(&r, line, &st) ||
	    event_date_check(st.time_s, NOW, NULL) < 0)
		return;
	assert(a->r == DATES_FOUND);
	assert(a->at.time_s == st.time_s && a->at.begin == st.begin && a->at.end == st.end);
	assert(a->at.start == !st.inside);
}

/* Without a pattern of one's own, with and without short cuts; kept from one input to the next, as a log's is from
 * line to line. */
static struct dates *standard, *forms;
/* The same of DATES_BRACKETS: said twice, it has no short cut. */
static struct dates *brackets, *bracket_forms;

static void make_all(void)
{
	if (dates_new(SPAN(""), &standard, NULL) < 0 ||
	    dates_new(SPAN("{DEFAULT}"), &forms, NULL) < 0 ||
	    dates_new(SPAN(DATES_BRACKETS), &brackets, NULL) < 0 ||
	    dates_new(SPAN(DATES_BRACKETS "\n" DATES_BRACKETS), &bracket_forms, NULL) < 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = span_of((const char *)data, size), pattern, line[LINES_MAX];
	struct answer forth[LINES_MAX], back, plain, full;
	struct dates *d = NULL;
	const char *blank = memmem(rest.p, size, "\n\n", 2);
	unsigned n = 0;

	if (!standard)
		make_all();
	pattern = (struct span){ rest.p, blank ? blank : rest.p };
	rest.p = blank ? blank + 2 : rest.p;
	if (dates_new(pattern, &d, NULL) < 0)
		return 0;
	for (; n < LINES_MAX && !span_empty(rest); n++) {
		(void)span_cut(&rest, '\n', &line[n]);
		forth[n].r = dates_find(d, NOW, line[n], &forth[n].at);
		check(&forth[n], line[n]);
		plain.r = dates_find(standard, NOW, line[n], &plain.at);
		check(&plain, line[n]);
		check_stamp(&plain, line[n]);
		full.r = dates_find(forms, NOW, line[n], &full.at);
		check_same(&plain, &full);
		plain.r = dates_find(brackets, NOW, line[n], &plain.at);
		check(&plain, line[n]);
		full.r = dates_find(bracket_forms, NOW, line[n], &full.at);
		check_same(&plain, &full);
	}
	while (n-- > 0) {
		back.r = dates_find(d, NOW, line[n], &back.at);
		check_same(&forth[n], &back);
	}
	(void)dates_free(d);
	return 0;
}
