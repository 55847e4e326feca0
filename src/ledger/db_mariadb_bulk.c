/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Many rows for MariaDB: one execution of a statement with an array for each parameter, which its server knows, or
 * statements of many rows, which all servers of this protocol know. Counts: the keys are parts of a list that the
 * index is searched for. (LOAD DATA into a temporary table and rows as text were tried: slower.) */
#include <errno.h>

#include "ledger/db_mariadb.h"
#include "ledger/db_rewrite.h"

#define SQL_MAX	   (1u << 20)
#define GROUP_ROWS 256u /* in one statement */
#define GROUP_KEYS 200u /* at 1000 MariaDB makes a table of them */

struct key_room {
	int64_t i;
	char text[DB_KEY_MAX + 1];
	unsigned long len;
	my_bool null;
};

struct my_bulk {
	struct my *my;
	const struct db_table *of;
	MYSQL_STMT *s;	     /* NULL: to be prepared; of group_rows rows */
	unsigned group_rows; /* 1 where there are arrays */
	unsigned age;	     /* of the connection it was prepared on */
	MYSQL_BIND *in;	     /* group_rows times n */
	/* arrays: texts and their lengths, of n columns */
	char **text;
	unsigned long *len;
	struct key_room key[DB_COLUMNS_MAX];
	MYSQL_BIND out[DB_COLUMNS_MAX + 1];
	int64_t count;
};

static int say(struct my_bulk *b, MYSQL_STMT *s, struct err *e)
{
	return my_tell(b->my, mysql_stmt_errno(s), mysql_stmt_error(s), e);
}

static bool is_text(enum db_type t)
{
	return t == DB_TEXT || t == DB_BLOB;
}

static enum enum_field_types type_of(enum db_type t)
{
	switch (t) {
	case DB_REAL:
		return MYSQL_TYPE_DOUBLE;
	case DB_TEXT:
		return MYSQL_TYPE_STRING;
	case DB_BLOB:
		return MYSQL_TYPE_BLOB;
	default:
		return MYSQL_TYPE_LONGLONG;
	}
}

static void *room(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (!p)
		abort();
	return p;
}

void *my_bulk_new(void *conn, const struct db_table *of)
{
	struct my_bulk *b = room(1, sizeof(*b));

	b->my = conn;
	b->of = of;
	return b;
}

static void forget(struct my_bulk *b)
{
	if (b->s)
		(void)mysql_stmt_close(b->s); /* its memory goes in any case */
	b->s = NULL;
}

void my_bulk_free(void *bulk)
{
	struct my_bulk *b = bulk;

	forget(b);
	free(b->in);
	free(b->text);
	free(b->len);
	free(b);
}

/* --- statements ----------------------------------------------------------------------------------- */

static void count_sql(const struct db_table *of, unsigned rows, struct buf *sql)
{
	buf_str(sql, "SELECT ");
	db_sql_names(of, of->n, "", sql);
	buf_fmt(sql, ", count(*) FROM \"%s\" WHERE (", of->name);
	db_sql_names(of, of->n, "", sql);
	buf_str(sql, ") IN (");
	db_sql_values(of, rows, sql);
	buf_str(sql, ") GROUP BY ");
	db_sql_names(of, of->n, "", sql);
	buf_str(sql, " ORDER BY ");
	db_sql_names(of, of->n, "", sql);
}

static int prepare(struct my_bulk *b, unsigned rows, MYSQL_STMT **ret, struct err *e)
{
	MYSQL_STMT *s = mysql_stmt_init(b->my->c);
	struct buf sql, mine;
	int r = 0;

	if (!s)
		abort();
	buf_init(&sql, SQL_MAX);
	buf_init(&mine, SQL_MAX);
	if (b->of->kind == DB_COUNT) {
		count_sql(b->of, rows, &sql);
	} else {
		db_sql_insert(b->of, &sql);
		buf_str(&sql, "VALUES ");
		db_sql_values(b->of, rows, &sql);
		db_sql_conflict(b->of, &sql);
	}
	if (buf_ok(&sql))
		rewrite_duplicate_key(buf_text(&sql), &mine);
	if (!buf_ok(&sql) || !buf_ok(&mine))
		abort(); /* SQL is our own */
	if (mysql_stmt_prepare(s, mine.p, mine.len) != 0) {
		r = say(b, s, e);
		(void)mysql_stmt_close(s); /* its memory goes in any case */
	} else {
		*ret = s;
	}
	buf_done(&sql);
	buf_done(&mine);
	return r;
}

