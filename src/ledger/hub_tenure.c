/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who held what when. */
#include <errno.h>

#include "ledger/hub_priv.h"

int hub_tenure_put(struct hub *h, const struct hub_tenure *t, struct err *e)
{
	CLEANUP(db_stmt_free_p) struct db_stmt *s = NULL;
	uint8_t first[16], last[16];
	struct hub_tx tx;
	int r = hub_tx_begin(h, &tx, e);

	if (r < 0)
		return r;
	r = db_prepare(h->db,
	    "INSERT INTO tenure (first, last, holder, from_day, to_day, rule) "
	    "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (first, last, from_day) DO UPDATE SET "
	    "holder = excluded.holder, to_day = excluded.to_day, rule = excluded.rule",
	    &s, e);
	if (r == 0) {
		addr_to_bytes(t->range.first, first);
		addr_to_bytes(t->range.last, last);
		db_bind_blob(s, 1, span_of((const char *)first, sizeof(first)));
		db_bind_blob(s, 2, span_of((const char *)last, sizeof(last)));
		db_bind_text(s, 3, t->holder);
		db_bind_i64(s, 4, t->from_day);
		if (t->to_day)
			db_bind_i64(s, 5, t->to_day);
		db_bind_text(s, 6, t->rule);
		r = db_run(s, e);
	}
	return hub_tx_end(h, &tx, r, e);
}

/* false: the row is none of ours (a hand-made database) */
static bool read_row(struct db_stmt *s, struct hub_tenure *t)
{
	struct span first = db_blob(s, 0), last = db_blob(s, 1);
	int64_t from = db_i64(s, 3), to = db_i64(s, 4);

	if (span_len(first) != 16 || span_len(last) != 16 || from <= 0 || from > INT32_MAX ||
	    to > INT32_MAX || (!db_null(s, 4) && to <= from))
		return false;
	*t = (struct hub_tenure){ .range = { addr_of_bytes((const uint8_t *)first.p),
				      addr_of_bytes((const uint8_t *)last.p) },
		.holder = db_text(s, 2),
		.from_day = (int32_t)from,
		.to_day = (int32_t)to,
		.rule = db_text(s, 5) };
	return addr_cmp(t->range.first, t->range.last) <= 0;
}

static int each(struct db_stmt *s, hub_tenure_fn *fn, void *ctx, struct err *e)
{
	int r = 0;

	while (r == 0 && (r = db_step(s, e)) == 1) {
		struct hub_tenure t;

		if (!read_row(s, &t))
			return err_set(e, -EBADMSG, "the hub holds a tenure that onus never wrote");
		r = fn(ctx, &t);
	}
	return r;
}

#define COLUMNS "SELECT first, last, holder, from_day, to_day, rule FROM tenure "

int hub_each_tenure(struct hub *h, hub_tenure_fn *fn, void *ctx, struct err *e)
{
	CLEANUP(db_stmt_free_p) struct db_stmt *s = NULL;
	int r = db_prepare(h->db, COLUMNS "ORDER BY first, last DESC, from_day", &s, e);

	return r < 0 ? r : each(s, fn, ctx, e);
}

int hub_each_tenure_at(struct hub *h, struct addr a, hub_tenure_fn *fn, void *ctx, struct err *e)
{
	CLEANUP(db_stmt_free_p) struct db_stmt *s = NULL;
	uint8_t addr[16];
	int r = db_prepare(h->db,
	    COLUMNS "WHERE first <= ? AND last >= ? ORDER BY first, last DESC, from_day", &s, e);

	if (r < 0)
		return r;
	addr_to_bytes(a, addr);
	db_bind_blob(s, 1, span_of((const char *)addr, sizeof(addr)));
	db_bind_blob(s, 2, span_of((const char *)addr, sizeof(addr)));
	return each(s, fn, ctx, e);
}
