/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/hub_backup.h"

#include <errno.h>

#include "ledger/hub_priv.h"

#define CHUNK (1u << 20) /* bytes that are gathered for the sink */

#define I(name)                                                                                    \
	{                                                                                          \
		name, ROWS_INT                                                                     \
	}
#define R(name)                                                                                    \
	{                                                                                          \
		name, ROWS_REAL                                                                    \
	}
#define T(name)                                                                                    \
	{                                                                                          \
		name, ROWS_TEXT                                                                    \
	}
#define B(name)                                                                                    \
	{                                                                                          \
		name, ROWS_BLOB                                                                    \
	}
#define LINE I("day"), B("addr"), I("plen"), I("category"), I("source")

/* Every table that holds something of its own; sql/ENGINE has what they are. */
static const struct table {
	const char *name;
	unsigned n;
	struct rows_column c[ROWS_COLUMNS_MAX];
} tables[] = {
	{ "source", 6,
	    { I("id"), T("name"), I("kind"), I("anchor"), I("first_day"), I("redistribute") } },
	{ "source_rev", 5, { I("source"), I("rev"), I("day"), T("grp"), R("trust") } },
	{ "inbox", 6,
	    { T("host"), T("producer"), I("seq"), I("sent"), I("received"), B("bytes") } },
	{ "batch", 8,
	    { T("host"), T("producer"), I("seq"), I("received"), I("lines"), I("refused"),
		I("events"), I("n") } },
	{ "ledger", 9, { LINE, I("proof"), T("service"), I("hour"), I("count") } },
	{ "change", 8, { I("n"), LINE, I("proof"), I("count") } },
	{ "evidence", 10, { LINE, I("n"), I("time"), T("service"), B("digest"), B("detail") } },
	{ "good", 5, { I("day"), B("addr"), I("kind"), I("source"), I("count") } },
	{ "dispute", 10, { B("line_id"), LINE, I("state"), I("opened"), I("due"), I("closed") } },
	{ "tenure", 6,
	    { B("first"), B("last"), T("holder"), I("from_day"), I("to_day"), T("rule") } },
	{ "run", 6,
	    { I("id"), I("at"), T("formula"), T("registry_sha"), I("settings_rev"),
		I("batch_cursor") } },
	{ "score_day", 16,
	    { I("run"), T("entity"), I("family"), R("m"), R("low"), R("high"), R("score"),
		T("grade"), T("reason"), I("size"), I("hosts"), I("events"), I("groups_n"),
		I("first_day"), I("last_day"), R("m_returning") } },
	{ "decision", 8,
	    { T("entity"), T("action"), T("level"), I("since"), I("until"), T("reason"), I("run"),
		I("episode") } },
	{ "notice", 8,
	    { I("id"), T("entity"), T("contact"), I("state"), I("opened"), I("sent"), I("closed"),
		I("lines") } },
	{ "setting", 3, { T("name"), T("value"), I("rev") } },
	{ "audit", 7, { I("id"), I("at"), T("who"), T("name"), T("old"), T("new"), T("why") } },
};
_Static_assert(NELEM(tables) <= ROWS_TABLES_MAX, "a backup has room for every table");

const char *hub_backup_table(unsigned i)
{
	return i < NELEM(tables) ? tables[i].name : NULL;
}

