/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What holds for any evidence (scoring.md B5 and the promises of the design), on random evidence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <math.h>

#include "judge/bits.h"
#include "judge/explain.h"
#include "judge/model.h"
#include "random.h"
#include "world.h"

#define ROUNDS 75

/* In every other round some of the space has changed hands. */
static void handed_in_turn(unsigned round)
{
	if (round % 2)
		formers_random(0);
	else
		formers_none();
}

/* Same evidence, any order, any repetition of calls: the same bits. */
static void order(void **state)
{
	struct world w;

	random_state = 1;
	world_make(&w);
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct sighting s[SIGHTINGS];
		struct judge *a = world_judge(), *b = world_judge();

		handed_in_turn(round);
		groups(a);
		groups(b);
		for (unsigned i = 0; i < SIGHTINGS; i++) {
			s[i] = sighting_random();
			add(a, &s[i]);
		}
		run(a, &w);
		for (unsigned i = SIGHTINGS; i > 1; i--) {
			unsigned k = random_below(i);
			struct sighting t = s[k];

			s[k] = s[i - 1];
			s[i - 1] = t;
		}
		for (unsigned i = 0; i < SIGHTINGS; i++) {
			if (i == SIGHTINGS / 2)
				run(b, &w);
			add(b, &s[i]);
		}
		run(b, &w);
		for (unsigned k = 0; k < NELEM(kinds); k++)
			assert_int_equal(judge_n(a, kinds[k]), judge_n(b, kinds[k]));
		assert_all(a, b, assert_same);
		judge_free(a);
		judge_free(b);
	}
	formers_none();
}

static void assert_not_better(const struct judgement *before, const struct judgement *after)
{
	if (after->score > before->score * (1 + 1e-12))
		fail_msg("kind %d: %.17g became %.17g", (int)before->key.kind, before->score,
		    after->score);
}

/* B5.5: what is reported today never raises a score, the world being the same. Scans are left out:
 * by A1 a host loses the half weight of "scan alone", and an entity its share of scanners, only as
 * others come. */
static void today_never_helps(void **state)
{
	struct world w;

	random_state = 2;
	world_make(&w);
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct judge *first = world_judge(), *a, *b;
		struct judge_world world;
		struct judge_conf conf = {
			.today = TODAY, .first_day = TODAY - 800, .world = &world, WORLD_NETWORKS
		};
		struct sighting s;

		handed_in_turn(round);
		groups(first);
		for (unsigned i = 0; i < 50; i++) {
			s = sighting_random();
			add(first, &s);
		}
		run(first, &w);
		judge_world(first, &world);
		for (unsigned f = 0; f < FAMILY_SCORED_N; f++) /* all known, so that none begins */
			for (unsigned v = 0; v < 2; v++)
				if (!world.seen[f][v]) {
					world.seen[f][v] = true;
					world.l0[f][v] = 1e-8;
					world.m0[f][v] = 1e-7;
				}
		a = judge_new(&conf);
		b = judge_new(&conf);
		judge_group(a, 0, 1, true);
		judge_group(b, 0, 1, true);
		groups(a);
		groups(b);
		for (unsigned i = 0; i < 50; i++) {
			s = sighting_random();
			if (s.category == CATEGORY_SCANNER)
				s.category = CATEGORY_EXPLOIT;
			add(a, &s);
			add(b, &s);
		}
		for (unsigned i = 0; i < 1 + random_below(3); i++) {
			s = sighting_random();
			if (s.category == CATEGORY_SCANNER)
				s.category = CATEGORY_EXPLOIT;
			s.day = TODAY;
			add(b, &s);
		}
		run(a, &w);
		run(b, &w);
		assert_all(a, b, assert_not_better);
		judge_free(first);
		judge_free(a);
		judge_free(b);
	}
	formers_none();
}

static void assert_near(const struct judgement *a, const struct judgement *b)
{
	if (fabs(a->score - b->score) > 1e-9 * a->score)
		fail_msg("kind %d index %u: %.17g and %.17g", (int)a->key.kind, a->key.index,
		    a->score, b->score);
	assert_int_equal(a->hosts, b->hosts);
	assert_int_equal(a->size_v4, b->size_v4);
	assert_int_equal(a->grade, b->grade);
}

