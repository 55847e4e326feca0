/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The judge: from evidence (who was seen doing what, on which day, by which group) and the announced
 * space to expected attackers in the next seven days, score, interval and grade of every address,
 * block, network, prefix, AS, organisation and country with evidence. Pure: no clock, no file, no database;
 * the same evidence gives the same bits, in whatever order it was added.
 *
 * Source of every formula: scoring.md, parts A0 to A4; doc/scoring.md says where ours is read in one
 * of several possible ways. Decisions are made in policy.h.
 *
 *	judge_new → judge_group … → judge_add … → judge_run → judge_n, judge_at, judge_find
 *
 * Entities without evidence have no judgement: they read "nothing reported in N days".
 * A host is an IPv4 address or an IPv6 /64; a block is a /24 or a /48. */
#ifndef ONUS_JUDGE_JUDGE_H
#define ONUS_JUDGE_JUDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/category.h"
#include "core/chain.h"
#include "core/entity.h"
#include "core/event.h"
#include "net/addr.h"
#include "util/err.h"

#define JUDGE_FORMULA	       "onus-8" /* changes whenever a score could */
#define JUDGE_GROUPS_MAX       64u
#define JUDGE_WINDOW_DAYS      400 /* evidence older than this is not evidence any more */
#define JUDGE_PROVISIONAL_DAYS 14
#define JUDGE_L0	       6e-7 /* shipped: new hosts per address and day, world */
#define JUDGE_M0	       6e-6 /* shipped: attackers per address in 7 days, world */
#define JUDGE_BITS_MAX	       (UINT32_C(1) << 31) /* distinct (host, family, day, group) */

struct judge;

/* struct judge_world - what "the average network" was in a run; [0] IPv4, [1] IPv6
 * The shipped values are of the whole view; families and IP versions share them as they share the
 * hosts of this deployment's evidence, so a family that nobody here reports changes nothing. */
struct judge_world {
	double l0[FAMILY_SCORED_N][2]; /* new hosts per unit and day */
	double m0[FAMILY_SCORED_N][2]; /* attackers per unit in 7 days */
	bool seen[FAMILY_SCORED_N][2]; /* any trusted evidence; the rest is left out of all sums */
	unsigned
	    rhythm; /* days within which a quarter of the hosts that come again do so (A8); 1 or
			    more */
	double
	    drift; /* how unsteady the rate of new hosts is (A4): 0 steady, 0.25 at most; makes intervals
		      wider, and no score other */
	uint64_t size[2]; /* announced units */
	uint64_t hosts, bits;
	bool provisional;
};

struct judge_conf {
	int32_t today; /* day number (util/clock.h day_of) that is judged; later evidence waits */
	int32_t first_day; /* of collection; W of A3 is summed from here, or from older evidence */
	double l0, m0;	   /* 0: the shipped values */
	bool fixed;	   /* l0, m0 and q are not learnt from the evidence */
	double
	    q; /* fixed: share of active host-days after which a host comes again within 7 (A8); 0: q_0 */
	bool guard; /* A7, 3: a day on which a group that is no anchor says far more than it uses to
		       weighs less */
	bool
	    measure; /* A6: trust and independence of groups are measured; else trust is as given */
	unsigned
	    kinds; /* bits 1 << enum entity_kind of what will be asked for, which saves the rest; addr
			   and block always can be. 0: all */
	const uint8_t *
	    only; /* [n_only], by AS: not 0 where it or a prefix of it will be asked for; for an organisation
		      all its ASes. Saves the rest, and what is asked beyond it is answered wrongly. NULL:
		      all. Borrowed until judge_run is done; not with countries and judge_map. */
	uint32_t n_only;
	uint32_t
	    walk; /* judge_update: ASes of at most so many rows and blocks are judged anew whole
			  whenever something is new there; 0: 32 */
	delegation_fn *
	    delegation; /* A3: who has which part of a prefix; the /20 stands in where nobody is named. Called
			    with judge_run's ctx, by judge_update (from several threads at once) and judge_explain too. NULL:
			    nobody is. */
	network_fn
	    *network; /* networks are judged, too: those with evidence that hold whole blocks; NULL:
				none. Called with judge_run's ctx, as is … */
	above_fn *above;  /* … what tells how they nest; not NULL where network is not */
	unsigned threads; /* of judge_update, at most; 0: one a processor. Results are the same. */
	const struct judge_world
	    *world; /* judge by this one's l0, m0 and seen; NULL: own. Copied. */
};

