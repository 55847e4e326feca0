/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Organisations of a registry file: found by any of their handles, and what made them one. */
#include "holders/registry_check.h"

struct registry_org registry_org_at(const struct registry *r, uint32_t index)
{
	const struct reg_org *o = &r->org[index];
	struct registry_org ret = { .handle = text_of(r, o->handle),
		.name = text_of(r, o->name),
		.v4_addresses = o->v4_addresses,
		.v6_blocks = o->v6_blocks,
		.n_as = o->n_as,
		.n_holder = o->n_holder };

	country_text(o->country, ret.country);
	return ret;
}

/* By its own handle, or by another that means it. */
static uint32_t find(const struct registry *r, struct span handle, uint32_t n,
    struct reg_text (*of)(const struct registry *r, uint32_t i))
{
	uint32_t lo = 0, hi = n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		int c = span_cmp(text_of(r, of(r, mid)), handle);

		if (c == 0)
			return mid;
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return REGISTRY_NONE;
}

static struct reg_text handle_of(const struct registry *r, uint32_t i)
{
	return r->org[i].handle;
}

static struct reg_text alias_of(const struct registry *r, uint32_t i)
{
	return r->org_alias[i].handle;
}

uint32_t registry_find_org(const struct registry *r, struct span handle)
{
	uint32_t at = find(r, handle, r->n_org, handle_of);

	if (at != REGISTRY_NONE)
		return at;
	at = find(r, handle, r->n_org_alias, alias_of);
	if (at != REGISTRY_NONE)
		return r->org_alias[at].org;
	at = registry_find_holder(r, handle);
	return at == REGISTRY_NONE ? at : r->holder[at].org;
}

uint32_t registry_org_ases(const struct registry *r, uint32_t org, uint32_t *first)
{
	*first = r->org[org].first_as;
	return r->org[org].n_as;
}

uint32_t registry_org_as(const struct registry *r, uint32_t i)
{
	return r->org_as[i];
}

uint32_t registry_org_holders(const struct registry *r, uint32_t org, uint32_t *first)
{
	*first = r->org[org].first_holder;
	return r->org[org].n_holder;
}

uint32_t registry_org_holder(const struct registry *r, uint32_t i)
{
	return r->org_holder[i];
}

uint32_t registry_org_links(const struct registry *r, uint32_t org, uint32_t *first)
{
	*first = r->org[org].first_link;
	return r->org[org].n_link;
}

static struct registry_member member_of(const struct registry *r, uint32_t member)
{
	bool holder = member >= r->n_as;

	return (struct registry_member){ holder, holder ? member - r->n_as : member };
}

struct registry_org_link registry_org_link_at(const struct registry *r, uint32_t i)
{
	const struct reg_org_link *l = &r->org_link[i];

	return (struct registry_org_link){ .a = member_of(r, l->a),
		.b = member_of(r, l->b),
		.rule = (enum org_rule)l->rule,
		.why = text_of(r, l->why) };
}

/* --- what has to be true of them ------------------------------------------------------------------ */

static uint32_t org_of(const struct registry *r, uint32_t member)
{
	return member < r->n_as ? r->as[member].org : r->holder[member - r->n_as].org;
}

/* What joined its members, one join less than there are; then to whom it is kept apart. */
static bool links_ok(const struct registry *r, const struct reg_org *o, uint32_t index)
{
	uint32_t joins = o->n_as + o->n_holder - 1, members = r->n_as + r->n_holder;

	if (o->n_link < joins)
		return false;
	for (uint32_t i = 0; i < o->n_link; i++) {
		const struct reg_org_link *l = &r->org_link[o->first_link + i];

		if (l->a >= members || l->b >= members || !text_ok(r, l->why) ||
		    org_of(r, l->a) != index)
			return false;
		if (i < joins ? l->rule >= ORG_RULE_N || org_of(r, l->b) != index
			      : l->rule != ORG_APART)
			return false;
	}
	return true;
}

/* Lists of members: each once, in ascending order, each told the same. */
static bool members_ok(const struct registry *r, const struct reg_org *o, uint32_t index)
{
	for (uint32_t k = o->first_as; k < o->first_as + o->n_as; k++)
		if (r->org_as[k] >= r->n_as || r->as[r->org_as[k]].org != index ||
		    (k > o->first_as && r->org_as[k - 1] >= r->org_as[k]))
			return false;
	for (uint32_t k = o->first_holder; k < o->first_holder + o->n_holder; k++)
		if (r->org_holder[k] >= r->n_holder || r->holder[r->org_holder[k]].org != index ||
		    (k > o->first_holder && r->org_holder[k - 1] >= r->org_holder[k]))
			return false;
	return true;
}

static bool aliases_ok(const struct registry *r)
{
	for (uint32_t i = 0; i < r->n_org_alias; i++) {
		const struct reg_org_alias *a = &r->org_alias[i];

		if (a->org >= r->n_org || !text_ok(r, a->handle) ||
		    (i > 0 && span_cmp(text_of(r, a[-1].handle), text_of(r, a->handle)) >= 0))
			return false;
	}
	return true;
}

/* Whoever says to be of an organisation is in its list: as many say so as lists have places. */
static bool all_listed(const struct registry *r)
{
	uint32_t ases = 0, holders = 0;

	for (uint32_t i = 0; i < r->n_as; i++)
		ases += r->as[i].org != REGISTRY_NONE;
	for (uint32_t i = 0; i < r->n_holder; i++) {
		if (r->holder[i].org != REGISTRY_NONE && r->holder[i].org >= r->n_org)
			return false;
		holders += r->holder[i].org != REGISTRY_NONE;
	}
	return ases == r->n_org_as && holders == r->n_org_holder;
}

bool registry_orgs_ok(const struct registry *r)
{
	uint32_t as = 0, holder = 0, link = 0;

	for (uint32_t i = 0; i < r->n_org; i++) {
		const struct reg_org *o = &r->org[i];

		if (!text_ok(r, o->handle) || !text_ok(r, o->name) || !country_ok(o->country) ||
		    (i > 0 && span_cmp(text_of(r, o[-1].handle), text_of(r, o->handle)) >= 0))
			return false;
		if (o->first_as != as || o->n_as > r->n_org_as - as || o->first_holder != holder ||
		    o->n_holder > r->n_org_holder - holder || o->first_link != link ||
		    o->n_link > r->n_org_link - link || o->n_as + o->n_holder == 0)
			return false;
		if (!members_ok(r, o, i) || !links_ok(r, o, i))
			return false;
		as += o->n_as;
		holder += o->n_holder;
		link += o->n_link;
	}
	return as == r->n_org_as && holder == r->n_org_holder && link == r->n_org_link &&
	       all_listed(r) && aliases_ok(r);
}
