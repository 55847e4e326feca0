/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SQLite: write-ahead log, so that readers and the one writer do not wait for each other, and FULL
 * synchronisation, so that what was committed survives a power cut. */
#include <errno.h>
#include <sqlite3.h>

#include "ledger/db_engine.h"

static int code_of(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EAGAIN;
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		return -EBADMSG;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_INTERRUPT:
		return -EINTR;
	default:
		return -EIO;
	}
}

static int say(sqlite3 *c, int rc, struct err *e)
{
	const char *file = sqlite3_db_filename(c, "main");
	int more = sqlite3_extended_errcode(c);
	bool there = more == SQLITE_CONSTRAINT_PRIMARYKEY || more == SQLITE_CONSTRAINT_UNIQUE;

	return err_set(e, there ? -EEXIST : code_of(rc), "%s: %s", file && *file ? file : "SQLite",
	    sqlite3_errmsg(c));
}

static void lite_close(void *conn)
{
	(void)sqlite3_close(conn); /* db.h: all statements were freed */
}

static int lite_exec(void *conn, const char *sql, struct err *e)
{
	int rc = sqlite3_exec(conn, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? 0 : say(conn, rc, e);
}

static int lite_open(const char *path, bool write, void **ret, struct err *e)
{
	/* The page cache is in KiB where it is negative; a log of 8192 pages is folded back at once. */
	static const char set_up[] = "PRAGMA foreign_keys = OFF; PRAGMA cache_size = -65536;";
	static const char set_up_write[] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
					   "PRAGMA wal_autocheckpoint = 8192;"
					   "PRAGMA journal_size_limit = 67108864;";
	int flags = SQLITE_OPEN_NOMUTEX |
		    (write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY);
	sqlite3 *c = NULL;
	int rc, r;

	if (!write && access(path, F_OK) < 0)
		return err_set(e, -ENOENT, "no hub at %s yet; onus-load makes it", path);
	rc = sqlite3_open_v2(path, &c, flags, NULL);
	if (!c)
		return err_set(e, -ENOMEM, "%s: out of memory", path);
	r = rc == SQLITE_OK
		? 0
		: err_set(e, code_of(rc), "cannot open %s: %s", path, sqlite3_errmsg(c));
	(void)sqlite3_busy_timeout(c, DB_LOCK_WAIT_MS); /* always SQLITE_OK */
	if (r == 0)
		r = lite_exec(c, set_up, e);
	if (r == 0 && write)
		r = lite_exec(c, set_up_write, e);
	if (r < 0) {
		lite_close(c);
		return r;
	}
	*ret = c;
	return 0;
}

static int lite_prepare(void *conn, const char *sql, bool walk, void **ret, struct err *e)
{
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v3(conn, sql, -1, SQLITE_PREPARE_PERSISTENT, &s, NULL);

	if (rc != SQLITE_OK)
		return say(conn, rc, e);
	*ret = s;
	return 0;
}

static void lite_stmt_free(void *stmt)
{
	(void)sqlite3_finalize(stmt); /* repeats the error of the last step, which was told */
}

static int lite_bind_i64(void *stmt, int n, int64_t v)
{
	return code_of(sqlite3_bind_int64(stmt, n, v));
}

static int lite_bind_real(void *stmt, int n, double v)
{
	return code_of(sqlite3_bind_double(stmt, n, v));
}

static int lite_bind_text(void *stmt, int n, struct span v)
{
	return code_of(
	    sqlite3_bind_text64(stmt, n, v.p ? v.p : "", span_len(v), SQLITE_STATIC, SQLITE_UTF8));
}

static int lite_bind_blob(void *stmt, int n, struct span v)
{
	return code_of(sqlite3_bind_blob64(stmt, n, v.p ? v.p : "", span_len(v), SQLITE_STATIC));
}

static int lite_bind_null(void *stmt, int n)
{
	return code_of(sqlite3_bind_null(stmt, n));
}

static int lite_step(void *stmt, struct err *e)
{
	int rc = sqlite3_step(stmt);

	if (rc == SQLITE_ROW)
		return 1;
	return rc == SQLITE_DONE ? 0 : say(sqlite3_db_handle(stmt), rc, e);
}

static void lite_reset(void *stmt)
{
	(void)sqlite3_reset(stmt);	    /* repeats the error of the last step, which was told */
	(void)sqlite3_clear_bindings(stmt); /* always SQLITE_OK; texts were borrowed */
}

static int64_t lite_i64(void *stmt, int n)
{
	return sqlite3_column_int64(stmt, n);
}

static double lite_real(void *stmt, int n)
{
	return sqlite3_column_double(stmt, n);
}

static struct span lite_text(void *stmt, int n)
{
	const char *p = (const char *)sqlite3_column_text(stmt, n);

	return p ? span_of(p, (size_t)sqlite3_column_bytes(stmt, n)) : SPAN("");
}

static struct span lite_blob(void *stmt, int n)
{
	const char *p = sqlite3_column_blob(stmt, n);

	return p ? span_of(p, (size_t)sqlite3_column_bytes(stmt, n)) : SPAN("");
}

static bool lite_null(void *stmt, int n)
{
	return sqlite3_column_type(stmt, n) == SQLITE_NULL;
}

static int lite_migrate_begin(void *conn, struct err *e)
{
	return lite_exec(conn, "BEGIN IMMEDIATE", e);
}

static int lite_migrate_end(void *conn, bool keep, struct err *e)
{
	int r = lite_exec(conn, keep ? "COMMIT" : "ROLLBACK", e);

	if (r < 0 && keep)
		(void)lite_exec(conn, "ROLLBACK", NULL); /* what is told is why it was not kept */
	return r;
}

const struct db_engine db_sqlite = {
	.scheme = "sqlite",
	.open = lite_open,
	.close = lite_close,
	.exec = lite_exec,
	.prepare = lite_prepare,
	.stmt_free = lite_stmt_free,
	.bind_i64 = lite_bind_i64,
	.bind_real = lite_bind_real,
	.bind_text = lite_bind_text,
	.bind_blob = lite_bind_blob,
	.bind_null = lite_bind_null,
	.step = lite_step,
	.reset = lite_reset,
	.i64 = lite_i64,
	.real = lite_real,
	.text = lite_text,
	.blob = lite_blob,
	.null = lite_null,
	.migrate_begin = lite_migrate_begin,
	.migrate_end = lite_migrate_end,
	.count_table = "SELECT count(*) FROM sqlite_master WHERE name = 'migration'",
	.begin_read = "BEGIN",
	.begin_write = "BEGIN IMMEDIATE",
};