struct judge *judge_new(const struct judge_conf *c); /* NULL: out of memory */
struct judge *judge_free(struct judge *j);	     /* NULL-safe, returns NULL */

/* judge_group - what group (an index below JUDGE_GROUPS_MAX) is worth; untold groups: trust 0
 * trust 0-1: where conf.measure is set, what it is until it is known better, the probability that a fully verified report of it is true; anchor: one's own, trust 1
 * whatever is given. A deployment with more than 64 groups gives the rest one index and says so. */
void judge_group(struct judge *j, unsigned group, double trust, bool anchor);

/* judge_derived - what a group says is concluded from what others saw (an analysis): that anchors saw it too proves
 * nothing, so it stays what it was given, and nobody is measured by it. No group is, unless told. */
void judge_derived(struct judge *j, unsigned group, bool derived);

/* struct judge_former - addresses that somebody else held, from a day on (INT32_MIN: always) and until another, which
 * was the first day of the next holder. What was seen there in that time is not held against the addresses, their
 * blocks and the networks within, which start over, but still against who held them then, and against who answers for
 * them now as then. */
#define JUDGE_FORMER_ORGS 2u
#define JUDGE_FORMER_MAX  3u /* of one range */
struct judge_former {
	struct range range; /* IPv6: of whole blocks */
	int32_t from, until;
	uint32_t
	    org[JUDGE_FORMER_ORGS]; /* who held them: as in struct space, or a number beyond all of
				       these, for somebody who announces nothing; CHAIN_NONE: nobody */
	uint32_t
	    network; /* 1 + the narrowest network (network_fn) that was the same holder's then, whose it still
			     is; 0: none */
	bool
	    moved; /* who announces the addresses does so since then: it is not held against AS, prefix and organisation
		       of today either. Their space counts as watched since then only. */
};

/* judge_formers - all of them, instead of those of before; what is yet to come on the day that is judged does not
 * count
 * v  copied; in the order of addresses, IPv4 first; ranges are the same or apart. Of one range, at most
 *    JUDGE_FORMER_MAX in a row, the newest first, on different days.
 * judge_run must follow. 0, -ENOMEM, -EINVAL: not in such order. */
MUST_USE int judge_formers(struct judge *j, const struct judge_former *v, size_t n);

/* judge_former_seen - of the i-th of them, after judge_run: hosts and events of its days */
void judge_former_seen(const struct judge *j, size_t i, uint64_t *hosts, uint64_t *events);

/* judge_wrong - so many lines of a group were disputed, and it could not show its records: what it said before
 * counts less (A6). The lines themselves are the caller's to leave out. */
void judge_wrong(struct judge *j, unsigned group, uint64_t lines);

/* judge_notice - somebody was told, on that day, what these addresses do: who is told of an incident has 7 days
 * from then, not 14 from its beginning, until the trim goes (A5). Every judgement that is trimmed looks at all of
 * them. 0 or -ENOMEM. */
MUST_USE int judge_notice(struct judge *j, struct range told, int32_t day);

/* judge_add - group saw host do this on day
 * One bit per host, family, day and group: more of the same only adds to the counts of events; the
 * better proof wins. An address may be any of its host. Evidence from before the window or after
 * today, and categories without a scored family, are left out.
 * Returns 0; -ENOMEM; -E2BIG (JUDGE_BITS_MAX). May be called after judge_run: run again then. */
MUST_USE int judge_add(struct judge *j, struct addr host, enum category c, enum proof proof,
    int32_t day, unsigned group, uint64_t count);

/* judge_expect - n sightings, which the caller has in memory already, will be added: quicker where that is
 * known. 0 or -ENOMEM. */
MUST_USE int judge_expect(struct judge *j, size_t n);

/* judge_add_listed - group listed a whole prefix on day
 * A listed prefix is not its hosts: it never enters M, hosts or grade of anything. It is told as
 * judgement.listed of the prefix, network, AS and country around its first address, and nothing else. */
MUST_USE int judge_add_listed(
    struct judge *j, struct prefix listed, enum category c, int32_t day, unsigned group);

/* struct judge_trust - what a run made of a group (A6; trust.c) */
struct judge_trust {
	double given, trust; /* by judge_group; as used */
	bool measured;	     /* enough reports in families of which the anchors see enough */
	uint64_t reports;    /* 7 to 90 days old; turned: 7 to 20 */
	double seen;	     /* share of them that an anchor saw within 30 days */
	double control;	     /* share of other addresses of the same blocks that it saw */
	double gain, g0;     /* trust = gain / g0 */
	bool
	    turned; /* its last two weeks are far less right than what went before: tell somebody */
	unsigned
	    copies; /* the group that said most of it earlier, with which it counts as one; or itself */
	double copied; /* share of it */
};

