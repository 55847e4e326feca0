/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "judge/policy.h"
#include "judge/response.h"
#include "util/clock.h"
#include "world.h"

#define NOON	((int64_t)TODAY * DAY_S + DAY_S / 2)
#define NET	UINT32_C(0x14000000) /* 20.0.0.0 */
#define PRIVATE UINT32_C(0x0a000000) /* 10.0.0.0 */

static const struct world space = {
	.v = { { .range = { { 0, UINT64_C(0xffff14000000) }, { 0, UINT64_C(0xffff140fffff) } } } },
	.n = 1,
};

static struct policy_list decide_after(struct judge *j, int64_t at_s, const char *never,
    uint64_t budget, const struct policy_standing *standing, uint32_t n)
{
	struct thresholds t = thresholds_standard();
	struct policy_conf c = { .at_s = at_s,
		.thresholds = budget ? &t : NULL,
		.standing = standing,
		.n_standing = n };
	struct policy_list l;
	struct addrset own;
	struct err e;

	t.v[THRESHOLD_BUDGET] = (double)budget;
	assert_int_equal(addrset_parse(span_str(never ? never : ""), &own, &e), 0);
	c.never = &own;
	run(j, &space);
	assert_int_equal(policy_decide(j, &c, &l), 0);
	addrset_done(&own);
	return l;
}

static struct policy_list decide(struct judge *j, int64_t at_s, const char *never, uint64_t budget)
{
	return decide_after(j, at_s, never, budget, NULL, 0);
}

static const unsigned week[] = { 0, 1, 2, 3, 4, 5, 6 };

static void addresses(void **state)
{
	static const struct {
		const char *label;
		unsigned days, group, group_2;
		enum proof proof;
		enum category category;
		uint32_t host;
		const char *never;
		enum level level;
		uint32_t spared;
	} cases[] = {
		{ "a week, seen here", 7, 0, 0, PROOF_FULL, CATEGORY_BRUTE_FORCE, NET, NULL,
		    LEVEL_BLOCK, 0 },
		{ "one day is too little", 1, 0, 0, PROOF_FULL, CATEGORY_BRUTE_FORCE, NET, NULL,
		    LEVEL_FRICTION, 0 },
		{ "one foreign group", 7, 1, 1, PROOF_FULL, CATEGORY_BRUTE_FORCE, NET, NULL,
		    LEVEL_WATCH, 0 },
		{ "two foreign groups", 7, 1, 2, PROOF_FULL, CATEGORY_BRUTE_FORCE, NET, NULL,
		    LEVEL_BLOCK, 0 },
		{ "spoofable", 7, 0, 0, PROOF_WEAK, CATEGORY_BRUTE_FORCE, NET, NULL, LEVEL_CLEAR,
		    0 },
		{ "abuse of service", 7, 0, 0, PROOF_FULL, CATEGORY_PROXY, NET, NULL, LEVEL_CLEAR,
		    0 },
		{ "private", 7, 0, 0, PROOF_FULL, CATEGORY_BRUTE_FORCE, PRIVATE, NULL, LEVEL_CLEAR,
		    1 },
		{ "allowed", 7, 0, 0, PROOF_FULL, CATEGORY_BRUTE_FORCE, NET, "20.0.0.0/30",
		    LEVEL_CLEAR, 1 },
		{ "a neighbour allowed", 7, 0, 0, PROOF_FULL, CATEGORY_BRUTE_FORCE, NET, "20.0.0.1",
		    LEVEL_BLOCK, 0 },
	};
	static const enum action action[] = { [LEVEL_WATCH] = ACTION_TAG,
		[LEVEL_FRICTION] = ACTION_GREYLIST,
		[LEVEL_BLOCK] = ACTION_DROP };

	for (unsigned i = 0; i < NELEM(cases); i++) {
		struct judge *j = world_judge();
		const struct policy_decision *d;
		struct policy_list l;

		judge_group(j, 1, 0.9, false);
		judge_group(j, 2, 0.9, false);
		for (unsigned t = 0; t < cases[i].days; t++) {
			see_as(
			    j, cases[i].host, cases[i].category, cases[i].proof, t, cases[i].group);
			see_as(j, cases[i].host, cases[i].category, cases[i].proof, t,
			    cases[i].group_2);
		}
		l = decide(j, NOON, cases[i].never, 0);
		d = l.n ? &l.v[0] : NULL;
		if ((d ? d->now.level : LEVEL_CLEAR) != cases[i].level ||
		    l.spared != cases[i].spared)
			fail_msg("%s: %u decided, %u spared", cases[i].label, l.n, l.spared);
		if (d && d->now.level) {
			assert_int_equal(d->key.kind, ENTITY_ADDR);
			assert_int_equal(d->now.action, action[d->now.level]);
			assert_int_equal(d->now.since_s, NOON);
			assert_int_equal(d->now.until_s,
			    d->now.level == LEVEL_BLOCK
				? NOON + DAY_S
				: (int64_t)(TODAY + (d->now.level == LEVEL_FRICTION ? 30 : 2)) *
				      DAY_S);
			assert_true(strlen(d->reason) > 20);
		}
		policy_done(&l);
		judge_free(j);
	}
}

