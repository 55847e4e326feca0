/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/db_bulk.h"

#include <assert.h>
#include <errno.h>

#include "ledger/db_engine.h"

#define SQL_MAX (1u << 20)

struct db_bulk {
	struct db *db;
	struct db_rows rows;
	void *engine_bulk;   /* NULL: a statement for each row */
	struct db_stmt *one; /* that statement, once there was a row */
	uint32_t *counts;    /* of DB_COUNT */
	size_t counts_cap;
	unsigned at; /* column that comes next */
};

/* --- SQL ---------------------------------------------------------------------------------------- */

void db_sql_names(const struct db_table *of, unsigned n, const char *prefix, struct buf *out)
{
	for (unsigned i = 0; i < n; i++)
		buf_fmt(out, "%s%s\"%s\"", i ? ", " : "", prefix, of->column[i].name);
}

void db_sql_insert(const struct db_table *of, struct buf *out)
{
	buf_fmt(out, "INSERT INTO \"%s\" (", of->name);
	db_sql_names(of, of->n, "", out);
	buf_str(out, ") ");
}

void db_sql_values(const struct db_table *of, unsigned rows, struct buf *out)
{
	for (unsigned r = 0; r < rows; r++) {
		buf_str(out, r ? ", (?" : "(?");
		for (unsigned i = 1; i < of->n; i++)
			buf_str(out, ", ?");
		buf_str(out, ")");
	}
}

void db_sql_conflict(const struct db_table *of, struct buf *out)
{
	const char *last = of->column[of->n - 1].name;

	if (of->kind != DB_ADD && of->kind != DB_REPLACE)
		return;
	buf_str(out, " ON CONFLICT (");
	db_sql_names(of, of->n_key, "", out);
	buf_str(out, ") DO UPDATE SET ");
	if (of->kind == DB_ADD) {
		buf_fmt(
		    out, "\"%s\" = \"%s\".\"%s\" + excluded.\"%s\"", last, of->name, last, last);
		return;
	}
	for (unsigned i = of->n_key; i < of->n; i++)
		buf_fmt(out, "%s\"%s\" = excluded.\"%s\"", i > of->n_key ? ", " : "",
		    of->column[i].name, of->column[i].name);
}

/* --- a statement for each row ----------------------------------------------------------------------- */

static int prepare_one(struct db_bulk *b, struct err *e)
{
	const struct db_table *of = b->rows.of;
	struct buf sql;
	int r;

	buf_init(&sql, SQL_MAX);
	if (of->kind == DB_COUNT) {
		buf_fmt(&sql, "SELECT count(*) FROM \"%s\" WHERE ", of->name);
		for (unsigned i = 0; i < of->n; i++)
			buf_fmt(&sql, "%s\"%s\" = ?", i ? " AND " : "", of->column[i].name);
	} else {
		db_sql_insert(of, &sql);
		buf_str(&sql, "VALUES ");
		db_sql_values(of, 1, &sql);
		db_sql_conflict(of, &sql);
	}
	if (!buf_ok(&sql))
		abort(); /* SQL is our own */
	r = db_prepare(b->db, sql.p, &b->one, e);
	buf_done(&sql);
	return r;
}

static void bind_row(struct db_stmt *s, const struct db_rows *rows, uint32_t row)
{
	for (unsigned i = 0; i < rows->of->n; i++) {
		const union db_cell *c = &rows->column[i].v[row];

		if (rows->column[i].null[row])
			db_bind_null(s, (int)i + 1);
		else if (rows->of->column[i].type == DB_TEXT)
			db_bind_text(s, (int)i + 1, db_cell_text(rows, i, row));
		else if (rows->of->column[i].type == DB_BLOB)
			db_bind_blob(s, (int)i + 1, db_cell_text(rows, i, row));
		else if (rows->of->column[i].type == DB_REAL)
			db_bind_real(s, (int)i + 1, c->real);
		else
			db_bind_i64(s, (int)i + 1, c->i);
	}
}

static int send_one_by_one(struct db_bulk *b, uint32_t *counts, struct err *e)
{
	int r = b->one ? 0 : prepare_one(b, e);

	for (uint32_t i = 0; i < b->rows.n && r == 0; i++) {
		bind_row(b->one, &b->rows, i);
		if (!counts) {
			r = db_run(b->one, e);
			continue;
		}
		r = db_step(b->one, e);
		if (r < 0)
			break;
		counts[i] = (uint32_t)db_i64(b->one, 0);
		db_reset(b->one);
		r = 0;
	}
	if (r < 0 && b->one)
		db_reset(b->one); /* half-way it would keep its locks */
	return r;
}

