/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Organisations by identifiers: of registries, and of those who have given everybody a number. */
#include <errno.h>

#include "holders/orgs.h"

/* Registries whose statistics have one id for one holder. Those of RIPE and APNIC have one for all whom one member
 * sponsors, or one national registry serves: IIJ, WIDE and the University of Tokyo are one id there. */
static const char *const ids_are_holders[] = { "ARIN", "LACNIC", "AFRINIC" };

bool orgs_id_is_holder(const struct org_work *w, const struct reg_holder *h)
{
	if (h->told != HOLDER_OPAQUE)
		return false;
	for (size_t i = 0; i < NELEM(ids_are_holders); i++)
		if (span_is(org_source(w, h->source), ids_are_holders[i]))
			return true;
	return false;
}

/* The holder of an AS is the organisation: by a handle (ORG_REGISTRY), or an id (ORG_STATISTICS). */
int orgs_by_holder(struct org_work *w, enum org_rule rule)
{
	for (uint32_t i = 0; i < w->n_as; i++) {
		uint32_t holder = w->t->as[i].holder, member = w->n_as + holder;
		const struct reg_holder *h;

		if (holder == REGISTRY_NONE || w->member[member].name.placeholder)
			continue;
		h = org_holder(w, member);
		if (rule == ORG_REGISTRY ? h->told != HOLDER_OPAQUE : orgs_id_is_holder(w, h))
			(void)org_join_put(
			    &w->join, i, member, rule, h->handle, false); /* or kept apart */
	}
	return 0;
}

/* --- ids that records explain ------------------------------------------------------------------------ */

#define NOT_SEEN REGISTRY_NONE
#define NOT_ONE	 (REGISTRY_NONE - 1) /* several holders, or records without one */

/* The holder that a record of one registry about the same range names; NOT_ONE when there is none. */
static uint32_t recorded(const struct org_work *w, uint32_t first, uint32_t end, uint16_t source)
{
	const struct net_tables *n = &w->t->net;

	for (uint32_t i = first; i < end; i++)
		if (n->told[i].source == source && n->network[i].holder != REGISTRY_NONE &&
		    n->holder[n->network[i].holder].told == HOLDER_TOLD)
			return n->network[i].holder;
	return NOT_ONE;
}

/* Of a range and the row after it. */
static bool same_range(const struct net_tables *t, uint32_t a, uint32_t b)
{
	uint32_t n4 = (uint32_t)t->n_net4;

	if (b < n4)
		return memcmp(&t->net4[a], &t->net4[b], sizeof(t->net4[a])) == 0;
	return a >= n4 && memcmp(&t->net6[a - n4], &t->net6[b - n4], sizeof(t->net6[0])) == 0;
}

static void explain(const struct org_work *w, uint32_t first, uint32_t end, uint32_t *holder_of)
{
	const struct net_tables *n = &w->t->net;

	for (uint32_t i = first; i < end; i++) {
		uint32_t id = n->network[i].holder, holder;

		if (id == REGISTRY_NONE || n->holder[id].told != HOLDER_OPAQUE)
			continue;
		holder = recorded(w, first, end, n->told[i].source);
		holder_of[id] =
		    holder_of[id] == NOT_SEEN || holder_of[id] == holder ? holder : NOT_ONE;
	}
}

/* An id is a holder when records about every range it has name that holder and no other. */
int orgs_by_record(struct org_work *w, enum org_rule rule)
{
	const struct net_tables *t = &w->t->net;
	uint32_t n_holder = (uint32_t)t->n_holder, n_net = (uint32_t)(t->n_net4 + t->n_net6),
		 *holder_of;

	holder_of = malloc((n_holder + 1u) * sizeof(*holder_of));
	if (!holder_of)
		return -ENOMEM;
	memset(holder_of, 0xff, (n_holder + 1u) * sizeof(*holder_of));
	for (uint32_t i = 0, k; i < n_net; i = k) {
		for (k = i + 1; k < n_net && same_range(t, i, k); k++)
			;
		explain(w, i, k, holder_of);
	}
	for (uint32_t i = 0; i < n_holder; i++)
		if (holder_of[i] < NOT_ONE && !w->member[w->n_as + holder_of[i]].name.placeholder)
			(void)org_join_put(&w->join, w->n_as + i, w->n_as + holder_of[i], rule,
			    w->t->net.holder[i].handle, false); /* or kept apart */
	free(holder_of);
	return 0;
}

/* --- CAIDA and PeeringDB ------------------------------------------------------------------------------- */

struct claimed {
	uint32_t org, as;
};

static int by_org(const void *pa, const void *pb)
{
	const struct claimed *a = pa, *b = pb;

	if (a->org != b->org)
		return a->org < b->org ? -1 : 1;
	return a->as < b->as ? -1 : a->as > b->as;
}

/* Does anybody at all stand behind the organisation of a claim? */
static int is_somebody(struct org_work *w, const struct claim *c, bool *ret)
{
	const struct party *p = orgs_claim_of(w, c);
	struct org_name name = { .placeholder = false };
	int r = 0;

	if (p && p->name)
		r = org_name_read(
		    &w->names, org_text(w, fact_text(&w->b->facts, w->text_from, p->name)), &name);
	*ret = !name.placeholder;
	return r;
}

static int claims_take(struct org_work *w, uint16_t source, struct claimed *v, size_t *n)
{
	const struct facts *f = &w->b->facts;

	*n = 0;
	for (size_t i = 0; i < f->n_claim; i++) {
		const struct claim *c = &f->claim[i];
		uint32_t as = tables_find_as(w->t, c->asn);
		bool somebody;

		if (c->source != source || !c->org || as == REGISTRY_NONE)
			continue;
		if (is_somebody(w, c, &somebody) < 0)
			return -ENOMEM;
		if (somebody)
			v[(*n)++] = (struct claimed){ c->org, as };
	}
	return 0;
}

static int claims_join(struct org_work *w, uint16_t source, enum org_rule rule)
{
	const struct facts *f = &w->b->facts;
	struct claimed *v = calloc(f->n_claim + 1, sizeof(*v));
	size_t n = 0;
	int r = v ? claims_take(w, source, v, &n) : -ENOMEM;

	if (r == 0)
		qsort(v, n, sizeof(*v), by_org);
	for (size_t i = 1; r == 0 && i < n; i++)
		if (v[i - 1].org == v[i].org)
			(void)org_join_put(&w->join, v[i - 1].as, v[i].as, rule,
			    fact_text(f, w->text_from, v[i].org), false); /* or kept apart */
	free(v);
	return r;
}

int orgs_by_claim(struct org_work *w, enum org_rule rule)
{
	const char *name = rule == ORG_AS2ORG ? "CAIDA" : "PEERINGDB";

	for (uint16_t i = 0; i < w->t->net.n_label; i++)
		if (span_is(org_source(w, i), name))
			return claims_join(w, i, rule);
	return 0;
}
