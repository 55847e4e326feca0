/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is computed from the ledger: runs, scores, decisions. */
#include <errno.h>

#include "ledger/hub_priv.h"
#include "util/clock.h"

/* --- runs --------------------------------------------------------------------------------------- */

int hub_run_begin(struct hub *h, struct hub_run *run, struct err *e)
{
	struct db_stmt *s;
	int64_t last = 0;
	int r = hub_begin(h, e);

	if (r < 0)
		return r;
	r = hub_number(h, "SELECT coalesce(max(id), 0) FROM run", &last, e);
	if (r == 0)
		r = hub_stmt(h, SQL_RUN_ADD, &s, e);
	if (r == 0) {
		run->id = last + 1;
		db_bind_i64(s, 1, run->id);
		db_bind_i64(s, 2, run->at_s);
		db_bind_text(s, 3, span_str(run->formula));
		db_bind_text(s, 4, span_str(run->registry_sha));
		db_bind_i64(s, 5, run->settings_rev);
		db_bind_i64(s, 6, run->batch_cursor);
		r = db_run(s, e);
	}
	if (r < 0)
		hub_rollback(h);
	return r;
}

int hub_run_again(struct hub *h, const struct hub_run *run, struct err *e)
{
	struct db_stmt *s;
	int64_t newest = 0;
	int r = hub_begin(h, e);

	if (r < 0)
		return r;
	r = hub_number(h, "SELECT coalesce(max(id), 0) FROM run", &newest, e);
	if (r == 0 && newest != run->id)
		r = err_set(e, -EAGAIN, "run %jd is not the newest one", (intmax_t)run->id);
	if (r == 0)
		r = hub_stmt(h, SQL_RUN_AGAIN, &s, e);
	if (r == 0) {
		db_bind_i64(s, 1, run->at_s);
		db_bind_i64(s, 2, run->batch_cursor);
		db_bind_i64(s, 3, run->id);
		r = db_run(s, e);
	}
	if (r < 0)
		hub_rollback(h);
	return r;
}

int hub_run_end(struct hub *h, const struct hub_run *run, struct err *e)
{
	if (!db_in_transaction(h->db))
		return err_set(
		    e, -EINVAL, "run %jd was given up before its end", (intmax_t)run->id);
	return hub_commit(h, e);
}

static void copy_text(struct span s, char *to, size_t size)
{
	size_t n = MIN_OF(span_len(s), size - 1);

	if (n)
		memcpy(to, s.p, n);
	to[n] = '\0';
}

/* Six columns from the given one on. */
static void read_run(struct db_stmt *s, int col, struct hub_run *ret)
{
	ret->id = db_i64(s, col);
	ret->at_s = db_i64(s, col + 1);
	copy_text(db_text(s, col + 2), ret->formula, sizeof(ret->formula));
	copy_text(db_text(s, col + 3), ret->registry_sha, sizeof(ret->registry_sha));
	ret->settings_rev = db_i64(s, col + 4);
	ret->batch_cursor = db_i64(s, col + 5);
}

int hub_newest_run(struct hub *h, struct hub_run *ret, struct err *e)
{
	CLEANUP(db_stmt_free_p) struct db_stmt *s = NULL;
	int r = db_prepare(h->db,
	    "SELECT id, at, formula, registry_sha, settings_rev, batch_cursor FROM run "
	    "ORDER BY id DESC LIMIT 1",
	    &s, e);

	if (r == 0)
		r = db_step(s, e);
	if (r == 1)
		read_run(s, 0, ret);
	return r;
}

struct old_run {
	int64_t id;
	int32_t day;
};

/* All runs, newest first; *ret is owned by the caller. */
static int list_runs(struct hub *h, struct old_run **ret, size_t *ret_n, struct err *e)
{
	CLEANUP(db_stmt_free_p) struct db_stmt *s = NULL;
	struct old_run *v = NULL;
	size_t n = 0, cap = 0;
	int r = db_prepare(h->db, "SELECT id, at FROM run ORDER BY id DESC", &s, e);

	while (r == 0 && (r = db_step(s, e)) == 1) {
		if (n == cap) {
			cap = cap ? 2 * cap : 64;
			v = reallocarray(v, cap, sizeof(*v));
			if (!v)
				abort();
		}
		v[n++] = (struct old_run){ db_i64(s, 0), day_of(db_i64(s, 1)) };
		r = 0;
	}
	*ret = v;
	*ret_n = n;
	return r;
}

