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
	s->worst = MAX_OF(s->worst, m);
	s->hosts += l->hosts;
	s->events += l->events;
	s->group_mask |= l->group_mask;
	s->anchor |= l->anchor;
	s->first = MAX_OF(s->first, l->first);
	s->last = MIN_OF(s->last, l->last);
}

static void sum_row(const struct judge *j, struct sum *s, const struct row *r, enum leaf_kernel k)
{
	for (uint32_t i = 0; i < r->n_leaf; i++)
		sum_leaf(j, s, &j->leaves[r->leaf + i], k);
	for (unsigned f = 0; f < NF; f++)
		s->arrivals[f] += r->arrivals[f];
	s->size[r->version] += r->last - r->first + 1;
	s->listed += r->listed;
}

/* One entity's sum into another's. */
static void sum_sum(struct sum *to, const struct sum *s)
{
	for (unsigned f = 0; f < NF; f++) {
		to->returning[f] += s->returning[f];
		to->arrivals[f] += s->arrivals[f];
	}
	to->returning_scan += s->returning_scan;
	to->x += s->x;
	to->x_attack += s->x_attack;
	to->x_scan += s->x_scan;
	to->worst = MAX_OF(to->worst, s->worst);
	to->size[0] += s->size[0];
	to->size[1] += s->size[1];
	to->hosts += s->hosts;
	to->events += s->events;
	to->group_mask |= s->group_mask;
	to->anchor |= s->anchor;
	to->first = MAX_OF(to->first, s->first);
	to->last = MIN_OF(to->last, s->last);
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

/* The order in which sums are made: by `key` of the row, then address. */
static struct keyed *row_order(const struct judge *j, uint32_t key(const struct row *), int *ret)
{
	struct keyed *v = calloc(j->n_rows ? j->n_rows : 1, sizeof(*v));

	if (!v) {
		*ret = -ENOMEM;
		return NULL;
	}
	for (uint32_t i = 0; i < j->n_rows; i++)
		v[i] = (struct keyed){ key(&j->rows[i]), i };
	*ret = sort_by_key(v, j->n_rows);
	return v;
}

/* Sums rows by key; entities without evidence are left out unless all. */
static int sum_rows(const struct judge *j, uint32_t key(const struct row *),
    enum leaf_kernel kernel, bool all, struct sums *ret)
{
	uint32_t cap = 0;
	int r;
	CLEANUP(free_p) struct keyed *v = row_order(j, key, &r);

	for (uint32_t i = 0; r == 0 && i < j->n_rows;) {
		const struct row *first = &j->rows[v[i].value];
		struct sum s;

		sum_open(&s, (uint32_t)v[i].key);
		s.prefix = first->prefix;
		s.as = first->as;
		s.org = first->org;
		do
			sum_row(j, &s, &j->rows[v[i++].value], kernel);
		while (i < j->n_rows && v[i].key == s.index);
		if (s.index != CHAIN_NONE && (all || s.hosts || s.listed))
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

/* Organisations from all their ASes, with and without evidence. */
static int sum_orgs(struct judge *j, const struct sums *as)
{
	uint32_t cap = 0;
	CLEANUP(free_p) struct keyed *v = calloc(as->n ? as->n : 1, sizeof(*v));
	int r = v ? 0 : -ENOMEM;

	for (uint32_t i = 0; v && i < as->n; i++)
		v[i] = (struct keyed){ as->v[i].org, i };
	if (v)
		r = sort_by_key(v, as->n);
	for (uint32_t i = 0; r == 0 && i < as->n;) {
		struct sum s;

		sum_open(&s, (uint32_t)v[i].key);
		s.org = s.index;
		do
			sum_sum(&s, &as->v[v[i++].value]);
		while (i < as->n && v[i].key == s.index);
		if (s.index != CHAIN_NONE && s.hosts)
			r = sums_put(&j->org, &cap, &s);
	}
	return r;
}

int sums_build(struct judge *j)
{
	struct sums all = { 0 };
	uint32_t cap = 0;
	int r;

	if ((r = sum_rows(j, key_prefix, LEAF_X_MID, false, &j->prefix)) == 0 &&
	    (r = sum_rows(j, key_as, LEAF_X_AS, true, &all)) == 0 && (r = sum_orgs(j, &all)) == 0)
		r = sum_rows(j, key_country, LEAF_X_AS, false, &j->country);
	for (uint32_t i = 0; r == 0 && i < all.n; i++) {
		all.v[i].prefix = CHAIN_NONE;
		if (all.v[i].hosts)
			r = sums_put(&j->as, &cap, &all.v[i]);
	}
	for (uint32_t i = 0; i < j->country.n; i++)
		j->country.v[i].prefix = j->country.v[i].as = j->country.v[i].org = CHAIN_NONE;
	free(all.v);
	return r;
}
