/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From leaves and rows to prefixes, ASes, organisations and countries. Everything is summed in one
 * fixed order (by AS, IP version, address), so that the bits do not depend on how evidence came. */
#include "judge/run.h"

#include <errno.h>
#include <string.h>

static void sum_open(struct sum *s, uint32_t index)
{
	*s = (struct sum){ .index = index,
		.as = CHAIN_NONE,
		.org = CHAIN_NONE,
		.prefix = CHAIN_NONE,
		.worst_leaf = NOWHERE,
		.last = NO_DAY };
}

/* Adds what a leaf has; kernel: the one of the level. */
static void sum_leaf(const struct judge *j, struct sum *s, const struct leaf *l, enum leaf_kernel k)
{
	double m = leaf_m(j, l);

	for (uint32_t i = 0; i < l->n_part; i++) {
		const struct part *p = &j->parts[l->part + i];

		s->returning[p->family] += p->returning;
		s->returning_scan += p->returning_scan;
		s->x += k == LEAF_X_MID ? p->x_mid : p->x_as;
		if (p->family == FAMILY_ATTACK) {
			s->x_attack += p->x_as;
			s->x_scan += p->x_scan;
		}
	}
	if (m > s->worst) {
		s->worst = m;
		s->worst_leaf = (uint32_t)(l - j->leaves);
	}
	s->hosts += l->hosts;
	s->events += l->events;
	s->group_mask |= l->group_mask;
	s->anchor |= l->anchor;
	s->first = MAX_OF(s->first, l->first);
	s->last = MIN_OF(s->last, l->last);
}

static void sum_row(const struct judge *j, struct sum *s, const struct row *r, enum leaf_kernel k,
    struct support *support)
{
	for (uint32_t i = 0; i < r->n_leaf; i++) {
		sum_leaf(j, s, &j->leaves[r->leaf + i], k);
		support_add(j, support, &j->leaves[r->leaf + i]);
	}
	for (unsigned f = 0; f < NF; f++)
		s->arrivals[f] += j->arrivals[r - j->rows][f];
	s->size[r->version] += r->last - r->first + 1;
	s->listed += r->listed;
}

static int sums_put(struct sums *to, uint32_t *cap, const struct sum *s)
{
	if (to->n == *cap) {
		uint32_t want = *cap ? *cap * 2 : 256;
		struct sum *v = reallocarray(to->v, want, sizeof(*v));

		if (!v)
			return -ENOMEM;
		to->v = v;
		*cap = want;
	}
	to->v[to->n++] = *s;
	return 0;
}

/* The order in which sums are made: by `key` of the row, then address; the number of rows, or -ENOMEM. */
static int64_t row_order(
    const struct judge *j, uint32_t key(const struct row *), struct keyed **ret)
{
	struct keyed *v = calloc(j->n_rows ? j->n_rows : 1, sizeof(*v));
	uint32_t n = 0;
	int r;

	*ret = v;
	if (!v)
		return -ENOMEM;
	for (uint32_t i = 0; i < j->n_rows; i++)
		if (wants_as(j, j->rows[i].as))
			v[n++] = (struct keyed){ key(&j->rows[i]), i };
	r = sort_by_key(v, n);
	return r < 0 ? r : (int64_t)n;
}

/* Sums rows by key; entities without evidence (listed: without a listed
 * prefix either) are left out. Those of AS come first: only their support
 * stands alone. */
static int sum_rows(const struct judge *j, uint32_t key(const struct row *),
    enum leaf_kernel kernel, bool listed, struct sums *ret)
{
	CLEANUP(free_p) struct keyed *v = NULL;
	int64_t n = row_order(j, key, &v);
	uint32_t cap = 0;
	int r = n < 0 ? -ENOMEM : 0;

	for (int64_t i = 0; r == 0 && i < n;) {
		const struct row *first = &j->rows[v[i].value];
		struct support support = { .roots = 0 };
		struct sum s;

		sum_open(&s, (uint32_t)v[i].key);
		s.prefix = first->prefix;
		s.org = first->org;
		do
			sum_row(j, &s, &j->rows[v[i++].value], kernel, &support);
		while (i < n && v[i].key == s.index);
		if (s.index == CHAIN_NONE || !(s.hosts || (listed && s.listed)))
			continue;
		if (ret == &j->prefix)
			s.as = first->as;
		support_close(j, &support, s.size, &s);
		s.as = first->as;
		r = sums_put(ret, &cap, &s);
	}
	return r;
}

static uint32_t key_prefix(const struct row *r)
{
	return r->prefix;
}

static uint32_t key_as(const struct row *r)
{
	return r->as;
}

static uint32_t key_country(const struct row *r)
{
	return r->country == COUNTRY_NONE ? CHAIN_NONE : r->country;
}

static uint32_t key_org(const struct row *r)
{
	return r->org;
}

/* Members of the chain that an entity above prefix or AS has none of. */
static void lift(struct sums *s, bool as, bool org)
{
	for (uint32_t i = 0; i < s->n; i++) {
		s->v[i].prefix = CHAIN_NONE;
		if (!as)
			s->v[i].as = CHAIN_NONE;
		if (!org)
			s->v[i].org = CHAIN_NONE;
	}
}

int sums_build(struct judge *j)
{
	static const struct {
		enum entity_kind kind;
		uint32_t (*key)(const struct row *);
		enum leaf_kernel kernel;
		bool listed;
	} sums[] = { /* AS first: the others lean on it where one group may say too much */
		{ ENTITY_AS, key_as, LEAF_X_AS, false },
		{ ENTITY_PREFIX, key_prefix, LEAF_X_MID, true },
		{ ENTITY_ORG, key_org, LEAF_X_AS, false },
		{ ENTITY_COUNTRY, key_country, LEAF_X_AS, true }
	};
	struct sums *const to[] = { &j->as, &j->prefix, &j->org, &j->country };
	int r = 0;

	for (unsigned i = 0; i < NELEM(sums) && r == 0; i++)
		if (wants_kind(j, sums[i].kind) || (sums[i].kind == ENTITY_AS && j->n_says))
			r = sum_rows(j, sums[i].key, sums[i].kernel, sums[i].listed, to[i]);
	lift(&j->as, true, true);
	lift(&j->org, false, true);
	lift(&j->country, false, false);
	return r;
}
