/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The compiling side of the table. Arrays grow here and are written out at the end. */
#include <errno.h>

#include "net/lpm.h"
#include "net/lpm_format.h"

/* struct rows - a growing array of equal rows of uint32_t */
struct rows {
	uint32_t *v; /* owned */
	size_t n, cap, width;
};

struct work {
	struct lpm_entry *e; /* owned; the IPv6 ones only */
	size_t n;
	uint32_t *top4, *top6; /* owned */
	struct rows line4, tail4, node6, list6, deep6;
	struct pending *todo; /* owned; [n_todo], one for each node6 */
	size_t todo_cap;
	bool oom;
};

/* struct pending - a node that is still to be filled: its first address, and the entries from which on
 * something may lie in it */
struct pending {
	struct addr first;
	size_t entry;
	unsigned bits; /* that lead to it: 16, 24 … 56 */
};

/* One more row, all LPM_NONE; its number. Row 0 stands in when memory is out: nothing is written then. */
static uint32_t row_new(struct work *w, struct rows *r)
{
	uint32_t *v = r->v;

	if (r->n == r->cap) {
		size_t cap = r->cap ? r->cap * 2 : 64;

		v = r->n < LPM_NONE / 2 ? reallocarray(r->v, cap, r->width * 4) : NULL;
		if (!v) {
			w->oom = true;
			return 0;
		}
		r->v = v;
		r->cap = cap;
	}
	for (size_t i = 0; i < r->width; i++)
		v[r->n * r->width + i] = LPM_NONE;
	return (uint32_t)r->n++;
}

/* The row below *entry (NULL: out of memory), which is made when there is none. */
static uint32_t *row_below(struct work *w, uint32_t *entry, struct rows *below)
{
	if (!(*entry & LPM_DOWN4)) {
		uint32_t whole = *entry, at = row_new(w, below);

		if (w->oom)
			return NULL;
		for (size_t i = 0; i < below->width; i++)
			below->v[at * below->width + i] = whole;
		*entry = at | LPM_DOWN4;
	}
	return below->v + (size_t)(*entry & ~LPM_DOWN4) * below->width;
}

/* [first, last] within one /24 */
static void fill_tail(struct work *w, uint32_t *line, uint32_t first, uint32_t last, uint32_t value)
{
	uint32_t *entry = &line[first >> 8 & 15], *tail;

	if ((first & 255) == 0 && (last & 255) == 255) {
		*entry = value;
		return;
	}
	tail = row_below(w, entry, &w->tail4);
	for (uint32_t i = first & 255; tail && i <= (last & 255); i++)
		tail[i] = value;
}

/* [first, last] within one /20 */
static void fill_line(struct work *w, uint32_t first, uint32_t last, uint32_t value)
{
	uint32_t *entry = &w->top4[first >> 12], *line;

	if ((first & 0xfff) == 0 && (last & 0xfff) == 0xfff) {
		*entry = value;
		return;
	}
	line = row_below(w, entry, &w->line4);
	for (uint32_t at = first; line && at <= last;) {
		uint32_t end = MIN_OF(at | 255, last);

		fill_tail(w, line, at, end, value);
		if (end == UINT32_MAX)
			return;
		at = end + 1;
	}
}

static void fill_v4(struct work *w, const struct lpm_entry *e)
{
	uint32_t at = addr_v4(e->range.first), last = addr_v4(e->range.last);

	while (!w->oom) {
		uint32_t end = MIN_OF(at | 0xfff, last);

		fill_line(w, at, end, e->value);
		if (end == last)
			return;
		at = end + 1;
	}
}

/* struct cut - where the value changes within a part of the address space */
struct cut {
	struct addr first;
	uint32_t value;
};

/* The changes within p, gaps as LPM_NONE, from *entry on, which is moved to the first entry that ends
 * in p or behind it. At most max are stored, all are counted up to max + 1. */
