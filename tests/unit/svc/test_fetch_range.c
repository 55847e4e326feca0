/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bodies that are taken up where they were cut: what is kept to begin with, what belongs to it, what is remembered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "svc/fetch_range.h"

static void ranges(void **state)
{
	static const struct {
		const char *label, *in;
		int want;
		uint64_t first, last, total;
	} cases[] = {
		{ "a part", "bytes 100-299/300", 0, 100, 299, 300 },
		{ "one byte", "bytes 0-0/1", 0, 0, 0, 1 },
		{ "another case, blanks around", " Bytes 1-2/3 ", 0, 1, 2, 3 },
		{ "of what is not told", "bytes 1-2/*", 0, 1, 2, 0 },
		{ "the largest", "bytes 0-1099511627775/1099511627776", 0, 0, 1099511627775,
		    1099511627776 },
		{ "one past it", "bytes 0-1/1099511627777", -EINVAL, 0, 0, 0 },
		{ "past its end", "bytes 1-3/3", -EINVAL, 0, 0, 0 },
		{ "backward", "bytes 2-1/3", -EINVAL, 0, 0, 0 },
		{ "of nothing", "bytes 0-0/0", -EINVAL, 0, 0, 0 },
		{ "none", "bytes */3", -EINVAL, 0, 0, 0 },
		{ "another unit", "lines 1-2/3", -EINVAL, 0, 0, 0 },
		{ "a longer unit", "bytess 1-2/3", -EINVAL, 0, 0, 0 },
		{ "no unit", "1-2/3", -EINVAL, 0, 0, 0 },
		{ "two blanks", "bytes  1-2/3", -EINVAL, 0, 0, 0 },
		{ "signs", "bytes +1-2/3", -EINVAL, 0, 0, 0 },
		{ "negative", "bytes -1-2/3", -EINVAL, 0, 0, 0 },
		{ "hexadecimal", "bytes 0x1-0x2/0x3", -EINVAL, 0, 0, 0 },
		{ "no total", "bytes 1-2", -EINVAL, 0, 0, 0 },
		{ "an empty total", "bytes 1-2/", -EINVAL, 0, 0, 0 },
		{ "two", "bytes 1-2/3, 4-5/6", -EINVAL, 0, 0, 0 },
		{ "empty", "", -EINVAL, 0, 0, 0 },
	};

	for (size_t i = 0; i < NELEM(cases); i++) {
		uint64_t first = 7, last = 7, total = 7;
		int r = fetch_range_parse(span_str(cases[i].in), &first, &last, &total);
		bool same = r == 0 ? first == cases[i].first && last == cases[i].last &&
					 total == cases[i].total
				   : first == 7 && last == 7 && total == 7;

		if (r != cases[i].want || !same)
			fail_msg("%s: %d", cases[i].label, r);
	}
}

static void keeps(void **state)
{
	static const struct {
		const char *label;
		struct fetch_heads heads;
		bool want;
	} cases[] = {
		{ "an ETag", { .etag = "\"v1\"" }, true },
		{ "an empty one", { .etag = "\"\"" }, true },
		{ "a weak one", { .etag = "W/\"v1\"" }, false },
		{ "a weak one, and a date",
		    { .etag = "W/\"v1\"", .modified_s = 1000, .date_s = 9000 }, false },
		{ "one without quotes", { .etag = "v1" }, false },
		{ "one of a quote", { .etag = "\"" }, false },
		{ "two", { .etag = "\"v1\", \"v2\"" }, false },
		{ "one that no head can hold", { .etag = "\"a\x01\"" }, false },
		{ "a date", { .modified_s = 1000, .date_s = 1060 }, true },
		{ "a date of just now", { .modified_s = 1000, .date_s = 1059 }, false },
		{ "a date, and no clock", { .modified_s = 1000 }, false },
		{ "nothing", { .date_s = 9000 }, false },
		{ "packed", { .etag = "\"v1\"", .encoding = "gzip" }, false },
		{ "not packed", { .etag = "\"v1\"", .encoding = "Identity" }, true },
		{ "no parts", { .etag = "\"v1\"", .ranges = "none" }, false },
		{ "parts", { .etag = "\"v1\"", .ranges = "bytes" }, true },
	};
	char longest[FETCH_TAG_MAX + 2];
	struct fetch_heads h = { .etag = longest };

	for (size_t i = 0; i < NELEM(cases); i++)
		if (fetch_range_keeps(&cases[i].heads) != cases[i].want)
			fail_msg("%s", cases[i].label);
	memset(longest, 'e', sizeof(longest));
	longest[0] = longest[FETCH_TAG_MAX - 1] = '"';
	longest[FETCH_TAG_MAX] = '\0';
	assert_true(fetch_range_keeps(&h));
	longest[FETCH_TAG_MAX - 1] = 'e';
	longest[FETCH_TAG_MAX] = '"';
	longest[FETCH_TAG_MAX + 1] = '\0';
	assert_false(fetch_range_keeps(&h));
}

#define TAG  .etag = "\"v1\""
#define LAST .modified_s = 1700000000

