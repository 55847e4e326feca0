/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Members picked out of JSON: the grammar (jansson is the judge of what is JSON), paths, what is told twice,
 * odd characters, bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <jansson.h>
#include <time.h>

#include "intake/jpick.h"
#include "intake/jtime.h"

static const char *pick_one(const char *path, struct span line, struct jpick_value *ret)
{
	static char room[256];
	struct jpick *p = jpick_new();
	unsigned slot = 9;
	const char *why;

	assert_non_null(p);
	assert_int_equal(jpick_path(p, span_str(path), &slot, NULL), 0);
	assert_int_equal(slot, 0);
	why = jpick_line(p, line, ret);
	if (!why && ret->text.p) { /* it outlives the jpick */
		assert_true(span_len(ret->text) <= sizeof(room));
		memcpy(room, ret->text.p, span_len(ret->text));
		ret->text = span_of(room, span_len(ret->text));
	}
	(void)jpick_free(p);
	return why;
}

static const struct {
	const char *label, *path, *line;
	enum jpick_kind kind;
	const char *text;
	bool odd;
} picks[] = {
	{ "text", "a", "{\"a\":\"x\"}", JPICK_TEXT, "x", false },
	{ "empty text", "a", "{\"a\":\"\"}", JPICK_TEXT, "", false },
	{ "number as it stands", "a", "{\"a\":-1.50e+3}", JPICK_NUMBER, "-1.50e+3", false },
	{ "true", "a", "{\"a\":true}", JPICK_BOOL, "true", false },
	{ "false", "a", "{\"a\":false}", JPICK_BOOL, "false", false },
	{ "null is not there", "a", "{\"a\":null}", JPICK_NONE, "null", false },
	{ "missing", "a", "{\"b\":1}", JPICK_NONE, "", false },
	{ "an object", "a", "{\"a\":{}}", JPICK_WHOLE, "", false },
	{ "an array", "a", "{\"a\":[1,2]}", JPICK_WHOLE, "", false },
	{ "nested", "a.b.c", "{\"x\":{\"b\":1},\"a\":{\"c\":2,\"b\":{\"c\":3}}}", JPICK_NUMBER, "3",
	    false },
	{ "not deeper", "a.b", "{\"a\":{\"x\":{\"b\":1}}}", JPICK_NONE, "", false },
	{ "not through text", "a.b", "{\"a\":\"{\\\"b\\\":1}\"}", JPICK_NONE, "", false },
	{ "a name with dots", "\"id.orig_h\"", "{\"id\":{\"orig_h\":1},\"id.orig_h\":2}",
	    JPICK_NUMBER, "2", false },
	{ "dots are no flat name", "id.orig_h", "{\"id.orig_h\":2}", JPICK_NONE, "", false },
	{ "an element", "a[1]", "{\"a\":[7,8,9]}", JPICK_NUMBER, "8", false },
	{ "an element's member", "a[1].b[0]", "{\"a\":[{\"b\":[1]},{\"b\":[2]}]}", JPICK_NUMBER,
	    "2", false },
	{ "an element past the end", "a[3]", "{\"a\":[7,8,9]}", JPICK_NONE, "", false },
	{ "an index is no name", "a[1]", "{\"a\":{\"1\":5}}", JPICK_NONE, "", false },
	{ "a name is no index", "a.1", "{\"a\":[4,5]}", JPICK_NONE, "", false },
	{ "escapes", "a", "{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\"}", JPICK_TEXT,
	    "\"\\/\b\f\n\r\tA", false },
	{ "an escaped name", "src_ip", "{\"src\\u005fip\":\"x\"}", JPICK_TEXT, "x", false },
	{ "beyond the BMP", "a", "{\"a\":\"\\ud83d\\ude00\"}", JPICK_TEXT, "\xf0\x9f\x98\x80",
	    false },
	{ "a lone surrogate", "a", "{\"a\":\"\\ud83d!\"}", JPICK_TEXT, "\xef\xbf\xbd!", true },
	{ "a surrogate and an escape", "a", "{\"a\":\"\\ud83d\\u0041\"}", JPICK_TEXT,
	    "\xef\xbf\xbd"
	    "A",
	    true },
	{ "no UTF-8", "a", "{\"a\":\"\xc0\xa2\"}", JPICK_TEXT, "\xc0\xa2", true },
	{ "no UTF-8 elsewhere", "a", "{\"b\":\"\xff\",\"a\":\"x\"}", JPICK_TEXT, "x", false },
	{ "NUL elsewhere", "a", "{\"b\":\"\\u0000\",\"a\":\"x\"}", JPICK_TEXT, "x", false },
	{ "the same name deeper", "a", "{\"b\":{\"a\":1},\"a\":2,\"c\":[{\"a\":3}]}", JPICK_NUMBER,
	    "2", false },
	{ "others told twice", "a", "{\"b\":1,\"b\":2,\"a\":3}", JPICK_NUMBER, "3", false },
	{ "blanks", "a", " \t{ \"a\" :\r 1 } ", JPICK_NUMBER, "1", false },
	{ "long plain text", "a", "{\"b\":\"0123456789012345\\\"}{\",\"a\":\"01234567890123456\"}",
	    JPICK_TEXT, "01234567890123456", false },
};

