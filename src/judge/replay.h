/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The replay: what decisions would have refused of one's own good traffic (core/good.h), had they stood all the time.
 * Pure. doc/decide.md, "Replay", says what follows from the figures, and why.
 *
 *	replay_new → replay_good …, replay_attack … → replay_decision, replay_range … → replay_run → the results
 *
 * Good traffic is added up by host (IPv4 address, IPv6 /64). A rule is all decisions of one kind of target, level and
 * action. Each rule, and each decision, is counted as if there was no other; the totals count a host once, under the
 * severest action that it meets. */
#ifndef ONUS_JUDGE_REPLAY_H
#define ONUS_JUDGE_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/decision.h"
#include "core/entity.h"
#include "core/good.h"

#define REPLAY_HOSTS_MAX                                                                           \
	(UINT32_C(1) << 22) /* what further hosts do counts in no share but is told */
#define REPLAY_NONE	  UINT32_MAX
#define REPLAY_KNOWN_DAYS 30 /* somebody is known good for so long (scoring.md, B3) */

/* Of a rule that would cost too much, so many decisions, the worst, are taken back; where that is not enough, all. */
#define REPLAY_SPARED_MIN   2u
#define REPLAY_SPARED_SHARE 0.05 /* of the rule's decisions, where these are more */

struct replay;

/* struct replay_sum - good traffic */
struct replay_sum {
	uint64_t count[GOOD_N]; /* by kind; [GOOD_NONE] is 0 */
	uint64_t hosts;
};

/* replay_new - hosts_max: of how many hosts it is remembered what they did; 0: REPLAY_HOSTS_MAX. NULL: out of memory */
struct replay *replay_new(uint32_t hosts_max);
struct replay *replay_free(struct replay *r); /* NULL-safe, returns NULL */

/* replay_good - host was seen doing something good, so many times; any of its addresses. 0 or -ENOMEM */
MUST_USE int replay_good(
    struct replay *r, struct addr host, enum good kind, uint64_t count, int32_t day);

/* replay_attack - a host attacked, verified by one's own, so many times. Of whom nothing good was told before, this
 * is forgotten. Who attacked at least as often as he was good is doubtful: his traffic is counted apart, and in no share,
 * or whoever delivers a mail before he attacks would be asked for. */
void replay_attack(struct replay *r, struct addr host, uint64_t count);

/* replay_is_attack - is what an anchor saw one? */
static inline bool replay_is_attack(enum category c, enum proof proof)
{
	enum family f = category_family(c);

	return proof == PROOF_FULL && f < FAMILY_SCORED_N && f != FAMILY_ABUSE_OF_SERVICE;
}

/* replay_known_before - of the hosts told so far, only those are carved out that were good in what `before` was told,
 * of earlier days, and attacked nobody there. Without it, whoever is good is taken for known. */
void replay_known_before(struct replay *r, const struct replay *before);

/* replay_decision - numbered from 0 in the order of the calls. -ENOMEM
 * replay_range - space that the newest decision is about, any number of times. -ENOMEM
 * replay_forget - all decisions; what is good stays, for the next ones */
MUST_USE int replay_decision(
    struct replay *r, enum entity_kind kind, enum level level, enum action action);
MUST_USE int replay_range(struct replay *r, struct range range);
void replay_forget(struct replay *r);

/* replay_run - put one against the other
 * max_loss   the largest share of messages, and of log-ins, that a rule may refuse; 0 to 1
 * 0 or -ENOMEM */
MUST_USE int replay_run(struct replay *r, double max_loss);

/* --- results of replay_run ----------------------------------------------------------------------- */

struct replay_totals {
	struct replay_sum good;		 /* all but doubtful: what shares are of */
	struct replay_sum doubtful;	 /* of whom attacked as often */
	struct replay_sum met[ACTION_N]; /* under the severest action: of good */
	struct replay_sum
	    carved;	 /* of met, greylist or worse: what carving known hosts out would save */
	uint64_t beyond; /* observations of more hosts than were remembered */
	int32_t first_day, last_day; /* of the observations; 0, -1: there are none */
};
void replay_totals(const struct replay *r, struct replay_totals *ret);

enum replay_verdict {
	REPLAY_WITHIN, /* the bound holds */
	REPLAY_SPARED, /* it holds without some decisions, which stay at tag */
	REPLAY_TAG,    /* it does not: the rule stays at tag */
	REPLAY_VERDICT_N
};

struct replay_rule {
	enum entity_kind kind;
	enum level level;
	enum action action; /* of ACTION_TAG, which refuses nothing, the verdict is always WITHIN */
	uint64_t decisions, at_tag;
	struct replay_sum met;
	struct replay_sum
	    carved; /* of met: hosts that attacked nobody, where the rule is about more than hosts */
	double loss; /* the larger share, of messages or of log-ins */
	enum replay_verdict verdict;
};
const char *replay_verdict_name(enum replay_verdict v);

/* replay_rules - those that have decisions, by kind, then level and action, the severest first; borrowed */
const struct replay_rule *replay_rules(const struct replay *r, unsigned *n);

struct replay_decided {
	enum entity_kind kind;
	enum level level;
	enum action action;
	struct replay_sum met;
	double loss;
	bool at_tag; /* it stays at tag */
};
uint32_t replay_n_decisions(const struct replay *r);
const struct replay_decided *replay_decided(const struct replay *r, uint32_t number); /* borrowed */

struct replay_host {
	struct addr addr;
	uint64_t count[GOOD_N], attacks;
	uint32_t
	    decision; /* the one with the severest action, of these the narrowest; or REPLAY_NONE */
	bool doubtful;
	bool carved; /* nobody attacked by it, and no decision is about it alone */
};
uint32_t replay_n_hosts(const struct replay *r);
void replay_host(const struct replay *r, uint32_t i, struct replay_host *ret);

/* replay_worst_decisions, replay_worst_hosts - numbers of those that cost anything, the worst first: of hosts, those
 * under greylist or worse that are not doubtful. Owned by the caller, who frees; NULL where there are none. 0 or -ENOMEM */
MUST_USE int replay_worst_decisions(const struct replay *r, uint32_t **ret, uint32_t *n);
MUST_USE int replay_worst_hosts(const struct replay *r, uint32_t **ret, uint32_t *n);

/* replay_share - of two sums, the larger share, of messages or of log-ins; 0 where nothing is known */
double replay_share(const struct replay_sum *part, const struct replay_sum *all);
/* replay_both - of two sums, the sum */
struct replay_sum replay_both(const struct replay_sum *a, const struct replay_sum *b);

#endif
