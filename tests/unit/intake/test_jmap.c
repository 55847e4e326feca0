/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Maps of JSON logs: what the file says is what happens, and a file that says nonsense is refused with its
 * line; blocks of lines with their guards and counts; the choice among maps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>

#include "intake/jlog.h"

#define NOW  INT64_C(1764547200) /* 2025-12-01T00:00:00Z */
#define TIME "\"t\":1764540000"
#define BASE "[map]\nrecognise = t is given\ntime = t\naddress = ip\ncategory = spam\n"

static struct jmap *map_of(const char *text)
{
	struct jmap *m = NULL;
	struct err e;

	if (jmap_parse("test", span_str(text), &m, &e) < 0)
		fail_msg("%s\n%s", e.text, text);
	return m;
}

/* "ADDRESS CATEGORY PROOF COUNT SERVICE DETAIL", "" when no rule wants it, "!WHY" when refused */
static const char *apply(struct jmap *m, const char *line)
{
	static char text[1024];
	char subject[PREFIX_TEXT_MAX];
	struct event ev;
	const char *why;
	int r = jmap_line(m, span_str(line), false, &ev, &why);

	if (r <= 0) {
		(void)snprintf(text, sizeof(text), "%s%s", r < 0 ? "!" : "", r < 0 ? why : "");
		return text;
	}
	(void)prefix_format(ev.subject, subject);
	if (ev.subject.len == 128)
		*strchr(subject, '/') = '\0';
	(void)snprintf(text, sizeof(text), "%s %s %s %u %.*s %.*s", subject,
	    category_name(ev.category), ev.proof == PROOF_FULL ? "full" : "weak", ev.count,
	    SPAN_ARG(ev.service), SPAN_ARG(ev.detail));
	return text;
}

