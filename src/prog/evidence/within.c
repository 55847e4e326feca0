/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/evidence/within.h"

bool entity_is_space(const struct entity *en)
{
	return en->kind == ENTITY_ADDR || en->kind == ENTITY_BLOCK || en->kind == ENTITY_PREFIX;
}

/* Whom the registry names for an entity. */
static struct attribution holder(const struct registry *r, const struct entity *en)
{
	struct attribution at = { REGISTRY_NONE, REGISTRY_NONE, REGISTRY_NONE, "" };

	if (entity_is_space(en))
		registry_lookup(r, en->range.first, &at);
	else if (en->kind == ENTITY_AS)
		at.as = registry_find_as(r, en->asn);
	else if (en->kind == ENTITY_ORG)
		at.org = registry_find_org(r, span_str(en->handle));
	if (en->kind == ENTITY_AS && at.as != REGISTRY_NONE)
		at.org = registry_as_at(r, at.as).org;
	return at;
}

bool entity_within(const struct registry *r, const struct entity *a, const struct entity *of)
{
	const struct attribution in = holder(r, a), all = holder(r, of);

	if (entity_is_space(of))
		return entity_is_space(a) && range_has(of->range, a->range.first) &&
		       range_has(of->range, a->range.last);
	if (of->kind == ENTITY_AS)
		return all.as != REGISTRY_NONE && in.as == all.as;
	return of->kind == ENTITY_ORG && all.org != REGISTRY_NONE && in.org == all.org;
}
