/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers, times, UTF-8, buffers, JSON, options. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "util/grow.h"
#include "util/clock.h"
#include "util/each.h"
#include "util/jout.h"
#include "util/num.h"
#include "util/opt.h"

static void test_num(void **state)
{
	static const struct {
		const char *label, *in;
		int want;
		uint32_t value;
	} cases[] = {
		{ "zero", "0", 0, 0 },
		{ "at limit", "4294967295", 0, UINT32_MAX },
		{ "one past limit", "4294967296", -ERANGE, 0 },
		{ "past 64 bits", "99999999999999999999999", -ERANGE, 0 },
		{ "past 64 bits, then a letter", "99999999999999999999999x", -EINVAL, 0 },
		{ "empty", "", -EINVAL, 0 },
		{ "leading blank", " 1", -EINVAL, 0 },
		{ "sign", "+1", -EINVAL, 0 },
		{ "leading zeros", "007", 0, 7 },
	};

	for (size_t i = 0; i < NELEM(cases); i++) {
		uint32_t v = 0;

		print_message("%s\n", cases[i].label);
		assert_int_equal(num_u32(span_str(cases[i].in), UINT32_MAX, &v), cases[i].want);
		assert_int_equal(v, cases[i].value);
	}
}

static void test_time(void **state)
{
	static const struct {
		const char *in;
		int64_t want; /* -1: refused */
	} cases[] = {
		{ "0", 0 },
		{ "1700000000", 1700000000 },
		{ "1700000000.25", 1700000000 },
		{ "1970-01-01", 0 },
		{ "2023-11-14T22:13:20Z", 1700000000 },
		{ "2023-11-14 22:13:20.123Z", 1700000000 },
		{ "2023-11-15T00:13:20+02:00", 1700000000 },
		{ "2023-11-14T17:13:20-0500", 1700000000 },
		{ "2024-02-29", 1709164800 },
		{ "2023-02-29", -1 },
		{ "2023-13-01", -1 },
		{ "2023-11-14T22:13:20", -1 },
		{ "2023-11-14T24:13:20Z", -1 },
		{ "2023-11-14T22:13:20Zx", -1 },
		{ "253402300800", -1 },
		{ "", -1 },
		{ "-5", -1 },
		{ "yesterday", -1 },
	};
	char text[UTC_TEXT_MAX];

	for (size_t i = 0; i < NELEM(cases); i++) {
		int64_t v = -1;

		print_message("%s\n", cases[i].in);
		assert_int_equal(
		    utc_parse(span_str(cases[i].in), &v), cases[i].want < 0 ? -EINVAL : 0);
		assert_int_equal(v, cases[i].want);
	}
	for (int32_t day = -1000; day < 60000; day += 7) {
		int64_t back;

		utc_format_day(day, text);
		if (day < 0)
			continue;
		assert_int_equal(utc_parse(span_str(text), &back), 0);
		assert_int_equal(day_of(back), day);
	}
	assert_int_equal(day_of(-1), -1);
	utc_format(1700000000, text);
	assert_string_equal(text, "2023-11-14T22:13:20Z");
}

static void test_utf8(void **state)
{
	static const struct {
		const char *in;
		size_t n;
		bool want;
	} cases[] = {
		{ "plain", 5, true },
		{ "\xc3\xa9", 2, true },
		{ "\xc3", 1, false },
		{ "\xc0\xaf", 2, false },
		{ "\xed\xa0\x80", 3, false },
		{ "\xf4\x90\x80\x80", 4, false },
		{ "\xf0\x9f\x98\x80", 4, true },
		{ "a\0b", 3, false },
		{ "\xff", 1, false },
		{ "", 0, true },
	};

	for (size_t i = 0; i < NELEM(cases); i++)
		assert_int_equal(span_utf8(span_of(cases[i].in, cases[i].n)), cases[i].want);
}

static void test_buf_maximum(void **state)
{
	struct buf b;

	buf_init(&b, 4);
	buf_str(&b, "1234");
	assert_true(buf_ok(&b));
	buf_byte(&b, '5');
	assert_false(buf_ok(&b));
	buf_str(&b, "");
	assert_int_equal(b.len, 4);
	buf_reset(&b);
	buf_fmt(&b, "%d", 42);
	assert_string_equal(b.p, "42");
	buf_done(&b);
}

