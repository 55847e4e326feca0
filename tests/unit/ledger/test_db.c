/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What every engine must do alike: values there and back, walks of more rows than a portion with writes in between,
 * transactions, a connection that is cut, processes that migrate at the same time. */
#include "scratch.h"

#include <sys/wait.h>

#include "ledger/hub_priv.h"
#include "util/buf.h"

static struct db *open_db(void)
{
	struct db *d = NULL;

	ok(db_open(scratch_url, true, &d, &e));
	return d;
}

static struct db_stmt *statement(struct db *d, const char *sql)
{
	struct db_stmt *s = NULL;

	ok(db_prepare(d, sql, &s, &e));
	return s;
}

static void run(struct db *d, const char *sql)
{
	ok(db_exec(d, sql, &e));
}

static int64_t number(struct db *d, const char *sql)
{
	struct db_stmt *s = statement(d, sql);
	int64_t n;

	assert_int_equal(db_step(s, NULL), 1);
	n = db_i64(s, 0);
	(void)db_stmt_free(s);
	return n;
}

static void test_integers(void **state)
{
	static const int64_t v[] = { 0, 1, -1, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN + 1 };
	struct db *d;
	struct db_stmt *put, *get;

	(void)hub_free(scratch_hub(HUB_WRITE));
	d = open_db();
	put = statement(d, "INSERT INTO writer (id, turns) VALUES (?, ?)");
	get = statement(d, "SELECT turns, id FROM writer WHERE id = ?");
	for (size_t i = 0; i < NELEM(v); i++) {
		db_bind_i64(put, 1, 10 + (int64_t)i);
		db_bind_i64(put, 2, v[i]);
		ok(db_run(put, &e));
		db_bind_i64(get, 1, 10 + (int64_t)i);
		assert_int_equal(db_step(get, NULL), 1);
		assert_true(db_i64(get, 0) == v[i]);
		assert_false(db_null(get, 0));
		assert_int_equal(db_step(get, NULL), 0);
		db_reset(get);
	}
	/* sums are of another type in some engines */
	assert_int_equal(number(d, "SELECT sum(id) FROM writer WHERE id >= 10 AND id < 13"), 33);
	run(d, "UPDATE writer SET turns = 123456789");
	assert_true(number(d, "SELECT sum(turns) FROM writer") == INT64_C(123456789) * 8);
	run(d, "UPDATE writer SET turns = -10000");
	assert_int_equal(number(d, "SELECT sum(turns) FROM writer"), -80000);
	db_bind_i64(put, 3, 1); /* there is no third parameter */
	assert_true(db_run(put, NULL) < 0);
	(void)db_stmt_free(put);
	(void)db_stmt_free(get);
	(void)db_free(d);
}

static void test_reals(void **state)
{
	static const double v[] = { 0, 1, -1.5, 0.1, 1.0 / 3, 1e300, 5e-324, 99.99999999999999 };
	struct db *d;
	struct db_stmt *put, *get;

	(void)hub_free(scratch_hub(HUB_WRITE));
	d = open_db();
	put = statement(
	    d, "INSERT INTO source_rev (source, rev, day, grp, trust) VALUES (1, ?, 0, '', ?)");
	get = statement(d, "SELECT trust FROM source_rev WHERE rev = ?");
	for (size_t i = 0; i < NELEM(v); i++) {
		double got;

		db_bind_i64(put, 1, (int64_t)i);
		db_bind_real(put, 2, v[i]);
		ok(db_run(put, &e));
		db_bind_i64(get, 1, (int64_t)i);
		assert_int_equal(db_step(get, NULL), 1);
		got = db_real(get, 0);
		assert_memory_equal(&got, &v[i], sizeof(got)); /* every bit */
		db_reset(get);
	}
	(void)db_stmt_free(put);
	(void)db_stmt_free(get);
	(void)db_free(d);
}

