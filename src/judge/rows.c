/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The announced space as the judge keeps it: rows in the order of their addresses, and the rows of every
 * AS, prefix, organisation, country and network. */
#include "judge/run.h"

#include <errno.h>
#include <stdlib.h>

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
		.version = v4 ? 0 : 1,
		.realm = v4 ? 0 : 1 };
	return true;
}

int row_cmp(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->realm != y->realm)
		return x->realm < y->realm ? -1 : 1;
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

	if (grow_u32(&j->rows, &l->cap, (uint64_t)j->n_rows + 1, sizeof(*j->rows)) < 0)
		return -ENOMEM;
	j->rows[j->n_rows++] = *r;
	return 0;
}

/* A row, in pieces that each lie in one network or between two, and are watched for as long. */
static int row_cut(struct loading *l, struct row r)
{
	const struct judge *j = l->j;
	const uint64_t stop = r.last;
	struct addr end;
	int code = 0;

	while (code == 0) {
		if (wants_nets(j)) {
			end = unit_addr(r.version, stop);
			r.network =
			    j->conf.network(j->space_ctx, unit_addr(r.version, r.first), &end);
			r.last = r.version ? end.hi >> 16 : addr_v4(end);
			r.last = MIN_OF(MAX_OF(r.last, r.first), stop);
		}
		r.watched = former_cut(j, r.version, r.first, &r.last);
		if (row_matters(l, &r))
			code = row_put(l, &r);
		if (r.last == stop)
			break;
		r.first = r.last + 1;
		r.last = stop;
	}
	return code;
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
	return row_cut(l, r);
}

uint32_t row_next(const struct judge *j, enum entity_kind kind, const struct row *r, uint32_t k)
{
	switch (kind) {
	case ENTITY_AS:
		return k || r->as == CHAIN_NONE ? 0 : r->as + 1;
	case ENTITY_PREFIX:
		return k || r->prefix == CHAIN_NONE ? 0 : r->prefix + 1;
	case ENTITY_ORG:
		return row_org_next(j, r, k);
	case ENTITY_COUNTRY:
		return k || r->country == COUNTRY_NONE ? 0 : r->country + 1u;
	case ENTITY_NET: /* the narrowest first */
		return k ? net_above(j, k) : r->network;
	default:
		return 0;
	}
}

/* How many keys of a kind there are, and how many times a row has one. */
static uint64_t count_keys(const struct judge *j, enum entity_kind kind, uint32_t *n)
{
	uint64_t all = 0;

	*n = 0;
	for (uint32_t i = 0; i < j->n_rows; i++)
		for (uint32_t k = 0; (k = row_next(j, kind, &j->rows[i], k)) != 0; all++)
			*n = MAX_OF(*n, k);
	return all;
}

/* Rows by key, each key's by their AS and address: those of ASes, which are made first, are what the others count in.
 * Rows without a key are behind all others there, and else left out. */
static int group_rows(const struct judge *j, enum entity_kind kind, struct grouping *ret)
{
	const uint32_t *by_as = kind == ENTITY_AS ? NULL : j->by_as.rows;
	uint64_t all = MAX_OF(count_keys(j, kind, &ret->n), j->n_rows);
	uint32_t left;

	if (all >= UINT32_MAX)
		return -ENOMEM;
	ret->start = calloc((size_t)ret->n + 2, sizeof(*ret->start));
	ret->rows = calloc((size_t)all + 1, sizeof(*ret->rows));
	if (!ret->start || !ret->rows)
		return -ENOMEM;
	for (uint32_t i = 0; i < j->n_rows; i++)
		for (uint32_t k = 0; (k = row_next(j, kind, &j->rows[i], k)) != 0;)
			ret->start[k + 1]++;
	for (uint32_t k = 2; k < ret->n + 2; k++)
		ret->start[k] += ret->start[k - 1];
	for (uint32_t i = 0; i < j->n_rows;
	     i++) { /* start moves from the first of a key to its end */
		const struct row *r = &j->rows[by_as ? by_as[i] : i];

		for (uint32_t k = 0; (k = row_next(j, kind, r, k)) != 0;)
			ret->rows[ret->start[k]++] = i;
	}
	left = ret->start[ret->n];
	for (uint32_t i = j->n_own_rows; i < j->n_rows && !by_as; i++)
		if (row_next(j, kind, &j->rows[i], 0) == 0)
			ret->rows[left++] = i;
	return 0;
}

/* Only what will be summed: most callers ask for one kind. */
static int groupings(struct judge *j)
{
	int r = group_rows(j, ENTITY_AS, &j->by_as);

	for (uint32_t i = 0; i < j->n_rows && r == 0; i++)
		j->rows[j->by_as.rows[i]].sum = i;
	if (r == 0 && wants_kind(j, ENTITY_PREFIX))
		r = group_rows(j, ENTITY_PREFIX, &j->by_prefix);
	if (r == 0 && wants_kind(j, ENTITY_ORG))
		r = group_rows(j, ENTITY_ORG, &j->by_org);
	if (r == 0 && wants_kind(j, ENTITY_COUNTRY))
		r = group_rows(j, ENTITY_COUNTRY, &j->by_country);
	if (r == 0 && wants_nets(j))
		r = group_rows(j, ENTITY_NET, &j->by_net);
	j->row_sums = calloc((size_t)j->n_rows + 1, sizeof(*j->row_sums));
	return r < 0 || !j->row_sums ? -ENOMEM : 0;
}

static void group_forget(struct grouping *g)
{
	free(g->start);
	free(g->rows);
	*g = (struct grouping){ NULL };
}

void rows_forget(struct judge *j)
{
	group_forget(&j->by_as);
	group_forget(&j->by_prefix);
	group_forget(&j->by_org);
	group_forget(&j->by_country);
	group_forget(&j->by_net);
	free(j->rows);
	free(j->row_sums);
	j->rows = NULL;
	j->row_sums = NULL;
	j->n_rows = j->n_own_rows = 0;
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
	CLEANUP(free_p) struct row *v = NULL;
	struct space s;
	struct row r;
	uint32_t n;
	int code = 0;

	for (uint32_t i = 0; code == 0 && space(ctx, i, &s); i++)
		if (row_make(&s, &r))
			code = row_put(&l, &r);
	if (code < 0)
		return code;
	v = j->rows;
	n = j->n_rows;
	j->rows = NULL;
	j->n_rows = 0;
	if (n)
		qsort(v, n, sizeof(*v), row_cmp);
	for (uint32_t i = 0; code == 0 && i < n; i++)
		code = row_take(&in, v[i], e);
	return code;
}

int rows_load(struct judge *j, space_fn *space, const void *ctx, struct err *e)
{
	int r = 1;

	rows_forget(j);
	if (space)
		r = rows_in_order(j, space, ctx, e);
	if (r == 0) {
		rows_forget(j);
		r = rows_sorted(j, space, ctx, e);
	}
	if (r >= 0)
		r = former_rows(j);
	return r < 0 ? r : groupings(j);
}