/* The same space told in other pieces: no score moves. */
static void pieces(void **state)
{
	static const char *const cut[] = { "20.0.0.0-20.0.7.255", "20.0.8.0-20.0.15.255",
		"20.0.16.0-20.0.255.255", "20.1.0.0-20.2.127.255", "20.2.128.0-20.3.255.255" };

	random_state = 3;
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct judge *a = world_judge(), *b = world_judge();
		struct world whole = { 0 }, parts = { 0 };

		groups(a);
		groups(b);
		world_put(&whole, "20.0.0.0-20.3.255.255", 0, 0);
		for (unsigned i = NELEM(cut); i-- > 0;)
			world_put(&parts, cut[i], 0, 0);
		for (unsigned i = 0; i < SIGHTINGS; i++) {
			struct sighting s = sighting_random();

			add(a, &s);
			add(b, &s);
		}
		run(a, &whole);
		run(b, &parts);
		assert_all(a, b, assert_near);
		judge_free(a);
		judge_free(b);
	}
}

/* M of an AS is the sum of its prefixes, that of an organisation of its ASes. */
static void sums(void **state)
{
	struct world w;

	random_state = 4;
	world_make(&w);
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct judge *j = world_judge();
		double prefix = 0, as = 0, org = 0, addr = 0, returning = 0;
		struct judgement g;

		groups(j);
		for (unsigned i = 0; i < SIGHTINGS * 4; i++) {
			struct sighting s = sighting_random();

			add(j, &s);
		}
		run(j, &w);
		for (uint32_t i = 0; i < judge_n(j, ENTITY_ADDR); i++) {
			judge_at(j, ENTITY_ADDR, i, &g);
			addr += g.as == 0 ? g.m : 0;
		}
		for (uint32_t i = 0; i < judge_n(j, ENTITY_PREFIX); i++) {
			judge_at(j, ENTITY_PREFIX, i, &g);
			prefix += g.as == 0 ? g.m : 0;
		}
		g = find_index(j, ENTITY_AS, 0);
		as = g.m;
		org = find_index(j, ENTITY_ORG, 1000).m;
		for (unsigned f = 0; f < FAMILY_SCORED_N; f++)
			returning += g.part[f].returning;
		assert_true(fabs(as - prefix) < 1e-9 * as);
		assert_true(fabs(as - org) < 1e-9 * as);
		assert_true(fabs(addr - returning) < 1e-9 * addr);
		judge_free(j);
	}
}

static int take_part(void *ctx, const struct judge_stretch *s)
{
	struct judge_step *to = ctx;

	if (!s->quiet && s->family == FAMILY_ATTACK)
		*to = s->step[JUDGE_LEVEL_PART];
	return 0;
}

/* The step of the delegation, or of what stands in for it, above a block. */
static struct judge_step part_of(struct judge *j, const char *block)
{
	struct judge_step ret = { .size = 0 };
	struct judge_listener to = { NULL, NULL, take_part, &ret };
	struct judge_key key = { .kind = ENTITY_BLOCK, .addr = at(block) };
	struct judge_total total;

	assert_int_equal(judge_explain(j, &key, &to, &total), 1);
	return ret;
}

static struct judge *judge_parts(const struct world *w)
{
	struct judge *j = world_judge();

	for (unsigned i = 0; i < 24; i++)
		see_as(j, 0x14000007 + (i * 5 % 40 << 8), CATEGORY_BRUTE_FORCE, PROOF_FULL, i, 0);
	run(j, w);
	return j;
}

static void assert_close(double a, double b)
{
	assert_true(fabs(a - b) <= 1e-12 * fabs(b));
}

