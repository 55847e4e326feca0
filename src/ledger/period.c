/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/period.h"

#include <errno.h>
#include <string.h>

#include "util/buf.h"

#define SQL_MAX 2048u

const char *const period_tables[PERIOD_TABLES] = { "ledger", "evidence", "good" };

/* How an engine says it: @ is the table, < the bound of one period, > that of the next. */
struct words {
	const char *engine;
	const char *bounds; /* query: of all periods, ascending; no rows where there are none */
	const char *turn;   /* first of all; or NULL */
	const char *last; /* query: day of the last row in `rest`, 0 when there is none; NULL: those
			       whose period is made go there by themselves */
	const char *make; /* > */
	const char *become; /* `rest` itself becomes > */
	const char *rows;   /* query: has < any? */
	const char *empty;  /* < */
	const char *drop;   /* <, when > is old as well, and first from now on */
};

static const struct words engines[] = {
	{ .engine = "postgresql",
	    .bounds = "SELECT substring(c.relname from '_p([0-9]+)$')::bigint AS bound FROM "
		      "pg_inherits i "
		      "JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = '@'::regclass "
		      "AND c.relname ~ '_p[0-9]+$' ORDER BY bound",
	    /* Writers let us pass, then only readers are to be waited for. */
	    .turn = "SET LOCAL lock_timeout = 300; UPDATE writer SET turns = turns + 1",
	    .last = "SELECT coalesce(max(day), 0) FROM @_rest",
	    .make = "CREATE TABLE @_p> (LIKE @ INCLUDING ALL);"
		    "ALTER TABLE @ ATTACH PARTITION @_p> FOR VALUES FROM (<) TO (>)",
	    .become = "ALTER TABLE @ DETACH PARTITION @_rest;"
		      "ALTER TABLE @_rest RENAME TO @_p>;"
		      "ALTER TABLE @_p> RENAME CONSTRAINT @_rest_pkey TO @_p>_pkey;"
		      "ALTER TABLE @ ATTACH PARTITION @_p> FOR VALUES FROM (<) TO (>);"
		      "CREATE TABLE @_rest (LIKE @ INCLUDING ALL);"
		      "ALTER TABLE @ ATTACH PARTITION @_rest DEFAULT",
	    .rows = "SELECT count(*) FROM (SELECT 1 FROM @_p< LIMIT 1) AS one",
	    .empty = "TRUNCATE @_p<",
	    .drop = "DROP TABLE @_p<; ALTER TABLE @ DETACH PARTITION @_p>; TRUNCATE @_p>;"
		    "ALTER TABLE @ ATTACH PARTITION @_p> FOR VALUES FROM (MINVALUE) TO (>)" },
	{ .engine = "mysql",
	    .bounds = "SELECT cast(partition_description AS SIGNED) AS bound "
		      "FROM information_schema.partitions WHERE table_schema = database() "
		      "AND table_name = '@' AND partition_name LIKE 'p%' ORDER BY bound",
	    .make = "ALTER TABLE @ REORGANIZE PARTITION rest INTO (PARTITION p> VALUES LESS THAN "
		    "(>), PARTITION rest VALUES LESS THAN MAXVALUE)",
	    .rows = "SELECT count(*) FROM (SELECT 1 FROM @ PARTITION (p<) LIMIT 1) AS one",
	    .empty = "ALTER TABLE @ TRUNCATE PARTITION p<",
	    .drop = "ALTER TABLE @ DROP PARTITION p<" },
};

/* struct table - one of ours, and its periods as they are */
struct table {
	struct db *db;
	const char *name;
	const struct words *words;
	int32_t lowest, second, highest; /* bounds; 0: there is none */
};

static void put_sql(
    const struct table *t, const char *form, int32_t low, int32_t high, struct buf *sql)
{
	buf_init(sql, SQL_MAX);
	for (; *form; form++)
		if (*form == '@')
			buf_str(sql, t->name);
		else if (*form == '<' || *form == '>')
			buf_fmt(sql, "%d", (int)(*form == '<' ? low : high));
		else
			buf_byte(sql, *form);
	if (!buf_ok(sql))
		abort(); /* SQL is our own */
}

static int run(const struct table *t, const char *form, int32_t low, int32_t high, struct err *e)
{
	CLEANUP(buf_done) struct buf sql;

	put_sql(t, form, low, high, &sql);
	return db_exec(t->db, sql.p, e);
}

static void stmt_free_p(struct db_stmt **s)
{
	*s = db_stmt_free(*s);
}

