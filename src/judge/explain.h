/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A judgement as the sum that it is: every host that may return, every stretch of space where new ones
 * may appear with the steps down its chain, and the figures that turn them into a score. Added up, the
 * terms give judgement.part, m, rho and score (in another order of addition: to about 1e-12).
 *
 *	weighed = sum over families of severity x (returning + arrivals)
 *	          - scan_off x (returning by hosts that only scan + attack arrivals x scan_share)
 *	          - judgement.held
 *	rho     = (weighed + b0) / average;  score = 100 / (1 + rho / 4) */
#ifndef ONUS_JUDGE_EXPLAIN_H
#define ONUS_JUDGE_EXPLAIN_H

#include "judge/judge.h"

/* struct judge_step - one level of A3 in one family: lambda becomes lambda x (a + x) / (a + e) */
struct judge_step {
	double x;    /* arrivals seen, under the kernel of the level */
	double size; /* addresses, or /48s */
	double e;    /* expected from what is known of the parent */
	double ratio;
};

enum judge_level { /* as in model.h */
	JUDGE_LEVEL_AS,
	JUDGE_LEVEL_SIXTEEN,
	JUDGE_LEVEL_PREFIX,
	JUDGE_LEVEL_PART, /* the delegation, or what the AS has in the /20 (IPv6: /44) */
	JUDGE_LEVEL_BLOCK,
	JUDGE_LEVEL_N
};

/* struct judge_stretch - addresses of one family's chain: a block with evidence, or all of a place that
 * has none */
struct judge_stretch {
	enum family family;
	bool quiet; /* no evidence: units lie anywhere in the prefix */
	bool
	    former; /* of a time when somebody else held it: `pooled` is what that adds to the space */
	struct addr block; /* not quiet: the block */
	uint32_t prefix;   /* index, or CHAIN_NONE */
	uint64_t units;	   /* addresses, or /48s */
	double l0;	   /* world rate */
	struct judge_step step[JUDGE_LEVEL_N];
	double lambda, pooled; /* l0 x ratios; after the other families' say */
	double arrivals;       /* 7 x pooled x units */
};

/* struct judge_host - one host in one family (A2) */
struct judge_host {
	struct addr addr;
	enum family family;
	double p7, k;
	double pace; /* s_e of A8: k counts so many times */
	unsigned days, silent, active_28;
	bool scan; /* only scans */
	bool
	    former; /* what was seen of it while somebody else held it; the rest is told of apart */
	double first_weight;
	int32_t first_day, last_day;
	int32_t quiet_by; /* the day on which p7 falls under JUDGE_QUIET_P7 if it stays silent */
};
#define JUDGE_QUIET_P7 0.01

/* struct judge_line - a line of evidence: host, day, family and group, once */
struct judge_line {
	struct addr addr;
	enum family family;
	int32_t day;
	unsigned group;
	bool weak, scan;
	uint64_t count;
	double weight; /* trust x volume guard x proof: the day's weight is 1 - prod (1 - weight) */
};

/* struct judge_total - what the terms are put together with */
struct judge_total {
	struct judgement judgement;
	double severity[FAMILY_SCORED_N], scan_off;
	double returning_scan; /* of hosts that only scan */
	double scan_share; /* of the arrivals of the attack family, under the kernel of the AS */
	double weighed, b0, average;
	double m0[FAMILY_SCORED_N][2]; /* average = b0 + sum severity x m0 x size; 0: not seen */
	double size[2];
};

/* struct judge_listener - who is told; any may be NULL. A call that returns < 0 ends it with that. */
struct judge_listener {
	int (*host)(void *ctx, const struct judge_host *h);
	int (*line)(void *ctx, const struct judge_line *l); /* follow their host */
	int (*stretch)(void *ctx, const struct judge_stretch *s);
	void *ctx;
};

/* judge_explain - after judge_run: all terms of one entity, then *ret
 * Returns 1; 0 when there is no evidence about it; -ENOMEM; what a listener returned. */
MUST_USE int judge_explain(struct judge *j, const struct judge_key *key,
    const struct judge_listener *to, struct judge_total *ret);

/* struct judge_chain - why new hosts are expected in an AS, a prefix or a block, in one family: the steps of
 * A3 that lead to it, in the order in which they are made; the last one is its own */
struct judge_chain {
	struct judge_key key;
	enum family family;
	bool v6;
	bool delegated; /* JUDGE_LEVEL_PART is a delegation that the registry has, not the /20 */
	double l0;	/* world rate */
	unsigned n;
	struct judge_link {
		enum judge_level level;
		struct judge_step step;
		double rate; /* lambda after it: l0 x the ratios so far */
	} link[JUDGE_LEVEL_N];
};
typedef int judge_chain_fn(void *ctx, const struct judge_chain *c);

/* judge_chains - after judge_run: of everything that has evidence, family by family, in one walk over the
 * announced space. Left out: families of which nothing was seen in all of the AS (of a block that nobody
 * announces: in it), and blocks that several rows share, as each part has a chain of its own. An AS is told
 * in the IP version in which more was seen, a prefix that lies in several /16s by the part in which more was
 * seen. Returns 0; -ENOMEM; what fn returned when it is not 0, which ends the walk. */
MUST_USE int judge_chains(struct judge *j, judge_chain_fn *fn, void *ctx);

/* judge_advance - the same evidence, n days later, nothing new: run again. l0, M0 and the trust in sources
 * stay those of the last run. */
MUST_USE int judge_advance(struct judge *j, unsigned n); /* 0 or -ENOMEM */

#endif
