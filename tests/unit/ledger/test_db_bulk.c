/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Many rows at once: what every engine must do alike, with more rows than are sent at a time. */
#include "scratch.h"

#include "ledger/db_bulk.h"
#include "util/buf.h"

#define ROWS (2 * (int64_t)DB_BULK_ROWS + 777)

static const struct db_column rev[] = { { "source", DB_I32 }, { "rev", DB_I32 }, { "day", DB_I32 },
	{ "grp", DB_TEXT }, { "trust", DB_REAL } };
static const struct db_column good[] = { { "day", DB_I32 }, { "addr", DB_BLOB }, { "kind", DB_I16 },
	{ "source", DB_I32 }, { "count", DB_I64 } };
static const struct db_column audit[] = { { "id", DB_I64 }, { "at", DB_I64 }, { "who", DB_TEXT },
	{ "name", DB_TEXT }, { "old", DB_TEXT } };
static const struct db_table put_rev = { "source_rev", DB_INSERT, NELEM(rev), 2, rev };
static const struct db_table replace_rev = { "source_rev", DB_REPLACE, NELEM(rev), 2, rev };
static const struct db_table add_good = { "good", DB_ADD, NELEM(good), 4, good };
static const struct db_table count_good = { "good", DB_COUNT, 2, 2, good };
static const struct db_table count_audit = { "audit", DB_COUNT, 3, 3, audit };
static const struct db_table put_audit = { "audit", DB_INSERT, NELEM(audit), 1, audit };

/* What follows the URL: where a server has two ways, both are gone. */
static const char *way = "";

static struct db *open_db(void)
{
	char url[600];
	struct db *d = NULL;

	(void)snprintf(url, sizeof(url), "%s%s", scratch_url, way);
	ok(db_open(url, true, &d, &e));
	return d;
}

/* The first row of a query, its columns with blanks between. */
static void expect(struct db *d, const char *sql, const char *want)
{
	struct db_stmt *s = NULL;
	char got[200] = "";
	int64_t v[4];

	ok(db_prepare(d, sql, &s, &e));
	assert_int_equal(db_step(s, NULL), 1);
	for (int i = 0; i < 4; i++)
		v[i] = db_i64(s, i);
	(void)snprintf(got, sizeof(got), "%jd %jd %jd %jd", (intmax_t)v[0], (intmax_t)v[1],
	    (intmax_t)v[2], (intmax_t)v[3]);
	(void)db_stmt_free(s);
	assert_string_equal(got, want);
}

static void put(struct db_bulk *b, int64_t i, const char *grp, double trust)
{
	db_bulk_i64(b, 7);
	db_bulk_i64(b, i);
	db_bulk_i64(b, -i);
	db_bulk_text(b, span_str(grp));
	db_bulk_real(b, trust);
	ok(db_bulk_row(b, &e));
}

