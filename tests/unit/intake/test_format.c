/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The filter.d format: what is carried over means what it means in fail2ban, the rest is refused by
 * file and line; and dates. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <cmocka.h>

#include "intake/pattern.h"
#include "intake/scan.h"
#include "intake/stamp.h"

static const struct {
	const char *label, *python, *want; /* want: PCRE2 with marks, or "!part of the reason" */
} patterns[] = {
	{ "plain", "^Failed for x$", "^Failed for x$" },
	{ "address", "<ADDR>", "\\[?(?:\x01|\x02)\\]?" },
	{ "IP4", "from <IP4>", "from \x01" },
	{ "custom tag", "<F-USER>.*</F-USER>", "(?P<user>.*)" },
	{ "closing tag never opened", "</F-USER>", "</F-USER>" },
	{ "no tag", "<\\d+> <x y>", "<\\d+> <x y>" },
	{ "\\Z is the very end", "x\\Z", "x\\z" },
	{ "{,3} is {0,3}", "a{,3}", "a{0,3}" },
	{ "[ in a class", "[[:alpha:]]", "[\\[:alpha:]]" },
	{ "] first in a class", "[]a]", "[\\]a]" },
	{ "] first in a negated class", "[^]a]", "[^\\]a]" },
	{ "flag in a group", "((?i)LOGIN|PLAIN)", "(?i:LOGIN|PLAIN)" },
	{ "flag in a group that does not capture", "(?:(?i)a)", "(?i:a)" },
	{ "flag u", "(?iu)a", "(?i)a" },
	{ "conditional", "(?P<a>x)?(?(a)y|z)", "(?P<a>x)?(?(a)y|z)" },
	{ "lookbehind", "(?<=a)(?<!b)c", "(?<=a)(?<!b)c" },
	{ "escaped parenthesis before a flag", "\\((?i)a\\)", "\\((?i)a\\)" },
	{ "verb", "(*ACCEPT)a", "!nothing to repeat" },
	{ "recursion", "(?R)", "!a group" },
	{ "group call", "(?1)", "!a group" },
	{ "\\K", "a\\Kb", "!an escape" },
	{ "\\Q", "\\Qa\\E", "!an escape" },
	{ "\\p", "\\p{L}", "!an escape" },
	{ "\\u", "\\u0041", "!an escape" },
	{ "trailing backslash", "a\\", "!a backslash" },
	{ "open class", "a[bc", "!a [ without" },
	{ "control byte", "a\x01", "!a control byte" },
	{ "ascii flag", "(?ai)a", "(?i)a" },
	{ "lines joined", "a<SKIPLINES>b<SKIPLINES>",
	    "a\\n(?P<skiplines0>(?:(?:.*\\n)*?))b\\n(?P<skiplines1>(?:(?:.*\\n)*?))" },
	{ "connection id", "<F-MLFID>x</F-MLFID>", "(?P<mlfid>x)" },
};

static void test_patterns(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(patterns); i++) {
		const char *want = patterns[i].want;
		struct buf b;
		struct err e;
		int r;

		buf_init(&b, PATTERN_MAX);
		r = pattern_translate(span_str(patterns[i].python), &b, &e);
		if (r == 0 && !span_is(buf_text(&b), want))
			fail_msg("%s: \"%.*s\"", patterns[i].label, SPAN_ARG(buf_text(&b)));
		if (r < 0 && (*want != '!' || !strstr(e.text, want + 1)))
			fail_msg("%s: %s", patterns[i].label, e.text);
		buf_done(&b);
	}
}

#define DEF "[Definition]\n"
#define OK  "failregex = ^x <HOST>$\n"

