/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What becomes of the ledger as it grows old: periods ahead of time, old days forgotten, hours rolled up to days. In
 * portions, so that no writer waits for long: each is a transaction of its own, and what is left to do is always seen
 * from what is there. */
#include <errno.h>

#include "ledger/hub_priv.h"
#include "ledger/period.h"
#include "util/clock.h"

#define PORTION "8000" /* rows of a table */
#define BATCHES 500u   /* rows of `batch` */

/* 1: call it again; 0: done */
typedef int stage_fn(struct hub *h, struct hub_age *a, struct err *e);

static const uint8_t lowest[16];
static const uint8_t highest[16] = { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
	255, 255, 255, 255 };

/* --- statements of a day and addresses --------------------------------------------------------- */

/* Parameters: a day, then the addresses that are not NULL. */
static int prepare(struct hub *h, const char *sql, int32_t day, const uint8_t *from,
    const uint8_t *to, struct db_stmt **ret, struct err *e)
{
	int r = db_prepare(h->db, sql, ret, e);

	if (r < 0)
		return r;
	db_bind_i64(*ret, 1, day);
	if (from)
		db_bind_blob(*ret, 2, span_of((const char *)from, 16));
	if (to)
		db_bind_blob(*ret, 3, span_of((const char *)to, 16));
	return 0;
}

static int run(struct hub *h, const char *sql, int32_t day, const uint8_t *from, const uint8_t *to,
    struct err *e)
{
	CLEANUP(db_stmt_free_p) struct db_stmt *s = NULL;
	int r = prepare(h, sql, day, from, to, &s, e);

	return r < 0 ? r : db_run(s, e);
}

/* 1 with the address that a query names, 0 when none */
static int find_addr(struct hub *h, const char *sql, int32_t day, const uint8_t *from,
    uint8_t ret[16], struct err *e)
{
	CLEANUP(db_stmt_free_p) struct db_stmt *s = NULL;
	int r = prepare(h, sql, day, from, NULL, &s, e);

	if (r == 0)
		r = db_step(s, e);
	if (r == 1 && span_len(db_blob(s, 0)) != 16)
		return err_set(e, -EBADMSG, "the ledger holds an address that onus never wrote");
	if (r == 1)
		memcpy(ret, db_blob(s, 0).p, 16);
	return r;
}

/* Where a portion that begins at from ends. */
static int find_end(struct hub *h, const char *sql, int32_t day, const uint8_t *from,
    uint8_t ret[16], struct err *e)
{
	int r = find_addr(h, sql, day, from, ret, e);

	if (r == 0)
		memcpy(ret, highest, 16);
	return r < 0 ? r : 0;
}

/* --- periods ----------------------------------------------------------------------------------- */

/* Whatever hinders it can wait: the rows have their place without it. */
static int of_period(struct hub_age *a, int r, const struct err *why)
{
	if (r < 0)
		a->put_off = *why;
	if (r != 1)
		a->table++;
	if (a->table < PERIOD_TABLES)
		return 1;
	a->table = 0;
	return 0;
}

static int ahead(struct hub *h, struct hub_age *a, struct err *e)
{
	struct err why = { "" };

	(void)e;
	return of_period(a, period_ahead(h->db, period_tables[a->table], a->today, &why), &why);
}

static int drop(struct hub *h, struct hub_age *a, struct err *e)
{
	struct err why = { "" };

	(void)e;
	return of_period(a, period_drop(h->db, period_tables[a->table], a->first_day, &why), &why);
}

/* --- forgetting -------------------------------------------------------------------------------- */

#define FORGET(table)                                                                              \
	{                                                                                          \
		"SELECT min(day) FROM " table " WHERE day < ?",                                    \
		    "SELECT addr FROM " table                                                      \
		    " WHERE day = ? AND addr >= ? ORDER BY addr LIMIT 1 OFFSET " PORTION,          \
		    "DELETE FROM " table " WHERE day = ? AND addr >= ? AND addr <= ?",             \
		    "DELETE FROM " table " WHERE day = ?"                                          \
	}

static const struct forget {
	const char *oldest, *end, *portion, *rest;
} forgets[] = { FORGET("ledger"), FORGET("evidence"), FORGET("good") };

_Static_assert(NELEM(forgets) == PERIOD_TABLES, "forgets out of step");

static int oldest_day(
    struct hub *h, const struct forget *f, int32_t before, int32_t *ret, struct err *e)
{
	CLEANUP(db_stmt_free_p) struct db_stmt *s = NULL;
	int r = prepare(h, f->oldest, before, NULL, NULL, &s, e);

