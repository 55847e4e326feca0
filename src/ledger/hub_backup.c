/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/hub_backup.h"

#include <errno.h>

#include "ledger/hub_columns.h"
#include "ledger/hub_priv.h"

#define CHUNK (1u << 20) /* bytes that are gathered for the sink */

#define T(table)                                                                                   \
	{                                                                                          \
#table, DB_INSERT, NELEM(columns_##table), 0, columns_##table                      \
	}
static const struct db_table tables[] = { T(source), T(source_rev), T(inbox), T(batch), T(ledger),
	T(change), T(evidence), T(good), T(dispute), T(tenure), T(run), T(score_day), T(decision),
	T(episode), T(notice), T(setting), T(audit) };
_Static_assert(NELEM(tables) <= ROWS_TABLES_MAX, "a backup has room for every table");

const char *hub_backup_table(unsigned i)
{
	return i < NELEM(tables) ? tables[i].name : NULL;
}

static enum rows_type type_of(enum db_type t)
{
	switch (t) {
	case DB_REAL:
		return ROWS_REAL;
	case DB_TEXT:
		return ROWS_TEXT;
	case DB_BLOB:
		return ROWS_BLOB;
	default:
		return ROWS_INT;
	}
}

/* Columns as a backup names them. */
static void columns_of(const struct db_table *t, struct rows_column ret[ROWS_COLUMNS_MAX])
{
	for (unsigned i = 0; i < t->n; i++) {
		(void)snprintf(
		    ret[i].name, sizeof(ret[i].name), "%s", t->column[i].name); /* fits */
		ret[i].type = type_of(t->column[i].type);
	}
}

/* Names that one engine or another has as a word of its own stand in quotes. */
static void put_columns(const struct db_table *t, struct buf *sql)
{
	for (unsigned i = 0; i < t->n; i++)
		buf_fmt(sql, "%s\"%s\"", i ? ", " : "", t->column[i].name);
}

/* --- reading a hub ------------------------------------------------------------------------------ */

struct writer {
	struct buf out;
	hub_sink *sink; /* NULL: only measured */
	void *ctx;
};

static int spill(struct writer *w, struct err *e)
{
	int r = 0;

	if (!buf_ok(&w->out))
		return err_set(e, -EFBIG, "a row has more than %u bytes", ROWS_ROW_MAX);
	if (w->sink)
		r = w->sink(w->ctx, buf_text(&w->out), e);
	buf_reset(&w->out);
	return r;
}

static void take_fields(struct db_stmt *s, const struct db_table *t, struct rows_field *f)
{
	for (unsigned i = 0; i < t->n; i++) {
		int c = (int)i;

		f[i] = (struct rows_field){ .null = db_null(s, c) };
		if (f[i].null)
			continue;
		switch (type_of(t->column[i].type)) {
		case ROWS_INT:
			f[i].i = db_i64(s, c);
			break;
		case ROWS_REAL:
			f[i].r = db_real(s, c);
			break;
		case ROWS_TEXT:
			f[i].bytes = db_text(s, c);
			break;
		default:
			f[i].bytes = db_blob(s, c);
			break;
		}
	}
}

static int read_table(
    struct hub *h, const struct db_table *t, struct writer *w, struct rows_sum *sum, struct err *e)
{
	CLEANUP(db_stmt_free_p) struct db_stmt *s = NULL;
	CLEANUP(buf_done) struct buf sql;
	struct rows_column columns[ROWS_COLUMNS_MAX];
	struct rows_field f[ROWS_COLUMNS_MAX];
	int r;

	columns_of(t, columns);
	*sum = (struct rows_sum){ 0 };
	buf_init(&sql, 4096);
	buf_str(&sql, "SELECT ");
	put_columns(t, &sql);
	buf_fmt(&sql, " FROM \"%s\"", t->name);
	rows_put_table(&w->out, t->name, columns, t->n);
	r = db_prepare_walk(h->db, sql.p, &s, e);
	while (r == 0 && (r = db_step(s, e)) == 1) {
		take_fields(s, t, f);
		rows_put_row(&w->out, columns, f, t->n, sum);
		r = w->out.len >= CHUNK || !buf_ok(&w->out) ? spill(w, e) : 0;
	}
	rows_put_table_end(&w->out, sum);
	return r < 0 ? r : spill(w, e);
}

