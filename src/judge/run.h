/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the judge: what a run builds and the files hand each other.
 *
 *   trust.c  evidence → trust and independence of groups
 *   guard.c  volumes → weights of floods
 *   host.c   bits of one host → its parts
 *   pace.c   how soon hosts come again, how fast they are cleaned → their chance to return
 *   leaf.c   hosts → leaves: a block, cut where another row of the announced space begins
 *   wanted.c what nobody asked for need not be computed
 *   tree.c   leaves and rows of one AS → lambda of every leaf, arrivals of every row
 *   world.c  l0 and M0
 *   sums.c   leaves and rows → sums of prefix, AS, organisation, country
 *   support.c  what one group says alone
 *   judge.c  evidence and announced space in; the order of all that
 *   result.c sums → judgements */
#ifndef ONUS_JUDGE_RUN_H
#define ONUS_JUDGE_RUN_H

#include "judge/bits.h"
#include "judge/explain.h"
#include "judge/judge.h"
#include "judge/model.h"

#define NF	FAMILY_SCORED_N
#define NO_DAY	UINT16_MAX
#define NOWHERE UINT32_MAX

/* struct host_part - one host in one family (A2) */
struct host_part {
	enum family family;
	double p7;
	double k; /* kernel sum */
	double again,
	    gone; /* weights of its days, 7 old and more, after which it came within 7; of all these */
	unsigned days, active_28; /* with weight; of the 28 days that end with the last one */
	double w_first;		  /* day weight of its first day: the arrival */
	double w_28;		  /* highest day weight of the last 28 days */
	unsigned first, last;	  /* lags of its oldest and newest day with any weight */
	unsigned verified_last;	  /* lag of the newest verified day, or NO_DAY */
	uint64_t verified_7;	  /* bit = lag below 7 with verified evidence */
	bool scan;		  /* nothing but scans */
	bool any;		  /* any weight at all: without it all above is 0 */
};

/* struct host_sum - one host over all families */
struct host_sum {
	uint64_t host;
	struct host_part part[NF];
	unsigned n_part;
	uint64_t events, group_mask;
	unsigned first, last; /* lags of all evidence, whatever its weight */
	bool anchor;	      /* an anchor saw it with full proof */
};

/* bit_weight - what one group says on one day: trust x volume guard x v */
double bit_weight(const struct judge *j, const struct bit *b);

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

/* struct say - what a leaf would lose without one root's groups (A7, 4), severity applied */
struct say {
	double returning, x; /* x: arrivals under the kernel of the AS */
	uint32_t root;
};

struct leaf {
	uint64_t block;	     /* number of the /24 or /48 */
	uint32_t row;	     /* in judge.rows, or NOWHERE */
	uint32_t bit, n_bit; /* its hosts */
	uint32_t part, n_part;
	uint32_t say, n_say;
	uint32_t hosts;
	double lambda[NF];  /* pooled, per unit and day */
	double again, gone; /* of its hosts, all families */
	double pace;	    /* s_e: more than 1 where hosts return more than usual */
	uint64_t events, group_mask, units; /* units: of the block within the row */
	uint16_t first, last;		    /* lags */
	uint8_t version;
	bool anchor;
};

/* struct row - one row of the announced space */
struct row {
	uint64_t first, last; /* units, both included */
	uint32_t prefix, as, org;
	uint16_t country; /* index, or COUNTRY_NONE */
	uint8_t version;
	uint32_t leaf, n_leaf;
	uint64_t listed;
};

#define COUNTRY_N    (26u * 26u)
#define COUNTRY_NONE COUNTRY_N

/* struct sum - an entity that is more than a block */
struct sum {
	uint32_t index, as, org, prefix;
	double returning[NF], arrivals[NF];
	double returning_scan;
	double x;		 /* arrivals under the kernel of its level, all families */
	double x_attack, x_scan; /* under the kernel of the AS */
	double worst;		 /* M of its worst block, severity applied */
	uint32_t worst_leaf;	 /* that block, or NOWHERE */
	double
	    quiet; /* of M: arrivals that need no evidence; severity applied, as all that follows */
	double others;	    /* M above that, as it would be without the root that says most of it */
	double held;	    /* M that does not count, as that root alone says it (A7, 4) */
	double top_left;    /* AS: of its arrivals' first step, what is left without top_root */
	uint32_t held_root; /* or MUTE_NOBODY; so is top_root */
	uint32_t top_root;
	uint64_t size[2], hosts, events, group_mask, listed;
	uint16_t first, last;
	bool anchor;
};

/* struct support - who says what of the leaves of an entity, on its way to a sum */
struct support {
	double returning_lost[JUDGE_GROUPS_MAX], x_lost[JUDGE_GROUPS_MAX]; /* where roots says so */
	double x;
	uint64_t roots;
};

/* sum_severe - M of a sum in its two parts, with severity: a network that only scans weighs half */
void sum_severe(const struct sum *s, double *returning, double *arrivals);

struct sums {
	struct sum *v; /* owned; by index */
	uint32_t n;
};

