/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How much waits in a spool, and since when: for status files, checks and graphs. It reads names, sizes and times,
 * never a batch. */
#ifndef ONUS_CORE_SPOOL_DEPTH_H
#define ONUS_CORE_SPOOL_DEPTH_H

#include <stdint.h>

#include "util/err.h"

struct spool_room {
	uint64_t batches, bytes;
	int64_t oldest_s; /* when the oldest of them was written, Unix seconds; 0: there is none */
};

struct spool_depth {
	struct spool_room waiting,
	    bad; /* new/ and bad/ of all producers; reasons in bad/ are not counted */
};

/* spool_depth - a spool that is not there is an empty one; -errno when it cannot be looked at, *ret is then as before */
MUST_USE int spool_depth(const char *dir, struct spool_depth *ret, struct err *e);

/* struct spool_gauge - the depth as a program tells it, measured every few seconds at most, and for no more than a
 * hundredth of the time: a spool may be long */
struct spool_gauge {
	struct spool_depth depth;
	int64_t again_us; /* monotonic */
};

/* spool_gauge - the depth of now, or of a while ago; a spool that cannot be looked at keeps its last one */
const struct spool_depth *spool_gauge(struct spool_gauge *g, const char *dir);

#endif
