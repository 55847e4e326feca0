/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What owners were told, and what they say against it: notices and disputes. */
#include <errno.h>

#include "ledger/hub_priv.h"

int hub_dispute_put(struct hub *h, const struct hub_dispute *d, struct err *e)
{
	CLEANUP(db_stmt_free_p) struct db_stmt *s = NULL;
	struct hub_tx tx;
	uint8_t addr[16];
	int r = hub_tx_begin(h, &tx, e);

	if (r < 0)
		return r;
	r = db_prepare(h->db,
	    "INSERT INTO dispute (line_id, day, addr, plen, category, source, state, opened, "
	    "due, closed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (line_id) "
	    "DO UPDATE SET day = excluded.day, addr = excluded.addr, plen = excluded.plen, "
	    "category = excluded.category, source = excluded.source, state = excluded.state, "
	    "opened = excluded.opened, due = excluded.due, closed = excluded.closed",
	    &s, e);
	if (r == 0) {
		addr_to_bytes(d->subject.addr, addr);
		db_bind_blob(s, 1, span_of((const char *)d->line_id, sizeof(d->line_id)));
		db_bind_i64(s, 2, d->day);
		db_bind_blob(s, 3, span_of((const char *)addr, sizeof(addr)));
		db_bind_i64(s, 4, d->subject.len);
		db_bind_i64(s, 5, d->category);
		db_bind_i64(s, 6, d->source);
		db_bind_i64(s, 7, d->state);
		db_bind_i64(s, 8, d->opened_s);
		db_bind_i64(s, 9, d->due_s);
		if (d->closed_s)
			db_bind_i64(s, 10, d->closed_s);
		r = db_run(s, e);
	}
	return hub_tx_end(h, &tx, r, e);
}

int hub_each_dispute(struct hub *h, hub_dispute_fn *fn, void *ctx, struct err *e)
{
	CLEANUP(db_stmt_free_p) struct db_stmt *s = NULL;
	int r = db_prepare(h->db,
	    "SELECT day, addr, plen, category, source, state, opened, due, coalesce(closed, 0), "
	    "line_id FROM dispute ORDER BY addr, plen, day, category, source",
	    &s, e);

	while (r == 0 && (r = db_step(s, e)) == 1) {
		struct hub_dispute d = {
			.opened_s = db_i64(s, 6), .due_s = db_i64(s, 7), .closed_s = db_i64(s, 8)
		};
		int64_t state = db_i64(s, 5);
		struct span id = db_blob(s, 9);

		if (!hub_read_line(s, &d.day, &d.subject, &d.category, &d.source) || state < 0 ||
		    state >= HUB_DISPUTE_STATE_N || span_len(id) != sizeof(d.line_id))
			return err_set(
			    e, -EBADMSG, "the ledger holds a dispute that onus never wrote");
		d.state = (enum hub_dispute_state)state;
		memcpy(d.line_id, id.p, sizeof(d.line_id));
		r = fn(ctx, &d);
	}
	return r;
}

int hub_notice_put(struct hub *h, const struct hub_notice *n, int64_t *ret_id, struct err *e)
{
	CLEANUP(db_stmt_free_p) struct db_stmt *s = NULL;
	int64_t last = 0;
	struct hub_tx tx;
	int r = hub_tx_begin(h, &tx, e);

	if (r < 0)
		return r;
	if (!n->id)
		r = hub_number(h, "SELECT coalesce(max(id), 0) FROM notice", &last, e);
	if (r == 0)
		r = db_prepare(h->db,
		    "INSERT INTO notice (id, entity, contact, state, opened, sent, closed, "
		    "\"lines\") VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
		    "entity = excluded.entity, contact = excluded.contact, "
		    "state = excluded.state, opened = excluded.opened, sent = excluded.sent, "
		    "closed = excluded.closed, \"lines\" = excluded.\"lines\"",
		    &s, e);
	if (r == 0) {
		*ret_id = n->id ? n->id : last + 1;
		db_bind_i64(s, 1, *ret_id);
		db_bind_text(s, 2, n->entity);
		db_bind_text(s, 3, n->contact);
		db_bind_i64(s, 4, n->state);
		db_bind_i64(s, 5, n->opened_s);
		if (n->sent_s)
			db_bind_i64(s, 6, n->sent_s);
		if (n->closed_s)
			db_bind_i64(s, 7, n->closed_s);
		db_bind_i64(s, 8, n->lines);
		r = db_run(s, e);
	}
	return hub_tx_end(h, &tx, r, e);
}

int hub_each_notice(struct hub *h, hub_notice_fn *fn, void *ctx, struct err *e)
{
	CLEANUP(db_stmt_free_p) struct db_stmt *s = NULL;
	int r = db_prepare(h->db,
	    "SELECT id, entity, contact, state, opened, coalesce(sent, 0), coalesce(closed, 0), "
	    "\"lines\" FROM notice ORDER BY id",
	    &s, e);

	while (r == 0 && (r = db_step(s, e)) == 1) {
		struct hub_notice n = { .id = db_i64(s, 0),
			.entity = db_text(s, 1),
			.contact = db_text(s, 2),
			.opened_s = db_i64(s, 4),
			.sent_s = db_i64(s, 5),
			.closed_s = db_i64(s, 6),
			.lines = (uint32_t)db_i64(s, 7) };
		int64_t state = db_i64(s, 3);

		if (state < 0 || state >= HUB_NOTICE_STATE_N)
			return err_set(e, -EBADMSG, "the hub holds a notice that onus never wrote");
		n.state = (enum hub_notice_state)state;
		r = fn(ctx, &n);
	}
	return r;
}
