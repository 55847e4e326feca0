/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/web/networks.h"

#include "holders/tell.h"

/* The AS that the page names, so that both are of one voice. */
static uint32_t as_named(const struct registry *r, const struct subject *s)
{
	for (unsigned i = 0; i < s->n_chain; i++)
		if (s->chain[i].kind == ENTITY_AS)
			return registry_find_as(r, s->chain[i].asn);
	return REGISTRY_NONE;
}

static uint32_t as_of_org(const struct registry *r, const struct entity *en)
{
	uint32_t org = registry_find_org(r, span_str(en->handle)), first, n, told = REGISTRY_NONE;

	if (org == REGISTRY_NONE)
		return REGISTRY_NONE;
	n = MIN_OF(registry_org_ases(r, org, &first), SEAT_ASES_MAX);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t as = registry_org_as(r, first + i);
		struct registry_as a = registry_as_at(r, as);

		if (a.abuse != REGISTRY_NONE)
			return as;
		if (a.holder != REGISTRY_NONE && told == REGISTRY_NONE)
			told = as;
	}
	return told;
}

struct seat seat_find(const struct view *v, const struct entity *en, const struct subject *s)
{
	const struct registry *r = v->registry;
	struct seat ret = { REGISTRY_NONE, REGISTRY_NONE };

	if (!r)
		return ret;
	if (seat_ranged(en))
		ret.network = registry_network_around(r, en->range);
	if (seat_ranged(en) || en->kind == ENTITY_AS)
		ret.as = as_named(r, s);
	else if (en->kind == ENTITY_ORG)
		ret.as = as_of_org(r, en);
	return ret;
}

struct entity seat_entity(struct range range)
{
	struct entity host = entity_addr(range.first);

	return range_has(host.range, range.last) ? host : entity_prefix(range);
}

bool seat_org(struct view *v, struct entity *en)
{
	char name[ENTITY_NAME_MAX];
	struct entity org = *en;
	struct span handle;
	struct row row;
	uint32_t at;

	(void)entity_format(en, name);
	if (en->kind != ENTITY_ORG || !v || !v->registry || view_find(v, name, &row))
		return false;
	at = tell_find_org(v->registry, &org);
	if (at == REGISTRY_NONE)
		return false;
	org = (struct entity){ .kind = ENTITY_ORG };
	handle = registry_org_at(v->registry, at).handle;
	memcpy(org.handle, handle.p, MIN_OF(span_len(handle), sizeof(org.handle) - 1));
	if (strcmp(org.handle, en->handle) == 0)
		return false;
	*en = org;
	return true;
}

bool seat_network(struct view *v, struct entity *en)
{
	char name[ENTITY_NAME_MAX];
	struct entity net = *en;
	struct row row;
	uint32_t at;

	if (en->kind != ENTITY_NET || !v || !v->registry)
		return false;
	at = tell_find(v->registry, &net);
	if (at == REGISTRY_NONE)
		return false;
	net.range = registry_network_at(v->registry, at).range;
	(void)entity_format(&net, name);
	if (view_find(v, name, &row)) {
		*en = net;
		return false;
	}
	*en = seat_entity(net.range);
	return true;
}
