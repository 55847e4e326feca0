/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SQL as the engines spell it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ledger/db_rewrite.h"

static void test_dollars(void **state)
{
	static const struct {
		const char *label, *sql, *want;
		unsigned n;
	} cases[] = {
		{ "none", "SELECT 1", "SELECT 1", 0 },
		{ "two", "SELECT ?, a FROM t WHERE b = ?", "SELECT $1, a FROM t WHERE b = $2", 2 },
		{ "ten", "??????????", "$1$2$3$4$5$6$7$8$9$10", 10 },
		{ "in a string", "SELECT '?', ? AS \"a?b\"", "SELECT '?', $1 AS \"a?b\"", 1 },
		{ "a quote in a string", "'it''s ?' ?", "'it''s ?' $1", 1 },
		{ "a string without an end", "? '?", "$1 '?", 1 },
		{ "empty", "", "", 0 },
	};

	for (size_t i = 0; i < NELEM(cases); i++) {
		struct buf b;

		print_message("%s\n", cases[i].label);
		buf_init(&b, 4096);
		buf_str(&b, "");
		assert_int_equal(rewrite_dollars(span_str(cases[i].sql), &b), cases[i].n);
		assert_string_equal(b.p, cases[i].want);
		buf_done(&b);
	}
}

static void test_duplicate_key(void **state)
{
	static const struct {
		const char *label, *sql, *want;
	} cases[] = {
		{ "none", "INSERT INTO t (a) VALUES (?)", "INSERT INTO t (a) VALUES (?)" },
		{ "an upsert",
		    "INSERT INTO t (a, b_1) VALUES (?, ?) ON CONFLICT (a) DO UPDATE SET "
		    "b_1 = t.b_1 + excluded.b_1, \"lines\" = excluded.\"lines\"",
		    "INSERT INTO t (a, b_1) VALUES (?, ?) ON DUPLICATE KEY UPDATE "
		    "b_1 = t.b_1 + VALUES(b_1), \"lines\" = VALUES(\"lines\")" },
		{ "in a string", "SELECT 'ON CONFLICT (a) DO UPDATE SET excluded.a'",
		    "SELECT 'ON CONFLICT (a) DO UPDATE SET excluded.a'" },
		{ "another end", "ON CONFLICT (a) DO NOTHING", "ON CONFLICT (a) DO NOTHING" },
		{ "cut off", "x ON CONFLICT (a", "x ON CONFLICT (a" },
	};

	for (size_t i = 0; i < NELEM(cases); i++) {
		struct buf b;

		print_message("%s\n", cases[i].label);
		buf_init(&b, 4096);
		rewrite_duplicate_key(span_str(cases[i].sql), &b);
		assert_string_equal(b.p, cases[i].want);
		buf_done(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dollars),
		cmocka_unit_test(test_duplicate_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
