/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From rows to prefixes, ASes, organisations, countries and networks. What is added up are integers (total.h), so that
 * the bits depend neither on how evidence came nor on the order of rows; of entities of many rows the totals are kept, and
 * an update exchanges in them what a row said before for what it says now. */
#include "judge/run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/each.h"

#define MANY	   4096u /* rows that are worth a second thread */
#define AHEAD	   4u	 /* rows or entities before one is needed */
#define TOTAL_ROWS 32u	 /* entities of more rows keep their total */

/* --- totals -------------------------------------------------------------------------------------- */

static void total_open(struct total *t)
{
	memset(t->v, 0, sizeof(t->v));
	t->hosts = t->events = t->listed = t->size[0] = t->size[1] = t->group_mask = 0;
	t->roots = 0;
	t->worst = 0;
	t->worst_row = NOWHERE;
	t->worst_fell = t->anchor = false;
	t->first = 0;
	t->last = NO_DAY;
}

/* A row in … */
static void total_add(const struct judge *j, struct total *t, const struct row_sum *r)
{
	fixed_put(t->v, r->v, AMOUNT_N);
	t->hosts += r->hosts;
	t->events += r->events;
	t->listed += r->listed;
	for (uint32_t i = 0; i < r->n_said; i++) {
		const struct said *said = &j->saids[r->said + i];
		const uint64_t bar = UINT64_C(1) << said->root;

		if (!(t->roots & bar))
			memset(t->lost[said->root], 0, sizeof(t->lost[said->root]));
		t->roots |= bar;
		fixed_put(t->lost[said->root], said->lost, LOST_N);
	}
}