static const struct {
	const char *label, *rule, *line, *want;
} lines[] = {
	{ "no conditions", "[rule a]\nproof = full\n", "{" TIME ",\"ip\":\"8.8.8.8\"}",
	    "8.8.8.8 spam full 1 test " },
	{ "is", "[rule a]\nwhen = x is a | b\n", "{" TIME ",\"ip\":\"8.8.8.8\",\"x\":\"b\"}",
	    "8.8.8.8 spam weak 1 test " },
	{ "is none of them", "[rule a]\nwhen = x is a | b\n",
	    "{" TIME ",\"ip\":\"8.8.8.8\",\"x\":\"c\"}", "" },
	{ "is, of a number", "[rule a]\nwhen = x is 7\n", "{" TIME ",\"ip\":\"8.8.8.8\",\"x\":7}",
	    "8.8.8.8 spam weak 1 test " },
	{ "is, of a missing one", "[rule a]\nwhen = x is a\n", "{" TIME ",\"ip\":\"8.8.8.8\"}",
	    "" },
	{ "is, of an object", "[rule a]\nwhen = x is \"\"\n",
	    "{" TIME ",\"ip\":\"8.8.8.8\",\"x\":{}}", "" },
	{ "is not", "[rule a]\nwhen = x is not a | b\n",
	    "{" TIME ",\"ip\":\"8.8.8.8\",\"x\":\"a\"}", "" },
	{ "is not, of a missing one", "[rule a]\nwhen = x is not a\n",
	    "{" TIME ",\"ip\":\"8.8.8.8\"}", "8.8.8.8 spam weak 1 test " },
	{ "begins", "[rule a]\nwhen = x begins ab\n", "{" TIME ",\"ip\":\"8.8.8.8\",\"x\":\"abc\"}",
	    "8.8.8.8 spam weak 1 test " },
	{ "begins with more than there is", "[rule a]\nwhen = x begins abcd\n",
	    "{" TIME ",\"ip\":\"8.8.8.8\",\"x\":\"abc\"}", "" },
	{ "ends", "[rule a]\nwhen = x ends bc\n", "{" TIME ",\"ip\":\"8.8.8.8\",\"x\":\"abc\"}",
	    "8.8.8.8 spam weak 1 test " },
	{ "contains", "[rule a]\nwhen = x contains b\n",
	    "{" TIME ",\"ip\":\"8.8.8.8\",\"x\":\"abc\"}", "8.8.8.8 spam weak 1 test " },
	{ "contains not", "[rule a]\nwhen = x contains not b\n",
	    "{" TIME ",\"ip\":\"8.8.8.8\",\"x\":\"abc\"}", "" },
	{ "quoted values", "[rule a]\nwhen = x is \"a | b\" | \" c\"\n",
	    "{" TIME ",\"ip\":\"8.8.8.8\",\"x\":\" c\"}", "8.8.8.8 spam weak 1 test " },
	{ "given", "[rule a]\nwhen = x is given\n", "{" TIME ",\"ip\":\"8.8.8.8\",\"x\":null}",
	    "" },
	{ "missing", "[rule a]\nwhen = x is missing\n", "{" TIME ",\"ip\":\"8.8.8.8\",\"x\":null}",
	    "8.8.8.8 spam weak 1 test " },
	{ "the word given", "[rule a]\nwhen = x is \"given\"\n",
	    "{" TIME ",\"ip\":\"8.8.8.8\",\"x\":\"given\"}", "8.8.8.8 spam weak 1 test " },
	{ "numbers", "[rule a]\nwhen = x >= 400\n       x < 500\n       y > -1.5\n       y <= 0\n",
	    "{" TIME ",\"ip\":\"8.8.8.8\",\"x\":\"404\",\"y\":-1.25}",
	    "8.8.8.8 spam weak 1 test " },
	{ "numbers, at the limit", "[rule a]\nwhen = x < 500\n",
	    "{" TIME ",\"ip\":\"8.8.8.8\",\"x\":500}", "" },
	{ "no number", "[rule a]\nwhen = x < 500\n", "{" TIME ",\"ip\":\"8.8.8.8\",\"x\":\"\"}",
	    "" },
	{ "a missing number", "[rule a]\nwhen = x < 500\n", "{" TIME ",\"ip\":\"8.8.8.8\"}", "" },
	{ "the first rule that applies",
	    "[rule a]\nwhen = x is a\nignore = yes\n[rule b]\ncategory = scanner\n[rule c]\nproof "
	    "= weak\n",
	    "{" TIME ",\"ip\":\"8.8.8.8\",\"x\":\"b\"}", "8.8.8.8 scanner weak 1 test " },
	{ "ignored", "[rule a]\nwhen = x is a\nignore = yes\n[rule b]\nproof = weak\n",
	    "{" TIME ",\"ip\":\"8.8.8.8\",\"x\":\"a\"}", "" },
	{ "ignored without an address",
	    "[rule a]\nwhen = x is a\nignore = yes\n[rule b]\nproof = weak\n", "{\"x\":\"a\"}",
	    "" },
	{ "by table", "[rule a]\ncategory_from = x\ncategories = scanner: s | t\n  ddos: d\n",
	    "{" TIME ",\"ip\":\"8.8.8.8\",\"x\":\"d\"}", "8.8.8.8 ddos weak 1 test " },
	{ "not in the table", "[rule a]\ncategory_from = x\ncategories = scanner: s\n",
	    "{" TIME ",\"ip\":\"8.8.8.8\",\"x\":\"d\"}", "8.8.8.8 spam weak 1 test " },
	{ "full when", "[rule a]\nfull_when = p is TCP\n  n >= 1\n",
	    "{" TIME ",\"ip\":\"8.8.8.8\",\"p\":\"TCP\",\"n\":1}", "8.8.8.8 spam full 1 test " },
	{ "not full", "[rule a]\nfull_when = p is TCP\n  n >= 1\n",
	    "{" TIME ",\"ip\":\"8.8.8.8\",\"p\":\"TCP\",\"n\":0}", "8.8.8.8 spam weak 1 test " },
	{ "count, service, detail",
	    "[rule a]\ncount = n\nservice = web\nservice_from = s\ndetail = d e[1] f\n",
	    "{" TIME
	    ",\"ip\":\"8.8.8.8\",\"n\":17,\"s\":\"tls\",\"d\":\"one\",\"e\":[1,2],\"f\":true}",
	    "8.8.8.8 spam weak 17 tls one 2 true" },
	{ "none of them there",
	    "[rule a]\ncount = n\nservice = web\nservice_from = s\ndetail = d e\n",
	    "{" TIME ",\"ip\":\"8.8.8.8\",\"n\":-3}", "8.8.8.8 spam weak 1 web " },
	{ "an absurd count", "[rule a]\ncount = n\n", "{" TIME ",\"ip\":\"8.8.8.8\",\"n\":1e9}",
	    "8.8.8.8 spam weak 1 test " },
	{ "a port", "[rule a]\naddress_port = yes\n", "{" TIME ",\"ip\":\"8.8.8.8:443\"}",
	    "8.8.8.8 spam weak 1 test " },
	{ "a port of IPv6", "[rule a]\naddress_port = yes\n", "{" TIME ",\"ip\":\"[2a00::1]:443\"}",
	    "2a00::/64 spam weak 1 test " },
	{ "a port is wanted", "[rule a]\naddress_port = yes\n", "{" TIME ",\"ip\":\"2a00::1:443\"}",
	    "!what stands where the address should be is none" },
	{ "a port is not", "[rule a]\nproof = weak\n", "{" TIME ",\"ip\":\"8.8.8.8:443\"}",
	    "!what stands where the address should be is none" },
	{ "IPv4-mapped", "[rule a]\nproof = weak\n", "{" TIME ",\"ip\":\"::ffff:8.8.8.8\"}",
	    "8.8.8.8 spam weak 1 test " },
	{ "IPv6 is its /64", "[rule a]\nproof = weak\n", "{" TIME ",\"ip\":\"2a00:1:2:3:4::5\"}",
	    "2a00:1:2:3::/64 spam weak 1 test " },
	{ "no address", "[rule a]\nproof = weak\n", "{" TIME "}", "!the address is missing" },
	{ "a null address", "[rule a]\nproof = weak\n", "{" TIME ",\"ip\":null}",
	    "!the address is missing" },
	{ "a number is no address", "[rule a]\nproof = weak\n", "{" TIME ",\"ip\":134744072}",
	    "!what stands where the address should be is none" },
	{ "no time", "[rule a]\nproof = weak\n", "{\"ip\":\"8.8.8.8\"}",
	    "!the time is missing, or not written as the map says" },
	{ "interpolation", "[DEFAULT]\nwords = a | b\n[rule a]\nwhen = x is %(words)s\n",
	    "{" TIME ",\"ip\":\"8.8.8.8\",\"x\":\"b\"}", "8.8.8.8 spam weak 1 test " },
};

