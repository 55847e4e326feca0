/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "holders/tell.h"
#include "prog/publish/publish.h"
#include "util/clock.h"

#define ALIVE_EVERY 4096u

/* --- what has a row ----------------------------------------------------------------------------- */

int placed_add(struct placed_list *l, struct addr first, int64_t id, uint64_t hosts)
{
	if (l->n == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 1024;
		struct placed *v = reallocarray(l->v, cap, sizeof(*v));

		if (!v)
			return -ENOMEM;
		l->v = v;
		l->cap = cap;
	}
	l->v[l->n++] = (struct placed){
		.first = first, .id = id, .hosts = (uint32_t)MIN_OF(hosts, (uint64_t)UINT32_MAX)
	};
	l->sorted = false;
	return 0;
}

static int by_first(const void *a, const void *b)
{
	return addr_cmp(((const struct placed *)a)->first, ((const struct placed *)b)->first);
}

size_t placed_from(struct placed_list *l, struct addr a)
{
	size_t lo = 0, hi = l->n;

	if (!l->sorted && l->n)
		qsort(l->v, l->n, sizeof(*l->v), by_first);
	l->sorted = true;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (addr_cmp(l->v[mid].first, a) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct placed *placed_find(struct placed_list *l, struct addr a)
{
	size_t i = placed_from(l, a);

	return i < l->n && addr_eq(l->v[i].first, a) ? &l->v[i] : NULL;
}

int64_t *known_country(struct known *k, const char *cc)
{
	if (cc[0] < 'A' || cc[0] > 'Z' || cc[1] < 'A' || cc[1] > 'Z')
		return NULL;
	return &k->country[(cc[0] - 'A') * 26 + (cc[1] - 'A')];
}

void entities_block_at(struct publishing *p, struct addr block, struct attribution *ret)
{
	struct placed_list *hosts = &p->known.addrs;
	struct range whole = prefix_range(addr_block(block));

	for (size_t i = placed_from(hosts, whole.first);
	     i < hosts->n && range_has(whole, hosts->v[i].first); i++) {
		registry_lookup(p->registry->r, hosts->v[i].first, ret);
		if (ret->prefix != REGISTRY_NONE)
			return;
	}
	registry_lookup(p->registry->r, whole.first, ret);
}

/* --- one row ------------------------------------------------------------------------------------ */

/* struct about - a standing with the memory that it borrows */
struct about {
	struct standing s;
	struct entity parent;
	uint32_t index; /* of a network, an AS or an organisation in the registry */
	bool v6;	/* a network of IPv6 */
	struct span org_handle;
	char title[ENTITY_NAME_MAX];
};

static struct entity org_entity(struct span handle)
{
	struct entity en = { .kind = ENTITY_ORG };

	memcpy(en.handle, handle.p, MIN_OF(span_len(handle), sizeof(en.handle) - 1));
	return en;
}

/* The holder of an address, block or prefix. */
static void say_holder(struct publishing *p, struct about *a, const struct attribution *at)
{
	memcpy(a->s.country, at->country, sizeof(a->s.country));
	if (at->as != REGISTRY_NONE)
		a->s.asn = registry_asn(p->registry->r, at->as);
	if (at->org != REGISTRY_NONE)
		a->org_handle = registry_org_at(p->registry->r, at->org).handle;
}

static void say_size(struct about *a, uint64_t units)
{
	*(addr_is_v4(a->s.entity->range.first) ? &a->s.announced_v4 : &a->s.announced_v6) = units;
}

static void about_addr(struct publishing *p, struct about *a)
{
	struct attribution at;

	registry_lookup(p->registry->r, a->s.entity->range.first, &at);
	say_holder(p, a, &at);
	a->s.announced_v4 = addr_is_v4(a->s.entity->range.first);
	a->parent = entity_block(a->s.entity->range.first);
	a->s.parent = &a->parent;
}

static void about_block(struct publishing *p, struct about *a)
{
	struct attribution at;

	entities_block_at(p, a->s.entity->range.first, &at);
	say_holder(p, a, &at);
	say_size(a, range_units(a->s.entity->range));
	if (at.prefix != REGISTRY_NONE) {
		a->parent = entity_prefix(registry_prefix_at(p->registry->r, at.prefix).range);
		a->s.parent = &a->parent;
	}
}

static void about_prefix(struct publishing *p, struct about *a)
{
	struct attribution at;

	registry_lookup(p->registry->r, a->s.entity->range.first, &at);
	say_holder(p, a, &at);
	say_size(a, range_units(a->s.entity->range));
	if (at.as != REGISTRY_NONE) {
		a->parent = entity_as(a->s.asn);
		a->s.parent = &a->parent;
	}
}

/* The range of a network, whose name does not tell it. */
static void about_net(struct publishing *p, struct about *a)
{
	const struct registry *reg = p->registry->r;
	struct entity en = *a->s.entity;
	struct registry_network n;
	struct attribution at;
	char range[RANGE_TEXT_MAX];

	a->index = tell_find(reg, &en);
	if (a->index == REGISTRY_NONE)
		return;
	n = registry_network_at(reg, a->index);
	(void)range_format(n.range, range);
	(void)snprintf(a->title, sizeof(a->title), "%s%s%.*s", range, span_empty(n.name) ? "" : " ",
	    SPAN_ARG(n.name)); /* cut */
	a->s.title = span_str(a->title);
	registry_lookup(reg, n.range.first, &at);
	if (at.prefix != REGISTRY_NONE &&
	    range_has(registry_prefix_at(reg, at.prefix).range, n.range.last)) {
		say_holder(p, a, &at);
		a->parent = entity_prefix(registry_prefix_at(reg, at.prefix).range);
		a->s.parent = &a->parent;
	}
	if (*n.country)
		memcpy(a->s.country, n.country, sizeof(a->s.country));
	a->v6 = !addr_is_v4(n.range.first);
}

static void about_as(struct publishing *p, struct about *a)
{
	struct registry_as as;

	a->index = registry_find_as(p->registry->r, a->s.entity->asn);
	if (a->index == REGISTRY_NONE)
		return;
	as = registry_as_at(p->registry->r, a->index);
	a->s.asn = as.asn;
	memcpy(a->s.country, as.country, sizeof(as.country));
	a->s.announced_v4 = as.v4_addresses;
	a->s.announced_v6 = as.v6_blocks;
	if (!span_empty(as.name))
		a->s.title = as.name;
	if (as.org != REGISTRY_NONE) {
		a->org_handle = registry_org_at(p->registry->r, as.org).handle;
		a->parent = org_entity(a->org_handle);
		a->s.parent = &a->parent;
	}
}

/* Somebody who held space that others hold now, and is in no organisation: what the registry still says of him. */
static void about_party(struct publishing *p, struct about *a)
{
	const struct registry *reg = p->registry->r;
	uint32_t at = registry_find_holder(reg, span_str(a->s.entity->handle));
	struct registry_holder h;

	if (at == REGISTRY_NONE)
		return;
	h = registry_holder_at(reg, at);
	memcpy(a->s.country, h.country, sizeof(h.country));
	if (!span_empty(h.name))
		a->s.title = h.name;
}

static void about_org(struct publishing *p, struct about *a)
{
	struct registry_org org;
	uint32_t first;

	a->index = transfers_find_org(&p->transfers, p->registry->r, span_str(a->s.entity->handle));
	if (a->index >= registry_n_org(p->registry->r)) {
		about_party(p, a);
		return;
	}
	org = registry_org_at(p->registry->r, a->index);
	memcpy(a->s.country, org.country, sizeof(org.country));
	a->s.announced_v4 = org.v4_addresses;
	a->s.announced_v6 = org.v6_blocks;
	a->org_handle = org.handle;
	if (!span_empty(org.name))
		a->s.title = org.name;
	if (registry_org_ases(p->registry->r, a->index, &first) == 1)
		a->s.asn = registry_asn(p->registry->r, registry_org_as(p->registry->r, first));
}

static void about_country(struct publishing *p, struct about *a)
{
	memcpy(a->s.country, a->s.entity->handle, 2);
	registry_country_size(p->registry->r, a->s.country, &a->s.announced_v4, &a->s.announced_v6);
}

static void (*const about[ENTITY_KIND_N])(struct publishing *, struct about *) = {
	[ENTITY_ADDR] = about_addr,
	[ENTITY_BLOCK] = about_block,
	[ENTITY_NET] = about_net,
	[ENTITY_PREFIX] = about_prefix,
	[ENTITY_AS] = about_as,
	[ENTITY_ORG] = about_org,
	[ENTITY_COUNTRY] = about_country,
};

/* What pages call it where the registry has no name: the name without its kind, AS64500. */
static void plain_title(struct about *a, const char *name)
{
	const char *text = strchr(name, ':') + 1;

	(void)snprintf(
	    a->title, sizeof(a->title), "%s%s", a->s.entity->kind == ENTITY_AS ? "AS" : "", text);
	a->s.title = span_str(a->title);
}

static int remember(struct publishing *p, const struct about *a, int64_t id)
{
	struct known *k = &p->known;
	int64_t *cc;

	switch (a->s.entity->kind) {
	case ENTITY_ADDR:
		return placed_add(&k->addrs, a->s.entity->range.first, id, a->s.hosts);
	case ENTITY_BLOCK:
		return placed_add(&k->blocks, a->s.entity->range.first, id, a->s.hosts);
	case ENTITY_PREFIX:
		return placed_add(&k->prefixes, a->s.entity->range.first, id, a->s.hosts);
	case ENTITY_NET:
		if (a->index != REGISTRY_NONE)
			k->net[a->index] = id;
		return 0;
	case ENTITY_AS:
		if (a->index != REGISTRY_NONE)
			k->as[a->index] = id;
		return 0;
	case ENTITY_ORG:
		if (a->index != REGISTRY_NONE)
			k->org[a->index] = id;
		return 0;
	default:
		cc = known_country(k, a->s.country);
		if (cc)
			*cc = id;
		return 0;
	}
}

/* struct figures - what the run says of an entity, all families together */
struct figures {
	const struct hub_score *all; /* NULL: only decided about */
	double family[FAMILY_SCORED_N];
};

static void say_figures(struct standing *s, const struct figures *f)
{
	const struct hub_score *all = f->all;

	s->scored = true;
	s->hosts = all->hosts;
	s->events = all->events;
	s->first_day = all->first_day;
	s->last_day = all->last_day;
	s->expected = all->m;
	s->returning = MIN_OF(all->returning, all->m);
	s->arrivals = all->m - s->returning;
	memcpy(s->family, f->family, sizeof(s->family));
	s->score = all->score;
	s->low = all->low;
	s->high = all->high;
	/* the score's own formula, backwards: score = 100 / (1 + rho / 4) */
	s->ratio = all->score > 0 ? MAX_OF(4 * (100 / all->score - 1), 0.0) : 4e6;
	s->grade = all->grade;
	s->provisional = all->grade && span_is(all->reason, "provisional");
	if (!all->grade)
		s->reason = all->reason;
	s->groups = all->groups;
}

/* Into reputation.sqlite. */
static int put_page(struct publishing *p, const struct standing *s, struct span org,
    const struct figures *f, int64_t *id, struct err *e)
{
	struct site_history h = {
		.day = day_of(p->run.at_s), .score = s->score, .grade = s->grade
	};
	int r = site_db_entity(p->site, s, org, id, e);

	h.entity = *id;
	return r == 0 && f->all ? site_db_history(p->site, &h, e) : r;
}

static int put(
    struct publishing *p, const struct entity *en, const struct figures *f, struct err *e)
{
	struct about a = { .s.entity = en, .index = REGISTRY_NONE };
	char name[ENTITY_NAME_MAX], org[ENTITY_NAME_MAX] = "";
	struct verdict *v;
	int64_t id = (int64_t)p->entities + 1; /* where there are no pages to number them */
	int r;

	(void)entity_format(en, name);
	plain_title(&a, name);
	if (about[en->kind])
		about[en->kind](p, &a);
	if (f->all)
		say_figures(&a.s, f);
	if (f->all && en->kind == ENTITY_NET) /* of its space, what is announced */
		*(a.v6 ? &a.s.announced_v6 : &a.s.announced_v4) = f->all->size;
	HASH_FIND_STR(p->verdicts, name, v);
	if (v) {
		v->published = true;
		a.s.decision = *v->strongest;
	}
	if (!span_empty(a.org_handle)) {
		struct entity holder = org_entity(a.org_handle);

		(void)entity_format(&holder, org);
	}
	r = p->reputation ? reputation_writer_add(p->reputation, &a.s, e) : 0;
	if (r == 0 && p->site)
		r = put_page(p, &a.s, span_str(org), f, &id, e);
	if (r == 0 && remember(p, &a, id) < 0)
		r = err_set(e, -ENOMEM, "out of memory");
	if (r == 0 && p->entities++ % ALIVE_EVERY == 0)
		daemon_alive(p->d);
	return r;
}

/* --- all rows ----------------------------------------------------------------------------------- */

struct walk {
	struct publishing *p;
	struct figures f; /* families of the entity that is being read */
	struct err *e;
};

/* The families of an entity come before the row over all of them. */
static int take_score(void *ctx, const struct hub_score *s)
{
	struct walk *w = ctx;
	struct entity en;
	int r;

	if (s->family < FAMILY_SCORED_N) {
		w->f.family[s->family] = s->m;
		return 0;
	}
	if (s->family != HUB_FAMILY_ALL)
		return 0;
	if (entity_parse(s->entity, &en, w->e) < 0)
		return -EBADMSG;
	w->f.all = s;
	r = put(w->p, &en, &w->f, w->e);
	w->f = (struct figures){ NULL };
	return r;
}

/* A wall outlives the evidence window, or stands by an operator's word: it has a row all the same. */
static int put_unscored(struct publishing *p, struct err *e)
{
	static const struct figures none;
	struct verdict *v, *next;
	int r = 0;

	HASH_ITER (hh, p->verdicts, v, next) {
		if (r == 0 && !v->published)
			r = put(p, &v->entity, &none, e);
		p->n_verdicts++;
	}
	return r;
}

static int link_up(struct publishing *p, int64_t child, int64_t parent, struct err *e)
{
	return child && parent ? site_db_parent(p->site, child, parent, e) : 0;
}

int64_t entities_net(const struct publishing *p, uint32_t network)
{
	const struct registry *reg = p->registry->r;

	while (network != REGISTRY_NONE && !p->known.net[network])
		network = registry_network_link(reg, network).parent;
	return network == REGISTRY_NONE ? 0 : p->known.net[network];
}

/* A network leads to the one around it, and to the prefix that it lies in; one around prefixes is theirs. */
static int link_networks(struct publishing *p, struct err *e)
{
	const struct registry *reg = p->registry->r;
	struct known *k = &p->known;
	int r = 0;

	for (uint32_t i = 0; i < registry_n_network(reg) && r == 0; i++) {
		struct registry_network n;
		struct placed *prefix;
		struct attribution at;

		if (!k->net[i])
			continue;
		n = registry_network_at(reg, i);
		r = link_up(p, k->net[i], entities_net(p, n.parent), e);
		registry_lookup(reg, n.range.first, &at);
		if (r < 0 || at.prefix == REGISTRY_NONE ||
		    !range_has(registry_prefix_at(reg, at.prefix).range, n.range.last))
			continue;
		prefix = placed_find(&k->prefixes, registry_prefix_at(reg, at.prefix).range.first);
		r = link_up(p, k->net[i], prefix ? prefix->id : 0, e);
	}
	return r;
}

static int link_ranges(struct publishing *p, struct err *e)
{
	const struct registry *reg = p->registry->r;
	struct known *k = &p->known;
	struct attribution at;
	struct placed *up;
	int r = 0;

	for (size_t i = 0; i < k->addrs.n && r == 0; i++) {
		up = placed_find(&k->blocks, addr_block(k->addrs.v[i].first).addr);
		r = link_up(p, k->addrs.v[i].id, up ? up->id : 0, e);
	}
	for (size_t i = 0; i < k->blocks.n && r == 0; i++) {
		r = link_up(p, k->blocks.v[i].id,
		    entities_net(p, registry_network_around(
					reg, prefix_range(addr_block(k->blocks.v[i].first)))),
		    e);
		if (r < 0)
			break;
		entities_block_at(p, k->blocks.v[i].first, &at);
		if (at.prefix == REGISTRY_NONE)
			continue;
		up = placed_find(&k->prefixes, registry_prefix_at(reg, at.prefix).range.first);
		r = link_up(p, k->blocks.v[i].id, up ? up->id : 0, e);
	}
	for (size_t i = 0; i < k->prefixes.n && r == 0; i++) {
		const int64_t *cc;

		registry_lookup(reg, k->prefixes.v[i].first, &at);
		if (at.prefix != REGISTRY_NONE)
			r = link_up(p, k->prefixes.v[i].id,
			    entities_net(p, registry_network_around(
						reg, registry_prefix_at(reg, at.prefix).range)),
			    e);
		if (r == 0 && at.as != REGISTRY_NONE)
			r = link_up(p, k->prefixes.v[i].id, k->as[at.as], e);
		cc = known_country(k, at.country);
		if (r == 0 && cc)
			r = link_up(p, k->prefixes.v[i].id, *cc, e);
	}
	return r;
}

/* Every AS and organisation can be found by name, and those with evidence lead to their rows; of networks only
 * those. */
static int put_names(struct publishing *p, struct err *e)
{
	const struct registry *reg = p->registry->r;
	struct known *k = &p->known;
	char name[ENTITY_NAME_MAX];
	int r = 0;

	for (uint32_t i = 0; i < registry_n_as(reg) && r == 0; i++) {
		struct registry_as as = registry_as_at(reg, i);
		struct entity en = entity_as(as.asn);

		if (as.org != REGISTRY_NONE)
			r = link_up(p, k->as[i], k->org[as.org], e);
		(void)entity_format(&en, name);
		if (r == 0 && !span_empty(as.name))
			r = site_db_name(p->site, as.name, k->as[i], name, e);
	}
	daemon_alive(p->d);
	for (uint32_t i = 0; i < registry_n_org(reg) && r == 0; i++) {
		struct registry_org org = registry_org_at(reg, i);
		struct entity en = org_entity(org.handle);

		(void)entity_format(&en, name);
		if (!span_empty(org.name))
			r = site_db_name(p->site, org.name, k->org[i], name, e);
	}
	for (uint32_t i = 0; i < p->transfers.n_party && r == 0; i++) {
		uint32_t org = p->transfers.party[i].org;
		struct entity en;

		if (org == CHAIN_NONE || org < registry_n_org(reg) || !k->org[org])
			continue;
		en = transfers_org(&p->transfers, reg, org);
		(void)entity_format(&en, name);
		r = site_db_name(p->site, span_str(en.handle), k->org[org], name, e);
	}
	for (uint32_t i = 0; i < registry_n_network(reg) && r == 0; i++) {
		struct registry_network n;
		struct entity en;

		if (!k->net[i]) /* millions have none */
			continue;
		n = registry_network_at(reg, i);
		tell_name(reg, i, &en);
		(void)entity_format(&en, name);
		if (!span_empty(n.name))
			r = site_db_name(p->site, n.name, k->net[i], name, e);
	}
	return r;
}

int entities_write(struct publishing *p, struct err *e)
{
	struct walk w = { .p = p, .e = e };
	int r;

	p->known.as = calloc(registry_n_as(p->registry->r) + 1, sizeof(*p->known.as));
	p->known.net =
	    calloc((size_t)registry_n_network(p->registry->r) + 1, sizeof(*p->known.net));
	p->known.org = calloc((size_t)registry_n_org(p->registry->r) + p->transfers.n_party + 1,
	    sizeof(*p->known.org));
	if (!p->known.as || !p->known.org || !p->known.net)
		return err_set(e, -ENOMEM, "out of memory");
	r = hub_each_score(p->hub, p->run.id, take_score, &w, e);
	if (r == 0)
		r = put_unscored(p, e);
	if (r < 0 || !p->site)
		return r;
	r = link_ranges(p, e);
	if (r == 0)
		r = link_networks(p, e);
	if (r == 0)
		r = put_names(p, e);
	return r;
}
