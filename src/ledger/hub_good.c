/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/hub_good.h"

#include "ledger/hub_priv.h"

void goods_add(struct goods *g, const struct good_row *row)
{
	if (g->n == g->cap) {
		g->cap = g->cap ? 2 * g->cap : 256;
		g->v = reallocarray(g->v, g->cap, sizeof(*g->v));
		if (!g->v)
			abort(); /* out of memory: the spool still has it all */
	}
	g->v[g->n++] = *row;
}

void goods_done(struct goods *g)
{
	free(g->v);
	*g = (struct goods){ .v = NULL };
}

/* In the order of the table's key. */
static int row_cmp(const void *pa, const void *pb)
{
	const struct good_row *a = pa, *b = pb;
	int c = a->day < b->day ? -1 : a->day > b->day;

	if (c == 0)
		c = addr_cmp(a->addr, b->addr);
	if (c == 0)
		c = (int)a->kind - (int)b->kind;
	return c ? c : a->source < b->source ? -1 : a->source > b->source;
}

static int write_row(struct db_bulk *b, const struct good_row *row, uint64_t count, struct err *e)
{
	uint8_t addr[16];

	addr_to_bytes(row->addr, addr);
	db_bulk_i64(b, row->day);
	db_bulk_blob(b, span_of((const char *)addr, sizeof(addr)));
	db_bulk_i64(b, row->kind);
	db_bulk_i64(b, row->source);
	db_bulk_i64(b, (int64_t)count);
	return db_bulk_row(b, e);
}

int goods_write(struct hub *h, struct goods *g, struct err *e)
{
	struct db_bulk *b = hub_bulk(h, BULK_GOOD);
	uint64_t count = 0;
	int r = 0;

	if (g->n)
		qsort(g->v, g->n, sizeof(*g->v), row_cmp);
	for (size_t i = 0; i < g->n && r == 0; i++) {
		count += g->v[i].count;
		if (i + 1 < g->n && row_cmp(&g->v[i], &g->v[i + 1]) == 0)
			continue;
		r = write_row(b, &g->v[i], count, e);
		count = 0;
	}
	return r < 0 ? r : db_bulk_flush(b, e);
}
