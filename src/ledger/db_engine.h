/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an engine brings: the functions of db.h over its own connection and statement. */
#ifndef ONUS_LEDGER_DB_ENGINE_H
#define ONUS_LEDGER_DB_ENGINE_H

#include "ledger/db.h"

struct db_engine {
	const char *scheme; /* of its URLs, and of its folder in sql/ */
	int (*open)(const char *rest, bool write, void **conn, struct err *e);
	void (*close)(void *conn);
	int (*exec)(void *conn, const char *sql, struct err *e);
	int (*prepare)(void *conn, const char *sql, void **stmt, struct err *e);
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
	const char *begin_read, *begin_write; /* statements */
};

extern const struct db_engine db_sqlite;

#endif