/* Texts and blobs, long and short in turn, so that what grew for one shows in the next. */
static void test_bytes(void **state)
{
	static char big[300000];
	const struct {
		struct span text;
		bool null;
	} v[] = { { SPAN(""), false }, { SPAN("x"), false }, { span_of(big, sizeof(big)), false },
		{ SPAN("a"), false }, { SPAN(""), true }, { SPAN("\xc3\xa9 '\"?\\%"), false },
		{ SPAN("trailing  "), false } };
	static const char zeros[] = { 0, 1, 0, (char)0xff, '\'', 0 };
	struct db *d;
	struct db_stmt *put, *get;

	memset(big, 'b', sizeof(big));
	(void)hub_free(scratch_hub(HUB_WRITE));
	d = open_db();
	put = statement(d, "INSERT INTO audit (id, at, who, name, old) VALUES (?, 0, '', '', ?)");
	get = statement(d, "SELECT old FROM audit ORDER BY id");
	for (size_t i = 0; i < NELEM(v); i++) {
		db_bind_i64(put, 1, (int64_t)i);
		if (!v[i].null)
			db_bind_text(put, 2, v[i].text);
		ok(db_run(put, &e));
	}
	for (size_t i = 0; i < NELEM(v); i++) {
		assert_int_equal(db_step(get, NULL), 1);
		assert_int_equal(db_null(get, 0), v[i].null);
		assert_true(span_eq(db_text(get, 0), v[i].text));
		assert_int_equal(db_text(get, 0).end[0], '\0');
	}
	assert_int_equal(db_step(get, NULL), 0);
	(void)db_stmt_free(put);
	(void)db_stmt_free(get);
	put = statement(d, "INSERT INTO inbox (host, producer, seq, sent, received, bytes) "
			   "VALUES (?, 'p', 1, 1, 1, ?)");
	db_bind_text(put, 1, SPAN("h"));
	db_bind_blob(put, 2, span_of(zeros, sizeof(zeros)));
	ok(db_run(put, &e));
	get = statement(d, "SELECT bytes FROM inbox");
	assert_int_equal(db_step(get, NULL), 1);
	assert_true(span_eq(db_blob(get, 0), span_of(zeros, sizeof(zeros))));
	(void)db_stmt_free(put);
	(void)db_stmt_free(get);
	(void)db_free(d);
}

#define ROWS 12000 /* more than two portions */

/* Within a transaction and without; a statement in the middle of the walk does not end it. */
static void walk(struct db *d)
{
	struct db_stmt *s = NULL;
	struct db_stmt *one = statement(d, "SELECT day FROM source_rev WHERE rev = ?");
	int64_t n = 0;
	int r;

	ok(db_prepare_walk(
	    d, "SELECT rev, grp FROM source_rev WHERE source = ? ORDER BY rev", &s, &e));
	db_bind_i64(s, 1, 7);
	while ((r = db_step(s, NULL)) == 1) {
		assert_int_equal(db_i64(s, 0), n);
		if (n++ % 1000 == 0) {
			db_bind_i64(one, 1, n - 1);
			assert_int_equal(db_step(one, NULL), 1);
			assert_int_equal(db_i64(one, 0), 2 * (n - 1));
			db_reset(one);
		}
	}
	assert_int_equal(r, 0);
	assert_int_equal(n, ROWS);
	db_reset(s); /* and once more, given up half-way */
	db_bind_i64(s, 1, 7);
	assert_int_equal(db_step(s, NULL), 1);
	(void)db_stmt_free(s);
	(void)db_stmt_free(one);
}

static void test_walk(void **state)
{
	struct db *d;
	struct db_stmt *put;

	(void)hub_free(scratch_hub(HUB_WRITE));
	d = open_db();
	put = statement(
	    d, "INSERT INTO source_rev (source, rev, day, grp, trust) VALUES (7, ?, ?, 'g', 1)");
	ok(db_begin(d, true, &e));
	for (int64_t i = 0; i < ROWS; i++) {
		db_bind_i64(put, 1, i);
		db_bind_i64(put, 2, 2 * i);
		ok(db_run(put, &e));
	}
	walk(d);
	ok(db_commit(d, &e));
	walk(d);
	ok(db_begin(d, false, &e));
	walk(d);
	db_rollback(d);
	(void)db_stmt_free(put);
	(void)db_free(d);
}

