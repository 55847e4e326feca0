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

static struct policy_list decide(struct judge *j, int64_t at_s, const char *never, uint64_t budget)
{
	struct thresholds t = thresholds_standard();
	struct policy_conf c = { .at_s = at_s, .thresholds = budget ? &t : NULL };
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
		uint32_t decided, spared;
	} cases[] = {
		{ "a week, seen here", 7, 0, 0, PROOF_FULL, CATEGORY_BRUTE_FORCE, NET, NULL, 1, 0 },
		{ "one day is too little", 1, 0, 0, PROOF_FULL, CATEGORY_BRUTE_FORCE, NET, NULL, 0,
		    0 },
		{ "one foreign group", 7, 1, 1, PROOF_FULL, CATEGORY_BRUTE_FORCE, NET, NULL, 0, 0 },
		{ "two foreign groups", 7, 1, 2, PROOF_FULL, CATEGORY_BRUTE_FORCE, NET, NULL, 1,
		    0 },
		{ "spoofable", 7, 0, 0, PROOF_WEAK, CATEGORY_BRUTE_FORCE, NET, NULL, 0, 0 },
		{ "abuse of service", 7, 0, 0, PROOF_FULL, CATEGORY_PROXY, NET, NULL, 0, 0 },
		{ "private", 7, 0, 0, PROOF_FULL, CATEGORY_BRUTE_FORCE, PRIVATE, NULL, 0, 1 },
		{ "allowed", 7, 0, 0, PROOF_FULL, CATEGORY_BRUTE_FORCE, NET, "20.0.0.0/30", 0, 1 },
		{ "a neighbour allowed", 7, 0, 0, PROOF_FULL, CATEGORY_BRUTE_FORCE, NET, "20.0.0.1",
		    1, 0 },
	};

	for (unsigned i = 0; i < NELEM(cases); i++) {
		struct judge *j = world_judge();
		struct policy_list l;

		judge_group(j, 1, 0.9, false);
		judge_group(j, 2, 0.9, false);
		for (unsigned d = 0; d < cases[i].days; d++) {
			see_as(
			    j, cases[i].host, cases[i].category, cases[i].proof, d, cases[i].group);
			see_as(j, cases[i].host, cases[i].category, cases[i].proof, d,
			    cases[i].group_2);
		}
		l = decide(j, NOON, cases[i].never, 0);
		if (l.n != cases[i].decided || l.spared != cases[i].spared)
			fail_msg("%s: %u decided, %u spared", cases[i].label, l.n, l.spared);
		if (l.n) {
			assert_int_equal(l.v[0].key.kind, ENTITY_ADDR);
			assert_int_equal(l.v[0].action, ACTION_DROP);
			assert_int_equal(l.v[0].level, LEVEL_BLOCK);
			assert_int_equal(l.v[0].since_s, NOON);
			assert_int_equal(l.v[0].until_s, (int64_t)(TODAY + 2) * DAY_S);
			assert_true(strlen(l.v[0].reason) > 20);
		}
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

	for (unsigned i = 0; i < NELEM(cases); i++) {
		struct thresholds t = thresholds_standard();
		struct policy_conf c = { .at_s = NOON, .thresholds = &t };
		struct judge_key key = { .kind = ENTITY_ADDR, .addr = addr_of_v4(NET) };
		struct judge *j = world_judge();
		struct policy_list l;

		see(j, NET, week, NELEM(week), 0);
		run(j, &space);
		t.v[cases[i].t] = cases[i].v;
		assert_int_equal(policy_decide(j, &c, &l), 0);
		if (l.n != cases[i].decided || policy_keeps(j, &c, &key) != cases[i].kept)
			fail_msg("%s: %u decided, %s", cases[i].label, l.n,
			    policy_keeps(j, &c, &key) ? "kept" : "let go");
		policy_done(&l);
		judge_free(j);
	}
}

/* Deciding again without new evidence renews nothing; once it has ended it stays ended. */
static void ends(void **state)
{
	static const struct {
		int64_t at_s;
		uint32_t n;
	} cases[] = {
		{ NOON, 1 },
		{ (int64_t)(TODAY + 1) * DAY_S, 1 },
		{ (int64_t)(TODAY + 2) * DAY_S - 1, 1 },
		{ (int64_t)(TODAY + 2) * DAY_S, 0 },
		{ (int64_t)(TODAY + 3) * DAY_S, 0 },
	};

	for (unsigned i = 0; i < NELEM(cases); i++) {
		struct judge *j = judge_new(&(struct judge_conf){ .today = day_of(cases[i].at_s) });
		struct policy_list l;

		judge_group(j, 0, 1, true);
		see(j, NET, week, NELEM(week), 0);
		l = decide(j, cases[i].at_s, NULL, 0);
		assert_int_equal(l.n, cases[i].n);
		if (l.n)
			assert_int_equal(l.v[0].until_s, (int64_t)(TODAY + 2) * DAY_S);
		policy_done(&l);
		judge_free(j);
	}
}

static uint32_t n_block(const struct policy_list *l)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < l->n; i++)
		n += l->v[i].key.kind == ENTITY_BLOCK;
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
			if (l.v[k].key.kind != ENTITY_BLOCK)
				continue;
			assert_int_equal(l.v[k].action, ACTION_GREYLIST);
			assert_int_equal(l.v[k].level, LEVEL_FRICTION);
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
	assert_int_equal(l.n, 3 + 8 * 40);
	policy_done(&l);
	judge_free(j);
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
		cmocka_unit_test(thresholds),
		cmocka_unit_test(ends),
		cmocka_unit_test(blocks),
		cmocka_unit_test(budget),
		cmocka_unit_test(response),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
