/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "holders/verify.h"

#include <errno.h>

#include "holders/registry_check.h"

/* struct walk - through the stretches of space of one narrowest network each, and beside them through the
 * announced prefixes; both ascend */
struct walk {
	const struct registry *r;
	struct registry_verdict *to;
	uint8_t *has; /* owned; bits by network, what is inherited included */
	uint32_t prefix;
	struct blocks blocks[HAS_N];
};

static uint8_t own(const struct registry *r, uint32_t i)
{
	const struct reg_network *n = &r->network[i];
	unsigned has = 1u << HAS_NETWORK;

	if (n->holder != REGISTRY_NONE)
		has |= 1u << HAS_HOLDER;
	if (n->holder != REGISTRY_NONE && r->holder[n->holder].name.len)
		has |= 1u << HAS_NAMED_HOLDER;
	if (n->country)
		has |= 1u << HAS_COUNTRY;
	if (n->abuse != REGISTRY_NONE)
		has |= 1u << HAS_ABUSE;
	return (uint8_t)has;
}

/* By the first record of each range; a parent is before those within it. */
static void inherit(struct walk *w)
{
	uint32_t n = registry_n_network(w->r), first = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t parent = w->r->network[i].parent;

		if (i > 0 && !registry_net_same(w->r, first, i))
			first = i;
		if (i == first && parent != REGISTRY_NONE)
			w->has[i] = w->has[parent];
		w->has[first] |= own(w->r, i);
	}
}

static void count(struct walk *w, struct range piece, uint8_t has)
{
	for (unsigned k = 0; k < HAS_N; k++) {
		if (!(has >> k & 1))
			continue;
		if (addr_is_v4(piece.first))
			w->to->has[k].v4_addresses += range_units(piece);
		else
			blocks_add(&w->blocks[k], piece.first.hi, piece.last.hi);
	}
}

/* What of a stretch is announced. */
static void stretch(struct walk *w, struct addr first, struct addr last, uint32_t network)
{
	uint32_t n = registry_n_prefix(w->r);

	if (addr_cmp(first, last) > 0)
		return;
	for (; w->prefix < n; w->prefix++) {
		struct range p = registry_prefix_at(w->r, w->prefix).range, piece = p;

		if (addr_cmp(p.first, last) > 0)
			return;
		if (addr_cmp(p.first, first) < 0)
			piece.first = first;
		if (addr_cmp(p.last, last) > 0)
			piece.last = last;
		if (addr_cmp(p.last, first) >= 0)
			count(w, piece, w->has[network]);
		if (addr_cmp(p.last, last) > 0)
			return; /* goes on behind the stretch */
	}
}

static void stretches(struct walk *w)
{
	const struct registry *r = w->r;
	uint32_t open = REGISTRY_NONE, n = registry_n_network(r);
	struct addr pos = { 0, 0 };

	for (uint32_t i = 0; i <= n; i++) {
		uint32_t parent = i < n ? r->network[i].parent : REGISTRY_NONE;
		struct addr first;

		if (i < n && i > 0 && registry_net_same(r, i - 1, i))
			continue;
		for (; open != parent && open != REGISTRY_NONE; open = r->network[open].parent) {
			struct addr last = registry_net_range(r, open).last;

			stretch(w, pos, last, open);
			if (addr_cmp(pos, last) <= 0)
				pos = addr_next(last);
		}
		if (i == n)
			break;
		first = registry_net_range(r, i).first;
		if (open != REGISTRY_NONE && addr_cmp(pos, first) < 0)
			stretch(w, pos, addr_prev(first), open);
		pos = first;
		open = i;
	}
}

static struct span holder_name(const struct registry *r, uint32_t i)
{
	uint32_t h = r->network[i].holder;

	return h == REGISTRY_NONE ? (struct span){ NULL, NULL } : text_of(r, r->holder[h].name);
}

/* Do the records [from, to) of one range tell the same? What one does not tell, it does not deny. */
static void compare(struct walk *w, uint32_t from, uint32_t to)
{
	bool countries = false, holders = false;
	struct span name = { NULL, NULL };
	unsigned country = 0;

	for (uint32_t i = from; i < to; i++) {
		unsigned c = w->r->network[i].country;
		struct span n = holder_name(w->r, i);

		countries |= c && country && c != country;
		country = country ? country : c;
		holders |= !span_empty(n) && !span_empty(name) && !span_eq(n, name);
		name = span_empty(name) ? n : name;
	}
	w->to->ranges++;
	w->to->several += to - from > 1;
	w->to->countries_differ += countries;
	w->to->holders_differ += holders;
}

