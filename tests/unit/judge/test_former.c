/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Space that changed hands: whose evidence is whose (judge_formers). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "judge/bits.h"
#include "judge/explain.h"
#include "random.h"
#include "world.h"

#define OLD   2000u /* an organisation that announces nothing */
#define SOLD  10    /* days ago */
#define BLOCK 0x14000200u

static struct judge_former former(const char *range, int32_t until)
{
	struct judge_former f = { .from = INT32_MIN, .until = until, .org = { OLD, CHAIN_NONE } };

	assert_int_equal(range_parse(span_str(range), &f.range), 0);
	return f;
}

static void tell(struct judge *j, const struct judge_former *f)
{
	assert_int_equal(judge_formers(j, f, 1), 0);
}

static bool known(const struct judge *j, enum entity_kind kind, const char *addr, uint32_t index)
{
	struct judge_key key = { .kind = kind, .index = index };
	struct judgement g;

	if (addr)
		key.addr = at(addr);
	return judge_find(j, &key, &g);
}

static void assert_near(double a, double b)
{
	if (fabs(a - b) > 1e-9 * fabs(b))
		fail_msg("%.15g, not %.15g", a, b);
}

/* Who is above the /23 in the world that follows. */
static const struct judge_key above[] = { { .kind = ENTITY_PREFIX }, { .kind = ENTITY_AS },
	{ .kind = ENTITY_ORG, .index = 1000 } };

static struct judgement find_above(const struct judge *j, unsigned k)
{
	return find_index(j, above[k].kind, above[k].index);
}

/* AS 0 of organisation 1000 announces a /16; networks: a /23 within a /20. */
static void make(struct world *w)
{
	*w = (struct world){ .n = 0 };
	world_put(w, "20.0.0.0/16", 0, 0);
	world_put(w, "30.0.0.0/16", 1, 1);
	world_give(w, "20.0.2.0/23");
	world_give(w, "20.0.0.0/20");
}

/* Twenty hosts of the /23 before it was sold, and others after; some of the same AS elsewhere, all the time. */
static void see_sold(struct judge *j, bool old, bool young)
{
	for (unsigned h = 0; h < 20; h++) {
		if (old)
			see(j, BLOCK + h, (unsigned[]){ SOLD + 1 + h, SOLD + 3 + h }, 2, 0);
		if (young)
			see(j, BLOCK + 100 + h / 4, (unsigned[]){ h % 4, 5 }, 2, 0);
		see(j, 0x14000900 + h * 300, (unsigned[]){ 2 * h }, 1, 0);
	}
}

static struct judge *judge_sold(
    const struct world *w, const struct judge_former *f, bool old, bool young)
{
	struct judge *j = world_judge();

	if (f)
		tell(j, f);
	see_sold(j, old, young);
	run(j, w);
	return j;
}

/* Who announces it is somebody else, who did so all the time: the addresses, their block and the network start over,
 * the AS and the network around have all of it, and the former holder what was his. */
static void starts_over(void **state)
{
	struct judge_former f = former("20.0.2.0/23", TODAY - SOLD);
	struct judge *all, *young, *j;
	struct world w;
	struct judgement g, was;

	make(&w);
	f.network = 2;
	j = judge_sold(&w, &f, true, true);
	all = judge_sold(&w, NULL, true, true);
	young = judge_sold(&w, NULL, false, true);

	assert_false(known(j, ENTITY_ADDR, "20.0.2.1", 0));
	assert_true(known(all, ENTITY_ADDR, "20.0.2.1", 0));
	assert_int_equal(judge_n(j, ENTITY_ADDR), judge_n(young, ENTITY_ADDR));
	assert_int_equal(judge_n(j, ENTITY_BLOCK), judge_n(young, ENTITY_BLOCK));
	g = find_addr(j, ENTITY_ADDR, "20.0.2.101");
	was = find_addr(young, ENTITY_ADDR, "20.0.2.101");
	assert_same(&g, &was);
	g = find_addr(j, ENTITY_BLOCK, "20.0.2.0");
	was = find_addr(young, ENTITY_BLOCK, "20.0.2.0");
	assert_int_equal(g.hosts, 5);
	assert_near(g.part[FAMILY_ATTACK].returning, was.part[FAMILY_ATTACK].returning);
	assert_int_equal(g.first_day, was.first_day);
	assert_int_equal(g.verified_7, was.verified_7);
	g = find_index(j, ENTITY_NET, 0);
	assert_int_equal(g.hosts, 5);
	assert_near(g.part[FAMILY_ATTACK].returning, was.part[FAMILY_ATTACK].returning);

	g = find_index(j, ENTITY_NET, 1);
	was = find_index(all, ENTITY_NET, 1);
	assert_near(g.m, was.m);
	assert_int_equal(g.hosts, was.hosts);
	assert_int_equal(g.size_v4, was.size_v4);
	for (unsigned k = 0; k < NELEM(above); k++) {
		g = find_above(j, k);
		was = find_above(all, k);
		assert_near(g.m, was.m);
		assert_near(g.score, was.score);
		assert_near(g.low, was.low);
		assert_int_equal(g.hosts, was.hosts);
		assert_int_equal(g.size_v4, was.size_v4);
	}
	g = find_index(j, ENTITY_ORG, OLD);
	assert_int_equal(g.hosts, 20);
	assert_int_equal(g.last_day, TODAY - SOLD - 1);
	assert_true(g.size_v4 > 400 && g.size_v4 < 512); /* of a /23, what has not faded */
	assert_true(g.score < 60 && g.m > 1);
	assert_false(known(all, ENTITY_ORG, NULL, OLD));
	judge_free(j);
	judge_free(all);
	judge_free(young);
}