static int make_ready(struct my_bulk *b, struct err *e)
{
	int r;

	if (b->my->lost)
		return my_tell(b->my, 2006, NULL, e);
	if (b->s && b->age == b->my->age)
		return 0;
	forget(b);
	b->group_rows = b->of->kind == DB_COUNT ? GROUP_KEYS : b->my->arrays ? 1 : GROUP_ROWS;
	free(b->in);
	b->in = room((size_t)b->group_rows * b->of->n, sizeof(*b->in));
	b->age = b->my->age;
	r = prepare(b, b->group_rows, &b->s, e);
	return r;
}

/* --- arrays --------------------------------------------------------------------------------------- */

static void bind_text_array(struct my_bulk *b, const struct db_rows *rows, unsigned i)
{
	char **text = b->text + (size_t)i * DB_BULK_ROWS;
	unsigned long *len = b->len + (size_t)i * DB_BULK_ROWS;

	for (uint32_t row = 0; row < rows->n; row++) {
		const union db_cell *c = &rows->column[i].v[row];

		text[row] = rows->text.p + c->text.at;
		len[row] = c->text.len;
	}
	b->in[i].buffer = text;
	b->in[i].length = len;
}

static int send_arrays(struct my_bulk *b, const struct db_rows *rows, struct err *e)
{
	size_t n = (size_t)b->of->n * DB_BULK_ROWS;
	unsigned count = rows->n;

	if (!b->text) {
		b->text = room(n, sizeof(*b->text));
		b->len = room(n, sizeof(*b->len));
	}
	for (unsigned i = 0; i < b->of->n; i++) {
		enum db_type t = b->of->column[i].type;

		b->in[i] = (MYSQL_BIND){ .buffer_type = type_of(t), .buffer = rows->column[i].v };
		b->in[i].u.indicator = rows->column[i].null; /* 1 is the library's NULL too */
		if (is_text(t))
			bind_text_array(b, rows, i);
	}
	if (mysql_stmt_attr_set(b->s, STMT_ATTR_ARRAY_SIZE, &count) != 0 ||
	    mysql_stmt_bind_param(b->s, b->in) != 0 || mysql_stmt_execute(b->s) != 0)
		return say(b, b->s, e);
	return 0;
}

/* --- statements of many rows ------------------------------------------------------------------------- */

static void bind_cell(MYSQL_BIND *in, const struct db_rows *rows, unsigned column, uint32_t row)
{
	union db_cell *c = &rows->column[column].v[row];
	enum db_type t = rows->of->column[column].type;

	*in = (MYSQL_BIND){ .buffer_type = type_of(t), .buffer = c };
	if (is_text(t)) {
		in->buffer = rows->text.p + c->text.at;
		in->buffer_length = in->length_value = c->text.len;
	}
	if (rows->column[column].null[row])
		*in = (MYSQL_BIND){ .buffer_type = MYSQL_TYPE_NULL };
}

static int execute(struct my_bulk *b, MYSQL_STMT *s, const struct db_rows *rows, uint32_t from,
    unsigned n, struct err *e)
{
	for (unsigned r = 0; r < n; r++)
		for (unsigned i = 0; i < b->of->n; i++)
			bind_cell(&b->in[r * b->of->n + i], rows, i,
			    MIN_OF(from + r, rows->n - 1)); /* a key may be asked for twice */
	return mysql_stmt_bind_param(s, b->in) != 0 || mysql_stmt_execute(s) != 0 ? say(b, s, e)
										  : 0;
}