/* Where the registry knows who holds a part of the prefix, that takes the place of the /20. */
static void delegations(void **state)
{
	struct world plain = { .n = 0 }, same = { .n = 0 }, nested = { .n = 0 };
	struct judge *a, *b, *c;

	world_put(&plain, "20.0.0.0/16", 0, 0);
	world_put(&same, "20.0.0.0/16", 0, 0);
	world_give(&same, "20.0.0.0/20");
	world_put(&nested, "20.0.0.0/16", 0, 0); /* one network, another within it, and no more */
	world_give(&nested, "20.0.0.0-20.0.11.255");
	world_give(&nested, "20.0.5.0-20.0.7.255");
	a = judge_parts(&plain);
	b = judge_parts(&same);
	c = judge_parts(&nested);
	assert_all(a, b, assert_near);
	assert_close(part_of(a, "20.0.5.0").size, 4096);
	assert_close(part_of(b, "20.0.5.0").size, 4096);
	assert_close(part_of(b, "20.0.5.0").x, part_of(a, "20.0.5.0").x);
	assert_close(part_of(c, "20.0.5.0").size, 3 * 256);
	assert_close(part_of(c, "20.0.0.0").size, 9 * 256); /* on both sides of the other */
	assert_close(part_of(c, "20.0.10.0").size, 9 * 256);
	assert_close(part_of(c, "20.0.0.0").x, part_of(c, "20.0.10.0").x);
	assert_close(part_of(c, "20.0.15.0").size, 4 * 256); /* what is left of its /20 */
	assert_close(part_of(c, "20.0.20.0").size, 4096);
	assert_close(
	    part_of(c, "20.0.0.0").x + part_of(c, "20.0.5.0").x + part_of(c, "20.0.15.0").x,
	    part_of(a, "20.0.5.0").x);
	judge_free(a);
	judge_free(b);
	judge_free(c);
}

static void assert_alike(const struct judgement *a, const struct judgement *b)
{
	assert_close(a->m, b->m);
	assert_close(a->score, b->score);
	assert_close(a->low, b->low);
	assert_close(a->trimmed, b->trimmed);
	assert_close(a->guilt, b->guilt);
	assert_int_equal(a->hosts, b->hosts);
	assert_int_equal(a->events, b->events);
	assert_int_equal(a->size_v4, b->size_v4);
	assert_int_equal(a->grade, b->grade);
}

/* A network that is all of a prefix has the prefix's score; one around several has what they have together, that
 * of the AS where they are all of it, but for the kernel; and nobody else's score knows of networks. */
static void networks(void **state)
{
	struct world w = { .n = 0 };
	struct judge *j, *without;
	struct judge_conf conf = { .today = TODAY,
		.first_day = TODAY - 800,
		.l0 = 6e-7,
		.m0 = 6e-6,
		.fixed = true,
		.delegation = world_delegation };

	world_put(&w, "20.0.0.0/16", 0, 0);
	world_put(&w, "20.1.0.0/17", 1, 0);
	world_put(&w, "20.4.0.0/20", 2, 1);
	world_give(&w, "20.0.0.0/16");	       /* 0: a prefix */
	world_give(&w, "20.0.0.0/14");	       /* 1: an AS, and space that nobody announces */
	world_give(&w, "20.0.3.0-20.0.7.255"); /* 2: within 0 */
	world_give(&w, "20.1.4.0/24");	       /* 3 */
	world_give(&w, "20.1.8.0/24");	       /* 4: without evidence */
	random_state = 11;
	j = world_judge();
	without = judge_new(&conf);
	judge_group(without, 0, 1, true);
	for (unsigned i = 0; i < 400; i++) {
		uint32_t host = 0x14000000 + random_below(0x18000);
		unsigned lag = random_below(60);

		if (i == 0)
			host = 0x14010407; /* of network 3 */
		if (host >> 8 == 0x140108)
			continue;
		see_as(j, host, CATEGORY_BRUTE_FORCE, PROOF_FULL, lag, 0);
		see_as(without, host, CATEGORY_BRUTE_FORCE, PROOF_FULL, lag, 0);
	}
	run(j, &w);
	run(without, &w);
	assert_int_equal(judge_n(j, ENTITY_NET), 4);
	assert_int_equal(judge_n(without, ENTITY_NET), 0);
	for (unsigned k = 0; k < KINDS; k++)
		for (uint32_t i = 0; i < judge_n(without, kinds[k]); i++) {
			struct judgement a, b;

			judge_at(without, kinds[k], i, &a);
			assert_true(judge_find(j, &a.key, &b));
			assert_alike(&a, &b);
		}
	const struct judgement prefix = find_index(j, ENTITY_PREFIX, 0),
			       as = find_index(j, ENTITY_AS, 0), all = find_index(j, ENTITY_NET, 0),
			       wide = find_index(j, ENTITY_NET, 1),
			       part = find_index(j, ENTITY_NET, 2),
			       block = find_index(j, ENTITY_NET, 3),
			       own = find_addr(j, ENTITY_BLOCK, "20.1.4.0");

	assert_alike(&all, &prefix);
	assert_close(wide.m, as.m);
	assert_close(wide.score, as.score);
	assert_int_equal(wide.hosts, as.hosts);
	assert_int_equal(wide.size_v4, as.size_v4);
	assert_true(part.hosts > 0 && part.hosts < all.hosts && part.m < all.m);
	assert_int_equal(part.size_v4, 5 * 256);
	assert_close(block.m, own.m);
	assert_close(block.score, own.score);
	judge_free(j);
	judge_free(without);
}

