/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the judge: what a run builds and the files hand each other.
 *
 *   trust.c  evidence → trust and independence of groups
 *   guard.c  volumes → weights of floods
 *   rows.c   announced space → rows, by address and by who they belong to
 *   host.c   bits of one host → its parts
 *   former.c who held it when → evidence and rows of other eras
 *   cut.c    hosts → leaves: a block, cut where another row of the announced space begins
 *   leaf.c   hosts of a leaf → its sums, all of them or what has changed
 *   pace.c   how soon hosts come again, how fast they are cleaned → their chance to return
 *   wanted.c what nobody asked for need not be computed
 *   tree.c   leaves and rows of one AS → lambda of every leaf, arrivals of every row
 *   world.c  l0 and M0
 *   total.h  what is added up, so that the order does not matter and it can be taken out again
 *   row_sum.c  leaves → rows
 *   sums.c   rows → sums of prefix, AS, organisation, country, network
 *   support.c  what one group says alone
 *   judge.c  evidence and announced space in; the order of all that
 *   touch.c  new evidence after a run → leaves of its hosts
 *   update.c … and all that leans on them computed again, while the rest stays
 *   result.c sums → judgements */
#ifndef ONUS_JUDGE_RUN_H
#define ONUS_JUDGE_RUN_H

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "judge/bits.h"
#include "judge/country.h"
#include "judge/explain.h"
#include "judge/judge.h"
#include "judge/model.h"
#include "judge/total.h"
#include "util/grow.h"

#define SIXTEEN_SHIFT 16 /* units of a /16 and of an IPv6 /32 */
#define SIXTEEN_UNITS (UINT64_C(1) << SIXTEEN_SHIFT)

#define NF	FAMILY_SCORED_N
#define NO_DAY	UINT16_MAX
#define NOWHERE UINT32_MAX

/* struct host_part - one host in one family (A2) */
struct host_part {
	enum family family;
	double p7;
	double k;		  /* kernel sum */
	unsigned days, active_28; /* with weight; of the 28 days that end with the last one */
	double w_first;		  /* day weight of its first day: the arrival */
	double w_28;		  /* highest day weight of the last 28 days */
	unsigned first, last;	  /* lags of its oldest and newest day with any weight */
	unsigned verified_last;	  /* lag of the newest verified day, or NO_DAY */
	uint64_t verified_7;	  /* bit = lag below 7 with verified evidence */
	uint64_t group_mask;	  /* groups with trust that say it, and how many bits (host_next) */
	uint32_t n_bit;
	bool scan; /* nothing but scans */
	bool any;  /* any weight at all: without it all above is 0 */
};

/* struct host_sum - one host over all families */
struct host_sum {
	uint64_t host;
	struct host_part part[NF]; /* the first n_part */
	unsigned n_part;
	uint64_t events, group_mask;
	unsigned first, last; /* lags of all evidence, whatever its weight */
	bool anchor;	      /* an anchor saw it with full proof */
};

/* host_day_weight - of the bits [i, end) of one host, family and day: 1 - prod (1 - weight) over
 * independent groups; where no anchor has full proof, others together say at most MODEL_TOGETHER, or
 * what the most trusted of them says alone (A7, 5)
 * mute  as in host_next */
double host_day_weight(const struct judge *j, size_t i, size_t end, unsigned mute, bool *anchored);

/* host_next - reads the host at bit *i and moves *i behind it
 * pace  of its leaf (A8: s_e)
 * mute  a root: what its groups that are no anchors say has no weight; or MUTE_NOBODY */
#define MUTE_NOBODY JUDGE_GROUPS_MAX
void host_next(const struct judge *j, unsigned mute, double pace, size_t *i, struct host_sum *ret);

/* host_family - one part alone: of the bits [i, end), one host's in one family */
void host_family(
    const struct judge *j, size_t i, size_t end, unsigned mute, double pace, struct host_part *ret);