static void test_json(void **state)
{
	struct buf b;
	struct jout j;

	buf_init(&b, 1000);
	jout_init(&j, &b);
	jout_object(&j, NULL);
	jout_str(&j, "a", "q\"\\\n\x7f");
	jout_array(&j, "l");
	jout_u64(&j, NULL, 1);
	jout_real(&j, NULL, 0.5, 2);
	jout_array_end(&j);
	jout_str(&j, "none", NULL);
	jout_span(&j, "bad", span_of("\xff!", 2));
	jout_object_end(&j);
	assert_string_equal(b.p, "{\"a\":\"q\\\"\\\\\\u000a\\u007f\",\"l\":[1,0.50],\"none\":null,"
				 "\"bad\":\"\xef\xbf\xbd!\"}");
	buf_done(&b);
}

static void test_opt(void **state)
{
	const char *name = NULL;
	uint32_t n = 0;
	bool yes = false;
	const struct opt opts[] = {
		{ "name", 'n', OPT_TEXT, &name, "NAME", "." },
		{ "count", 0, OPT_COUNT, &n, "N", "." },
		{ "yes", 'y', OPT_FLAG, &yes, NULL, "." },
	};
	const struct opt_usage u = { "t", "", "", NULL, opts, NELEM(opts) };
	char *argv[] = { "t", "one", "-nbob", "--count=7", "-y", "-", "--", "--yes", NULL };
	char *wrong[] = { "t", "--coun", "7", NULL };
	char *missing[] = { "t", "--name", NULL };
	struct err e;

	assert_int_equal(opt_parse(&u, 8, argv, &e), 3);
	assert_string_equal(argv[1], "one");
	assert_string_equal(argv[2], "-");
	assert_string_equal(argv[3], "--yes");
	assert_string_equal(name, "bob");
	assert_int_equal(n, 7);
	assert_true(yes);
	assert_int_equal(opt_parse(&u, 3, wrong, &e), -EINVAL);
	assert_int_equal(opt_parse(&u, 2, missing, &e), -EINVAL);
	assert_string_equal(e.text, "--name needs NAME");
}

static void test_grow(void **state)
{
	uint32_t *v = NULL, cap = 0;
	size_t room = 0;
	char *text = NULL;

	for (uint32_t n = 0; n < 1000; n++) {
		assert_int_equal(grow_u32(&v, &cap, (uint64_t)n + 1, sizeof(*v)), 0);
		v[n] = n;
	}
	assert_true(cap >= 1000 && cap <= 2048);
	for (uint32_t n = 0; n < 1000; n++)
		assert_int_equal(v[n], n);
	assert_int_equal(grow_u32(&v, &cap, (uint64_t)UINT32_MAX + 1, sizeof(*v)), -ENOMEM);
	assert_int_equal(v[999], 999);
	assert_int_equal(grow(&text, &room, 7, 1), 0);
	assert_int_equal(room, GROW_FIRST);
	assert_int_equal(grow(&text, &room, SIZE_MAX, 8), -ENOMEM);
	assert_int_equal(room, GROW_FIRST);
	free(v);
	free(text);
}

struct ticked {
	unsigned done[1000];
	size_t bad; /* this one and all after it fail */
};

static int tick(void *ctx, unsigned lane, size_t from, size_t end)
{
	struct ticked *t = ctx;

	if (lane >= LANES_MAX || from >= end || end > NELEM(t->done))
		return -EINVAL;
	for (; from < end; from++) {
		t->done[from]++;
		if (from >= t->bad)
			return -(int)from;
	}
	return 0;
}

/* However many threads: everything once, and the first of the errors. */
static void test_each(void **state)
{
	static const unsigned threads[] = { 0, 1, 2, 7, 1000 };
	static const size_t part[] = { 1, 7, 999, 1000, SIZE_MAX };

	for (size_t i = 0; i < NELEM(threads) * NELEM(part); i++) {
		struct ticked t = { .bad = SIZE_MAX }, f = { .bad = 500 };
		unsigned n = threads[i % NELEM(threads)];
		size_t p = part[i / NELEM(threads)];

		assert_int_equal(each(n, NELEM(t.done), p, tick, &t), 0);
		for (size_t k = 0; k < NELEM(t.done); k++)
			assert_int_equal(t.done[k], 1);
		assert_int_equal(each(n, NELEM(f.done), p, tick, &f), -500);
		assert_int_equal(each(n, 0, p, tick, &f), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grow),
		cmocka_unit_test(test_each),
		cmocka_unit_test(test_num),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_buf_maximum),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_opt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
