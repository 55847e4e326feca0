/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Dates in all of fail2ban's default forms, and by datepatterns: the time, and what is left of the line. What
 * fail2ban itself says is asked in tests/system/fail2ban-dates.sh. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>

#include "intake/dates.h"

#define NOW                                                                                        \
	INT64_C(1764547200) /* 2025-12-01T00:00:00Z, which is 01:00:00 of the zone of these tests */

/* utc: the time, or what dates_find says instead; rest: the line without the date. A day of winter is of UTC+1.
 * Most of the first block are facts of fail2ban's datedetectortestcase.py. */
static const struct {
	const char *pattern, *line, *utc, *rest;
} cases[] = {
	{ "", "2005-01-23T21:59:59.981746 x", "2005-01-23T20:59:59Z", " x" },
	{ "", "2005-01-23 8:59:59 x", "2005-01-23T07:59:59Z", " x" },
	{ "", "2005-01-23T20:59:59Z x", "2005-01-23T20:59:59Z", " x" },
	{ "", "2005-01-23T15:59:59-05:00 x", "2005-01-23T20:59:59Z", " x" },
	{ "", "2005.01.23 21:59:59 x", "2005-01-23T20:59:59Z", " x" },
	{ "", "Sun Jan 23 21:59:59.011 2005 x", "2005-01-23T20:59:59Z", " x" },
	{ "", "Sun Jan 23 21:59:59 2005 x", "2005-01-23T20:59:59Z", " x" },
	{ "", "Sun Jan 23 2005 21:59:59.011 x", "2005-01-23T20:59:59Z", " x" },
	{ "", "Jan 23 21:59:59 2005 x", "2005-01-23T20:59:59Z", " x" },
	{ "", "23/01/2005 21:59:59 x", "2005-01-23T20:59:59Z", " x" },
	{ "", "23/01/05 21:59:59 x", "2005-01-23T20:59:59Z", " x" },
	{ "", "23-01-2005 21:59:59 x", "2005-01-23T20:59:59Z", " x" },
	{ "", "[23/Jan/2005:21:59:59 +0100] x", "2005-01-23T20:59:59Z", "[] x" },
	{ "", "1.2.3.4 - u [23/Jan/2005:21:59:59 +0100] \"GET /", "2005-01-23T20:59:59Z",
	    "1.2.3.4 - u [] \"GET /" },
	{ "", "1.2.3.4 - u [29/Feb/2004:21:59:59 -0330] x", "2004-03-01T01:29:59Z",
	    "1.2.3.4 - u [] x" },
	{ "", "1.2.3.4 - u [29/Feb/2005:21:59:59 +0100] x", "bad", "" },
	{ "", "1.2.3.4 - u [23/Jan/2005:21:59:59 +0100", "2005-01-23T20:59:59Z", "1.2.3.4 - u [" },
	{ "", "fe80::1:2 - u [23/Jan/2005:21:59:59 +0100] x", "2005-01-23T20:59:59Z",
	    "fe80::1:2 - u [] x" },
	{ "", "1.2.3.4 - 2006-01-01 00:00:00 [23/Jan/2005:21:59:59 +0100] x",
	    "2005-12-31T23:00:00Z", "1.2.3.4 -  [23/Jan/2005:21:59:59 +0100] x" },
	{ "", "2001:db8:12:34:56::1 - - [23/Jan/2005:21:59:59 +0100] x", "2005-01-23T20:59:59Z",
	    "2001:db8:12:34:56::1 - - [] x" },
	{ "", "::ffff:1.2.3.4 - - [23/Jan/2005:21:59:59 +0100] x", "2005-01-23T20:59:59Z",
	    "::ffff:1.2.3.4 - - [] x" },
	{ "", "a:443 2001:db8::dec - - [23/Jan/2005:21:59:59 +0100] x", "2005-01-23T20:59:59Z",
	    "a:443 2001:db8::dec - - [] x" },
	{ "", "12:34:56:78:90:12:34:56 - - [23/Jan/2005:21:59:59 +0100] x", "2025-11-30T11:34:56Z",
	    ":78:90:12:34:56 - - [23/Jan/2005:21:59:59 +0100] x" },
	{ DATES_BRACKETS, "2001:db8::1 - - [23/Jan/2005:21:59:59 +0100] x", "2005-01-23T20:59:59Z",
	    "2001:db8::1 - - [] x" },
	{ DATES_BRACKETS, "2005-01-22 00:00:00 u [23/Jan/2005:21:59:59 +0100] x",
	    "2005-01-23T20:59:59Z", "2005-01-22 00:00:00 u [] x" },
	{ DATES_BRACKETS, "u [2005-01-23 21:59:59 x", "2005-01-23T20:59:59Z", "u [ x" },
	{ DATES_BRACKETS, "u [29/Feb/2005:21:59:59 +0100] x", "bad", "" },
	{ DATES_BRACKETS, "u[7]: [23/Jan/2005:21:59:59 +0100] x", "none", "" },
	{ DATES_BRACKETS, "23/Jan/2005:21:59:59 +0100", "none", "" },
	{ "", "23-Jan-2005 21:59:59.02 client x", "2005-01-23T20:59:59Z", " client x" },
	{ "", "01/23/2005:21:59:59 x", "2005-01-23T20:59:59Z", " x" },
	{ "", "01-23-2005 21:59:59.252 x", "2005-01-23T20:59:59Z", " x" },
	{ "", "1106513999.123   12 1.2.3.4 TCP", "2005-01-23T20:59:59Z", "   12 1.2.3.4 TCP" },
	{ "", "[1106513999] nsd[1]: x", "2005-01-23T20:59:59Z", "[] nsd[1]: x" },
	{ "", "type=A msg=audit(1106513999.000:987): x", "2005-01-23T20:59:59Z",
	    "type=A msg=audit(:987): x" },
	{ "", "<01/23/05@21:59:59> x", "2005-01-23T20:59:59Z", " x" },
	{ "", "050123 21:59:59 x", "2005-01-23T20:59:59Z", " x" },
	{ "", "Jan 23, 2005 9:59:59 PM x", "2005-01-23T20:59:59Z", " x" },
	{ "", "Jan 23, 2005 12:59:59 AM x", "2005-01-22T23:59:59Z", " x" },
	{ "", "Jan-23-05 21:59:59 x", "2005-01-23T20:59:59Z", " x" },
	{ "", "20050123T215959 x", "2005-01-23T20:59:59Z", " x" },
	{ "", "20050123  85959 x", "none", "" },
	{ "", "@4000000041f4104f00000000 x", "2005-01-23T20:59:59Z", " x" },
	{ "", "PDT Nov 16 21:05:29 x", "2025-11-17T04:05:29Z", " x" },
	{ "", "+00:00 Jan 23 20:59:59.011 2005 x", "2005-01-23T20:59:59Z", " x" },
	{ "", "CET Jan 23 21:59:59 2005 x", "2005-01-23T20:59:59Z", " x" },
	{ "", "00:59:59 x", "2025-11-30T23:59:59Z", " x" },
	/* where it stands */
	{ "", "<38>2005-01-23 21:59:59 x", "2005-01-23T20:59:59Z", "<38> x" },
	{ "", "a2005-01-23 21:59:59 x", "none", "" },
	{ "", "2005-01-23 21:59:59x", "none", "" },
	{ "", "a 2005-01-23 21:59:59 2006-01-23 21:59:59", "2005-01-23T20:59:59Z",
	    "a  2006-01-23 21:59:59" },
	{ "", "01:00:00 at 2005-01-23 21:59:59", "2025-12-01T00:00:00Z",
	    " at 2005-01-23 21:59:59" },
	{ "{^LN-BEG}", "a 2005-01-23 21:59:59", "none", "" },
	{ "{^LN-BEG}", "[(2005-01-23 21:59:59", "2005-01-23T20:59:59Z", "[(" },
	{ "{^LN-BEG}", "[((2005-01-23 21:59:59", "none", "" },
	{ "{UNB}%Y-%m-%d", "a2005-01-23b", "2005-01-22T23:00:00Z", "ab" },
	{ "**%Y-%m-%d", "a2005-01-23 b", "2005-01-22T23:00:00Z", "a b" },
	{ "**%Y-%m-%d", "a2005-01-23b", "none", "" },
	{ "%Y-%m-%d**", "2005-01-23b", "2005-01-22T23:00:00Z", "b" },
	{ "^%Y-%m-%d", " 2005-01-23", "none", "" },
	/* what is cut */
	{ "^\\[%d/%b/%Y\\]", "[23/jAN/2005] x", "2005-01-22T23:00:00Z", " x" },
	{ "^\\[(%d/%b/%Y)\\]", "[23/Jan/2005] x", "2005-01-22T23:00:00Z", "[] x" },
	{ "^[^\\[]*\\[({DATE})", "a [23/Jan/2005:21:59:59 +0100] x", "2005-01-23T20:59:59Z",
	    "a [] x" },
	{ "^<\\d+>\\d+\\s+{DATE}", "<38>1 2005-01-23T21:59:59 x", "2005-01-23T20:59:59Z", " x" },
	{ "^t={EPOCH}", "t=1106513999 x", "2005-01-23T20:59:59Z", " x" },
	{ "LEPOCH", "1106513999123 x", "2005-01-23T20:59:59Z", " x" },
	{ "LEPOCH", "1106513999123456 x", "2005-01-23T20:59:59Z", " x" },
	/* parts */
	{ "%Y %j %H", "2024 366 00", "2024-12-30T23:00:00Z", "" },
	{ "%Y %W %a %H", "2024 10 Sun 00", "2024-03-09T23:00:00Z", "" },
	{ "%Y-%m-%d %H:%M %Exz", "2005-01-23 23:59 UTC+0300", "2005-01-23T20:59:00Z", "" },
	{ "%%x (?P<d>\\d)/%m/%y", "%x 3/01/05", "2005-01-02T23:00:00Z", "" },
	{ "%b %d %H:%M", "Dec  1 23:59", "2025-12-01T22:59:00Z", "" },
	{ "%b %d %H:%M", "Dec  2 23:59", "2024-12-02T22:59:00Z", "" },
	{ "%b %d %H:%M", "Feb 29 00:00", "2024-02-28T23:00:00Z", "" },
	/* no date at all */
	{ "{NONE}", "2005-01-23 21:59:59", "absent", "" },
	{ "^W:()**\n{^LN-BEG}", "W: 2005-01-23 21:59:59", "absent", "" },
	{ "(?:%Y-%m-%d)?", "x", "none", "" },
	{ "", "", "none", "" },
	{ "", "12:34 and 20251201", "none", "" },
	/* what cannot be */
	{ "", "2005-02-30 21:59:59 x", "bad", "" },
	{ "", "Feb 30 21:59:59 x", "bad", "" },
	{ "", "1106513999 x 9", "2005-01-23T20:59:59Z", " x 9" },
	{ "", "0000000001 x", "bad", "" },
	{ "", "2025-12-02T00:00:00Z x", "2025-12-02T00:00:00Z", " x" },
	{ "", "2025-12-02T00:00:01Z x", "bad", "" },
	{ "%Y-%m-%d", "1989-12-31", "bad", "" },
	{ "%Y-%m-%d", "1990-01-02", "1990-01-01T23:00:00Z", "" },
	{ "%d %H:%M", "23 21:59", "bad", "" },
	{ "%Y-%m-%d %Z", "2005-01-23 XYZ", "bad", "" },
};