static const struct {
	const char *label, *spec, *text,
	    *want; /* want: part of the reason, or NULL when it loads */
} files[] = {
	{ "plain", "t", DEF OK, NULL },
	{ "spaces and comments", "t", "# c\n; c\n[Definition]\n # c\n" OK "\n", NULL },
	{ "colon", "t", DEF "failregex: ^x <HOST>$\n", NULL },
	{ "continued", "t", DEF "failregex = ^x <HOST>$\n\n# c\n    ^y <HOST>$\n", NULL },
	{ "interpolated", "t", DEF "_a = x\nfailregex = ^%(_a)s <HOST>$\n", NULL },
	{ "default section", "t", "[DEFAULT]\n_a = x\n" DEF "failregex = ^%(_a)s <HOST>$\n", NULL },
	{ "named section", "t", "[s]\n_a = x\n" DEF "failregex = ^%(s/_a)s <HOST>$\n", NULL },
	{ "tag in tag", "t[mode=y]",
	    DEF "r-y = ^y <HOST>$\nfailregex = <r-<mode>>\n[Init]\nmode = x\n", NULL },
	{ "default of the option", "t",
	    DEF "r-x = ^y <HOST>$\nfailregex = <r-<mode>>\n[Init]\nmode = x\n", NULL },
	{ "quoted option", "t[a=\"x,y\", b='z']", DEF "failregex = ^<a><b> <HOST>$\n", NULL },
	{ "address in the prefix", "t",
	    DEF "prefregex = ^<HOST> <F-CONTENT>.*</F-CONTENT>$\n"
		"failregex = ^x$\n",
	    NULL },
	{ "onus section", "t", DEF OK "[Onus]\ncategory = spam\nservice = smtp\nproof = full\n",
	    NULL },
	{ "connection id", "t",
	    DEF "prefregex = ^<F-MLFID>x</F-MLFID><F-CONTENT>.*</F-CONTENT>$\n"
		"failregex = ^y$\n",
	    NULL },
	{ "lines skipped", "t", DEF "failregex = ^x <HOST><SKIPLINES>y\nmaxlines = 100\n", NULL },
	{ "maxlines 1", "t", DEF OK "maxlines = 1\n", NULL },
	{ "journalmatch", "t", DEF OK "journalmatch = _COMM=sshd\n", NULL },
	{ "date at the start", "t", DEF OK "datepattern = {^LN-BEG}\n", NULL },

	{ "no failregex", "t", DEF "a = b\n", "no failregex" },
	{ "no address", "t", DEF "failregex = ^x$\n", "t:2: failregex, expression 1: no <HOST>" },
	{ "second expression", "t", DEF "failregex = ^x <HOST>$\n  ^y$\n", "expression 2" },
	{ "bad expression", "t", DEF "failregex = ^x <HOST>(\n", "t:2: failregex, expression 1" },
	{ "maxlines", "t", DEF OK "maxlines = 101\n", "t:3: maxlines: 101 is no number from 1" },
	{ "maxlines 0", "t", DEF OK "maxlines = 0\n", "t:3: maxlines" },
	{ "maxlines in words", "t", DEF OK "maxlines = two\n", "t:3: maxlines" },
	{ "lines skipped in one", "t", DEF "failregex = ^x <HOST><SKIPLINES>y\n",
	    "t:2: failregex, expression 1: <SKIPLINES> joins lines" },
	{ "date directive", "t", DEF OK "datepattern = ^%%Y %%Q\n",
	    "t:3: datepattern: %Q is no directive" },
	{ "date of nothing", "t", DEF OK "datepattern = ^x\n",
	    "t:3: datepattern: no part of a date in it" },
	{ "date unbalanced", "t", DEF OK "datepattern = ^(%%Y\n",
	    "t:3: datepattern: missing closing parenthesis" },
	{ "circle", "t", DEF "a = <b>\nb = <a>\nfailregex = <a>\n", "circle" },
	{ "circle in %", "t", DEF "a = %(b)s\nb = %(a)s\nfailregex = %(a)s\n", "nested too deep" },
	{ "missing name", "t", DEF "failregex = %(a)s\n", "not defined: a" },
	{ "lone %", "t", DEF "failregex = 5% <HOST>\n", "a % must be" },
	{ "twice", "t", DEF OK OK, "t:3: failregex stands twice" },
	{ "before a section", "t", OK, "t:1: a value before" },
	{ "no value", "t", DEF "failregex\n", "t:2: neither" },
	{ "category", "t", DEF OK "[Onus]\ncategory = nonsense\n", "t:4: [Onus]" },
	{ "options", "t[a", DEF OK, "write NAME or NAME[" },
	{ "options, no value", "t[a]", DEF OK, "options are name=value" },
	{ "groups twice", "t", DEF "failregex = ^<HOST> <HOST>$\n", "expression 1" },
};

static void test_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(files); i++) {
		struct filter *f = NULL;
		struct err e;
		int r = filter_parse(files[i].spec, span_str(files[i].text), &f, &e);

		/* Messages name what ini_parse was told: the whole spec. */
		if (r == 0 && files[i].want)
			fail_msg("%s: loaded", files[i].label);
		if (r < 0 && (!files[i].want || !strstr(e.text, files[i].want)))
			fail_msg("%s: %s", files[i].label, e.text);
		filter_free(f);
	}
}

