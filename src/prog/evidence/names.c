/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/evidence/names.h"

#include <errno.h>
#include <string.h>

#include "holders/tell.h"

struct entity names_of(
    const struct registry *r, const struct transfers *t, const struct judge_key *k)
{
	struct entity en = { .kind = k->kind };

	switch (k->kind) {
	case ENTITY_ADDR:
		return entity_addr(k->addr);
	case ENTITY_BLOCK:
		return entity_block(k->addr);
	case ENTITY_NET:
		tell_name(r, k->index, &en);
		return en;
	case ENTITY_PREFIX:
		return entity_prefix(registry_prefix_at(r, k->index).range);
	case ENTITY_AS:
		return entity_as(registry_asn(r, k->index));
	case ENTITY_ORG:
		return transfers_org(t, r, k->index);
	default:
		return entity_country(k->country);
	}
}

static int find_prefix(
    const struct registry *r, const struct entity *en, uint32_t *ret, struct err *e)
{
	char text[RANGE_TEXT_MAX];
	struct registry_prefix p;
	struct attribution at;

	registry_lookup(r, en->range.first, &at);
	*ret = at.prefix;
	if (at.prefix == REGISTRY_NONE)
		return 0;
	p = registry_prefix_at(r, at.prefix);
	if (addr_eq(p.range.first, en->range.first) && addr_eq(p.range.last, en->range.last))
		return 0;
	(void)range_format(p.range, text);
	return err_set(e, -ENOENT, "the merged prefix around it is prefix:%s; ask for that", text);
}

int names_find(const struct registry *r, const struct transfers *t, const struct entity *en,
    struct judge_key *ret, struct err *e)
{
	struct entity net;
	int err = 0;

	*ret = (struct judge_key){ .kind = en->kind };
	switch (en->kind) {
	case ENTITY_ADDR:
	case ENTITY_BLOCK:
		ret->addr = en->range.first;
		return 0;
	case ENTITY_COUNTRY:
		memcpy(ret->country, en->handle, 2);
		return 0;
	case ENTITY_AS:
		ret->index = registry_find_as(r, en->asn);
		break;
	case ENTITY_ORG:
		ret->index = transfers_find_org(t, r, span_str(en->handle));
		break;
	case ENTITY_PREFIX:
		err = find_prefix(r, en, &ret->index, e);
		break;
	default:
		net = *en;
		ret->index = tell_find(r, &net);
	}
	if (err < 0 || ret->index != REGISTRY_NONE)
		return err;
	return err_set(
	    e, -ENOENT, "the registry does not know it; `onus lookup ADDRESS` tells what it knows");
}