static int send_groups(struct my_bulk *b, const struct db_rows *rows, struct err *e)
{
	uint32_t from = 0;
	MYSQL_STMT *rest;
	int r = 0;

	for (; r == 0 && from + b->group_rows <= rows->n; from += b->group_rows)
		r = execute(b, b->s, rows, from, b->group_rows, e);
	if (r < 0 || from == rows->n)
		return r;
	r = prepare(b, rows->n - from, &rest, e);
	if (r < 0)
		return r;
	r = execute(b, rest, rows, from, rows->n - from, e);
	(void)mysql_stmt_close(rest); /* its memory goes in any case */
	return r;
}

/* --- counts --------------------------------------------------------------------------------------- */

static int bind_out(struct my_bulk *b, struct err *e)
{
	unsigned n = b->of->n;

	for (unsigned i = 0; i < n; i++) {
		struct key_room *k = &b->key[i];
		bool text = is_text(b->of->column[i].type);

		b->out[i] =
		    (MYSQL_BIND){ .buffer_type = text ? MYSQL_TYPE_STRING : MYSQL_TYPE_LONGLONG,
			    .buffer = text ? (void *)k->text : (void *)&k->i,
			    .buffer_length = text ? sizeof(k->text) : sizeof(k->i),
			    .length = &k->len,
			    .is_null = &k->null };
	}
	b->out[n] = (MYSQL_BIND){ .buffer_type = MYSQL_TYPE_LONGLONG, .buffer = &b->count };
	if (mysql_stmt_bind_result(b->s, b->out) != 0 || mysql_stmt_store_result(b->s) != 0)
		return say(b, b->s, e);
	return 0;
}

static bool is_key(const struct my_bulk *b, const struct db_rows *rows, uint32_t row)
{
	for (unsigned i = 0; i < b->of->n; i++) {
		const struct key_room *k = &b->key[i];

		if (is_text(b->of->column[i].type)
			? !span_eq(db_cell_text(rows, i, row),
			      span_of(k->text, MIN_OF(k->len, (unsigned long)DB_KEY_MAX)))
			: rows->column[i].v[row].i != k->i)
			return false;
	}
	return true;
}

/* What is there comes in the order of the keys. */
static int take_counts(struct my_bulk *b, const struct db_rows *rows, uint32_t from, uint32_t to,
    uint32_t *counts, struct err *e)
{
	uint32_t row = from;
	int r;

	while ((r = mysql_stmt_fetch(b->s)) == 0 || r == MYSQL_DATA_TRUNCATED) {
		while (row < to && !is_key(b, rows, row))
			counts[row++] = 0;
		if (row == to)
			return err_set(
			    e, -EIO, "MariaDB: keys of \"%s\" came in another order", b->of->name);
		counts[row++] = (uint32_t)b->count;
	}
	while (row < to)
		counts[row++] = 0;
	return r == MYSQL_NO_DATA ? 0 : say(b, b->s, e);
}

static int count(struct my_bulk *b, const struct db_rows *rows, uint32_t *counts, struct err *e)
{
	int r = 0;

	for (uint32_t from = 0; from < rows->n && r == 0; from += GROUP_KEYS) {
		r = execute(b, b->s, rows, from, GROUP_KEYS, e);
		if (r == 0)
			r = bind_out(b, e);
		if (r == 0)
			r = take_counts(
			    b, rows, from, MIN_OF(from + GROUP_KEYS, rows->n), counts, e);
		if (!b->my->lost)
			(void)mysql_stmt_free_result(
			    b->s); /* what fails here fails the next time */
	}
	return r;
}

int my_bulk_send(void *bulk, const struct db_rows *rows, uint32_t *counts, struct err *e)
{
	struct my_bulk *b = bulk;
	int r = make_ready(b, e);

	if (r < 0)
		return r;
	if (counts)
		return count(b, rows, counts, e);
	return b->group_rows == 1 ? send_arrays(b, rows, e) : send_groups(b, rows, e);
}

int my_bulk_end(void *bulk, uint64_t n, uint32_t *counts, struct err *e)
{
	(void)bulk, (void)n, (void)counts, (void)e; /* all is there with the last row sent */
	return 0;
}