	if (r == 0)
		r = db_step(s, e);
	if (r < 0)
		return r;
	*ret = r == 1 && !db_null(s, 0) ? (int32_t)db_i64(s, 0) : 0;
	return 0;
}

static int forget(struct hub *h, struct hub_age *a, struct err *e)
{
	const struct forget *f = &forgets[a->table];
	struct hub_tx tx;
	int32_t day = 0;
	uint8_t to[16];
	bool more;
	int r = oldest_day(h, f, a->first_day, &day, e);

	if (r < 0)
		return r;
	if (!day) {
		a->table++;
		if (a->table < PERIOD_TABLES)
			return 1;
		a->table = 0;
		return 0;
	}
	r = find_addr(h, f->end, day, lowest, to, e);
	more = r == 1;
	if (r >= 0)
		r = hub_tx_begin(h, &tx, e);
	if (r < 0)
		return r;
	r = more ? run(h, f->portion, day, lowest, to, e) : run(h, f->rest, day, NULL, NULL, e);
	r = hub_tx_end(h, &tx, r, e);
	return r < 0 ? r : 1;
}

/* Batches that were received so long ago that their events are forgotten, should they come again. The newest of each
 * producer stays: it says where he is; and so does the last of all, whose number is counted on from. */
static int old_batches(
    struct hub *h, const struct hub_age *a, int64_t ret[BATCHES], size_t *ret_n, struct err *e)
{
	CLEANUP(db_stmt_free_p) struct db_stmt *s = NULL;
	int64_t received = ((int64_t)a->first_day - 1) * DAY_S;
	int r = db_prepare(h->db,
	    "SELECT b.n FROM batch b WHERE b.n > ? AND b.received < ? "
	    "AND b.n < (SELECT max(x.n) FROM batch x) "
	    "AND EXISTS (SELECT 1 FROM batch c WHERE c.host = b.host AND c.producer = b.producer "
	    "AND c.seq > b.seq) ORDER BY b.n LIMIT 500",
	    &s, e);

	_Static_assert(BATCHES == 500, "LIMIT out of step");
	*ret_n = 0;
	if (r < 0)
		return r;
	db_bind_i64(s, 1, a->batch);
	db_bind_i64(s, 2, received);
	while ((r = db_step(s, e)) == 1 && *ret_n < BATCHES)
		ret[(*ret_n)++] = db_i64(s, 0);
	return r < 0 ? r : 0;
}

static int drop_batches(struct hub *h, const int64_t *n, size_t count, struct err *e)
{
	CLEANUP(db_stmt_free_p) struct db_stmt *s = NULL;
	int r = db_prepare(h->db, "DELETE FROM batch WHERE n = ?", &s, e);

	for (size_t i = 0; i < count && r == 0; i++) {
		db_bind_i64(s, 1, n[i]);
		r = db_run(s, e);
	}
	return r;
}

static int forget_batches(struct hub *h, struct hub_age *a, struct err *e)
{
	int64_t n[BATCHES];
	struct hub_tx tx;
	size_t count;
	int r = old_batches(h, a, n, &count, e);

	if (r < 0 || count == 0)
		return r;
	r = hub_tx_begin(h, &tx, e);
	if (r < 0)
		return r;
	r = drop_batches(h, n, count, e);
	r = hub_tx_end(h, &tx, r, e);
	if (r < 0)
		return r;
	a->batch = n[count - 1];
	return 1;
}

/* Their lines are gone. One that nobody has decided on waits for it. */
static int forget_disputes(struct hub *h, struct hub_age *a, struct err *e)
{
	struct hub_tx tx;
	int r = hub_tx_begin(h, &tx, e);

	if (r < 0)
		return r;
	r = run(h, "DELETE FROM dispute WHERE day < ? AND state <> 0", a->first_day, NULL, NULL, e);
	_Static_assert(HUB_DISPUTE_OPEN == 0, "state out of step");
	return hub_tx_end(h, &tx, r, e);
}

/* --- rolling up -------------------------------------------------------------------------------- */

#define KEY "day, addr, plen, category, source, proof, service"

/* A day that has hours; 1, or 0 when there is none left. Days are done once in a round: what comes for them
 * meanwhile is for the next. */
