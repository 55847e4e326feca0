/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The networks of a registry file, read. */
#include <errno.h>

#include "holders/registry_check.h"

/* The last stretch in [at, at + n) that begins at or before v4; the first one does. */
static inline uint32_t cut_find(const uint32_t *cut, uint32_t at, uint32_t n, uint32_t v4)
{
	while (n > 1) {
		uint32_t half = n / 2;

		at = cut[at + half] <= v4 ? at + half : at;
		n -= half;
	}
	return at;
}

uint32_t registry_network(const struct registry *r, struct addr a)
{
	uint32_t at;

	if (addr_is_v4(a)) {
		const uint32_t *top = r->top4 + (addr_v4(a) >> REG_TOP4_SHIFT);

		if (r->n_cut4 == 0)
			return REGISTRY_NONE;
		__builtin_prefetch(r->cut4_at + (top[0] + top[1]) / 2);
		return r->cut4_at[cut_find(r->cut4, top[0], top[1] - top[0] + 1, addr_v4(a))];
	}
	at = r->n_lpm6 ? lpm_find(&r->lpm6, a) : LPM_NONE;
	return at == LPM_NONE ? REGISTRY_NONE : at;
}

/* Of at most REGISTRY_AT_ONCE addresses. Those that are not IPv4, or where there is none, are looked up at once; of
 * the others at[] is a stretch, and n[] how many it is one of; 0: done. */
static void narrowest(const struct registry *r, const struct addr *v, uint32_t n, uint32_t *ret)
{
	uint32_t at[REGISTRY_AT_ONCE], left[REGISTRY_AT_ONCE];

	for (uint32_t i = 0; i < n; i++)
		if (addr_is_v4(v[i]) && r->n_cut4)
			__builtin_prefetch(r->top4 + (addr_v4(v[i]) >> REG_TOP4_SHIFT));
	for (uint32_t i = 0; i < n; i++) {
		const uint32_t *top;

		left[i] = 0;
		if (!addr_is_v4(v[i]) || !r->n_cut4) {
			ret[i] = registry_network(r, v[i]);
			continue;
		}
		top = r->top4 + (addr_v4(v[i]) >> REG_TOP4_SHIFT);
		at[i] = top[0];
		left[i] = top[1] - top[0] + 1;
		__builtin_prefetch(
		    r->cut4 + top[0]); /* few lines: the first, the middle, the last */
		__builtin_prefetch(r->cut4 + top[0] + left[i] / 2);
		__builtin_prefetch(r->cut4 + top[1]);
	}
	for (uint32_t i = 0; i < n; i++) {
		if (!left[i])
			continue;
		at[i] = cut_find(r->cut4, at[i], left[i], addr_v4(v[i]));
		__builtin_prefetch(r->cut4_at + at[i]);
	}
	for (uint32_t i = 0; i < n; i++)
		ret[i] = left[i] ? r->cut4_at[at[i]] : ret[i];
}

void registry_networks(const struct registry *r, const struct addr *v, uint32_t n, uint32_t *ret)
{
	for (uint32_t from = 0, some; from < n; from += some) {
		some = MIN_OF(n - from, REGISTRY_AT_ONCE);
		narrowest(r, v + from, some, ret + from);
		for (uint32_t i = from; i < from + some; i++)
			if (ret[i] != REGISTRY_NONE)
				__builtin_prefetch(&r->network[ret[i]]);
		for (uint32_t i = from; i < from + some; i++)
			if (ret[i] != REGISTRY_NONE && r->network[ret[i]].parent != REGISTRY_NONE)
				__builtin_prefetch(&r->network[r->network[ret[i]].parent]);
	}
}

uint32_t registry_n_network(const struct registry *r)
{
	return r->n_network;
}

struct registry_network registry_network_at(const struct registry *r, uint32_t index)
{
	const struct reg_network *n = &r->network[index];
	const struct reg_net_told *told = &r->net_told[index];
	struct registry_network ret = { .range = registry_net_range(r, index),
		.source = text_of(r, r->label[told->source]),
		.handle = text_of(r, told->handle),
		.name = text_of(r, told->name),
		.status = text_of(r, r->label[told->status]),
		.parent = n->parent,
		.holder = n->holder,
		.abuse = n->abuse,
		.created = told->created,
		.changed = told->changed };

	country_text(n->country, ret.country);
	return ret;
}

struct registry_link registry_network_link(const struct registry *r, uint32_t index)
{
	const struct reg_network *n = &r->network[index];
	struct registry_link ret = { .parent = n->parent, .holder = n->holder, .abuse = n->abuse };

	country_text(n->country, ret.country);
	return ret;
}

uint32_t registry_network_same(const struct registry *r, uint32_t index)
{
	uint32_t next = index + 1;

	/* equal ranges nest the same: most rows tell at once that they are no such */
	if (next >= r->n_network || r->network[next].parent != r->network[index].parent ||
	    !registry_net_same(r, index, next))
		return REGISTRY_NONE;
	return next;
}