static void assert_not_worse(const struct judgement *before, const struct judgement *after)
{
	if (before->key.kind == ENTITY_ORG && before->key.index >= HANDED_FIRST)
		return; /* the space that it has sold is forgotten, too */
	if (after->score < before->score * (1 - 1e-12))
		fail_msg("kind %d: %.17g became %.17g", (int)before->key.kind, before->score,
		    after->score);
}

/* Days without evidence never lower a score, the world being the same; but for that of who gave space away. */
static void silence_never_hurts(void **state)
{
	struct world w;

	random_state = 8;
	world_make(&w);
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct judge *a = world_judge(), *b = NULL;
		struct judge_world world;
		struct judge_conf conf = {
			.first_day = TODAY - 800, .today = TODAY, .world = &world, WORLD_NETWORKS
		};
		struct sighting s[SIGHTINGS];

		handed_in_turn(round);
		groups(a);
		for (unsigned i = 0; i < SIGHTINGS; i++) {
			do /* what leaves the window takes its entity with it */
				s[i] = sighting_random();
			while (s[i].day < TODAY - 300);
			add(a, &s[i]);
		}
		run(a, &w);
		judge_world(a, &world);
		conf.today += (int32_t)(1 + random_below(60));
		b = judge_new(&conf);
		groups(b);
		judge_group(b, 0, 1, true);
		for (unsigned i = 0; i < SIGHTINGS; i++)
			add(b, &s[i]);
		run(b, &w);
		assert_all(a, b, assert_not_worse);
		judge_free(a);
		judge_free(b);
	}
	formers_none();
}

/* Twice the network with twice the evidence: rho moves by no more than what b0 (half a host, on one size and
 * on twice that) and the shape of the AS (1, of E and of twice that) shrink. */
static void scaling(void **state)
{
	for (unsigned hosts = 1; hosts <= 300; hosts *= 3) {
		double rho[2];

		for (unsigned twice = 0; twice < 2; twice++) {
			struct judge *j = world_judge();
			struct world w = { 0 };

			random_state = 9;
			world_put(&w, twice ? "20.0.0.0/15" : "20.0.0.0/16", 0, 0);
			for (unsigned h = 0; h < hosts; h++) {
				uint32_t at =
				    0x14000000 + (random_below(256) << 8) + random_below(256);
				unsigned lag = random_below(60);

				see(j, at, &lag, 1, 0);
				if (twice)
					see(j, at + 0x10000, &lag, 1, 0);
			}
			run(j, &w);
			rho[twice] = find_index(j, ENTITY_AS, 0).rho;
			judge_free(j);
		}
		double size = 65536, e = 6e-7 * size * 87.1, one = MODEL_B0 + 6e-6 * size;
		double shrink = 2 * one / (MODEL_B0 + 12e-6 * size) * (1 + e) / (0.5 + e);

		if (!(rho[1] / rho[0] < shrink && rho[0] / rho[1] < shrink))
			fail_msg(
			    "%u hosts: rho %g and %g, bound %g", hosts, rho[0], rho[1], shrink);
	}
}

