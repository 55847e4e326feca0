/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Overlaps resolved: one sweep over the address space with the records that cover the place where it
 * stands in a heap, the narrowest on top. */
#include <errno.h>
#include <limits.h>

#include "holders/build_format.h"

/* Width as a pair to compare: last - first. */
static struct addr width(const struct range *r)
{
	struct addr w = { r->last.hi - r->first.hi, r->last.lo - r->first.lo };

	w.hi -= r->last.lo < r->first.lo;
	return w;
}

static int by_range(const void *pa, const void *pb)
{
	const struct record *a = pa, *b = pb;
	int c = addr_cmp(a->range.first, b->range.first);

	if (c == 0)
		c = addr_cmp(a->range.last, b->range.last);
	return c ? c : a->seq < b->seq ? -1 : a->seq > b->seq;
}

/* Does a hold where both are? The narrower one, else the one that came first. */
static bool holds(const struct record *a, const struct record *b)
{
	int c = addr_cmp(width(&a->range), width(&b->range));

	return c ? c < 0 : a->seq < b->seq;
}

struct heap {
	const struct record **v; /* owned */
	size_t n;
};

static void heap_push(struct heap *h, const struct record *r)
{
	size_t i = h->n++;

	while (i > 0 && holds(r, h->v[(i - 1) / 2])) {
		h->v[i] = h->v[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	h->v[i] = r;
}

static void heap_pop(struct heap *h)
{
	const struct record *last = h->v[--h->n];
	size_t i = 0;

	for (;;) {
		size_t k = 2 * i + 1;

		if (k + 1 < h->n && holds(h->v[k + 1], h->v[k]))
			k++;
		if (k >= h->n || holds(last, h->v[k]))
			break;
		h->v[i] = h->v[k];
		i = k;
	}
	h->v[i] = last;
}

/* Of records with one range the first stays; the same value again is counted, another one refused. */
static size_t drop_repeats(struct registry_build *b, struct record *v, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		struct record *old = kept ? &v[kept - 1] : NULL;

		if (!old || !addr_eq(old->range.first, v[i].range.first) ||
		    !addr_eq(old->range.last, v[i].range.last)) {
			v[kept++] = v[i];
			continue;
		}
		if (old->value == v[i].value) {
			b->n_repeat++;
			continue;
		}
		b->input[v[i].input].records--;
		build_refuse(b, v[i].input, v[i].line, "the range of %s:%u, which says otherwise",
		    b->input[old->input].name, old->line);
	}
	return kept;
}

int layer_put(struct layer *l, struct range r, uint32_t value)
{
	struct stretch *last = l->n ? &l->v[l->n - 1] : NULL;

	if (last && last->value == value && addr_eq(addr_next(last->range.last), r.first) &&
	    addr_is_v4(last->range.last) == addr_is_v4(r.first)) {
		last->range.last = r.last;
		return 0;
	}
	if (l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 65536;
		struct stretch *v = reallocarray(l->v, cap, sizeof(*v));

		if (!v)
			return -ENOMEM;
		l->v = v;
		l->cap = cap;
	}
	l->v[l->n++] = (struct stretch){ r, value };
	return 0;
}

static int sweep(const struct record *v, size_t n, struct heap *h, struct layer *ret)
{
	struct addr pos = { 0, 0 };
	size_t i = 0;
	int r = 0;

	while (r == 0 && (i < n || h->n > 0)) {
		struct range now;

		if (h->n == 0)
			pos = v[i].range.first;
		while (i < n && addr_cmp(v[i].range.first, pos) <= 0)
			heap_push(h, &v[i++]);
		while (h->n > 0 && addr_cmp(h->v[0]->range.last, pos) < 0)
			heap_pop(h);
		if (h->n == 0)
			continue;
		now = (struct range){ pos, h->v[0]->range.last };
		if (i < n && addr_cmp(v[i].range.first, now.last) <= 0)
			now.last = addr_prev(v[i].range.first);
		r = layer_put(ret, now, h->v[0]->value);
		pos = addr_next(now.last);
	}
	return r;
}

int settle(struct registry_build *b, struct records *rec, struct layer *ret)
{
	struct heap h = { .v = NULL };
	int r;

	*ret = (struct layer){ .v = NULL };
	if (rec->n == 0)
		return 0;
	qsort(rec->v, rec->n, sizeof(*rec->v), by_range);
	rec->n = drop_repeats(b, rec->v, rec->n);
	h.v = calloc(rec->n, sizeof(const struct record *));
	if (!h.v)
		return -ENOMEM;
	r = sweep(rec->v, rec->n, &h, ret);
	free(h.v);
	return r;
}
