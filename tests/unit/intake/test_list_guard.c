/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which new copies of a list are believed: around every bound. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "intake/list_guard.h"

static const struct {
	uint64_t was, is;
	unsigned wide_was, wide_is;
	const char *why; /* NULL: believed */
} rows[] = {
	{ 0, 1000000, 0, 0, NULL },
	{ 0, 5, 0, 1, "it lists an IPv4 /8 or an IPv6 /16" },
	{ 5, 5, 1, 1, NULL },
	{ 5, 5, 1, 0, NULL },
	{ 500, 1500, 0, 0, NULL },
	{ 500, 1501, 0, 0, "it grew from 500 to 1501 entries" },
	{ 10, 1010, 0, 0, NULL },
	{ 10, 1011, 0, 0, "it grew from 10 to 1011 entries" },
	{ 100, 1, 0, 0, NULL },
	{ 101, 34, 0, 0, NULL },
	{ 101, 33, 0, 0, "it shrank from 101 to 33 entries" },
	{ 3000, 1000, 0, 0, NULL },
	{ 3000, 999, 0, 0, "it shrank from 3000 to 999 entries" },
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct list_size was = { rows[i].was, rows[i].wide_was };
		struct list_size is = { rows[i].is, rows[i].wide_is };
		struct err why = { "" };
		bool held = list_guard(&was, &is, &why);

		if (held != (rows[i].why != NULL) || (held && strcmp(why.text, rows[i].why) != 0))
			fail_msg("row %zu: %d \"%s\"", i, held, why.text);
	}
}

static void test_wide(void **state)
{
	static const struct {
		const char *text;
		unsigned wide;
	} prefixes[] = { { "8.0.0.0/8", 1 }, { "8.0.0.0/9", 0 }, { "2a00::/16", 1 },
		{ "2a00::/17", 0 }, { "8.8.8.8/32", 0 } };

	(void)state;
	for (size_t i = 0; i < NELEM(prefixes); i++) {
		struct list_size s = { 0 };
		struct prefix p;

		assert_int_equal(prefix_parse(span_str(prefixes[i].text), true, &p), 0);
		list_size_add(&s, p);
		if (s.entries != 1 || s.wide != prefixes[i].wide)
			fail_msg("%s: %u", prefixes[i].text, s.wide);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_rows),
		cmocka_unit_test(test_wide) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
