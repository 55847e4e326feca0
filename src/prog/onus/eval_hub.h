/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus eval out of the hub: the ledger as a series, in which every source is a voice of its own. */
#ifndef ONUS_PROG_ONUS_EVAL_HUB_H
#define ONUS_PROG_ONUS_EVAL_HUB_H

#include "core/conf.h"
#include "core/threshold.h"
#include "judge/good_days.h"
#include "judge/series.h"
#include "net/addrset.h"
#include "prog/evidence/voices.h"

struct eval_hub {
	struct voices voices;
	uint64_t rows, listed;
	uint64_t waiting; /* dated later than now */
	uint64_t old;	  /* dated before oldest */
	struct thresholds levels;
	struct addrset never;		 /* own networks, and what is allowed now */
	bool anchors[SERIES_VOICES_MAX]; /* of the voices */
};

/* eval_hub_read - settings, and all of the ledger up to now_s, but what is dated before first_day; s is not sealed
 * oldest  rows dated before it are typing errors
 * good    NULL: not wanted; else what anchors saw that was good in the same time is added; not sealed either
 * Returns 0 or -errno; eval_hub_done frees. */
MUST_USE int eval_hub_read(const struct conf *conf, int32_t oldest, int32_t first_day,
    int64_t now_s, struct series *s, struct good_days *good, struct eval_hub *ret, struct err *e);
void eval_hub_done(struct eval_hub *v);

/* eval_hub_voices - for evaluate_conf.voices; ctx: the struct eval_hub */
void eval_hub_voices(
    void *ctx, int32_t day, struct judge *j, struct series_voice voices[SERIES_VOICES_MAX]);

#endif
