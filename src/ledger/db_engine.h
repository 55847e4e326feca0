/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an engine brings: the functions of db.h over its own connection and statement. */
#ifndef ONUS_LEDGER_DB_ENGINE_H
#define ONUS_LEDGER_DB_ENGINE_H

#include "ledger/db.h"
#include "ledger/db_bulk.h"
#include "util/buf.h"

/* struct db_rows - rows on their way to an engine, a column at a time; owned by db_bulk.c */
union db_cell {
	int64_t i;
	double real;
	struct {
		uint32_t at, len; /* in text */
	} text;
};
struct db_cells {
	union db_cell *v;
	char *null; /* 1: NULL */
};
struct db_rows {
	const struct db_table *of;
	uint32_t n;
	uint64_t base; /* rows sent before, since the last end */
	struct db_cells column[DB_COLUMNS_MAX];
	struct buf text;
};

static inline struct span db_cell_text(const struct db_rows *rows, unsigned column, uint32_t row)
{
	const union db_cell *c = &rows->column[column].v[row];

	return span_of(rows->text.p ? rows->text.p + c->text.at : "", c->text.len);
}

/* SQL of our own statements, in the form that engines share: db_sql_insert ends before VALUES, or SELECT;
 * db_sql_conflict is what follows them, perhaps nothing */
void db_sql_names(const struct db_table *of, unsigned n, const char *prefix, struct buf *out);
void db_sql_insert(const struct db_table *of, struct buf *out);
void db_sql_values(const struct db_table *of, unsigned rows, struct buf *out);
void db_sql_conflict(const struct db_table *of, struct buf *out);

struct db {
	const struct db_engine *engine;
	void *conn;
	bool in_transaction, writing;
};

struct db_engine {
	const char *scheme; /* of its URLs */
	const char *alias;  /* another name in URLs, or NULL */
	int (*open)(const char *rest, bool write, void **conn, struct err *e);
	void (*close)(void *conn);
	int (*exec)(void *conn, const char *sql, struct err *e);
	int (*prepare)(void *conn, const char *sql, bool walk, void **stmt, struct err *e);
	void (*stmt_free)(void *stmt);
	int (*bind_i64)(void *stmt, int n, int64_t v);
	int (*bind_real)(void *stmt, int n, double v);
	int (*bind_text)(void *stmt, int n, struct span v);
	int (*bind_blob)(void *stmt, int n, struct span v);
	int (*bind_null)(void *stmt, int n);
	int (*step)(void *stmt, struct err *e);
	void (*reset)(void *stmt);
	int64_t (*i64)(void *stmt, int n);
	double (*real)(void *stmt, int n);
	struct span (*text)(void *stmt, int n);
	struct span (*blob)(void *stmt, int n);
	bool (*null)(void *stmt, int n);
	/* Was the connection lost? Then 0 when it is there again, -errno with e when not. -EISCONN: it was not.
	 * Statements that were prepared before live on. NULL where there is none to lose. */
	int (*renew)(void *conn, struct err *e);
	bool (*guarded)(const void *conn); /* NULL: there is no way to guard */
	int (*migrate_begin)(void *conn, struct err *e);
	int (*migrate_end)(void *conn, bool keep, struct err *e);
	/* Many rows at once (db_bulk.h); NULL: a statement for each row is as quick. send takes rows and, where it has
	 * them already, gives their counts (DB_COUNT); end after the last of them, with all counts. A transaction
	 * that has ended has undone what was not ended. */
	void *(*bulk_new)(void *conn, const struct db_table *of);
	void (*bulk_free)(void *bulk);
	int (*bulk_send)(void *bulk, const struct db_rows *rows, uint32_t *counts, struct err *e);
	int (*bulk_end)(void *bulk, uint64_t n, uint32_t *counts, struct err *e);
	const char *begin_read, *begin_write; /* statements */
	const char *commit_write, *rollback;  /* NULL: COMMIT, ROLLBACK */
	const char *count_table;	      /* query: is there a table `migration` */
	const char *who; /* query: the name of who is connected; NULL: it knows none */
};

extern const struct db_engine db_sqlite, db_mariadb, db_postgresql;

#endif