static int read_tables(struct hub *h, struct writer *w, struct hub_contents *ret, struct err *e)
{
	int r = 0;

	for (unsigned i = 0; i < NELEM(tables) && r == 0; i++) {
		ret->v[i].table = tables[i].name;
		r = read_table(h, &tables[i], w, &ret->v[i].sum, e);
		ret->rows += ret->v[i].sum.rows;
		ret->n++;
	}
	return r;
}

static int version_of(struct hub *h, int64_t *ret, struct err *e)
{
	return hub_number(h, "SELECT coalesce(max(version), 0) FROM migration", ret, e);
}

int hub_backup(struct hub *h, int64_t now_s, hub_sink *sink, void *ctx, struct hub_contents *ret,
    struct err *e)
{
	struct writer w = { .sink = sink, .ctx = ctx };
	int64_t version = 0;
	int r = hub_read_begin(h, e);

	*ret = (struct hub_contents){ .at_s = now_s };
	if (r < 0)
		return r;
	buf_init(&w.out, ROWS_ROW_MAX + 2 * CHUNK);
	r = version_of(h, &version, e);
	rows_put_head(&w.out, (uint32_t)version, now_s);
	if (r == 0)
		r = read_tables(h, &w, ret, e);
	rows_put_end(&w.out, ret->n);
	if (r == 0)
		r = spill(&w, e);
	hub_read_end(h);
	buf_done(&w.out);
	return r;
}

int hub_measure(struct hub *h, struct hub_contents *ret, struct err *e)
{
	bool own = !db_in_transaction(h->db);
	struct writer w = { .sink = NULL };
	int r = own ? hub_read_begin(h, e) : 0;

	*ret = (struct hub_contents){ 0 };
	if (r < 0)
		return r;
	buf_init(&w.out, ROWS_ROW_MAX + 2 * CHUNK);
	r = read_tables(h, &w, ret, e);
	if (own)
		hub_read_end(h);
	buf_done(&w.out);
	return r;
}

/* --- writing one -------------------------------------------------------------------------------- */

static const struct db_table *find_table(const char *name)
{
	for (unsigned i = 0; i < NELEM(tables); i++)
		if (strcmp(tables[i].name, name) == 0)
			return &tables[i];
	return NULL;
}

#define MISSING ROWS_COLUMNS_MAX

/* struct restoring - a table on its way in: column i of ours is column from[i] of the backup's, or MISSING: an older
 * backup does not have it yet. None of the backup's may be unknown. */
struct restoring {
	const struct db_table *t;
	struct rows_column columns[ROWS_COLUMNS_MAX]; /* ours */
	unsigned from[ROWS_COLUMNS_MAX];
	struct rows_sum sum; /* of the rows as they are here */
	struct buf row;
	struct db_bulk *rows;
};

static int match_columns(const struct rows_reader *in, struct restoring *x, struct err *e)
{
	unsigned matched = 0;

	for (unsigned i = 0; i < x->t->n; i++) {
		unsigned c = 0;

		while (c < in->columns && (strcmp(x->columns[i].name, in->column[c].name) != 0 ||
					      x->columns[i].type != in->column[c].type))
			c++;
		x->from[i] = c < in->columns ? c : MISSING;
		matched += c < in->columns;
	}
	return matched == in->columns
		   ? 0
		   : err_set(e, -EBADMSG, "its columns are not those that are known here");
}

static int64_t most(enum db_type t)
{
	return t == DB_I16 ? INT16_MAX : t == DB_I32 ? INT32_MAX : INT64_MAX;
}

static int put(struct restoring *x, unsigned i, const struct rows_field *f, struct err *e)
{
	const struct db_column *c = &x->t->column[i];

	if (f->null)
		db_bulk_null(x->rows);
	else if (c->type == DB_REAL)
		db_bulk_real(x->rows, f->r);
	else if (c->type == DB_TEXT)
		db_bulk_text(x->rows, f->bytes);
	else if (c->type == DB_BLOB)
		db_bulk_blob(x->rows, f->bytes);
	else if (f->i > most(c->type) || f->i < -most(c->type) - 1)
		return err_set(e, -EBADMSG, "%s is %jd, which is none", c->name, (intmax_t)f->i);
	else
		db_bulk_i64(x->rows, f->i);
	return 0;
}

static int insert(struct restoring *x, const struct rows_reader *in, struct err *e)
{
	struct rows_field f[ROWS_COLUMNS_MAX];
	int r;

	for (unsigned i = 0; i < x->t->n; i++) {
		f[i] = x->from[i] == MISSING ? (struct rows_field){ .null = true }
					     : in->field[x->from[i]];
		r = put(x, i, &f[i], e);
		if (r < 0)
			return r;
	}
	buf_reset(&x->row);
	rows_put_row(&x->row, x->columns, f, x->t->n, &x->sum);
	return db_bulk_row(x->rows, e);
}

