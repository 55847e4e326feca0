/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Many rows for PostgreSQL: COPY in its binary form, into the table itself where a key that is there is an error, else into
 * a temporary table from which one statement goes on. (Arrays of parameters and unnest were tried: slower in
 * three of four comparisons.) */
#include <endian.h>
#include <errno.h>

#include "ledger/db_postgres.h"

#define SQL_MAX	 (1u << 16)
#define COPY_MAX (64u << 20) /* DB_BULK_ROWS of DB_COLUMNS_MAX, and DB_BULK_BYTES, and a row's */

struct pg_bulk {
	struct pg *pg;
	const struct db_table *of;
	char *make, *empty, *copy,
	    *take; /* SQL; make, empty and take: NULL without a temporary table */
	struct buf out;
	unsigned tx; /* the transaction in which the temporary table was last seen to */
	bool used;   /* rows were taken from it in this transaction */
};

static const char *const types[] = {
	[DB_I16] = "SMALLINT",
	[DB_I32] = "INTEGER",
	[DB_I64] = "BIGINT",
	[DB_REAL] = "DOUBLE PRECISION",
	[DB_TEXT] = "TEXT COLLATE \"C\"",
	[DB_BLOB] = "BYTEA",
};

/* --- SQL ---------------------------------------------------------------------------------------- */

/* The text of b, which is empty afterwards; owned. */
static char *taken(struct buf *b)
{
	char *p = b->p;

	if (!buf_ok(b))
		abort(); /* SQL is our own */
	buf_init(b, SQL_MAX);
	return p;
}

/* Kept for the session, emptied by the server at the end of each transaction. */
static void stage_sql(struct pg_bulk *b, const char *stage, struct buf *sql)
{
	const struct db_table *of = b->of;

	buf_fmt(sql, "CREATE TEMPORARY TABLE IF NOT EXISTS %s (", stage);
	for (unsigned i = 0; i < of->n; i++)
		buf_fmt(sql, "\"%s\" %s, ", of->column[i].name, types[of->column[i].type]);
	buf_str(sql, "onus_row BIGINT) ON COMMIT DELETE ROWS");
	b->make = taken(sql);
	buf_fmt(sql, "TRUNCATE %s", stage);
	b->empty = taken(sql);
}

/* Each row looks for its own by the table's key, however few rows the planner believes in. */
static void count_sql(struct pg_bulk *b, const char *stage, struct buf *sql)
{
	buf_fmt(sql, "SELECT s.onus_row, (SELECT count(*) FROM \"%s\" t WHERE ", b->of->name);
	for (unsigned i = 0; i < b->of->n; i++)
		buf_fmt(sql, "%st.\"%s\" = s.\"%s\"", i ? " AND " : "", b->of->column[i].name,
		    b->of->column[i].name);
	buf_fmt(sql, ") FROM %s s", stage);
}

/* One statement changes a row once: of those that replace it, the last. */
static void insert_sql(const struct db_table *of, const char *stage, struct buf *sql)
{
	db_sql_insert(of, sql);
	buf_str(sql, "SELECT ");
	if (of->kind == DB_REPLACE) {
		buf_str(sql, "DISTINCT ON (");
		db_sql_names(of, of->n_key, "", sql);
		buf_str(sql, ") ");
	}
	db_sql_names(of, of->n, "", sql);
	buf_fmt(sql, " FROM %s", stage);
	if (of->kind == DB_REPLACE) {
		buf_str(sql, " ORDER BY ");
		db_sql_names(of, of->n_key, "", sql);
		buf_str(sql, ", onus_row DESC");
	}
	db_sql_conflict(of, sql);
}

void *pg_bulk_new(void *conn, const struct db_table *of)
{
	struct pg_bulk *b = calloc(1, sizeof(*b));
	char stage[64];
	struct buf sql;
	bool direct = of->kind == DB_INSERT;

	if (!b)
		abort();
	b->pg = conn;
	b->of = of;
	buf_init(&b->out, COPY_MAX);
	buf_init(&sql, SQL_MAX);
	(void)snprintf(stage, sizeof(stage), "onus_bulk_%s_%d", of->name, (int)of->kind); /* fits */
	if (!direct) {
		stage_sql(b, stage, &sql);
		if (of->kind == DB_COUNT) {
			count_sql(b, stage, &sql);
		} else {
			insert_sql(of, stage, &sql);
		}
		b->take = taken(&sql);
	}
	buf_fmt(&sql, direct ? "COPY \"%s\" (" : "COPY %s (", direct ? of->name : stage);
	db_sql_names(of, of->n, "", &sql);
	buf_fmt(&sql, "%s) FROM STDIN (FORMAT binary)", direct ? "" : ", onus_row");
	b->copy = taken(&sql);
	return b;
}

void pg_bulk_free(void *bulk)
{
	struct pg_bulk *b = bulk;

	buf_done(&b->out);
	free(b->make);
	free(b->empty);
	free(b->copy);
	free(b->take);
	free(b);
}

/* --- the binary form of COPY -------------------------------------------------------------------------- */