static void compare_all(struct walk *w)
{
	uint32_t n = registry_n_network(w->r);

	for (uint32_t i = 0, k; i < n; i = k) {
		for (k = i + 1; k < n && registry_net_same(w->r, i, k);)
			k++;
		compare(w, i, k);
	}
}

/* Most of North America is told of by nobody but ARIN's bulk whois. */
static void arin(struct walk *w)
{
	const struct registry *r = w->r;

	for (uint32_t i = 0; i < registry_n_input(r); i++) {
		struct span kind = registry_input_at(r, i).kind;

		w->to->arin_bulk |= span_is(kind, "arin-xml") || span_is(kind, "arin-text");
	}
	for (uint32_t i = 0; i < registry_n_network(r); i++) {
		if (!span_is(text_of(r, r->label[r->net_told[i].source]), "ARIN"))
			continue;
		w->to->arin_networks++;
		w->to->arin_named += !span_empty(holder_name(r, i));
		w->to->arin_abuse += registry_network_abuse(r, i, NULL) != REGISTRY_NONE;
	}
}

static void count_joins(const struct registry *r, struct registry_verdict *ret)
{
	uint32_t first, n;

	ret->orgs = registry_n_org(r);
	for (uint32_t i = 0; i < registry_n_org(r); i++) {
		ret->joined += registry_org_at(r, i).n_as + registry_org_at(r, i).n_holder > 1;
		n = registry_org_links(r, i, &first);
		for (uint32_t k = 0; k < n; k++)
			ret->joins[registry_org_link_at(r, first + k).rule]++;
	}
}

static void count_contacts(const struct registry *r, struct registry_verdict *to)
{
	to->contacts = registry_n_contact(r);
	for (uint32_t i = 0; i < registry_n_contact(r); i++) {
		enum mailbox_state state = registry_contact_at(r, i).state;

		to->checked += state != MAILBOX_UNCHECKED;
		to->dead += mailbox_dead(state);
	}
}

/* Of each piece whether tables of BGP name others, and whether a table of ranges does. */
static void rivals(const struct registry *r, struct registry_verdict *to)
{
	struct verdict_space *spaces[2] = { &to->several_origins, &to->outdone };
	struct blocks blocks[2] = { { 0, 0 } };

	for (uint32_t i = 0, k; i < registry_n_rival(r); i = k) {
		struct range piece = registry_rival_at(r, i).range;
		bool by[2] = { false, false };

		for (k = i; k < registry_n_rival(r); k++) {
			struct registry_rival v = registry_rival_at(r, k);

			if (!addr_eq(v.range.first, piece.first))
				break;
			by[span_is(registry_input_at(r, v.input).kind, "range-asn")] = true;
		}
		for (unsigned n = 0; n < 2; n++) {
			if (!by[n])
				continue;
			if (addr_is_v4(piece.first))
				spaces[n]->v4_addresses += range_units(piece);
			else
				blocks_add(&blocks[n], piece.first.hi, piece.last.hi);
		}
	}
	to->several_origins.v6_blocks = blocks[0].n;
	to->outdone.v6_blocks = blocks[1].n;
}

int registry_verify(const struct registry *r, struct registry_verdict *ret)
{
	struct walk w = { .r = r, .to = ret };

	*ret = (struct registry_verdict){ .records = registry_n_network(r) };
	ret->announced = (struct verdict_space){ registry_v4_addresses(r), registry_v6_blocks(r) };
	for (uint32_t i = 0; i < registry_n_input(r); i++)
		ret->crossing += registry_input_at(r, i).crossing;
	for (uint32_t i = 0; i < registry_n_orphan(r); i++)
		ret->orphans[registry_orphan_at(r, i).kind]++;
	count_joins(r, ret);
	count_contacts(r, ret);
	rivals(r, ret);
	w.has = calloc(registry_n_network(r) + 1u, 1);
	if (!w.has)
		return -ENOMEM;
	inherit(&w);
	stretches(&w);
	compare_all(&w);
	arin(&w);
	for (unsigned k = 0; k < HAS_N; k++)
		ret->has[k].v6_blocks = w.blocks[k].n;
	free(w.has);
	return 0;
}