static int number(const struct table *t, const char *form, int32_t low, int64_t *ret, struct err *e)
{
	CLEANUP(stmt_free_p) struct db_stmt *s = NULL;
	CLEANUP(buf_done) struct buf sql;
	int r;

	put_sql(t, form, low, 0, &sql);
	r = db_prepare(t->db, sql.p, &s, e);
	if (r == 0)
		r = db_step(s, e);
	if (r < 0)
		return r;
	*ret = r == 1 ? db_i64(s, 0) : 0;
	return 0;
}

static int read_bounds(struct table *t, struct err *e)
{
	CLEANUP(stmt_free_p) struct db_stmt *s = NULL;
	CLEANUP(buf_done) struct buf sql;
	int r;

	t->lowest = t->second = t->highest = 0;
	put_sql(t, t->words->bounds, 0, 0, &sql);
	r = db_prepare(t->db, sql.p, &s, e);
	while (r == 0 && (r = db_step(s, e)) == 1) {
		int32_t bound = (int32_t)db_i64(s, 0);

		if (!t->lowest)
			t->lowest = bound;
		else if (!t->second)
			t->second = bound;
		t->highest = bound;
		r = 0;
	}
	return r;
}

/* False where the engine knows no periods. */
static bool table_of(struct db *d, const char *name, struct table *ret)
{
	*ret = (struct table){ .db = d, .name = name };
	for (size_t i = 0; i < NELEM(engines); i++)
		if (strcmp(engines[i].engine, db_engine_name(d)) == 0)
			ret->words = &engines[i];
	return ret->words != NULL;
}

typedef int change_fn(struct table *t, int32_t day, struct err *e);

/* What is to be changed is looked at once before others are made to wait, and once more then. */
static int change(struct table *t, change_fn *fn, int32_t day, struct err *e)
{
	int r = db_migrate_begin(t->db, e);

	if (r < 0)
		return r;
	if (t->words->turn)
		r = db_exec(t->db, t->words->turn, e);
	if (r == 0)
		r = read_bounds(t, e);
	if (r == 0)
		r = fn(t, day, e);
	return db_migrate_end(t->db, r, e);
}

static int32_t bound_of(int32_t day)
{
	return (day / PERIOD_DAYS + 1) * PERIOD_DAYS;
}

static bool is_missing(const struct table *t, int32_t day)
{
	return t->highest && t->highest < bound_of(day) + PERIOD_DAYS;
}

static int make(struct table *t, int32_t day, struct err *e)
{
	int32_t next = MAX_OF(bound_of(day), bound_of(t->highest));
	int64_t last = 0;
	int r = 0;

	if (!is_missing(t, day))
		return 0; /* another process was quicker */
	if (t->words->last)
		r = number(t, t->words->last, 0, &last, e);
	if (r < 0)
		return r;
	if (last < t->highest)
		return run(t, t->words->make, t->highest, next, e);
	return run(t, t->words->become, t->highest, MAX_OF(next, bound_of((int32_t)last)), e);
}

int period_ahead(struct db *d, const char *table, int32_t day, struct err *e)
{
	struct table t;
	int r;

	if (!table_of(d, table, &t))
		return 0;
	r = read_bounds(&t, e);
	if (r < 0 || !is_missing(&t, day))
		return r;
	r = change(&t, make, day, e);
	return r < 0 ? r : 1;
}

/* 1: there is something to forget. The first period stays, empty: what comes for its days has a place. */
static int is_old(const struct table *t, int32_t first_day, struct err *e)
{
	int64_t rows = 0;
	int r;

	if (!t->lowest || t->lowest > first_day)
		return 0;
	if (t->second && t->second <= first_day)
		return 1;
	r = number(t, t->words->rows, t->lowest, &rows, e);
	return r < 0 ? r : rows > 0;
}

static int forget(struct table *t, int32_t first_day, struct err *e)
{
	int r = is_old(t, first_day, e);

	if (r != 1)
		return r;
	if (t->second && t->second <= first_day)
		return run(t, t->words->drop, t->lowest, t->second, e);
	return run(t, t->words->empty, t->lowest, 0, e);
}

int period_drop(struct db *d, const char *table, int32_t first_day, struct err *e)
{
	struct table t;
	int r;

	if (!table_of(d, table, &t))
		return 0;
	r = read_bounds(&t, e);
	if (r == 0)
		r = is_old(&t, first_day, e);
	if (r != 1)
		return r;
	r = change(&t, forget, first_day, e);
	return r < 0 ? r : 1;
}
