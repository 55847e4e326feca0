/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Filters with a datepattern, and without, side by side over one log: the time of each match, and which lines are
 * undated or refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>

#include "intake/scan.h"

#define NOW	 INT64_C(1764547200) /* 2025-12-01T00:00:00Z */
#define DEF	 "[Definition]\n"
#define PLAIN	 DEF "failregex = ^ x <HOST>$\n"
#define OWN	 DEF "failregex = ^ x <HOST>$\ndatepattern = ^%%Y:%%m:%%d\n"
#define INSIDE	 DEF "failregex = ^<HOST> \\[\\] x$\n"
#define START	 INSIDE "datepattern = {^LN-BEG}\n"
#define NONE	 DEF "failregex = ^x <HOST>$\ndatepattern = ^%%Y-%%m-%%d\n  {NONE}\n"
#define EMPTY	 DEF "failregex = ^W x <HOST>$\ndatepattern = ^%%Y-%%m-%%d\n  ^W()**\n"
#define SEVERAL	 DEF "maxlines = 2\nfailregex = ^ a\\n b <HOST>$\ndatepattern = ^%%Y:%%m:%%d\n"
#define PRI_ONLY DEF "failregex = ^<38> x <HOST>$\n"

static const struct {
	const char *label, *filter[3], *log;
	const char *want; /* "FILTER:LINE:TIME " of each match, and "undated/refused" */
} cases[] = {
	{ "default", { PLAIN }, "2025-11-30T00:00:00Z x 9.9.9.9\n",
	    "a:1:2025-11-30T00:00:00Z 0/0" },
	{ "own", { OWN }, "2025:11:30 x 9.9.9.9\n2025-11-30T00:00:00Z x 9.9.9.9\n",
	    "a:1:2025-11-30T00:00:00Z 1/0" },
	{ "both", { OWN, PLAIN }, "2025:11:30 x 9.9.9.9\n2025-11-29T00:00:00Z x 9.9.9.9\n",
	    "a:1:2025-11-30T00:00:00Z b:2:2025-11-29T00:00:00Z 1/0" },
	{ "a date of one is none of the other", { OWN, PLAIN },
	    "2025-11-29T00:00:00Z x 9.9.9.9\n2025:11:30 x 9.9.9.9\n2025-11-29T00:00:00Z x "
	    "8.8.8.8\n",
	    "b:1:2025-11-29T00:00:00Z a:2:2025-11-30T00:00:00Z b:3:2025-11-29T00:00:00Z 1/0" },
	{ "inside", { INSIDE }, "9.9.9.9 [30/Nov/2025:00:00:00 +0000] x\n",
	    "a:1:2025-11-30T00:00:00Z 0/0" },
	{ "inside, and wanted at the start", { START }, "9.9.9.9 [30/Nov/2025:00:00:00 +0000] x\n",
	    "0/0" },
	{ "behind a PRI", { PRI_ONLY }, "<38>2025-11-30T00:00:00Z x 9.9.9.9\n",
	    "a:1:2025-11-30T00:00:00Z 0/0" },
	{ "a CR", { OWN }, "2025:11:30 x 9.9.9.9\r\n", "a:1:2025-11-30T00:00:00Z 0/0" },
	{ "impossible", { PLAIN }, "2025-11-31 00:00:00 x 9.9.9.9\n", "0/1" },
	{ "impossible, own", { OWN }, "2025:11:31 x 9.9.9.9\n", "0/1" },
	{ "in the future", { OWN }, "2025:12:03 x 9.9.9.9\n", "0/1" },
	{ "no date, and none before", { NONE }, "x 9.9.9.9\n", "a:1:2025-12-01T00:00:00Z 0/0" },
	{ "no date, but before", { NONE }, "2025-11-30 y\nx 9.9.9.9\n",
	    "a:2:2025-11-30T00:00:00Z 0/0" },
	{ "what a line like this does without", { EMPTY },
	    "2025-11-30 y\nW x 9.9.9.9\nV x 9.9.9.9\n", "a:2:2025-11-30T00:00:00Z 1/0" },
	{ "several lines", { SEVERAL }, "2025:11:30 a\n2025:11:30 b 9.9.9.9\n",
	    "a:2:2025-11-30T00:00:00Z 0/0" },
	{ "several lines, the second undated", { SEVERAL }, "2025:11:30 a\n b 9.9.9.9\n",
	    "a:2:2025-11-30T00:00:00Z 1/0" },
};

static void note(void *ctx, const struct event *ev, uint64_t number)
{
	char utc[UTC_TEXT_MAX], *out = ctx;
	size_t n = strlen(out);

	utc_format(ev->time_s, utc);
	(void)snprintf(out + n, 512 - n, "%.*s:%llu:%s ", SPAN_ARG(ev->source),
	    (unsigned long long)number, utc);
}

static void run_log(struct scan *s, const char *log, char out[512])
{
	struct span rest = span_str(log);
	struct line line = { .number = 0 };

	while (!span_empty(rest)) {
		(void)span_cut(&rest, '\n', &line.text);
		line.number++;
		scan_line(s, &line, note, out);
	}
}

static void test_cases(void **state)
{
	static const char *const names[] = { "a", "b", "c" };
	struct clock clock = clock_fixed(NOW);
	struct scan_options o = { .clock = &clock };

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct filter *f[3];
		struct scan *s;
		char got[512] = "";
		struct err e;
		unsigned n = 0;

		for (; n < 3 && cases[i].filter[n]; n++)
			if (filter_parse(names[n], span_str(cases[i].filter[n]), &f[n], &e) < 0)
				fail_msg("%s: %s", cases[i].label, e.text);
		assert_int_equal(scan_new(f, n, &o, &s, &e), 0);
		run_log(s, cases[i].log, got);
		(void)snprintf(got + strlen(got), sizeof(got) - strlen(got), "%llu/%llu",
		    (unsigned long long)scan_counts(s)->undated,
		    (unsigned long long)scan_counts(s)->refused);
		if (strcmp(got, cases[i].want) != 0)
			fail_msg("%s: %s", cases[i].label, got);
		(void)scan_free(s);
		while (n > 0)
			(void)filter_free(f[--n]);
	}
}

/* {NONE} depends on the lines before, which must come in order. */
static void test_remember(void **state)
{
	struct filters f = { .n = 1 };

	(void)state;
	assert_int_equal(filter_parse("t", SPAN(NONE), &f.v[0], NULL), 0);
	assert_true(filters_remember(&f));
	filters_done(&f);
	f.n = 1;
	assert_int_equal(filter_parse("t", SPAN(OWN), &f.v[0], NULL), 0);
	assert_false(filters_remember(&f));
	filters_done(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_remember),
	};

	(void)setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
