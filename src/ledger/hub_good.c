/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/hub_good.h"

#include <errno.h>

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

static bool take_row(struct db_stmt *s, struct good_row *ret)
{
	struct span addr = db_blob(s, 1);
	int64_t kind = db_i64(s, 2), count = db_i64(s, 4);

	if (span_len(addr) != 16 || kind <= GOOD_NONE || kind >= GOOD_N || count < 0)
		return false;
	*ret = (struct good_row){ .addr = addr_of_bytes((const uint8_t *)addr.p),
		.day = (int32_t)db_i64(s, 0),
		.source = (int32_t)db_i64(s, 3),
		.kind = (enum good)kind,
		.count = (uint64_t)count };
	return true;
}

int hub_each_good(
    struct hub *h, int32_t first_day, int32_t last_day, hub_good_fn *fn, void *ctx, struct err *e)
{
	struct db_stmt *s = NULL;
	int r = db_prepare_walk(h->db,
	    "SELECT day, addr, kind, source, count FROM good WHERE day >= ? AND day <= ?", &s, e);

	if (r < 0)
		return r;
	db_bind_i64(s, 1, first_day);
	db_bind_i64(s, 2, last_day);
	while (r == 0 && (r = db_step(s, e)) == 1) {
		struct good_row row;

		r = take_row(s, &row)
			? fn(ctx, &row)
			: err_set(e, -EBADMSG,
			      "the hub holds a good observation that onus never wrote");
	}
	s = db_stmt_free(s);
	return r;
}