static int restore_rows(struct rows_reader *in, struct restoring *x, struct err *e)
{
	int r = match_columns(in, x, e);

	if (r == 0)
		r = rows_next(in, e);
	while (r == ROWS_ROW) {
		r = insert(x, in, e);
		if (r == 0)
			r = rows_next(in, e);
	}
	return r < 0 ? r : db_bulk_flush(x->rows, e);
}

static int restore_table(
    struct hub *h, struct rows_reader *in, struct hub_contents *ret, struct err *e)
{
	struct restoring x = { .t = find_table(in->table) };
	int r;

	if (!x.t)
		return err_set(e, -EBADMSG, "no table %s is known here", in->table);
	for (unsigned i = 0; i < ret->n; i++)
		if (ret->v[i].table == x.t->name)
			return err_set(e, -EBADMSG, "table %s comes twice", x.t->name);
	columns_of(x.t, x.columns);
	buf_init(&x.row, ROWS_ROW_MAX);
	x.rows = db_bulk_new(h->db, x.t);
	r = restore_rows(in, &x, e);
	x.rows = db_bulk_free(x.rows);
	buf_done(&x.row);
	if (r < 0)
		return err_wrap(e, r, "table %s, row %ju", x.t->name, (uintmax_t)in->sum.rows);
	ret->v[ret->n].table = x.t->name;
	ret->v[ret->n++].sum = x.sum;
	ret->rows += x.sum.rows;
	return 0;
}

static int restore_tables(
    struct hub *h, struct rows_reader *in, struct hub_contents *ret, struct err *e)
{
	int r = rows_next(in, e);

	while (r == ROWS_TABLE) {
		r = restore_table(h, in, ret, e);
		if (r == 0)
			r = rows_next(in, e);
	}
	return r < 0 ? r : 0;
}

static int check_empty(struct hub *h, struct err *e)
{
	for (unsigned i = 0; i < NELEM(tables); i++) {
		char sql[128];
		int64_t n = 0;
		int r;

		(void)snprintf(sql, sizeof(sql), "SELECT count(*) FROM \"%s\"", tables[i].name);
		r = hub_number(h, sql, &n, e);
		if (r < 0)
			return r;
		if (n)
			return err_set(e, -EEXIST,
			    "the hub is not empty: table %s has %jd rows; a backup is restored "
			    "into "
			    "an empty one only",
			    tables[i].name, (intmax_t)n);
	}
	return 0;
}

static int check_version(struct hub *h, uint32_t has, struct err *e)
{
	int64_t version = 0;
	int r = version_of(h, &version, e);

	if (r < 0)
		return r;
	return (int64_t)has <= version
		   ? 0
		   : err_set(e, -EBADMSG, "the backup is of version %u, this onus knows %jd", has,
			 (intmax_t)version);
}

/* What is in the hub now, read again. A table that an older backup does not have is empty. */
static int prove(struct hub *h, const struct hub_contents *want, struct err *e)
{
	struct hub_contents got;
	int r = hub_measure(h, &got, e);

	for (unsigned i = 0; i < want->n && r == 0; i++)
		for (unsigned k = 0; k < got.n; k++)
			if (got.v[k].table == want->v[i].table &&
			    !rows_sum_same(&got.v[k].sum, &want->v[i].sum))
				r = err_set(e, -EIO,
				    "table %s does not read as it was written: %ju rows of %ju",
				    want->v[i].table, (uintmax_t)got.v[k].sum.rows,
				    (uintmax_t)want->v[i].sum.rows);
	return r;
}

int hub_restore(
    struct hub *h, rows_source *source, void *ctx, struct hub_contents *ret, struct err *e)
{
	struct rows_reader in;
	struct hub_tx tx;
	int r = hub_tx_begin(h, &tx, e);

	*ret = (struct hub_contents){ 0 };
	if (r < 0)
		return r;
	r = rows_open(&in, source, ctx, e);
	if (r == 0)
		r = check_version(h, in.version, e);
	if (r == 0)
		r = check_empty(h, e);
	if (r == 0)
		r = restore_tables(h, &in, ret, e);
	if (r == 0)
		r = hub_hours_again(h, e);
	ret->at_s = in.at_s;
	rows_done(&in);
	if (r == 0)
		r = prove(h, ret, e);
	return hub_tx_end(h, &tx, r, e);
}
