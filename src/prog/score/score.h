/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus-score, its parts: prog/evidence hub → judge, write.c judge → hub. */
#ifndef ONUS_PROG_SCORE_SCORE_H
#define ONUS_PROG_SCORE_SCORE_H

#include "holders/registry.h"
#include "judge/policy.h"
#include "ledger/hub.h"
#include "prog/evidence/evidence.h"
#include "prog/evidence/known.h"
#include "prog/evidence/shared.h"
#include "prog/evidence/transfers.h"
#include "prog/evidence/warrants.h"

/* struct decide_when - as of which instant is decided, and by what is set then */
struct decide_when {
	int64_t at_s;
	const struct addrset *never;
	const struct thresholds *thresholds;
	const struct shared *shared;
	const struct warrants *warrants;
	struct known_good *good;
	double max_loss; /* of what is good, 0 to 1 */
};

/* struct written - what a run left in the hub */
struct written {
	uint64_t scores, decisions, begun, dropped; /* decisions: of those that were looked at */
	uint64_t at_tag;	   /* of all that stand: they would cost too much (cost.h) */
	int64_t next_end_s;	   /* when the first decision ends; INT64_MAX */
	struct policy_list policy; /* figures only, the list is gone */
};

/* struct result - what is written, where to, and what it is called by */
struct result {
	struct hub *hub;
	const struct registry *registry;
	const struct transfers *transfers;
	const struct judge *judge;
	struct hub_run *run;
	void (*alive)(void *ctx); /* called now and then, with … */
	void *ctx;
};

/* result_write - scores and, unless when is NULL, decisions of a finished run; all or nothing */
MUST_USE int result_write(
    const struct result *from, const struct decide_when *when, struct written *ret, struct err *e);

/* result_again - the same after judge_update: what it has judged anew, and what ends, into the run that is there, which
 * must be the newest one (-EAGAIN) */
MUST_USE int result_again(
    const struct result *from, const struct decide_when *when, struct written *ret, struct err *e);

#endif