/* A burst of one day: an hour, whatever is thought of next week. */
static void hits(void **state)
{
	static const struct {
		uint64_t count;
		enum proof proof;
		unsigned lag, group;
		enum level level;
	} cases[] = {
		{ 4, PROOF_FULL, 0, 0, LEVEL_FRICTION },
		{ 5, PROOF_FULL, 0, 0, LEVEL_BLOCK },
		{ 5, PROOF_WEAK, 0, 0, LEVEL_CLEAR },
		{ 5, PROOF_FULL, 0, 1, LEVEL_CLEAR },
		{ 5, PROOF_FULL, 1, 0, LEVEL_BLOCK },
		{ 5, PROOF_FULL, 2, 0, LEVEL_CLEAR },
	};

	for (unsigned i = 0; i < NELEM(cases); i++) {
		struct judge *j = world_judge();
		struct policy_list l;

		judge_group(j, 1, 0.9, false);
		assert_int_equal(judge_add(j, addr_of_v4(NET), CATEGORY_BRUTE_FORCE, cases[i].proof,
				     TODAY - (int32_t)cases[i].lag, cases[i].group, cases[i].count),
		    0);
		l = decide(j, NOON, NULL, 0);
		if ((l.n ? l.v[0].now.level : LEVEL_CLEAR) != cases[i].level)
			fail_msg(
			    "case %u: %s", i, level_name(l.n ? l.v[0].now.level : LEVEL_CLEAR));
		if (l.n && l.v[0].now.level == LEVEL_BLOCK)
			assert_int_equal(l.v[0].now.until_s, NOON + DAY_S / 24);
		policy_done(&l);
		judge_free(j);
	}
}