/* host_arrival - the same, but only when it came: its oldest day with any weight, w 0 when there is none */
struct host_arrival {
	double w;
	uint64_t group_mask; /* as in host_part, and scan too */
	unsigned lag;
	bool scan;
};
void host_arrival(
    const struct judge *j, size_t i, size_t end, unsigned mute, struct host_arrival *ret);

/* exact - chances in steps of 2^-32: sums of millions of them are exact, so that one can be taken out again
 * and leave what was there before */
static inline double exact(double p)
{
	return rint(p * 0x1p32) * 0x1p-32;
}

/* masks_build - judge's masks of groups, from trust, root and anchor */
void masks_build(struct judge *j);

/* roots_of - of a mask of groups; roots_foreign: of those that are no anchors */
uint64_t roots_of(const struct judge *j, uint64_t group_mask);
uint64_t roots_foreign(const struct judge *j, uint64_t group_mask);

/* struct part - what one leaf shows in one family */
struct part {
	double x_block, x_mid, x_as; /* arrivals under the three kernels, capped */
	double x_scan;		     /* of x_as: by hosts that only scan */
	double returning, returning_scan;
	uint32_t family;
};

/* struct say - what a leaf would lose in one family without one root's groups (A7, 4) */
struct say {
	double
	    returning; /* a host that only scans counts half; below 0: it would gain, and nothing counts */
	double x_block, x_mid, x_as; /* arrivals as in struct part, 0 or more */
	uint16_t root, family;
};

/* struct rates - lambda; and what it would be at least without any one root: with the arrivals of every level and
 * family as they would be without the root that says most of them there (A7, 4) */
struct rates {
	double lambda[NF];
	float least[NF];
};

struct leaf {
	uint64_t block; /* number of the /24 or /48 */
	uint32_t row;	/* in judge.rows, or NOWHERE: between two rows */
	uint32_t place; /* row r: 2r + 1; the gap before row r: 2r */
	uint32_t host;	/* in judge.hosts, the first one of its own */
	uint32_t part, n_part;
	uint32_t say, n_say;
	uint32_t hosts;
	struct rates above; /* before the step of the block */
	double lambda[NF];  /* after it, pooled; per unit and day */
	double least;	    /* arrivals in 7 days by the other rate, severity applied */
	double again, gone; /* of its hosts, all families */
	double pace;	    /* s_e: more than 1 where hosts return more than usual */
	uint64_t events, group_mask, units; /* units: of the block within the row */
	uint32_t verified_7; /* hosts verified within 7 days, and on each of these … */
	uint32_t verified_day[7];
	uint16_t verified_last; /* … lag of the last one, or NO_DAY */
	uint16_t first, last;	/* lags */
	uint8_t version, realm; /* bit_realm */
	bool anchor;
};

/* struct row - one row of the announced space; or of some space in another era, which comes behind all others and may
 * have no prefix and no AS: of these the evidence counts, the space does not */
struct row {
	uint64_t first, last; /* units, both included */
	uint32_t prefix, as, org;
	uint32_t
	    network; /* 1 + the narrowest one around it, 0: none; a row has no border of one inside */
	uint16_t country;	/* index, or COUNTRY_NONE */
	uint8_t version, realm; /* bit_realm */
	union {
		uint32_t former;  /* of another era: its number in judge.formers */
		uint32_t watched; /* 1 + number in judge.tracts, 0: as long as all others */
	};
	uint32_t leaf, n_leaf; /* positions in judge.order */
	uint32_t sum;	       /* in judge.row_sums: by AS, then address */
	uint32_t listed;
};
_Static_assert(sizeof(struct row) == 56, "there are millions");

static inline bool is_former(unsigned realm)
{
	return realm > 1;
}

/* struct former - as judge_former, in units */
struct former {
	uint64_t first, last;
	int32_t from, until;
	uint32_t org[JUDGE_FORMER_ORGS], network;
	uint32_t tract; /* in judge.tracts */
	uint8_t version, era;
	bool moved;
	double share; /* of the days of collection, as the kernel of the AS weighs them */
};

