/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the policy asks of a hub and a registry: what stands and its past, who holds what, and what must never be touched.
 * For onus-score, which writes what is decided, and for those who only want to know. */
#ifndef ONUS_PROG_EVIDENCE_DECIDING_H
#define ONUS_PROG_EVIDENCE_DECIDING_H

#include "judge/policy.h"
#include "prog/evidence/shared.h"
#include "prog/evidence/transfers.h"

/* struct standing_row - a decision, or a past alone, as the hub has it; texts are owned */
struct standing_row {
	char *entity;
	char *action; /* NULL: a past alone */
	char *level, *reason;
	int64_t run;
	bool past; /* the hub has its past */
	bool
	    warranted; /* none that the rules make (judge/warranted.h): its past is in a row of its own */
	bool stale; /* none that onus would write, or one of two: to be dropped */
};

/* struct deciding - conf is ready for policy_decide after deciding_begin */
struct deciding {
	struct policy_conf conf;
	struct policy_standing *
	    v; /* owned; conf.n_standing in their order, then what stands by warrants; tag is the index of … */
	struct standing_row *row; /* … its row, owned; stale ones have none */
	size_t n, n_row, cap, cap_row;
	struct hub *hub;
	const struct registry *registry; /* borrowed, as are these and never, which are in conf */
	const struct transfers *transfers;
	const struct shared *shared; /* borrowed, set by the caller as conf.never is; NULL: nothing
					is known */
};

/* deciding_begin - as of conf.at_s, with conf.never and conf.thresholds, which the caller has set in a
 * struct that is zeroed otherwise. 0 or -errno. deciding_done is callable twice. */
MUST_USE int deciding_begin(struct deciding *d, struct hub *h, const struct registry *r,
    const struct transfers *t, struct err *e);
void deciding_done(struct deciding *d);

/* deciding_row - what the hub has of a decision's entity, or NULL */
const struct standing_row *deciding_row(const struct deciding *d, const struct policy_decision *p);

#endif
