/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A dated series of sightings, for replay: what onus eval learns from and is judged against. Days are
 * day numbers (util/clock.h day_of). One row per host, day, category, proof and group; counts add up. */
#ifndef ONUS_JUDGE_SERIES_H
#define ONUS_JUDGE_SERIES_H

#include <stdint.h>

#include "core/category.h"
#include "core/event.h"
#include "judge/judge.h"
#include "net/addr.h"
#include "util/err.h"

struct sighting {
	uint64_t host; /* judge/bits.h bit_host: IPv4 below 2^32, else the /64 of IPv6 */
	int32_t day;
	uint32_t count;
	uint16_t group;
	uint8_t category, proof;
	bool first; /* nobody in the series saw this host on an earlier day */
};

#define SERIES_VOICES_MAX 4096u /* different groups of sightings */

/* struct series_voice - what one of them is on a day that is judged: a group of the judge */
struct series_voice {
	uint8_t group;
	bool weak; /* its proof is, whatever it says */
};

struct series {
	struct sighting *v; /* owned; sealed: by day, host, category, proof, group */
	size_t n, cap;
};

void series_done(struct series *s);

/* series_add - one sighting; an address that is no host is refused with -EINVAL. group: below
 * SERIES_VOICES_MAX. 0, -ENOMEM. */
MUST_USE int series_add(struct series *s, struct addr host, enum category c, enum proof proof,
    int32_t day, unsigned group, uint32_t count);

/* series_seal - sort, add equal rows up, find out who is first. 0 or -ENOMEM. */
MUST_USE int series_seal(struct series *s);

/* series_drop_days - forget all days that hold more than max distinct new hosts, as one deletes a bulk
 * load by hand. Who was first stays as it was: hosts of those days have been seen. Returns how many
 * days went. */
unsigned series_drop_days(struct series *s, uint32_t max);

/* series_from - index of the first sighting of this day or later; s->n when there is none */
size_t series_from(const struct series *s, int32_t day);

/* series_judge - a judge over all sightings up to and with today: days from first_day on. The groups
 * must have been told to j (judge_group).
 * voices  by the group of a sighting; NULL: that is the judge's own
 * Returns 0, -ENOMEM, -E2BIG. */
MUST_USE int series_judge(const struct series *s, int32_t today,
    const struct series_voice voices[SERIES_VOICES_MAX], struct judge *j);

#endif
