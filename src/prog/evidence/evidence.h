/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the ledger to the judge: what programs share that judge a hub (onus-score, onus-publish,
 * onus explain). */
#ifndef ONUS_PROG_EVIDENCE_EVIDENCE_H
#define ONUS_PROG_EVIDENCE_EVIDENCE_H

#include "core/event.h"
#include "judge/judge.h"
#include "ledger/hub.h"

/* struct evidence - what was read for one run, in one consistent view of the hub */
struct evidence {
	struct judge *judge; /* owned; not run yet */
	struct hub_run run;  /* everything but the id */
	uint64_t rows, listed;
	char group[JUDGE_GROUPS_MAX][EVENT_SOURCE_MAX + 1]; /* names by index */
	unsigned groups_beyond; /* groups that had to share the last index */
};

/* evidence_read - the window up to at_s, as it was known then: rows of later hours and days, and later
 * changes of trust, do not count
 * archive  judge an old ledger as of its last day: when nothing is newer than ARCHIVE_DAYS before at_s
 * Returns 0; -errno. evidence_done frees. evidence_read_in: the same within a view that the caller has begun
 * (hub_read_begin). */
#define ARCHIVE_DAYS 30
MUST_USE int evidence_read(
    struct hub *h, int64_t at_s, bool archive, struct evidence *ret, struct err *e);
MUST_USE int evidence_read_in(
    struct hub *h, int64_t at_s, bool archive, struct evidence *ret, struct err *e);
void evidence_done(struct evidence *v);

#endif
