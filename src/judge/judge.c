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

/* Sorted rows must not overlap. Two IPv6 rows may meet inside one /48: it goes to the first. */
static int rows_check(struct judge *j, struct err *e)
{
	uint32_t to = 0;

	for (uint32_t i = 0; i < j->n_rows; i++) {
		struct row r = j->rows[i];
		const struct row *before = to ? &j->rows[to - 1] : NULL;

		if (before && before->version == r.version && r.first <= before->last) {
			if (r.version == 0 || r.first != before->last)
				return err_set(
				    e, -EINVAL, "announced space: two rows overlap at row %u", i);
			if (++r.first > r.last)
				continue;
		}
		j->rows[to++] = r;
		j->world.size[r.version] += r.last - r.first + 1;
	}
	j->n_rows = to;
	return 0;
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

static int rows_load(struct judge *j, space_fn *space, const void *ctx, struct err *e)
{
	struct space s;
	uint32_t cap = 0;
	bool sorted = true;
	int r;

	j->world.size[0] = j->world.size[1] = 0;
	for (uint32_t i = 0; space && space(ctx, i, &s); i++) {
		if (j->n_rows == cap) {
			struct row *v;

			cap = cap ? cap * 2 : 1024;
			v = reallocarray(j->rows, cap, sizeof(*v));
			if (!v)
				return -ENOMEM;
			j->rows = v;
		}
		if (!row_make(&s, &j->rows[j->n_rows]))
			continue;
		if (j->n_rows && row_cmp(&j->rows[j->n_rows - 1], &j->rows[j->n_rows]) > 0)
			sorted = false;
		j->n_rows++;
	}
	if (!sorted)
		qsort(j->rows, j->n_rows, sizeof(*j->rows), row_cmp);
	r = rows_check(j, e);
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