/* Who announces it came with the new holder: he has nothing of what was before, and no credit for it either. */
static void moves(void **state)
{
	struct judge_former f = former("20.0.2.0/23", TODAY - SOLD);
	struct judge *young, *j, *empty;
	struct world w;
	struct judgement g, was;

	make(&w);
	f.moved = true;
	f.network = 2;
	j = judge_sold(&w, &f, true, true);
	young = judge_sold(&w, NULL, false, true);
	empty = judge_sold(&w, &f, false, true);
	for (unsigned k = 0; k < NELEM(above); k++) {
		g = find_above(j, k);
		was = find_above(young, k);
		assert_int_equal(g.hosts, was.hosts);
		assert_int_equal(g.size_v4, was.size_v4);
		assert_near(g.part[FAMILY_ATTACK].returning, was.part[FAMILY_ATTACK].returning);
		assert_true(g.part[FAMILY_ATTACK].arrivals >= was.part[FAMILY_ATTACK].arrivals);
		was = find_above(empty, k);
		assert_near(g.m, was.m);
		assert_near(g.score, was.score);
	}
	g = find_index(j, ENTITY_NET, 1);
	assert_int_equal(g.hosts, 25 + 6); /* and what it has elsewhere */
	g = find_index(j, ENTITY_ORG, OLD);
	assert_int_equal(g.hosts, 20);
	assert_false(known(empty, ENTITY_ORG, NULL, OLD));
	judge_free(j);
	judge_free(young);
	judge_free(empty);
}

/* Whoever buys a quiet /12 has not been quiet for a year. */
static void no_credit(void **state)
{
	struct judge_former f = former("40.0.0.0/12", TODAY - 2);
	double score[2];

	f.moved = true;
	for (unsigned bought = 0; bought < 2; bought++) {
		struct world w = { .n = 0 };
		struct judge *j = world_judge();

		world_put(&w, "40.0.0.0/12", 0, 0);
		if (bought)
			tell(j, &f);
		see(j, 0x28000001, (unsigned[]){ 0 }, 1, 0);
		run(j, &w);
		score[bought] = find_index(j, ENTITY_AS, 0).score;
		judge_free(j);
	}
	assert_true(score[0] > 95 && score[1] > 75 && score[1] < 90);
}

/* He who sold it and announces it all the same, and he who has sold and holds other space. */
static void former_has_more(void **state)
{
	struct judge_former f = former("20.0.2.0/23", TODAY - SOLD);
	struct judge *all, *j;
	struct world w;
	struct judgement g, was;

	make(&w);
	f.org[0] = 1000;
	j = judge_sold(&w, &f, true, true);
	all = judge_sold(&w, NULL, true, true);
	g = find_index(j, ENTITY_ORG, 1000);
	was = find_index(all, ENTITY_ORG, 1000);
	assert_near(g.m, was.m);
	assert_near(g.score, was.score);
	assert_int_equal(g.hosts, was.hosts);
	assert_int_equal(g.size_v4, was.size_v4);
	judge_free(j);

	f.org[0] = 1001; /* the AS of which has nothing of it */
	f.org[1] = OLD;
	f.moved = true;
	j = judge_sold(&w, &f, true, true);
	g = find_index(j, ENTITY_ORG, 1001);
	assert_int_equal(g.hosts, 20);
	assert_true(g.size_v4 > 0x10000 + 400 && g.size_v4 < 0x10000 + 512);
	was = find_index(j, ENTITY_ORG, OLD);
	assert_int_equal(was.hosts, 20);
	assert_near(was.part[FAMILY_ATTACK].returning, g.part[FAMILY_ATTACK].returning);
	assert_false(known(j, ENTITY_AS, NULL, 1));
	judge_free(j);
	judge_free(all);
}

