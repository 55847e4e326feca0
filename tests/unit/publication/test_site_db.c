/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reputation.sqlite against doc/contracts/reputation-sqlite.md: rows in, the golden dump out. */
#include "standings.h"

#include <errno.h>
#include <sqlite3.h>

#include "publication/site_db.h"

static char dir[512], path[600], older[600];

struct ids {
	struct site_db *db;
	char names[NELEM(golden_standings)][ENTITY_NAME_MAX];
	int64_t n;
};

static void add(void *ctx, const struct standing *s)
{
	struct ids *ids = ctx;
	int64_t id;
	struct err e;

	if (site_db_entity(ids->db, s, s->asn ? SPAN("org:EXAMPLE/hosting") : SPAN(""), &id, &e) <
	    0)
		fail_msg("%s", e.text);
	assert_int_equal(id, ids->n + 1);
	(void)entity_format(s->entity, ids->names[ids->n++]);
}

static int64_t id_of(const struct ids *ids, const char *name)
{
	for (int64_t i = 0; i < ids->n; i++)
		if (strcmp(ids->names[i], name) == 0)
			return i + 1;
	fail_msg("%s", name);
	return 0;
}

/* One range in another, and one beside both: reach is that of the wider one until it ends. */
static void tell_tenures(struct site_db *db)
{
	static const struct {
		const char *range, *holder;
		int32_t from, to;
	} rows[] = {
		{ "192.0.2.0/23", "RIPE/OLD", DAY_20000 - 9, DAY_20000 },
		{ "192.0.2.0/23", "RIPE/NEW", DAY_20000, 0 },
		{ "192.0.2.0/24", "RIPE/OLD", DAY_20000 - 9, DAY_20000 },
		{ "2001:db8::/32", "RIPE/NEW", DAY_20000, 0 },
	};

	for (size_t i = 0; i < NELEM(rows); i++) {
		struct site_tenure t = { .holder = span_str(rows[i].holder),
			.from_day = rows[i].from,
			.to_day = rows[i].to };
		struct err e;

		assert_int_equal(range_parse(span_str(rows[i].range), &t.range), 0);
		assert_int_equal(site_db_tenure(db, &t, &e), 0);
	}
}

static void fill(const char *old)
{
	struct ids ids = { 0 };
	struct err e;

	if (site_db_new(path, old, &ids.db, &e) < 0)
		fail_msg("%s", e.text);
	golden_each(add, &ids);
	for (size_t i = 0; i < NELEM(golden_standings); i++) {
		const struct golden_standing *g = &golden_standings[i];
		int64_t id = id_of(&ids, g->entity);
		struct site_evidence ev = { id, DAY_20000, CATEGORY_BRUTE_FORCE, SPAN("sshd"),
			g->hosts, g->events };
		struct site_history h = { id, DAY_20000, g->score, g->grade };

		struct site_factor f = { id, FAMILY_ATTACK, 2, "/16", 23, 12, 0.5, 1.38e-5 };

		assert_int_equal(site_db_factor(ids.db, &f, &e), 0);
		if (g->parent)
			assert_int_equal(site_db_parent(ids.db, id, id_of(&ids, g->parent), &e), 0);
		assert_int_equal(site_db_evidence(ids.db, &ev, &e), 0);
		assert_int_equal(site_db_history_hosts(ids.db, id, DAY_20000, g->hosts, &e), 0);
		assert_int_equal(site_db_history(ids.db, &h, &e), 0);
	}
	assert_int_equal(site_db_history_older(ids.db, DAY_20000 - 90, DAY_20000, &e), 0);
	assert_int_equal(site_db_meta_i64(ids.db, "generation", 7, &e), 0);
	assert_int_equal(site_db_meta(ids.db, "site_name", SPAN("ex\tample"), &e), 0);
	assert_int_equal(site_db_name(ids.db, SPAN("Example Hosting"),
			     id_of(&ids, "org:EXAMPLE/hosting"), "org:EXAMPLE/hosting", &e),
	    0);
	assert_int_equal(site_db_name(ids.db, SPAN("Another Carrier"), 0, "as:64499", &e), 0);
	tell_tenures(ids.db);
	if (site_db_finish(ids.db, &e) < 0)
		fail_msg("%s", e.text);
	(void)site_db_free(ids.db);
}

static int dump_row(void *ctx, int n, char **values, char **columns)
{
	struct buf *b = ctx;

	(void)columns;
	for (int i = 0; i < n; i++)
		buf_fmt(b, "%s%s", i ? "|" : "", values[i] ? values[i] : "NULL");
	buf_byte(b, '\n');
	return 0;
}

