/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "judge/judge.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "judge/run.h"

struct judge *judge_new(const struct judge_conf *c)
{
	struct judge *j = calloc(1, sizeof(*j));

	if (!j)
		return NULL;
	j->conf = *c;
	if (!(j->conf.l0 > 0))
		j->conf.l0 = JUDGE_L0;
	if (!(j->conf.m0 > 0))
		j->conf.m0 = JUDGE_M0;
	if (c->world) {
		j->world = *c->world;
		j->conf.world = &j->world;
	}
	return j;
}

static void forget_run(struct judge *j)
{
	leaf_forget(j);
	free(j->rows);
	free(j->rows_by_as);
	free(j->arrivals);
	free(j->as_wanted);
	free(j->prefix.v);
	free(j->as.v);
	free(j->org.v);
	free(j->country.v);
	j->rows = NULL;
	j->arrivals = NULL;
	j->as_wanted = NULL;
	j->rows_by_as = NULL;
	j->n_rows = 0;
	j->prefix = j->as = j->org = j->country = (struct sums){ 0 };
}

struct judge *judge_free(struct judge *j)
{
	if (!j)
		return NULL;
	forget_run(j);
	bits_done(&j->bits);
	bits_done(&j->listed);
	free(j);
	return NULL;
}

void judge_group(struct judge *j, unsigned group, double trust, bool anchor)
{
	assert(group < JUDGE_GROUPS_MAX);
	j->anchor[group] = anchor;
	j->given[group] = anchor || trust > 1 ? 1 : trust > 0 ? trust : 0;
}

void judge_map(struct judge *j, float *arrivals, float *returning)
{
	j->map_arrivals = arrivals;
	j->map_returning = returning;
}

/* The bit of a sighting; false when it is none of the judge's business. */
static bool bit_make(const struct judge *j, struct addr a, enum category c, enum proof proof,
    int32_t day, unsigned group, uint64_t count, struct bit *ret)
{
	enum family f = category_family(c);
	int64_t lag = (int64_t)j->conf.today - day;

	assert(group < JUDGE_GROUPS_MAX);
	if (lag < 0 || lag >= JUDGE_WINDOW_DAYS || f >= FAMILY_SCORED_N)
		return false;
	if (!bit_host(a, &ret->host))
		return false;
	ret->meta = (uint64_t)f << 62 | (uint64_t)lag << 53 | (uint64_t)group << BIT_KEY_SHIFT |
		    (proof == PROOF_FULL ? 0 : BIT_WEAK) | (c == CATEGORY_SCANNER ? BIT_SCAN : 0) |
		    MIN_OF(count, BIT_COUNT_MAX);
	return true;
}

int judge_add(struct judge *j, struct addr host, enum category c, enum proof proof, int32_t day,
    unsigned group, uint64_t count)
{
	struct bit b;

	if (!bit_make(j, host, c, proof, day, group, count, &b))
		return 0;
	return bits_add(&j->bits, b, JUDGE_BITS_MAX);
}

int judge_expect(struct judge *j, size_t n)
{
	return bits_expect(&j->bits, MIN_OF(n, (size_t)JUDGE_BITS_MAX));
}

int judge_add_listed(
    struct judge *j, struct prefix listed, enum category c, int32_t day, unsigned group)
{
	struct bit b;

	if (!bit_make(j, listed.addr, c, PROOF_FULL, day, group, 1, &b))
		return 0;
	/* Only (prefix, group) is told: the length takes the place of family and lag. */
	b.meta = (uint64_t)listed.len << 53 | (uint64_t)group << BIT_KEY_SHIFT;
	return bits_add(&j->listed, b, JUDGE_BITS_MAX);
}

uint16_t country_index(const char cc[3])
{
	if (cc[0] < 'A' || cc[0] > 'Z' || cc[1] < 'A' || cc[1] > 'Z' || cc[2])
		return COUNTRY_NONE;
	return (uint16_t)((cc[0] - 'A') * 26 + (cc[1] - 'A'));
}

