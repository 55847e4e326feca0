/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One's own good traffic (core/good.h) day by day, beside a series: what the walls of any day are put against. */
#ifndef ONUS_JUDGE_GOOD_DAYS_H
#define ONUS_JUDGE_GOOD_DAYS_H

#include "judge/replay.h"
#include "judge/series.h"

struct good_day {
	struct addr host;
	uint64_t count;
	int32_t day;
	enum good kind;
};

/* struct good_days - zeroed, there are none */
struct good_days {
	struct good_day *v; /* owned; sealed: by day, host and kind, one of each */
	size_t n, cap;
};

/* good_days_add  - any address of the host. 0 or -ENOMEM
 * good_days_seal - after the last one */
MUST_USE int good_days_add(
    struct good_days *g, struct addr host, enum good kind, uint64_t count, int32_t day);
void good_days_seal(struct good_days *g);
void good_days_done(struct good_days *g); /* callable twice */

/* good_days_tell - to a replay: what was good on days first … last, and who of these hosts attacked on the same days
 * s    sealed
 * own  [SERIES_VOICES_MAX], by the group of a sighting: an anchor's, the others accuse nobody; NULL: all are
 * 0 or -ENOMEM */
MUST_USE int good_days_tell(const struct good_days *g, const struct series *s, const bool *own,
    int32_t first, int32_t last, struct replay *to);

#endif
