/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What one group can do to a score (scoring.md A7, 4), with the score of everything that has one. Each seed is a world
 * of its own: more or less evidence, groups of other trust, space that has changed hands in every other one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>

#include "judge/model.h"
#include "random.h"
#include "world.h"

#define SEEDS 250u

static uint64_t seed;

static void seed_next(uint64_t n)
{
	random_state = seed = n;
	if (n % 2)
		formers_random(0);
	else
		formers_none();
}

/* What a seed's evidence is like: blocks in which most of it lies, how often it is the liar's, trust of the groups (0 is
 * the anchor), and whether all of it may be old. */
static struct {
	unsigned blocks, liar, liars_share, old;
	double trust[4];
} habit;

static void habit_random(void)
{
	habit.blocks = 1 + random_below(random_below(2) ? 4 : 40);
	habit.liar = 1 + random_below(2);
	habit.liars_share = random_below(4);
	habit.old = random_below(2) ? random_below(120) : 0;
	for (unsigned g = 1; g < NELEM(habit.trust); g++)
		habit.trust[g] = (1 + random_below(10)) / 10.0;
}

/* Scans are left out: a network that is known to do nothing but scan weighs half, and a lie may say that. */
static struct sighting claim(unsigned group)
{
	struct sighting s = sighting_random();

	if (random_below(8))
		s.host =
		    addr_of_v4(0x14000000 + (random_below(habit.blocks) << 8) + random_below(20));
	s.group = group;
	if (s.category == CATEGORY_SCANNER || random_below(2))
		s.category = CATEGORY_PHISHING;
	s.day = MAX_OF(s.day - (int32_t)habit.old, TODAY - 420);
	return s;
}

static struct judge *judge_by(const struct judge_world *world)
{
	struct judge_conf conf = {
		.today = TODAY, .first_day = TODAY - 800, .world = world, WORLD_NETWORKS
	};
	struct judge *j = world ? judge_new(&conf) : world_judge();

	assert_non_null(j);
	groups(j);
	judge_group(j, 0, 1, true);
	for (unsigned g = 1; g < NELEM(habit.trust); g++)
		judge_group(j, g, habit.trust[g], false);
	return j;
}

/* A block's worth of hosts, or less of it, today. */
static void flood(struct judge *j, uint32_t block, unsigned hosts, unsigned group)
{
	for (unsigned h = 0; h < hosts; h++)
		see_as(j, block + h, CATEGORY_PHISHING, PROOF_FULL, 0, group);
}

static void assert_not_better(const struct judgement *before, const struct judgement *after)
{
	if (after->score > before->score * (1 + 1e-12))
		fail_msg("seed %ju: kind %d index %u: %.17g became %.17g", (uintmax_t)seed,
		    (int)before->key.kind, before->key.index, before->score, after->score);
}

/* What a group that is no anchor adds today: floods, a host here and there, what others have said as well. */
static void lie(struct judge *j, const struct sighting *known, unsigned n)
{
	unsigned liar = random_below(4) ? habit.liar : 3, floods = random_below(5),
		 words = random_below(30);

	for (unsigned i = 0; i < floods; i++)
		flood(j, 0x14000000 + (random_below(60) << 8), 1 + random_below(256), liar);
	for (unsigned i = 0; i < words; i++) {
		struct sighting s = claim(liar);

		if (n && random_below(2))
			s.host = known[random_below(n)].host;
		s.day = TODAY;
		add(j, &s);
	}
}

/* Whatever a group that is no anchor adds makes nobody look better: not where it says it, and not around that; and
 * not if it was a liar before. */
static void no_lie_clears(void **state)
{
	struct world w;

	world_make(&w);
	for (unsigned n = 1; n <= SEEDS; n++) {
		struct sighting s[SIGHTINGS];
		struct judge_world world;
		struct judge *a, *b;
		unsigned many;

		seed_next(n);
		habit_random();
		many = 1 + random_below(SIGHTINGS / 2);
		a = judge_by(NULL);
		for (unsigned i = 0; i < many; i++) {
			s[i] = claim(
			    random_below(4) < habit.liars_share ? habit.liar : random_below(4));
			add(a, &s[i]);
		}
		run(a, &w);
		judge_world(a, &world);
		for (unsigned f = 0; f < FAMILY_SCORED_N; f++) /* none begins with a lie */
			for (unsigned v = 0; v < 2; v++)
				if (!world.seen[f][v]) {
					world.seen[f][v] = true;
					world.l0[f][v] = 1e-8;
					world.m0[f][v] = 1e-7;
				}
		judge_free(a);
		a = judge_by(&world);
		b = judge_by(&world);
		for (unsigned i = 0; i < many; i++) {
			add(a, &s[i]);
			add(b, &s[i]);
		}
		lie(b, s, many);
		run(a, &w);
		run(b, &w);
		assert_all(a, b, assert_not_better);
		judge_free(a);
		judge_free(b);
	}
	formers_none();
}

