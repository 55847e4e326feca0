/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "publication/wall.h"

#include <errno.h>
#include <inttypes.h>

static int range_cmp(const void *a, const void *b)
{
	const struct range *x = a, *y = b;
	int c = addr_is_v4(y->first) - addr_is_v4(x->first);

	if (c == 0)
		c = addr_cmp(x->first, y->first);
	return c ? c : addr_cmp(x->last, y->last);
}

/* Every element begins with its range, so that one comparison serves both. */
_Static_assert(offsetof(struct wall_entry, range) == 0, "range_cmp sorts entries too");

static void sort(void *v, size_t n, size_t size)
{
	if (n > 1)
		qsort(v, n, size, range_cmp);
}

/* merge - sorted ranges made disjoint and not touching, in place; returns how many remain */
static size_t merge(struct range *v, size_t n)
{
	size_t k = 0;

	for (size_t i = 1; i < n; i++) {
		bool same_family = addr_is_v4(v[i].first) == addr_is_v4(v[k].first);

		if (same_family && (addr_cmp(v[i].first, v[k].last) <= 0 ||
				       addr_eq(v[i].first, addr_next(v[k].last)))) {
			if (addr_cmp(v[i].last, v[k].last) > 0)
				v[k].last = v[i].last;
		} else {
			v[++k] = v[i];
		}
	}
	return n ? k + 1 : 0;
}

int wall_init(
    struct wall *w, int64_t now_s, const struct range *never, size_t n_never, struct err *e)
{
	*w = (struct wall){ .now_s = now_s };
	if (n_never == 0)
		return 0;
	w->never = reallocarray(NULL, n_never, sizeof(*never));
	if (!w->never)
		return err_set(e, -ENOMEM, "out of memory");
	memcpy(w->never, never, n_never * sizeof(*never));
	sort(w->never, n_never, sizeof(*never));
	w->n_never = merge(w->never, n_never);
	return 0;
}

void wall_done(struct wall *w)
{
	free(w->hosts);
	free(w->nets);
	free(w->never);
	*w = (struct wall){ 0 };
}

static int push(struct wall_entry **v, size_t *n, size_t *cap, struct wall_entry x)
{
	if (*n == *cap) {
		size_t more = *cap ? *cap * 2 : 1024;
		struct wall_entry *grown = reallocarray(*v, more, sizeof(**v));

		if (!grown)
			return -ENOMEM;
		*v = grown;
		*cap = more;
	}
	(*v)[(*n)++] = x;
	return 0;
}

static int put(struct wall *w, struct range r, int64_t until_s)
{
	struct wall_entry x = { r, until_s };

	if (addr_is_v4(r.first) && addr_eq(r.first, r.last))
		return push(&w->hosts, &w->n_hosts, &w->hosts_cap, x);
	return push(&w->nets, &w->n_nets, &w->nets_cap, x);
}