/* struct tract - the addresses of some of judge.formers */
struct tract {
	uint64_t first, last;
	uint32_t former, n_former;
	uint8_t version;
	double unwatched[MODEL_LEVEL_N]; /* share of W that is others' who moved away */
};

/* struct grouping - rows by key: those of k are rows[start[k]] … rows[start[k + 1] - 1]. by_as has indexes of
 * judge.rows, the others of judge.row_sums. */
struct grouping {
	uint32_t *start, *rows; /* owned */
	uint32_t n;		/* keys */
};

/* struct days - host-days that could be followed by another within 7, and those that were (A8) */
struct days {
	double again, gone;
};

/* struct row_sum - one row: tree.c says what its space shows, sums.c what its leaves do */
struct row_sum {
	double arrivals[NF]; /* per 7 days, of all its space */
	double least;	     /* as in struct leaf */
	uint64_t size, listed;
	uint8_t version;
	bool
	    evidence; /* all that follows but `above`; sums pass over the rest of rows without any */
	bool anchor;
	uint16_t first, last;
	uint32_t said, n_said;	  /* in judge.saids */
	struct fixed v[AMOUNT_N]; /* arrivals and least among it: as sums add it up */
	double worst;		  /* as in struct sum */
	uint64_t hosts, events, group_mask;
	uint32_t worst_leaf;
	struct rates above; /* before the step of the block, at its beginning */
};

/* struct walk - one AS in one version, and what it was when tree_walk last saw it */
struct walk {
	uint32_t from, end;    /* in judge.by_as.rows */
	uint32_t old, old_end; /* the same, of other eras */
	uint32_t n_leaf;
	bool touched, due;
	double x, x_walked; /* arrivals under the kernel of the AS, all families: now, and then */
};

/* struct changed - results of one kind that an update has made anew: indexes of judge_at, upwards */
struct changed {
	uint32_t *v; /* owned */
	uint32_t n, cap;
};

/* struct sum - an entity that is more than a block */
struct sum {
	uint32_t index, as, org, prefix;
	double returning[NF], arrivals[NF];
	double returning_scan;
	double least;		 /* as in struct leaf */
	double x;		 /* arrivals under the kernel of its level, all families */
	double x_attack, x_scan; /* under the kernel of the AS */
	double worst;		 /* M of its worst block, severity applied */
	uint32_t worst_leaf;	 /* that block, or NOWHERE */
	double
	    held; /* of M, severity applied: what does not count, as one root alone says it (A7, 4) */
	uint32_t
	    held_root; /* or MUTE_NOBODY: nothing is held, or what one says of the space around */
	uint64_t size[2], hosts, events, group_mask, listed;
	uint16_t first, last;
	bool anchor;
};

/* struct support - who says what of an entity, severity applied, on its way to a sum; begins with x and roots 0 */
struct support {
	double returning_lost[JUDGE_GROUPS_MAX], x_lost[JUDGE_GROUPS_MAX]; /* where roots says so */
	double x; /* arrivals under the kernel of the block */
	uint64_t roots;
};

/* sum_severe - M of a sum in its two parts, with severity: a network that only scans weighs half */
void sum_severe(const struct sum *s, double *returning, double *arrivals);

struct sums {
	struct sum *v;	 /* owned */
	uint32_t *order; /* [n] owned: of v, by index */
	uint32_t *at;	 /* [n_at] owned: of v, or NOWHERE; an index of it is that of the entity */
	uint32_t *
	    total_at; /* the same, of totals: of entities of many rows, when updates may come; or NULL */
	struct total *totals; /* owned */
	uint32_t n, cap, cap_order, n_at;
};

static inline struct sum *sums_at(const struct sums *s, uint32_t i)
{
	return &s->v[s->order[i]];
}

/* sums_find - the sum of an index, or NULL */
static inline const struct sum *sums_find(const struct sums *s, uint32_t index)
{
	return index < s->n_at && s->at[index] != NOWHERE ? &s->v[s->at[index]] : NULL;
}