/* What an operator sets is what decides, and the release goes with it. */
static void thresholds(void **state)
{
	static const struct {
		const char *label;
		enum threshold t;
		double v;
		bool decided, kept;
	} cases[] = {
		{ "standard", THRESHOLD_ADDR_P7, 0.35, true, true },
		{ "a chance that it does not reach", THRESHOLD_ADDR_P7, 0.95, false, true },
		{ "so far above that it is let go", THRESHOLD_ADDR_P7, 3.8, false, false },
		{ "a weight that it does not reach", THRESHOLD_ADDR_WEIGHT, 1.01, false, true },
		{ "of blocks alone", THRESHOLD_BLOCK_HOSTS, 256, true, true },
	};
	const struct policy_standing wall = { .key = { .kind = ENTITY_ADDR,
						  .addr = addr_of_v4(NET) },
		.state = { LEVEL_BLOCK, ACTION_DROP, NOON - 60, NOON + 60, 1, NOON - 60, 0 } };

	for (unsigned i = 0; i < NELEM(cases); i++) {
		struct thresholds t = thresholds_standard();
		struct policy_conf c = { .at_s = NOON, .thresholds = &t };
		struct judge *j = world_judge();
		struct policy_list l;
		bool decided;

		see(j, NET, week, NELEM(week), 0);
		run(j, &space);
		t.v[cases[i].t] = cases[i].v;
		assert_int_equal(policy_decide(j, &c, &l), 0);
		decided = l.n && l.v[0].now.level == LEVEL_BLOCK;
		policy_done(&l);
		c.standing = &wall;
		c.n_standing = 1;
		assert_int_equal(policy_decide(j, &c, &l), 0);
		assert_int_equal(l.n, 1);
		if (decided != cases[i].decided ||
		    (l.v[0].now.level == LEVEL_BLOCK) != cases[i].kept)
			fail_msg("%s: %sdecided, then %s", cases[i].label, decided ? "" : "not ",
			    level_name(l.v[0].now.level));
		policy_done(&l);
		judge_free(j);
	}
}

/* Deciding again without new evidence renews nothing: its end is what it was at birth, then comes probation, then
 * it is slowed down until 30 days after that evidence. New evidence after it began is the next episode. */
static void ends(void **state)
{
	static const struct {
		int64_t after_s; /* NOON */
		bool again;	 /* seen on that day */
		enum level level;
		int64_t since_s, until_s; /* after NOON */
		int32_t episode;
	} cases[] = {
		{ 0, true, LEVEL_BLOCK, 0, DAY_S, 1 },
		{ DAY_S - 1, false, LEVEL_BLOCK, 0, DAY_S, 1 },
		{ DAY_S, false, LEVEL_PROBATION, DAY_S, 2 * DAY_S, 1 },
		{ 2 * DAY_S - 1, false, LEVEL_PROBATION, DAY_S, 2 * DAY_S, 1 },
		{ 2 * DAY_S - 1, true, LEVEL_BLOCK, 2 * DAY_S - 1, 4 * DAY_S - 1, 2 },
		{ 2 * DAY_S, false, LEVEL_FRICTION, 2 * DAY_S, 30 * DAY_S - DAY_S / 2, 1 },
		{ 30 * DAY_S - DAY_S / 2, false, LEVEL_CLEAR, 0, 0, 1 },
	};

	for (unsigned i = 0; i < NELEM(cases); i++) {
		int64_t at_s = NOON + cases[i].after_s;
		struct judge *j = judge_new(&(struct judge_conf){ .today = day_of(at_s) });
		struct policy_standing wall = { .key = { .kind = ENTITY_ADDR,
						    .addr = addr_of_v4(NET) },
			.state = { LEVEL_BLOCK, ACTION_DROP, NOON, NOON + DAY_S, 1, NOON, NOON } };
		struct policy_list l;
		struct decide_state s;

		judge_group(j, 0, 1, true);
		for (int32_t d = 0; d < 7; d++)
			assert_int_equal(judge_add(j, addr_of_v4(NET), CATEGORY_BRUTE_FORCE,
					     PROOF_FULL, TODAY - d, 0, 1),
			    0);
		if (cases[i].again)
			assert_int_equal(judge_add(j, addr_of_v4(NET), CATEGORY_BRUTE_FORCE,
					     PROOF_FULL, day_of(at_s), 0, 1),
			    0);
		l = decide_after(j, at_s, NULL, 0, &wall, i > 0);
		assert_int_equal(l.n, 1);
		s = l.v[0].now;
		if (s.level != cases[i].level || s.episode != cases[i].episode ||
		    (s.level && (s.since_s - NOON != cases[i].since_s ||
				    s.until_s - NOON != cases[i].until_s)))
			fail_msg("case %u: %s from %jd to %jd, episode %d", i, level_name(s.level),
			    (intmax_t)(s.since_s - NOON), (intmax_t)(s.until_s - NOON), s.episode);
		policy_done(&l);
		judge_free(j);
	}
}

