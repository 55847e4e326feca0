/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The reading side of the table: the check that lets lookups trust it. */
#include "net/lpm.h"

#include <errno.h>

#include "net/lpm_format.h"

/* struct bounds - what indexes in the table may be */
struct bounds {
	uint32_t n_values;
	struct lpm_head head;
};

static bool value_ok(uint32_t e, const struct bounds *b)
{
	return e < b->n_values || e == LPM_NONE;
}

static bool down4_ok(const uint32_t *e, size_t n, uint32_t n_below, const struct bounds *b)
{
	for (size_t i = 0; i < n; i++)
		if (e[i] & LPM_DOWN4 ? (e[i] & ~LPM_DOWN4) >= n_below : !value_ok(e[i], b))
			return false;
	return true;
}

/* first_node: nodes lead only to nodes behind them, so that every descent ends. */
static bool down6_ok(
    const struct lpm *l, const uint32_t *e, size_t n, uint32_t first_node, const struct bounds *b)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t at = e[i] & ~LPM_KIND;
		bool ok;

		switch (e[i] & LPM_KIND) {
		case LPM_NODE:
			ok = at >= first_node && at < b->head.n_node6;
			break;
		case LPM_TO_LIST:
			ok = at < b->head.n_list6;
			break;
		case LPM_TO_DEEP:
			ok = at < b->head.n_deep6 && l->deep6[at].n > 0;
			break;
		default:
			ok = value_ok(e[i], b);
		}
		if (!ok)
			return false;
	}
	return true;
}

static bool lists_ok(const struct lpm *l, const struct bounds *b)
{
	for (uint32_t i = 0; i < b->head.n_list6; i++) {
		const struct lpm_list *list = &l->list6[i];

		if (list->key[0] != 0 || !value_ok(list->value[0], b))
			return false;
		for (int k = 1; k < LPM_LIST; k++)
			if (list->key[k] < list->key[k - 1] || !value_ok(list->value[k], b))
				return false;
	}
	return true;
}

static bool deep_ok(const struct lpm *l, const struct bounds *b)
{
	uint32_t n = b->head.n_deep6;

	for (uint32_t i = 0; i < n;) {
		const struct lpm_deep *d = &l->deep6[i];

		if (d->n == 0 || d->n > n - i || d->first != 0)
			return false;
		for (uint32_t k = 0; k < d->n; k++)
			if (!value_ok(d[k].value, b) ||
			    (k > 0 && (d[k].n != 0 || d[k].first <= d[k - 1].first)))
				return false;
		i += d->n;
	}
	return true;
}

/* Cut n rows of size bytes off, padded to 64; NULL when they are not there. */
static const void *rows(struct rd *r, uint32_t n, size_t size)
{
	return rd_take(r, ((size_t)n * size + 63) & ~(size_t)63);
}

static bool arrays_ok(struct rd *r, const struct lpm_head *h, struct lpm *l)
{
	l->top4 = rows(r, LPM_TOP4, 4);
	l->line4 = rows(r, h->n_line4, LPM_LINE4 * 4);
	l->tail4 = rows(r, h->n_tail4, LPM_TAIL4 * 4);
	l->top6 = rows(r, LPM_TOP6, 4);
	l->node6 = rows(r, h->n_node6, LPM_NODE6 * 4);
	l->list6 = rows(r, h->n_list6, sizeof(struct lpm_list));
	l->deep6 = rows(r, h->n_deep6, sizeof(struct lpm_deep));
	return rd_done(r) && h->n_line4 > 0 && h->n_line4 <= LPM_TOP4 + 1;
}

static int map(const void *p, size_t len, struct lpm_head *head, struct lpm *ret, struct err *e)
{
	struct rd r = rd_of(p, len);
	const uint8_t *h = rd_take(&r, sizeof(struct lpm_head));

	if (!h || (uintptr_t)p % 64 != 0)
		return err_set(e, -EBADMSG, "the address table is too short");
	memcpy(head, h, sizeof(*head));
	if (head->magic != LPM_MAGIC)
		return err_set(e, -EBADMSG, "the address table is of another version");
	if (!arrays_ok(&r, head, ret))
		return err_set(e, -EBADMSG, "the address table's size is wrong");
	return 0;
}

int lpm_map(const void *p, size_t len, struct lpm *ret, struct err *e)
{
	struct lpm_head head;

	return map(p, len, &head, ret, e);
}

int lpm_open(const void *p, size_t len, uint32_t n_values, struct lpm *ret, struct err *e)
{
	struct bounds b = { .n_values = n_values };
	struct lpm l;
	int code = map(p, len, &b.head, &l, e);

	if (code < 0)
		return code;
	if (!down4_ok(l.top4, LPM_TOP4, b.head.n_line4, &b) ||
	    !down4_ok(l.line4, (size_t)b.head.n_line4 * LPM_LINE4, b.head.n_tail4, &b) ||
	    !down4_ok(l.tail4, (size_t)b.head.n_tail4 * LPM_TAIL4, 0, &b))
		return err_set(e, -EBADMSG, "the IPv4 table points out of itself");
	if (!deep_ok(&l, &b) || !lists_ok(&l, &b) || !down6_ok(&l, l.top6, LPM_TOP6, 0, &b))
		return err_set(e, -EBADMSG, "the IPv6 table points out of itself");
	for (uint32_t i = 0; i < b.head.n_node6; i++)
		if (!down6_ok(&l, l.node6 + (size_t)i * LPM_NODE6, LPM_NODE6, i + 1, &b))
			return err_set(e, -EBADMSG, "the IPv6 table points out of itself");
	*ret = l;
	return 0;
}

uint32_t lpm_deep_find(const struct lpm *l, uint32_t at, uint64_t lo)
{
	const struct lpm_deep *d = &l->deep6[at];
	uint32_t from = 0, n = d->n;

	while (n > 1) { /* d[from].first <= lo, and the answer is in [from, from + n) */
		uint32_t half = n / 2;

		if (d[from + half].first <= lo) {
			from += half;
			n -= half;
		} else {
			n = half;
		}
	}
	return d[from].value;
}
