/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ledger, read: rows, evidence, totals. */
#include <errno.h>

#include "ledger/hub_priv.h"

/* The condition of both walks: days, and where the subject begins. */
#define WHERE_DAYS   " WHERE day >= ? AND day <= ?"
#define WHERE_WITHIN " AND addr >= ? AND addr <= ?"

#define LEDGER_COLUMNS                                                                             \
	"SELECT day, addr, plen, category, source, hour, proof, service, count FROM ledger"
#define LEDGER_ORDER " ORDER BY addr, plen, day, category, source, proof, service, hour"
#define EVIDENCE_COLUMNS                                                                           \
	"SELECT day, addr, plen, category, source, n, time, service, digest, detail FROM evidence"
#define EVIDENCE_ORDER " ORDER BY addr, plen, day, category, source, n"

struct walk {
	struct db_stmt *s;
	uint8_t first[16], last[16];
};

static void walk_done(struct walk *w)
{
	w->s = db_stmt_free(w->s);
}

static int walk_open(struct hub *h, struct walk *w, const char *all, const char *within_sql,
    int32_t first_day, int32_t last_day, const struct range *within, struct err *e)
{
	int r = db_prepare_walk(h->db, within ? within_sql : all, &w->s, e);

	if (r < 0)
		return r;
	db_bind_i64(w->s, 1, first_day);
	db_bind_i64(w->s, 2, last_day);
	if (within) {
		addr_to_bytes(within->first, w->first);
		addr_to_bytes(within->last, w->last);
		db_bind_blob(w->s, 3, span_of((const char *)w->first, 16));
		db_bind_blob(w->s, 4, span_of((const char *)w->last, 16));
	}
	return 0;
}

bool hub_read_line(struct db_stmt *s, int32_t *day, struct prefix *subject, enum category *category,
    int32_t *source)
{
	struct span addr = db_blob(s, 1);
	int64_t plen = db_i64(s, 2), cat = db_i64(s, 3);

	if (span_len(addr) != 16 || plen < 0 || plen > 128 || cat < 0 || cat >= CATEGORY_N)
		return false;
	*day = (int32_t)db_i64(s, 0);
	*subject = (struct prefix){ addr_of_bytes((const uint8_t *)addr.p), (uint8_t)plen };
	*category = (enum category)cat;
	*source = (int32_t)db_i64(s, 4);
	return true;
}

static int each_row(struct walk *w, hub_ledger_fn *fn, void *ctx, struct err *e)
{
	int r = 0;

	while (r == 0 && (r = db_step(w->s, e)) == 1) {
		struct hub_ledger_row row;

		if (!hub_read_line(w->s, &row.day, &row.subject, &row.category, &row.source))
			return err_set(e, -EBADMSG, "the ledger holds a row that onus never wrote");
		row.hour = (uint8_t)db_i64(w->s, 5);
		row.proof = db_i64(w->s, 6) == PROOF_FULL ? PROOF_FULL : PROOF_WEAK;
		row.service = db_text(w->s, 7).p;
		row.count = (uint64_t)db_i64(w->s, 8);
		r = fn(ctx, &row);
	}
	return r;
}

int hub_each_ledger(struct hub *h, int32_t first_day, int32_t last_day, const struct range *within,
    hub_ledger_fn *fn, void *ctx, struct err *e)
{
	CLEANUP(walk_done) struct walk w = { NULL, { 0 }, { 0 } };
	int r = walk_open(h, &w, LEDGER_COLUMNS WHERE_DAYS LEDGER_ORDER,
	    LEDGER_COLUMNS WHERE_DAYS WHERE_WITHIN LEDGER_ORDER, first_day, last_day, within, e);

	return r < 0 ? r : each_row(&w, fn, ctx, e);
}

int hub_scan_ledger(
    struct hub *h, int32_t first_day, int32_t last_day, hub_ledger_fn *fn, void *ctx, struct err *e)
{
	CLEANUP(walk_done) struct walk w = { NULL, { 0 }, { 0 } };
	int r = walk_open(h, &w, LEDGER_COLUMNS WHERE_DAYS, NULL, first_day, last_day, NULL, e);

	return r < 0 ? r : each_row(&w, fn, ctx, e);
}