/* judge_trust - of a group, after judge_run */
void judge_trust(const struct judge *j, unsigned group, struct judge_trust *ret);

/* judge_map - have judge_run also say, for each of the 2^24 IPv4 /24s by number, how many hosts are
 * expected to appear there for the first time in the next 7 days, evidence or not (A3; all families,
 * severity left out), and how many to return. Borrowed, zeroed by the caller; either may be NULL. */
void judge_map(struct judge *j, float *arrivals, float *returning);

/* judge_run - compute everything
 * space    rows of the announced space in any order (core/chain.h); NULL: none is known, and only
 *          addresses and blocks are judged
 * Returns 0; -ENOMEM; -EINVAL when rows overlap or a prefix has two ASes. */
MUST_USE int judge_run(struct judge *j, space_fn *space, const void *ctx, struct err *e);

/* judge_update - after judge_run: take in what was added since, at the cost of what it changes (A9)
 * Hosts and blocks with new evidence, and what they belong to, are judged anew. What a block says of its
 * neighbours reaches them when their AS is judged anew, which is at once where the AS is small or has an
 * eighth more arrivals than before. The world's rates, trust, guard and pace stay those of the run.
 * Returns 0; 1 when only judge_run can do it (nothing was run; a family is new here; something else than
 * judge_add and judge_add_listed was called since; memory that is no longer in use outweighs the rest); -ENOMEM, -E2BIG: it
 * ended half way, evidence is missing, and the judge is good for judge_free alone (other calls: -EBADMSG). */
MUST_USE int judge_update(struct judge *j, struct err *e);

/* judge_changed - the results of a kind that the last judge_update has made anew, as indexes of judge_at,
 * upwards; borrowed until the next judge_ call that takes a judge without const. Returns how many. */
uint32_t judge_changed(const struct judge *j, enum entity_kind kind, const uint32_t **ret);

/* judge_age - n days later: the evidence ages, and what leaves the window is gone; judge_run must follow.
 * 0 or -ENOMEM.
 * judge_began - the first day of collection, which judge_run looks at: older evidence is gone, as the ledger has
 * forgotten it. 0 or -ENOMEM. */
MUST_USE int judge_age(struct judge *j, unsigned n);
MUST_USE int judge_began(struct judge *j, int32_t first_day);

/* struct judge_kept - all evidence, folded, as somebody may keep it and give it back: the words mean
 * something to the same JUDGE_FORMULA, the same day and the same indexes of groups alone
 *
 * judge_keep     borrowed until evidence is added; directly after judge_run nothing has to be copied, at
 *                other times the results are forgotten. 0 or -errno.
 * judge_restore  into a judge of the same day and groups, to what it has: what shards by address have kept gives
 *                the same in whatever order. judge_run must follow. 0, -ENOMEM, -E2BIG, or -EBADMSG when it is
 *                none, and nothing was taken. */
struct judge_kept {
	const uint64_t *hosts, *listed; /* two words each */
	size_t n_hosts, n_listed;
};
MUST_USE int judge_keep(struct judge *j, struct judge_kept *ret);
MUST_USE int judge_restore(struct judge *j, const struct judge_kept *k);

enum judge_reason {
	JUDGE_GRADED = 0,
	JUDGE_ONE_GROUP, /* one group that is no anchor, or nothing verified here: no grade */
	JUDGE_NOTHING,	 /* nothing reported in the window by anybody who is trusted at all */
	JUDGE_REASON_N
};

/* judge_reason_text - a sentence for people; "" for JUDGE_GRADED */
const char *judge_reason_text(enum judge_reason r);

/* struct judge_key - which entity; only the members that its kind needs are set, the rest is zero */
struct judge_key {
	enum entity_kind kind;
	struct addr addr; /* addr: the host; block: its first address */
	uint32_t
	    index; /* prefix, as, org: index as in struct space; net: as of network_fn, from 0 */
	char country[3]; /* country */
};

struct judge_part {
	double returning; /* attackers expected to return: sum of p7 (A2) */
	double arrivals;  /* expected for the first time: 7 x sum of lambda x N (A3) */
};

