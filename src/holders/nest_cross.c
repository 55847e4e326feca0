/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Networks that cross: neither holds the other. The rule goes from the widest to the narrowest: one that
 * crosses a wider one which stands is refused. Few cross, so one sweep finds those that cross anything, and
 * the rule is carried out over them alone. */
#include <errno.h>

#include "holders/build_format.h"
#include "util/grow.h"

struct width_of {
	struct addr width; /* last - first */
	uint32_t index, seq;
};

/* --- who crosses anything ------------------------------------------------------------------------- */

/* Indexes, as a stack or as a heap with the smallest last address on top. */
struct indexes {
	uint32_t *v; /* owned */
	size_t n, cap;
};

static int push(struct indexes *s, uint32_t index)
{
	if (grow(&s->v, &s->cap, s->n + 1, sizeof(*s->v)) < 0)
		return -ENOMEM;
	s->v[s->n++] = index;
	return 0;
}

static bool ends_before(const struct net_fact *v, uint32_t a, uint32_t b)
{
	return addr_cmp(v[a].range.last, v[b].range.last) < 0;
}

static int heap_push(struct indexes *h, const struct net_fact *v, uint32_t index)
{
	size_t i = h->n;

	if (push(h, index) < 0)
		return -ENOMEM;
	for (; i > 0 && ends_before(v, index, h->v[(i - 1) / 2]); i = (i - 1) / 2)
		h->v[i] = h->v[(i - 1) / 2];
	h->v[i] = index;
	return 0;
}

static void heap_pop(struct indexes *h, const struct net_fact *v)
{
	uint32_t last = h->v[--h->n];
	size_t i = 0;

	for (size_t k; (k = 2 * i + 1) < h->n; i = k) {
		k += k + 1 < h->n && ends_before(v, h->v[k + 1], h->v[k]);
		if (!ends_before(v, h->v[k], last))
			break;
		h->v[i] = h->v[k];
	}
	h->v[i] = last;
}

/* open: those that reach the place of the sweep; the one that ends first tells whether j crosses any.
 * later: those that nothing behind them has outlasted; j outlasts the ones it crosses. */
static int mark_crossing(struct net_fact *v, size_t n, struct indexes *open, struct indexes *later)
{
	int r = 0;

	for (uint32_t j = 0; r == 0 && j < n; j++) {
		if (v[j].flags & NET_SAME)
			continue;
		while (open->n && addr_cmp(v[open->v[0]].range.last, v[j].range.first) < 0)
			heap_pop(open, v);
		if (open->n && ends_before(v, open->v[0], j))
			v[j].flags |= NET_CROSSES;
		for (; later->n && ends_before(v, later->v[later->n - 1], j); later->n--) {
			struct net_fact *i = &v[later->v[later->n - 1]];

			if (addr_cmp(i->range.last, v[j].range.first) >= 0)
				i->flags |= NET_CROSSES;
		}
		r = heap_push(open, v, j) < 0 || push(later, j) < 0 ? -ENOMEM : 0;
	}
	return r;
}

/* --- who is refused ------------------------------------------------------------------------------- */

/* The ends of all that cross, and over them a tree in which a network is painted on all the ends that it
 * covers: who is painted last over a place is the narrowest around it. */
struct canvas {
	struct addr *end;	/* owned; ascending */
	uint32_t *tree, *order; /* owned; tree: number of the painting, 0: none */
	struct width_of *todo;	/* owned; the widest first */
	size_t n_end, n_todo;
};

static int by_addr(const void *a, const void *b)
{
	return addr_cmp(*(const struct addr *)a, *(const struct addr *)b);
}

static int by_width(const void *pa, const void *pb)
{
	const struct width_of *a = pa, *b = pb;
	int c = addr_cmp(b->width, a->width);

	return c ? c : a->seq < b->seq ? -1 : a->seq > b->seq;
}

static int canvas_init(struct canvas *c, const struct net_fact *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		c->n_todo += (v[i].flags & NET_CROSSES) != 0;
	c->todo = calloc(c->n_todo + 1, sizeof(*c->todo));
	c->order = calloc(c->n_todo + 1, sizeof(*c->order));
	c->end = calloc(2 * c->n_todo + 1, sizeof(*c->end));
	c->tree = calloc(4 * c->n_todo + 1, sizeof(*c->tree));
	if (!c->todo || !c->order || !c->end || !c->tree)
		return -ENOMEM;
	c->n_todo = 0;
	for (uint32_t i = 0; i < n; i++) {
		struct range r = v[i].range;

		if (!(v[i].flags & NET_CROSSES))
			continue;
		c->end[c->n_end++] = r.first;
		c->end[c->n_end++] = r.last;
		c->todo[c->n_todo++] =
		    (struct width_of){ { r.last.hi - r.first.hi - (r.last.lo < r.first.lo),
					   r.last.lo - r.first.lo },
			    i, v[i].seq };
	}
	qsort(c->end, c->n_end, sizeof(*c->end), by_addr);
	qsort(c->todo, c->n_todo, sizeof(*c->todo), by_width);
	return 0;
}

static size_t place_of(const struct canvas *c, struct addr a)
{
	size_t lo = 0, hi = c->n_end;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (addr_cmp(c->end[mid], a) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static uint32_t painted(const struct canvas *c, size_t place)
{
	uint32_t last = 0;

	for (size_t at = place + c->n_end; at > 0; at /= 2)
		last = MAX_OF(last, c->tree[at]);
	return last;
}

static void paint(struct canvas *c, size_t first, size_t last, uint32_t number)
{
	size_t lo = first + c->n_end, hi = last + c->n_end + 1;

	for (; lo < hi; lo /= 2, hi /= 2) {
		if (lo & 1)
			c->tree[lo++] = number;
		if (hi & 1)
			c->tree[--hi] = number;
	}
}

static void refuse_narrower(struct canvas *c, struct net_fact *v, uint32_t *ret_by)
{
	uint32_t number = 0;

	for (size_t k = 0; k < c->n_todo; k++) {
		uint32_t i = c->todo[k].index;
		size_t first = place_of(c, v[i].range.first), last = place_of(c, v[i].range.last);
		uint32_t a = painted(c, first), b = painted(c, last);

		if (a == b) {
			c->order[++number - 1] = i;
			paint(c, first, last, number);
			continue;
		}
		v[i].flags |= NET_REFUSED;
		ret_by[i] =
		    c->order[MAX_OF(a, b) - 1]; /* the narrower of both holds one end alone */
	}
}

int nest_cross(struct net_fact *v, size_t n, uint32_t *ret_by)
{
	struct indexes open = { .v = NULL }, later = { .v = NULL };
	struct canvas c = { .end = NULL };
	int r = mark_crossing(v, n, &open, &later);

	free(open.v);
	free(later.v);
	if (r == 0)
		r = canvas_init(&c, v, n);
	if (r == 0)
		refuse_narrower(&c, v, ret_by);
	free(c.end);
	free(c.tree);
	free(c.order);
	free(c.todo);
	return r;
}
