/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "holders/spread.h"

#include <errno.h>
#include <string.h>

#include "holders/tell.h"

static int of_as(const struct registry *r, uint32_t as, spread_fn *fn, void *ctx)
{
	uint32_t first, n = registry_as_prefixes(r, as, &first);
	int err = 0;

	for (uint32_t i = first; i < first + n && err == 0; i++)
		err = fn(ctx, registry_prefix_at(r, registry_as_prefix(r, i)).range);
	return err;
}

static int of_org(const struct registry *r, const struct entity *en, spread_fn *fn, void *ctx)
{
	struct entity own = *en;
	uint32_t org = tell_find_org(r, &own), first, n;
	int err = 0;

	if (org == REGISTRY_NONE)
		return -ENOENT;
	n = registry_org_ases(r, org, &first);
	for (uint32_t i = first; i < first + n && err == 0; i++)
		err = of_as(r, registry_org_as(r, i), fn, ctx);
	return err;
}

static int of_net(const struct registry *r, const struct entity *en, spread_fn *fn, void *ctx)
{
	struct entity own = *en;
	uint32_t net = r ? tell_find(r, &own) : REGISTRY_NONE;
	const char *ends = strchr(en->handle, '/');
	struct range range;

	if (net != REGISTRY_NONE)
		return fn(ctx, registry_network_at(r, net).range);
	if (!ends || range_parse(span_str(ends + 1), &range) < 0)
		return -ENOENT;
	return fn(ctx, range);
}

static int of_country(const struct registry *r, const struct entity *en, spread_fn *fn, void *ctx)
{
	struct space row;
	int err = 0;

	for (uint32_t i = 0; err == 0 && registry_space(r, i, &row); i++)
		if (strcmp(row.country, en->handle) == 0)
			err = fn(ctx, row.range);
	return err;
}

int spread_each(const struct registry *r, const struct entity *en, spread_fn *fn, void *ctx)
{
	uint32_t as;

	if (en->kind == ENTITY_ADDR || en->kind == ENTITY_BLOCK || en->kind == ENTITY_PREFIX)
		return fn(ctx, en->range);
	if (en->kind == ENTITY_NET)
		return of_net(r, en, fn, ctx);
	if (!r)
		return -ENOENT;
	if (en->kind == ENTITY_ORG)
		return of_org(r, en, fn, ctx);
	if (en->kind == ENTITY_COUNTRY)
		return of_country(r, en, fn, ctx);
	as = registry_find_as(r, en->asn);
	return as == REGISTRY_NONE ? -ENOENT : of_as(r, as, fn, ctx);
}
