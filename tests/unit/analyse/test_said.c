/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was said is not said again: in any order, in parts, under other names of the same, and up to a maximum. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "prog/analyse/said.h"

static struct said_line line(const char *subject, int32_t day, enum category c, uint64_t count)
{
	struct prefix p;

	assert_int_equal(prefix_parse(span_str(subject), false, &p), 0);
	return (struct said_line){ day, c, p, count };
}

static void said_once(void **state)
{
	static const struct {
		const char *label, *subject;
		int32_t day;
		enum category category;
		uint64_t count, want;
	} now[] = {
		{ "less than was said", "20.0.7.1", 100, CATEGORY_SCANNER, 2, 0 },
		{ "the rest of it, and more", "20.0.7.1", 100, CATEGORY_SCANNER, 5, 2 },
		{ "all was taken off", "20.0.7.1", 100, CATEGORY_SCANNER, 5, 5 },
		{ "another day", "20.0.7.1", 101, CATEGORY_SCANNER, 1, 1 },
		{ "another deed", "20.0.7.1", 100, CATEGORY_SPAM, 1, 1 },
		{ "another address", "20.0.7.2", 100, CATEGORY_SCANNER, 1, 1 },
		{ "around it", "20.0.7.0/24", 100, CATEGORY_SCANNER, 7, 7 },
		{ "as much as was said", "2001:db8::/64", 99, CATEGORY_SPAM, UINT32_MAX, 0 },
	};
	struct said s = { NULL };

	struct said_line hour = line("20.0.7.1", 100, CATEGORY_SCANNER, 1),
			 v6 = line("2001:db8::/64", 99, CATEGORY_SPAM, UINT32_MAX);

	for (unsigned i = 0; i < 5; i++) /* five rows of hours are a line */
		assert_int_equal(said_add(&s, &hour), 0);
	assert_int_equal(said_add(&s, &v6), 0);
	said_settle(&s);
	assert_int_equal(s.n, 2);
	for (size_t i = 0; i < NELEM(now); i++) {
		struct said_line l =
		    line(now[i].subject, now[i].day, now[i].category, now[i].count);
		uint64_t got = said_take(&s, &l);

		if (got != now[i].want)
			fail_msg("%s: %ju", now[i].label, (uintmax_t)got);
	}
	said_done(&s);
	said_done(&s);
}

static void nothing_said(void **state)
{
	struct said s = { NULL };
	struct said_line l = line("20.0.7.1", 100, CATEGORY_SCANNER, 3);

	said_settle(&s);
	assert_int_equal(said_take(&s, &l), 3);
	said_done(&s);
}

/* The maximum is one of lines, not of rows. */
static void too_much(void **state)
{
	struct said s = { NULL };
	struct said_line l = line("20.0.0.0", 100, CATEGORY_SCANNER, 1);
	uint32_t n = 0;
	int r;

	for (uint32_t i = 0; i < SAID_ROWS_MAX; i++)
		assert_int_equal(said_add(&s, &l), 0);
	assert_int_equal(said_add(&s, &l), 0);
	assert_int_equal(s.n, 2);
	assert_int_equal(s.v[0].count, SAID_ROWS_MAX);
	for (l.day++; (r = said_add(&s, &l)) == 0; l.day++)
		n++;
	assert_int_equal(r, -E2BIG);
	assert_in_range(n, SAID_LINES_MAX, SAID_ROWS_MAX);
	said_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(said_once),
		cmocka_unit_test(nothing_said),
		cmocka_unit_test(too_much),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