static size_t cuts_of(
    const struct work *w, struct range p, size_t *entry, struct cut *ret, size_t max)
{
	struct addr at = p.first;
	uint32_t value = LPM_NONE;
	size_t n = 0;

	while (*entry < w->n && addr_cmp(w->e[*entry].range.last, p.first) < 0)
		(*entry)++;
	for (size_t i = *entry; n <= max; i++) {
		bool inside = i < w->n && addr_cmp(w->e[i].range.first, p.last) <= 0;
		struct addr first = inside ? w->e[i].range.first : p.last;

		if (inside ? addr_cmp(at, first) < 0 : addr_cmp(at, p.last) <= 0) { /* a gap */
			if (n == 0 || value != LPM_NONE) {
				if (n < max)
					ret[n] = (struct cut){ at, LPM_NONE };
				n++;
				value = LPM_NONE;
			}
			at = first;
		}
		if (!inside)
			break;
		if (n == 0 || value != w->e[i].value) {
			if (n < max)
				ret[n] = (struct cut){ at, w->e[i].value };
			n++;
			value = w->e[i].value;
		}
		if (addr_cmp(w->e[i].range.last, p.last) >= 0)
			break;
		at = addr_next(w->e[i].range.last);
	}
	return n;
}

/* A list can tell apart what differs in the 32 bits after the first `bits` ones. */
static bool list_fits(const struct cut *cut, size_t n, unsigned bits)
{
	if (n > LPM_LIST)
		return false;
	for (size_t i = 0; i < n; i++)
		if (cut[i].first.lo != 0 || (cut[i].first.hi << bits & 0xffffffff) != 0)
			return false;
	return true;
}

static uint32_t list_new(struct work *w, const struct cut *cut, size_t n, unsigned bits)
{
	uint32_t at = row_new(w, &w->list6), *key = w->list6.v + (size_t)at * 2 * LPM_LIST;

	for (size_t i = 0; i < LPM_LIST && !w->oom; i++) {
		const struct cut *c = &cut[MIN_OF(i, n - 1)];

		key[i] = i < n ? (uint32_t)(c->first.hi << bits >> 32) : UINT32_MAX;
		key[LPM_LIST + i] = c->value;
	}
	return at | LPM_TO_LIST;
}

/* Everything within one /64, which may be any number of changes. */
static uint32_t deep_new(struct work *w, struct range p, size_t entry)
{
	size_t first = w->deep6.n, max = 2 * w->n + 2, n;
	struct cut *cut = NULL;
	size_t cap = 64;

	do {
		free(cut);
		cap = MIN_OF(cap * 4, max);
		cut = calloc(cap, sizeof(*cut));
		if (!cut) {
			w->oom = true;
			return LPM_NONE;
		}
		n = cuts_of(w, p, &entry, cut, cap);
	} while (n > cap);
	for (size_t i = 0; i < n && !w->oom; i++) {
		uint32_t row = row_new(w, &w->deep6);
		struct lpm_deep d = { cut[i].first.lo, cut[i].value, i == 0 ? (uint32_t)n : 0 };

		if (!w->oom)
			memcpy(w->deep6.v + (size_t)row * 4, &d, sizeof(d));
	}
	free(cut);
	return (uint32_t)first | LPM_TO_DEEP;
}

static uint32_t node_new(struct work *w, struct addr first, size_t entry, unsigned bits)
{
	uint32_t at = row_new(w, &w->node6);

	if (!w->oom && at >= w->todo_cap) {
		size_t cap = w->todo_cap ? w->todo_cap * 2 : 256;
		struct pending *todo = reallocarray(w->todo, cap, sizeof(*todo));

		w->oom = !todo;
		if (todo) {
			w->todo = todo;
			w->todo_cap = cap;
		}
	}
	if (!w->oom)
		w->todo[at] = (struct pending){ first, entry, bits };
	return at | LPM_NODE;
}

/* What stands for the part of the address space under `first` with `bits` bits. */
static uint32_t entry_of(struct work *w, struct addr first, unsigned bits, size_t *entry)
{
	struct range p = prefix_range((struct prefix){ first, (uint8_t)bits });
	struct cut cut[LPM_LIST];
	size_t n = cuts_of(w, p, entry, cut, LPM_LIST);

	if (n == 1)
		return cut[0].value;
	if (bits == 64)
		return deep_new(w, p, *entry);
	if (list_fits(cut, n, bits))
		return list_new(w, cut, n, bits);
	return node_new(w, first, *entry, bits);
}