/* … or out */
static void total_take(const struct judge *j, struct total *t, const struct row_sum *r)
{
	fixed_take(t->v, r->v, AMOUNT_N);
	t->hosts -= r->hosts;
	t->events -= r->events;
	t->listed -= r->listed;
	for (uint32_t i = 0; i < r->n_said; i++) {
		const struct said *said = &j->saids[r->said + i];

		fixed_take(t->lost[said->root], said->lost, LOST_N);
	}
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

	total_add(j, t, r);
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

/* Those with most to do in an update first, so that no thread waits long for another at the end. */
static void levels_of(struct judge *j, struct level ret[LEVELS])
{
	const struct level v[LEVELS] = {
		{ ENTITY_NET, &j->by_net, &j->net, true, true, false, false, false },
		{ ENTITY_PREFIX, &j->by_prefix, &j->prefix, true, true, true, true, true },
		{ ENTITY_AS, &j->by_as, &j->as, false, false, false, true, true },
		{ ENTITY_ORG, &j->by_org, &j->org, false, false, false, false, true },
		{ ENTITY_COUNTRY, &j->by_country, &j->country, false, true, false, false, false },
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
		s->arrivals[f] = fixed_is(&t->v[AMOUNT_ARRIVALS + f]);
	}
	s->least = fixed_is(&t->v[AMOUNT_LEAST]);
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
	ret->x = fixed_is(&t->v[AMOUNT_X_BLOCK]);
	ret->roots = t->roots;
	for (uint64_t roots = t->roots; roots; roots &= roots - 1) {
		const unsigned g = (unsigned)__builtin_ctzll(roots);

		ret->returning_lost[g] = fixed_is(&t->lost[g][LOST_RETURNING]);
		ret->x_lost[g] = fixed_is(&t->lost[g][LOST_X]);
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
static int sums_append(struct sums *to, const struct sum *s)
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

/* struct again - rows that change, level by level on several threads: no level touches what is another's */
struct again {
	struct judge *j;
	struct level level[LEVELS];
	const uint32_t *rows; /* indexes of judge.rows */
	uint32_t n;
};

/* What the rows some places behind the i-th will need (fetch_ahead). */
static void rows_ahead(const struct again *a, const struct level *l, uint32_t i)
{
	const struct judge *j = a->j;
	const struct row *r;

	if (i + 3 * AHEAD < a->n)
		fetch_ahead(&j->rows[a->rows[i + 3 * AHEAD]], sizeof(*r));
	if (i + 2 * AHEAD < a->n) {
		r = &j->rows[a->rows[i + 2 * AHEAD]];
		fetch_ahead(&j->row_sums[r->sum], sizeof(*j->row_sums));
		for (uint32_t k = 0; (k = row_next(j, l->kind, r, k)) != 0;)
			fetch_ahead(&l->sums->total_at[k - 1], 1);
	}
	if (i + AHEAD < a->n) {
		const struct row_sum *s;

		r = &j->rows[a->rows[i + AHEAD]];
		s = &j->row_sums[r->sum];
		fetch_ahead(&j->saids[s->said], s->n_said * sizeof(*j->saids));
		for (uint32_t k = 0; (k = row_next(j, l->kind, r, k)) != 0;) {
			const struct total *t = total_kept(l, k - 1);

			if (t)
				fetch_ahead(t->v, sizeof(t->v));
		}
	}
}

static void level_take(const struct again *a, const struct level *l)
{
	const struct judge *j = a->j;

	for (uint32_t i = 0; i < a->n; i++) {
		const struct row *r = &j->rows[a->rows[i]];

		rows_ahead(a, l, i);
		for (uint32_t k = 0; (k = row_next(j, l->kind, r, k)) != 0;) {
			struct total *t = total_kept(l, k - 1);

			if (t)
				total_take(j, t, &j->row_sums[r->sum]);
		}
	}
}

static int take_some(void *ctx, unsigned lane, size_t from, size_t end)
{
	const struct again *a = ctx;

	(void)lane;
	for (; from < end; from++)
		level_take(a, &a->level[from]);
	return 0;
}

/* The entities of the rows, which are in again where their total is kept; returns how many there are. */
static uint32_t level_mark(const struct again *a, const struct level *l, struct marks *marks)
{
	const struct judge *j = a->j;
	uint32_t n = 0;

	for (uint32_t i = 0; i < a->n; i++) {
		const struct row *r = &j->rows[a->rows[i]];

		rows_ahead(a, l, i);
		for (uint32_t k = 0; (k = row_next(j, l->kind, r, k)) != 0;) {
			struct total *t = total_kept(l, k - 1);

			if (t)
				total_put(j, t, r->sum);
			if (k <= marks->n) {
				n += !marks->v[k - 1];
				marks->v[k - 1] = 1;
			}
		}
	}
	return n;
}

/* What the entities some places behind the i-th will need (fetch_ahead). */
static void keys_ahead(
    const struct judge *j, const struct level *l, const uint32_t *keys, uint32_t i, uint32_t n)
{
	uint32_t k, end;

	if (i + 3 * AHEAD < n) {
		k = keys[i + 3 * AHEAD];
		fetch_ahead(&l->rows->start[k], 1);
		fetch_ahead(&l->sums->at[k], 1);
	}
	if (i + 2 * AHEAD < n) {
		k = keys[i + 2 * AHEAD];
		if (l->kind != ENTITY_AS)
			fetch_ahead(&l->rows->rows[l->rows->start[k]], 1);
		if (l->sums->at[k] != NOWHERE)
			fetch_ahead(&l->sums->v[l->sums->at[k]], sizeof(struct sum));
	}
	if (i + AHEAD < n) {
		k = keys[i + AHEAD];
		end = MIN_OF(l->rows->start[k + 1], l->rows->start[k] + AHEAD);
		for (uint32_t at = l->rows->start[k]; at < end; at++)
			fetch_ahead(&j->row_sums[row_sum_at(l, at)], sizeof(*j->row_sums));
	}
}

static int level_again(struct judge *j, const struct level *l, uint32_t key)
{
	struct total made, *t = total_kept(l, key);
	struct sums *to = l->sums;
	struct sum s;

	if (t && t->worst_fell)
		total_search(j, l, key, t);
	if (!t)
		total_make(j, l, key, t = &made);
	if (!sum_make(j, l, key, t, &s))
		return 0;
	if (to->at[key] == NOWHERE)
		return sums_append(to, &s);
	to->v[to->at[key]] = s;
	return 0;
}

static int level_changed(
    struct judge *j, const struct level *l, const struct marks *marks, uint32_t marked)
{
	const struct sums *s = l->sums;
	struct changed *c = &j->changed[l->kind];

	free(c->v);
	*c = (struct changed){ .v = calloc((size_t)marked + 1, sizeof(*c->v)), .cap = marked + 1 };
	if (!c->v)
		return -ENOMEM;
	for (uint32_t k = 0, i = 0; k < s->n_at; i += s->at[k++] != NOWHERE)
		if (marks->v[k] && s->at[k] != NOWHERE)
			c->v[c->n++] = i;
	return 0;
}

static int level_update(const struct again *a, const struct level *l)
{
	CLEANUP(marks_done) struct marks marks = { NULL, 0 };
	uint32_t n = l->sums->n, marked, *keys;
	int r = marks_make(&marks, l->rows->n);

	if (r < 0)
		return r;
	marked = level_mark(a, l, &marks);
	keys = calloc((size_t)marked + 1, sizeof(*keys));
	if (!keys)
		return -ENOMEM;
	for (uint32_t k = 0, i = 0; k < marks.n; k++)
		if (marks.v[k])
			keys[i++] = k;
	for (uint32_t i = 0; i < marked && r == 0; i++) {
		keys_ahead(a->j, l, keys, i, marked);
		r = level_again(a->j, l, keys[i]);
	}
	free(keys);
	if (r < 0)
		return r;
	if (l->sums->n != n)
		sums_order(l->sums);
	return level_changed(a->j, l, &marks, marked);
}

static int put_some(void *ctx, unsigned lane, size_t from, size_t end)
{
	const struct again *a = ctx;
	int r = 0;

	(void)lane;
	for (; from < end && r == 0; from++)
		r = level_update(a, &a->level[from]);
	return r;
}

static int each_level(struct judge *j, const uint32_t *rows, uint32_t n, each_work *work)
{
	struct again a = { .j = j, .rows = rows, .n = n };

	levels_of(j, a.level);
	return each(n < MANY ? 1 : j->conf.threads, LEVELS, 1, work, &a);
}

int sums_take(struct judge *j, const uint32_t *rows, uint32_t n)
{
	return each_level(j, rows, n, take_some);
}

int sums_put(struct judge *j, const uint32_t *rows, uint32_t n)
{
	return each_level(j, rows, n, put_some);
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
			r = sums_append(l->sums, &s);
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

		if (wants_as(j, row->as))
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