#define PORTION "8000" /* rows */

/* A part of a run's scores: names from one on and before another, neither of which can be one. */
struct part {
	const char *from, *to;
};
static const struct part of_all[] = { { "", "~" } };
static const struct part of_addrs[] = { { "addr:", "addr;" }, { "block:", "block;" } };

/* Parameters: a run, then names where from is not NULL. */
static int prepare(struct hub *h, const char *sql, int64_t id, struct span from, struct span to,
    struct db_stmt **ret, struct err *e)
{
	int r = db_prepare(h->db, sql, ret, e);

	if (r < 0)
		return r;
	db_bind_i64(*ret, 1, id);
	if (from.p) {
		db_bind_text(*ret, 2, from);
		db_bind_text(*ret, 3, to);
	}
	return 0;
}

/* Where a portion ends: before the name in *ret. 1; 0: nothing is left of the part. */
static int find_portion(
    struct hub *h, int64_t id, const struct part *p, char ret[ENTITY_NAME_MAX], struct err *e)
{
	static const char *const sql[] = {
		"SELECT entity FROM score_day WHERE run = ? AND entity >= ? AND entity < ? "
		"ORDER BY entity LIMIT 1 OFFSET " PORTION,
		"SELECT entity FROM score_day WHERE run = ? AND entity >= ? AND entity < ? "
		"ORDER BY entity LIMIT 1",
	};

	for (size_t i = 0; i < NELEM(sql); i++) {
		CLEANUP(db_stmt_free_p) struct db_stmt *s = NULL;
		int r = prepare(h, sql[i], id, span_str(p->from), span_str(p->to), &s, e);

		if (r == 0)
			r = db_step(s, e);
		if (r == 1)
			copy_text(i == 0 ? db_text(s, 0) : span_str(p->to), ret, ENTITY_NAME_MAX);
		if (r != 0)
			return r;
	}
	return 0;
}

static int run_one(
    struct hub *h, const char *sql, int64_t id, struct span from, struct span to, struct err *e)
{
	CLEANUP(db_stmt_free_p) struct db_stmt *s = NULL;
	struct hub_tx tx;
	int r = hub_tx_begin(h, &tx, e);

	if (r < 0)
		return r;
	r = prepare(h, sql, id, from, to, &s, e);
	if (r == 0)
		r = db_run(s, e);
	return hub_tx_end(h, &tx, r, e);
}

/* One portion of a run's scores. 1: it is gone, there may be more; 0: nothing was left. */
static int thin_run(struct hub *h, int64_t id, const struct part *parts, size_t n, struct err *e)
{
	char to[ENTITY_NAME_MAX];

	for (size_t i = 0; i < n; i++) {
		int r = find_portion(h, id, &parts[i], to, e);

		if (r == 1)
			r = run_one(h,
			    "DELETE FROM score_day WHERE run = ? AND entity >= ? AND entity < ?",
			    id, span_str(parts[i].from), span_str(to), e);
		else if (r == 0)
			continue;
		return r < 0 ? r : 1;
	}
	return 0;
}

/* The run's row goes last, so that no scores are left without one. */
static int drop_run(struct hub *h, int64_t id, struct err *e)
{
	int r = thin_run(h, id, of_all, NELEM(of_all), e);

	return r != 0 ? r
		      : run_one(h, "DELETE FROM run WHERE id = ?", id, (struct span){ 0 },
			    (struct span){ 0 }, e);
}

int hub_run_forget(struct hub *h, struct hub_run_age *a, struct err *e)
{
	CLEANUP(free_p) struct old_run *v = NULL;
	size_t n = 0;
	int r = list_runs(h, &v, &n, e);

	for (size_t i = MAX_OF(a->keep, 1u); i < n && r == 0; i++) {
		int64_t age = (int64_t)v[0].day - v[i].day;

		if (a->done && v[i].id >= a->done)
			continue;
		if (v[i].day == v[i - 1].day || age > (int64_t)a->days)
			r = drop_run(h, v[i].id, e);
		else if (age > (int64_t)a->addr_days)
			r = thin_run(h, v[i].id, of_addrs, NELEM(of_addrs), e);
		if (r == 0)
			a->done = v[i].id;
	}
	return r;
}