static const char *const words[] = { [DATES_NONE] = "none",
	[DATES_ABSENT] = "absent",
	[DATES_BAD] = "bad",
	[DATES_COSTLY] = "costly" };

static void test_dates(void **state)
{
	struct dates *d = NULL;
	const char *pattern = NULL;

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		/* Exactly as long as it is, so that a sanitizer sees any byte read past it. */
		size_t n = strlen(cases[i].line);
		char *line = malloc(n ? n : 1), utc[UTC_TEXT_MAX], rest[128] = "";
		struct err e = { .text = "" };
		struct date at;
		enum dates_result r;

		memcpy(line, cases[i].line, n);
		/* The same reader for all lines of a pattern: no line changes how the next is read. */
		if (!pattern || strcmp(pattern, cases[i].pattern) != 0) {
			d = dates_free(d);
			pattern = cases[i].pattern;
			if (dates_new(span_str(pattern), &d, &e) < 0)
				fail_msg("%s: %s", pattern, e.text);
		}
		r = dates_find(d, NOW, span_of(line, n), &at);
		if (r == DATES_FOUND) {
			utc_format(at.time_s, utc);
			(void)snprintf(rest, sizeof(rest), "%.*s%.*s", (int)at.begin, line,
			    (int)(n - at.end), line + at.end);
		} else {
			(void)snprintf(utc, sizeof(utc), "%s", words[r]);
		}
		if (strcmp(utc, cases[i].utc) != 0 || strcmp(rest, cases[i].rest) != 0)
			fail_msg("\"%s\" on \"%s\": %s \"%s\"", pattern, cases[i].line, utc, rest);
		free(line);
	}
	(void)dates_free(d);
}

