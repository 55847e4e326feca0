/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses that many share, and those of dynamic pools: how long something is decided about them, by what, and who
 * comes first where room is short (scoring.md, B3 and D). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "judge/policy.h"
#include "random.h"
#include "steps.h"
#include "util/clock.h"
#include "world.h"

#define HOUR INT64_C(3600)
#define FROM ((int64_t)TODAY * DAY_S)
#define NOON (FROM + DAY_S / 2)
#define NET  UINT32_C(0x14000000) /* 20.0.0.0 */

static void expect(const char *when, const struct decide_state *s, enum level level,
    enum action action, int64_t until_s, int32_t episode)
{
	if (s->level != level || (level != LEVEL_CLEAR && s->action != action) ||
	    s->until_s != until_s || s->episode != episode)
		fail_msg("%s: %s, %s until %jd, episode %d", when, level_name(s->level),
		    action_name(s->action), (intmax_t)(s->until_s - FROM), s->episode);
}

/* --- an address ------------------------------------------------------------------------------------ */

static void exit_node(void **state)
{
	struct decide_facts f = attack(FROM);
	struct decide_state s = { 0 }, other = { 0 };
	int64_t quarter = FROM + DECIDE_SHARED_S;

	f.shared = true;
	s = step(ENTITY_ADDR, &f, &s, FROM);
	expect("at first", &s, LEVEL_BLOCK, ACTION_DROP, quarter, 1);
	s = step(ENTITY_ADDR, &f, &s, quarter - 1);
	expect("before a quarter of an hour", &s, LEVEL_BLOCK, ACTION_DROP, quarter, 1);
	s = step(ENTITY_ADDR, &f, &s, quarter);
	expect("then", &s, LEVEL_PROBATION, ACTION_GREYLIST, quarter + DAY_S, 1);
	for (int64_t t = FROM + HOUR; t < FROM + DAY_S; t += HOUR) {
		f.verified_s = t;
		s = step(ENTITY_ADDR, &f, &s, t);
		expect("slowed down", &s, LEVEL_PROBATION, ACTION_GREYLIST, quarter + DAY_S, 1);
	}
	f.verified_s = FROM + DAY_S;
	s = step(ENTITY_ADDR, &f, &s, FROM + DAY_S);
	expect("a day later", &s, LEVEL_BLOCK, ACTION_DROP, FROM + DAY_S + DECIDE_SHARED_S, 2);

	f = attack(FROM);
	other = step(ENTITY_ADDR, &f, &other, FROM);
	expect("one that nobody shares", &other, LEVEL_BLOCK, ACTION_DROP, FROM + DAY_S, 1);
}

/* Whoever attacks all the time through an exit has no more walls than anybody else. */
static void no_flapping(void **state)
{
	struct decide_facts f = attack(FROM);
	struct decide_state s = { 0 }, was;
	unsigned walls = 0;

	f.shared = true;
	f.corroborated = false;
	for (int64_t t = FROM; t < FROM + 180 * DAY_S; t += DECIDE_SHARED_S) {
		f.verified_s = t;
		was = s;
		s = step(ENTITY_ADDR, &f, &was, t);
		walls += s.level == LEVEL_BLOCK && s.since_s == t;
		assert_true(s.level == LEVEL_BLOCK || s.action == ACTION_GREYLIST);
		if (s.level == LEVEL_BLOCK)
			assert_int_equal(s.until_s - s.since_s, DECIDE_SHARED_S);
	}
	assert_in_range(walls, 10, 15);
}

/* A block of which most is shared is slowed down, and never refused. */
static void wider(void **state)
{
	for (unsigned shared = 0; shared < 2; shared++) {
		struct decide_state s = { 0 };

		for (int32_t n = 1; n <= 4; n++) {
			int64_t t = FROM + n * 4 * DAY_S;
			struct decide_facts f = attack(t);

			f.shared = shared;
			s = step(ENTITY_BLOCK, &f, &s, t);
			if (s.since_s != t)
				continue;
			assert_int_equal(
			    s.level, s.episode >= 2 && !shared ? LEVEL_BLOCK : LEVEL_FRICTION);
		}
		assert_true(s.episode >= 2);
	}
}

