/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The small part of a database that the ledger needs, the same for every engine: a row in db.c's table
 * of engines each. SQL that goes through here keeps to what the engines share: upserts are written ON
 * CONFLICT … DO UPDATE SET, which an engine that spells it otherwise rewrites; columns and tables whose
 * names are words of one of them stand in double quotes; parameters are ?. Internal to this room.
 *
 * Errors: -EAGAIN (another holds the lock, or won where two wrote the same: nothing was changed, try
 * again), -EEXIST (a key that is there already), -ENOSPC, -EBADMSG (no database of ours), -EIO (all other trouble, a lost connection too). What
 * became of a commit whose connection was lost nobody knows: look for what it wrote. */
#ifndef ONUS_LEDGER_DB_H
#define ONUS_LEDGER_DB_H

#include <stdbool.h>
#include <stdint.h>

#include "util/err.h"
#include "util/span.h"

struct db;
struct db_stmt;

#define DB_LOCK_WAIT_MS 1000 /* for another process's lock, before -EAGAIN */

/* db_open - url is SCHEME:REST (doc/hub.md); write: make it when it is missing. -ENOENT when there is none
 * to read. Passwords in the URL are refused: they would be in logs and lists of processes. */
MUST_USE int db_open(const char *url, bool write, struct db **ret, struct err *e);
struct db *db_free(
    struct db *d); /* NULL-safe, returns NULL; every statement must be freed before */
const char *db_engine_name(const struct db *d);

/* db_exec - statements without parameters or results, several separated by ; */
MUST_USE int db_exec(struct db *d, const char *sql, struct err *e);

/* db_prepare - one statement; its rows are all held in memory when the first is there
 * db_prepare_walk - of a query that may have millions of rows: they come in portions */
MUST_USE int db_prepare(struct db *d, const char *sql, struct db_stmt **ret, struct err *e);
MUST_USE int db_prepare_walk(struct db *d, const char *sql, struct db_stmt **ret, struct err *e);
struct db_stmt *db_stmt_free(struct db_stmt *s); /* NULL-safe, returns NULL */

/* Parameters are numbered from 1, and NULL until they are bound; texts and blobs are borrowed until
 * db_reset. Texts are UTF-8 without NUL. What cannot be bound is told by db_step. */
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

/* db_begin - write: take the lock now, so that commit cannot fail for want of it: there is one writer at a
 * time. Read: one view of it all until the end. A connection that was lost is made again here, and only
 * here: never within a transaction. */
MUST_USE int db_begin(struct db *d, bool write, struct err *e);
MUST_USE int db_commit(struct db *d, struct err *e);
void db_rollback(struct db *d); /* harmless outside of a transaction */
bool db_in_transaction(const struct db *d);

/* db_migrate_begin … db_migrate_end - around changes of the schema: one process at a time. End takes what came
 * of them and returns it, or the trouble of ending; where r < 0 an engine whose schema is part of
 * transactions has undone them, with the others they must bear to be made again.
 * db_count_table_sql - a query: 1 when there is a table `migration` */
MUST_USE int db_migrate_begin(struct db *d, struct err *e);
MUST_USE int db_migrate_end(struct db *d, int r, struct err *e);
const char *db_count_table_sql(const struct db *d);

/* db_who_sql - a query: the name of who is connected, as `inbox` has it; NULL: the engine knows no users
 * db_guarded - nobody on the way can read along: TLS, or a socket of this host */
const char *db_who_sql(const struct db *d);
bool db_guarded(const struct db *d);

#endif