/* Sold twice, and told of in between; what is yet to come has not happened. */
static void eras(void **state)
{
	struct judge_former f[3] = { former("20.0.2.0/23", TODAY + 1),
		former("20.0.2.0/23", TODAY - 5), former("20.0.2.0/23", TODAY - SOLD) };
	struct judge *j = world_judge();
	uint64_t hosts, events;
	struct world w;

	make(&w);
	f[0].from = TODAY - 5;
	f[1].from = TODAY - SOLD + 2; /* nobody is told of for two days */
	f[1].org[0] = OLD + 1;
	f[2].org[0] = OLD + 2;
	assert_int_equal(judge_formers(j, f, 3), 0);
	for (unsigned lag = 0; lag < 30; lag++)
		see(j, BLOCK + lag, &lag, 1, 0);
	run(j, &w);
	assert_false(known(j, ENTITY_ORG, NULL, OLD));
	assert_int_equal(find_index(j, ENTITY_ORG, OLD + 1).hosts, 3); /* lags 6 to 8 */
	assert_int_equal(find_index(j, ENTITY_ORG, OLD + 2).hosts, 19);
	assert_int_equal(find_addr(j, ENTITY_BLOCK, "20.0.2.0").hosts, 8);
	assert_int_equal(find_index(j, ENTITY_AS, 0).hosts, 30);
	judge_former_seen(j, 0, &hosts, &events);
	assert_true(hosts == 0 && events == 0);
	judge_former_seen(j, 2, &hosts, &events);
	assert_true(hosts == 19 && events == 19);
	assert_int_equal(judge_age(j, 1), 0); /* the day has come */
	run(j, &w);
	assert_int_equal(find_index(j, ENTITY_ORG, OLD).hosts, 6);
	assert_int_equal(find_index(j, ENTITY_ORG, OLD + 1).hosts, 3);
	assert_int_equal(find_index(j, ENTITY_NET, 0).hosts, 2);
	judge_free(j);
}

/* What is kept knows of no eras: told of other transfers, the same evidence gives what it would have given at once. */
static void told_later(void **state)
{
	random_state = 21;
	for (unsigned round = 0; round < 40; round++) {
		struct judge *a, *b = world_judge(), *c = world_judge();
		struct judge_kept kept;
		struct world w;

		world_make(&w);
		formers_random(0);
		groups(b);
		groups(c);
		formers_random(0);
		a = world_judge();
		groups(a);
		for (unsigned i = 0; i < SIGHTINGS; i++) {
			struct sighting s = sighting_random();

			add(a, &s);
			add(b, &s);
			if (i == SIGHTINGS / 2)
				run(b, &w);
		}
		run(a, &w);
		run(b, &w);
		assert_int_equal(judge_keep(b, &kept), 0);
		assert_int_equal(judge_restore(c, &kept), 0);
		groups(b);
		groups(c);
		run(b, &w);
		run(c, &w);
		assert_all(a, b, assert_same);
		assert_all(b, a, assert_same);
		assert_all(a, c, assert_same);
		judge_free(a);
		judge_free(b);
		judge_free(c);
	}
	formers_none();
}

struct terms {
	double returning[FAMILY_SCORED_N], arrivals[FAMILY_SCORED_N];
};

static int take_host(void *ctx, const struct judge_host *h)
{
	((struct terms *)ctx)->returning[h->family] += h->p7;
	return 0;
}

static int take_stretch(void *ctx, const struct judge_stretch *s)
{
	((struct terms *)ctx)->arrivals[s->family] += s->arrivals;
	return 0;
}

static void assert_terms(struct judge *j, const struct judgement *g)
{
	struct terms t = { .returning = { 0 } };
	struct judge_listener to = { .host = take_host, .stretch = take_stretch, .ctx = &t };
	struct judge_total total;

	assert_int_equal(judge_explain(j, &g->key, &to, &total), 1);
	for (unsigned f = 0; f < FAMILY_SCORED_N; f++) {
		assert_true(fabs(t.returning[f] - g->part[f].returning) < 1e-9);
		if (g->key.kind != ENTITY_ADDR)
			assert_true(fabs(t.arrivals[f] - g->part[f].arrivals) < 1e-9);
	}
	assert_near(100 / (1 + (total.weighed + total.b0) / total.average / 4), g->score);
}

