/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What warrants may do, and what they put in the place of what the rules decide. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "judge/warranted.h"
#include "util/macro.h"

#define NOW  INT64_C(1790000000)
#define HOUR INT64_C(3600)

static struct warrant_case of_as(uint32_t index, int64_t since_s, uint64_t v4)
{
	return (struct warrant_case){ .w = { .entity = entity_as(64500 + index),
					  .action = ACTION_REJECT,
					  .since_s = since_s,
					  .until_s = since_s + 24 * HOUR,
					  .by = "alice",
					  .why = "ticket 17" },
		.size = { .v4 = v4 },
		.key = { .kind = ENTITY_AS, .index = index } };
}

static const struct warrant_space world = { .v4 = UINT64_C(3) << 30, .v6 = 1000 };

static void test_verdicts(void **state)
{
	const uint64_t bound = (UINT64_C(3) << 30) / WARRANT_SHARE;
	const struct {
		const char *label;
		enum warrant_verdict given, want;
		int64_t since_s, until_s;
		uint64_t v4, v6;
		bool forced;
	} cases[] = {
		{ "stands", WARRANT_GOOD, WARRANT_GOOD, NOW, NOW + 1, 256, 0, false },
		{ "its last second is over", WARRANT_GOOD, WARRANT_ENDED, NOW - 5, NOW, 256, 0,
		    false },
		{ "a stranger's that has ended", WARRANT_STRANGER, WARRANT_ENDED, NOW - 5, NOW, 0,
		    0, false },
		{ "a stranger's", WARRANT_STRANGER, WARRANT_STRANGER, NOW, NOW + 5, 0, 0, false },
		{ "what is none has no end", WARRANT_NONE, WARRANT_NONE, 0, 0, 0, 0, false },
		{ "clocks differ a little", WARRANT_GOOD, WARRANT_GOOD, NOW + 300, NOW + 900, 256,
		    0, false },
		{ "clocks differ much", WARRANT_GOOD, WARRANT_EARLY, NOW + 301, NOW + 900, 256, 0,
		    false },
		{ "never", WARRANT_NEVER, WARRANT_NEVER, NOW, NOW + 5, 256, 0, true },
		{ "as much as may be", WARRANT_GOOD, WARRANT_GOOD, NOW, NOW + 5, bound,
		    WARRANT_LEAST, false },
		{ "one address more", WARRANT_GOOD, WARRANT_WIDE, NOW, NOW + 5, bound + 1, 0,
		    false },
		{ "one /48 more", WARRANT_GOOD, WARRANT_WIDE, NOW, NOW + 5, 0, WARRANT_LEAST + 1,
		    false },
		{ "and forced", WARRANT_GOOD, WARRANT_GOOD, NOW, NOW + 5, bound + 1, 0, true },
	};

	for (unsigned i = 0; i < NELEM(cases); i++) {
		struct warrant_case x = of_as(1, cases[i].since_s, cases[i].v4);
		struct warrant_space covered;

		x.w.until_s = cases[i].until_s;
		x.w.forced = cases[i].forced;
		x.size.v6 = cases[i].v6;
		x.verdict = cases[i].given;
		warrants_judge(&x, 1, NOW, world, &covered);
		if (x.verdict != cases[i].want)
			fail_msg("%s: %s", cases[i].label, warrant_verdict_name(x.verdict));
		assert_int_equal(covered.v4, x.verdict == WARRANT_GOOD ? cases[i].v4 : 0);
		assert_int_equal(covered.v6, x.verdict == WARRANT_GOOD ? cases[i].v6 : 0);
	}
	for (unsigned v = 0; v < WARRANT_VERDICT_N; v++)
		assert_true(*warrant_verdict_name((enum warrant_verdict)v) &&
			    *warrant_verdict_text((enum warrant_verdict)v));
}

/* All of them share the bound: the first has it, in whatever order they come; what is forced takes none of it. */
static void test_bound(void **state)
{
	const uint64_t bound = warrant_bound(world).v4;
	static const unsigned orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 },
		{ 2, 0, 1 }, { 2, 1, 0 } };

	for (unsigned o = 0; o < NELEM(orders); o++) {
		struct warrant_case all[3] = { of_as(1, NOW - 9, bound - 10), of_as(2, NOW - 8, 11),
			of_as(3, NOW - 10, bound) };
		struct warrant_case v[3];
		struct warrant_space covered;

		all[2].w.forced = true;
		for (unsigned i = 0; i < 3; i++)
			v[i] = all[orders[o][i]];
		warrants_judge(v, 3, NOW, world, &covered);
		for (unsigned i = 0; i < 3; i++)
			assert_int_equal(
			    v[i].verdict, v[i].key.index == 2 ? WARRANT_WIDE : WARRANT_GOOD);
		assert_int_equal(covered.v4, 2 * bound - 10);
	}
}