/* What is asked for alone is what it is among all the others. */
static void one_kind(void **state)
{
	struct world w;

	random_state = 7;
	world_make(&w);
	for (unsigned k = 0; k < NELEM(kinds); k++) {
		struct judge *all, *one;
		struct judge_conf conf = { .today = TODAY,
			.first_day = TODAY - 800,
			.l0 = 6e-7,
			.m0 = 6e-6,
			.fixed = true,
			WORLD_NETWORKS };

		if (kinds[k] != ENTITY_NET) /* which cut the space, and so the sums, smaller */
			conf.network = NULL;
		all = judge_new(&conf);
		conf.kinds = 1u << kinds[k];
		one = judge_new(&conf);
		judge_group(all, 0, 1, true);
		judge_group(one, 0, 1, true);
		groups(all);
		groups(one);
		for (unsigned i = 0; i < SIGHTINGS; i++) {
			struct sighting s = sighting_random();

			if (addr_is_v4(s.host)) /* leaves ASes without evidence */
				add(all, &s), add(one, &s);
		}
		run(all, &w);
		run(one, &w);
		assert_int_equal(judge_n(all, kinds[k]), judge_n(one, kinds[k]));
		for (uint32_t i = 0; i < judge_n(all, kinds[k]); i++) {
			struct judgement x, y;

			judge_at(all, kinds[k], i, &x);
			judge_at(one, kinds[k], i, &y);
			assert_same(&x, &y);
		}
		judge_free(all);
		judge_free(one);
	}
}

/* A world in which nobody is seen again before the fifth day: five days of silence are one step there. A
 * host between two such days is likelier to return than where a quarter come on the next day. */
static void rhythm(void **state)
{
	static const struct {
		const char *label;
		unsigned hosts, gap, want;
	} cases[] = { { "too few to tell", 1000, 5, 1 }, { "daily", 3000, 1, 1 },
		{ "every fifth day", 3000, 5, 5 } };

	for (unsigned i = 0; i < NELEM(cases); i++) {
		struct judge_conf conf = { .today = TODAY, .first_day = TODAY - 800 };
		struct judge *j = judge_new(&conf);
		struct world w = { 0 };
		struct judge_world world;

		judge_group(j, 0, 1, true);
		world_put(&w, "20.0.0.0/16", 0, 0);
		for (uint32_t h = 0; h < cases[i].hosts; h++)
			for (unsigned k = 0; k < 5; k++)
				see(j, UINT32_C(0x14000000) + h * 16,
				    (unsigned[]){ 3 + k * cases[i].gap }, 1, 0);
		run(j, &w);
		judge_world(j, &world);
		if (world.rhythm != cases[i].want)
			fail_msg("%s: rhythm %u", cases[i].label, world.rhythm);
		judge_free(j);
	}
	struct model daily, slow;

	model_init(&daily, 400);
	slow = daily;
	model_rhythm(&slow, 5);
	assert_true(slow.host[0] == daily.host[0]);
	assert_true(fabs(slow.host[5] / daily.host[1] - 1) < 1e-12);
}

/* New hosts, each in a /24 of its own: a world that halves and doubles, by lag. */
static struct judge *world_of_waves(
    const struct judge_conf *conf, unsigned every, unsigned much, unsigned little)
{
	struct judge *j = judge_new(conf);
	struct world w = { 0 };
	uint32_t host = UINT32_C(0x14000000);

	judge_group(j, 0, 1, true);
	world_put(&w, "20.0.0.0/8", 0, 0);
	for (unsigned lag = 0; lag < (unsigned)(TODAY - conf->first_day + 1); lag++)
		for (unsigned h = lag % every < (every + 1) / 2 ? much : little; h > 0; h--)
			see(j, host += 256, &lag, 1, 0);
	run(j, &w);
	return j;
}

