/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rankings of ten blocks whose figures were worked out on paper. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "judge/measure.h"

struct scene {
	struct ranking *ranking;
	uint64_t *universe;
	float *map;
	uint16_t *targets;
};

#define NEAR 1e-6

static void assert_near(double seen, double want, double by)
{
	assert_true(seen - want <= by && want - seen <= by);
}

static int set_up(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));

	s->ranking = ranking_new();
	s->universe = calloc(MAP_N / 64, sizeof(uint64_t));
	s->map = calloc(MAP_N, sizeof(float));
	s->targets = calloc(MAP_N, sizeof(uint16_t));
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *s = *state;

	ranking_free(s->ranking);
	free(s->universe);
	free(s->map);
	free(s->targets);
	free(s);
	return 0;
}

static void announce(struct scene *s, uint32_t n)
{
	for (uint32_t b = 0; b < n; b++)
		s->universe[b / 64] |= UINT64_C(1) << b % 64;
}

static void measured(struct scene *s, struct measure *ret)
{
	ranking_sort(s->ranking, s->universe, s->map);
	measure_ranking(s->ranking, s->targets, ret);
}

/* 4 blocks, figures 4 3 2 1, targets 2 0 1 0: ranks 1 and 3. */
static void ordered(void **state)
{
	struct scene *s = *state;
	struct measure m;

	announce(s, 4);
	for (uint32_t b = 0; b < 4; b++)
		s->map[b] = (float)(4 - b);
	s->targets[0] = 2;
	s->targets[2] = 1;
	measured(s, &m);
	assert_near(m.targets, 3, NEAR);
	assert_near(m.blocks, 2, NEAR);
	assert_near(m.hit[0], 1, NEAR);		   /* all 4 are within the best 100 */
	assert_near(m.idle[0], 0.5, NEAR);	   /* 2 of these 4 for nothing */
	assert_near(m.auc, (3.5 + 1.5) / 8, NEAR); /* blocks below, itself half */
	assert_near(m.ap, (1.0 + 2.0 / 3) / 2, NEAR);
	assert_near(m.ll, (2 * 0.4700036292 - 0.2231435513) / 3, NEAR); /* ln 1.6, ln .8 */
}

/* Nothing is said of anything: no figure may be better than chance. */
static void silent(void **state)
{
	struct scene *s = *state;
	struct measure m;

	announce(s, 1000);
	for (uint32_t b = 0; b < 1000; b += 100)
		s->targets[b] = 3;
	measured(s, &m);
	assert_near(m.auc, 0.5, NEAR);
	assert_near(m.hit[0], 0.1, NEAR);
	assert_near(m.hit[1], 1, NEAR);
	assert_near(m.idle[0], 0.99, NEAR);
	assert_near(m.idle[1], 0.99, NEAR);
	assert_true(m.ap < 0.02);
}

/* What is not announced is not ranked, however loud. */
static void outside(void **state)
{
	struct scene *s = *state;
	struct measure m;

	announce(s, 2);
	s->map[0] = 1;
	s->map[9] = 100;
	s->targets[0] = 1;
	s->targets[9] = 50;
	measured(s, &m);
	assert_near(m.targets, 1, NEAR);
	assert_near(m.auc, 0.75, NEAR);
}

static void nothing(void **state)
{
	struct scene *s = *state;
	struct measure m;

	measured(s, &m);
	assert_near(m.targets + m.auc + m.ap, 0, NEAR);
	announce(s, 5);
	measured(s, &m);
	assert_near(m.targets + m.auc + m.ap, 0, NEAR);
}

static void spread(void **state)
{
	(void)state;
	struct spread s = measure_spread((double[]){ 1, 2, 3 }, 3);

	assert_near(s.mean, 2, NEAR);
	assert_near(s.half, 4.303 / 1.7320508, 1e-4);
	assert_near(measure_spread((double[]){ 7 }, 1).half, 0, NEAR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(ordered, set_up, tear_down),
		cmocka_unit_test_setup_teardown(silent, set_up, tear_down),
		cmocka_unit_test_setup_teardown(outside, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nothing, set_up, tear_down),
		cmocka_unit_test(spread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
