/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "publication/wall.h"

#include <errno.h>
#include <inttypes.h>

#include "publication/listing.h"

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

void wall_init(struct wall *w, int64_t now_s, const struct addrset *never)
{
	*w = (struct wall){ .now_s = now_s, .never = never };
}

void wall_done(struct wall *w)
{
	free(w->hosts);
	free(w->nets);
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

static int put(struct wall *w, const struct wall_entry *x, struct range r)
{
	struct wall_entry piece = *x;

	piece.range = r;
	if (!w->listing && addr_is_v4(r.first) && addr_eq(r.first, r.last))
		return push(&w->hosts, &w->n_hosts, &w->hosts_cap, piece);
	return push(&w->nets, &w->n_nets, &w->nets_cap, piece);
}

static bool one_host(struct range r)
{
	return addr_eq(addr_host(r.first), addr_host(r.last));
}

static int put_around(struct wall *w, bool wide, const struct wall_entry *x, struct range r)
{
	struct range piece;
	int rc = 0;

	if (!wide || !w->carved || !addrset_overlaps(w->carved, r))
		return put(w, x, r);
	while (rc == 0 && addrset_take_outside(w->carved, &r, &piece))
		rc = put(w, x, piece);
	return rc;
}

static int add(struct wall *w, bool wide, const struct wall_entry *x)
{
	struct range r = x->range, piece;
	int rc = 0;

	if (x->until_s <= w->now_s) {
		w->expired++;
		return 0;
	}
	if (range_special(r)) {
		w->special++;
		return 0;
	}
	if (!w->never || !addrset_overlaps(w->never, r))
		return put_around(w, wide, x, r);
	w->own++;
	while (rc == 0 && addrset_take_outside(w->never, &r, &piece))
		rc = put_around(w, wide, x, piece);
	return rc;
}

int wall_add(struct wall *w, struct range r, int64_t until_s)
{
	return add(w, !one_host(r), &(struct wall_entry){ r, until_s, until_s, REPUTATION_NONE });
}

/* The order in which client_look chooses. */
static int64_t rank_of(const struct reputation_row *row, uint32_t index)
{
	return (int64_t)row->decision.action << 40 |
	       (int64_t)(ENTITY_KIND_N - row->entity.kind) << 32 | (UINT32_MAX - index);
}

int wall_add_decided(
    struct wall *w, const struct reputation_row *row, uint32_t index, struct range range)
{
	if (!w->listing)
		return wall_add(w, range, row->decision.until_s);
	return add(w, row->entity.kind != ENTITY_ADDR,
	    &(struct wall_entry){ range, row->decision.until_s, rank_of(row, index), index });
}

bool wall_takes(const struct standing_decision *d, enum level least)
{
	return d->level >= least && d->action > ACTION_TAG &&
	       (least < LEVEL_BLOCK || d->action == ACTION_DROP);
}

bool wall_wants(const struct wall *w, const struct standing_decision *d, enum level least)
{
	return w->listing ? listing_takes(d->level, d->action) : wall_takes(d, least);
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
			if (!wall_wants(w, &row.decision, least))
				continue;
			rc = wall_add_decided(w, &row, i, row.entity.range);
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

/* A heap of the ranges that cover the sweep's position, the highest rank on top. */
struct heap {
	struct wall_entry *v;
	size_t n;
};

static void heap_push(struct heap *h, struct wall_entry x)
{
	size_t i = h->n++;

	for (; i > 0 && h->v[(i - 1) / 2].rank < x.rank; i = (i - 1) / 2)
		h->v[i] = h->v[(i - 1) / 2];
	h->v[i] = x;
}

static void heap_pop(struct heap *h)
{
	struct wall_entry x = h->v[--h->n];
	size_t i = 0;

	for (;;) {
		size_t c = 2 * i + 1;

		if (c + 1 < h->n && h->v[c + 1].rank > h->v[c].rank)
			c++;
		if (c >= h->n || h->v[c].rank <= x.rank)
			break;
		h->v[i] = h->v[c];
		i = c;
	}
	h->v[i] = x;
}

/* out_put - append a piece, or lengthen the one before it */
static int out_put(struct wall *out, const struct wall_entry *x, struct range r)
{
	struct wall_entry *last = out->n_nets ? &out->nets[out->n_nets - 1] : NULL;

	if (last && last->until_s == x->until_s && last->row == x->row &&
	    addr_eq(addr_next(last->range.last), r.first) &&
	    addr_is_v4(last->range.first) == addr_is_v4(r.first)) {
		last->range.last = r.last;
		return 0;
	}
	return push(&out->nets, &out->n_nets, &out->nets_cap,
	    (struct wall_entry){ r, x->until_s, x->rank, x->row });
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
		rc = out_put(out, &h->v[0], (struct range){ at, end });
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

int wall_union(const struct wall *w, struct addrset *ret)
{
	struct addrset s = { .v = NULL };
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < w->n_hosts; i++)
		rc = addrset_add(&s, w->hosts[i].range);
	for (size_t i = 0; rc == 0 && i < w->n_nets; i++)
		rc = addrset_add(&s, w->nets[i].range);
	if (rc < 0) {
		addrset_done(&s);
		return rc;
	}
	addrset_settle(&s);
	*ret = s;
	return 0;
}