static void test_needed(void **state)
{
	static const struct {
		enum entity_kind kind;
		enum level level;
		enum action action;
		int32_t episode;
		bool want;
	} cases[] = {
		{ ENTITY_AS, LEVEL_FRICTION, ACTION_GREYLIST, 1, false },
		{ ENTITY_AS, LEVEL_PROBATION, ACTION_TAG, 1, false },
		{ ENTITY_AS, LEVEL_BLOCK, ACTION_REJECT, 1, true },
		{ ENTITY_AS, LEVEL_FRICTION, ACTION_REJECT, 1, true },
		{ ENTITY_AS, LEVEL_BLOCK, ACTION_TAG, 0, true },
		{ ENTITY_ORG, LEVEL_PROBATION, ACTION_DROP, 1, true },
		{ ENTITY_COUNTRY, LEVEL_WATCH, ACTION_TAG, 1, true },
		{ ENTITY_PREFIX, LEVEL_BLOCK, ACTION_REJECT, 2, false },
		{ ENTITY_PREFIX, LEVEL_BLOCK, ACTION_REJECT, 0, true },
		{ ENTITY_ADDR, LEVEL_BLOCK, ACTION_DROP, 1, false },
		{ ENTITY_ADDR, LEVEL_FRICTION, ACTION_GREYLIST, 0, false },
	};

	for (unsigned i = 0; i < NELEM(cases); i++)
		if (warrant_needed(cases[i].kind, cases[i].level, cases[i].action,
			cases[i].episode) != cases[i].want)
			fail_msg("case %u", i);
}

/* --- what is decided ---------------------------------------------------------------------------- */

#define AS(i)                                                                                      \
	{                                                                                          \
		.kind = ENTITY_AS, .index = (i)                                                    \
	}

static const struct decide_state friction = { .level = LEVEL_FRICTION,
	.action = ACTION_GREYLIST,
	.since_s = NOW - HOUR,
	.until_s = NOW + HOUR,
	.episode = 2,
	.after_s = NOW - HOUR,
	.clean_s = NOW - HOUR };

static const struct decide_state wall = { .level = LEVEL_BLOCK,
	.action = ACTION_REJECT,
	.since_s = NOW - HOUR,
	.until_s = NOW + 23 * HOUR };

static struct policy_list list_of(const struct policy_decision *v, uint32_t n)
{
	struct policy_list l = { .n = n };

	l.v = calloc(n + 1, sizeof(*l.v));
	assert_non_null(l.v);
	if (n)
		memcpy(l.v, v, n * sizeof(*v));
	for (uint32_t i = 0; i < n; i++)
		l.level[v[i].now.level]++;
	return l;
}

static void decide(struct policy_list *l, const struct policy_standing *standing, uint32_t n_rules,
    uint32_t n, const struct warrant_case *v, size_t n_v)
{
	assert_int_equal(warrants_decide(l, standing, n_rules, n, v, n_v), 0);
}

static void test_begins(void **state)
{
	const struct policy_decision rule = {
		.key = AS(7), .standing = POLICY_NEW, .now = friction, .reason = strdup("full")
	};
	struct warrant_case v[] = { of_as(7, NOW, 256), of_as(8, NOW, 256), of_as(9, NOW, 256) };
	struct policy_list l = list_of(&rule, 1);
	const struct policy_decision *d;

	v[2].verdict = WARRANT_STRANGER;
	decide(&l, NULL, 0, 0, v, NELEM(v));
	assert_int_equal(l.n, 3);
	d = &l.v[0]; /* the rule's does not begin */
	assert_int_equal(d->now.level, LEVEL_CLEAR);
	assert_int_equal(d->now.episode, 0);
	assert_null(d->reason);
	for (uint32_t i = 1; i < 3; i++) {
		d = &l.v[i];
		assert_int_equal(d->key.index, 6 + i);
		assert_int_equal(d->standing, POLICY_NEW);
		assert_int_equal(d->warranted, ACTION_REJECT);
		assert_int_equal(d->now.level, LEVEL_BLOCK);
		assert_int_equal(d->now.action, ACTION_REJECT);
		assert_int_equal(d->now.since_s, NOW);
		assert_int_equal(d->now.until_s, NOW + 24 * HOUR);
		assert_int_equal(d->now.episode, 0);
		assert_string_equal(d->reason, "signed by alice: ticket 17");
	}
	assert_int_equal(l.level[LEVEL_BLOCK], 2);
	assert_int_equal(l.level[LEVEL_FRICTION], 0);
	policy_done(&l);
}

