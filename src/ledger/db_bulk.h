/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Many rows of one table at once, the quickest way that an engine has: COPY on PostgreSQL, arrays of parameters or
 * statements of many rows on MariaDB, one statement after the other on SQLite. Internal to this room.
 *
 * Rows are put a column after the other and collected; db_bulk_row sends them when there are many, db_bulk_flush
 * sends the rest: only then are all of them in the table. Memory is bounded by DB_BULK_ROWS and DB_BULK_BYTES, and so
 * are statements. Within a transaction alone, but for db_bulk_drop and db_bulk_free. */
#ifndef ONUS_LEDGER_DB_BULK_H
#define ONUS_LEDGER_DB_BULK_H

#include "ledger/db.h"

#define DB_COLUMNS_MAX 16u
#define DB_BULK_ROWS   8192u
#define DB_BULK_BYTES  (1u << 20) /* of texts and blobs */

enum db_type { DB_I16, DB_I32, DB_I64, DB_REAL, DB_TEXT, DB_BLOB }; /* as in sql/postgresql */

enum db_bulk_kind {
	DB_INSERT,  /* a key that is there is an error */
	DB_ADD,	    /* where the key is there, the last column is added to */
	DB_REPLACE, /* where the key is there, all other columns are replaced */
	DB_COUNT,   /* nothing is written: how many rows begin with these columns */
};

/* struct db_table - the columns that are put, in this order; the first n_key are what the table is unique by (any,
 * of DB_COUNT: all of them, the first ones of a key, and texts of at most DB_KEY_MAX bytes) */
#define DB_KEY_MAX 255u
struct db_column {
	const char *name;
	enum db_type type;
};
struct db_table {
	const char *name;
	enum db_bulk_kind kind;
	unsigned n, n_key;
	const struct db_column *column;
};

struct db_bulk;

struct db_bulk *db_bulk_new(struct db *d, const struct db_table *of); /* borrows both until free */
struct db_bulk *db_bulk_free(
    struct db_bulk *b); /* NULL-safe, returns NULL; drops what was not flushed */

/* The next column of the row; texts are copied. */
void db_bulk_i64(struct db_bulk *b, int64_t v);
void db_bulk_real(struct db_bulk *b, double v);
void db_bulk_text(struct db_bulk *b, struct span v);
void db_bulk_blob(struct db_bulk *b, struct span v);
void db_bulk_null(struct db_bulk *b);

/* db_bulk_row - the row is complete. No two rows between two flushes have the same key, but of DB_REPLACE, where the
 * later one stays. In ascending order of the key they are written soonest, and for DB_COUNT they must be.
 * db_bulk_flush - all rows are in the table; of DB_COUNT: counted
 * After a failure of either the transaction is to be rolled back, and the rows are dropped. */
MUST_USE int db_bulk_row(struct db_bulk *b, struct err *e);
MUST_USE int db_bulk_flush(struct db_bulk *b, struct err *e);
void db_bulk_drop(struct db_bulk *b); /* forget rows that were not flushed; NULL-safe */

/* db_bulk_counted - of DB_COUNT, after a flush: of row i, in the order of putting; until the next row is put */
uint32_t db_bulk_counted(const struct db_bulk *b, size_t i);

#endif