static void dump(const char *file, const char *sql, struct buf *b)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open_v2(file, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	if (sqlite3_exec(db, sql, dump_row, b, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	(void)sqlite3_close(db);
}

static void test_golden(void **state)
{
	static const char *const tables[] = {
		"SELECT sql FROM sqlite_schema WHERE name NOT LIKE 'name_%' AND sql IS NOT NULL "
		"ORDER BY name",
		"PRAGMA user_version",
		"PRAGMA integrity_check",
		"SELECT * FROM meta ORDER BY key",
		"SELECT id, kind, name, title, asn, org, country, hex(range_first), "
		"hex(range_last), announced,"
		" announced_v6, hosts, events, first_day, last_day, expected, \"returning\", "
		"arrivals, ratio,"
		" low, high, score, grade, reason, groups, rank FROM entity ORDER BY kind, rank",
		"SELECT * FROM parent",
		"SELECT hex(first), hex(last), holder, from_day, to_day, hex(reach) FROM tenure",
		"SELECT * FROM evidence",
		"SELECT * FROM factor WHERE entity < 3",
		"SELECT * FROM history",
		"SELECT * FROM decision",
		"SELECT title, entity, subject FROM name WHERE name MATCH 'hosting'",
		"SELECT title, entity, subject FROM name WHERE name MATCH 'carr*'",
	};
	struct buf b;

	buf_init(&b, 1u << 20);
	fill(NULL);
	for (size_t i = 0; i < NELEM(tables); i++)
		dump(path, tables[i], &b);
	golden_same("reputation-sqlite.txt", buf_text(&b));
	buf_done(&b);
	assert_int_equal(unlink(path), 0);
}

/* What was published on earlier days is carried over by name; today's is today's. */
static void test_history(void **state)
{
	struct buf b;

	fill(NULL);
	assert_int_equal(rename(path, older), 0);
	{
		sqlite3 *db;

		assert_int_equal(sqlite3_open(older, &db), SQLITE_OK);
		assert_int_equal(
		    sqlite3_exec(db,
			"UPDATE history SET day = day - 1, score = 11, grade = 'E'; DELETE FROM "
			"history WHERE "
			"entity > 2; INSERT INTO history VALUES(1, 20000, 99, 'A', 5), (1, 100, "
			"98, 'A', 5), "
			"(2, 19998, NULL, NULL, 5); "
			"UPDATE entity SET id = id + 100; UPDATE history SET entity = entity + 100",
			NULL, NULL, NULL),
		    SQLITE_OK);
		(void)sqlite3_close(db);
	}
	fill(older);
	buf_init(&b, 65536);
	dump(path, "SELECT * FROM history WHERE entity <= 2", &b);
	assert_string_equal(b.p, "1|19999|11.0|E|0\n1|20000|41.5|D|3\n"
				 "2|19999|11.0|E|0\n2|20000|12.25|E|1\n");
	buf_done(&b);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(unlink(older), 0);
}

static void test_refused(void **state)
{
	struct entity en = entity_as(1);
	struct standing s = { .entity = &en };
	struct site_db *db;
	struct err e;
	int64_t id;

	assert_int_equal(
	    file_write(older, SPAN("no database at all, but long enough to be read"), &e), 0);
	assert_int_equal(site_db_new(path, older, &db, &e), -EBADMSG);
	assert_int_equal(site_db_new(older, NULL, &db, &e), -EEXIST);
	assert_int_equal(site_db_new("/nonexistent/x", NULL, &db, &e), -EIO);
	assert_int_equal(site_db_new(path, NULL, &db, &e), 0);
	assert_int_equal(site_db_entity(db, &s, SPAN(""), &id, &e), 0);
	assert_int_equal(site_db_entity(db, &s, SPAN(""), &id, &e), -EEXIST);
	(void)site_db_free(db);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(unlink(older), 0);
}

static void test_generation(void **state)
{
	struct err e;
	sqlite3 *sql;

	fill(NULL);
	assert_int_equal(site_db_generation(path), 7);
	assert_int_equal(sqlite3_open(path, &sql), SQLITE_OK);
	assert_int_equal(sqlite3_exec(sql, "PRAGMA user_version = 2", NULL, NULL, NULL), SQLITE_OK);
	(void)sqlite3_close(sql);
	assert_int_equal(site_db_generation(path), -1);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(site_db_generation(path), -1);
	assert_int_equal(
	    file_write(path, SPAN("no database at all, but long enough to be read"), &e), 0);
	assert_int_equal(site_db_generation(path), -1);
	assert_int_equal(unlink(path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_history),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_generation),
	};
	char name[] =
	    "/tmp/onus-test-site?db#%-XXXXXX"; /* characters that mean something in a URI */
	int failed;

	assert_non_null(mkdtemp(name));
	(void)snprintf(dir, sizeof(dir), "%s", name);
	(void)snprintf(path, sizeof(path), "%s/reputation.sqlite", dir);
	(void)snprintf(older, sizeof(older), "%s/older.sqlite", dir);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	(void)unlink(path);
	(void)unlink(older);
	(void)rmdir(dir);
	return failed;
}