/* What stands by a rule is lifted, its past stays; whether the policy has looked at it or not. */
static void test_aside(void **state)
{
	const struct policy_standing standing = { .key = AS(7), .state = friction };
	const struct warrant_case v = of_as(7, NOW, 256);

	for (unsigned looked_at = 0; looked_at < 2; looked_at++) {
		const struct policy_decision rule = {
			.key = AS(7), .standing = 0, .was = friction, .now = friction
		};
		struct policy_list l = list_of(&rule, looked_at);

		decide(&l, &standing, 1, 1, &v, 1);
		assert_int_equal(l.n, 2);
		assert_int_equal(l.v[0].standing, 0);
		assert_int_equal(l.v[0].was.level, LEVEL_FRICTION);
		assert_int_equal(l.v[0].now.level, LEVEL_CLEAR);
		assert_int_equal(l.v[0].now.episode, 2);
		assert_int_equal(l.v[0].now.after_s, NOW - HOUR);
		assert_int_equal(l.v[1].now.level, LEVEL_BLOCK);
		assert_int_equal(l.v[1].standing, POLICY_NEW);
		policy_done(&l);
	}
}

/* One that stood is nothing new; another one about the same is; none, whether it has ended or was taken back, and it ends
 * without probation, and the rules decide again. */
static void test_stands(void **state)
{
	const struct policy_standing standing[] = { { .key = AS(7), .state = { .episode = 2 } },
		{ .key = AS(7), .state = wall } };
	const struct warrant_case same = of_as(7, NOW - HOUR, 256), later = of_as(7, NOW, 256);
	const struct policy_decision rule = {
		.key = AS(7), .standing = 0, .was = { .episode = 2 }, .now = friction
	};
	struct policy_list l = { .n = 0 };

	decide(&l, standing, 1, 2, &same, 1);
	assert_int_equal(l.n, 1);
	assert_int_equal(l.v[0].standing, 1);
	assert_true(policy_same(&l.v[0]));
	policy_done(&l);

	decide(&l, standing, 1, 2, &later, 1);
	assert_int_equal(l.n, 1);
	assert_false(policy_same(&l.v[0]));
	assert_int_equal(l.v[0].now.until_s, NOW + 24 * HOUR);
	policy_done(&l);

	l = list_of(&rule, 1);
	decide(&l, standing, 1, 2, NULL, 0);
	assert_int_equal(l.n, 2);
	assert_int_equal(l.v[0].now.level, LEVEL_FRICTION);
	assert_int_equal(l.v[1].standing, 1);
	assert_int_equal(l.v[1].was.level, LEVEL_BLOCK);
	assert_int_equal(l.v[1].now.level, LEVEL_CLEAR);
	assert_int_equal(l.v[1].warranted, ACTION_TAG);
	policy_done(&l);
}

/* What the registry knows no more has a key all the same, which may be another's by now. */
static void test_unknown(void **state)
{
	const struct policy_standing standing[] = { { .key = AS(7), .state = friction },
		{ .key = AS(7), .unknown = true, .state = friction } };
	const struct policy_decision rule = {
		.key = AS(7), .standing = 1, .was = friction, .now = friction
	};
	const struct warrant_case v = of_as(7, NOW, 256);
	struct policy_list l = list_of(&rule, 1);

	decide(&l, standing, 2, 2, &v, 1);
	assert_int_equal(l.n, 3);
	assert_int_equal(l.v[0].now.level, LEVEL_FRICTION);
	assert_int_equal(l.v[1].standing, 0);
	assert_int_equal(l.v[1].now.level, LEVEL_CLEAR);
	assert_int_equal(l.v[2].now.level, LEVEL_BLOCK);
	policy_done(&l);
}

/* Countries have no index, and addresses no country. */
static void test_keys(void **state)
{
	struct warrant_case v[] = { of_as(0, NOW, 256), of_as(1, NOW, 256), of_as(2, NOW, 1) };
	struct policy_standing standing[] = { { .key = { .kind = ENTITY_COUNTRY, .country = "NL" },
						  .state = wall },
		{ .key = { .kind = ENTITY_COUNTRY, .country = "BE" }, .state = wall } };
	struct policy_list l = { .n = 0 };

	v[0].key = (struct judge_key){ .kind = ENTITY_COUNTRY, .country = "NL" };
	v[1].key = (struct judge_key){ .kind = ENTITY_COUNTRY, .country = "DE" };
	v[2].key = (struct judge_key){ .kind = ENTITY_ADDR, .addr = { 0, 5 } };
	decide(&l, standing, 0, 2, v, NELEM(v));
	assert_int_equal(l.n, 4);
	for (uint32_t i = 0; i < l.n; i++) {
		const struct policy_decision *d = &l.v[i];
		bool nl = strcmp(d->key.country, "NL") == 0, be = strcmp(d->key.country, "BE") == 0;

		assert_int_equal(d->standing, nl ? 0 : be ? 1 : POLICY_NEW);
		assert_int_equal(d->now.level, be ? LEVEL_CLEAR : LEVEL_BLOCK);
	}
	policy_done(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_bound), cmocka_unit_test(test_needed),
		cmocka_unit_test(test_begins), cmocka_unit_test(test_aside),
		cmocka_unit_test(test_stands), cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_keys) };

	return cmocka_run_group_tests_name("warranted", tests, NULL, NULL);
}
