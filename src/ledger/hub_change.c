/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What batches have added to the ledger, for judges who keep what they have seen (sql 002-change). */
#include <errno.h>

#include "ledger/hub_priv.h"

/* 1: changes up to after and more are not there any more; 0: all later ones are. */
static int is_forgotten(struct hub *h, int64_t after, struct err *e)
{
	int64_t lost = 0;
	int r = hub_number(h,
	    "SELECT n FROM \"change\" WHERE n = (SELECT min(n) FROM \"change\") AND count = 0",
	    &lost, e);

	return r < 0 ? r : lost > after;
}

int hub_each_change(struct hub *h, int64_t after, hub_ledger_fn *fn, void *ctx, struct err *e)
{
	CLEANUP(db_stmt_free_p) struct db_stmt *s = NULL;
	int r = is_forgotten(h, after, e);

	if (r != 0)
		return r;
	r = db_prepare_walk(h->db,
	    "SELECT day, addr, plen, category, source, proof, count FROM \"change\" WHERE n > ? "
	    "AND count > 0 ORDER BY n, day, addr, plen, category, source, proof",
	    &s, e);
	if (r == 0)
		db_bind_i64(s, 1, after);
	while (r == 0 && (r = db_step(s, e)) == 1) {
		struct hub_ledger_row row = { .hour = HUB_HOUR_DAY, .service = "" };

		if (!hub_read_line(s, &row.day, &row.subject, &row.category, &row.source))
			return err_set(
			    e, -EBADMSG, "the ledger holds a change that onus never wrote");
		row.proof = db_i64(s, 5) == PROOF_FULL ? PROOF_FULL : PROOF_WEAK;
		row.count = (uint64_t)db_i64(s, 6);
		r = fn(ctx, &row);
	}
	return r;
}

int hub_change_forget(struct hub *h, int64_t upto, struct err *e)
{
	static const char *const sql[] = { "DELETE FROM \"change\" WHERE n <= ?",
		"INSERT INTO \"change\" (n, addr, day, plen, category, source, proof, count) "
		"VALUES (?, ?, 0, 0, 0, 0, 0, 0)" };
	static const char nobody[16];
	struct hub_tx tx;
	int r;

	if (upto <= 0)
		return 0;
	if ((r = is_forgotten(h, upto - 1, e)) != 0) /* so far, or further */
		return r < 0 ? r : 0;
	r = hub_tx_begin(h, &tx, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < NELEM(sql) && r == 0; i++) {
		CLEANUP(db_stmt_free_p) struct db_stmt *s = NULL;

		r = db_prepare(h->db, sql[i], &s, e);
		if (r == 0) {
			db_bind_i64(s, 1, upto);
			if (i == 1)
				db_bind_blob(s, 2, span_of(nobody, sizeof(nobody)));
			r = db_run(s, e);
		}
	}
	return hub_tx_end(h, &tx, r, e);
}

int hub_batch_mark(struct hub *h, int64_t n, char ret[HUB_MARK_MAX], struct err *e)
{
	CLEANUP(db_stmt_free_p) struct db_stmt *s = NULL;
	int r =
	    db_prepare(h->db, "SELECT host, producer, seq, received FROM batch WHERE n = ?", &s, e);

	ret[0] = '\0';
	if (r < 0)
		return r;
	db_bind_i64(s, 1, n);
	r = db_step(s, e);
	if (r == 1)
		(void)snprintf(ret, HUB_MARK_MAX, "%s.%s.%jd.%jd", db_text(s, 0).p, db_text(s, 1).p,
		    (intmax_t)db_i64(s, 2), (intmax_t)db_i64(s, 3));
	return r < 0 ? r : 0;
}