static void test_picks(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(picks); i++) {
		struct jpick_value v;
		const char *why = pick_one(picks[i].path, span_str(picks[i].line), &v);

		if (why)
			fail_msg("%s: refused: %s", picks[i].label, why);
		if (v.kind != picks[i].kind || !span_is(v.text, picks[i].text) ||
		    v.odd != picks[i].odd)
			fail_msg("%s: kind %d \"%.*s\"%s", picks[i].label, (int)v.kind,
			    SPAN_ARG(v.text), v.odd ? " odd" : "");
	}
}

/* A NUL in text that was asked for: there, and odd. */
static void test_nul(void **state)
{
	struct jpick_value v;

	(void)state;
	assert_null(pick_one("a", span_str("{\"a\":\"8.8.8.8\\u0000\"}"), &v));
	assert_true(v.odd && span_len(v.text) == 8 && v.text.end[-1] == '\0');
	assert_non_null(pick_one("a", SPAN("{\"a\":\"8.8.8.8\0\"}"), &v));
}

static const struct {
	const char *label, *line;
} twice[] = {
	{ "the member", "{\"a\":{\"b\":1,\"b\":2}}" },
	{ "the same value", "{\"a\":{\"b\":1,\"b\":1}}" },
	{ "with an escape", "{\"a\":{\"b\":1,\"\\u0062\":2}}" },
	{ "null first", "{\"a\":{\"b\":null,\"b\":2}}" },
	{ "on the way", "{\"a\":{\"b\":1},\"a\":{}}" },
	{ "on the way, of another kind", "{\"a\":1,\"a\":{\"b\":1}}" },
};

static void test_twice(void **state)
{
	struct jpick_value v;

	(void)state;
	for (size_t i = 0; i < NELEM(twice); i++)
		if (!pick_one("a.b", span_str(twice[i].line), &v))
			fail_msg("%s: taken", twice[i].label);
	assert_null(pick_one("a.b", span_str("{\"a\":{\"b\":1,\"c\":1,\"c\":1}}"), &v));
}

/* What is JSON and what is not: the same as jansson says, but for what the header leaves out. */
static const char *const grammar[] = { "{}", "{\"a\":1}", "{\"a\":1,}", "{,}", "{\"a\"}",
	"{\"a\":}", "{a:1}", "{'a':1}", "{\"a\":1 \"b\":2}", "{\"a\":1,,\"b\":2}", "{\"a\":1}}",
	"{\"a\":1}{}", "{\"a\":1} x", "{\"a\":[}", "{\"a\":[1,]}", "{\"a\":[,1]}", "{\"a\":[1 2]}",
	"{\"a\":[1}}", "{\"a\":{\"b\":1]}", "{\"a\":[[[]]]}", "{\"a\":01}", "{\"a\":-}",
	"{\"a\":-0}", "{\"a\":1.}", "{\"a\":.5}", "{\"a\":+1}", "{\"a\":1e}", "{\"a\":1e5}",
	"{\"a\":1E-5}", "{\"a\":0x10}", "{\"a\":NaN}", "{\"a\":Infinity}", "{\"a\":tru}",
	"{\"a\":truex}", "{\"a\":True}", "{\"a\":nul}", "{\"a\":\"x}", "{\"a\":\"\\x\"}",
	"{\"a\":\"\\u12\"}", "{\"a\":\"\\u12G4\"}", "{\"a\":\"\t\"}", "{\"a\":\"\x01\"}",
	"{\"a\":\"\x7f\"}", "{\"a\":\"\\", "{\"a\":\"\\u", "{", "{\"", "{\"a", "{\"a\"",
	"{\"a\":", "{\"a\":1", "", "   ", "{\"a\":\"\\ud83d\\ude00\"}", "\xef\xbb\xbf{}",
	"// c\n{}", "{\"a\":1}/**/", "{\"a\":\"\xc3\xa9\"}", "{\"\":1}" };

static void test_grammar(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(grammar); i++) {
		json_t *j = json_loads(grammar[i], 0, NULL);
		struct jpick_value v;
		const char *why = pick_one("z", span_str(grammar[i]), &v);

		if (!why != json_is_object(j))
			fail_msg("%s: %s", grammar[i], why ? why : "taken");
		json_decref(j);
	}
	/* objects alone are lines of a log */
	for (size_t i = 0; i < 4; i++) {
		static const char *const others[] = { "[1]", "1", "\"x\"", "null" };
		struct jpick_value v;

		assert_string_equal(pick_one("z", span_str(others[i]), &v), "no JSON object");
	}
}