/* An interval is wider where the number of new hosts has not kept to what it was, as far as there is enough to
 * tell; the score is that of a steady world. */
static void unsteady(void **state)
{
	static const struct {
		const char *label;
		unsigned every, much, little, days;
		double least, most;
	} cases[] = {
		{ "steady", 1, 150, 0, 120, 0, 1e-9 },
		{ "six weeks of many, six of few", 84, 180, 60, 168, 0.08, 0.2 },
		{ "the same, too short to tell", 84, 180, 60, 40, 0, 0 },
		{ "the same, a hundredth of it", 84, 2, 1, 168, 0, 0.01 },
		{ "forty times as many", 84, 400, 10, 168, 0.15, MODEL_DRIFT_MAX },
	};

	for (unsigned i = 0; i < NELEM(cases); i++) {
		struct judge_conf conf = { .today = TODAY,
			.first_day = TODAY - (int32_t)cases[i].days + 1 };
		struct judge *j =
		    world_of_waves(&conf, cases[i].every, cases[i].much, cases[i].little);
		struct judgement is = find_index(j, ENTITY_AS, 0), calm;
		struct judge_world world;

		judge_world(j, &world);
		judge_free(j);
		if (!(world.drift >= cases[i].least && world.drift <= cases[i].most))
			fail_msg("%s: drift %.6f", cases[i].label, world.drift);
		conf.world = &world;
		for (unsigned again = 0; again < 2; again++) {
			j = world_of_waves(&conf, cases[i].every, cases[i].much, cases[i].little);
			calm = find_index(j, ENTITY_AS, 0);
			judge_free(j);
			assert_true(calm.score == is.score && calm.m == is.m);
			if (again == 0) /* by the same world */
				assert_true(calm.low == is.low && calm.high == is.high);
			world.drift = 0;
		}
		if (cases[i].least > 0)
			assert_true(is.low < calm.low && is.high > calm.high &&
				    is.m_low < calm.m_low && is.m_high > calm.m_high);
	}
}

static void empty(void **state)
{
	struct judge *j = world_judge();
	struct world w;
	struct err e;

	world_make(&w);
	run(j, &w);
	for (unsigned k = 0; k < NELEM(kinds); k++)
		assert_int_equal(judge_n(j, kinds[k]), 0);
	assert_int_equal(judge_run(j, NULL, NULL, &e), 0);
	see(j, 0x14000001, (unsigned[]){ 0 }, 1, 0);
	assert_int_equal(judge_run(j, NULL, NULL, &e), 0);
	assert_int_equal(judge_n(j, ENTITY_ADDR), 1);
	assert_int_equal(judge_n(j, ENTITY_BLOCK), 1);
	assert_int_equal(judge_n(j, ENTITY_AS), 0);
	struct judgement g = find_addr(j, ENTITY_BLOCK, "20.0.0.1");

	assert_sound(&g);
	assert_int_equal(g.as, CHAIN_NONE);
	judge_free(j);
}