static void pool(void **state)
{
	struct decide_facts f = attack(FROM);
	struct decide_state s = { 0 };

	f.lease_s = DAY_S;
	s = step(ENTITY_ADDR, &f, &s, FROM);
	expect("at first", &s, LEVEL_BLOCK, ACTION_DROP, FROM + DAY_S, 1);
	s = step(ENTITY_ADDR, &f, &s, FROM + DAY_S);
	expect("another's", &s, LEVEL_CLEAR, ACTION_TAG, 0, 1);
	f.verified_s = FROM + DAY_S + HOUR;
	s = step(ENTITY_ADDR, &f, &s, FROM + DAY_S + HOUR);
	expect("who begins anew", &s, LEVEL_BLOCK, ACTION_DROP, FROM + 2 * DAY_S + HOUR, 1);

	s = (struct decide_state){ 0 };
	f = attack(FROM);
	f.lease_s = 6 * HOUR;
	f.corroborated = false;
	s = step(ENTITY_ADDR, &f, &s, FROM);
	expect("an hour", &s, LEVEL_BLOCK, ACTION_DROP, FROM + HOUR, 1);
	f.verified_s = FROM + HOUR + 1;
	s = step(ENTITY_ADDR, &f, &s, FROM + HOUR + 1);
	expect(
	    "the same client, twice as long", &s, LEVEL_BLOCK, ACTION_DROP, FROM + 3 * HOUR + 1, 2);
	f.verified_s = FROM + 3 * HOUR + 2;
	s = step(ENTITY_ADDR, &f, &s, FROM + 3 * HOUR + 2);
	expect("and again", &s, LEVEL_BLOCK, ACTION_DROP, FROM + 7 * HOUR + 2, 3);
	s = step(ENTITY_ADDR, &f, &s, FROM + 7 * HOUR + 2);
	expect("what is left of the lease", &s, LEVEL_PROBATION, ACTION_GREYLIST,
	    FROM + 9 * HOUR + 2, 3);

	s = (struct decide_state){ 0 };
	f = attack(FROM);
	f.lease_s = HOUR;
	s = step(ENTITY_BLOCK, &f, &s, FROM);
	expect("its block", &s, LEVEL_FRICTION, ACTION_GREYLIST, FROM + DAY_S, 1);
}

/* A year of whatever happens: nothing about a pool's address lasts longer than the lease, from the wall on. */
static void pool_years(void **state)
{
	static const int64_t leases[] = { HOUR, 6 * HOUR, DAY_S, 7 * DAY_S };

	random_state = 11;
	for (unsigned round = 0; round < 40; round++) {
		int64_t lease_s = leases[round % 4], wall_s = 0, verified_s = DECIDE_NEVER;
		struct decide_state s = { 0 }, was;

		for (int64_t t = FROM; t < FROM + 120 * DAY_S; t += HOUR) {
			struct decide_facts f = { .lease_s = lease_s };

			if (random_below(6) == 0)
				verified_s = t;
			f.block = random_below(2);
			f.friction = f.block || random_below(2);
			f.hold = f.block || random_below(4) > 0;
			f.linger = f.hold && random_below(4) > 0;
			f.corroborated = random_below(2);
			f.verified_s = f.seen_s = verified_s;
			was = s;
			s = step(ENTITY_ADDR, &f, &was, t);
			if (s.level == LEVEL_BLOCK && s.since_s == t)
				wall_s = t;
			if (s.level == LEVEL_BLOCK || s.level == LEVEL_PROBATION)
				assert_true(s.until_s <= wall_s + lease_s);
			else if (s.level != LEVEL_CLEAR)
				assert_true(
				    s.until_s <= verified_s + (lease_s > DAY_S ? lease_s : DAY_S));
		}
	}
}

/* --- the policy ------------------------------------------------------------------------------------ */

static const unsigned week[] = { 0, 1, 2, 3, 4, 5, 6 };

static const struct world space = {
	.v = { { .range = { { 0, UINT64_C(0xffff14000000) }, { 0, UINT64_C(0xffff140fffff) } } } },
	.n = 1,
};

/* struct lists - what a deployment says */
struct lists {
	uint32_t users, block_users; /* of addresses, of the block at 20.0.0.0 */
	int64_t lease_s;
	const char *shared;
};

static void look(void *ctx, const struct judge_key *key, struct policy_look *ret)
{
	const struct lists *l = ctx;

	if (key->kind == ENTITY_ADDR) {
		ret->users = l->users;
		ret->lease_s = l->lease_s;
		ret->shared = l->shared;
	} else if (key->kind == ENTITY_BLOCK && addr_v4(key->addr) == NET) {
		ret->users = l->block_users;
	}
}