static void be16(struct buf *b, uint16_t v)
{
	v = htobe16(v);
	buf_put(b, &v, sizeof(v));
}

static void be32(struct buf *b, uint32_t v)
{
	v = htobe32(v);
	buf_put(b, &v, sizeof(v));
}

static void be64(struct buf *b, uint64_t v)
{
	v = htobe64(v);
	buf_put(b, &v, sizeof(v));
}

static void put_cell(struct buf *out, const struct db_rows *rows, unsigned column, uint32_t row)
{
	const union db_cell *c = &rows->column[column].v[row];
	uint64_t bits;

	if (rows->column[column].null[row]) {
		be32(out, UINT32_MAX);
		return;
	}
	switch (rows->of->column[column].type) {
	case DB_I16:
		be32(out, 2);
		be16(out, (uint16_t)c->i);
		break;
	case DB_I32:
		be32(out, 4);
		be32(out, (uint32_t)c->i);
		break;
	case DB_I64:
		be32(out, 8);
		be64(out, (uint64_t)c->i);
		break;
	case DB_REAL:
		memcpy(&bits, &c->real, sizeof(bits));
		be32(out, 8);
		be64(out, bits);
		break;
	default:
		be32(out, c->text.len);
		buf_span(out, db_cell_text(rows, column, row));
		break;
	}
}

static void put_rows(struct pg_bulk *b, const struct db_rows *rows)
{
	static const char head[19] = "PGCOPY\n\377\r\n"; /* and NUL, no flags, no more of a head */

	buf_reset(&b->out);
	buf_put(&b->out, head, sizeof(head));
	for (uint32_t row = 0; row < rows->n; row++) {
		be16(&b->out, (uint16_t)(rows->of->n + (b->make ? 1 : 0)));
		for (unsigned i = 0; i < rows->of->n; i++)
			put_cell(&b->out, rows, i, row);
		if (b->make) {
			be32(&b->out, 8);
			be64(&b->out, rows->base + row);
		}
	}
	be16(&b->out, UINT16_MAX);
	if (!buf_ok(&b->out))
		abort();
}

static int copy(struct pg_bulk *b, struct err *e)
{
	PGconn *c = b->pg->c;
	PGresult *res = PQexec(c, b->copy);
	int r;

	if (PQresultStatus(res) != PGRES_COPY_IN)
		r = pg_say(b->pg, res, e);
	else
		r = PQputCopyData(c, b->out.p, (int)b->out.len) != 1 || PQputCopyEnd(c, NULL) != 1
			? pg_say(b->pg, NULL, e)
			: 0;
	PQclear(res);
	if (r < 0)
		return r;
	r = pg_done(b->pg, PQgetResult(c), e);
	while ((res = PQgetResult(c)))
		PQclear(res);
	return r;
}

/* The temporary table is there and has no rows of an earlier turn. */
static int make_ready(struct pg_bulk *b, bool first, struct err *e)
{
	int r = 0;

	if (b->tx != b->pg->tx) {
		r = pg_exec(b->pg, b->make, e);
		b->tx = b->pg->tx;
		b->used = false;
	}
	if (r == 0 && first && b->used)
		r = pg_exec(b->pg, b->empty, e);
	if (r < 0)
		b->tx = b->pg->tx - 1;
	return r;
}

int pg_bulk_send(void *bulk, const struct db_rows *rows, uint32_t *counts, struct err *e)
{
	struct pg_bulk *b = bulk;
	int r = b->make ? make_ready(b, rows->base == 0, e) : 0;

	(void)counts; /* pg_bulk_end has them */
	if (r < 0)
		return r;
	b->used = true;
	put_rows(b, rows);
	return copy(b, e);
}

static int64_t be_at(const PGresult *res, int row, int column)
{
	struct rd r = rd_of(PQgetvalue(res, row, column), (size_t)PQgetlength(res, row, column));

	return (int64_t)rd_be64(&r);
}

static int take_counts(
    struct pg_bulk *b, const PGresult *res, uint64_t n, uint32_t *counts, struct err *e)
{
	int rows = PQntuples(res);

	if ((uint64_t)rows != n)
		return err_set(
		    e, -EIO, "PostgreSQL: counts of %d rows for %ju", rows, (uintmax_t)n);
	for (int i = 0; i < rows; i++) {
		uint64_t row = (uint64_t)be_at(res, i, 0);

		if (row < n)
			counts[row] = (uint32_t)be_at(res, i, 1);
	}
	return 0;
}

int pg_bulk_end(void *bulk, uint64_t n, uint32_t *counts, struct err *e)
{
	struct pg_bulk *b = bulk;
	PGresult *res;
	int r;

	if (!b->take)
		return 0;
	if (b->of->kind != DB_COUNT)
		return pg_exec(b->pg, b->take, e);
	res = PQexecParams(b->pg->c, b->take, 0, NULL, NULL, NULL, NULL, 1);
	if (PQresultStatus(res) != PGRES_TUPLES_OK)
		return pg_done(b->pg, res, e);
	r = take_counts(b, res, n, counts, e);
	PQclear(res);
	return r;
}