/* struct paces - what a leaf's pace leans on */
struct paces {
	bool known;		  /* else every pace is 1 */
	double q;		  /* of the world */
	struct days *as, *prefix; /* owned; by index; NULL: the world's for all */
};

/* struct noticed - as judge_notice was told */
struct noticed {
	struct range told;
	int32_t day;
};

struct judge {
	struct judge_conf conf;
	const void *space_ctx; /* of judge_run */
	struct judge_world world;
	struct model model;
	double given[JUDGE_GROUPS_MAX];	  /* trust, as judge_group was told */
	uint64_t wrong[JUDGE_GROUPS_MAX]; /* lines, as judge_wrong was told */
	struct noticed *notices;	  /* owned */
	uint32_t n_notices, cap_notices;
	double trust[JUDGE_GROUPS_MAX]; /* as it is used */
	struct judge_trust told[JUDGE_GROUPS_MAX];
	bool trust_kept; /* of the run before */
	bool anchor[JUDGE_GROUPS_MAX];
	bool derived[JUDGE_GROUPS_MAX]; /* as judge_derived was told */
	uint64_t
	    anchor_mask; /* the same, a bar each; so for groups with trust, and those that are no
				 anchors by their root */
	uint64_t trusted_mask, root_mask[JUDGE_GROUPS_MAX];
	double guard[JUDGE_GROUPS_MAX][JUDGE_WINDOW_DAYS]; /* by lag */
	uint8_t root[JUDGE_GROUPS_MAX]; /* groups that copy each other have one root (A6) */
	bool ran;			/* what follows the evidence is there */
	bool stale;			/* but something else than evidence has changed since */
	bool broken;			/* an update ended half way: some evidence is nowhere */
	bool moved;			/* evidence is in judge.order, not in its own */
	struct bits bits;
	struct bits delta;  /* since the last run or update */
	size_t live_bits;   /* of bits, those in use */
	bool more_listed;   /* since the last run or update */
	struct bits listed; /* host: of the prefix's first address; the family tells nothing */

	struct former *formers; /* owned, as are tracts: as judge_formers was told */
	struct tract *tracts;
	uint32_t n_formers, n_tracts;

	struct row *rows;	     /* by realm, first */
	uint32_t n_rows, n_own_rows; /* of today's: the first ones */
	struct grouping by_as, by_prefix, by_org, by_country, by_net;
	uint8_t *as_wanted; /* by index: that anything is asked about; NULL: all are */
	struct leaf *leaves;
	uint32_t n_leaves, cap_leaves;
	uint32_t *order, n_order; /* leaves by realm, block, place; a position is an index of it */
	uint32_t n_own;		  /* of today's: the first ones */
	uint32_t *host_at;	  /* [n_order + 1] hosts before a position */
	struct walk *walks;	  /* [2 * by_as.n] by AS and version */
	struct changed changed[ENTITY_KIND_N];
	struct paces paces;
	struct row_sum
	    *row_sums; /* [n_rows], as by_as.rows has them; those of ASes that nobody wants
				     are zero */
	struct part *parts;
	uint32_t n_parts, cap_parts;
	struct say *says;
	uint32_t n_says, cap_says;
	struct said *saids;
	uint32_t n_saids, cap_saids;
	uint32_t *hosts, n_hosts; /* first bit of every host, those of a leaf side by side … */
	uint32_t end_hosts, cap_hosts; /* … with gaps, up to here */
	double arrived[NF][2]; /* hosts, each by the weight of its first day, by IP version … */
	double arrived_all;    /* … and all of them */
	double arrived_on[JUDGE_WINDOW_DAYS]; /* the same by lag */
	uint32_t *blocks, n_blocks;	      /* position of the first leaf of every block */
	struct sums prefix, as, org, country, net;
	float *map_arrivals, *map_returning; /* judge_map; borrowed */
};

/* trust_measure - judge.trust, root and told; 0 or -ENOMEM */
int trust_measure(struct judge *j);

/* guard_build - judge.guard from the volumes in judge.bits */
void guard_build(struct judge *j);

/* listed_count - how many prefixes are listed in each row */
void listed_count(struct judge *j);

