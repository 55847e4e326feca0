/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Walls of four blocks, whose catch and cost were worked out on paper. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>
#include <math.h>

#include "judge/evaluate.h"
#include "world.h"

#define BLOCK UINT32_C(0x140000) /* 20.0.0.0/24; three more follow */
#define NEAR  1e-9

static void assert_near(double seen, double want)
{
	if (!(fabs(seen - want) < NEAR))
		fail_msg("%.12f, not %.12f", seen, want);
}

static void saw(struct series *s, const char *host, int32_t day)
{
	assert_int_equal(
	    series_add(s, at(host), CATEGORY_BRUTE_FORCE, PROOF_FULL, TODAY + day, 0, 1), 0);
}

/* On the list: two hosts of the first block, one of the second, one that is not announced. To come: three, one
 * and one of the first three blocks, and two that are not announced; of these the list has two. */
static struct series series_make(void)
{
	static const struct {
		const char *host;
		int32_t day;
	} seen[] = { { "20.0.0.1", 0 }, { "20.0.0.1", -2 }, { "20.0.0.2", -3 }, { "20.0.0.3", -30 },
		{ "20.0.1.1", -29 }, { "30.0.0.1", -1 }, { "2001:db8::1", -1 }, { "20.0.0.1", 1 },
		{ "20.0.0.1", 5 }, { "20.0.0.3", 2 }, { "20.0.0.9", 7 }, { "20.0.1.2", 3 },
		{ "20.0.2.5", 4 }, { "20.0.3.1", 8 }, { "30.0.0.1", 1 }, { "30.0.0.2", 1 },
		{ "2001:db8::1", 1 } };
	struct series s = { 0 };

	for (unsigned i = 0; i < NELEM(seen); i++)
		saw(&s, seen[i].host, seen[i].day);
	assert_int_equal(series_seal(&s), 0);
	return s;
}

/* All of IPv4, so made once. */
static struct {
	struct ground *ground;
	struct ranking *ranking;
	struct evaluate_list list;
	float *map;
	uint16_t *targets, *fresh;
} scene;

static int set_up(void **state)
{
	static const struct {
		float figure;
		uint16_t targets, fresh;
	} block[] = { { 4, 3, 2 }, { 2, 1, 1 }, { 2, 1, 1 }, { 0.3f, 0, 0 } };
	struct series s = series_make();
	struct world w = { 0 };

	world_put(&w, "20.0.0.0/22", 0, 0);
	scene.ground = ground_new(world_space, &w);
	scene.ranking = ranking_new();
	scene.map = calloc(MAP_N, sizeof(*scene.map));
	scene.targets = calloc(MAP_N, sizeof(*scene.targets));
	scene.fresh = calloc(MAP_N, sizeof(*scene.fresh));
	assert_true(scene.ground && scene.ranking && scene.map && scene.targets && scene.fresh);
	for (uint32_t b = 0; b < NELEM(block); b++) {
		scene.map[BLOCK + b] = block[b].figure;
		scene.targets[BLOCK + b] = block[b].targets;
		scene.fresh[BLOCK + b] = block[b].fresh;
	}
	scene.map[BLOCK + 4] = 9; /* not announced: never walled off as a block */
	scene.targets[BLOCK + 4] = 2;
	assert_int_equal(evaluate_list_init(&scene.list), 0);
	assert_int_equal(evaluate_list_take(&scene.list, &s, TODAY, 7), 0);
	ranking_sort(scene.ranking, scene.ground->universe, scene.map);
	series_done(&s);
	return 0;
}

static int tear_down(void **state)
{
	scene.ground = ground_free(scene.ground);
	scene.ranking = ranking_free(scene.ranking);
	evaluate_list_done(&scene.list);
	free(scene.map);
	free(scene.targets);
	free(scene.fresh);
	return 0;
}

