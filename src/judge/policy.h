/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The policy: from judgements, and what stands already, to what stands from now on. Pure. decide.h has the states,
 * durations and caps; this has the rules (scoring.md, B1; the numbers are standard thresholds, which an operator may
 * change: core/threshold.h, B6):
 *
 *   addr   p7 >= 0.35 with a day weight >= 0.5, seen by an anchor or by two groups: a block of 24 hours x 2^(n-1); or
 *          5 verified hits on one day: of one hour x 2^(n-1). Half of that p7: friction, down to
 *          0.09. That p7, but one group's word alone or a lesser weight: watch
 *   block  >= 4 verified hosts in 7 days on >= 2 days (or >= 8 on one), arrivals >= 1 or m >= 4,
 *          m_low >= 0.5, an anchor or two groups: friction, from the second episode on a block. Arrivals >= 0.25: watch
 *   prefix, net   >= 3 of its blocks and >= 25 % of those it announces meet that rule, arrivals >= 0.25 a block
 *   as, org       bound >= 20 (judgement.guilt) and >= 30 % of its blocks meet that rule: friction, never more
 *
 * Never: special-purpose addresses, the administrator's own networks, the allow list (what overlaps any of them is
 * left alone), abuse-of-service. What stood when the space was somebody else's is forgotten. */
#ifndef ONUS_JUDGE_POLICY_H
#define ONUS_JUDGE_POLICY_H

#include "core/threshold.h"
#include "judge/decide.h"
#include "judge/judge.h"
#include "net/addrset.h"

/* struct policy_look - what the judge does not know of an entity; as it is given, nothing is known */
struct policy_look {
	bool never;	   /* of more than a block: it touches what is never to be touched */
	int32_t held_from; /* the day on which its holder got it; INT32_MIN */
	uint32_t users;	 /* per address, in the mean (B3): 1, 8 of dynamic access, 256 behind one */
	int64_t lease_s; /* of an address: it is one client's for so long; 0: for good */
	const char *shared; /* of an address: what is said of it, in its reason; NULL; lives as
			       long as policy_conf.ctx */
	char country[3];    /* "" */
};
/* So many users share an address; half as many, in the mean, what is wider. */
#define POLICY_MANY 256u
typedef void policy_look_fn(void *ctx, const struct judge_key *key, struct policy_look *ret);

/* policy_newest_fn - the instant, not later than it, of the newest verified evidence that an address or block has on a
 * day, where that can be told better than by the day; else the day's beginning */
typedef int64_t policy_newest_fn(void *ctx, const struct judge_key *key, int32_t day);

/* struct policy_standing - what the hub says of an entity: what stands, or only its past */
struct policy_standing {
	struct judge_key key;
	bool unknown; /* the registry has it no more: nothing is known but that */
	struct decide_state state;
	uint32_t tag; /* the keeper's own */
};
int policy_standing_cmp(const void *a, const void *b); /* by kind and key; unknown ones last */

struct policy_conf {
	int64_t at_s;		     /* the instant */
	const struct addrset *never; /* own networks and allow list; borrowed, NULL for none */
	const struct thresholds *thresholds; /* borrowed; NULL: the standard ones */
	const struct policy_standing
	    *standing; /* [n_standing], in the order of its cmp; borrowed */
	uint32_t n_standing;
	bool
	    changed; /* after judge_update: decide about what it has judged anew, and about what ends */
	policy_look_fn *look;	  /* NULL: nothing is decided about more than a block */
	policy_newest_fn *newest; /* NULL: days are what is known */
	void *ctx;		  /* of both */
};

#define POLICY_NEW UINT32_MAX

struct policy_decision {
	struct judge_key key;
	uint32_t standing; /* index in policy_conf.standing, or POLICY_NEW */
	struct decide_state was, now;
	enum decide_spared spared; /* why it is not more */
	enum action
	    warranted; /* what an operator's warrant says (warranted.h); ACTION_TAG: the rules decide */
	char *reason; /* owned; a sentence for people; NULL where what stands stood already */
};

/* policy_same - nothing is to be written: it is as it was */
bool policy_same(const struct policy_decision *d);

struct policy_list {
	struct policy_decision
	    *v; /* owned; addr, block, prefix, net, as, org, each by key; then what has no
				      evidence any more. What stands and was not looked at (`changed`) is left out. */
	uint32_t n;
	uint32_t spared; /* would have been decided but for own networks, allow list, special */
	uint32_t over_budget;	 /* left alone because there was no room */
	uint32_t level[LEVEL_N]; /* so many stand; not of `changed` */
};

/* policy_decide - all decisions of a finished judge_run or judge_update; -ENOMEM. The caller ends with policy_done. */
MUST_USE int policy_decide(
    const struct judge *j, const struct policy_conf *c, struct policy_list *ret);

void policy_done(struct policy_list *l); /* frees; callable on a zeroed struct */

#endif
