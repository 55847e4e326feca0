/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The announced IPv4 space by /24, as rankings and baselines need it. A block that several rows share
 * belongs to the first of them. */
#ifndef ONUS_JUDGE_GROUND_H
#define ONUS_JUDGE_GROUND_H

#include <stdbool.h>
#include <stdint.h>

#include "core/chain.h"
#include "judge/country.h"
#include "judge/measure.h"

struct ground {
	uint64_t universe[MAP_N / 64]; /* bit: announced */
	uint32_t n_blocks;
	uint32_t *as, *prefix;	       /* by block; CHAIN_NONE: not announced */
	uint16_t *country;	       /* the same: country_index */
	double *as_size, *prefix_size; /* addresses, by index */
	uint32_t n_as, n_prefix;       /* highest index + 1 */
};

/* ground_new - from the rows of the announced space; NULL: out of memory */
struct ground *ground_new(space_fn *space, const void *ctx);
struct ground *ground_free(struct ground *g); /* NULL-safe, returns NULL */

static inline bool ground_has(const struct ground *g, uint32_t block)
{
	return g->universe[block / 64] >> block % 64 & 1;
}

#endif
