/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Filters that need more than the line at hand: <F-MLFID> and maxlines. Each case is a filter, a log and what
 * becomes of each match: "LINE:OUTCOME:WHAT " in turn. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "intake/join.h"
#include "intake/scan.h"
#include "intake/window.h"

#define DEF  "[Definition]\n"
#define JOIN DEF "prefregex = ^ \\S+ app\\[<F-MLFID>\\d+</F-MLFID>\\]: <F-CONTENT>.+</F-CONTENT>$\n"
#define APP                                                                                        \
	JOIN "failregex = ^<F-NOFAIL>hello</F-NOFAIL> <HOST>$\n"                                   \
	     "  ^bad <F-USER>\\S*</F-USER>$\n"                                                     \
	     "  ^bad <F-USER>\\S*</F-USER> from <HOST>$\n"                                         \
	     "  ^alias <F-ALT_USER>\\S+</F-ALT_USER>$\n"                                           \
	     "  ^<F-NOFAIL><F-MLFFORGET>bye</F-MLFFORGET></F-NOFAIL>$\n"                           \
	     "  ^<F-MLFGAINED>welcome</F-MLFGAINED> <F-USER>\\S+</F-USER>$\n"
#define T(min, pid) "Nov 30 06:" min ":00 h app[" pid "]: "
#define PAIR	    DEF "maxlines = 3\nfailregex = ^ in (?P<n>\\d+) <HOST><SKIPLINES> out (?P=n)$\n"
#define P	    "Nov 30 06:00:00 "