/* --- rows --------------------------------------------------------------------------------------- */

struct db_bulk *db_bulk_new(struct db *d, const struct db_table *of)
{
	struct db_bulk *b = calloc(1, sizeof(*b));

	if (!b || of->n > DB_COLUMNS_MAX)
		abort();
	b->db = d;
	b->rows.of = of;
	buf_init(&b->rows.text, UINT32_MAX);
	for (unsigned i = 0; i < of->n; i++) {
		b->rows.column[i].v = calloc(DB_BULK_ROWS, sizeof(union db_cell));
		b->rows.column[i].null = calloc(DB_BULK_ROWS, 1);
		if (!b->rows.column[i].v || !b->rows.column[i].null)
			abort();
	}
	if (d->engine->bulk_new)
		b->engine_bulk = d->engine->bulk_new(d->conn, of);
	return b;
}

struct db_bulk *db_bulk_free(struct db_bulk *b)
{
	if (!b)
		return NULL;
	if (b->engine_bulk)
		b->db->engine->bulk_free(b->engine_bulk);
	(void)db_stmt_free(b->one);
	for (unsigned i = 0; i < b->rows.of->n; i++) {
		free(b->rows.column[i].v);
		free(b->rows.column[i].null);
	}
	buf_done(&b->rows.text);
	free(b->counts);
	free(b);
	return NULL;
}

static void empty(struct db_bulk *b)
{
	b->rows.n = 0;
	b->at = 0;
	buf_reset(&b->rows.text);
}

void db_bulk_drop(struct db_bulk *b)
{
	if (!b)
		return;
	empty(b);
	b->rows.base = 0;
}

static union db_cell *next(struct db_bulk *b, bool null)
{
	struct db_cells *c = &b->rows.column[b->at];

	assert(b->at < b->rows.of->n);
	b->at++;
	c->null[b->rows.n] = null;
	return &c->v[b->rows.n];
}

void db_bulk_i64(struct db_bulk *b, int64_t v)
{
	next(b, false)->i = v;
}

void db_bulk_real(struct db_bulk *b, double v)
{
	next(b, false)->real = v;
}

static void put_text(struct db_bulk *b, struct span v, bool null)
{
	union db_cell *c = next(b, null);

	c->text.at = (uint32_t)b->rows.text.len;
	c->text.len = (uint32_t)span_len(v);
	buf_span(&b->rows.text, v);
	if (!buf_ok(&b->rows.text))
		abort(); /* out of memory, or a row of gigabytes */
}

void db_bulk_text(struct db_bulk *b, struct span v)
{
	put_text(b, v, false);
}

void db_bulk_blob(struct db_bulk *b, struct span v)
{
	put_text(b, v, false);
}

void db_bulk_null(struct db_bulk *b)
{
	put_text(b, SPAN(""), true);
}

static uint32_t *room_for_counts(struct db_bulk *b)
{
	size_t need = b->rows.base + DB_BULK_ROWS;

	if (b->rows.of->kind != DB_COUNT)
		return NULL;
	if (need > b->counts_cap) {
		b->counts_cap = MAX_OF(need, 2 * b->counts_cap);
		b->counts = reallocarray(b->counts, b->counts_cap, sizeof(*b->counts));
		if (!b->counts)
			abort();
	}
	return b->counts;
}

static int send(struct db_bulk *b, struct err *e)
{
	uint32_t *all = room_for_counts(b), *counts = all ? all + b->rows.base : NULL;
	int r = b->engine_bulk ? b->db->engine->bulk_send(b->engine_bulk, &b->rows, counts, e)
			       : send_one_by_one(b, counts, e);

	b->rows.base += b->rows.n;
	empty(b);
	return r;
}

int db_bulk_row(struct db_bulk *b, struct err *e)
{
	int r = 0;

	assert(b->at == b->rows.of->n);
	b->at = 0;
	b->rows.n++;
	if (b->rows.n == DB_BULK_ROWS || b->rows.text.len >= DB_BULK_BYTES)
		r = send(b, e);
	if (r < 0)
		db_bulk_drop(b);
	return r;
}

int db_bulk_flush(struct db_bulk *b, struct err *e)
{
	int r = b->rows.n ? send(b, e) : 0;

	if (r == 0 && b->engine_bulk && b->rows.base)
		r = b->db->engine->bulk_end(b->engine_bulk, b->rows.base, b->counts, e);
	db_bulk_drop(b);
	return r;
}

uint32_t db_bulk_counted(const struct db_bulk *b, size_t i)
{
	return b->counts[i];
}