/* rhythm_learn - judge.world.rhythm from the gaps between the days of one host, and the kernel by it */
void rhythm_learn(struct judge *j);

/* former_begin - judge.formers for this day, after model_init
 * former_cut   - the stretch (1 + number; 0: none) in which a unit is watched since a transfer only; *last: cut to where
 *                that is the same
 * former_rows  - rows of other eras, behind all others. 0 or -ENOMEM
 * former_split - evidence, which is sealed: to the eras in which it was seen. 0 or -ENOMEM
 * former_join  - back */
void former_begin(struct judge *j);
uint32_t former_cut(const struct judge *j, unsigned version, uint64_t unit, uint64_t *last);
int former_rows(struct judge *j);
int former_split(const struct judge *j, struct bits *b);
int former_join(struct bits *b);

/* row_org_next - whose a row is, one organisation after the other: 1 + index of the one after k, 0: none is; from 0 */
uint32_t former_org_next(const struct judge *j, const struct row *r, uint32_t k);
static inline uint32_t row_org_next(const struct judge *j, const struct row *r, uint32_t k)
{
	if (is_former(r->realm))
		return former_org_next(j, r, k);
	return k || r->org == CHAIN_NONE ? 0 : r->org + 1;
}

/* former_estate - units by which the holder of a row of another era is judged */
uint64_t former_estate(const struct judge *j, const struct row *r);

/* row_cmp - the order of rows */
int row_cmp(const void *a, const void *b);

/* rows_load - judge.rows and who they belong to; 0, -ENOMEM, -EINVAL */
int rows_load(struct judge *j, space_fn *space, const void *ctx, struct err *e);
void rows_forget(struct judge *j);

/* bit_weight - what one group says on one day: trust x volume guard x v */
static inline double bit_weight(const struct judge *j, const struct bit *b)
{
	unsigned g = bit_group(b);

	return j->trust[g] * j->guard[g][bit_lag(b)] * (b->meta & BIT_WEAK ? MODEL_WEAK : 1);
}

/* leaf_cut - hosts and leaves of judge.bits over judge.rows, without what is expected of them
 * leaf_fill - the rest of one leaf; counted: its hosts go into judge.arrived too
 * leaf_room - for whatever so many of them may need: these can be filled on several threads then
 * All 0 or -ENOMEM. */
int leaf_cut(struct judge *j);
int leaf_room(struct judge *j, uint32_t leaves);
struct leaf_filler;
struct leaf_filler *leaf_filler_new(struct judge *j); /* NULL: out of memory */
void leaf_filler_free(struct leaf_filler **b);	      /* for CLEANUP */
int leaf_fill(struct leaf_filler *b, struct leaf *l, bool counted);

/* leaf_amend - the same after some of its hosts have new evidence, which only ever adds to what they have: what
 * follows from these is exchanged. It grows nothing of the judge's, so that leaves can be amended on several
 * threads. 0; 1 when only leaf_fill can do it; -ENOMEM. */
struct amended {
	uint32_t before, now; /* its first bit, or NOWHERE */
	uint32_t place; /* how many of the leaf's hosts were there before it, in their order */
};
int leaf_amend(struct leaf_filler *b, struct leaf *l, const struct amended *v, size_t n);
void leaf_forget(struct judge *j);

/* leaf_key - of a host: block, place, row, units of its leaf; *row: a cursor, for hosts in order, from 0
 * leaf_cmp - the order of leaves, which is that of hosts; leaf_put - one more, behind all others, not in the order. 0 or -ENOMEM. */
void leaf_key(const struct judge *j, uint64_t host, uint32_t *row, struct leaf *ret);
int leaf_cmp(const struct leaf *a, const struct leaf *b);
int leaf_put(struct judge *j, const struct leaf *l);

/* host_cleaned - of the host at bit *i, moving behind it: added to *d (A8) */
void host_cleaned(const struct judge *j, size_t *i, struct days *d);