static void listed(void **state)
{
	assert_near(scene.list.n, 4);
	assert_near(scene.list.n_back, 2);
	assert_near(scene.list.came, 7);
	assert_int_equal(scene.list.hosts[BLOCK], 2);
	assert_int_equal(scene.list.back[BLOCK], 1);
	assert_int_equal(scene.list.hosts[BLOCK + 1], 1);
	assert_int_equal(scene.list.back[BLOCK + 1], 0);
}

static void limits(void **state)
{
	static const struct {
		const char *label;
		struct evaluate_limit limit;
		double caught, addresses, blocks;
	} cases[] = {
		{ "no block", { 0, 0, INFINITY }, 2, 4, 0 },
		{ "of 3 and more", { 3, INFINITY, INFINITY }, 4, 4 + 254, 1 },
		{ "of 2 and more", { 2, INFINITY, INFINITY }, 6, 4 + 254 + 255 + 256, 3 },
		{ "one block", { 0, 1, INFINITY }, 4, 4 + 254, 1 },
		{ "two blocks, the second of two alike", { 0, 2, INFINITY }, 5, 258 + 511 / 2.0,
		    2 },
		{ "300 addresses", { 0, INFINITY, 300 }, 4 + 2 * 42 / 511.0, 300, 1 + 84 / 511.0 },
		{ "fewer than the list has", { 0, INFINITY, 3 }, 2, 4, 0 },
		{ "exactly as many as three blocks have", { 0, INFINITY, 769 }, 6, 769, 3 },
		{ "all that there is", { 0, INFINITY, 1e9 }, 6, 769 + 256, 4 },
	};

	for (unsigned i = 0; i < NELEM(cases); i++) {
		struct evaluate_wall w =
		    evaluate_wall(scene.ranking, &scene.list, scene.targets, cases[i].limit);

		if (!(fabs(w.caught - cases[i].caught / 7) < NEAR &&
			fabs(w.addresses - cases[i].addresses) < NEAR &&
			fabs(w.blocks - cases[i].blocks) < NEAR))
			fail_msg(
			    "%s: %f, %f, %f", cases[i].label, w.caught * 7, w.addresses, w.blocks);
	}
}

/* Every policy is of a row that there is. */
static void policies(void **state)
{
	struct evaluate_walls w = { 0 };

	for (unsigned row = 0; row <= n_baselines; row++)
		evaluate_walls(
		    scene.ranking, &scene.list, scene.targets, evaluation_row_name(row), &w);
	for (unsigned p = 0; p < EVALUATE_POLICY_N; p++)
		if (!(w.policy[p].addresses >= 4))
			fail_msg("%s", evaluate_policy_name[p]);
	assert_near(w.policy[EVALUATE_POLICY_LIST].addresses, 4);
	assert_near(w.policy[EVALUATE_POLICY_HOSTS_5].addresses, 4);
	assert_near(w.policy[EVALUATE_POLICY_NEW_1].addresses, 769);
	assert_near(w.policy[EVALUATE_POLICY_NEW_QUARTER].addresses, 1025);
	assert_near(w.policy[EVALUATE_POLICY_MOST].caught, 6.0 / 7);
}

static void bands(void **state)
{
	static const double blocks[EVALUATE_BAND_N] = { 3, 3, 3, 4, 4, 4 };
	static const double again[EVALUATE_BAND_N] = { 2, 2, 2, 2, 2, 2 };
	static const double again_new[EVALUATE_BAND_N] = { 1, 1, 1, 1, 1, 1 };
	struct evaluate_band band[EVALUATE_BAND_N] = { 0 };

	scene.targets[BLOCK + 2] = 0;
	scene.fresh[BLOCK + 1] = scene.fresh[BLOCK + 2] = 0;
	evaluate_bands(scene.ground, scene.map, scene.targets, scene.fresh, band);
	for (unsigned k = 0; k < EVALUATE_BAND_N; k++) {
		assert_near(band[k].blocks, blocks[k]);
		assert_near(band[k].again, again[k]);
		assert_near(band[k].again_new, again_new[k]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(listed),
		cmocka_unit_test(limits),
		cmocka_unit_test(policies),
		cmocka_unit_test(bands),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