static const struct {
	const char *label, *filter, *log, *want;
} cases[] = {
	{ "the address stands in the line before", APP,
	    T("00", "1") "hello 9.9.9.9\n" T("00", "1") "bad x\n",
	    "1:nofail:9.9.9.9 2:event:9.9.9.9 " },
	{ "another id is another connection", APP,
	    T("00", "1") "hello 9.9.9.9\n" T("00", "2") "bad x\n",
	    "1:nofail:9.9.9.9 2:pending:- " },
	{ "the address comes later", APP, T("00", "1") "bad x\n" T("00", "1") "hello 9.9.9.9\n",
	    "1:pending:- 2:event:9.9.9.9 " },
	{ "forgotten when it is over", APP,
	    T("00", "1") "hello 9.9.9.9\n" T("00", "1") "bye\n" T("00", "1") "bad x\n",
	    "1:nofail:9.9.9.9 2:nofail:9.9.9.9 3:pending:- " },
	{ "the id is used again after a while", APP,
	    T("00", "1") "hello 9.9.9.9\n" T("06", "1") "bad x\n",
	    "1:nofail:9.9.9.9 2:pending:- " },
	{ "a clock that goes back", APP, T("10", "1") "hello 9.9.9.9\n" T("01", "1") "bad x\n",
	    "1:nofail:9.9.9.9 2:pending:- " },
	{ "the line's own address goes first", APP,
	    T("00", "1") "hello 9.9.9.9\n" T("00", "1") "bad x from 8.8.8.8\n",
	    "1:nofail:9.9.9.9 2:event:8.8.8.8 " },
	{ "an address before a name", APP,
	    T("00", "1") "hello 9.9.9.9\n" T("00", "1") "bad x from h.example\n",
	    "1:nofail:9.9.9.9 2:event:9.9.9.9 " },
	{ "what is nearly an address is nobody's", APP,
	    T("00", "1") "hello 9.9.9.9\n" T("00", "1") "bad x from 8.8.8.888\n" T(
		"00", "1") "bad x\n",
	    "1:nofail:9.9.9.9 2:name:8.8.8.888 3:event:9.9.9.9 " },
	{ "a name is never an address", APP,
	    T("00", "1") "hello h.example\n" T("00", "1") "bad x\n",
	    "1:nofail:h.example 2:name:h.example " },
	{ "a good log-in of the same user", APP,
	    T("00", "1") "hello 9.9.9.9\n" T("00", "1") "bad x\n" T("00", "1") "welcome x\n",
	    "1:nofail:9.9.9.9 2:event:9.9.9.9 3:nofail:9.9.9.9 " },
	{ "another user's log-in is none", APP,
	    T("00", "1") "hello 9.9.9.9\n" T("00", "1") "bad x\n" T("00", "1") "welcome y\n",
	    "1:nofail:9.9.9.9 2:event:9.9.9.9 3:event:9.9.9.9 " },
	{ "the user by its other name", APP,
	    T("00", "1") "hello 9.9.9.9\n" T("00", "1") "alias x\n" T("00", "1") "welcome y\n",
	    "1:nofail:9.9.9.9 2:event:9.9.9.9 3:event:9.9.9.9 " },
	{ "an id in another program's line is none", APP,
	    "Nov 30 06:00:00 h web[7]: app[1]: hello 8.8.8.8\n" T("00", "1") "bad x\n",
	    "2:pending:- " },
	{ "private space is none, remembered or not", APP,
	    T("00", "1") "hello 10.0.0.1\n" T("00", "1") "bad x\n",
	    "1:nofail:10.0.0.1 2:special:10.0.0.1 " },

	{ "two lines", PAIR, P "in 1 9.9.9.9\n" P "out 1\n", "2:event:9.9.9.9 " },
	{ "one between", PAIR, P "in 1 9.9.9.9\n" P "x\n" P "out 1\n", "3:event:9.9.9.9 " },
	{ "too far apart", PAIR, P "in 1 9.9.9.9\n" P "x\n" P "y\n" P "out 1\n", "" },
	{ "used up", PAIR, P "in 1 9.9.9.9\n" P "out 1\n" P "out 1\n", "2:event:9.9.9.9 " },
	{ "what was skipped is not", PAIR,
	    P "in 1 9.9.9.9\n" P "in 2 8.8.8.8\n" P "out 1\n" P "out 2\n",
	    "3:event:9.9.9.9 4:event:8.8.8.8 " },
	{ "others' numbers", PAIR, P "in 1 9.9.9.9\n" P "out 2\n", "" },
	{ "a line without a date goes on", DEF "maxlines = 2\nfailregex = ^ head\\nfrom <HOST>$\n",
	    P "head\r\nfrom 9.9.9.9\r\n", "2:event:9.9.9.9 " },
	{ "nothing goes on before the first date", DEF "maxlines = 2\nfailregex = ^from <HOST>$\n",
	    "from 9.9.9.9\n", "" },
	{ "ignored as what matched",
	    DEF "maxlines = 2\nfailregex = ^ a\\n b <HOST>$\nignoreregex = ^ b 8\n",
	    P "a\n" P "b 8.8.8.8\n" P "a\n" P "b 9.9.9.9\n", "2:ignored:8.8.8.8 4:event:9.9.9.9 " },

	{ "ignored for what stands before the content",
	    DEF "prefregex = ^ \\S+ app: <F-CONTENT>.+</F-CONTENT>$\n"
		"failregex = ^a <HOST>$\n ^b <HOST>$\n ^c <HOST>$\n ^d <HOST>$\nignoreregex = ^ "
		"here \n",
	    P "here app: a 9.9.9.9\n" P "there app: a 8.8.8.8\n",
	    "1:ignored:9.9.9.9 2:event:8.8.8.8 " },
	{ "where expressions are few, the content alone counts",
	    DEF "prefregex = ^ \\S+ app: <F-CONTENT>.+</F-CONTENT>$\n"
		"failregex = ^a <HOST>$\n ^b <HOST>$\n ^c <HOST>$\nignoreregex = ^ here \n",
	    P "here app: a 9.9.9.9\n", "1:event:9.9.9.9 " },

	{ "an id and no address", DEF "failregex = ^ x <F-ID/>$\n", P "x 9.9.9\n" P "x 9.9.9.9\n",
	    "1:id:9.9.9 2:event:9.9.9.9 " },
	{ "a network", DEF "failregex = ^ x <SUBNET>$\n",
	    P "x 9.9.9.9/24\n" P "x 9.9.9.9\n" P "x 2a00:1:2::/48\n",
	    "1:event:9.9.9.9 2:event:9.9.9.9 3:event:2a00:1:2:: " },
	{ "a network that nobody believes", DEF "failregex = ^ x <ADDR>/<CIDR>$\n",
	    P "x 9.9.9.9/23\n" P "x 9.9.9.9/0\n" P "x 9.9.9.9/33\n" P "x 2a00::/47\n",
	    "1:wide:9.9.9.9 2:wide:9.9.9.9 3:name:9.9.9.9 4:wide:2a00:: " },
	{ "a network with private space", DEF "failregex = ^ x <SUBNET>$\n", P "x 10.0.0.0/30\n",
	    "1:special:10.0.0.0 " },
};

static void note(void *ctx, const struct scan_match *m)
{
	struct buf *out = ctx;

	buf_fmt(out, "%u:%s:%.*s ", (unsigned)m->number, scan_outcome_name(m->outcome),
	    m->found.p ? (int)span_len(m->found) : 1, m->found.p ? m->found.p : "-");
}

static void drop(void *ctx, const struct event *ev, uint64_t number)
{
	(void)ctx;
	(void)ev;
	(void)number;
}

