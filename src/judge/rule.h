/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rules of the policy (scoring.md, B1): from a judgement to the facts that decide.h asks for, and to the sentence in
 * which a decision tells its reason. Inside this room. */
#ifndef ONUS_JUDGE_RULE_H
#define ONUS_JUDGE_RULE_H

#include "core/threshold.h"
#include "judge/decide.h"
#include "judge/judge.h"

struct rules {
	const struct judge *j;
	const struct thresholds *thresholds; /* NULL: the standard ones */
};
double rule_threshold(const struct rules *c, enum threshold t);

/* rule_arrivals - new attackers expected in 7 days; without abuse-of-service */
double rule_arrivals(const struct judgement *g);

/* struct rule_said - what a reason is told with */
struct rule_said {
	double p7, m, bound;
	uint64_t hits;
	int32_t verified_last;
	uint32_t hosts;		       /* verified within 7 days */
	uint32_t condemned, announced; /* blocks */
	unsigned groups;
	bool alone;	    /* by the hits of one day */
	uint32_t users;	    /* per address; 0 is 1 */
	const char *shared; /* of an address: who shares it; or NULL; borrowed */
};

/* rule_facts - of an entity with evidence, whose judgement it is */
void rule_facts(const struct rules *c, const struct judgement *g, struct decide_facts *ret,
    struct rule_said *ret_said);

/* rule_reason - of what has begun; owned by the caller, NULL: out of memory */
char *rule_reason(const struct judge_key *key, const struct decide_state *now,
    const struct decide_state *was, const struct rule_said *s);

#endif