static uint32_t n_block(const struct policy_list *l)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < l->n; i++)
		n += l->v[i].key.kind == ENTITY_BLOCK && l->v[i].now.level >= LEVEL_FRICTION;
	return n;
}

static void blocks(void **state)
{
	static const struct {
		const char *label;
		unsigned hosts, days;
		const char *never;
		uint32_t decided;
	} cases[] = {
		{ "many over the week", 40, 7, NULL, 1 },
		{ "three hosts", 3, 7, NULL, 0 },
		{ "seven on one day", 7, 1, NULL, 0 },
		{ "forty on one day", 40, 1, NULL, 1 },
		{ "one of its addresses is allowed", 40, 7, "20.0.0.255", 0 },
	};

	for (unsigned i = 0; i < NELEM(cases); i++) {
		struct judge *j = world_judge();
		struct policy_list l;

		for (unsigned h = 0; h < cases[i].hosts; h++)
			see(j, NET + h, week, cases[i].days, 0);
		l = decide(j, NOON, cases[i].never, 0);
		if (n_block(&l) != cases[i].decided)
			fail_msg("%s: %u", cases[i].label, n_block(&l));
		for (uint32_t k = 0; k < l.n; k++) {
			if (l.v[k].key.kind != ENTITY_BLOCK || l.v[k].now.level < LEVEL_FRICTION)
				continue;
			assert_int_equal(l.v[k].now.action, ACTION_GREYLIST);
			assert_int_equal(l.v[k].now.level, LEVEL_FRICTION);
		}
		policy_done(&l);
		judge_free(j);
	}
}

static void budget(void **state)
{
	struct judge *j = world_judge();
	struct policy_list l;

	for (uint32_t b = 0; b < 8; b++)
		for (uint32_t h = 0; h < 40; h++)
			see(j, NET + b * 256 + h, week, 7, 0);
	l = decide(j, NOON, NULL, 3 * 256 + 255);
	assert_int_equal(n_block(&l), 3);
	assert_int_equal(l.over_budget, 5);
	assert_int_equal(l.level[LEVEL_BLOCK], 8 * 40);
	policy_done(&l);
	judge_free(j);
}

/* --- more than a block ---------------------------------------------------------------------------- */

static void look(void *ctx, const struct judge_key *key, struct policy_look *ret)
{
	int32_t held_from = *(const int32_t *)ctx;

	(void)key;
	ret->held_from = held_from;
}

static const struct policy_decision *of_kind(const struct policy_list *l, enum entity_kind kind)
{
	for (uint32_t i = 0; i < l->n; i++)
		if (l->v[i].key.kind == kind)
			return &l->v[i];
	return NULL;
}