static void add(struct db_bulk *b, int64_t i, int64_t count)
{
	uint8_t addr[16] = { (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i, '\\', 0, 0xff };

	db_bulk_i64(b, 20000);
	db_bulk_blob(b, span_of((const char *)addr, sizeof(addr)));
	if (count == 0)
		return;
	db_bulk_i64(b, 1);
	db_bulk_i64(b, -5);
	db_bulk_i64(b, count);
	ok(db_bulk_row(b, &e));
}

static void insert_and_replace(struct db *d)
{
	struct db_bulk *b = db_bulk_new(d, &put_rev);

	ok(db_begin(d, true, &e));
	for (int64_t i = 0; i < ROWS; i++)
		put(b, i, i % 2 ? "\xc3\xa9\\N\t'" : "", 0.1);
	ok(db_bulk_flush(b, &e));
	ok(db_bulk_flush(b, &e)); /* nothing is left to do */
	ok(db_commit(d, &e));
	(void)db_bulk_free(b);
	expect(d,
	    "SELECT count(*), sum(rev), sum(day), sum(CASE WHEN trust = 0.1 THEN 1 ELSE 0 END) "
	    "FROM source_rev WHERE grp = ''",
	    "8581 73624980 -73624980 8581");
	expect(d, "SELECT count(*), 0, 0, 0 FROM source_rev WHERE grp <> ''", "8580 0 0 0");
	b = db_bulk_new(d, &replace_rev);
	ok(db_begin(d, true, &e));
	for (int64_t i = 0; i < ROWS; i++) {
		put(b, 2 * i, "first", 0.5);
		put(b, 2 * i, "later", 1.0 / 3); /* one flush, the same row */
	}
	ok(db_bulk_flush(b, &e));
	ok(db_commit(d, &e));
	(void)db_bulk_free(b);
	expect(d, "SELECT count(*), min(rev), max(rev), 0 FROM source_rev", "25741 0 34320 0");
	expect(d,
	    "SELECT count(*), sum(CASE WHEN grp = 'later' THEN 1 ELSE 0 END), 0, 0 FROM source_rev "
	    "WHERE trust > 0.333333333333333 AND trust < 0.333333333333334",
	    "17161 17161 0 0");
}

static void test_insert_and_replace(void **state)
{
	struct db *d;

	(void)hub_free(scratch_hub(HUB_WRITE));
	d = open_db();
	insert_and_replace(d);
	(void)db_free(d);
}

/* Twice in one transaction, once in the next, and once undone; and the counts of what is there and what is not. */
static void test_add_and_count(void **state)
{
	struct db_bulk *b, *c;
	struct db *d;

	(void)hub_free(scratch_hub(HUB_WRITE));
	d = open_db();
	b = db_bulk_new(d, &add_good);
	c = db_bulk_new(d, &count_good);
	ok(db_begin(d, true, &e));
	for (int64_t i = 0; i < ROWS; i++)
		add(b, i, 2);
	ok(db_bulk_flush(b, &e));
	for (int64_t i = 0; i < ROWS; i += 2)
		add(b, i, INT64_C(1) << 40);
	ok(db_bulk_flush(b, &e));
	ok(db_commit(d, &e));
	expect(d, "SELECT count(*), sum(count), min(source), max(kind) FROM good",
	    "17161 9434909277980178 -5 1");
	ok(db_begin(d, true, &e));
	add(b, 4, 100);
	ok(db_bulk_flush(b, &e));
	add(b, 5, 100);
	db_bulk_drop(b);
	add(b, 6, 100);
	ok(db_bulk_flush(b, &e));
	for (int64_t i = 0; i < 2 * ROWS; i += 2) { /* the second half is not there */
		add(c, i, 0);
		ok(db_bulk_row(c, &e));
	}
	ok(db_bulk_flush(c, &e));
	for (int64_t i = 0; i < ROWS; i++)
		assert_int_equal(db_bulk_counted(c, (size_t)i), 2 * i < ROWS);
	db_rollback(d);
	ok(db_begin(d, true, &e));
	for (int64_t i = 1; i < 4; i++)
		add(b, i, 1000);
	ok(db_bulk_flush(b, &e));
	add(c, 3, 0);
	ok(db_bulk_row(c, &e));
	ok(db_bulk_flush(c, &e));
	assert_int_equal(db_bulk_counted(c, 0), 1);
	ok(db_commit(d, &e));
	expect(d, "SELECT count(*), sum(count), 0, 0 FROM good", "17161 9434909277983178 0 0");
	(void)db_bulk_free(b);
	(void)db_bulk_free(c);
	(void)db_free(d);
}

/* Texts that are NULL, empty, and longer than what is sent at a time; a key that is there is an error, and all is undone. */
static void test_texts(void **state)
{
	static char big[300000];
	struct db_bulk *b, *c;
	struct db *d;

	memset(big, 'x', sizeof(big));
	(void)hub_free(scratch_hub(HUB_WRITE));
	d = open_db();
	b = db_bulk_new(d, &put_audit);
	ok(db_begin(d, true, &e));
	for (int64_t i = 0; i < 300; i++) {
		db_bulk_i64(b, i);
		db_bulk_i64(b, INT64_MIN + 1 + i);
		db_bulk_text(b, SPAN("who "));
		db_bulk_text(b, SPAN(""));
		if (i % 3 == 0)
			db_bulk_null(b);
		else
			db_bulk_text(b, span_of(big, i % 3 == 1 ? 0 : sizeof(big) / 10));
		ok(db_bulk_row(b, &e));
	}
	ok(db_bulk_flush(b, &e));
	ok(db_commit(d, &e));
	expect(d,
	    "SELECT count(*), sum(CASE WHEN old IS NULL THEN 1 ELSE 0 END), "
	    "sum(CASE WHEN old = '' THEN 1 ELSE 0 END), sum(length(old)) FROM audit",
	    "300 100 100 3000000");
	c = db_bulk_new(d, &count_audit);
	ok(db_begin(d, false, &e));
	db_rollback(d);
	ok(db_begin(d, true, &e));
	for (int64_t i = 0; i < 4; i++) {
		db_bulk_i64(c, i);
		db_bulk_i64(c, INT64_MIN + 1 + i);
		db_bulk_text(c, i == 2 ? SPAN("who") : SPAN("who "));
		ok(db_bulk_row(c, &e));
	}
	ok(db_bulk_flush(c, &e));
	for (int64_t i = 0; i < 4; i++)
		assert_int_equal(db_bulk_counted(c, (size_t)i), i != 2);
	db_rollback(d);
	ok(db_begin(d, true, &e));
	for (int64_t i = 301; i > 298; i--) { /* 299 is there */
		db_bulk_i64(b, i);
		db_bulk_i64(b, 0);
		db_bulk_text(b, SPAN(""));
		db_bulk_text(b, SPAN(""));
		db_bulk_null(b);
		ok(db_bulk_row(b, &e));
	}
	assert_int_equal(db_bulk_flush(b, NULL), -EEXIST);
	db_rollback(d);
	expect(d, "SELECT count(*), max(id), 0, 0 FROM audit", "300 299 0 0");
	(void)db_bulk_free(b);
	(void)db_bulk_free(c);
	(void)db_free(d);
}

/* Between transactions the connection is made again: what is kept on the server for it is, too. */
static void test_cut(void **state)
{
	struct db *d, *other;
	struct db_bulk *b;

	if (scratch_is("sqlite:"))
		return; /* there is nothing to cut */
	(void)hub_free(scratch_hub(HUB_WRITE));
	d = open_db();
	b = db_bulk_new(d, &add_good);
	for (int64_t i = 0; i < 3; i++) {
		ok(db_begin(d, true, &e));
		add(b, 1, 1);
		add(b, 2, 1);
		ok(db_bulk_flush(b, &e));
		ok(db_commit(d, &e));
		other = open_db();
		if (scratch_is("postgresql:")) {
			ok(db_exec(other,
			    "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
			    "WHERE datname = current_database() AND pid <> pg_backend_pid()",
			    &e));
		} else {
			struct db_stmt *s = NULL;
			char kill[64];

			ok(db_prepare(other,
			    "SELECT id FROM information_schema.processlist WHERE db = database() "
			    "AND id <> connection_id()",
			    &s, &e));
			while (db_step(s, NULL) == 1) {
				(void)snprintf(
				    kill, sizeof(kill), "KILL %jd", (intmax_t)db_i64(s, 0));
				ok(db_exec(other, kill, &e));
			}
			(void)db_stmt_free(s);
		}
		(void)db_free(other);
		if (i == 1) { /* it is not seen before something is sent */
			add(b, 1, 50);
			assert_int_equal(db_bulk_flush(b, NULL), -EIO);
		}
	}
	other = open_db();
	expect(other, "SELECT count(*), sum(count), 0, 0 FROM good", "2 6 0 0");
	(void)db_free(other);
	(void)db_bulk_free(b);
	(void)db_free(d);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)
	const struct CMUnitTest tests[] = {
		T(test_insert_and_replace),
		T(test_add_and_count),
		T(test_texts),
		T(test_cut),
	};
	const char *url = getenv("ONUS_TEST_HUB");
	int r = cmocka_run_group_tests(tests, NULL, NULL);

	if (r == 0 && url && strncmp(url, "mysql:", 6) == 0) {
		way = " bulk=rows";
		r = cmocka_run_group_tests(tests, NULL, NULL);
	}
	return r;
}