/* A match that costs too much says so, and does not hang. */
static void test_costly(void **state)
{
	struct dates *d;
	struct date at;
	char line[4096];

	(void)state;
	memset(line, 'a', sizeof(line));
	assert_int_equal(dates_new(SPAN("^(?:a|aa)+%Y"), &d, NULL), 0);
	assert_int_equal(dates_find(d, NOW, span_of(line, sizeof(line)), &at), DATES_COSTLY);
	(void)dates_free(d);
}

static const struct {
	const char *pattern, *why;
} refused[] = {
	{ "%Q", "%Q is no directive" },
	{ "%Y %", "% is no directive" },
	{ "%Ex", "%Ex is no directive" },
	{ "%G-%V", "%G-% is no directive" },
	{ "^x", "no part of a date in it" },
	{ "(%Y", "missing closing parenthesis" },
	{ "%Y-%Y", "two named subpatterns have the same name" },
	{ "%Y\\p", "an escape that Python does not know" },
	{ "{DATE} [", "a [ without its ]" },
};

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(refused); i++) {
		struct err e = { .text = "" };
		struct dates *d;

		if (dates_new(span_str(refused[i].pattern), &d, &e) >= 0)
			fail_msg("%s: accepted", refused[i].pattern);
		if (!strstr(e.text, refused[i].why))
			fail_msg("%s: %s", refused[i].pattern, e.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dates),
		cmocka_unit_test(test_costly),
		cmocka_unit_test(test_refused),
	};

	(void)setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
