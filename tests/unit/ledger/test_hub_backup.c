/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A hub into a stream of bytes and back: doc/contracts/backup.md. What is saved is of SQLite; it comes back into the engine
 * of ONUS_TEST_HUB, or into another SQLite, and from there into a third hub. */
#include "scratch.h"

#include <sqlite3.h>

#include "ledger/hub_backup.h"
#include "ledger/hub_setting.h"
#include "util/buf.h"

static void run_sql(const char *file, const char *sql)
{
	sqlite3 *c = NULL;
	char *why = NULL;

	assert_int_equal(sqlite3_open(file, &c), SQLITE_OK);
	if (sqlite3_exec(c, sql, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", sql, why);
	assert_int_equal(sqlite3_close(c), SQLITE_OK);
}

/* Something in every table; numbers and bytes at their ends. */
static void fill(void)
{
	run_sql(scratch_file,
	    "INSERT INTO source VALUES (1, 'sshd', 0, 1, 20000, 1), (2, 'drop', 2, 0, -1, 0);"
	    "INSERT INTO source_rev VALUES (1, 1, 20000, 'a', 1.0), (2, 1, 20001, 'b', 0.1);"
	    "INSERT INTO inbox VALUES ('h', 'p', 9223372036854775807, 7, 1, x'0001ff');"
	    "INSERT INTO batch VALUES ('h', 'p', 1, 2, 3, 4, 5, 1);"
	    "INSERT INTO ledger VALUES (20000, x'00000000000000000000ffff0b000001', 128, 5, 1, 0, "
	    "'smtp', 0, 5), (20000, x'00000000000000000000ffff0b000002', 128, 5, 1, 0, '', 255, 1);"
	    "INSERT INTO change VALUES (1, 0, x'', 0, 0, 0, 0, 0);"
	    "INSERT INTO evidence VALUES (20000, x'00000000000000000000ffff0b000001', 128, 5, 1, "
	    "0, "
	    "1, 's', x'00', x'00ff00');"
	    "INSERT INTO good VALUES (20000, x'01', 1, 1, 7);"
	    "INSERT INTO dispute VALUES (x'aa', 1, x'bb', 128, 1, 1, 0, 1, 2, NULL),"
	    "(x'ab', 1, x'bb', 128, 1, 1, 1, 1, 2, 3);"
	    "INSERT INTO tenure VALUES (x'01', x'02', 'RIPE/A', 1, NULL, 'statistics-twice');"
	    "INSERT INTO run VALUES (1, 2, 'onus-8', '', 0, 1);"
	    "INSERT INTO score_day VALUES (1, 'as:1', 255, 0.1, 1e-300, 3.5, 99.999, NULL, 'few', "
	    "1, "
	    "2, 3, 4, 5, 6, -0.0), (1, 'as:2', 255, 0.3, 1, 3.5, 9, 'F', '', 1, 2, 3, 4, 5, 6, 0);"
	    "INSERT INTO decision VALUES ('addr:11.0.0.1', 'drop', 'block', 1, 2, 'r', 1, 0);"
	    "INSERT INTO episode VALUES ('addr:11.0.0.1', 2, 1, -1);"
	    "INSERT INTO notice VALUES (1, 'as:1', 'abuse@example.net', 1, 1, NULL, NULL, 5);"
	    "INSERT INTO setting VALUES ('allow/11.0.0.0/24', '', 1);"
	    "INSERT INTO audit VALUES (1, 2, 'alice', 'allow/11.0.0.0/24', NULL, '', 'why');");
}

static int sink(void *ctx, struct span bytes, struct err *e)
{
	buf_span(ctx, bytes);
	return buf_ok(ctx) ? 0 : -ENOMEM;
}

struct pieces {
	struct span left;
	size_t most; /* at a time */
};

static ssize_t source(void *ctx, char *to, size_t n, struct err *e)
{
	struct pieces *p = ctx;
	size_t k = MIN_OF(MIN_OF(n, p->most), span_len(p->left));

	memcpy(to, p->left.p, k);
	p->left.p += k;
	return (ssize_t)k;
}

static void save(struct hub *h, struct buf *b, struct hub_contents *c)
{
	buf_init(b, 1 << 20);
	ok(hub_backup(h, NOW, sink, b, c, &e));
}

static struct hub *lite(const char *name, enum hub_mode mode)
{
	char url[160];
	struct hub *h = NULL;

	(void)snprintf(url, sizeof(url), "sqlite:%s/%s", scratch_dir, name);
	ok(hub_open(url, mode, &h, &e));
	return h;
}

static struct hub *other(void)
{
	return getenv("ONUS_TEST_HUB") ? scratch_hub(HUB_WRITE) : lite("other.sqlite", HUB_WRITE);
}

static void forget(const char *name)
{
	char path[160];

	(void)snprintf(path, sizeof(path), "%s/%s", scratch_dir, name);
	assert_int_equal(remove(path), 0);
}

static struct hub *other_away(struct hub *h)
{
	(void)hub_free(h);
	if (getenv("ONUS_TEST_HUB"))
		scratch_empty();
	else
		forget("other.sqlite");
	return NULL;
}

static int restore(
    struct hub *h, struct span text, size_t most, struct hub_contents *c, struct err *e)
{
	struct pieces p = { text, most };

	return hub_restore(h, source, &p, c, e);
}

static int take_name(void *ctx, int n, char **v, char **name)
{
	buf_fmt(ctx, "%s ", v[0]);
	return 0;
}

/* Whoever adds a table adds it to backups, or says here why not: migration is made by every hub itself, hours out of
 * the ledger, and writer, where there is one, holds nothing. */
static void test_all_tables(void **state)
{
	sqlite3 *c = NULL;
	struct buf has, want;

	(void)hub_free(lite("hub.sqlite", HUB_WRITE));
	buf_init(&has, 65536);
	buf_init(&want, 65536);
	assert_int_equal(sqlite3_open(scratch_file, &c), SQLITE_OK);
	for (unsigned i = 0; hub_backup_table(i); i++) {
		char sql[200];

		(void)snprintf(sql, sizeof(sql),
		    "SELECT '%s' || count(*) FROM pragma_table_info('%s')", hub_backup_table(i),
		    hub_backup_table(i));
		assert_int_equal(sqlite3_exec(c, sql, take_name, &has, NULL), SQLITE_OK);
	}
	assert_int_equal(
	    sqlite3_exec(c,
		"SELECT m.name || (SELECT count(*) FROM pragma_table_info(m.name)) FROM "
		"sqlite_master m WHERE type = 'table' AND name NOT IN ('migration', 'writer', "
		"'hours') "
		"ORDER BY rowid",
		take_name, &want, NULL),
	    SQLITE_OK);
	assert_int_equal(has.len, want.len);
	for (struct span rest = buf_text(&want), word; span_cut(&rest, ' ', &word);) {
		char text[100];

		(void)snprintf(text, sizeof(text), "%.*s ", SPAN_ARG(word));
		if (!strstr(has.p, text))
			fail_msg("%s is in no backup", text);
	}
	assert_int_equal(sqlite3_close(c), SQLITE_OK);
	buf_done(&has);
	buf_done(&want);
}

static void same(const struct hub_contents *a, const struct hub_contents *b)
{
	assert_int_equal(a->n, b->n);
	for (unsigned t = 0; t < a->n; t++)
		if (!rows_sum_same(&a->v[t].sum, &b->v[t].sum))
			fail_msg("table %s is another one", a->v[t].table);
}

static void test_round(void **state)
{
	static const size_t pieces[] = { 1, 7, 1 << 20 };
	struct hub_contents was, is, again;
	struct hub *h, *third;
	struct buf b, c;

	h = lite("hub.sqlite", HUB_WRITE);
	fill();
	save(h, &b, &was);
	(void)hub_free(h);
	assert_int_equal(was.n, 17);
	assert_int_equal(was.rows, 22);
	for (size_t i = 0; i < NELEM(pieces); i++) {
		h = other();
		ok(restore(h, buf_text(&b), pieces[i], &is, &e));
		assert_int_equal(is.at_s, NOW);
		assert_int_equal(is.rows, was.rows);
		ok(hub_measure(h, &again, &e));
		same(&was, &again);
		assert_int_equal(restore(h, buf_text(&b), 99, &is, NULL), -EEXIST);
		save(h, &c, &again); /* what came back can be saved */
		third = lite("third.sqlite", HUB_WRITE);
		ok(restore(third, buf_text(&c), 4096, &is, &e));
		same(&was, &is);
		(void)hub_free(third);
		forget("third.sqlite");
		buf_done(&c);
		h = other_away(h);
	}
	run_sql(scratch_file, "UPDATE ledger SET count = count + 1 WHERE hour = 255");
	h = lite("hub.sqlite", HUB_READ);
	ok(hub_measure(h, &again, &e));
	assert_false(rows_sum_same(&was.v[4].sum, &again.v[4].sum));
	assert_true(rows_sum_same(&was.v[5].sum, &again.v[5].sum));
	(void)hub_free(h);
	buf_done(&b);
}

/* Cut anywhere, or with any bit turned: an error, and the hub is as empty as before. */
static void test_damaged(void **state)
{
	size_t every = getenv("ONUS_TEST_HUB") ? 37 : 1; /* a server takes longer */
	struct hub_contents was, is;
	struct buf b;
	struct hub *h;

	h = lite("hub.sqlite", HUB_WRITE);
	fill();
	save(h, &b, &was);
	(void)hub_free(h);
	h = other();
	for (size_t n = 0; n < b.len; n += every) {
		struct err e = { "" };

		assert_int_equal(restore(h, span_of(b.p, n), 1 << 16, &is, &e), -EBADMSG);
		assert_true(e.text[0]);
	}
	for (size_t n = 0; n < b.len; n += every) {
		struct err e = { "" };
		bool instant = n >= sizeof(ROWS_HEADER) + 3 && n < sizeof(ROWS_HEADER) + 11;
		bool version = n == sizeof(ROWS_HEADER) - 1; /* an older one is read */

		if (instant || version)
			continue;
		b.p[n] = (char)(b.p[n] ^ 0x40);
		if (restore(h, buf_text(&b), 1 << 16, &is, &e) >=
		    0) /* or the engine refuses the row */
			fail_msg("byte %zu: %s", n, e.text);
		b.p[n] = (char)(b.p[n] ^ 0x40);
	}
	buf_byte(&b, 'x');
	assert_int_equal(restore(h, buf_text(&b), 1 << 16, &is, NULL), -EBADMSG);
	b.len--;
	ok(restore(h, buf_text(&b), 1 << 16, &is, &e)); /* it was empty all the time */
	(void)other_away(h);
	buf_done(&b);
}

static int see_old(void *ctx, const struct hub_change *c)
{
	assert_true(span_is(c->who, "alice") && !c->new_value.p && span_empty(c->why));
	(*(unsigned *)ctx)++;
	return 0;
}

/* Of a backup that is older than a column, the column is NULL; a column or table that nobody knows is no backup of
 * ours. */
static void test_versions(void **state)
{
	static const struct {
		const char *label, *table, *column;
		uint32_t version;
		int want;
	} cases[] = {
		{ "as it is", "audit", "name", 1, 0 },
		{ "unknown table", "audits", "name", 1, -EBADMSG },
		{ "unknown column", "audit", "names", 1, -EBADMSG },
		{ "later", "audit", "name", 999, -EBADMSG },
	};

	for (size_t i = 0; i < NELEM(cases); i++) {
		struct rows_column c[] = { { "id", ROWS_INT }, { "at", ROWS_INT },
			{ "who", ROWS_TEXT }, { "", ROWS_TEXT } };
		struct rows_field f[] = { { .i = 1 }, { .i = 2 }, { .bytes = SPAN("alice") },
			{ .bytes = SPAN("own/11.0.0.0/8") } };
		struct rows_sum sum = { 0 };
		struct hub_contents is;
		struct err why = { "" };
		struct hub *h = other();
		unsigned seen = 0;
		struct buf b;
		int r;

		buf_init(&b, 4096);
		(void)snprintf(c[3].name, sizeof(c[3].name), "%s", cases[i].column);
		rows_put_head(&b, cases[i].version, NOW);
		rows_put_table(&b, cases[i].table, c, NELEM(c));
		rows_put_row(&b, c, f, NELEM(c), &sum);
		rows_put_table_end(&b, &sum);
		rows_put_end(&b, 1);
		r = restore(h, buf_text(&b), 4096, &is, &why);
		if (r != cases[i].want)
			fail_msg("%s: %d %s", cases[i].label, r, why.text);
		ok(hub_each_revision(h, see_old, &seen, &e));
		assert_int_equal(seen, r == 0);
		(void)other_away(h);
		buf_done(&b);
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)
	const struct CMUnitTest tests[] = {
		T(test_all_tables),
		T(test_round),
		T(test_damaged),
		T(test_versions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