uint32_t registry_network_abuse(const struct registry *r, uint32_t index, uint32_t *from)
{
	for (; index != REGISTRY_NONE; index = r->network[index].parent)
		for (uint32_t i = index; i != REGISTRY_NONE; i = registry_network_same(r, i)) {
			if (r->network[i].abuse == REGISTRY_NONE)
				continue;
			if (from)
				*from = i;
			return r->network[i].abuse;
		}
	return REGISTRY_NONE;
}

/* Rows by the hash of their name, as sections of keys have them. */
struct keys {
	const uint64_t *key;
	uint32_t n;
};

/* The first key that is not below. */
static uint32_t key_from(const struct keys *k, uint64_t key)
{
	uint32_t lo = 0, hi = k->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (k->key[mid] < key)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static bool is_network(
    const struct registry *r, uint32_t row, struct span source, struct span handle)
{
	return span_eq(text_of(r, r->net_told[row].handle), handle) &&
	       span_eq(text_of(r, r->label[r->net_told[row].source]), source);
}

static bool is_holder(
    const struct registry *r, uint32_t row, struct span source, struct span handle)
{
	return span_eq(text_of(r, r->holder[row].handle), handle) &&
	       span_eq(text_of(r, r->label[r->holder[row].source]), source);
}

static uint32_t find_key(const struct registry *r, const struct keys *k, struct span name,
    bool (*is)(const struct registry *r, uint32_t row, struct span source, struct span handle))
{
	struct span handle = name, source;
	uint64_t key;

	if (!span_cut(&handle, '/', &source))
		return REGISTRY_NONE;
	key = registry_key(source, handle) & ~(uint64_t)UINT32_MAX;
	for (uint32_t i = key_from(k, key); i < k->n && (k->key[i] & ~(uint64_t)UINT32_MAX) == key;
	     i++)
		if (is(r, (uint32_t)k->key[i], source, handle))
			return (uint32_t)k->key[i];
	return REGISTRY_NONE;
}

uint32_t registry_find_network(const struct registry *r, struct span name)
{
	return find_key(r, &(struct keys){ r->net_key, r->n_net_key }, name, is_network);
}

uint32_t registry_find_holder(const struct registry *r, struct span name)
{
	return find_key(r, &(struct keys){ r->holder_key, r->n_holder_key }, name, is_holder);
}

uint32_t registry_n_holder(const struct registry *r)
{
	return r->n_holder;
}

struct registry_holder registry_holder_at(const struct registry *r, uint32_t index)
{
	const struct reg_holder *h = &r->holder[index];
	struct registry_holder ret = { .source = text_of(r, r->label[h->source]),
		.handle = text_of(r, h->handle),
		.name = text_of(r, h->name),
		.address = text_of(r, h->address),
		.abuse = h->abuse,
		.org = h->org,
		.told = h->told == HOLDER_TOLD };

	country_text(h->country, ret.country);
	return ret;
}

uint32_t registry_network_around(const struct registry *r, struct range range)
{
	uint32_t at = registry_network(r, range.first);

	while (at != REGISTRY_NONE && !range_has(registry_network_at(r, at).range, range.last))
		at = registry_network_link(r, at).parent;
	return at;
}

uint32_t registry_network_from(const struct registry *r, struct addr a)
{
	uint32_t lo = 0, hi = registry_n_network(r);

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (addr_cmp(registry_network_at(r, mid).range.first, a) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

uint32_t registry_n_contact(const struct registry *r)
{
	return r->n_contact;
}

struct registry_contact registry_contact_at(const struct registry *r, uint32_t index)
{
	const struct reg_contact *c = &r->contact[index];

	return (struct registry_contact){ .source = text_of(
					      r, r->label[c->source_state & REG_SOURCE_MASK]),
		.handle = text_of(r, c->handle),
		.mail = text_of(r, c->mail),
		.name = text_of(r, c->name),
		.state = (enum mailbox_state)(c->source_state >> REG_STATE_SHIFT),
		.checked = c->checked };
}

uint32_t registry_n_orphan(const struct registry *r)
{
	return r->n_orphan;
}

struct registry_orphan registry_orphan_at(const struct registry *r, uint32_t index)
{
	const struct reg_orphan *o = &r->orphan[index];

	return (struct registry_orphan){ .kind = (enum registry_orphan_kind)o->kind,
		.index = o->index,
		.handle = text_of(r, o->handle) };
}

uint32_t registry_n_geofeed(const struct registry *r)
{
	return r->n_geofeed;
}

bool registry_geofeed(const struct registry *r, struct addr a, char ret[3])
{
	uint32_t lo = 0, hi = r->n_geofeed;
	const struct reg_geofeed *g;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		g = &r->geofeed[mid];
		if (addr_cmp((struct addr){ g->first_hi, g->first_lo }, a) <= 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	g = lo ? &r->geofeed[lo - 1] : NULL;
	if (g && addr_cmp(a, (struct addr){ g->last_hi, g->last_lo }) > 0)
		g = NULL;
	country_text(g ? g->country : 0, ret);
	return g != NULL;
}
