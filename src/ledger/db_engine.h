/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an engine brings: the functions of db.h over its own connection and statement. */
#ifndef ONUS_LEDGER_DB_ENGINE_H
#define ONUS_LEDGER_DB_ENGINE_H

#include "ledger/db.h"

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
	int (*migrate_begin)(void *conn, struct err *e);
	int (*migrate_end)(void *conn, bool keep, struct err *e);
	const char *begin_read, *begin_write; /* statements */
	const char *count_table;	      /* query: is there a table `migration` */
};

extern const struct db_engine db_sqlite, db_mariadb, db_postgresql;

#endif