static void see(void *ctx, const struct event *ev, uint64_t number)
{
	(void)number;
	*(unsigned *)ctx += ev->count;
}

/* What fail2ban does with ignoreregex, F-NOFAIL and the order of expressions. */
static void test_meaning(void **state)
{
	static const char text[] =
	    "[Definition]\nfailregex = ^ a <HOST>$\n  ^ <F-NOFAIL>b</F-NOFAIL> <HOST>$\n"
	    "  ^ b <HOST>$\n  ^ c <HOST> x<F-COUNT>\\d+</F-COUNT>$\nignoreregex = 9\\.9$\n";
	static const struct {
		const char *line;
		unsigned want;
	} cases[] = {
		{ "Nov 30 06:55:46 a 8.8.8.8", 1 }, { "Nov 30 06:55:46 a 9.9.9.9", 0 },
		{ "Nov 30 06:55:46 b 8.8.8.8", 0 }, { "Nov 30 06:55:46 c 8.8.8.8 x7", 7 },
		{ "Nov 30 06:55:46 c 8.8.8.8 x99999999999", 1 },
		{ "[Nov 30 06:55:46] a 8.8.8.8", 0 }, /* "[] a …": the brackets stay */
	};
	struct clock clock = clock_fixed(1764547200);
	struct scan_options o = { .clock = &clock };
	struct filter *f;
	struct scan *s;
	struct err e;

	(void)state;
	assert_int_equal(filter_parse("t", SPAN(text), &f, &e), 0);
	assert_int_equal(scan_new(&f, 1, &o, &s, &e), 0);
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct line l = { span_str(cases[i].line), 1, false };
		unsigned n = 0;

		scan_line(s, &l, see, &n);
		if (n != cases[i].want)
			fail_msg("\"%s\": %u", cases[i].line, n);
	}
	assert_int_equal(scan_counts(s)->ignored, 1);
	assert_int_equal(scan_counts(s)->nofail, 1);
	scan_free(s);
	filter_free(f);
}

/* A line that cannot be judged safely is refused and the next one goes on. */
static void test_refused(void **state)
{
	static const char good[] = "Nov 30 06:55:46 h x 8.8.8.8\n";
	static char block[400000];
	struct clock clock = clock_fixed(1764547200);
	struct scan_options o = { .clock = &clock };
	struct filter *f;
	struct scan *s;
	struct err e;
	struct block b = { .text.p = block, .first_number = 1 };
	size_t n = 0;
	unsigned events = 0;

	(void)state;
	assert_int_equal(
	    filter_parse("t", SPAN("[Definition]\nfailregex = ^ h x <ADDR>$\n"), &f, &e), 0);
	assert_int_equal(scan_new(&f, 1, &o, &s, &e), 0);
	n += (size_t)sprintf(block + n, "%s", good);
	memcpy(block + n, "Nov 30 06:55:46 h x\0 8.8.8.8\n", 29); /* NUL */
	n += 29;
	n += (size_t)sprintf(block + n, "%sNov 30 06:55:46 h x 8.8.8.8\r\n\xff\xfe\x80\n", good);
	n += (size_t)sprintf(block + n, "Nov 30 06:55:46 ");
	memset(block + n, 'a', 200000); /* longer than any line that input hands over */
	n += 200000;
	n += (size_t)sprintf(block + n, "\n%s", good);
	b.text.end = block + n;
	assert_int_equal(scan_block(s, &b, see, &events), 7);
	assert_int_equal(events, 4);
	assert_int_equal(scan_counts(s)->refused, 2);
	assert_int_equal(scan_counts(s)->undated, 1);
	b.cut = true;
	assert_int_equal(scan_block(s, &b, see, &events), 1);
	assert_int_equal(scan_counts(s)->refused, 3);
	scan_free(s);
	filter_free(f);
}

#define NOW INT64_C(1764547200) /* 2025-12-01T00:00:00Z */

