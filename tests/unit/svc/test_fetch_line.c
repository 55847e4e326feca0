/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lines between a program and its onus-fetch: what is taken, what is refused, defaults, bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "svc/fetch_line.h"

static void requests(void **state)
{
	static const struct {
		const char *label, *in;
		int want;
	} cases[] = {
		{ "least", "{\"url\":\"http://a\",\"out\":\"x\"}", 0 },
		{ "capitals", "{\"url\":\"HTTPS://a\",\"out\":\"X.y-z_1\"}", 0 },
		{ "number at its limit", "{\"url\":\"http://a\",\"out\":\"x\",\"slow_s\":3600}",
		    0 },
		{ "one past it", "{\"url\":\"http://a\",\"out\":\"x\",\"slow_s\":3601}", -EINVAL },
		{ "negative", "{\"url\":\"http://a\",\"out\":\"x\",\"slow_s\":-1}", -EINVAL },
		{ "a real number", "{\"url\":\"http://a\",\"out\":\"x\",\"slow_s\":1.0}", -EINVAL },
		{ "text for a number", "{\"url\":\"http://a\",\"out\":\"x\",\"slow_s\":\"1\"}",
		    -EINVAL },
		{ "number for a text", "{\"url\":\"http://a\",\"out\":1}", -EINVAL },
		{ "null", "{\"url\":\"http://a\",\"out\":\"x\",\"etag\":null}", -EINVAL },
		{ "line feed in a head", "{\"url\":\"http://a\",\"out\":\"x\",\"etag\":\"a\\nb\"}",
		    -EINVAL },
		{ "NUL", "{\"url\":\"http://a\\u0000b\",\"out\":\"x\"}", -EINVAL },
		{ "beyond ASCII", "{\"url\":\"http://\xc3\xa9\",\"out\":\"x\"}", -EINVAL },
		{ "no URL", "{\"out\":\"x\"}", -EINVAL },
		{ "another scheme", "{\"url\":\"gopher://a\",\"out\":\"x\"}", -EINVAL },
		{ "no name", "{\"url\":\"http://a\"}", -EINVAL },
		{ "elsewhere", "{\"url\":\"http://a\",\"out\":\"/x\"}", -EINVAL },
		{ "hidden", "{\"url\":\"http://a\",\"out\":\"..\"}", -EINVAL },
		{ "unknown", "{\"url\":\"http://a\",\"out\":\"x\",\"colour\":1}", -EINVAL },
		{ "twice", "{\"url\":\"http://a\",\"url\":\"http://b\",\"out\":\"x\"}", -EINVAL },
		{ "array", "[1]", -EINVAL },
		{ "cut", "{\"url\":\"http://a\",\"out\":\"x\"", -EINVAL },
		{ "empty", "", -EINVAL },
	};

	for (size_t i = 0; i < NELEM(cases); i++) {
		struct fetch_request q = { .id = 99 };
		struct err e = { "" };
		int r = fetch_request_parse(span_str(cases[i].in), &q, &e);

		if (r != cases[i].want || (r < 0 && (!e.text[0] || q.id != 99)))
			fail_msg("%s: %d, %s", cases[i].label, r, e.text);
	}
}

static void defaults(void **state)
{
	struct fetch_request q;
	struct err e;

	assert_int_equal(fetch_request_parse(
			     SPAN("{\"url\":\"http://a\",\"out\":\"x\",\"max_bytes\":0}"), &q, &e),
	    0);
	assert_int_equal(q.max_bytes, 1 << 20);
	assert_int_equal(q.timeout_ms, 60000);
	assert_int_equal(q.connect_ms, 15000);
	assert_int_equal(q.slow_bytes, 100);
	assert_int_equal(q.slow_s, 30);
	assert_int_equal(q.max_redirects, 5);
	assert_int_equal(q.since_s, 0);
}

