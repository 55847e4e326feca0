/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the ledger to the judge: what programs share that judge a hub (onus-score, onus explain). */
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
	uint64_t disputed; /* lines that do not count (disputes.h) */
	char group[JUDGE_GROUPS_MAX][EVENT_SOURCE_MAX + 1]; /* names by index */
	uint8_t kinds[JUDGE_GROUPS_MAX]; /* enum hub_source_kind of their sources, a bit each */
	unsigned groups_beyond;		 /* groups that had to share the last index */
	int32_t day, first_day;		 /* that is judged; of the ledger */
	bool archived;			 /* as of the ledger's last day, which is long ago */
	bool aged;			 /* evidence_follow: another day has begun */
	uint64_t voices;	 /* who is trusted how far, and which lines are disputed, hashed */
	char mark[HUB_MARK_MAX]; /* of the newest batch that is in it */
};

/* evidence_read - the window up to at_s, as it was known then: rows of later hours and days, and later
 * changes of trust, do not count
 * now  all of today counts; and an old ledger is judged as of its last day, when nothing is newer than
 *      ARCHIVE_DAYS before at_s
 * Returns 0; -errno. evidence_done frees. evidence_read_in: the same within a view that the caller has begun
 * (hub_read_begin). */
#define ARCHIVE_DAYS 30
MUST_USE int evidence_read(
    struct hub *h, int64_t at_s, bool now, struct evidence *ret, struct err *e);
MUST_USE int evidence_read_in(
    struct hub *h, int64_t at_s, bool now, struct evidence *ret, struct err *e);
void evidence_done(struct evidence *v);

/* evidence_follow - what was folded since, and what at_s makes of it, at the cost of what is new; v was read
 * as of now, and its judge may have run
 * Returns 0: judge_update will do, or judge_run where aged is set; 1: read it anew, as sources, trust or disputes have
 * changed, or it is another hub, or the hub has forgotten what is new; -errno: read it anew, too. */
MUST_USE int evidence_follow(struct hub *h, int64_t at_s, struct evidence *v, struct err *e);

/* evidence_save - to a file that evidence_load reads (state.c): at best directly after judge_run, otherwise the
 * judge's results are forgotten. 0 or -errno.
 * evidence_load - and follow from there to at_s. 0; 1 with *e: it is of no use, and why; -errno */
MUST_USE int evidence_save(struct evidence *v, const char *path, struct err *e);
MUST_USE int evidence_load(
    struct hub *h, const char *path, int64_t at_s, struct evidence *ret, struct err *e);

/* evidence_begin - for evidence_load: an empty judge for v->day; 1 where v->voices are not who they were */
MUST_USE int evidence_begin(struct hub *h, struct evidence *v, struct err *e);

#endif