struct judge {
	struct judge_conf conf;
	struct judge_world world;
	struct model model;
	double given[JUDGE_GROUPS_MAX]; /* trust, as judge_group was told */
	double trust[JUDGE_GROUPS_MAX]; /* as it is used */
	struct judge_trust told[JUDGE_GROUPS_MAX];
	bool trust_kept; /* of the run before */
	bool anchor[JUDGE_GROUPS_MAX];
	double guard[JUDGE_GROUPS_MAX][JUDGE_WINDOW_DAYS]; /* by lag */
	uint8_t root[JUDGE_GROUPS_MAX]; /* groups that copy each other have one root (A6) */
	struct bits bits;
	struct bits listed; /* host: of the prefix's first address; the family tells nothing */

	struct row *rows; /* by version, first */
	uint32_t n_rows, *rows_by_as;
	double (*arrivals)[NF]; /* of every row, per 7 days, of all its space */
	uint8_t *as_wanted;	/* by index: that anything is asked about; NULL: all are */
	struct leaf *leaves;	/* by version, block, row */
	uint32_t n_leaves, cap_leaves;
	struct part *parts;
	uint32_t n_parts, cap_parts;
	struct say *says;
	uint32_t n_says, cap_says;
	uint32_t *hosts, n_hosts; /* first bit of every host */
	double arrived[NF][2]; /* hosts, each by the weight of its first day, by IP version … */
	double arrived_all;    /* … and all of them */
	uint32_t *blocks, n_blocks; /* first leaf of every block */
	struct sums prefix, as, org, country;
	float *map_arrivals, *map_returning; /* judge_map; borrowed */
};

/* trust_measure - judge.trust, root and told; 0 or -ENOMEM */
int trust_measure(struct judge *j);

/* guard_build - judge.guard from the volumes in judge.bits */
void guard_build(struct judge *j);

/* pace_build - how fast the hosts of each leaf are cleaned (A8), into paces, [n_leaves], owned by the
 * caller; NULL where not enough has been seen to tell. 0 or -ENOMEM. */
int pace_build(const struct judge *j, double **paces);

/* rhythm_learn - judge.world.rhythm from the gaps between the days of one host, and the kernel by it */
void rhythm_learn(struct judge *j);

/* leaf_build - hosts, leaves and parts of judge.bits over judge.rows; 0 or -ENOMEM */
int leaf_build(struct judge *j, const double *paces); /* of every leaf; NULL: 1 */
void leaf_forget(struct judge *j);

/* support_add, support_close - one leaf after the other; then quiet, others, held and top of ret, whose
 * other members are complete; size: of the space it is judged by. After the sums of AS where ret has one. */
void support_add(const struct judge *j, struct support *s, const struct leaf *l);
void support_close(
    const struct judge *j, const struct support *s, const uint64_t size[2], struct sum *ret);

/* leaf_of_bit - the leaf that holds a bit */
const struct leaf *leaf_of_bit(const struct judge *j, uint32_t bit);

/* leaf_x - the three sums and the scans of a leaf by family */
enum leaf_kernel { LEAF_X_BLOCK, LEAF_X_MID, LEAF_X_AS };
void leaf_x(const struct judge *j, const struct leaf *l, enum leaf_kernel k, double add_to[NF]);

/* leaf_severe - what a leaf's parts add up to with their severity: returning, arrivals by the AS's kernel */
void leaf_severe(const struct judge *j, const struct leaf *l, double *returning, double *x);

/* leaf_m - expected attackers of a leaf, severity applied */
double leaf_m(const struct judge *j, const struct leaf *l);

/* leaf_map - what is expected to return, by IPv4 block (judge_map) */
void leaf_map(const struct judge *j, float *map);

/* tree_run - lambda of all leaves, arrivals of all rows; 0 or -ENOMEM */
int tree_run(struct judge *j);

/* struct trace - one AS in one IP version walked once more, to tell what tree_run did; it changes
 * nothing. at: called for every leaf (leaf not NULL) and for what is left of every cell, with the steps
 * down the chain in every family. */
struct trace {
	struct judge_step step[NF][MODEL_LEVEL_N];
	double above[NF], pooled[NF]; /* lambda before and after pooling */
	void (*at)(struct trace *t, const struct leaf *leaf, uint32_t row, uint64_t units);
	void *ctx;
};

/* tree_trace - rows [i, end) of judge.rows_by_as; 0 or -ENOMEM */
int tree_trace(struct judge *j, uint32_t i, uint32_t end, struct trace *trace);

/* tree_trace_homeless - one leaf that nobody announces */
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
	return !j->as_wanted || j->as_wanted[as];
}

static inline bool wants_kind(const struct judge *j, enum entity_kind k)
{
	return !j->conf.kinds || j->conf.kinds >> k & 1;
}

/* world_learn - judge.world from rows and leaves (A0, A1) */
void world_learn(struct judge *j);

/* sums_build - prefix, as, org, country; 0 or -ENOMEM */
int sums_build(struct judge *j);

uint16_t country_index(const char cc[3]);

#endif