static void misfits(void **state)
{
	static const struct {
		const char *label;
		struct fetch_part part;
		struct fetch_heads heads;
		const char *want; /* in the reason; NULL: it fits */
	} cases[] = {
		{ "the rest", { TAG, .total = 300 }, { TAG, .range = "bytes 100-299/300" }, NULL },
		{ "some of it", { TAG, .total = 300 }, { TAG, .range = "bytes 100-199/300" },
		    NULL },
		{ "its length", { TAG }, { TAG, .range = "bytes 100-199/300", .length = 100 },
		    NULL },
		{ "another length", { TAG }, { TAG, .range = "bytes 100-199/300", .length = 99 },
		    "more or less" },
		{ "by date", { LAST }, { LAST, .range = "bytes 100-299/300" }, NULL },
		{ "by date, which needs not be said again", { LAST },
		    { .range = "bytes 100-299/300" }, NULL },
		{ "of another day", { LAST },
		    { .modified_s = 1700000001, .range = "bytes 100-299/300" }, "something else" },
		{ "by ETag, and of another day", { TAG, LAST },
		    { TAG, .modified_s = 1700000001, .range = "bytes 100-299/300" },
		    "something else" },
		{ "another ETag", { TAG }, { .etag = "\"v2\"", .range = "bytes 100-299/300" },
		    "something else" },
		{ "the same, weak", { TAG }, { .etag = "W/\"v1\"", .range = "bytes 100-299/300" },
		    "something else" },
		{ "no ETag", { TAG }, { .range = "bytes 100-299/300" }, "something else" },
		{ "an ETag where there was none", { LAST },
		    { TAG, LAST, .range = "bytes 100-299/300" }, "something else" },
		{ "total not told again", { TAG, .total = 300 },
		    { TAG, .range = "bytes 100-299/*" }, NULL },
		{ "total never told", { TAG }, { TAG, .range = "bytes 100-299/*" }, "how long" },
		{ "past the total", { TAG, .total = 300 }, { TAG, .range = "bytes 100-300/*" },
		    "how long" },
		{ "another total", { TAG, .total = 300 }, { TAG, .range = "bytes 100-299/301" },
		    "longer or shorter" },
		{ "a byte too late", { TAG }, { TAG, .range = "bytes 101-299/300" },
		    "another part" },
		{ "a byte too early", { TAG }, { TAG, .range = "bytes 99-299/300" },
		    "another part" },
		{ "packed", { TAG }, { TAG, .range = "bytes 100-299/300", .encoding = "gzip" },
		    "packed" },
		{ "no range", { TAG }, { TAG }, "does not say which" },
		{ "nonsense", { TAG }, { TAG, .range = "bytes" }, "no range" },
	};

	for (size_t i = 0; i < NELEM(cases); i++) {
		struct fetch_heads h = cases[i].heads;
		uint64_t end = 0, total = 0;
		const char *why;

		h.n_range = 1;
		h.length = h.length ? h.length : -1;
		why = fetch_range_misfit(&cases[i].part, 100, &h, &end, &total);
		if (!why != !cases[i].want || (why && !strstr(why, cases[i].want)))
			fail_msg("%s: %s", cases[i].label, why ? why : "fits");
		if (!why && (end < 200 || total != 300))
			fail_msg("%s: until %llu of %llu", cases[i].label, (unsigned long long)end,
			    (unsigned long long)total);
		h.n_range = 2;
		assert_non_null(fetch_range_misfit(&cases[i].part, 100, &h, &end, &total));
	}
}

static void dates(void **state)
{
	char text[FETCH_DATE_MAX];

	fetch_range_date(784111777, text); /* the example of RFC 9110 */
	assert_string_equal(text, "Sun, 06 Nov 1994 08:49:37 GMT");
	fetch_range_date(253402300799, text);
	assert_string_equal(text, "Fri, 31 Dec 9999 23:59:59 GMT");
}

static void parts(void **state)
{
	static const struct {
		const char *label, *in;
		int want;
	} cases[] = {
		{ "by ETag", "{\"url\":\"http://a\",\"etag\":\"\\\"1\\\"\"}", 0 },
		{ "by date", "{\"url\":\"http://a\",\"modified\":1}", 0 },
		{ "by nothing", "{\"url\":\"http://a\"}", -EINVAL },
		{ "by a weak ETag",
		    "{\"url\":\"http://a\",\"etag\":\"W/\\\"1\\\"\",\"modified\":1}", -EINVAL },
		{ "of nowhere", "{\"modified\":1}", -EINVAL },
		{ "of a file", "{\"url\":\"file:///a\",\"modified\":1}", -EINVAL },
		{ "all on the disk",
		    "{\"url\":\"http://a\",\"modified\":1,\"total\":5,\"synced\":5}", 0 },
		{ "more than all", "{\"url\":\"http://a\",\"modified\":1,\"total\":5,\"synced\":6}",
		    -EINVAL },
		{ "another member", "{\"url\":\"http://a\",\"modified\":1,\"x\":1}", -EINVAL },
		{ "cut", "{\"url\":\"http://a\",\"modified\":1", -EINVAL },
		{ "empty", "", -EINVAL },
	};

	for (size_t i = 0; i < NELEM(cases); i++) {
		struct fetch_part p = { .total = 99 };
		struct err e = { "" };
		int r = fetch_part_parse(span_str(cases[i].in), &p, &e);

		if (r != cases[i].want || (r < 0 && (!e.text[0] || p.total != 99)))
			fail_msg("%s: %d, %s", cases[i].label, r, e.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges),
		cmocka_unit_test(keeps),
		cmocka_unit_test(misfits),
		cmocka_unit_test(dates),
		cmocka_unit_test(parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
