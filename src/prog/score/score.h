/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus-score, its parts: prog/evidence hub → judge, write.c judge → hub. */
#ifndef ONUS_PROG_SCORE_SCORE_H
#define ONUS_PROG_SCORE_SCORE_H

#include "holders/registry.h"
#include "judge/policy.h"
#include "ledger/hub.h"
#include "prog/evidence/evidence.h"

/* struct written - what a run left in the hub */
struct written {
	uint64_t scores, decisions, dropped;
	struct policy_list policy; /* figures only, the list is gone */
};

/* result_write - scores and, unless decide is NULL, decisions of a finished run; all or nothing
 * alive   called now and then, with ctx */
MUST_USE int result_write(struct hub *h, const struct registry *r, const struct judge *j,
    struct hub_run *run, const struct policy_conf *decide, void alive(void *ctx), void *ctx,
    struct written *ret, struct err *e);

/* result_again - the same after judge_update: what it has judged anew, into the run that is there, which must
 * be the newest one (-EAGAIN) */
MUST_USE int result_again(struct hub *h, const struct registry *r, const struct judge *j,
    struct hub_run *run, struct policy_conf *decide, void alive(void *ctx), void *ctx,
    struct written *ret, struct err *e);

#endif