static const struct {
	const char *label, *line, *utc, *rest; /* utc NULL: no date */
} stamps[] = {
	{ "syslog", "Nov 30 06:55:46 h", "2025-11-30T06:55:46Z", " h" },
	{ "again, from memory", "Nov 30 06:55:59 h", "2025-11-30T06:55:59Z", " h" },
	{ "a day in the future", "Dec  2 00:00:00 h", "2025-12-02T00:00:00Z", " h" },
	{ "more: last year's", "Dec  2 00:00:01 h", "2024-12-02T00:00:01Z", " h" },
	{ "29 February", "Feb 29 12:00:00 h", "2024-02-29T12:00:00Z", " h" },
	{ "one digit of day", "Dec 1 00:00:00 h", "2025-12-01T00:00:00Z", " h" },
	{ "fraction", "Nov 30 06:55:46.123456 h", "2025-11-30T06:55:46Z", " h" },
	{ "lower case", "nov 30 06:55:46 h", "2025-11-30T06:55:46Z", " h" },
	{ "PRI", "<38>Nov 30 06:55:46 h", "2025-11-30T06:55:46Z", "<38> h" },
	{ "brackets", "[2025-11-30 06:55:46] h", "2025-11-30T06:55:46Z", "[] h" },
	{ "RFC 3339", "2025-11-30T06:55:46.123456+01:00 h", "2025-11-30T05:55:46Z", " h" },
	{ "Z", "2025-11-30T06:55:46Z h", "2025-11-30T06:55:46Z", " h" },
	{ "-0330", "2025-11-30 06:55:46 -0330 h", "2025-11-30T10:25:46Z", " h" },
	{ "comma", "2025-11-30 06:55:46,123 h", "2025-11-30T06:55:46Z", " h" },
	{ "slashes", "2025/11/30 06:55:46 h", "2025-11-30T06:55:46Z", " h" },
	{ "mixed separators", "2025/11-30 06:55:46 h", NULL, NULL },
	{ "no such month", "Nox 30 06:55:46 h", NULL, NULL },
	{ "no such day", "Nov 31 06:55:46 h", NULL, NULL },
	{ "day 0", "Nov  0 06:55:46 h", NULL, NULL },
	{ "hour 24", "Nov 30 24:00:00 h", NULL, NULL },
	{ "29 February of no leap year", "2025-02-29T00:00:00Z h", NULL, NULL },
	{ "letters follow", "Nov 30 06:55:46x", NULL, NULL },
	{ "date later in the line", "h Nov 30 06:55:46", NULL, NULL },
	{ "PRI of four digits", "<1234>Nov 30 06:55:46 h", NULL, NULL },
	{ "cut", "Nov 30 06:55:4", NULL, NULL },
	{ "cut after the day", "Nov 3", NULL, NULL },
	{ "empty", "", NULL, NULL },
};

static void test_stamps(void **state)
{
	struct clock clock = clock_fixed(NOW);
	struct stamp_reader r;

	(void)state;
	stamp_init(&r, &clock);
	for (size_t i = 0; i < NELEM(stamps); i++) {
		/* Exactly as long as it is, so that a sanitizer sees any byte read past it. */
		size_t n = strlen(stamps[i].line);
		char *copy = malloc(n ? n : 1), utc[UTC_TEXT_MAX], rest[128];
		struct stamp st;

		memcpy(copy, stamps[i].line, n);
		if (!stamp_read(&r, span_of(copy, n), &st)) {
			if (stamps[i].utc)
				fail_msg("%s: no date", stamps[i].label);
			free(copy);
			continue;
		}
		if (!stamps[i].utc)
			fail_msg("%s: a date", stamps[i].label);
		utc_format(st.time_s, utc);
		(void)snprintf(rest, sizeof(rest), "%.*s%.*s", (int)st.begin, copy,
		    (int)(n - st.end), copy + st.end);
		if (strcmp(utc, stamps[i].utc) != 0 || strcmp(rest, stamps[i].rest) != 0)
			fail_msg("%s: %s \"%s\"", stamps[i].label, utc, rest);
		free(copy);
	}
}

/* Local time is the machine's zone, also across a change of its clocks. */
static void test_local(void **state)
{
	struct clock clock = clock_fixed(NOW);
	struct stamp_reader r;
	struct stamp st;

	(void)state;
	(void)setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	stamp_init(&r, &clock);
	assert_true(stamp_read(&r, SPAN("Jul  1 12:00:00 h"), &st));
	assert_int_equal(st.time_s, INT64_C(1751364000));
	assert_true(stamp_read(&r, SPAN("Nov 30 12:00:00 h"), &st));
	assert_int_equal(st.time_s, INT64_C(1764500400));
	assert_true(stamp_read(&r, SPAN("2025-07-01 12:00:00 h"), &st));
	assert_int_equal(st.time_s, INT64_C(1751364000));
	(void)setenv("TZ", "UTC", 1);
	tzset();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_meaning),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_stamps),
		cmocka_unit_test(test_local),
	};

	(void)setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
