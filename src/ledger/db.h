/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The small part of a database that the ledger needs, the same for every engine: a row in db.c's table
 * of engines each. SQL that goes through here keeps to what the engines share (upserts are written ON
 * CONFLICT, which an engine that spells it otherwise rewrites). Internal to this room.
 *
 * Errors: -EAGAIN (another holds the lock: nothing was changed, try again), -EIO (all other trouble). */
#ifndef ONUS_LEDGER_DB_H
#define ONUS_LEDGER_DB_H

#include <stdbool.h>
#include <stdint.h>

#include "util/err.h"
#include "util/span.h"

struct db;
struct db_stmt;

#define DB_LOCK_WAIT_MS 1000 /* for another process's lock, before -EAGAIN */

/* db_open - url is SCHEME:REST; write: make it when it is missing. -ENOENT when there is none to read */
MUST_USE int db_open(const char *url, bool write, struct db **ret, struct err *e);
struct db *db_free(
    struct db *d); /* NULL-safe, returns NULL; every statement must be freed before */
const char *db_engine_name(const struct db *d);

/* db_exec - statements without parameters or results, several separated by ; */
MUST_USE int db_exec(struct db *d, const char *sql, struct err *e);

MUST_USE int db_prepare(struct db *d, const char *sql, struct db_stmt **ret, struct err *e);
struct db_stmt *db_stmt_free(struct db_stmt *s); /* NULL-safe, returns NULL */

/* Parameters are numbered from 1; texts and blobs are borrowed until db_reset. What cannot be bound is
 * told by db_step. */
void db_bind_i64(struct db_stmt *s, int n, int64_t v);
void db_bind_real(struct db_stmt *s, int n, double v);
void db_bind_text(struct db_stmt *s, int n, struct span v);
void db_bind_blob(struct db_stmt *s, int n, struct span v);
void db_bind_null(struct db_stmt *s, int n);

MUST_USE int db_step(struct db_stmt *s, struct err *e); /* 1: a row; 0: done */
void db_reset(struct db_stmt *s);			/* ready for new parameters */
MUST_USE int db_run(struct db_stmt *s, struct err *e);	/* step to the end, ignore rows, reset */

/* Columns of the row, numbered from 0; texts live until the next step. NULL reads as 0, "". */
int64_t db_i64(struct db_stmt *s, int n);
double db_real(struct db_stmt *s, int n);
struct span db_text(struct db_stmt *s, int n); /* NUL-terminated too */
struct span db_blob(struct db_stmt *s, int n);
bool db_null(struct db_stmt *s, int n);

/* db_begin - write: take the lock now, so that commit cannot fail for want of it */
MUST_USE int db_begin(struct db *d, bool write, struct err *e);
MUST_USE int db_commit(struct db *d, struct err *e);
void db_rollback(struct db *d); /* harmless outside of a transaction */
bool db_in_transaction(const struct db *d);

#endif
