/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Classes of networks and the alarm (scoring.md D), on a world of ten small ASes, ten large ones and two countries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "judge/evaluate.h"
#include "world.h"

#define ASES 20u

/* AS 0 to 9: a /24; 10 to 19: a /20. AS 19 is in Germany, all others in the Netherlands. */
static struct ground *ground_make(void)
{
	struct world w = { 0 };
	struct ground *g;

	for (uint32_t as = 0; as < ASES; as++) {
		char range[32];

		(void)snprintf(range, sizeof(range), "20.%u.0.0/%u", as, as < 10 ? 24 : 20);
		world_put(&w, range, as, as);
	}
	(void)snprintf(w.v[ASES - 1].country, sizeof(w.v[0].country), "DE");
	g = ground_new(world_space, &w);
	assert_non_null(g);
	return g;
}

static uint32_t block_of(uint32_t as)
{
	return 0x140000 + (as << 8);
}

/* struct day - what is said of one block of every AS, and what comes; there is a small, a large and a German one of
 * other habits */
struct day {
	double small, large, german;
	uint16_t small_came, large_came, german_came;
};

static struct ground *ground; /* all of IPv4, so made once */
static float *map;
static uint16_t *targets;

static int set_up(void **state)
{
	ground = ground_make();
	map = calloc(MAP_N, sizeof(*map));
	targets = calloc(MAP_N, sizeof(*targets));
	return map && targets ? 0 : -1;
}

static int tear_down(void **state)
{
	free(map);
	free(targets);
	ground = ground_free(ground);
	return 0;
}

static void measured(const struct day *v, unsigned n, int32_t horizon, struct evaluate_fair *ret)
{
	memset(ret, 0, sizeof(*ret));
	for (unsigned i = 0; i < n; i++) {
		for (uint32_t as = 0; as < ASES; as++) {
			bool small = as < 10, german = as == ASES - 1;

			map[block_of(as)] = (float)(german  ? v[i].german
						    : small ? v[i].small
							    : v[i].large);
			targets[block_of(as)] = german	? v[i].german_came
						: small ? v[i].small_came
							: v[i].large_came;
		}
		assert_int_equal(evaluate_fair(ground, map, targets, horizon, ret), 0);
	}
}

static void alarms(void **state)
{
	static const struct {
		const char *label;
		unsigned n;
		struct day v[5];
		int small, large, german;
	} cases[] = {
		{ "as said", 1, { { 20, 20, 20, 20, 20, 20 } }, 0, 0, 0 },
		{ "the world twice as bad as said: nobody is blamed", 1,
		    { { 20, 20, 150, 40, 40, 300 } }, 0, 0, 0 },
		{ "few of small ones", 1, { { 20, 200, 200, 5, 200, 200 } }, -1, 0, 0 },
		{ "many of small ones", 1, { { 10, 100, 100, 20, 100, 100 } }, 1, 0, 0 },
		{ "the same, too few to tell", 1, { { 1, 100, 100, 5, 100, 100 } }, 0, 0, 0 },
		{ "one country", 1, { { 20, 200, 200, 20, 200, 600 } }, 0, 0, 1 },
		{ "on two of three days", 3,
		    { { 20, 200, 200, 5, 200, 200 }, { 20, 20, 20, 20, 20, 20 },
			{ 20, 200, 200, 5, 200, 200 } },
		    0, 0, 0 },
		{ "on four of five days", 5,
		    { { 20, 200, 200, 5, 200, 200 }, { 20, 200, 200, 5, 200, 200 },
			{ 20, 200, 200, 5, 200, 200 }, { 20, 200, 200, 5, 200, 200 },
			{ 20, 20, 20, 20, 20, 20 } },
		    -1, 0, 0 },
		{ "nobody came anywhere", 1, { { 20, 20, 150, 0, 0, 0 } }, 0, 0, 0 },
	};
	const uint16_t de = country_index("DE"), nl = country_index("NL");

	for (unsigned i = 0; i < NELEM(cases); i++) {
		struct evaluate_fair f;
		int small, large, german;

		measured(cases[i].v, cases[i].n, 7, &f);
		small = evaluate_alarm(&f.tenth[4], &f.all);
		large = evaluate_alarm(&f.tenth[9], &f.all);
		german = evaluate_alarm(&f.country[de], &f.all);
		if (small != cases[i].small || large != cases[i].large || german != cases[i].german)
			fail_msg("%s: %d %d %d", cases[i].label, small, large, german);
		assert_true(fabs(f.country[nl].said + f.country[de].said - f.all.said) < 1e-6);
		assert_true(fabs(f.tenth[4].said + f.tenth[9].said - f.all.said) < 1e-6);
	}
}

/* ASes of one size are in one class, and what is said of 7 days is said of others in proportion. */
static void classes(void **state)
{
	static const struct day day = { 7, 14, 14, 1, 2, 2 };
	struct evaluate_fair f;

	measured(&day, 1, 14, &f);
	for (unsigned t = 0; t < EVALUATE_TENTHS; t++)
		assert_true(t == 4   ? f.largest[t] == 256
			    : t == 9 ? f.largest[t] == 4096
				     : f.largest[t] == 0 && f.tenth[t].said == 0);
	assert_true(fabs(f.tenth[4].said - 10 * 14) < 1e-6 && f.tenth[4].came == 10);
	assert_true(fabs(f.tenth[9].said - 10 * 28) < 1e-6 && f.tenth[9].came == 20);
	assert_int_equal(country_index("A1"), COUNTRY_NONE);
	assert_int_equal(country_index((const char[3]){ "" }), COUNTRY_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alarms),
		cmocka_unit_test(classes),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