/* --- scores ------------------------------------------------------------------------------------- */

int hub_score_put(struct hub *h, int64_t run, const struct hub_score *sc, struct err *e)
{
	struct db_bulk *b = hub_bulk(h, BULK_SCORE);

	if (!db_in_transaction(h->db))
		return err_set(e, -EINVAL, "a score outside of a run");
	db_bulk_i64(b, run);
	db_bulk_text(b, sc->entity);
	db_bulk_i64(b, sc->family);
	db_bulk_real(b, sc->m);
	db_bulk_real(b, sc->low);
	db_bulk_real(b, sc->high);
	db_bulk_real(b, sc->score);
	if (sc->grade)
		db_bulk_text(b, span_of(&sc->grade, 1));
	else
		db_bulk_null(b);
	db_bulk_text(b, sc->reason);
	db_bulk_i64(b, (int64_t)sc->size);
	db_bulk_i64(b, (int64_t)sc->hosts);
	db_bulk_i64(b, (int64_t)sc->events);
	db_bulk_i64(b, sc->groups);
	db_bulk_i64(b, sc->first_day);
	db_bulk_i64(b, sc->last_day);
	db_bulk_real(b, sc->returning);
	return db_bulk_row(b, e);
}

#define SCORE_COLUMNS                                                                              \
	"SELECT s.entity, s.family, s.m, s.low, s.high, s.score, s.grade, s.reason, s.size, "      \
	"s.hosts, s.events, s.groups_n, s.first_day, s.last_day, s.m_returning"
#define SCORE_COLUMNS_N 15

static void read_score(struct db_stmt *s, struct hub_score *ret)
{
	struct span grade = db_text(s, 6);

	*ret = (struct hub_score){
		.entity = db_text(s, 0),
		.family = (uint8_t)db_i64(s, 1),
		.m = db_real(s, 2),
		.low = db_real(s, 3),
		.high = db_real(s, 4),
		.score = db_real(s, 5),
		.grade = span_empty(grade) ? '\0' : *grade.p,
		.reason = db_text(s, 7),
		.size = (uint64_t)db_i64(s, 8),
		.hosts = (uint64_t)db_i64(s, 9),
		.events = (uint64_t)db_i64(s, 10),
		.groups = (uint32_t)db_i64(s, 11),
		.first_day = (int32_t)db_i64(s, 12),
		.last_day = (int32_t)db_i64(s, 13),
		.returning = db_real(s, 14),
	};
}

int hub_each_score(struct hub *h, int64_t run, hub_score_fn *fn, void *ctx, struct err *e)
{
	CLEANUP(db_stmt_free_p) struct db_stmt *s = NULL;
	int r = db_prepare_walk(h->db,
	    SCORE_COLUMNS " FROM score_day s WHERE s.run = ? ORDER BY s.entity, s.family", &s, e);

	if (r == 0)
		db_bind_i64(s, 1, run);
	while (r == 0 && (r = db_step(s, e)) == 1) {
		struct hub_score sc;

		read_score(s, &sc);
		r = fn(ctx, &sc);
	}
	return r;
}

int hub_each_score_of(
    struct hub *h, struct span entity, hub_history_fn *fn, void *ctx, struct err *e)
{
	CLEANUP(db_stmt_free_p) struct db_stmt *s = NULL;
	/* The key begins with the run: few runs, each one look-up. */
	int r = db_prepare(h->db,
	    SCORE_COLUMNS
	    ", r.id, r.at, r.formula, r.registry_sha, r.settings_rev, r.batch_cursor "
	    "FROM run r JOIN score_day s ON s.run = r.id AND s.entity = ? ORDER BY r.id, s.family",
	    &s, e);