/* Names that one engine or another has as a word of its own stand in quotes. */
static void put_columns(const struct rows_column *c, unsigned n, struct buf *sql)
{
	for (unsigned i = 0; i < n; i++)
		buf_fmt(sql, "%s\"%s\"", i ? ", " : "", c[i].name);
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

static void take_fields(struct db_stmt *s, const struct table *t, struct rows_field *f)
{
	for (unsigned i = 0; i < t->n; i++) {
		int c = (int)i;

		f[i] = (struct rows_field){ .null = db_null(s, c) };
		if (f[i].null)
			continue;
		switch (t->c[i].type) {
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
    struct hub *h, const struct table *t, struct writer *w, struct rows_sum *sum, struct err *e)
{
	CLEANUP(db_stmt_free_p) struct db_stmt *s = NULL;
	CLEANUP(buf_done) struct buf sql;
	struct rows_field f[ROWS_COLUMNS_MAX];
	int r;

	*sum = (struct rows_sum){ 0 };
	buf_init(&sql, 4096);
	buf_str(&sql, "SELECT ");
	put_columns(t->c, t->n, &sql);
	buf_fmt(&sql, " FROM \"%s\"", t->name);
	rows_put_table(&w->out, t->name, t->c, t->n);
	r = db_prepare_walk(h->db, sql.p, &s, e);
	while (r == 0 && (r = db_step(s, e)) == 1) {
		take_fields(s, t, f);
		rows_put_row(&w->out, t->c, f, t->n, sum);
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

static const struct table *find_table(const char *name)
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
	const struct table *t;
	unsigned from[ROWS_COLUMNS_MAX];
	struct rows_sum sum; /* of the rows as they are here */
	struct buf row;
	struct db_stmt *insert;
};

static int match_columns(const struct rows_reader *in, struct restoring *x, struct err *e)
{
	unsigned matched = 0;

	for (unsigned i = 0; i < x->t->n; i++) {
		unsigned c = 0;

		while (c < in->columns && (strcmp(x->t->c[i].name, in->column[c].name) != 0 ||
					      x->t->c[i].type != in->column[c].type))
			c++;
		x->from[i] = c < in->columns ? c : MISSING;
		matched += c < in->columns;
	}
	return matched == in->columns
		   ? 0
		   : err_set(e, -EBADMSG, "its columns are not those that are known here");
}

static int prepare_insert(struct hub *h, struct restoring *x, struct err *e)
{
	CLEANUP(buf_done) struct buf sql;

	buf_init(&sql, 8192);
	buf_fmt(&sql, "INSERT INTO \"%s\" (", x->t->name);
	put_columns(x->t->c, x->t->n, &sql);
	buf_str(&sql, ") VALUES (");
	for (unsigned i = 0; i < x->t->n; i++)
		buf_str(&sql, i ? ", ?" : "?");
	buf_byte(&sql, ')');
	return db_prepare(h->db, sql.p, &x->insert, e);
}

static void bind(struct db_stmt *s, int n, enum rows_type type, const struct rows_field *f)
{
	if (f->null)
		db_bind_null(s, n);
	else if (type == ROWS_INT)
		db_bind_i64(s, n, f->i);
	else if (type == ROWS_REAL)
		db_bind_real(s, n, f->r);
	else if (type == ROWS_TEXT)
		db_bind_text(s, n, f->bytes);
	else
		db_bind_blob(s, n, f->bytes);
}

static int insert(struct restoring *x, const struct rows_reader *in, struct err *e)
{
	struct rows_field f[ROWS_COLUMNS_MAX];

	for (unsigned i = 0; i < x->t->n; i++) {
		f[i] = x->from[i] == MISSING ? (struct rows_field){ .null = true }
					     : in->field[x->from[i]];
		bind(x->insert, (int)i + 1, x->t->c[i].type, &f[i]);
	}
	buf_reset(&x->row);
	rows_put_row(&x->row, x->t->c, f, x->t->n, &x->sum);
	return db_run(x->insert, e);
}

static int restore_rows(struct hub *h, struct rows_reader *in, struct restoring *x, struct err *e)
{
	int r = match_columns(in, x, e);

	if (r == 0)
		r = prepare_insert(h, x, e);
	if (r == 0)
		r = rows_next(in, e);
	while (r == ROWS_ROW) {
		r = insert(x, in, e);
		if (r == 0)
			r = rows_next(in, e);
	}
	return r;
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
	buf_init(&x.row, ROWS_ROW_MAX);
	r = restore_rows(h, in, &x, e);
	x.insert = db_stmt_free(x.insert);
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