/* {"a":{"a":…1…}} with n objects */
static struct span deep(char *room, unsigned n)
{
	char *p = room;

	for (unsigned i = 0; i < n; i++)
		p = stpcpy(p, i % 2 ? "[" : "{\"a\":");
	*p++ = '1';
	for (unsigned i = n; i-- > 0;)
		*p++ = i % 2 ? ']' : '}';
	return (struct span){ room, p };
}

static void test_bounds(void **state)
{
	static char room[JPICK_LINE_MAX + 16];
	struct jpick *p = jpick_new();
	struct jpick_value v[JPICK_PATHS_MAX];
	unsigned slot;
	struct span line;

	(void)state;
	assert_null(pick_one("z", deep(room, JPICK_DEPTH_MAX), v));
	assert_string_equal(
	    pick_one("z", deep(room, JPICK_DEPTH_MAX + 1), v), "JSON that is too deep");
	assert_non_null(pick_one("z", deep(room, 10000), v));

	/* all of a line of the largest size in one string, escaped and asked for */
	assert_int_equal(jpick_path(p, SPAN("a"), &slot, NULL), 0);
	memcpy(room, "{\"a\":\"", 6);
	memset(room + 6, '\\', JPICK_LINE_MAX - 8);
	memcpy(room + JPICK_LINE_MAX - 2, "\"}", 2);
	line = span_of(room, JPICK_LINE_MAX);
	assert_null(jpick_line(p, line, v));
	assert_int_equal(span_len(v[0].text), (JPICK_LINE_MAX - 8) / 2);
	room[JPICK_LINE_MAX] = ' ';
	line.end++;
	assert_string_equal(jpick_line(p, line, v), "the line is too long");

	/* paths: the same one again, one too many */
	assert_int_equal(jpick_path(p, SPAN("\"a\""), &slot, NULL), 0);
	assert_int_equal(slot, 0);
	for (unsigned i = 1; i < JPICK_PATHS_MAX; i++) {
		int n = snprintf(room, sizeof(room), "x[%u].y", i);

		assert_int_equal(jpick_path(p, span_of(room, (size_t)n), &slot, NULL), 0);
		assert_int_equal(slot, i);
	}
	assert_int_equal(jpick_path(p, SPAN("last"), &slot, NULL), -E2BIG);
	(void)jpick_free(p);
	assert_null(jpick_free(NULL));
}

/* An escape, the end, a control byte and a high byte at every place of texts of every length around the steps
 * in which they are read. */
static void test_places(void **state)
{
	static const char odd[] = { '\\', '"', '\x1f', '\0', '\x7f', '\xff' };
	char line[128];
	struct jpick_value v;

	(void)state;
	for (unsigned n = 1; n < 70; n++)
		for (unsigned at = 0; at < n; at++)
			for (unsigned k = 0; k < sizeof(odd); k++) {
				char *p = stpcpy(line, "{\"a\":\"");
				const char *why;

				memset(p, 'x', n);
				p[at] = odd[k];
				memcpy(p + n, "\"}", 2);
				why = pick_one("a", (struct span){ line, p + n + 2 }, &v);
				if (k < 4 ? !why : why != NULL)
					fail_msg("%u of %u, %#x: %s", at, n, odd[k],
					    why ? why : "taken");
				if (!why)
					assert_int_equal(span_len(v.text), n);
			}
}

static void test_bad_paths(void **state)
{
	static const char *const bad[] = { "", ".", "a.", ".a", "a..b", "[0]", "a[", "a[]", "a[x]",
		"a[-1]", "a[9999]", "a[1]b", "\"a", "\"\"", "a b", "a\"b\"" };
	struct jpick *p = jpick_new();
	struct err e;
	unsigned slot;

	(void)state;
	for (size_t i = 0; i < NELEM(bad); i++)
		if (jpick_path(p, span_str(bad[i]), &slot, &e) != -EINVAL)
			fail_msg("\"%s\" is a path", bad[i]);
	(void)jpick_free(p);
}