static void run_log(struct scan *s, struct span log)
{
	struct span line;

	for (uint64_t n = 1; !span_empty(log); n++) {
		(void)span_cut(&log, '\n', &line); /* all have it */
		scan_line(s, &(struct line){ line, n, false }, drop, NULL);
	}
}

static void test_cases(void **state)
{
	struct clock clock = clock_fixed(1764547200);

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++)
		for (int pcre2 = 0; pcre2 < 2; pcre2++) {
			struct buf got;
			struct scan_options o = { .clock = &clock,
				.matches = note,
				.matches_ctx = &got,
				.pcre2 = pcre2 };
			struct filter *f = NULL;
			struct scan *s = NULL;
			struct err e;

			buf_init(&got, 4096);
			if (filter_parse("t", span_str(cases[i].filter), &f, &e) < 0)
				fail_msg("%s: %s", cases[i].label, e.text);
			assert_int_equal(scan_new(&f, 1, &o, &s, &e), 0);
			run_log(s, span_str(cases[i].log));
			if (!span_is(buf_text(&got), cases[i].want))
				fail_msg("%s: \"%.*s\"", cases[i].label, SPAN_ARG(buf_text(&got)));
			scan_free(s);
			filter_free(f);
			buf_done(&got);
		}
}

/* Lines whose time is known apart: dates in them are text, and CR and windows are as ever. */
static void test_time_apart(void **state)
{
	static const struct {
		const char *filter, *log, *want;
	} rows[] = {
		{ DEF "failregex = ^x <HOST>$\n", "x 9.9.9.9\r\n" P "x 8.8.8.8\n",
		    "1:event:9.9.9.9 " },
		{ DEF "failregex = ^Nov 30 06:00:00 x <HOST>$\n", P "x 9.9.9.9\n" P "x 8.8.8.8\n",
		    "1:event:9.9.9.9 2:event:8.8.8.8 " },
		{ DEF "maxlines = 2\nfailregex = ^a\\nb <HOST>$\n", "a\nb 9.9.9.9\n",
		    "2:event:9.9.9.9 " },
	};
	struct clock clock = clock_fixed(1764547200);

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct buf got;
		struct scan_options o = { .clock = &clock, .matches = note, .matches_ctx = &got };
		struct filter *f = NULL;
		struct scan *s = NULL;
		struct err e;

		buf_init(&got, 4096);
		assert_int_equal(filter_parse("t", span_str(rows[i].filter), &f, &e), 0);
		assert_int_equal(scan_new(&f, 1, &o, &s, &e), 0);
		run_log(s, SPAN(P "x\n")); /* has a date, and is remembered */
		scan_time(s, 1764000000);
		run_log(s, span_str(rows[i].log));
		if (!span_is(buf_text(&got), rows[i].want))
			fail_msg("%zu: \"%.*s\"", i, SPAN_ARG(buf_text(&got)));
		assert_int_equal(scan_counts(s)->undated, 0);
		scan_free(s);
		filter_free(f);
		buf_done(&got);
	}
}

/* However many ids strangers make up, the memory is one size, and the newest are in it. */
static void test_flood(void **state)
{
	struct join *j = join_new();
	struct who w;
	char id[32];

	(void)state;
	assert_non_null(j);
	for (unsigned i = 0; i < 100000; i++) {
		struct join_line l = {
			.who = { .kind = WHO_ADDR, .bits = 128, .addr = addr_of_v4(i) },
			.nofail = true
		};

		(void)snprintf(id, sizeof(id), "%u", i);
		l.id = span_str(id);
		assert_int_equal(join_add(j, &l, &w), JOIN_NOFAIL);
		l.who = (struct who){ .kind = WHO_NOBODY };
		l.nofail = false;
		assert_int_equal(join_add(j, &l, &w), JOIN_FAILURE);
		assert_int_equal(addr_v4(w.addr), i);
	}
	(void)join_free(j);
}

/* Lines as long as they may be push out those before them. */
static void test_long_lines(void **state)
{
	struct window *w = window_new(3);
	char *line = malloc(WINDOW_BYTES);

	(void)state;
	assert_non_null(w);
	assert_non_null(line);
	memset(line, 'x', WINDOW_BYTES);
	for (size_t n = 1; n <= WINDOW_BYTES; n = n < 100 ? n * 2 : n + 9973) {
		line[n - 1] = '\n';
		window_add(w, span_of(line, n));
		assert_true(span_len(window_text(w)) <= WINDOW_BYTES);
		assert_memory_equal(window_text(w).end - n, line, n);
		line[n - 1] = 'x';
	}
	window_clear(w);
	assert_int_equal(span_len(window_text(w)), 0);
	free(line);
	(void)window_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_time_apart),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_long_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
