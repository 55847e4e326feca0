/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ranges, as the Nagios plug-in development guidelines have them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/limit.h"

static const struct {
	const char *range;
	double value;
	bool alert;
} cases[] = {
	{ "", 1e9, false },
	{ "10", -0.1, true },
	{ "10", 0, false },
	{ "10", 10, false },
	{ "10", 10.1, true },
	{ "10:", 9.9, true },
	{ "10:", 10, false },
	{ "10:", 1e300, false },
	{ "~:10", -1e300, false },
	{ "~:10", 10, false },
	{ "~:10", 10.1, true },
	{ "10:20", 9, true },
	{ "10:20", 10, false },
	{ "10:20", 20, false },
	{ "10:20", 21, true },
	{ "@10:20", 9, false },
	{ "@10:20", 10, true },
	{ "@10:20", 20, true },
	{ "@10:20", 21, false },
	{ "-20:-10", -15, false },
	{ "-20:-10", -9, true },
	{ ":5", 3, false },
	{ ":5", -1, true },
	{ "@5", 3, true },
	{ "@5", 6, false },
	{ "0", 0, false },
	{ "0", 1, true },
	{ "0.5", 0.4, false },
	{ "0.5", 0.6, true },
	{ "~:", 1e300, false },
};

static void test_alerts(void **state)
{
	for (unsigned i = 0; i < NELEM(cases); i++) {
		struct limit l;

		assert_int_equal(limit_parse(span_str(cases[i].range), &l, NULL), 0);
		if (limit_alert(&l, cases[i].value) != cases[i].alert)
			fail_msg("%s at %g", cases[i].range, cases[i].value);
	}
}

static void test_refused(void **state)
{
	static const char *const bad[] = { "x", "@", "10:x", "20:10", "1e3", "10:20:30", "--1",
		"1,5", " 10", "10 ", "~", "10:~", "@@1",
		"11111111111111111111111111111111111111111111111111111111111111111" };

	for (unsigned i = 0; i < NELEM(bad); i++) {
		struct limit l = { .low = 42 };
		struct err e = { "" };

		if (limit_parse(span_str(bad[i]), &l, &e) != -EINVAL || !e.text[0] || l.low < 42)
			fail_msg("%s is taken", bad[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alerts),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