static const struct {
	const char *label, *form, *line;
	int64_t want; /* -1: none */
} times[] = {
	{ "RFC 3339", "auto", "{\"t\":\"2022-07-12T06:22:33.415742+00:00\"}", 1657606953 },
	{ "Z", "auto", "{\"t\":\"2022-07-12T06:22:33Z\"}", 1657606953 },
	{ "Suricata", "auto", "{\"t\":\"2022-07-12T08:22:33.415742+0200\"}", 1657606953 },
	{ "without a zone", "auto", "{\"t\":\"2022-07-12T06:22:33.415742\"}", 1657606953 },
	{ "without a zone, a blank", "auto", "{\"t\":\"2022-07-12 06:22:33\"}", 1657606953 },
	{ "a comma", "auto", "{\"t\":\"2022-07-12 06:22:33,415\"}", 1657606953 },
	{ "behind UTC", "auto", "{\"t\":\"2022-07-12T02:22:33-0400\"}", 1657606953 },
	{ "a web server's", "auto", "{\"t\":\"12/Jul/2022:08:22:33 +0200\"}", 1657606953 },
	{ "seconds", "auto", "{\"t\":1657606953}", 1657606953 },
	{ "seconds with a fraction", "auto", "{\"t\":1657606953.99}", 1657606953 },
	{ "seconds as text", "auto", "{\"t\":\"1657606953.99\"}", 1657606953 },
	{ "milliseconds", "auto", "{\"t\":1657606953415}", 1657606953 },
	{ "microseconds", "auto", "{\"t\":1657606953415742}", 1657606953 },
	{ "nanoseconds", "auto", "{\"t\":1657606953415742000}", 1657606953 },
	{ "an exponent", "auto", "{\"t\":1.657606953e9}", 1657606953 },
	{ "told to be milliseconds", "milliseconds", "{\"t\":1657606953}", 1657606 },
	{ "told to be seconds", "seconds", "{\"t\":1657606953415}", -1 },
	{ "seconds are no text", "seconds", "{\"t\":\"2022-07-12T06:22:33Z\"}", -1 },
	{ "a format", "%d.%m.%Y %H:%M:%S", "{\"t\":\"12.07.2022 06:22:33\"}", 1657606953 },
	{ "a format with a zone", "%Y-%m-%d %H:%M:%S %z", "{\"t\":\"2022-07-12 08:22:33 +0200\"}",
	    1657606953 },
	{ "more than the format", "%d.%m.%Y", "{\"t\":\"12.07.2022 06\"}", -1 },
	{ "negative", "auto", "{\"t\":-5}", -1 },
	{ "prose", "auto", "{\"t\":\"yesterday\"}", -1 },
	{ "true", "auto", "{\"t\":true}", -1 },
	{ "null", "auto", "{\"t\":null}", -1 },
	{ "an object", "auto", "{\"t\":{}}", -1 },
	{ "empty", "auto", "{\"t\":\"\"}", -1 },
	{ "February 30", "auto", "{\"t\":\"2022-02-30T06:22:33Z\"}", -1 },
	{ "NUL behind it", "auto", "{\"t\":\"2022-07-12T06:22:33Z\\u0000\"}", -1 },
	{ "too long", "auto",
	    "{\"t\":\"2022-07-12T06:22:33."
	    "000000000000000000000000000000000000000000000000000000000000000000Z\"}",
	    -1 },
};

static void test_times(void **state)
{
	struct jtime bad = { JTIME_AUTO };

	(void)state;
	for (size_t i = 0; i < NELEM(times); i++) {
		struct jtime t = { JTIME_AUTO };
		struct jpick_value v;
		int64_t got = -1;

		assert_int_equal(jtime_parse(span_str(times[i].form), &t), 0);
		assert_null(pick_one("t", span_str(times[i].line), &v));
		if (jtime_read(&t, &v, &got) < 0)
			got = -1;
		if (got != times[i].want)
			fail_msg("%s: %lld", times[i].label, (long long)got);
	}
	assert_int_equal(jtime_parse(SPAN("hours"), &bad), -EINVAL);
	assert_int_equal(jtime_parse(SPAN(""), &bad), -EINVAL);
}

/* Local time: the test runs in a zone that has a summer. */
static void test_local(void **state)
{
	struct jtime t = { .local = true };
	struct jpick_value v;
	int64_t got = 0;

	(void)state;
	assert_int_equal(setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1), 0);
	tzset();
	assert_null(pick_one("t", span_str("{\"t\":\"2022-07-12T08:22:33\"}"), &v));
	assert_int_equal(jtime_read(&t, &v, &got), 0);
	assert_int_equal(got, 1657606953);
	assert_null(pick_one("t", span_str("{\"t\":\"2022-01-12T07:22:33\"}"), &v));
	assert_int_equal(jtime_read(&t, &v, &got), 0);
	assert_int_equal(got, 1641968553);
	assert_null(pick_one("t", span_str("{\"t\":\"2022-07-12T06:22:33Z\"}"), &v));
	assert_int_equal(jtime_read(&t, &v, &got), 0);
	assert_int_equal(got, 1657606953);
	assert_int_equal(jtime_parse(SPAN("%d.%m.%Y %H:%M:%S"), &t), 0);
	assert_null(pick_one("t", span_str("{\"t\":\"12.07.2022 08:22:33\"}"), &v));
	assert_int_equal(jtime_read(&t, &v, &got), 0);
	assert_int_equal(got, 1657606953);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_picks),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_grammar),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_bad_paths),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_local),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