/* A reader sees one state until it ends; a writer's work is there at once afterwards, or not at all. */
static void test_views(void **state)
{
	static const char count[] = "SELECT count(*) FROM writer";
	struct db *a, *b;

	(void)hub_free(scratch_hub(HUB_WRITE));
	a = open_db();
	b = open_db();
	ok(db_begin(a, false, &e));
	assert_int_equal(number(a, count), 1);
	ok(db_begin(b, true, &e));
	run(b, "INSERT INTO writer (id, turns) VALUES (2, 0)");
	ok(db_commit(b, &e));
	assert_int_equal(number(a, count), 1);
	db_rollback(a);
	assert_int_equal(number(a, count), 2);
	ok(db_begin(b, true, &e));
	run(b, "DELETE FROM writer");
	assert_int_equal(db_begin(a, true, NULL), -EAGAIN);
	assert_false(db_in_transaction(a));
	db_rollback(b);
	ok(db_begin(a, true, &e));
	assert_int_equal(db_begin(a, true, NULL), -EINVAL);
	db_rollback(a);
	assert_int_equal(number(a, count), 2);
	(void)db_free(a);
	(void)db_free(b);
}

/* The server ends every connection but the one that asks for it; one that was closed a moment ago may end by itself. */
static void cut_all(void)
{
	struct db *d = open_db();
	struct db_stmt *s;
	char kill[64];
	struct err why;

	if (scratch_is("postgresql:")) {
		run(d, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
		       "WHERE datname = current_database() AND pid <> pg_backend_pid()");
		while (number(d, "SELECT count(*) FROM pg_stat_activity WHERE "
				 "datname = current_database()") > 1)
			(void)usleep(1000);
	} else {
		s = statement(d, "SELECT id FROM information_schema.processlist "
				 "WHERE db = database() AND id <> connection_id()");
		while (db_step(s, NULL) == 1) {
			(void)snprintf(kill, sizeof(kill), "KILL %jd", (intmax_t)db_i64(s, 0));
			if (db_exec(d, kill, &why) < 0)
				assert_non_null(strstr(why.text, "Unknown thread id"));
		}
		(void)db_stmt_free(s);
	}
	(void)db_free(d);
}

/* Between transactions a cut is not seen, within one it undoes all of it; statements live on. */
static void test_cut(void **state)
{
	struct db *d;
	struct db_stmt *put, *walk_all = NULL;

	if (scratch_is("sqlite:"))
		return; /* there is nothing to cut */
	(void)hub_free(scratch_hub(HUB_WRITE));
	d = open_db();
	put = statement(d, "INSERT INTO writer (id, turns) VALUES (?, 0)");
	ok(db_prepare_walk(d, "SELECT id FROM writer ORDER BY id", &walk_all, &e));
	assert_int_equal(db_step(walk_all, NULL), 1);
	db_reset(walk_all);
	cut_all();
	ok(db_begin(d, true, &e));
	db_bind_i64(put, 1, 2);
	ok(db_run(put, &e));
	cut_all();
	db_bind_i64(put, 1, 3);
	assert_int_equal(db_run(put, NULL), -EIO);
	assert_int_equal(db_commit(d, NULL), -EIO);
	assert_false(db_in_transaction(d));
	ok(db_begin(d, true, &e));
	db_bind_i64(put, 1, 4);
	ok(db_run(put, &e));
	ok(db_commit(d, &e));
	assert_int_equal(db_step(walk_all, NULL), 1);
	assert_int_equal(db_i64(walk_all, 0), 1);
	assert_int_equal(db_step(walk_all, NULL), 1);
	assert_int_equal(db_i64(walk_all, 0), 4);
	assert_int_equal(db_step(walk_all, NULL), 0);
	(void)db_stmt_free(walk_all);
	(void)db_stmt_free(put);
	(void)db_free(d);
}

/* Six processes find no hub at the same time: each ends up with one, of the right version. */
static void test_migrate_at_once(void **state)
{
	pid_t pid[6];
	int status;

	for (size_t i = 0; i < NELEM(pid); i++) {
		pid[i] = fork();
		assert_true(pid[i] >= 0);
		if (pid[i] == 0) {
			struct hub *h = NULL;
			int r;

			while ((r = hub_open(scratch_url, HUB_WRITE, &h, NULL)) == -EAGAIN)
				;
			(void)hub_free(h);
			_exit(r == 0 ? 0 : 1);
		}
	}
	for (size_t i = 0; i < NELEM(pid); i++) {
		assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
		assert_int_equal(status, 0);
	}
	(void)hub_free(scratch_hub(HUB_READ));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)
	const struct CMUnitTest tests[] = {
		T(test_integers),
		T(test_reals),
		T(test_bytes),
		T(test_walk),
		T(test_views),
		T(test_cut),
		T(test_migrate_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
