/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/db.h"

#include <errno.h>

#include "ledger/db_engine.h"

static const struct db_engine *const engines[] = { &db_sqlite };

struct db {
	const struct db_engine *engine;
	void *conn;
	bool in_transaction;
};

struct db_stmt {
	const struct db_engine *engine;
	void *stmt;
	int bad; /* the first failure of a bind */
};

int db_open(const char *url, bool write, struct db **ret, struct err *e)
{
	struct span rest = span_str(url), scheme;
	struct db *d;
	int r;

	if (!span_cut(&rest, ':', &scheme) || span_empty(rest))
		return err_set(e, -EINVAL, "hub \"%s\" is no URL; want sqlite:PATH", url);
	d = calloc(1, sizeof(*d));
	if (!d)
		abort();
	for (size_t i = 0; i < NELEM(engines); i++)
		if (span_is(scheme, engines[i]->scheme))
			d->engine = engines[i];
	if (!d->engine) {
		free(d);
		return err_set(
		    e, -EINVAL, "hub \"%s\": no such database engine; want sqlite:PATH", url);
	}
	r = d->engine->open(rest.p, write, &d->conn, e);
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

int db_prepare(struct db *d, const char *sql, struct db_stmt **ret, struct err *e)
{
	struct db_stmt *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		abort();
	s->engine = d->engine;
	r = d->engine->prepare(d->conn, sql, &s->stmt, e);
	if (r < 0) {
		free(s);
		return r;
	}
	*ret = s;
	return 0;
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

int db_begin(struct db *d, bool write, struct err *e)
{
	int r = db_exec(d, write ? d->engine->begin_write : d->engine->begin_read, e);

	d->in_transaction = d->in_transaction || r == 0;
	return r;
}

int db_commit(struct db *d, struct err *e)
{
	int r = db_exec(d, "COMMIT", e);

	if (r < 0)
		db_rollback(d);
	d->in_transaction = false;
	return r;
}

void db_rollback(struct db *d)
{
	/* Fails where the engine rolled back by itself: then it is done. */
	if (d->in_transaction && db_exec(d, "ROLLBACK", NULL) < 0)
		d->in_transaction = false;
	d->in_transaction = false;
}

bool db_in_transaction(const struct db *d)
{
	return d->in_transaction;
}