static void test_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(lines); i++) {
		char text[2048];
		struct jmap *m;
		const char *got;

		(void)snprintf(text, sizeof(text), BASE "%s", lines[i].rule);
		m = map_of(text);
		got = apply(m, lines[i].line);
		if (strcmp(got, lines[i].want) != 0)
			fail_msg("%s: \"%s\"", lines[i].label, got);
		(void)jmap_free(m);
	}
}

/* What is good and what is not never come out together. */
static void test_good(void **state)
{
	static const char text[] = "[map]\ntime = t\naddress = ip\nproof = full\ndetail = user\n"
				   "[rule in]\nwhen = ok is true\ngood = login\n"
				   "[rule out]\nwhen = ok is false\ncategory = brute-force\n";
	static const char in[] = "{" TIME ",\"ip\":\"8.8.8.8\",\"user\":\"joe\",\"ok\":true}",
			  out[] = "{" TIME ",\"ip\":\"8.8.8.8\",\"user\":\"joe\",\"ok\":false}";
	struct jmap *m = map_of(text), *none = map_of(BASE "[rule a]\nproof = full\n");
	struct event ev;
	const char *why;

	(void)state;
	assert_true(jmap_has_good(m) && !jmap_has_good(none));
	assert_int_equal(jmap_line(m, span_str(in), true, &ev, &why), 1);
	assert_true(ev.category == CATEGORY_OTHER && span_is(ev.detail, "login"));
	assert_int_equal(jmap_line(m, span_str(out), true, &ev, &why), 0);
	assert_string_equal(apply(m, in), "");
	assert_string_equal(apply(m, out), "8.8.8.8 brute-force full 1 test joe");
	(void)jmap_free(m);
	(void)jmap_free(none);
}

