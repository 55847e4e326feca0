/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From rows to prefixes, ASes, organisations, countries and networks. What is added up are integers (total.h), so that
 * the bits depend neither on how evidence came nor on the order of rows; of entities of many rows the totals are kept, and
 * an update exchanges in them what a row said before for what it says now. */
#include "judge/run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/each.h"

#define MANY	   4096u /* entities that are worth a second thread … */
#define PARTS	   64u	 /* … and how many parts they are cut into */
#define TOTAL_ROWS 32u	 /* entities of more rows keep their total */

/* --- totals -------------------------------------------------------------------------------------- */

static void total_open(struct total *t)
{
	memset(t->v, 0, sizeof(t->v));
	memset(t->arrivals, 0, sizeof(t->arrivals));
	t->hosts = t->events = t->listed = t->size[0] = t->size[1] = t->group_mask = 0;
	t->least = t->x = (struct fixed){ 0 };
	t->roots = 0;
	t->worst = 0;
	t->worst_row = NOWHERE;
	t->worst_fell = t->anchor = false;
	t->first = 0;
	t->last = NO_DAY;
}

static void total_said(struct total *t, const struct said *said, uint64_t by)
{
	const uint64_t bar = UINT64_C(1) << said->root;

	if (!(t->roots & bar))
		t->lost[said->root] = (struct lost_without){ { 0 } };
	t->roots |= bar;
	fixed_add(&t->lost[said->root].returning, said->returning, by);
	fixed_add(&t->lost[said->root].x, said->x, by);
}

/* A row in or out. */
static void total_add(const struct judge *j, struct total *t, const struct row_sum *r, uint64_t by)
{
	for (unsigned f = 0; f < NF; f++)
		fixed_add(&t->arrivals[f], r->arrivals[f], by);
	fixed_add(&t->least, r->least, by);
	t->listed += by * r->listed;
	if (!r->evidence)
		return;
	for (unsigned i = 0; i < AMOUNT_N; i++)
		fixed_add(&t->v[i], r->v[i], by);
	t->hosts += by * r->hosts;
	t->events += by * r->events;
	fixed_add(&t->x, r->x_severe, by);
	for (uint32_t i = 0; i < r->n_said; i++)
		total_said(t, &j->saids[r->said + i], by);
}

/* Of rows that are equally bad the first one is the worst. */
static void total_worst(struct total *t, const struct row_sum *r, uint32_t row)
{
	if (row == t->worst_row) {
		t->worst_fell |= r->worst < t->worst;
		t->worst = r->worst;
	} else if (r->worst > t->worst || (!(r->worst < t->worst) && row < t->worst_row)) {
		t->worst = r->worst;
		t->worst_row = row;
	}
}

/* A row with all it says; row: in judge.row_sums */
static void total_put(const struct judge *j, struct total *t, uint32_t row)
{
	const struct row_sum *r = &j->row_sums[row];

	total_add(j, t, r, PUT);
	if (!r->evidence)
		return;
	t->group_mask |= r->group_mask;
	t->anchor |= r->anchor;
	t->first = MAX_OF(t->first, r->first);
	t->last = MIN_OF(t->last, r->last);
	total_worst(t, r, row);
}

/* --- entities ------------------------------------------------------------------------------------ */

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

/* In judge.row_sums, the i-th row of a level. */
static uint32_t row_sum_at(const struct level *l, uint32_t i)
{
	return l->kind == ENTITY_AS ? i : l->rows->rows[i];
}

static const struct row *row_of(const struct judge *j, const struct level *l, uint32_t i)
{
	return &j->rows[j->by_as.rows[row_sum_at(l, i)]];
}

static void total_make(const struct judge *j, const struct level *l, uint32_t key, struct total *t)
{
	total_open(t);
	for (uint32_t i = l->rows->start[key]; i < l->rows->start[key + 1]; i++) {
		const uint32_t row = row_sum_at(l, i);
		const struct row_sum *r = &j->row_sums[row];

		if (j->as_wanted && !wants_as(j, row_of(j, l, i)->as))
			continue;
		total_put(j, t, row);
		t->size[r->version] += r->size;
		if (r->size == 0 && l->kind == ENTITY_ORG && row_of(j, l, i)->org != key)
			t->size[r->version] += former_estate(j, row_of(j, l, i));
	}
}

/* The worst row of those of an entity, after another one was. */
static void total_search(
    const struct judge *j, const struct level *l, uint32_t key, struct total *t)
{
	t->worst = 0;
	t->worst_row = NOWHERE;
	for (uint32_t i = l->rows->start[key]; i < l->rows->start[key + 1]; i++) {
		const uint32_t row = row_sum_at(l, i);

		if (j->row_sums[row].evidence)
			total_worst(t, &j->row_sums[row], row);
	}
	t->worst_fell = false;
}

static void sum_of(
    const struct judge *j, const struct level *l, const struct total *t, struct sum *s)
{
	for (unsigned f = 0; f < NF; f++) {
		s->returning[f] = fixed_is(&t->v[AMOUNT_RETURNING + f]);
		s->arrivals[f] = fixed_is(&t->arrivals[f]);
	}
	s->least = fixed_is(&t->least);
	s->returning_scan = fixed_is(&t->v[AMOUNT_RETURNING_SCAN]);
	s->x = fixed_is(&t->v[l->mid ? AMOUNT_X_MID : AMOUNT_X_AS]);
	s->x_attack = fixed_is(&t->v[AMOUNT_X_ATTACK]);
	s->x_scan = fixed_is(&t->v[AMOUNT_X_SCAN]);
	s->worst = t->worst;
	s->worst_leaf = t->worst_row == NOWHERE ? NOWHERE : j->row_sums[t->worst_row].worst_leaf;
	memcpy(s->size, t->size, sizeof(s->size));
	s->hosts = t->hosts;
	s->events = t->events;
	s->group_mask = t->group_mask;
	s->listed = t->listed;
	s->first = t->first;
	s->last = t->last;
	s->anchor = t->anchor;
}