/* pace_build - judge.paces from the leaves as they are cut; 0 or -ENOMEM
 * pace_of_leaf - s_e: how many times the kernel sum of its hosts counts */
int pace_build(struct judge *j);
double pace_of_leaf(const struct judge *j, const struct leaf *l);
void pace_forget(struct judge *j);

/* support_leaf - one leaf after the other; support_close - then what is held of
 * ret, whose other members are complete; size: of the space it is judged by */
void support_leaf(const struct judge *j, const struct leaf *l, struct support *s);
void support_close(
    const struct judge *j, const struct support *s, const uint64_t size[2], struct sum *ret);

static inline struct leaf *leaf_at(const struct judge *j, uint32_t position)
{
	return &j->leaves[j->order[position]];
}

/* leaf_of_host - the leaf that holds the i-th host; *first: its first bit */
const struct leaf *leaf_of_host(const struct judge *j, uint32_t i, size_t *first);

/* leaf_x - the three sums and the scans of a leaf by family */
enum leaf_kernel { LEAF_X_BLOCK, LEAF_X_MID, LEAF_X_AS };
void leaf_x(const struct judge *j, const struct leaf *l, enum leaf_kernel k, double add_to[NF]);

/* leaf_arrivals - of a leaf under the kernel of the AS, all families */
double leaf_arrivals(const struct judge *j, const struct leaf *l);

/* leaf_m - expected attackers of a leaf, severity applied */
double leaf_m(const struct judge *j, const struct leaf *l);

/* leaf_map - what is expected to return, by IPv4 block (judge_map) */
void leaf_map(const struct judge *j, float *map);

/* leaf_unit - the first unit of a leaf
 * delegation_at - of a unit of a row, as delegation_fn says; *last: the last unit of the row, from there on, of which
 * the same is true */
uint64_t leaf_unit(const struct judge *j, const struct leaf *l);
uint32_t delegation_at(const struct judge *j, const struct row *r, uint64_t unit, uint64_t *last);

/* tree_run - lambda of all leaves, arrivals of all rows; 0 or -ENOMEM
 * tree_walk - of those of one AS in one version
 * tree_leaf - of one leaf alone, and of its row what it has changed; fresh: new since its AS was walked */
int tree_run(struct judge *j);
struct tree;
struct tree *tree_new(struct judge *j); /* NULL: out of memory */
struct tree *tree_free(struct tree *t); /* NULL-safe, returns NULL */
int tree_walk(struct tree *t, uint32_t as, unsigned version);
void tree_leaf(struct tree *t, uint32_t position, bool fresh);

/* walk_due - should an AS that was touched be walked whole? */
#define WALK_SMALL  32u	  /* rows and leaves: always; unless judge_conf.walk says otherwise */
#define WALK_GROWTH 1.125 /* of arrivals, with the shape of an AS (A1) on both sides */
static inline bool walk_due(const struct judge *j, const struct walk *w)
{
	return w->due ||
	       (uint64_t)w->n_leaf + (w->end - w->from) <=
		   (j->conf.walk ? j->conf.walk : WALK_SMALL) ||
	       1 + w->x > WALK_GROWTH * (1 + w->x_walked);
}

/* struct trace - one AS in one IP version walked once more, to tell what tree_run did; it changes
 * nothing. at: called for every leaf (leaf not NULL) and for what is left of every cell, with the steps
 * down the chain in every family. */
struct trace {
	struct judge_step step[NF][MODEL_LEVEL_N];
	double above[NF], pooled[NF]; /* lambda before and after pooling */
	void (*at)(struct trace *t, const struct leaf *leaf, uint32_t row, uint64_t units);
	void *ctx;
};

/* tree_trace - one AS in one version; 0 or -ENOMEM */
int tree_trace(struct judge *j, uint32_t as, unsigned version, struct trace *trace);

/* tree_trace_homeless - one leaf that no AS answers for */
void tree_trace_homeless(struct judge *j, struct leaf *l, struct trace *trace);

/* wanted_build - judge.as_wanted from what is asked for; 0 or -ENOMEM */
int wanted_build(struct judge *j);