/* Every score is the sum that is told of it. */
static void adds_up(void **state)
{
	struct world w;
	unsigned former = 0;

	random_state = 22;
	world_make(&w);
	for (unsigned round = 0; round < 10; round++) {
		struct judge *j = world_judge();
		struct judgement g;

		formers_random(0);
		groups(j);
		for (unsigned i = 0; i < SIGHTINGS * 2; i++) {
			struct sighting s = sighting_random();

			add(j, &s);
		}
		run(j, &w);
		for (unsigned k = 0; k < KINDS; k++)
			for (uint32_t i = 0; i < judge_n(j, kinds[k]); i += k < 2 ? 8 : 1) {
				judge_at(j, kinds[k], i, &g);
				assert_sound(&g);
				assert_terms(j, &g);
				former += g.key.kind == ENTITY_ORG &&
					  (g.key.index < 1000 || g.key.index > 1003);
			}
		judge_free(j);
	}
	assert_true(former > 20);
	formers_none();
}

static void refused(void **state)
{
	const struct judge_former one = former("20.0.2.0/23", TODAY);
	struct judge_former cases[][2] = {
		{ one, one },
		{ one, former("20.0.3.0/24", TODAY - 1) },
		{ one, former("10.0.0.0/8", TODAY - 1) },
		{ former("2001:db8::/48", TODAY), one },
		{ one, former("2001:db8::/49", TODAY) },
		{ one, { .range = one.range, .from = TODAY, .until = TODAY } },
		{ one, { .range = { one.range.last, one.range.first }, .until = 1 } },
	};
	struct judge_former four[4];
	struct judge *j = world_judge();

	for (unsigned i = 0; i < NELEM(cases); i++)
		if (judge_formers(j, cases[i], 2) != -EINVAL)
			fail_msg("case %u", i);
	for (int32_t i = 0; i < 4; i++) {
		four[i] = former("20.0.2.0/23", TODAY - 10 * i);
		four[i].from = TODAY - 10 * i - 5;
	}
	assert_int_equal(judge_formers(j, four, 4), -EINVAL);
	assert_int_equal(judge_formers(j, four, 3), 0);
	judge_free(j);
}

/* Hosts of all eras and back; what is none of them is known for it. */
static void hosts_of_eras(void **state)
{
	static const uint64_t none[] = { UINT64_C(1) << 62, UINT64_C(5) << 60 | UINT64_C(1) << 32,
		UINT64_C(1) << 62 | UINT64_C(1) << 34, UINT64_C(1) << 63,
		UINT64_C(0x9000000000000000) };
	static const char *const addr[] = { "0.0.0.1", "255.255.255.255", "2000::", "3fff:ffff::" };
	uint64_t host, then;

	for (unsigned i = 0; i < NELEM(addr); i++) {
		assert_true(bit_host(at(addr[i]), &host) && bit_known(host));
		assert_int_equal(bit_realm(host), bit_version(host));
		for (unsigned era = 1; era <= BIT_ERAS; era++) {
			assert_true(bit_of_era(host, era, &then) && bit_known(then));
			assert_int_equal(bit_era(then), era);
			assert_int_equal(bit_version(then), bit_version(host));
			assert_int_equal(bit_unit(then), bit_unit(host));
			assert_true(bit_today(then) == host && then > host);
			assert_true(addr_eq(bit_addr(then), bit_addr(host)));
		}
	}
	for (unsigned i = 0; i < 3; i++)
		assert_false(bit_known(none[i]));
	assert_false(bit_known(none[3]));
	assert_false(bit_host(at("4000::"), &host));
	assert_true(bit_host(at("1000::"), &host));
	assert_false(bit_of_era(host, 1, &then));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_over),
		cmocka_unit_test(moves),
		cmocka_unit_test(no_credit),
		cmocka_unit_test(former_has_more),
		cmocka_unit_test(eras),
		cmocka_unit_test(told_later),
		cmocka_unit_test(adds_up),
		cmocka_unit_test(refused),
		cmocka_unit_test(hosts_of_eras),
	};

	return cmocka_run_group_tests_name("judge-former", tests, NULL, NULL);
}