static bool row_make(const struct space *s, struct row *ret)
{
	bool v4 = addr_is_v4(s->range.first);

	if (s->as == CHAIN_NONE || s->prefix == CHAIN_NONE ||
	    addr_cmp(s->range.first, s->range.last) > 0 || v4 != addr_is_v4(s->range.last))
		return false;
	*ret = (struct row){ .first = v4 ? addr_v4(s->range.first) : s->range.first.hi >> 16,
		.last = v4 ? addr_v4(s->range.last) : s->range.last.hi >> 16,
		.prefix = s->prefix,
		.as = s->as,
		.org = s->org,
		.country = country_index(s->country),
		.version = v4 ? 0 : 1 };
	return true;
}

static int row_cmp(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->version != y->version)
		return x->version < y->version ? -1 : 1;
	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	return x->last == y->last ? 0 : x->last < y->last ? -1 : 1;
}

/* struct loading - rows on their way into judge.rows, in order */
struct loading {
	struct judge *j;
	struct row before; /* the last one taken, kept or not */
	bool any;
	uint32_t cap;
	size_t bit, listed; /* cursors */
};

/* Is one of these in the row? They are in the order of the rows. */
static bool bits_within(const struct bits *s, size_t *at, const struct row *r)
{
	for (; *at < s->n; ++*at) {
		unsigned v = bit_version(s->v[*at].host);
		uint64_t unit = bit_unit(s->v[*at].host);

		if (v > r->version || (v == r->version && unit >= r->first))
			return v == r->version && unit <= r->last;
	}
	return false;
}

/* A row of space without evidence, of an AS that is not asked about, is a size of the world and no more. */
static bool row_matters(struct loading *l, const struct row *r)
{
	const struct judge *j = l->j;

	return may_be_asked(j, r->as) || bits_within(&j->bits, &l->bit, r) ||
	       bits_within(&j->listed, &l->listed, r);
}

static int row_put(struct loading *l, const struct row *r)
{
	struct judge *j = l->j;

	if (j->n_rows == l->cap) {
		uint32_t cap = l->cap ? l->cap * 2 : 1024;
		struct row *v = reallocarray(j->rows, cap, sizeof(*v));

		if (!v)
			return -ENOMEM;
		j->rows = v;
		l->cap = cap;
	}
	j->rows[j->n_rows++] = *r;
	return 0;
}

/* The next row in order: rows must not overlap. Two IPv6 rows may meet inside one /48: it goes to the
 * first. */
static int row_take(struct loading *l, struct row r, struct err *e)
{
	const struct row *before = &l->before;

	if (l->any && before->version == r.version && r.first <= before->last) {
		if (r.version == 0 || r.first != before->last)
			return err_set(e, -EINVAL,
			    "announced space: two rows overlap: prefixes %u and %u", before->prefix,
			    r.prefix);
		if (++r.first > r.last)
			return 0;
	}
	l->before = r;
	l->any = true;
	l->j->world.size[r.version] += r.last - r.first + 1;
	return row_matters(l, &r) ? row_put(l, &r) : 0;
}

static int rows_by_as(struct judge *j)
{
	struct keyed *v = calloc(j->n_rows ? j->n_rows : 1, sizeof(*v));

	j->arrivals = calloc(j->n_rows ? j->n_rows : 1, sizeof(*j->arrivals));
	j->rows_by_as = calloc(j->n_rows ? j->n_rows : 1, sizeof(*j->rows_by_as));
	if (!v || !j->rows_by_as || !j->arrivals) {
		free(v);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < j->n_rows; i++)
		v[i] = (struct keyed){ (uint64_t)j->rows[i].as << 1 | j->rows[i].version, i };
	int r = sort_by_key(v, j->n_rows);

	for (uint32_t i = 0; i < j->n_rows; i++)
		j->rows_by_as[i] = (uint32_t)v[i].value;
	free(v);
	return r;
}

static void rows_forget(struct judge *j)
{
	free(j->rows);
	j->rows = NULL;
	j->n_rows = 0;
	j->world.size[0] = j->world.size[1] = 0;
}

/* Rows as they come, which must be their order: 1, or 0 when it is not, or -errno. */
static int rows_in_order(struct judge *j, space_fn *space, const void *ctx, struct err *e)
{
	struct loading l = { .j = j };
	struct row r, last;
	struct space s;
	bool any = false;
	int code = 0;

	for (uint32_t i = 0; code == 0 && space(ctx, i, &s); i++) {
		if (!row_make(&s, &r))
			continue;
		if (any && row_cmp(&last, &r) > 0)
			return 0;
		last = r;
		any = true;
		code = row_take(&l, r, e);
	}
	return code < 0 ? code : 1;
}