	if (r == 0)
		db_bind_text(s, 1, entity);
	while (r == 0 && (r = db_step(s, e)) == 1) {
		struct hub_score sc;
		struct hub_run run;

		read_score(s, &sc);
		read_run(s, SCORE_COLUMNS_N, &run);
		r = fn(ctx, &run, &sc);
	}
	return r;
}

/* --- decisions ---------------------------------------------------------------------------------- */

static void put_decision(struct db_bulk *b, const struct hub_decision *d)
{
	db_bulk_text(b, d->entity);
	db_bulk_text(b, d->action);
	db_bulk_text(b, d->level);
	db_bulk_i64(b, d->since_s);
	db_bulk_i64(b, d->until_s);
	db_bulk_text(b, d->reason);
	db_bulk_i64(b, d->run);
	db_bulk_i64(b, d->episode);
}

int hub_decision_put(struct hub *h, const struct hub_decision *d, struct err *e)
{
	struct hub_tx tx;
	int r;

	if (span_empty(d->entity) || span_empty(d->action) || d->until_s <= d->since_s)
		return err_set(
		    e, -EINVAL, "a decision needs an entity, an action and an end after its start");
	r = hub_tx_begin(h, &tx, e);
	if (r < 0)
		return r;
	put_decision(hub_bulk(h, BULK_DECISION), d);
	return hub_tx_end(h, &tx, db_bulk_row(hub_bulk(h, BULK_DECISION), e), e);
}

/* A statement with one or two texts. */
static int drop(
    struct hub *h, enum hub_sql which, struct span entity, struct span action, struct err *e)
{
	struct db_stmt *s;
	int r = hub_stmt(h, which, &s, e);

	if (r < 0)
		return r;
	db_bind_text(s, 1, entity);
	if (!span_empty(action))
		db_bind_text(s, 2, action);
	return db_run(s, e);
}

int hub_decision_drop(struct hub *h, struct span entity, struct span action, struct err *e)
{
	return drop(h, SQL_DECISION_DROP, entity, action, e);
}

int hub_episode_put(struct hub *h, const struct hub_episode *x, struct err *e)
{
	struct db_bulk *b = hub_bulk(h, BULK_EPISODE);
	struct hub_tx tx;
	int r = hub_tx_begin(h, &tx, e);

	if (r < 0)
		return r;
	db_bulk_text(b, x->entity);
	db_bulk_i64(b, x->n);
	db_bulk_i64(b, x->past_s);
	db_bulk_i64(b, x->clean_s);
	return hub_tx_end(h, &tx, db_bulk_row(b, e), e);
}

int hub_episode_drop(struct hub *h, struct span entity, struct err *e)
{
	return drop(h, SQL_EPISODE_DROP, entity, (struct span){ NULL, NULL }, e);
}

int hub_each_episode(struct hub *h, hub_episode_fn *fn, void *ctx, struct err *e)
{
	CLEANUP(db_stmt_free_p) struct db_stmt *s = NULL;
	int r =
	    db_prepare(h->db, "SELECT entity, n, past, clean FROM episode ORDER BY entity", &s, e);

	while (r == 0 && (r = db_step(s, e)) == 1) {
		struct hub_episode x = { .entity = db_text(s, 0),
			.n = (int32_t)db_i64(s, 1),
			.past_s = db_i64(s, 2),
			.clean_s = db_i64(s, 3) };

		r = fn(ctx, &x);
	}
	return r;
}

int hub_each_decision(struct hub *h, hub_decision_fn *fn, void *ctx, struct err *e)
{
	CLEANUP(db_stmt_free_p) struct db_stmt *s = NULL;
	int r = db_prepare(h->db,
	    "SELECT entity, action, level, since, until, reason, run, episode FROM decision "
	    "ORDER BY entity, action",
	    &s, e);

	while (r == 0 && (r = db_step(s, e)) == 1) {
		struct hub_decision d = {
			.entity = db_text(s, 0),
			.action = db_text(s, 1),
			.level = db_text(s, 2),
			.since_s = db_i64(s, 3),
			.until_s = db_i64(s, 4),
			.reason = db_text(s, 5),
			.run = db_i64(s, 6),
			.episode = (int32_t)db_i64(s, 7),
		};

		r = fn(ctx, &d);
	}
	return r;
}