static int next_day(struct hub *h, struct hub_age *a, struct err *e)
{
	CLEANUP(db_stmt_free_p) struct db_stmt *s = NULL;
	int r = db_prepare(h->db,
	    "SELECT day, n FROM hours WHERE day > ? AND day < ? ORDER BY day LIMIT 1", &s, e);

	if (r < 0)
		return r;
	db_bind_i64(s, 1, a->rolled_day);
	db_bind_i64(s, 2, a->hours_day);
	r = db_step(s, e);
	if (r == 1) {
		a->day = (int32_t)db_i64(s, 0);
		a->batch = db_i64(s, 1);
		memcpy(a->from, lowest, 16);
	}
	return r;
}

/* All was rolled up that was there when the day was begun; the mark stays where a batch has come since. */
static int day_done(struct hub *h, struct hub_age *a, struct err *e)
{
	CLEANUP(db_stmt_free_p) struct db_stmt *s = NULL;
	struct hub_tx tx;
	int r = hub_tx_begin(h, &tx, e);

	if (r < 0)
		return r;
	r = db_prepare(h->db, "DELETE FROM hours WHERE day = ? AND n = ?", &s, e);
	if (r == 0) {
		db_bind_i64(s, 1, a->day);
		db_bind_i64(s, 2, a->batch);
		r = db_run(s, e);
	}
	r = hub_tx_end(h, &tx, r, e);
	if (r < 0)
		return r;
	a->rolled_day = a->day;
	a->day = 0;
	a->days++;
	return 1;
}

static int roll(struct hub *h, int32_t day, const uint8_t *from, const uint8_t *to, struct err *e)
{
	struct hub_tx tx;
	int r = hub_tx_begin(h, &tx, e);

	if (r < 0)
		return r;
	r = run(h,
	    "INSERT INTO ledger (" KEY ", hour, count) SELECT l.day, l.addr, l.plen, l.category, "
	    "l.source, l.proof, l.service, 255, sum(l.count) FROM ledger l "
	    "WHERE l.day = ? AND l.addr >= ? AND l.addr <= ? AND l.hour <> 255 "
	    "GROUP BY l.day, l.addr, l.plen, l.category, l.source, l.proof, l.service "
	    "ON CONFLICT (" KEY ", hour) DO UPDATE SET count = ledger.count + excluded.count",
	    day, from, to, e);
	_Static_assert(HUB_HOUR_DAY == 255, "hour out of step");
	if (r == 0)
		r = run(h,
		    "DELETE FROM ledger WHERE day = ? AND addr >= ? AND addr <= ? AND hour <> 255",
		    day, from, to, e);
	return hub_tx_end(h, &tx, r, e);
}

static int roll_up(struct hub *h, struct hub_age *a, struct err *e)
{
	uint8_t to[16];
	int r = a->day ? 1 : next_day(h, a, e);

	if (r != 1)
		return r;
	/* What is rolled up already is passed over while nobody waits. */
	r = find_addr(h,
	    "SELECT addr FROM ledger WHERE day = ? AND addr >= ? AND hour <> 255 "
	    "ORDER BY addr LIMIT 1",
	    a->day, a->from, a->from, e);
	if (r == 0)
		return day_done(h, a, e);
	if (r == 1)
		r = find_end(h,
		    "SELECT addr FROM ledger WHERE day = ? AND addr >= ? ORDER BY addr LIMIT 1 "
		    "OFFSET " PORTION,
		    a->day, a->from, to, e);
	if (r == 0)
		r = roll(h, a->day, a->from, to, e);
	if (r < 0)
		return r;
	memcpy(a->from, to, 16);
	return 1;
}

/* --- all of it --------------------------------------------------------------------------------- */

static stage_fn *const stages[] = { ahead, drop, forget, forget_batches, forget_disputes, roll_up };

int hub_age(struct hub *h, struct hub_age *a, struct err *e)
{
	int r;

	if (a->stage >= NELEM(stages))
		return 0;
	r = stages[a->stage](h, a, e);
	if (r == 0)
		a->stage++;
	return r < 0 ? r : a->stage < NELEM(stages);
}

int hub_hours_note(struct hub *h, int32_t day, int64_t n, struct err *e)
{
	struct db_stmt *s;
	int r = hub_stmt(h, SQL_HOURS_PUT, &s, e);

	if (r < 0)
		return r;
	db_bind_i64(s, 1, day);
	db_bind_i64(s, 2, n);
	return db_run(s, e);
}

int hub_hours_again(struct hub *h, struct err *e)
{
	int r = db_exec(h->db, "DELETE FROM hours", e);

	if (r < 0)
		return r;
	return db_exec(h->db,
	    "INSERT INTO hours (day, n) SELECT DISTINCT day, 0 FROM ledger WHERE hour <> 255", e);
}
