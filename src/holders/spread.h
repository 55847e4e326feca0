/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which addresses an entity spreads over: those that a decision about it is about. */
#ifndef ONUS_HOLDERS_SPREAD_H
#define ONUS_HOLDERS_SPREAD_H

#include "core/entity.h"
#include "holders/registry.h"

/* spread_fn - 0 to go on; anything else ends the walk and is what it returns */
typedef int spread_fn(void *ctx, struct range range);

/* spread_each - its ranges, in no order; those of one entity may overlap
 *
 * r   NULL: none; only addresses, blocks and prefixes are known then, and networks that are named by their ends
 * Returns 0; -ENOENT when the registry has no such entity, or is needed and is none; what fn returned. */
MUST_USE int spread_each(
    const struct registry *r, const struct entity *en, spread_fn *fn, void *ctx);

#endif
