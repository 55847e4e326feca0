/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Merge order changes no decision: five batches of evidence, in each of the 120 orders in which they may be folded into
 * the ledger, and the same decisions with the same reasons, where room is short and something stands already. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "judge/policy.h"
#include "util/clock.h"
#include "world.h"

#define NOON	((int64_t)TODAY * DAY_S + DAY_S / 2)
#define NET	UINT32_C(0x14000000) /* 20.0.0.0 */
#define BATCHES 5
#define ORDERS	120

static void full_block(struct judge *j, uint32_t block, unsigned from, unsigned to, unsigned group)
{
	static const unsigned week[] = { 0, 1, 2, 3, 4, 5, 6 };

	for (unsigned h = from; h < to; h++)
		see(j, NET + block * 256 + h, week, 1 + h % 7, group);
}

static void hits(struct judge *j, enum proof p, uint64_t n)
{
	assert_int_equal(
	    judge_add(j, addr_of_v4(NET + 0x1000), CATEGORY_BRUTE_FORCE, p, TODAY, 0, n), 0);
}

/* Blocks one here, one there, and one that each of two groups has seen a half of; a host whose hits are enough together. */
static void fold(struct judge *j, unsigned batch)
{
	switch (batch) {
	case 0:
		full_block(j, 0, 0, 40, 0);
		break;
	case 1:
		full_block(j, 1, 0, 40, 0);
		hits(j, PROOF_FULL, 3);
		break;
	case 2:
		full_block(j, 2, 0, 25, 1);
		break;
	case 3:
		full_block(j, 2, 15, 40, 2);
		hits(j, PROOF_WEAK, 100);
		break;
	default:
		full_block(j, 1, 20, 40, 2);
		hits(j, PROOF_FULL, 2);
		break;
	}
}

static void look(void *ctx, const struct judge_key *key, struct policy_look *ret)
{
	memcpy(ret->country, "NL", 3);
	ret->users = key->kind == ENTITY_PREFIX ? 8 : 1;
}

/* It stands since yesterday, and has had its place since. */
static const struct policy_standing standing = {
	.key = { .kind = ENTITY_BLOCK, .addr = { 0, UINT64_C(0xffff14000200) } },
	.state = { LEVEL_FRICTION, ACTION_GREYLIST, NOON - DAY_S / 2, NOON + DAY_S / 2, 1,
	    NOON - DAY_S / 2, NOON - DAY_S / 2 },
};

static struct policy_list decide_after(const unsigned order[BATCHES])
{
	struct thresholds t = thresholds_standard();
	struct policy_conf c = {
		.at_s = NOON, .thresholds = &t, .standing = &standing, .n_standing = 1, .look = look
	};
	struct judge *j = world_judge();
	struct world w = { .n = 0 };
	struct policy_list l;

	judge_group(j, 1, 0.9, false);
	judge_group(j, 2, 0.9, false);
	world_put(&w, "20.0.0.0-20.0.3.255", 0, 0);
	world_put(&w, "20.16.0.0-20.31.255.255", 1, 0);
	for (unsigned i = 0; i < BATCHES; i++)
		fold(j, order[i]);
	run(j, &w);
	t.v[THRESHOLD_BUDGET] = 512 * 5; /* of a country two blocks */
	assert_int_equal(policy_decide(j, &c, &l), 0);
	judge_free(j);
	return l;
}

static void assert_same(const struct policy_list *a, const struct policy_list *b)
{
	assert_int_equal(a->n, b->n);
	for (uint32_t i = 0; i < a->n; i++) {
		const struct policy_decision *x = &a->v[i], *y = &b->v[i];

		assert_int_equal(x->key.kind, y->key.kind);
		assert_int_equal(addr_cmp(x->key.addr, y->key.addr), 0);
		assert_int_equal(x->key.index, y->key.index);
		assert_memory_equal(&x->now, &y->now, sizeof(x->now));
		assert_int_equal(x->spared, y->spared);
		assert_true((x->reason == NULL) == (y->reason == NULL));
		if (x->reason)
			assert_string_equal(x->reason, y->reason);
	}
}

/* That there is something to get wrong: walls, by hits too, one that has its room, and others for which there is none. */
static void assert_contested(const struct policy_list *l)
{
	bool hit = false, stands = false;

	for (uint32_t i = 0; i < l->n; i++) {
		const struct policy_decision *d = &l->v[i];

		hit |= d->key.kind == ENTITY_ADDR && addr_v4(d->key.addr) == NET + 0x1000 &&
		       d->now.level == LEVEL_BLOCK;
		stands |= d->key.kind == ENTITY_BLOCK && d->standing == 0 &&
			  d->now.level == LEVEL_FRICTION;
	}
	assert_true(hit && stands);
	assert_true(l->level[LEVEL_BLOCK] > 40 && l->over_budget > 0);
}

/* The k-th order. */
static void order_of(unsigned k, unsigned ret[BATCHES])
{
	unsigned left[BATCHES] = { 0, 1, 2, 3, 4 };

	for (unsigned i = 0; i < BATCHES; i++) {
		unsigned n = BATCHES - i, pick = k % n;

		k /= n;
		ret[i] = left[pick];
		for (unsigned m = pick; m + 1 < n; m++)
			left[m] = left[m + 1];
	}
}

static void every_order(void **state)
{
	unsigned order[BATCHES];
	struct policy_list first, l;

	order_of(0, order);
	first = decide_after(order);
	assert_contested(&first);
	for (unsigned k = 1; k < ORDERS; k++) {
		order_of(k, order);
		l = decide_after(order);
		assert_same(&first, &l);
		policy_done(&l);
	}
	policy_done(&first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