int hub_each_evidence(struct hub *h, int32_t first_day, int32_t last_day,
    const struct range *within, hub_evidence_fn *fn, void *ctx, struct err *e)
{
	CLEANUP(walk_done) struct walk w = { NULL, { 0 }, { 0 } };
	int r = walk_open(h, &w, EVIDENCE_COLUMNS WHERE_DAYS EVIDENCE_ORDER,
	    EVIDENCE_COLUMNS WHERE_DAYS WHERE_WITHIN EVIDENCE_ORDER, first_day, last_day, within,
	    e);

	while (r == 0 && (r = db_step(w.s, e)) == 1) {
		struct hub_evidence ev = { .n = (uint8_t)db_i64(w.s, 5) };
		struct span digest = db_blob(w.s, 8);

		if (!hub_read_line(w.s, &ev.day, &ev.subject, &ev.category, &ev.source) ||
		    span_len(digest) != sizeof(ev.digest))
			return err_set(
			    e, -EBADMSG, "the ledger holds evidence that onus never wrote");
		memcpy(ev.digest, digest.p, sizeof(ev.digest));
		ev.time_s = db_i64(w.s, 6);
		ev.service = db_text(w.s, 7).p;
		ev.detail = db_blob(w.s, 9);
		r = fn(ctx, &ev);
	}
	return r;
}

/* number - one figure more of the totals, unless an earlier one failed */
static void number(struct hub *h, const char *sql, int64_t *ret, int *r, struct err *e)
{
	if (*r == 0)
		*r = hub_number(h, sql, ret, e);
}

int hub_totals(struct hub *h, struct hub_totals *ret, struct err *e)
{
	int64_t v[10] = { 0 };
	bool own = !db_in_transaction(h->db);
	int r = own ? hub_read_begin(h, e) : 0;

	number(h, "SELECT coalesce(sum(events), 0) FROM batch", &v[0], &r, e);
	number(h, "SELECT count(*) FROM ledger", &v[1], &r, e);
	number(h, "SELECT count(*) FROM (SELECT DISTINCT addr, plen FROM ledger) AS hosts", &v[2],
	    &r, e);
	number(h, "SELECT count(*) FROM batch", &v[3], &r, e);
	number(h, "SELECT coalesce(sum(\"lines\"), 0) FROM batch", &v[4], &r, e);
	number(h, "SELECT coalesce(sum(refused), 0) FROM batch", &v[5], &r, e);
	number(h, "SELECT coalesce(min(day), 0) FROM ledger", &v[6], &r, e);
	number(h, "SELECT coalesce(max(day), -1) FROM ledger", &v[7], &r, e);
	number(h, "SELECT coalesce(max(received), 0) FROM batch", &v[8], &r, e);
	number(h, "SELECT coalesce(max(n), 0) FROM batch", &v[9], &r, e);
	if (own)
		hub_read_end(h);
	if (r < 0)
		return r;
	*ret = (struct hub_totals){ .events = (uint64_t)v[0],
		.rows = (uint64_t)v[1],
		.hosts = (uint64_t)v[2],
		.batches = (uint64_t)v[3],
		.lines = (uint64_t)v[4],
		.refused = (uint64_t)v[5],
		.first_day = (int32_t)v[6],
		.last_day = (int32_t)v[7],
		.newest_s = v[8],
		.cursor = v[9] };
	return 0;
}

int hub_cursor(struct hub *h, int64_t *ret, struct err *e)
{
	return hub_number(h, "SELECT coalesce(max(n), 0) FROM batch", ret, e);
}

int hub_last_day(struct hub *h, int32_t *ret, struct err *e)
{
	int32_t first;

	return hub_days(h, &first, ret, e);
}

int hub_days(struct hub *h, int32_t *first, int32_t *last, struct err *e)
{
	int64_t v[2] = { 0, 0 };
	int r = hub_number(h, "SELECT coalesce(min(day), 0) FROM ledger", &v[0], e);

	if (r == 0)
		r = hub_number(h, "SELECT coalesce(max(day), 0) FROM ledger", &v[1], e);
	if (r < 0)
		return r;
	*first = (int32_t)v[0];
	*last = (int32_t)v[1];
	return 0;
}

int hub_newest_hour(struct hub *h, int32_t day, struct range within, int *ret, struct err *e)
{
	uint8_t first[16], last[16];
	struct db_stmt *s;
	int r = hub_stmt(h, SQL_NEWEST_HOUR, &s, e);

	if (r < 0)
		return r;
	addr_to_bytes(within.first, first);
	addr_to_bytes(within.last, last);
	db_bind_i64(s, 1, day);
	db_bind_blob(s, 2, span_of((const char *)first, sizeof(first)));
	db_bind_blob(s, 3, span_of((const char *)last, sizeof(last)));
	*ret = -1;
	while ((r = db_step(s, e)) == 1) {
		int64_t category = db_i64(s, 0), hour = db_i64(s, 1);

		if (category >= 0 && category < CATEGORY_N &&
		    category_family((enum category)category) < FAMILY_ABUSE_OF_SERVICE)
			*ret = MAX_OF(*ret, (int)hour);
	}
	db_reset(s);
	return r;
}
