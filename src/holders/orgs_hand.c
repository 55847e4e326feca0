/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the list of merges says: who is kept apart from whom, before anybody is joined, and who is the same. */
#include <errno.h>

#include "holders/orgs.h"

/* The holder of that handle, by the keys of the file. */
static uint32_t holder_find(const struct org_work *w, struct span name)
{
	const struct net_tables *t = &w->t->net;
	struct span handle = name, source;
	uint64_t key;
	size_t lo = 0, hi = t->n_holder;

	(void)span_cut(&handle, '/', &source); /* a handle of an organisation has one */
	key = registry_key(source, handle) & ~(uint64_t)UINT32_MAX;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (t->holder_key[mid] < key)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < t->n_holder && (t->holder_key[lo] & ~(uint64_t)UINT32_MAX) == key; lo++) {
		const struct reg_holder *h = &t->holder[(uint32_t)t->holder_key[lo]];

		if (span_eq(org_text(w, h->handle), handle) &&
		    span_eq(org_source(w, h->source), source))
			return (uint32_t)t->holder_key[lo];
	}
	return REGISTRY_NONE;
}

static uint32_t member_find(const struct org_work *w, const struct merge_member *m)
{
	uint32_t holder;

	if (m->asn)
		return tables_find_as(w->t, m->asn);
	holder = holder_find(w, span_str(m->handle));
	return holder == REGISTRY_NONE ? holder : w->n_as + holder;
}

static int merge(struct org_work *w, const struct merge *m)
{
	uint32_t a = member_find(w, &m->a), b = member_find(w, &m->b);
	struct reg_text why;

	if (a == REGISTRY_NONE || b == REGISTRY_NONE) {
		build_refuse(w->b, w->b->merges_input, m->line, "%s is in none of the inputs",
		    a == REGISTRY_NONE ? "the first of the two" : "the second of the two");
		return 0;
	}
	why = org_text_put(w, "", span_str(m->why));
	if (m->apart)
		return org_join_apart(&w->join, a, b, why);
	if (!org_join_put(&w->join, a, b, ORG_BY_HAND, why, false))
		build_refuse(w->b, w->b->merges_input, m->line, "other lines keep the two apart");
	return 0;
}

int orgs_by_hand(struct org_work *w, enum org_rule rule)
{
	const struct merges *m = &w->b->merges;
	int r = 0;

	(void)rule;
	for (int same = 0; same <= 1; same++)
		for (size_t i = 0; r == 0 && i < m->n; i++)
			if (m->v[i].apart != (same != 0))
				r = merge(w, &m->v[i]);
	return r;
}