static void fill_v6(struct work *w)
{
	size_t entry = 0;

	for (uint64_t i = 0; i < LPM_TOP6 && !w->oom; i++)
		w->top6[i] = entry_of(w, (struct addr){ i << 48, 0 }, 16, &entry);
	for (size_t node = 0; node < w->node6.n && !w->oom; node++) {
		struct pending p = w->todo[node];

		for (uint64_t i = 0; i < LPM_NODE6 && !w->oom; i++) {
			struct addr first = { p.first.hi | i << (56 - p.bits), 0 };
			uint32_t e = entry_of(w, first, p.bits + 8, &p.entry);

			w->node6.v[node * LPM_NODE6 + i] = e;
		}
	}
}

static bool entries_ok(const struct lpm_entry *e, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (e[i].value >= LPM_VALUES_MAX || addr_cmp(e[i].range.first, e[i].range.last) > 0)
			return false;
		if (addr_is_v4(e[i].range.first) != addr_is_v4(e[i].range.last))
			return false;
		if (i > 0 && addr_cmp(e[i - 1].range.last, e[i].range.first) >= 0)
			return false;
	}
	return true;
}

static void put_rows(struct buf *out, const struct rows *r)
{
	static const char zero[64];
	size_t len = r->n * r->width * 4;

	if (len > 0)
		buf_put(out, r->v, len);
	buf_put(out, zero, -len & 63);
}

static int work_write(const struct work *w, struct buf *out)
{
	struct lpm_head head = {
		.magic = LPM_MAGIC,
		.n_line4 = (uint32_t)w->line4.n,
		.n_tail4 = (uint32_t)w->tail4.n,
		.n_node6 = (uint32_t)w->node6.n,
		.n_list6 = (uint32_t)w->list6.n,
		.n_deep6 = (uint32_t)w->deep6.n,
	};

	buf_put(out, &head, sizeof(head));
	buf_put(out, w->top4, LPM_TOP4 * 4);
	put_rows(out, &w->line4);
	put_rows(out, &w->tail4);
	buf_put(out, w->top6, LPM_TOP6 * 4);
	put_rows(out, &w->node6);
	put_rows(out, &w->list6);
	put_rows(out, &w->deep6);
	return buf_ok(out) ? 0 : -ENOMEM;
}

static int work_init(struct work *w)
{
	w->line4.width = LPM_LINE4;
	w->tail4.width = LPM_TAIL4;
	w->node6.width = LPM_NODE6;
	w->list6.width = 2 * LPM_LIST;
	w->deep6.width = sizeof(struct lpm_deep) / 4;
	w->top4 = malloc(LPM_TOP4 * 4);
	w->top6 = malloc(LPM_TOP6 * 4);
	if (!w->top4 || !w->top6)
		return -ENOMEM;
	for (size_t i = 0; i < LPM_TOP4; i++)
		w->top4[i] = LPM_NONE;
	(void)row_new(w, &w->line4); /* line 0 is always there to be read */
	return w->oom ? -ENOMEM : 0;
}

static void work_done(struct work *w)
{
	struct rows *all[] = { &w->line4, &w->tail4, &w->node6, &w->list6, &w->deep6 };

	for (size_t i = 0; i < NELEM(all); i++)
		free(all[i]->v);
	free(w->e);
	free(w->top4);
	free(w->top6);
	free(w->todo);
}

static int fill(struct work *w, const struct lpm_entry *e, size_t n)
{
	w->e = calloc(n + 1, sizeof(*w->e));
	if (!w->e)
		return -ENOMEM;
	for (size_t i = 0; i < n && !w->oom; i++) {
		if (addr_is_v4(e[i].range.first))
			fill_v4(w, &e[i]);
		else
			w->e[w->n++] = e[i];
	}
	fill_v6(w);
	return w->oom ? -ENOMEM : 0;
}

int lpm_build(const struct lpm_entry *e, size_t n, struct buf *out)
{
	struct work w = { 0 };
	int r;

	if (!entries_ok(e, n) || out->len % 64 != 0)
		return -EINVAL;
	r = work_init(&w);
	if (r == 0)
		r = fill(&w, e, n);
	if (r == 0)
		r = work_write(&w, out);
	work_done(&w);
	return r;
}
