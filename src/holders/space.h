/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The registry's announced space as rows of core/chain.h, for whoever judges by sizes. */
#ifndef ONUS_HOLDERS_SPACE_H
#define ONUS_HOLDERS_SPACE_H

#include <string.h>

#include "core/chain.h"
#include "holders/registry.h"

_Static_assert(CHAIN_NONE == REGISTRY_NONE, "both mean that nobody is known");

/* registry_space - a space_fn; registry is a const struct registry *. A row is a merged prefix with the
 * country of the largest part of it. */
static inline bool registry_space(const void *registry, uint32_t index, struct space *ret)
{
	const struct registry *r = registry;
	struct registry_prefix p;

	if (index >= registry_n_prefix(r))
		return false;
	p = registry_prefix_at(r, index);
	*ret = (struct space){ .range = p.range,
		.prefix = index,
		.as = p.as,
		.org = p.as == REGISTRY_NONE ? CHAIN_NONE : registry_as_at(r, p.as).org };
	memcpy(ret->country, p.country, sizeof(ret->country));
	return true;
}

#endif