static void answers(void **state)
{
	static const struct {
		const char *label, *in;
		int want;
	} cases[] = {
		{ "ok", "{\"id\":1,\"end\":\"ok\",\"status\":200}", 0 },
		{ "why not", "{\"id\":1,\"end\":\"tls\",\"error\":\"no\"}", 0 },
		{ "no end", "{\"id\":1,\"status\":200}", -EINVAL },
		{ "ok without status", "{\"id\":1,\"end\":\"ok\"}", -EINVAL },
		{ "ok with an error", "{\"id\":1,\"end\":\"ok\",\"status\":200,\"error\":\"x\"}",
		    -EINVAL },
		{ "trouble without one", "{\"id\":1,\"end\":\"cut\"}", -EINVAL },
		{ "lost is ours to say", "{\"id\":1,\"end\":\"lost\",\"error\":\"x\"}", -EINVAL },
		{ "an end not known", "{\"id\":1,\"end\":\"fine\",\"error\":\"x\"}", -EINVAL },
		{ "a request", "{\"url\":\"http://a\",\"out\":\"x\"}", -EINVAL },
	};

	for (size_t i = 0; i < NELEM(cases); i++) {
		struct fetch_answer a = { .id = 99 };
		struct err e = { "" };
		int r = fetch_answer_parse(span_str(cases[i].in), &a, &e);

		if (r != cases[i].want || (r < 0 && (!e.text[0] || a.id != 99)))
			fail_msg("%s: %d, %s", cases[i].label, r, e.text);
	}
}

/* What a stranger put into words for people does not reach a terminal. */
static void tamed(void **state)
{
	struct fetch_answer a;
	struct err e;

	assert_int_equal(fetch_answer_parse(
			     SPAN("{\"end\":\"cut\",\"error\":\"a\\u001b[31m\\u009bb\"}"), &a, &e),
	    0);
	assert_null(strchr(a.error, 0x1b));
	assert_string_equal(a.error, "a?[31m??b");
}

static void too_long(void **state)
{
	static char line[FETCH_LINE_MAX + 2];
	struct fetch_request q;
	struct err e;

	memset(line, ' ', sizeof(line) - 1);
	memcpy(line, "{\"url\":\"http://a\",\"out\":\"x\"}", 28);
	assert_int_equal(fetch_request_parse(span_of(line, FETCH_LINE_MAX), &q, &e), 0);
	assert_int_equal(fetch_request_parse(span_of(line, FETCH_LINE_MAX + 1), &q, &e), -EINVAL);
}

static void there_and_back(void **state)
{
	struct fetch_request q = { .id = 7,
		.url = "https://a.example/x?y=\"\\",
		.out = "x.gz",
		.etag = "W/\"1\"",
		.since_s = 1700000000,
		.accept = "a/b",
		.max_bytes = 1ull << 40,
		.timeout_ms = 1,
		.connect_ms = 2,
		.slow_bytes = 3,
		.slow_s = 4,
		.max_redirects = FETCH_NO_REDIRECT },
			     q2;
	struct fetch_answer a = { .id = 7,
		.end = FETCH_TIMEOUT,
		.status = 200,
		.url = "http://a",
		.etag = "\"e\"",
		.modified_s = 1,
		.type = "t",
		.retry_after_s = 9,
		.bytes = 5,
		.error = "caf\xc3\xa9" },
			    a2;
	struct buf b;
	struct err e;

	buf_init(&b, FETCH_LINE_MAX);
	fetch_request_put(&q, &b);
	memset(&q2, 0, sizeof(q2));
	assert_int_equal(fetch_request_parse(span_of(b.p, b.len - 1), &q2, &e), 0);
	assert_memory_equal(&q, &q2, sizeof(q));
	buf_reset(&b);
	fetch_answer_put(&a, &b);
	memset(&a2, 0, sizeof(a2));
	assert_int_equal(fetch_answer_parse(span_of(b.p, b.len - 1), &a2, &e), 0);
	assert_int_equal(a2.end, FETCH_TIMEOUT);
	assert_string_equal(a2.error, a.error);
	assert_string_equal(a2.etag, a.etag);
	assert_int_equal(a2.retry_after_s, 9);
	assert_int_equal(a2.bytes, 5);
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests),
		cmocka_unit_test(defaults),
		cmocka_unit_test(answers),
		cmocka_unit_test(tamed),
		cmocka_unit_test(too_long),
		cmocka_unit_test(there_and_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