/* Whatever one group says, with any trust and for as long as it likes, nothing of which nobody else speaks falls below
 * the score of one host more than the average in the smallest of networks. */
static void one_liar(void **state)
{
	const double least = 100 / (1 + (MODEL_ALONE + MODEL_B0) / MODEL_B0 / 4);
	struct world w;

	world_make(&w);
	for (unsigned n = 1; n <= SEEDS / 5; n++) {
		struct judge *j;
		unsigned many;

		seed_next(n);
		habit_random();
		j = judge_by(NULL);
		many = random_below(SIGHTINGS);
		for (unsigned i = 0; i < many; i++) {
			struct sighting s = claim(1);

			add(j, &s);
		}
		for (unsigned b = random_below(4); b > 0; b--) {
			uint32_t block = 0x14000000 + (random_below(2000) << 8);

			for (unsigned d = random_below(30), h = 0; h < 256; h++)
				for (unsigned lag = 0; lag <= d; lag++)
					see_as(j, block + h, CATEGORY_PHISHING, PROOF_FULL, lag, 1);
		}
		run(j, &w);
		for (unsigned k = 0; k < KINDS; k++)
			for (uint32_t i = 0; i < judge_n(j, kinds[k]); i++) {
				struct judgement g;

				judge_at(j, kinds[k], i, &g);
				assert_sound(&g);
				if (g.score < least - 1e-9)
					fail_msg(
					    "seed %ju: kind %u: %g", (uintmax_t)seed, k, g.score);
			}
		judge_free(j);
	}
	formers_none();
}

#define CUSTOMER 5000u

/* An organisation with a /20 in each of 30 ASes, all of which one group floods elsewhere; the anchor saw one host of
 * it, and that group one or none. */
static struct judgement beside_floods(bool here, double trust)
{
	struct world w = { 0 };
	struct judge *j = world_judge();
	struct judgement g;

	judge_group(j, 1, trust, false);
	see_as(j, 0x14000001, CATEGORY_PHISHING, PROOF_FULL, 150, 0);
	if (here)
		see_as(j, 0x14000002, CATEGORY_PHISHING, PROOF_FULL, 0, 1);
	for (uint32_t as = 0; as < 30; as++) {
		char own[32], other[32];

		(void)snprintf(own, sizeof(own), "20.%u.0.0/20", as);
		(void)snprintf(other, sizeof(other), "20.%u.128.0/20", as);
		world_put(&w, own, 2 * as, as);
		w.v[w.n - 1].org = CUSTOMER;
		world_put(&w, other, 2 * as + 1, as);
		for (uint32_t block = 128; block < 144; block++)
			for (unsigned lag = 0; lag < 60; lag++)
				see_as(j, 0x14000000 + (as << 16) + (block << 8) + lag,
				    CATEGORY_PHISHING, PROOF_FULL, lag, 1);
	}
	run(j, &w);
	g = find_index(j, ENTITY_ORG, CUSTOMER);
	judge_free(j);
	return g;
}

/* What one group says of the space around is held as what it says here is, whether or not it says a word here. */
static void next_door(void **state)
{
	const struct judgement silent = beside_floods(false, 0.9), word = beside_floods(true, 0.9),
			       alone = beside_floods(false, 0);

	assert_true(silent.held > 0.1);
	assert_int_equal(silent.held_group, JUDGE_GROUPS_MAX);
	assert_true(word.held > 0.1);
	assert_int_equal(word.held_group, 1);
	assert_true(word.score <= silent.score && silent.score < alone.score);
}

/* Groups that agree, each of hosts of its own, are not held, whether that was lately or long ago. */
static void two_agree(void **state)
{
	for (unsigned old = 0; old <= 180; old += 20)
		for (unsigned hosts = 2; hosts < 200; hosts *= 3) {
			struct world w = { 0 };
			struct judge *j = world_judge();
			struct judgement g;

			random_state = 1;
			world_put(&w, "20.0.0.0/16", 0, 0);
			judge_group(j, 1, 0.8, false);
			judge_group(j, 2, 0.8, false);
			for (uint32_t h = 0; h < hosts; h++) {
				uint32_t block = 0x14000000 + (random_below(4) << 8);
				unsigned lag = old + random_below(60);

				for (unsigned group = 1; group <= 2; group++)
					see_as(j, block + 2 * (h / 2) + group, CATEGORY_SPAM,
					    PROOF_FULL, lag, group);
			}
			run(j, &w);
			for (unsigned k = 0; k < KINDS; k++)
				for (uint32_t i = 0; i < judge_n(j, kinds[k]); i++) {
					judge_at(j, kinds[k], i, &g);
					if (g.held > 0.001)
						fail_msg(
						    "%u hosts, %u days ago, kind %u: %g of %g held",
						    hosts, old, k, g.held, g.m);
				}
			judge_free(j);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_lie_clears),
		cmocka_unit_test(one_liar),
		cmocka_unit_test(next_door),
		cmocka_unit_test(two_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
