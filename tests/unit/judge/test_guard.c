/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The volume guard (A7, 3): a flood drowns itself, growth is believed in time, anchors are never muted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "judge/judge.h"

#define TODAY 20000

static void say(struct judge *j, unsigned group, int32_t day, unsigned hosts)
{
	for (unsigned h = 0; h < hosts; h++) {
		struct addr a = addr_of_v4(0x14000000u + group * 0x100000u + h);

		assert_int_equal(
		    judge_add(j, a, CATEGORY_BRUTE_FORCE, PROOF_FULL, day, group, 1), 0);
	}
}

static struct judge *judge_of(bool guard)
{
	struct judge *j = judge_new(
	    &(struct judge_conf){ .today = TODAY, .first_day = TODAY - 100, .guard = guard });

	judge_group(j, 0, 0.5, false);
	judge_group(j, 1, 1, true);
	return j;
}

static void run(struct judge *j)
{
	struct err e;

	assert_int_equal(judge_run(j, NULL, NULL, &e), 0);
}

static void assert_weight(double seen, double want)
{
	assert_true(seen - want < 1e-12 && want - seen < 1e-12);
}

static void flood(void **state)
{
	(void)state;
	struct judge *j = judge_of(true);

	for (int32_t d = 20; d > 0; d--)
		for (unsigned g = 0; g < 2; g++)
			say(j, g, TODAY - d, 10);
	say(j, 0, TODAY, 1000);
	say(j, 1, TODAY, 1000);
	run(j);
	assert_weight(judge_guard(j, 0, TODAY), 0.0004); /* (2 x 10 / 1000)^2 */
	assert_weight(judge_guard(j, 0, TODAY - 1), 1);
	assert_weight(judge_guard(j, 1, TODAY), 1); /* an anchor */
	judge_free(j);
}

static void too_young(void **state)
{
	(void)state;
	struct judge *j = judge_of(true);

	for (int32_t d = 6; d > 0; d--)
		say(j, 0, TODAY - d, 10);
	say(j, 0, TODAY, 1000);
	run(j);
	assert_weight(judge_guard(j, 0, TODAY), 0.2); /* 6 days are no habit: trust .1 of .5 */
	assert_weight(judge_guard(j, 0, TODAY - 6), 0.2);
	judge_free(j);
}

static void twice_is_usual(void **state)
{
	(void)state;
	struct judge *j = judge_of(true);

	for (int32_t d = 20; d > 0; d--)
		say(j, 0, TODAY - d, 10);
	say(j, 0, TODAY, 20);
	run(j);
	assert_weight(judge_guard(j, 0, TODAY), 1);
	judge_free(j);
}

static void growth(void **state)
{
	(void)state;
	struct judge *j = judge_of(true);

	for (int32_t d = 100; d > 70; d--)
		say(j, 0, TODAY - d, 10);
	for (int32_t d = 70; d >= 0; d--)
		say(j, 0, TODAY - d, 80);
	run(j);
	assert_weight(judge_guard(j, 0, TODAY - 70), 0.0625);
	assert_weight(
	    judge_guard(j, 0, TODAY), 1); /* eight times as much for ten weeks: believed */
	judge_free(j);
}

static void off(void **state)
{
	(void)state;
	struct judge *j = judge_of(false);

	for (int32_t d = 20; d > 0; d--)
		say(j, 0, TODAY - d, 10);
	say(j, 0, TODAY, 1000);
	run(j);
	assert_weight(judge_guard(j, 0, TODAY), 1);
	assert_weight(judge_guard(j, 99, TODAY), 1);
	assert_weight(judge_guard(j, 0, TODAY + 1), 1);
	judge_free(j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flood),
		cmocka_unit_test(too_young),
		cmocka_unit_test(twice_is_usual),
		cmocka_unit_test(growth),
		cmocka_unit_test(off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
