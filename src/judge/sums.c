/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From leaves to rows, and from rows to prefixes, ASes, organisations, countries and networks. Everything is summed in
 * one fixed order (within a row by address, within an entity by IP version and address), so that the bits do
 * not depend on how evidence came. */
#include "judge/run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/each.h"

#define MANY  4096u /* rows that are worth a second thread … */
#define PARTS 64u   /* … and how many parts their entities are cut into */

/* --- rows ---------------------------------------------------------------------------------------- */

static void row_take(const struct judge *j, struct row_sum *s, uint32_t leaf)
{
	const struct leaf *l = &j->leaves[leaf];
	double m = leaf_m(j, l);

	for (uint32_t i = 0; i < l->n_part; i++) {
		const struct part *p = &j->parts[l->part + i];

		s->returning[p->family] += p->returning;
		s->returning_scan += p->returning_scan;
		s->x_mid += p->x_mid;
		s->x_as += p->x_as;
		if (p->family == FAMILY_ATTACK) {
			s->x_attack += p->x_as;
			s->x_scan += p->x_scan;
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

/* The row without what its roots say, which is in ret. */
static void row_sum(struct judge *j, const struct row *r, struct support *ret)
{
	struct row_sum *s = &j->row_sums[r->sum];

	ret->roots = 0;
	ret->x = 0;
	memset(s->returning, 0, sizeof(s->returning));
	s->returning_scan = s->x_mid = s->x_as = s->x_attack = s->x_scan = s->worst = 0;
	s->worst_leaf = NOWHERE;
	s->hosts = s->events = s->group_mask = 0;
	s->first = 0;
	s->last = NO_DAY;
	s->anchor = false;
	s->evidence = true;
	for (uint32_t i = 0; i < r->n_leaf; i++) {
		row_take(j, s, j->order[r->leaf + i]);
		support_leaf(j, leaf_at(j, r->leaf + i), ret);
	}
	s->x_severe = ret->x;
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

		j->saids[s->said + k++] =
		    (struct said){ support->returning_lost[g], support->x_lost[g], g };
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

/* --- entities ------------------------------------------------------------------------------------ */

static void sum_open(struct sum *s, uint32_t index)
{
	*s = (struct sum){ .index = index,
		.as = CHAIN_NONE,
		.org = CHAIN_NONE,
		.prefix = CHAIN_NONE,
		.worst_leaf = NOWHERE,
		.last = NO_DAY };
}

static void sum_evidence(struct sum *s, const struct row_sum *r, struct support *support,
    const struct said *saids, bool mid)
{
	for (unsigned f = 0; f < NF; f++)
		s->returning[f] += r->returning[f];
	s->returning_scan += r->returning_scan;
	s->x += mid ? r->x_mid : r->x_as;
	s->x_attack += r->x_attack;
	s->x_scan += r->x_scan;
	if (r->worst > s->worst) {
		s->worst = r->worst;
		s->worst_leaf = r->worst_leaf;
	}
	s->hosts += r->hosts;
	s->events += r->events;
	s->group_mask |= r->group_mask;
	s->anchor |= r->anchor;
	s->first = MAX_OF(s->first, r->first);
	s->last = MIN_OF(s->last, r->last);
	support->x += r->x_severe;
	for (uint32_t i = 0; i < r->n_said; i++)
		support_add(support, &saids[i]);
}

/* struct level - a kind of entity above the block */
struct level {
	enum entity_kind kind;
	const struct grouping *rows;
	struct sums *sums;
	bool mid;    /* arrivals under the kernel of the middle of the chain, not of the AS */
	bool listed; /* a listed prefix alone makes one */
	bool prefix, as, org; /* has these above it */
};

#define LEVELS 5

static void levels_of(struct judge *j, struct level ret[LEVELS])
{
	const struct level v[LEVELS] = {
		{ ENTITY_AS, &j->by_as, &j->as, false, false, false, true, true },
		{ ENTITY_PREFIX, &j->by_prefix, &j->prefix, true, true, true, true, true },
		{ ENTITY_ORG, &j->by_org, &j->org, false, false, false, false, true },
		{ ENTITY_COUNTRY, &j->by_country, &j->country, false, true, false, false, false },
		{ ENTITY_NET, &j->by_net, &j->net, true, true, false, false, false },
	};

	memcpy(ret, v, sizeof(v));
}

static const struct row *row_of(const struct judge *j, const struct level *l, uint32_t i)
{
	uint32_t at = l->rows->rows[i];

	return &j->rows[l->kind == ENTITY_AS ? at : j->by_as.rows[at]];
}

/* False: nothing is known of it. */
static bool sum_make(const struct judge *j, const struct level *l, uint32_t key, struct sum *s)
{
	struct support support;
	const struct row *first;
	uint32_t i = l->rows->start[key], end = l->rows->start[key + 1];

	if (i == end)
		return false;
	first = row_of(j, l, i);
	support.roots = 0;
	support.x = 0;
	sum_open(s, key);
	for (; i < end; i++) {
		/* The rows of an AS are summed up in its own order. */
		const struct row_sum *r = &j->row_sums[l->kind == ENTITY_AS ? i : l->rows->rows[i]];

		if (j->as_wanted && !wants_as(j, row_of(j, l, i)->as))
			continue;
		if (r->evidence)
			sum_evidence(s, r, &support, j->saids + r->said, l->mid);
		s->least += r->least;
		for (unsigned f = 0; f < NF; f++)
			s->arrivals[f] += r->arrivals[f];
		s->size[r->version] += r->size;
		if (r->size == 0 && l->kind == ENTITY_ORG && row_of(j, l, i)->org != key)
			s->size[r->version] += former_estate(j, row_of(j, l, i));
		s->listed += r->listed;
	}
	if (!(s->hosts || (l->listed && s->listed)))
		return false;
	support_close(j, &support, s->size, s);
	s->as = l->as ? first->as : CHAIN_NONE;
	s->prefix = l->prefix ? first->prefix : CHAIN_NONE;
	s->org = !l->org ? CHAIN_NONE : l->kind == ENTITY_ORG ? key : first->org;
	return true;
}

/* Behind all others; its place in the order is to come. */
static int sums_put(struct sums *to, const struct sum *s)
{
	uint64_t n = (uint64_t)to->n + 1;

	if (grow_u32(&to->v, &to->cap, n, sizeof(*to->v)) < 0 ||
	    grow_u32(&to->order, &to->cap_order, n, sizeof(*to->order)) < 0)
		return -ENOMEM;
	to->at[s->index] = to->n;
	to->v[to->n++] = *s;
	return 0;
}

static void sums_order(struct sums *s)
{
	uint32_t n = 0;

	for (uint32_t k = 0; k < s->n_at; k++)
		if (s->at[k] != NOWHERE)
			s->order[n++] = s->at[k];
}

static int sums_open(struct sums *s, uint32_t keys)
{
	s->at = reallocarray(NULL, (size_t)keys + 1, sizeof(*s->at));
	if (!s->at)
		return -ENOMEM;
	s->n_at = keys;
	memset(s->at, 0xff, keys * sizeof(*s->at)); /* NOWHERE */
	return 0;
}

/* --- entities once more -------------------------------------------------------------------------- */

/* struct again - marked entities of one level, on several threads */
struct again {
	struct judge *j;
	const struct level *l;
	const struct marks *marks;
};

static int again_some(void *ctx, unsigned lane, size_t from, size_t end)
{
	const struct again *a = ctx;
	struct sums *to = a->l->sums;

	(void)lane;
	for (uint32_t k = (uint32_t)from; k < end; k++) {
		struct sum s;

		if (a->marks->v[k] && to->at[k] != NOWHERE && sum_make(a->j, a->l, k, &s))
			to->v[to->at[k]] = s;
	}
	return 0;
}

/* Those that were in no sum before. */
static int level_fresh(const struct again *a)
{
	struct sums *to = a->l->sums;
	int r = 0;

	for (uint32_t k = 0; k < a->marks->n && r == 0; k++) {
		struct sum s;

		if (a->marks->v[k] && to->at[k] == NOWHERE && sum_make(a->j, a->l, k, &s))
			r = sums_put(to, &s);
	}
	return r;
}

static int level_changed(const struct again *a, uint32_t marked)
{
	const struct sums *s = a->l->sums;
	struct changed *c = &a->j->changed[a->l->kind];

	free(c->v);
	*c = (struct changed){ .v = calloc((size_t)marked + 1, sizeof(*c->v)), .cap = marked + 1 };
	if (!c->v)
		return -ENOMEM;
	for (uint32_t k = 0, i = 0; k < s->n_at; i += s->at[k++] != NOWHERE)
		if (a->marks->v[k] && s->at[k] != NOWHERE)
			c->v[c->n++] = i;
	return 0;
}

static int level_update(struct judge *j, const struct level *l, const struct marks *marks)
{
	struct again a = { .j = j, .l = l, .marks = marks };
	uint32_t n = l->sums->n, marked = 0, rows = 0;
	int r;

	for (uint32_t k = 0; k < marks->n; k++) {
		marked += marks->v[k];
		rows += marks->v[k] ? l->rows->start[k + 1] - l->rows->start[k] : 0;
	}
	r = each(rows < MANY ? 1 : j->conf.threads, marks->n, marks->n / PARTS + 1, again_some, &a);
	if (r < 0 || (r = level_fresh(&a)) < 0)
		return r;
	if (l->sums->n != n)
		sums_order(l->sums);
	return level_changed(&a, marked);
}

int sums_update(struct judge *j, const struct marks *as, const struct marks *prefix,
    const struct marks *org, const struct marks *country, const struct marks *net)
{
	const struct marks *const marks[LEVELS] = { as, prefix, org, country, net };
	struct level level[LEVELS];
	int r = 0;

	levels_of(j, level);
	for (unsigned i = 0; i < LEVELS && r == 0; i++)
		r = level_update(j, &level[i], marks[i]);
	return r;
}

static int level_build(const struct judge *j, const struct level *l)
{
	int r = sums_open(l->sums, l->rows->n);

	for (uint32_t k = 0; k < l->rows->n && r == 0; k++) {
		struct sum s;

		if (sum_make(j, l, k, &s))
			r = sums_put(l->sums, &s);
	}
	if (r == 0)
		sums_order(l->sums);
	return r;
}

int sums_build(struct judge *j)
{
	struct level level[LEVELS];
	int r = 0;

	levels_of(j, level);
	for (uint32_t i = 0; i < j->n_rows && r == 0; i++) { /* as they are read: side by side */
		const struct row *row = &j->rows[j->by_as.rows[i]];

		if (row->n_leaf && wants_as(j, row->as))
			r = row_sum_new(j, row);
	}
	for (unsigned i = 0; i < LEVELS && r == 0; i++)
		if (wants_kind(j, level[i].kind))
			r = level_build(j, &level[i]);
	return r;
}

void sums_forget(struct judge *j)
{
	struct level level[LEVELS];

	levels_of(j, level);
	for (unsigned i = 0; i < LEVELS; i++) {
		free(level[i].sums->v);
		free(level[i].sums->order);
		free(level[i].sums->at);
		*level[i].sums = (struct sums){ NULL };
	}
	free(j->saids);
	j->saids = NULL;
	j->n_saids = j->cap_saids = 0;
}