/* may_be_asked - judge_conf.only */
static inline bool may_be_asked(const struct judge *j, uint32_t as)
{
	return !j->conf.only || (as < j->conf.n_only && j->conf.only[as]);
}

static inline bool wants_as(const struct judge *j, uint32_t as)
{
	return !j->as_wanted || as == CHAIN_NONE || j->as_wanted[as];
}

static inline bool wants_kind(const struct judge *j, enum entity_kind k)
{
	return !j->conf.kinds || j->conf.kinds >> k & 1;
}

/* may_update - judge_update may follow the run: all is there that it leans on */
static inline bool may_update(const struct judge *j)
{
	return !j->conf.kinds && !j->conf.only && !j->map_arrivals && !j->map_returning;
}

/* wants_nets - rows are cut at the borders of networks, which are summed up */
static inline bool wants_nets(const struct judge *j)
{
	return j->conf.network && wants_kind(j, ENTITY_NET);
}

/* net_above - the network around one; both 1 + index, 0: none */
static inline uint32_t net_above(const struct judge *j, uint32_t network)
{
	return j->conf.above(j->space_ctx, network - 1);
}

/* unit_addr - the first address of a unit */
struct addr unit_addr(unsigned version, uint64_t unit);

/* world_learn - judge.world from rows and leaves (A0, A1) */
void world_learn(struct judge *j);

/* fetch_ahead - n bytes that will be needed soon: lines of memory that are waited for one after the other take ten times
 * as long as those that were asked for before. What the steps of an update do, they are asked for some things before. */
static inline void fetch_ahead(const void *p, size_t n)
{
	for (size_t i = 0; i < n; i += 64)
		__builtin_prefetch((const char *)p + i);
}

/* fetch_leaf_ahead - parts and says of a leaf, which is there */
static inline void fetch_leaf_ahead(const struct judge *j, const struct leaf *l)
{
	fetch_ahead(&j->parts[l->part], l->n_part * sizeof(*j->parts));
	fetch_ahead(&j->says[l->say], l->n_say * sizeof(*j->says));
}

/* struct marks - a bar for each of n */
struct marks {
	uint8_t *v; /* owned */
	uint32_t n;
};

static inline int marks_make(struct marks *m, uint32_t n)
{
	m->v = calloc((size_t)n + 1, 1);
	m->n = n;
	return m->v ? 0 : -ENOMEM;
}

static inline void marks_set(struct marks *m, uint32_t i)
{
	if (i < m->n)
		m->v[i] = 1;
}

static inline void marks_done(struct marks *m)
{
	free(m->v);
	*m = (struct marks){ NULL, 0 };
}

/* row_next - the entities of a kind that a row belongs to, one after the other: 1 + index of the one after k, 0: no
 * more; from 0 */
uint32_t row_next(const struct judge *j, enum entity_kind kind, const struct row *r, uint32_t k);

/* row_sum_up - one row out of its leaves and what tree.c says of it, in place, so that rows can be summed on several threads; false when
 *              more has a say than before, and only row_sum_new can do it: 0 or -ENOMEM */
bool row_sum_up(struct judge *j, const struct row *r);
int row_sum_new(struct judge *j, const struct row *r);

/* sums_build - rows, prefix, as, org, country, net; 0 or -ENOMEM
 * sums_take - rows out of what they belong to, before anything of them changes
 * sums_put - the same in again after that, and what they belong to once more; into judge.changed too
 * rows: indexes of judge.rows, each once. Both 0 or -ENOMEM. */
int sums_build(struct judge *j);
int sums_take(struct judge *j, const uint32_t *rows, uint32_t n);
int sums_put(struct judge *j, const uint32_t *rows, uint32_t n);
void sums_forget(struct judge *j);

/* block_of_leaf - which block the leaf at a position of today's is of */
uint32_t block_of_leaf(const struct judge *j, uint32_t position);

/* judge_settle - all evidence sorted in judge.bits, and what followed from it forgotten; 0 or -errno */
int judge_settle(struct judge *j);

#endif
