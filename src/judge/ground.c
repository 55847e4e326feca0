/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "judge/ground.h"

#include <stdlib.h>
#include <string.h>

struct ground *ground_free(struct ground *g)
{
	if (!g)
		return NULL;
	free(g->as);
	free(g->prefix);
	free(g->country);
	free(g->as_size);
	free(g->prefix_size);
	free(g);
	return NULL;
}

/* The highest indexes, so that tables by index can be made. */
static void count_indexes(struct ground *g, space_fn *space, const void *ctx)
{
	struct space s;

	for (uint32_t i = 0; space(ctx, i, &s); i++) {
		if (s.as == CHAIN_NONE || s.prefix == CHAIN_NONE)
			continue;
		g->n_as = MAX_OF(g->n_as, s.as + 1);
		g->n_prefix = MAX_OF(g->n_prefix, s.prefix + 1);
	}
}

static void take_row(struct ground *g, const struct space *s)
{
	uint32_t first, last;

	if (!addr_is_v4(s->range.first) || s->as == CHAIN_NONE || s->prefix == CHAIN_NONE)
		return;
	first = addr_v4(s->range.first);
	last = addr_v4(s->range.last);
	g->as_size[s->as] += (double)last - first + 1;
	g->prefix_size[s->prefix] += (double)last - first + 1;
	for (uint32_t b = first >> 8; b <= last >> 8; b++) {
		if (ground_has(g, b))
			continue;
		g->universe[b / 64] |= UINT64_C(1) << b % 64;
		g->as[b] = s->as;
		g->prefix[b] = s->prefix;
		g->country[b] = country_index(s->country);
		g->n_blocks++;
	}
}

struct ground *ground_new(space_fn *space, const void *ctx)
{
	struct ground *g = calloc(1, sizeof(*g));
	struct space s;

	if (!g)
		return NULL;
	count_indexes(g, space, ctx);
	g->as = malloc(MAP_N * sizeof(*g->as));
	g->prefix = malloc(MAP_N * sizeof(*g->prefix));
	g->country = calloc(MAP_N, sizeof(*g->country));
	g->as_size = calloc((size_t)g->n_as + 1, sizeof(*g->as_size));
	g->prefix_size = calloc((size_t)g->n_prefix + 1, sizeof(*g->prefix_size));
	if (!g->as || !g->prefix || !g->country || !g->as_size || !g->prefix_size)
		return ground_free(g);
	memset(g->as, 0xff, MAP_N * sizeof(*g->as));
	memset(g->prefix, 0xff, MAP_N * sizeof(*g->prefix));
	for (uint32_t i = 0; space(ctx, i, &s); i++)
		take_row(g, &s);
	return g;
}
