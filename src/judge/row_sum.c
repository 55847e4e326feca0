/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the leaves of a row to what it says as a whole: in their order, which is that of addresses, so that the bits do
 * not depend on how evidence came. */
#include "judge/run.h"

#include <errno.h>
#include <string.h>

static void row_take(const struct judge *j, struct row_sum *s, double v[AMOUNT_N], uint32_t leaf)
{
	const struct leaf *l = &j->leaves[leaf];
	double m = leaf_m(j, l);

	for (uint32_t i = 0; i < l->n_part; i++) {
		const struct part *p = &j->parts[l->part + i];

		v[AMOUNT_RETURNING + p->family] += p->returning;
		v[AMOUNT_RETURNING_SCAN] += p->returning_scan;
		v[AMOUNT_X_MID] += p->x_mid;
		v[AMOUNT_X_AS] += p->x_as;
		if (p->family == FAMILY_ATTACK) {
			v[AMOUNT_X_ATTACK] += p->x_as;
			v[AMOUNT_X_SCAN] += p->x_scan;
		}
	}
	if (m > s->worst) {
		s->worst = m;
		s->worst_leaf = leaf;
	}
	s->hosts += l->hosts;
	s->events += l->events;
	s->group_mask |= l->group_mask;
	s->anchor |= l->anchor;
	s->first = MAX_OF(s->first, l->first);
	s->last = MIN_OF(s->last, l->last);
}

/* All amounts of the row; v: but for those that tree.c says */
static void row_amounts(struct row_sum *s, double v[AMOUNT_N])
{
	for (unsigned f = 0; f < NF; f++)
		v[AMOUNT_ARRIVALS + f] = s->arrivals[f];
	v[AMOUNT_LEAST] = s->least;
	for (unsigned i = 0; i < AMOUNT_N; i++)
		s->v[i] = fixed_of(v[i]);
}

/* The row without what its roots say, which is in ret. */
static void row_sum(struct judge *j, const struct row *r, struct support *ret)
{
	struct row_sum *s = &j->row_sums[r->sum];
	double v[AMOUNT_N] = { 0 };

	ret->roots = 0;
	ret->x = 0;
	s->listed = r->listed;
	if (r->n_leaf) {
		s->worst = 0;
		s->worst_leaf = NOWHERE;
		s->hosts = s->events = s->group_mask = 0;
		s->first = 0;
		s->last = NO_DAY;
		s->anchor = false;
		s->evidence = true;
	}
	for (uint32_t i = 0; i < r->n_leaf; i++) {
		row_take(j, s, v, j->order[r->leaf + i]);
		support_leaf(j, leaf_at(j, r->leaf + i), ret);
	}
	v[AMOUNT_X_BLOCK] = ret->x;
	row_amounts(s, v);
}

static uint32_t n_roots(const struct support *s)
{
	return (uint32_t)__builtin_popcountll(s->roots);
}

/* What its roots say, kept side by side. */
static void row_saids(struct judge *j, struct row_sum *s, const struct support *support)
{
	uint32_t k = 0;

	s->n_said = n_roots(support);
	for (uint64_t roots = support->roots; roots; roots &= roots - 1) {
		uint32_t g = (uint32_t)__builtin_ctzll(roots);

		j->saids[s->said + k++] = (struct said){
			{ fixed_of(support->returning_lost[g]), fixed_of(support->x_lost[g]) }, g
		};
	}
}

bool row_sum_up(struct judge *j, const struct row *r)
{
	struct row_sum *s = &j->row_sums[r->sum];
	struct support support;

	row_sum(j, r, &support);
	if (n_roots(&support) > s->n_said)
		return false;
	row_saids(j, s, &support);
	return true;
}

int row_sum_new(struct judge *j, const struct row *r)
{
	struct row_sum *s = &j->row_sums[r->sum];
	struct support support;
	uint32_t n;

	row_sum(j, r, &support);
	n = n_roots(&support);
	if (grow_u32(&j->saids, &j->cap_saids, (uint64_t)j->n_saids + n, sizeof(*j->saids)) < 0)
		return -ENOMEM;
	s->said = j->n_saids;
	j->n_saids += n;
	row_saids(j, s, &support);
	return 0;
}
