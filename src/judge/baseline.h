/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What others would say of the same evidence: each baseline gives every IPv4 /24 a figure from the
 * sightings up to and with today. Sources: scoring.md C1; where only the idea of a system could be
 * used, the comment at its function says how it was carried over to /24s. */
#ifndef ONUS_JUDGE_BASELINE_H
#define ONUS_JUDGE_BASELINE_H

#include "judge/ground.h"
#include "judge/series.h"

struct baseline {
	const char *name;  /* for people */
	const char *about; /* one sentence */
	/* Returns 0 or -ENOMEM; map has MAP_N figures and comes zeroed. */
	int (*fill)(const struct ground *g, const struct series *s, int32_t today, float *map);
};

extern const struct baseline baselines[];
extern const unsigned n_baselines;

#endif