struct judgement {
	struct judge_key key;
	uint32_t prefix, as, org; /* its chain where it has one, or CHAIN_NONE */

	struct judge_part part[FAMILY_SCORED_N];
	double m;	      /* expected attackers in the next 7 days: all parts */
	double m_low, m_high; /* 10 % and 90 % forecast of it */
	double shape;	      /* of the negative binomial that this forecast is */
	double
	    held; /* of M, severity applied: what held_group alone says beyond 1 host and twice what
			all others say does not count in rho and score (A7, 4) */
	unsigned
	    held_group;	  /* its index; JUDGE_GROUPS_MAX: nothing is held; or if something is, it is
				what one group says of the space around, and nobody has said here */
	double rho;	  /* against the average network of this size (A4) */
	double score;	  /* 100 best … 0 worst */
	double low, high; /* score at m_high and at m_low: low <= score <= high */
	double trimmed; /* score when the worst block carries at most a third, while its incident is
			   young (A5); the same as score after that, and for addresses and blocks */
	double x;	/* arrivals seen, under the kernel of its level, all families */
	double guilt;	/* 10 % quantile of (1+X)/(1+E): rank and accuse by this one, worst first */
	char grade;	/* 'A' … 'F', or 0: none */
	enum judge_reason reason;
	bool provisional; /* a grade from the first 14 days of collection */

	uint64_t size_v4;    /* announced addresses it was judged by (addr: 1; block: 256) */
	uint64_t size_v6;    /* announced /48s (block: 1) */
	uint64_t hosts;	     /* distinct, within the window, any family, any trust */
	uint64_t events;     /* sum of counts */
	uint64_t listed;     /* distinct (listed prefix, group) */
	uint64_t group_mask; /* groups with trust that saw it; bit = index given to judge_group */
	unsigned groups;     /* how many bits */
	bool anchor;	     /* an anchor saw it with full proof */
	int32_t first_day, last_day; /* of its evidence */

	/* What policy.h needs besides. "Verified": full proof by an anchor, or a day weight >= 0.5. */
	double p7_max; /* addr: the highest p7 among families that may be blocked */
	double w_max;  /* addr: the highest day weight of the last 28 days in that family */
	int32_t
	    verified_last; /* addr, block: last day with such evidence, abuse-of-service left out; INT32_MIN: none */
	uint64_t hits;		/* addr: of that day, by anchors with full proof */
	uint32_t verified_7;	/* block: verified hosts of the last 7 days */
	uint32_t verified_days; /* block: on how many of those days */
	uint32_t verified_peak; /* block: hosts on the busiest of those days */
};

/* judge_score_among - the score among networks that show `times` the world's rate: the view of owners, whose
 * peers are hosters (JUDGE_HOSTING) and not the whole world. Never for walls. (A4) */
#define JUDGE_HOSTING 3.6 /* measured on attack feeds */
double judge_score_among(const struct judge *j, const struct judgement *g, double times);

/* judge_n, judge_at - results of one kind, ordered by key; i < judge_n. judge_at computes only what
 * belongs to one entity (a few microseconds); several threads may ask at once. */
uint32_t judge_n(const struct judge *j, enum entity_kind kind);
void judge_at(const struct judge *j, enum entity_kind kind, uint32_t i, struct judgement *ret);

/* judge_find - by key (for addr and block any address inside); false: no evidence */
bool judge_find(const struct judge *j, const struct judge_key *key, struct judgement *ret);

/* judge_tenant - of an address: what policy.h needs and groups, as if there was only what was seen from a day on, when it
 * may have been somebody else's (a dynamic pool). Scores and expectations stay. g: of judge_at or judge_find. */
void judge_tenant(const struct judge *j, int32_t from_day, struct judgement *g);

/* judge_each_block - the blocks with evidence that lie in an entity of more than a block, as indexes of judge_at,
 * each once */
typedef void judge_block_fn(void *ctx, uint32_t i);
void judge_each_block(
    const struct judge *j, const struct judge_key *key, judge_block_fn *fn, void *ctx);

/* judge_score_of - the score of m expected attackers in all of this space, by the M0 of this run */
double judge_score_of(const struct judge *j, double m, uint64_t size_v4, uint64_t size_v6);

/* judge_guard - the volume guard's weight of a group's day in this run: 1, or less in a flood */
double judge_guard(const struct judge *j, unsigned group, int32_t day);

/* judge_world - what this run judged by */
void judge_world(const struct judge *j, struct judge_world *ret);

#endif