static int rows_sorted(struct judge *j, space_fn *space, const void *ctx, struct err *e)
{
	struct loading l = { .j = j }, in = { .j = j };
	struct space s;
	struct row r;
	uint32_t n;
	int code = 0;

	for (uint32_t i = 0; code == 0 && space(ctx, i, &s); i++)
		if (row_make(&s, &r))
			code = row_put(&l, &r);
	if (code < 0)
		return code;
	qsort(j->rows, j->n_rows, sizeof(*j->rows), row_cmp);
	n = j->n_rows;
	j->n_rows = 0;
	in.cap = l.cap; /* in place: never more are put than were taken */
	for (uint32_t i = 0; code == 0 && i < n; i++)
		code = row_take(&in, j->rows[i], e);
	return code;
}

static int rows_load(struct judge *j, space_fn *space, const void *ctx, struct err *e)
{
	int r = 1;

	rows_forget(j);
	if (space)
		r = rows_in_order(j, space, ctx, e);
	if (r == 0) {
		rows_forget(j);
		r = rows_sorted(j, space, ctx, e);
	}
	return r < 0 ? r : rows_by_as(j);
}

/* Listed prefixes go to the row around their first address. */
static void listed_count(struct judge *j)
{
	uint32_t row = 0;

	for (size_t i = 0; i < j->listed.n; i++) {
		const struct bit *b = &j->listed.v[i];
		unsigned v = bit_version(b->host);
		uint64_t unit = bit_unit(b->host);

		while (
		    row < j->n_rows && (j->rows[row].version < v ||
					   (j->rows[row].version == v && j->rows[row].last < unit)))
			row++;
		if (row == j->n_rows)
			return;
		if (j->rows[row].version != v || unit < j->rows[row].first)
			continue;
		j->rows[row].listed++;
	}
}

static unsigned collection_days(const struct judge *j)
{
	int64_t days = (int64_t)j->conf.today - j->conf.first_day + 1;

	for (size_t i = 0; i < j->bits.n; i++)
		days = MAX_OF(days, (int64_t)bit_lag(&j->bits.v[i]) + 1);
	return days < 1 ? 1 : days > JUDGE_WINDOW_DAYS ? JUDGE_WINDOW_DAYS : (unsigned)days;
}

/* Leaves, and again with the pace of each where it is known: who is clean is told by the leaves. */
static int leaves(struct judge *j)
{
	CLEANUP(free_p) double *paces = NULL;
	int r = leaf_build(j, NULL);

	if (r == 0)
		r = pace_build(j, &paces);
	if (r < 0 || !paces)
		return r;
	leaf_forget(j);
	return leaf_build(j, paces);
}

int judge_run(struct judge *j, space_fn *space, const void *ctx, struct err *e)
{
	int r;

	forget_run(j);
	if ((r = bits_seal(&j->bits)) < 0 || (r = bits_seal(&j->listed)) < 0)
		return err_set(e, r, "judging: out of memory");
	unsigned days = collection_days(j);

	model_init(&j->model, days);
	j->world.provisional = days < JUDGE_PROVISIONAL_DAYS;
	if ((r = rows_load(j, space, ctx, e)) < 0)
		goto failed;
	listed_count(j);
	if ((r = trust_measure(j)) < 0)
		goto failed;
	guard_build(j);
	rhythm_learn(j);
	if ((r = leaves(j)) < 0)
		goto failed;
	if ((r = wanted_build(j)) < 0)
		goto failed;
	world_learn(j);
	if (j->map_returning)
		leaf_map(j, j->map_returning);
	if ((r = tree_run(j)) < 0 || (r = sums_build(j)) < 0)
		goto failed;
	return 0;
failed:
	forget_run(j);
	return r == -ENOMEM ? err_set(e, r, "judging: out of memory") : r;
}

void judge_world(const struct judge *j, struct judge_world *ret)
{
	*ret = j->world;
}
