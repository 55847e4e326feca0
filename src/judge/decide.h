/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The escalation: what becomes of an entity from one instant to the next, and how much all of them may cover
 * (scoring.md, B1 to B3). It knows neither judge nor hub nor clock: facts and what stood before come in, what stands
 * from now on comes out.
 *
 *   clear → watch → friction → block → probation → clear
 *
 * An episode is a sentence of D_n = min(D0 x 2^(n-1), TTL), then a probation as long, in which the first
 * verified hit is the next sentence. Of an address the sentence is a block; of a block or network it is friction, and
 * from episode `block_from` on a block; of an AS or organisation friction for ever. Watch, and the friction of an address,
 * are no sentences: a watch ends two days after the evidence that it is from, or with it where it is withdrawn, friction 30
 * days after it. So that it does, friction follows on friction that is over, by what was verified meanwhile, and on probation.
 *
 * Of an address that many share, a block is over after a quarter of an hour; for the rest of D_n it is slowed down, and
 * what is seen of it meanwhile begins nothing; its friction ends as a watch does. What is shared by many in the mean has friction, and no block. Of an
 * address of a dynamic pool nothing lasts longer than a lease: then it is another's, who begins with the first episode.
 *
 * An end is set at birth. What was verified when a sentence began neither renews it nor begins the next
 * one; what is not verified begins a watch at most. */
#ifndef ONUS_JUDGE_DECIDE_H
#define ONUS_JUDGE_DECIDE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/decision.h"
#include "core/entity.h"

#define DECIDE_NEVER INT64_MIN /* an instant that has not been */

#define DECIDE_D0_S	    INT64_C(86400)    /* corroborated … */
#define DECIDE_D0_ALONE_S   INT64_C(3600)     /* … and not */
#define DECIDE_SHARED_S	    INT64_C(900)      /* at most, where many share an address */
#define DECIDE_FRESH_S	    INT64_C(172800)   /* older evidence begins nothing */
#define DECIDE_SLOW_S	    INT64_C(2592000)  /* friction of an address: so long after it */
#define DECIDE_CLEAN_S	    INT64_C(2592000)  /* so long nothing verified: one episode less */
#define DECIDE_EPISODES_S   INT64_C(15552000) /* so long after the last: none */
#define DECIDE_EPISODES_MAX 16
#define DECIDE_BLOCK_SIZE   256u /* addresses that a block counts for, a /48 too */

/* struct decide_rule - what differs by kind of entity (B1) */
struct decide_rule {
	int64_t ttl_s;
	int32_t early;		     /* up to this episode it may be let go before its end */
	enum action friction, block; /* block == friction: there is none */
	bool capped;		     /* counts in the budget (B3) … */
	bool of_as;		     /* … and in the part of its AS */
};

/* decide_rule - NULL: nothing is ever decided about such a kind */
const struct decide_rule *decide_rule(enum entity_kind kind);

/* decide_length - D_n: seconds of the n-th sentence, n >= 1 */
int64_t decide_length(enum entity_kind kind, bool corroborated, int32_t n);

/* struct decide_facts - what is known of an entity at an instant */
struct decide_facts {
	bool block;	    /* the rule for a sentence is met */
	bool friction;	    /* of an address: that for friction is … */
	bool linger;	    /* … or would be, down to the level at which it is let go */
	bool watch;	    /* that for a watch is */
	bool hold;	    /* it is not below the level at which it is let go */
	bool corroborated;  /* an anchor or two groups, by more than its hits of one day */
	bool shared;	    /* many people share the address, or most of these (CGNAT, an exit) */
	int64_t verified_s; /* of the newest verified evidence: not later than it; DECIDE_NEVER */
	int64_t seen_s;	    /* the same of any evidence */
	int64_t lease_s;    /* of an address: it is one client's for so long; 0: for good */
	bool full;	    /* there is no room: nothing begins, but what is seen is no less seen */
};

/* struct decide_state - what stands, and its past; zeroed: nothing, and none */
struct decide_state {
	enum level level; /* LEVEL_CLEAR: nothing stands */
	enum action action;
	int64_t since_s, until_s;
	int32_t episode; /* n: sentences so far, less one for every 30 clean days */
	int64_t after_s; /* what was verified up to then is of the past … */
	int64_t clean_s; /* … and since then nothing was, as far as n was not lowered for it */
};

/* decide_sentence - is this a sentence of such a kind? */
bool decide_sentence(enum entity_kind kind, enum level level);

/* decide_room - does it count in the budget? Of sentences also those that others have put at tag, which may end any time */
bool decide_room(enum entity_kind kind, const struct decide_state *s);

/* decide_next - what stands at an instant
 * block_from  from which episode on the sentence of a block or network is a block
 * was         at an earlier instant
 * The same facts at the same instant once more change nothing. */
void decide_next(enum entity_kind kind, int32_t block_from, const struct decide_facts *f,
    const struct decide_state *was, int64_t now_s, struct decide_state *ret);

/* decide_lift - nothing stands any more, its past stays; what was verified up to now is of the past */
void decide_lift(const struct decide_state *was, int64_t now_s, struct decide_state *ret);

/* --- all of them together ------------------------------------------------------------------------ */

enum decide_spared {
	DECIDE_SPARED_NOT,
	DECIDE_SPARED_NEVER,   /* own networks, allow list, special space */
	DECIDE_SPARED_BUDGET,  /* all rules about blocks and networks cover enough */
	DECIDE_SPARED_AS,      /* those within its AS do */
	DECIDE_SPARED_COUNTRY, /* those within its country do */
	DECIDE_SPARED_N
};
const char *decide_spared_name(enum decide_spared s); /* "" for DECIDE_SPARED_NOT */

#define DECIDE_NOBODY UINT32_MAX

/* struct decide_case - an entity about which something is to be decided */
struct decide_case {
	enum entity_kind kind;
	uint64_t key; /* of its kind: tells equal ones apart, so that their order means nothing */
	bool
	    stands; /* it was not looked at: nothing becomes of it but what it was, and that it takes room */
	bool never;
	struct decide_facts facts;
	struct decide_state was;
	double arrivals; /* mu */
	uint64_t size;	 /* addresses; a /48 is 256 */
	uint32_t users;	 /* B3: 1, 8 or 256; 0 is 1 */
	bool v6;
	uint32_t as;	  /* or DECIDE_NOBODY */
	uint64_t as_size; /* addresses of the AS of the same IP version */
	uint32_t country; /* or DECIDE_NOBODY */

	struct decide_state now;   /* the answer, and … */
	enum decide_spared spared; /* … why it is not more */
};

struct decide_conf {
	int64_t at_s;
	int32_t block_from;
	uint64_t budget; /* addresses */
};

/* decide_all - every case, in whatever order. What covers too much comes last: of what stands already and of what is new,
 * each by arrivals per address and user. 0 or -ENOMEM. */
MUST_USE int decide_all(const struct decide_conf *c, struct decide_case *v, size_t n);

#endif