static void total_support(const struct total *t, struct support *ret)
{
	ret->x = fixed_is(&t->x);
	ret->roots = t->roots;
	for (uint64_t roots = t->roots; roots; roots &= roots - 1) {
		const unsigned g = (unsigned)__builtin_ctzll(roots);

		ret->returning_lost[g] = fixed_is(&t->lost[g].returning);
		ret->x_lost[g] = fixed_is(&t->lost[g].x);
	}
}

/* False: nothing is known of it. */
static bool sum_make(const struct judge *j, const struct level *l, uint32_t key,
    const struct total *t, struct sum *s)
{
	struct support support;
	const struct row *first;

	if (!t->hosts && !(l->listed && t->listed))
		return false;
	first = row_of(j, l, l->rows->start[key]);
	*s = (struct sum){ .index = key };
	sum_of(j, l, t, s);
	total_support(t, &support);
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

static struct total *total_kept(const struct level *l, uint32_t key)
{
	uint32_t at = l->sums->total_at ? l->sums->total_at[key] : NOWHERE;

	return at == NOWHERE ? NULL : &l->sums->totals[at];
}

void sums_change(struct judge *j, const struct row *r, struct marks mark[ENTITY_KIND_N])
{
	struct level level[LEVELS];

	levels_of(j, level);
	for (unsigned i = 0; i < LEVELS; i++)
		for (uint32_t k = 0; (k = row_next(j, level[i].kind, r, k)) != 0;) {
			struct total *t = total_kept(&level[i], k - 1);

			if (mark)
				marks_set(&mark[level[i].kind], k - 1);
			if (t && mark)
				total_put(j, t, r->sum);
			else if (t)
				total_add(j, t, &j->row_sums[r->sum], TAKE);
		}
}

/* struct again - marked entities of one level, on several threads */
struct again {
	struct judge *j;
	const struct level *l;
	const struct marks *marks;
};

static bool sum_again(const struct again *a, uint32_t key, struct sum *s)
{
	struct total made, *t = total_kept(a->l, key);

	if (t && t->worst_fell)
		total_search(a->j, a->l, key, t);
	if (!t)
		total_make(a->j, a->l, key, t = &made);
	return sum_make(a->j, a->l, key, t, s);
}

static int again_some(void *ctx, unsigned lane, size_t from, size_t end)
{
	const struct again *a = ctx;
	struct sums *to = a->l->sums;

	(void)lane;
	for (uint32_t k = (uint32_t)from; k < end; k++) {
		struct sum s;

		if (a->marks->v[k] && to->at[k] != NOWHERE && sum_again(a, k, &s))
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

		if (a->marks->v[k] && to->at[k] == NOWHERE && sum_again(a, k, &s))
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
	uint32_t n = l->sums->n, marked = 0;
	int r;

	for (uint32_t k = 0; k < marks->n; k++)
		marked += marks->v[k];
	r = each(
	    marked < MANY ? 1 : j->conf.threads, marks->n, marks->n / PARTS + 1, again_some, &a);
	if (r < 0 || (r = level_fresh(&a)) < 0)
		return r;
	if (l->sums->n != n)
		sums_order(l->sums);
	return level_changed(&a, marked);
}

int sums_update(struct judge *j, const struct marks mark[ENTITY_KIND_N])
{
	struct level level[LEVELS];
	int r = 0;

	levels_of(j, level);
	for (unsigned i = 0; i < LEVELS && r == 0; i++)
		r = level_update(j, &level[i], &mark[level[i].kind]);
	return r;
}

/* Room for the totals of entities of many rows. */
static int totals_open(const struct level *l)
{
	struct sums *s = l->sums;
	uint32_t n = 0;

	s->total_at = reallocarray(NULL, (size_t)l->rows->n + 1, sizeof(*s->total_at));
	if (!s->total_at)
		return -ENOMEM;
	for (uint32_t k = 0; k < l->rows->n; k++) {
		bool many = l->rows->start[k + 1] - l->rows->start[k] > TOTAL_ROWS;

		s->total_at[k] = many ? n++ : NOWHERE;
	}
	s->totals = calloc((size_t)n + 1, sizeof(*s->totals));
	return s->totals ? 0 : -ENOMEM;
}

static int level_build(const struct judge *j, const struct level *l)
{
	int r = sums_open(l->sums, l->rows->n);

	if (r == 0 && may_update(j))
		r = totals_open(l);
	for (uint32_t k = 0; k < l->rows->n && r == 0; k++) {
		struct total made, *t = total_kept(l, k);
		struct sum s;

		total_make(j, l, k, t ? t : (t = &made));
		if (sum_make(j, l, k, t, &s))
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
		free(level[i].sums->total_at);
		free(level[i].sums->totals);
		*level[i].sums = (struct sums){ NULL };
	}
	free(j->saids);
	j->saids = NULL;
	j->n_saids = j->cap_saids = 0;
}