static void huge(void **state)
{
	struct judge *j = world_judge();
	struct world w = { 0 };
	struct judgement g;

	world_put(&w, "0.0.0.0-255.255.255.255", 0, 0);
	world_put(&w, "1::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 1, 0);
	for (unsigned i = 0; i < 3000; i++)
		assert_int_equal(judge_add(j, at("20.0.0.1"), CATEGORY_SPAM, PROOF_FULL,
				     TODAY - (int32_t)(i % 5), 0, UINT64_MAX),
		    0);
	assert_int_equal(judge_add(j, at("2a00::1"), CATEGORY_SPAM, PROOF_FULL, TODAY, 0, 1), 0);
	assert_int_equal(judge_add(j, at("::2"), CATEGORY_SPAM, PROOF_FULL, TODAY, 0, 1), 0);
	run(j, &w);
	g = find_addr(j, ENTITY_ADDR, "20.0.0.1");
	assert_sound(&g);
	assert_true(g.events >= BIT_COUNT_MAX);
	g = find_index(j, ENTITY_AS, 0);
	assert_sound(&g);
	assert_int_equal(g.hosts, 2); /* ::/32 holds no hosts */
	judge_free(j);
}

static void refused(void **state)
{
	struct judge *j = world_judge();
	struct world w = { 0 };
	struct err e;

	world_put(&w, "20.0.0.0-20.0.1.0", 0, 0);
	world_put(&w, "20.0.1.0-20.0.2.0", 1, 1);
	assert_int_equal(judge_run(j, world_space, &w, &e), -EINVAL);
	assert_non_null(strstr(e.text, "overlap"));
	w.n = 1;
	w.v[0].range = (struct range){ at("20.0.1.0"), at("20.0.0.0") }; /* backwards: no row */
	see(j, 0x14000001, (unsigned[]){ 0 }, 1, 0);
	run(j, &w);
	assert_int_equal(judge_n(j, ENTITY_AS), 0);
	judge_free(j);
}

/* A listed prefix is told, and is no host of anything. */
static void listed(void **state)
{
	struct judge *j = world_judge();
	struct world w;
	struct prefix p;
	struct judgement g;

	world_make(&w);
	judge_group(j, 1, 0.8, false);
	assert_int_equal(prefix_parse(SPAN("20.0.0.0/20"), true, &p), 0);
	for (int32_t d = 0; d < 3; d++)
		assert_int_equal(judge_add_listed(j, p, CATEGORY_SPAM, TODAY - d, 1), 0);
	run(j, &w);
	assert_int_equal(judge_n(j, ENTITY_AS), 0);
	g = find_index(j, ENTITY_PREFIX, 0);
	assert_int_equal(g.listed, 1);
	assert_int_equal(g.hosts, 0);
	assert_int_equal(g.grade, 0);
	assert_int_equal(g.reason, JUDGE_NOTHING);
	judge_free(j);
}

static void none_and_provisional(void **state)
{
	static const struct {
		const char *label;
		unsigned group, group_2;
		enum proof proof;
		int32_t first_day;
		enum judge_reason reason;
		bool provisional;
	} cases[] = {
		{ "seen here", 0, 0, PROOF_FULL, TODAY - 100, JUDGE_GRADED, false },
		{ "seen here, spoofable", 0, 0, PROOF_WEAK, TODAY - 100, JUDGE_ONE_GROUP, false },
		{ "one foreign group", 1, 1, PROOF_FULL, TODAY - 100, JUDGE_ONE_GROUP, false },
		{ "two foreign groups", 1, 2, PROOF_FULL, TODAY - 100, JUDGE_GRADED, false },
		{ "a trusted and an untrusted", 1, 3, PROOF_FULL, TODAY - 100, JUDGE_ONE_GROUP,
		    false },
		{ "nobody trusted", 3, 3, PROOF_FULL, TODAY - 100, JUDGE_NOTHING, false },
		{ "day 13", 0, 0, PROOF_FULL, TODAY - 12, JUDGE_GRADED, true },
		{ "day 14", 0, 0, PROOF_FULL, TODAY - 13, JUDGE_GRADED, false },
	};

	for (unsigned i = 0; i < NELEM(cases); i++) {
		struct judge *j = judge_new(
		    &(struct judge_conf){ .today = TODAY, .first_day = cases[i].first_day });
		struct world w;
		struct judgement g;

		world_make(&w);
		groups(j);
		judge_group(j, 0, 1, true);
		see_as(j, 0x14000001, CATEGORY_SPAM, cases[i].proof, 0, cases[i].group);
		see_as(j, 0x14000002, CATEGORY_SPAM, cases[i].proof, 1, cases[i].group_2);
		run(j, &w);
		g = find_index(j, ENTITY_AS, 0);
		if (g.reason != cases[i].reason || g.provisional != cases[i].provisional)
			fail_msg("%s: %d %d", cases[i].label, (int)g.reason, g.provisional);
		judge_free(j);
	}
}

/* A0: ten attackers in a /12 and in a /24, in a deployment that has seen nothing else. */
static void floors(void **state)
{
	struct judge *j =
	    judge_new(&(struct judge_conf){ .today = TODAY, .first_day = TODAY - 800 });
	struct world w = { 0 };

	judge_group(j, 0, 1, true);
	world_put(&w, "20.0.0.0/12", 0, 0);
	world_put(&w, "40.0.0.0/24", 1, 1);
	world_put(&w, "50.0.0.0-200.255.255.255", 2, 2);
	for (unsigned i = 0; i < 10; i++) {
		see(j, 0x14000001 + i * 0x10000, (unsigned[]){ i % 7 }, 1, 0);
		see(j, 0x28000001 + i, (unsigned[]){ i % 7 }, 1, 0);
	}
	run(j, &w);
	assert_true(fabs(find_index(j, ENTITY_AS, 0).score - 91) < 4);
	assert_true(fabs(find_index(j, ENTITY_AS, 1).score - 43) < 12);
	judge_free(j);
}

static void quantiles(void **state)
{
	static const struct {
		double shape, p,
		    want; /* chi-squared tables: half the quantile of 2 x shape degrees */
	} cases[] = {
		{ 0.5, 0.9, 2.705543454095404 / 2 }, { 1, 0.1, 0.10536051565782628 },
		{ 1, 0.9, 2.302585092994046 }, { 2.5, 0.1, 1.6103079869623229 / 2 },
		{ 2.5, 0.9, 9.236356899781123 / 2 }, { 10, 0.1, 12.442609210450064 / 2 },
		{ 50, 0.1, 82.35813581233155 / 2 },
		{ 999, 0.1,
		    958.654 }, /* Wilson and Hilferty's own, from the other side of the limit */
	};

	for (unsigned i = 0; i < NELEM(cases); i++) {
		double got = model_gamma_quantile(cases[i].shape, cases[i].p);
		double limit = cases[i].shape > 500 ? 1e-3 : 1e-9;

		if (!(fabs(got / cases[i].want - 1) < limit))
			fail_msg("shape %g: %.12f, not %.12f", cases[i].shape, got, cases[i].want);
	}
	struct model m;

	model_init(&m, 400);
	for (double x = 0; x < 2000; x += x < 1 ? 0.003 : x / 97) { /* the tables are as good */
		double want = model_gamma_quantile(1 + x, 0.1);

		for (unsigned i = 0; i <= 5; i++) {
			double low, high, k = 1 + x / (1 + x / 1.5), shape;

			model_drift(&m, i * MODEL_DRIFT_MAX / 5);
			shape = model_shape(&m, x);
			if (i == 0)
				assert_true(fabs(shape / k - 1) < 1e-15);
			assert_true(
			    fabs((1 + 1 / shape) / ((1 + 1 / k) * exp(i * MODEL_DRIFT_MAX / 5)) -
				 1) < 1e-12);
			model_forecast(&m, x, &low, &high);
			assert_true(
			    fabs(low * shape / model_gamma_quantile(shape, 0.1) - 1) < 1e-8);
			assert_true(
			    fabs(high * shape / model_gamma_quantile(shape, 0.9) - 1) < 1e-8);
		}
		assert_true(fabs(model_guilt(&m, x, 0) / want - 1) < 1e-8);
	}
	for (double shape = 990; shape < 1010; shape += 1) /* no step at the change of method */
		assert_true(
		    model_gamma_quantile(shape + 1, 0.1) > model_gamma_quantile(shape, 0.1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order),
		cmocka_unit_test(today_never_helps),
		cmocka_unit_test(pieces),
		cmocka_unit_test(sums),
		cmocka_unit_test(delegations),
		cmocka_unit_test(networks),
		cmocka_unit_test(silence_never_hurts),
		cmocka_unit_test(scaling),
		cmocka_unit_test(one_kind),
		cmocka_unit_test(rhythm),
		cmocka_unit_test(unsteady),
		cmocka_unit_test(empty),
		cmocka_unit_test(huge),
		cmocka_unit_test(refused),
		cmocka_unit_test(listed),
		cmocka_unit_test(none_and_provisional),
		cmocka_unit_test(floors),
		cmocka_unit_test(quantiles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
