/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/db.h"

#include <errno.h>

#include "ledger/db_engine.h"

static const struct db_engine *const engines[] = { &db_sqlite, &db_mariadb, &db_postgresql };

#define WANTED "want sqlite:PATH, postgresql:NAME=VALUE … or mysql:NAME=VALUE …"

struct db_stmt {
	const struct db_engine *engine;
	void *stmt;
	int bad; /* the first failure of a bind */
};

static const struct db_engine *engine_of(struct span scheme)
{
	for (size_t i = 0; i < NELEM(engines); i++)
		if (span_is(scheme, engines[i]->scheme) ||
		    (engines[i]->alias && span_is(scheme, engines[i]->alias)))
			return engines[i];
	return NULL;
}

int db_open(const char *url, bool write, struct db **ret, struct err *e)
{
	struct span rest = span_str(url), scheme;
	struct db *d;
	int r;

	if (!span_cut(&rest, ':', &scheme) || span_empty(rest))
		return err_set(e, -EINVAL, "hub \"%.*s\" is no URL; " WANTED, SPAN_ARG(scheme));
	d = calloc(1, sizeof(*d));
	if (!d)
		abort();
	d->engine = engine_of(scheme);
	/* The rest is not said: a password may be in it. */
	r = d->engine ? d->engine->open(rest.p, write, &d->conn, e)
		      : err_set(e, -EINVAL, "hub \"%.*s:…\": no such database engine; " WANTED,
			    SPAN_ARG(scheme));
	if (r < 0) {
		free(d);
		return r;
	}
	*ret = d;
	return 0;
}

struct db *db_free(struct db *d)
{
	if (!d)
		return NULL;
	db_rollback(d);
	d->engine->close(d->conn);
	free(d);
	return NULL;
}

const char *db_engine_name(const struct db *d)
{
	return d->engine->scheme;
}

int db_exec(struct db *d, const char *sql, struct err *e)
{
	return d->engine->exec(d->conn, sql, e);
}

static int prepare(struct db *d, const char *sql, bool walk, struct db_stmt **ret, struct err *e)
{
	struct db_stmt *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		abort();
	s->engine = d->engine;
	r = d->engine->prepare(d->conn, sql, walk, &s->stmt, e);
	if (r < 0) {
		free(s);
		return r;
	}
	*ret = s;
	return 0;
}

int db_prepare(struct db *d, const char *sql, struct db_stmt **ret, struct err *e)
{
	return prepare(d, sql, false, ret, e);
}

int db_prepare_walk(struct db *d, const char *sql, struct db_stmt **ret, struct err *e)
{
	return prepare(d, sql, true, ret, e);
}

struct db_stmt *db_stmt_free(struct db_stmt *s)
{
	if (!s)
		return NULL;
	s->engine->stmt_free(s->stmt);
	free(s);
	return NULL;
}

static void bound(struct db_stmt *s, int r)
{
	if (r < 0 && s->bad == 0)
		s->bad = r;
}

void db_bind_i64(struct db_stmt *s, int n, int64_t v)
{
	bound(s, s->engine->bind_i64(s->stmt, n, v));
}

void db_bind_real(struct db_stmt *s, int n, double v)
{
	bound(s, s->engine->bind_real(s->stmt, n, v));
}

void db_bind_text(struct db_stmt *s, int n, struct span v)
{
	bound(s, s->engine->bind_text(s->stmt, n, v));
}

void db_bind_blob(struct db_stmt *s, int n, struct span v)
{
	bound(s, s->engine->bind_blob(s->stmt, n, v));
}

void db_bind_null(struct db_stmt *s, int n)
{
	bound(s, s->engine->bind_null(s->stmt, n));
}

int db_step(struct db_stmt *s, struct err *e)
{
	if (s->bad)
		return err_set(e, s->bad, "a parameter could not be bound to a statement");
	return s->engine->step(s->stmt, e);
}

void db_reset(struct db_stmt *s)
{
	s->bad = 0;
	s->engine->reset(s->stmt);
}

int db_run(struct db_stmt *s, struct err *e)
{
	int r;

	do
		r = db_step(s, e);
	while (r == 1);
	db_reset(s);
	return r;
}

int64_t db_i64(struct db_stmt *s, int n)
{
	return s->engine->i64(s->stmt, n);
}

double db_real(struct db_stmt *s, int n)
{
	return s->engine->real(s->stmt, n);
}

struct span db_text(struct db_stmt *s, int n)
{
	return s->engine->text(s->stmt, n);
}

struct span db_blob(struct db_stmt *s, int n)
{
	return s->engine->blob(s->stmt, n);
}

bool db_null(struct db_stmt *s, int n)
{
	return s->engine->null(s->stmt, n);
}

static int undo(struct db *d)
{
	return db_exec(d, d->engine->rollback ? d->engine->rollback : "ROLLBACK", NULL);
}

int db_begin(struct db *d, bool write, struct err *e)
{
	const char *sql = write ? d->engine->begin_write : d->engine->begin_read;
	int r, again = -EISCONN;

	if (d->in_transaction)
		return err_set(e, -EINVAL, "a transaction within a transaction");
	r = db_exec(d, sql, e);
	if (r < 0 && d->engine->renew)
		again = d->engine->renew(d->conn, e);
	if (again != -EISCONN)
		r = again < 0 ? again : db_exec(d, sql, e);
	if (r < 0 && undo(d) < 0) /* begun, perhaps, but without the lock */
		return r;	  /* not even begun */
	d->in_transaction = r == 0;
	d->writing = write;
	return r;
}

int db_commit(struct db *d, struct err *e)
{
	bool own = d->writing && d->engine->commit_write;
	int r = db_exec(d, own ? d->engine->commit_write : "COMMIT", e);

	if (r < 0)
		db_rollback(d);
	d->in_transaction = false;
	return r;
}

void db_rollback(struct db *d)
{
	/* Fails where the engine rolled back by itself: then it is done. */
	if (d->in_transaction && undo(d) < 0)
		d->in_transaction = false;
	d->in_transaction = false;
}

bool db_in_transaction(const struct db *d)
{
	return d->in_transaction;
}

int db_migrate_begin(struct db *d, struct err *e)
{
	return d->engine->migrate_begin(d->conn, e);
}

int db_migrate_end(struct db *d, int r, struct err *e)
{
	int end = d->engine->migrate_end(d->conn, r == 0, r == 0 ? e : NULL);

	return r < 0 ? r : end;
}

bool db_guarded(const struct db *d)
{
	return !d->engine->guarded || d->engine->guarded(d->conn);
}

const char *db_who_sql(const struct db *d)
{
	return d->engine->who;
}

const char *db_count_table_sql(const struct db *d)
{
	return d->engine->count_table;
}