/* A long detail is cut, never overrun. */
static void test_long_detail(void **state)
{
	struct jmap *m = map_of(BASE "[rule a]\ndetail = a b c\n");
	static char line[4096];
	struct event ev;
	const char *why;
	int n = snprintf(line, sizeof(line),
	    "{" TIME ",\"ip\":\"8.8.8.8\",\"a\":\"%0499d\",\"b\":\"%0700d\",\"c\":\"x\"}", 1, 2);

	(void)state;
	assert_int_equal(jmap_line(m, span_of(line, (size_t)n), false, &ev, &why), 1);
	assert_int_equal(span_len(ev.detail), EVENT_DETAIL_MAX);
	assert_true(ev.detail.p[498] == '1' && ev.detail.p[499] == ' ');
	(void)jmap_free(m);
}

static const struct {
	const char *label, *text, *want; /* want: in the message */
} refused[] = {
	{ "no rule", BASE, "no [rule NAME]" },
	{ "another section", BASE "[rules]\na = b\n", "test:7" },
	{ "another name", BASE "[rule a]\nwhere = x is a\n",
	    "test:7: where = …: no such name here" },
	{ "when in the map", "[map]\nwhen = x is a\n", "test:2" },
	{ "no address", "[map]\ntime = t\ncategory = spam\n[rule a]\nproof = full\n",
	    "[rule a] needs address" },
	{ "no time", "[map]\naddress = t\ncategory = spam\n[rule a]\nproof = full\n",
	    "[rule a] needs time" },
	{ "no category", "[map]\naddress = t\ntime = t\n[rule a]\nproof = full\n",
	    "[rule a] needs category" },
	{ "a table of nothing", "[map]\naddress = t\ntime = t\n[rule a]\ncategory_from = c\n",
	    "[rule a] needs category" },
	{ "no such category", BASE "[rule a]\ncategory = evil\n", "no such category: evil" },
	{ "no such category in a table", BASE "[rule a]\ncategories = evil: x\n",
	    "CATEGORY: VALUE" },
	{ "no condition", BASE "[rule a]\nwhen =\n", "which conditions?" },
	{ "no operator", BASE "[rule a]\nwhen = x\n", "a condition is" },
	{ "no such operator", BASE "[rule a]\nwhen = x equals 1\n", "a condition is" },
	{ "no value", BASE "[rule a]\nwhen = x is\n", "a value is missing" },
	{ "no value between", BASE "[rule a]\nwhen = x is a | | b\n", "a value is missing" },
	{ "no number", BASE "[rule a]\nwhen = x < many\n", "a number must stand here" },
	{ "no closing mark", BASE "[rule a]\nwhen = x is \"a\n", "no closing quotation mark" },
	{ "no bar", BASE "[rule a]\nwhen = x is \"a\" b\n", "write | between values" },
	{ "no path", BASE "[rule a]\naddress = a..b\n", "is no path" },
	{ "no time form", BASE "[rule a]\ntime_form = hours\n", "strptime" },
	{ "no zone", BASE "[rule a]\ntime_zone = CET\n", "utc or local" },
	{ "no proof", BASE "[rule a]\nproof = some\n", "full or weak" },
	{ "good, and no kind", BASE "[rule a]\ngood = yes\n", "delivery or login" },
	{ "good in the map", "[map]\ngood = login\n", "test:2" },
	{ "neither yes nor no", BASE "[rule a]\nignore = 1\n", "yes or no" },
	{ "a long service", BASE "[rule a]\nservice = 123456789012345678901234567890123\n",
	    "32 bytes" },
	{ "five members", BASE "[rule a]\ndetail = a b c d e\n", "at most four" },
};

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(refused); i++) {
		struct jmap *m;
		struct err e;

		if (jmap_parse("test", span_str(refused[i].text), &m, &e) == 0)
			fail_msg("%s: taken", refused[i].label);
		if (!strstr(e.text, refused[i].want))
			fail_msg("%s: %s", refused[i].label, e.text);
	}
}