int wall_add(struct wall *w, struct range r, int64_t until_s)
{
	size_t lo = 0, hi = w->n_never;

	if (until_s <= w->now_s) {
		w->expired++;
		return 0;
	}
	if (range_special(r)) {
		w->special++;
		return 0;
	}
	while (lo < hi) { /* the first range of one's own that does not lie wholly before r */
		size_t mid = lo + (hi - lo) / 2;
		struct range key = { r.first, r.first };

		if (range_cmp(&w->never[mid], &key) < 0 &&
		    addr_cmp(w->never[mid].last, r.first) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo < w->n_never && addr_cmp(w->never[lo].first, r.last) <= 0 &&
	    addr_cmp(w->never[lo].last, r.first) >= 0)
		w->own++;
	for (; lo < w->n_never; lo++) {
		struct range own = w->never[lo];
		int rc;

		if (addr_is_v4(own.first) != addr_is_v4(r.first) || addr_cmp(own.first, r.last) > 0)
			break;
		if (addr_cmp(own.first, r.first) > 0) {
			rc = put(w, (struct range){ r.first, addr_prev(own.first) }, until_s);
			if (rc < 0)
				return rc;
		}
		if (addr_cmp(own.last, r.last) >= 0)
			return 0;
		r.first = addr_next(own.last);
	}
	return put(w, r, until_s);
}

int wall_add_reputation(struct wall *w, const struct reputation *r, enum level least)
{
	static const enum entity_kind kinds[] = { ENTITY_ADDR, ENTITY_BLOCK, ENTITY_PREFIX };

	for (size_t k = 0; k < NELEM(kinds); k++) {
		uint32_t first, n = reputation_rows(r, kinds[k], &first);

		for (uint32_t i = first; i < first + n; i++) {
			struct reputation_row row;
			int rc;

			reputation_at(r, i, &row);
			if (row.decision.level == LEVEL_CLEAR || row.decision.level < least)
				continue;
			rc = wall_add(w, row.entity.range, row.decision.until_s);
			if (rc < 0)
				return rc;
		}
	}
	return 0;
}

/* --- finishing ---------------------------------------------------------------------------------- */

/* unique_hosts - the same address several times: the latest until holds */
static void unique_hosts(struct wall *w)
{
	size_t k = 0;

	sort(w->hosts, w->n_hosts, sizeof(*w->hosts));
	for (size_t i = 1; i < w->n_hosts; i++) {
		if (addr_eq(w->hosts[i].range.first, w->hosts[k].range.first))
			w->hosts[k].until_s = MAX_OF(w->hosts[k].until_s, w->hosts[i].until_s);
		else
			w->hosts[++k] = w->hosts[i];
	}
	w->n_hosts = w->n_hosts ? k + 1 : 0;
}

/* A heap of the ranges that cover the sweep's position, the latest until on top. */
struct heap {
	struct wall_entry *v;
	size_t n;
};

static void heap_push(struct heap *h, struct wall_entry x)
{
	size_t i = h->n++;

	for (; i > 0 && h->v[(i - 1) / 2].until_s < x.until_s; i = (i - 1) / 2)
		h->v[i] = h->v[(i - 1) / 2];
	h->v[i] = x;
}

static void heap_pop(struct heap *h)
{
	struct wall_entry x = h->v[--h->n];
	size_t i = 0;

	for (;;) {
		size_t c = 2 * i + 1;

		if (c + 1 < h->n && h->v[c + 1].until_s > h->v[c].until_s)
			c++;
		if (c >= h->n || h->v[c].until_s <= x.until_s)
			break;
		h->v[i] = h->v[c];
		i = c;
	}
	h->v[i] = x;
}

/* out_put - append a piece, or lengthen the one before it */
static int out_put(struct wall *out, struct range r, int64_t until_s)
{
	struct wall_entry *last = out->n_nets ? &out->nets[out->n_nets - 1] : NULL;

	if (last && last->until_s == until_s && addr_eq(addr_next(last->range.last), r.first) &&
	    addr_is_v4(last->range.first) == addr_is_v4(r.first)) {
		last->range.last = r.last;
		return 0;
	}
	return push(&out->nets, &out->n_nets, &out->nets_cap, (struct wall_entry){ r, until_s });
}

/* sweep - go over the sorted nets from left to right; between two places where one begins or the top
 * one ends, the top of the heap decides */
static int sweep(const struct wall *w, struct heap *h, struct wall *out)
{
	size_t i = 0;
	struct addr at = { 0, 0 };
	int rc = 0;

	while (rc == 0 && (i < w->n_nets || h->n > 0)) {
		struct addr end;
		bool v4;

		if (h->n == 0)
			at = w->nets[i].range.first;
		v4 = addr_is_v4(at);
		while (i < w->n_nets && addr_eq(w->nets[i].range.first, at))
			heap_push(h, w->nets[i++]);
		end = h->v[0].range.last;
		if (i < w->n_nets && addr_is_v4(w->nets[i].range.first) == v4 &&
		    addr_cmp(w->nets[i].range.first, end) <= 0)
			end = addr_prev(w->nets[i].range.first);
		rc = out_put(out, (struct range){ at, end }, h->v[0].until_s);
		at = addr_next(end);
		while (h->n > 0 && addr_cmp(h->v[0].range.last, end) <= 0)
			heap_pop(h);
	}
	return rc;
}

int wall_finish(struct wall *w)
{
	struct wall out = { 0 };
	struct heap h = { 0 };
	int rc;

	unique_hosts(w);
	if (w->n_nets == 0)
		return 0;
	sort(w->nets, w->n_nets, sizeof(*w->nets));
	h.v = reallocarray(NULL, w->n_nets, sizeof(*h.v));
	if (!h.v)
		return -ENOMEM;
	rc = sweep(w, &h, &out);
	free(h.v);
	if (rc < 0) {
		free(out.nets);
		return rc;
	}
	free(w->nets);
	w->nets = out.nets;
	w->n_nets = out.n_nets;
	w->nets_cap = out.nets_cap;
	return 0;
}

int wall_union(const struct wall *w, struct range **ret, size_t *ret_n)
{
	size_t n = w->n_hosts + w->n_nets;
	struct range *v = reallocarray(NULL, n ? n : 1, sizeof(*v));

	if (!v)
		return -ENOMEM;
	for (size_t i = 0; i < w->n_hosts; i++)
		v[i] = w->hosts[i].range;
	for (size_t i = 0; i < w->n_nets; i++)
		v[w->n_hosts + i] = w->nets[i].range;
	sort(v, n, sizeof(*v));
	*ret_n = merge(v, n);
	*ret = v;
	return 0;
}

int wall_parse_ranges(struct span text, struct range **ret, size_t *ret_n, struct err *e)
{
	struct range *v = NULL;
	size_t n = 0, cap = 0;

	while (text.p < text.end) {
		struct span word = { text.p, text.p };

		while (word.end < text.end && !strchr(", \t\n", *word.end))
			word.end++;
		text.p = word.end < text.end ? word.end + 1 : word.end;
		if (span_empty(word))
			continue;
		if (n == cap) {
			struct range *more = reallocarray(v, cap ? cap * 2 : 16, sizeof(*v));

			if (!more) {
				free(v);
				return err_set(e, -ENOMEM, "out of memory");
			}
			v = more;
			cap = cap ? cap * 2 : 16;
		}
		if (range_parse(word, &v[n]) < 0) {
			free(v);
			return err_set(e, -EINVAL, "\"%.*s\" is no address, prefix or range",
			    (int)MIN_OF(span_len(word), (size_t)80), word.p);
		}
		n++;
	}
	*ret = v;
	*ret_n = n;
	return 0;
}
