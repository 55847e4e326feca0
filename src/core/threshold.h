/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The thresholds of the policy: from where on an address, block or network is slowed down or walled off (scoring.md, B1 and B3). What an
 * operator may change them to is bounded (B6). Releases follow: each stays the same part of its threshold, so
 * that no setting can make a wall flap. */
#ifndef ONUS_CORE_THRESHOLD_H
#define ONUS_CORE_THRESHOLD_H

#include <stdbool.h>

#include "util/err.h"
#include "util/span.h"

enum threshold {
	THRESHOLD_ADDR_P7,     /* chance of another attack within 7 days */
	THRESHOLD_ADDR_WEIGHT, /* of its best day */
	THRESHOLD_ADDR_HITS,   /* of one day, verified by an anchor */
	THRESHOLD_BLOCK_HOSTS, /* verified within 7 days … */
	THRESHOLD_BLOCK_DAYS,  /* … on so many of them, or … */
	THRESHOLD_BLOCK_PEAK,  /* … so many on one */
	THRESHOLD_BLOCK_NEW,   /* new attackers expected, or … */
	THRESHOLD_BLOCK_M,     /* … attackers in all */
	THRESHOLD_BLOCK_M_LOW, /* and the low end of that */
	THRESHOLD_BLOCK_FROM,  /* episode from which on a block or network is refused */
	THRESHOLD_NET_BLOCKS,  /* of a network that meet the rule of blocks */
	THRESHOLD_NET_SHARE,   /* of its announced blocks */
	THRESHOLD_NET_NEW,     /* new attackers expected per block */
	THRESHOLD_AS_BOUND,    /* times the world's rate, nine times out of ten */
	THRESHOLD_AS_SHARE,    /* of its announced blocks */
	THRESHOLD_BUDGET,      /* addresses under rules about blocks and networks */
	THRESHOLD_N
};

struct threshold_row {
	const char *name; /* of the setting */
	double standard, min, max;
	bool whole; /* no fraction */
	const char *help;
};
extern const struct threshold_row threshold_rows[THRESHOLD_N];

/* struct thresholds - one value each; thresholds_standard - those of scoring.md */
struct thresholds {
	double v[THRESHOLD_N];
};
struct thresholds thresholds_standard(void);

MUST_USE int threshold_find(struct span name, enum threshold *ret); /* 0 or -EINVAL */

/* threshold_parse - a value within its bounds; -EINVAL with a sentence that says them */
MUST_USE int threshold_parse(enum threshold t, struct span text, double *ret, struct err *e);

#define THRESHOLD_TEXT_MAX 32u
void threshold_format(enum threshold t, double v, char ret[THRESHOLD_TEXT_MAX]);

#endif
