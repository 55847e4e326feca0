/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The policy: from judgements to walls. Pure. What it knows (scoring.md, B1 to B3):
 *
 * (the numbers are standard thresholds, which an operator may change: core/threshold.h, scoring.md B6)
 *   addr   p7 >= 0.35 with a day weight >= 0.5, seen by an anchor or by two groups → block, drop
 *   block  >= 4 verified hosts in 7 days on >= 2 days (or >= 8 on one), arrivals >= 1 or m >= 4,
 *          m_low >= 0.5, an anchor or two groups → friction, greylist
 *
 * Never: special-purpose addresses, the administrator's own networks, the allow list (a block that
 * overlaps any of them is left alone), abuse-of-service. A decision has its expiry at birth: 24 hours
 * after the end of the day of the last verified sighting; deciding again without new evidence gives
 * the same expiry, so nothing is renewed by itself. */
#ifndef ONUS_JUDGE_POLICY_H
#define ONUS_JUDGE_POLICY_H

#include "core/decision.h"
#include "core/threshold.h"
#include "judge/judge.h"
#include "net/addrset.h"

struct policy_conf {
	int64_t at_s; /* the instant; decisions that would have ended by then are not made */
	const struct addrset *never; /* own networks and allow list; borrowed, NULL for none */
	const struct thresholds
	    *thresholds; /* borrowed; NULL: the standard ones. A /48 counts as 256 in the budget */
	/* After judge_update: decide about what it has judged anew alone. Walls around blocks that stand
	 * already have their part of the budget, `standing` of them, and is_standing tells which. */
	bool changed;
	uint64_t standing;
	bool (*is_standing)(void *ctx, const struct judge_key *key);
	void *ctx;
};

struct policy_decision {
	struct judge_key key; /* addr or block */
	enum action action;
	enum level level;
	int64_t since_s, until_s;
	char reason[200]; /* one sentence for people */
};

struct policy_list {
	struct policy_decision *v; /* owned; by kind, then address */
	uint32_t n;
	uint32_t spared; /* would have been decided but for own networks, allow list, special */
	uint32_t over_budget; /* blocks left alone because the budget was spent */
};

/* policy_decide - all decisions of a finished judge_run or judge_update; -ENOMEM. The caller ends with policy_done. */
MUST_USE int policy_decide(
    const struct judge *j, const struct policy_conf *c, struct policy_list *ret);
/* policy_keeps - may a decision on this addr or block that was made before, and is not made again, stand
 * until its end? Not when it has become one of never, and not below the release threshold of B1 (p7
 * < 0.09; arrivals < 0.25; in proportion where their thresholds were changed), which is also what an entity without evidence is. */
bool policy_keeps(const struct judge *j, const struct policy_conf *c, const struct judge_key *key);

void policy_done(struct policy_list *l); /* frees; callable on a zeroed struct */

#endif