static void addresses(void **state)
{
	static const struct {
		const char *label;
		struct lists lists;
		unsigned from, days; /* seen on so many days, the newest so many days ago */
		enum level level;
		int64_t lasts_s; /* from noon on */
	} cases[] = {
		{ "nobody shares it", { 1, 1, 0, NULL }, 0, 7, LEVEL_BLOCK, DAY_S },
		{ "an exit", { 256, 1, 0, "shared egress (tor-exit)" }, 0, 7, LEVEL_BLOCK, 900 },
		{ "a pool, as its clients change daily", { 8, 1, DAY_S, "dynamic address" }, 0, 7,
		    LEVEL_BLOCK, DAY_S },
		{ "a pool, by the hour: one day is little", { 8, 1, HOUR, "dynamic address" }, 0, 7,
		    LEVEL_FRICTION, DAY_S / 2 },
		{ "a pool, yesterday", { 8, 1, DAY_S, "dynamic address" }, 1, 7, LEVEL_CLEAR, 0 },
		{ "yesterday, for good", { 1, 1, 0, NULL }, 1, 7, LEVEL_BLOCK, DAY_S },
	};

	for (unsigned i = 0; i < NELEM(cases); i++) {
		struct lists lists = cases[i].lists;
		struct policy_conf c = { .at_s = NOON, .look = look, .ctx = &lists };
		struct judge *j = world_judge();
		const struct policy_decision *d;
		struct policy_list l;

		see(j, NET, week + cases[i].from, cases[i].days - cases[i].from, 0);
		run(j, &space);
		assert_int_equal(policy_decide(j, &c, &l), 0);
		d = l.n ? &l.v[0] : NULL;
		if ((d ? d->now.level : LEVEL_CLEAR) != cases[i].level ||
		    (d && d->now.level && d->now.until_s != NOON + cases[i].lasts_s))
			fail_msg("%s: %s until noon and %jd s", cases[i].label,
			    level_name(d ? d->now.level : LEVEL_CLEAR),
			    (intmax_t)(d ? d->now.until_s - NOON : 0));
		if (d && d->now.level)
			assert_int_equal(
			    lists.shared && strstr(d->reason, lists.shared), lists.shared != NULL);
		policy_done(&l);
		judge_free(j);
	}
}

/* Of two blocks of which as much is expected, that with fewer people behind it comes first. */
static void room(void **state)
{
	for (uint32_t users = 1; users <= 256; users *= 2) {
		struct lists lists = { 1, users, 0, NULL };
		struct thresholds t = thresholds_standard();
		struct policy_conf c = {
			.at_s = NOON, .look = look, .ctx = &lists, .thresholds = &t
		};
		struct judge *j = world_judge();
		struct policy_list l;
		unsigned taken = 0;

		t.v[THRESHOLD_BUDGET] = 256;
		for (uint32_t b = 0; b < 2; b++)
			for (uint32_t h = 0; h < 40; h++)
				see(j, NET + b * 256 + h, week, 7, 0);
		run(j, &space);
		assert_int_equal(policy_decide(j, &c, &l), 0);
		for (uint32_t i = 0; i < l.n; i++) {
			bool first = addr_v4(l.v[i].key.addr) == NET;

			if (l.v[i].key.kind != ENTITY_BLOCK)
				continue;
			taken += l.v[i].now.level == LEVEL_FRICTION;
			assert_int_equal(l.v[i].now.level == LEVEL_FRICTION, first == (users == 1));
			assert_int_equal(
			    l.v[i].spared == DECIDE_SPARED_BUDGET, first == (users > 1));
		}
		assert_int_equal(taken, 1);
		policy_done(&l);
		judge_free(j);
	}
}

/* What is known of an address from a day on: all of it, some of it, nothing. */
static void tenant(void **state)
{
	struct judge *j = world_judge();
	struct judgement all, g;

	judge_group(j, 1, 0.9, false);
	see(j, NET, week, NELEM(week), 0);
	see_as(j, NET, CATEGORY_SPAM, PROOF_FULL, 3, 1);
	run(j, &space);
	all = g = find_addr(j, ENTITY_ADDR, "20.0.0.0");
	assert_int_equal(all.groups, 2);
	judge_tenant(j, TODAY - 6, &g);
	assert_memory_equal(&g, &all, sizeof(g));
	judge_tenant(j, TODAY - 1, &g);
	assert_true(g.p7_max > 0 && g.p7_max < all.p7_max);
	assert_int_equal(g.groups, 1);
	assert_int_equal(g.verified_last, TODAY);
	assert_int_equal(g.hits, all.hits);
	judge_tenant(j, TODAY + 1, &g);
	assert_true(g.p7_max <= 0 && g.w_max <= 0);
	assert_int_equal(g.verified_last, INT32_MIN);
	assert_false(g.anchor);
	assert_int_equal(g.groups, 0);
	assert_int_equal(g.hits, 0);
	judge_free(j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exit_node),
		cmocka_unit_test(no_flapping),
		cmocka_unit_test(wider),
		cmocka_unit_test(pool),
		cmocka_unit_test(pool_years),
		cmocka_unit_test(addresses),
		cmocka_unit_test(room),
		cmocka_unit_test(tenant),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
