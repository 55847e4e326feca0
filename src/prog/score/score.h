/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus-score, its parts: read.c hub → judge, write.c judge → hub. */
#ifndef ONUS_PROG_SCORE_SCORE_H
#define ONUS_PROG_SCORE_SCORE_H

#include "holders/registry.h"
#include "judge/policy.h"
#include "ledger/hub.h"

/* struct evidence - what was read for one run, in one consistent view of the hub */
struct evidence {
	struct judge *judge; /* owned; not run yet */
	struct hub_run run;  /* everything but the id */
	uint64_t rows, listed;
	unsigned groups_beyond; /* groups that had to share the last index */
};

/* evidence_read - the window up to at_s, as it was known then: rows of later hours and days, and later
 * changes of trust, do not count
 * archive  judge an old ledger as of its last day: when nothing is newer than ARCHIVE_DAYS before at_s
 * Returns 0; -errno. evidence_done frees. */
#define ARCHIVE_DAYS 30
MUST_USE int evidence_read(
    struct hub *h, int64_t at_s, bool archive, struct evidence *ret, struct err *e);
void evidence_done(struct evidence *v);

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

#endif
