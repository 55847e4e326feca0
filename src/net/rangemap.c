/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/rangemap.h"

#include <errno.h>
#include <stdlib.h>

#include "util/grow.h"

void rangemap_done(struct rangemap *m)
{
	free(m->v);
	addrset_done(&m->taken);
	*m = (struct rangemap){ .v = NULL };
}

/* IPv6 up to the ends of its /64s. */
static struct range whole(struct range r)
{
	if (!addr_is_v4(r.first)) {
		r.first.lo = 0;
		r.last.lo = UINT64_MAX;
	}
	return r;
}

static int whole_set(const struct addrset *s, struct addrset *ret)
{
	struct addrset w = { .v = NULL };

	for (size_t i = 0; i < s->n; i++)
		if (addrset_add(&w, whole(s->v[i])) < 0) {
			addrset_done(&w);
			return -ENOMEM;
		}
	addrset_settle(&w);
	*ret = w;
	return 0;
}

static int put_free(struct rangemap *m, const struct addrset *s, uint32_t value, double weight)
{
	CLEANUP(addrset_done) struct addrset left = { .v = NULL };
	struct addrset taken;

	if (addrset_subtract(s, &m->taken, &left) < 0 || addrset_union(s, &m->taken, &taken) < 0)
		return -ENOMEM;
	addrset_done(&m->taken);
	m->taken = taken;
	if (grow(&m->v, &m->cap, m->n + left.n, sizeof(*m->v)) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < left.n; i++)
		m->v[m->n++] =
		    (struct rangemap_row){ .range = left.v[i], .value = value, .weight = weight };
	return 0;
}

int rangemap_put(struct rangemap *m, const struct addrset *s, uint32_t value, double weight)
{
	CLEANUP(addrset_done) struct addrset w = { .v = NULL };
	int r = whole_set(s, &w);

	return r < 0 ? r : put_free(m, &w, value, weight);
}

static int by_address(const void *a, const void *b)
{
	const struct rangemap_row *x = a, *y = b;

	return addr_cmp(x->range.first, y->range.first);
}

void rangemap_settle(struct rangemap *m)
{
	addrset_done(&m->taken);
	if (m->n > 1)
		qsort(m->v, m->n, sizeof(*m->v), by_address);
	m->all = 0;
	for (size_t i = 0; i < m->n; i++) {
		m->v[i].before = m->all;
		m->all += m->v[i].weight * rangemap_size(m->v[i].range);
	}
}

/* The first row that does not end before an address. */
static size_t row_from(const struct rangemap *m, struct addr a)
{
	size_t lo = 0, hi = m->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (addr_cmp(m->v[mid].range.last, a) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

const struct rangemap_row *rangemap_find(const struct rangemap *m, struct addr a)
{
	size_t i = row_from(m, a);

	return i < m->n && range_has(m->v[i].range, a) ? &m->v[i] : NULL;
}

double rangemap_size(struct range r)
{
	if (addr_is_v4(r.first))
		return (double)(r.last.lo - r.first.lo) + 1;
	return ((double)(r.last.hi - r.first.hi) + 1) / 256;
}

/* The weight of everything before an address. */
static double weight_before(const struct rangemap *m, struct addr a)
{
	size_t i = row_from(m, a);
	const struct rangemap_row *row;

	if (i == m->n)
		return m->all;
	row = &m->v[i];
	if (addr_cmp(row->range.first, a) >= 0)
		return row->before;
	return row->before +
	       row->weight * rangemap_size((struct range){ row->range.first, addr_prev(a) });
}

double rangemap_weight(const struct rangemap *m, struct range r)
{
	r = whole(r);
	if (addr_eq(r.last, (struct addr){ UINT64_MAX, UINT64_MAX }))
		return m->all - weight_before(m, r.first);
	return weight_before(m, addr_next(r.last)) - weight_before(m, r.first);
}