/* More conditions than a map has room for. */
static void test_too_many(void **state)
{
	struct buf b;
	struct jmap *m;
	struct err e;

	(void)state;
	buf_init(&b, 1u << 20);
	buf_str(&b, BASE "[rule a]\nwhen =");
	for (unsigned i = 0; i <= JMAP_TESTS_MAX; i++)
		buf_str(&b, "  x is a\n");
	assert_int_equal(jmap_parse("test", buf_text(&b), &m, &e), -E2BIG);
	buf_reset(&b);
	buf_str(&b, BASE "[rule a]\nwhen = x is a");
	for (unsigned i = 0; i <= JMAP_VALUES_MAX; i++)
		buf_str(&b, "|a");
	buf_str(&b, "\n");
	assert_int_equal(jmap_parse("test", buf_text(&b), &m, &e), -E2BIG);
	buf_reset(&b);
	buf_str(&b, BASE);
	for (unsigned i = 0; i <= JMAP_RULES_MAX; i++)
		buf_fmt(&b, "[rule %u]\nproof = full\n", i);
	assert_int_equal(jmap_parse("test", buf_text(&b), &m, &e), -E2BIG);
	buf_done(&b);
}

/* --- blocks --- */

struct seen {
	unsigned n;
	uint64_t number;
	struct event last;
};

static void see(void *ctx, const struct event *ev, uint64_t number)
{
	struct seen *s = ctx;

	s->n++;
	s->number = number;
	s->last = *ev;
}

static void test_block(void **state)
{
	static const char text[] = "{" TIME ",\"ip\":\"8.8.8.8\"}\n\n"
				   "{" TIME ",\"ip\":\"10.0.0.1\"}\n"
				   "{" TIME ",\"ip\":\"9.9.9.9\"}\r\n"
				   "rubbish\n"
				   "{\"t\":4000000000,\"ip\":\"8.8.4.4\"}\n"
				   "{" TIME ",\"ip\":\"host.example\"}\n"
				   "{" TIME ",\"ip\":\"1.1.1.1\"}\n";
	struct clock clock = clock_fixed(NOW);
	struct addrset own = { .v = NULL };
	struct scan_options o = { .clock = &clock, .own = &own, .weak = true };
	struct block b = { .text = span_of(text, sizeof(text) - 1), .first_number = 11 };
	struct seen s = { 0 };
	const struct scan_counts *c;
	const char *why;
	struct jlog *j;

	(void)state;
	assert_int_equal(addrset_parse(SPAN("9.9.9.0/24"), &own, NULL), 0);
	assert_int_equal(jlog_new(map_of(BASE "[rule a]\nproof = full\n"), &o, &j, NULL), 0);
	assert_int_equal(jlog_block(j, &b, see, &s), 8);
	c = jlog_counts(j);
	assert_int_equal(s.n, 2);
	assert_int_equal(s.number, 18);
	assert_int_equal(s.last.proof, PROOF_WEAK);
	assert_true(span_is(s.last.source, "test"));
	assert_int_equal(c->lines, 8);
	assert_int_equal(c->events, 2);
	assert_int_equal(c->special, 1);
	assert_int_equal(c->own, 1);
	assert_int_equal(c->refused, 3);
	assert_int_equal(jlog_first_refused(j, &why), 15);
	assert_string_equal(why, "no JSON object");
	assert_int_equal(jlog_first_refused(j, &why), 0);
	b.cut = true;
	assert_int_equal(jlog_block(j, &b, see, &s), 1);
	assert_int_equal(c->refused, 4);
	(void)jlog_free(j);
	addrset_done(&own);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_long_detail),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