/* A prefix of four blocks, of which some are full of attackers, in an AS that is large enough or not. */
static void networks(void **state)
{
	static const struct {
		const char *label, *rest;
		uint32_t bad;
		bool prefix, as;
		enum decide_spared spared;
	} cases[] = {
		{ "two of four", "20.16.0.0-20.31.255.255", 2, false, false, 0 },
		{ "three of four", "20.16.0.0-20.31.255.255", 3, true, false, 0 },
		{ "three of four, of a small AS", "20.16.0.0-20.16.0.255", 3, false, true,
		    DECIDE_SPARED_AS },
	};

	for (unsigned i = 0; i < NELEM(cases); i++) {
		int32_t held_from = INT32_MIN;
		struct policy_conf c = { .at_s = NOON, .look = look, .ctx = &held_from };
		struct judge *j = world_judge();
		const struct policy_decision *d;
		struct world w = { .n = 0 };
		struct policy_list l;

		world_put(&w, "20.0.0.0-20.0.3.255", 0, 0);
		world_put(&w, cases[i].rest, 1, 0);
		for (uint32_t b = 0; b < cases[i].bad; b++)
			for (uint32_t h = 0; h < 40; h++) /* on each day some that are new */
				see(j, NET + b * 256 + h, week, 1 + h % 7, 0);
		run(j, &w);
		assert_int_equal(policy_decide(j, &c, &l), 0);
		d = of_kind(&l, ENTITY_PREFIX);
		if ((d && d->now.level == LEVEL_FRICTION) != cases[i].prefix ||
		    (d ? d->spared : 0) != cases[i].spared)
			fail_msg("%s: the prefix", cases[i].label);
		d = of_kind(&l, ENTITY_AS);
		if ((d && d->now.level == LEVEL_FRICTION) != cases[i].as)
			fail_msg("%s: the AS", cases[i].label);
		d = of_kind(&l, ENTITY_ORG);
		if ((d && d->now.level == LEVEL_FRICTION) != cases[i].as)
			fail_msg("%s: the organisation", cases[i].label);
		policy_done(&l);
		judge_free(j);
	}
}

/* What stood when the space was another's is forgotten, with its past; a wall of the new holder's time is not. */
static void handed_over(void **state)
{
	static const struct {
		int64_t since_s;
		bool kept;
	} cases[] = { { NOON - DAY_S, false }, { NOON - DAY_S / 2 - 1, false },
		{ NOON - DAY_S / 2, true }, { NOON - 60, true } };

	for (unsigned i = 0; i < NELEM(cases); i++) {
		int32_t held_from = TODAY;
		struct policy_standing wall = { .key = { .kind = ENTITY_ADDR,
						    .addr = addr_of_v4(NET) },
			.state = { LEVEL_BLOCK, ACTION_DROP, cases[i].since_s, NOON + DAY_S, 3,
			    cases[i].since_s, cases[i].since_s } };
		struct policy_conf c = { .at_s = NOON,
			.look = look,
			.ctx = &held_from,
			.standing = &wall,
			.n_standing = 1 };
		struct judge *j = world_judge();
		struct policy_list l;

		see(j, NET, (const unsigned[]){ 0 }, 1, 0); /* friction by itself */
		run(j, &space);
		assert_int_equal(policy_decide(j, &c, &l), 0);
		assert_int_equal(l.v[0].now.level, cases[i].kept ? LEVEL_BLOCK : LEVEL_FRICTION);
		assert_int_equal(l.v[0].now.episode, cases[i].kept ? 3 : 0);
		policy_done(&l);
		judge_free(j);
	}
}

/* Time to clean after notice (A8). */
static void response(void **state)
{
	struct response r = { 0 };

	assert_int_equal(response_grade(&r), 0);
	assert_true(response_days(&r) > 4.85 && response_days(&r) < 4.86); /* 14 ln 2 / 2 */
	for (unsigned i = 0; i < 40; i++)
		response_add(&r, 0.5, true);
	assert_true(response_days(&r) > 0.56 && response_days(&r) < 0.562);
	assert_int_equal(response_grade(&r), 'A');
	response_add(&r, 300, false);
	assert_int_equal(response_grade(&r), 'C');
	response_add(&r, 4000, false);
	assert_int_equal(response_grade(&r), 'F');
	response_add(&r, -1, true); /* a clock that is wrong */
	assert_int_equal(r.cases, 43);
	assert_int_equal(r.cleaned, 41);
	assert_true(r.at_risk >= 4320 && r.at_risk <= 4320);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses),
		cmocka_unit_test(hits),
		cmocka_unit_test(thresholds),
		cmocka_unit_test(ends),
		cmocka_unit_test(blocks),
		cmocka_unit_test(budget),
		cmocka_unit_test(networks),
		cmocka_unit_test(handed_over),
		cmocka_unit_test(response),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
