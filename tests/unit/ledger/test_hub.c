/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The hub against doc/contracts/ledger.md: schema, sources, runs, scores, decisions. */
#include "scratch.h"

#include <fcntl.h>
#include <sqlite3.h>

#include "ledger/hub_priv.h"
#include "util/buf.h"
#include "util/file.h"

static int put_text(void *ctx, int n, char **v, char **name)
{
	struct buf *b = ctx;

	buf_fmt(b, "%s;\n", v[0]);
	return 0;
}

/* What a migrated database says of itself must be what the golden file says, word for word. */
static void test_schema(void **state)
{
	if (!scratch_is("sqlite:"))
		return; /* test_columns is of all */
	char path[512];
	struct buf want, got;
	sqlite3 *c = NULL;

	(void)hub_free(scratch_hub(HUB_WRITE));
	(void)hub_free(scratch_hub(HUB_WRITE)); /* a second time changes nothing */
	buf_init(&want, 1 << 20);
	buf_init(&got, 1 << 20);
	(void)snprintf(
	    path, sizeof(path), "%s/tests/golden/ledger-schema.sql", getenv("ONUS_SOURCE"));
	ok(file_read(path, &want, &e));
	assert_int_equal(sqlite3_open(scratch_file, &c), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(c, "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name",
		put_text, &got, NULL),
	    SQLITE_OK);
	assert_string_equal(got.p, want.p);
	assert_int_equal(sqlite3_close(c), SQLITE_OK);
	buf_done(&want);
	buf_done(&got);
}

/* Columns in the words of all engines: what every one of them says of its hub must be the same. */
static const char *class_of(struct span type)
{
	static const struct {
		const char *begins, *class;
	} classes[] = { { "int", "integer" }, { "bigint", "integer" }, { "smallint", "integer" },
		{ "tinyint", "integer" }, { "INTEGER", "integer" }, { "text", "text" },
		{ "TEXT", "text" }, { "varbinary(16)", "blob" }, { "varbinary", "text" },
		{ "mediumtext", "text" }, { "double", "real" }, { "REAL", "real" },
		{ "bytea", "blob" }, { "BLOB", "blob" }, { "blob", "blob" },
		{ "mediumblob", "blob" } };

	for (size_t i = 0; i < NELEM(classes); i++)
		if (span_starts(type, classes[i].begins))
			return classes[i].class;
	fail_msg("a type of no class: %.*s", SPAN_ARG(type));
	return "";
}

#define KEY_OF                                                                                     \
	"coalesce((SELECT k.ordinal_position FROM information_schema.key_column_usage k "          \
	"JOIN information_schema.table_constraints t ON t.constraint_name = k.constraint_name "    \
	"AND t.table_schema = k.table_schema AND t.table_name = k.table_name "                     \
	"WHERE t.constraint_type = 'PRIMARY KEY' AND k.table_schema = c.table_schema "             \
	"AND k.table_name = c.table_name AND k.column_name = c.column_name), 0)"
#define COLUMNS_OF(schema, type)                                                                   \
	"SELECT c.table_name, c.column_name, c." type ", c.is_nullable = 'NO', " KEY_OF            \
	" FROM information_schema.columns c WHERE c.table_schema = " schema                        \
	" AND c.table_name NOT LIKE '%!_p_%' ESCAPE '!' AND c.table_name NOT LIKE '%!_rest' "      \
	"ESCAPE '!'"			    /* periods of a table */                               \
	" AND c.table_name <> 'inbox_mine'" /* a view, which SQLite has no use for */              \
	" ORDER BY c.table_name, c.ordinal_position"

/* The three schemas agree: each engine's own catalogue against one golden file. */
static void test_columns(void **state)
{
	static const struct {
		const char *scheme, *sql;
	} catalogues[] = {
		{ "sqlite:",
		    "SELECT m.name, p.name, p.type, p.\"notnull\", p.pk FROM sqlite_master m, "
		    "pragma_table_info(m.name) p WHERE m.type = 'table' "
		    "ORDER BY m.name, p.cid" },
		{ "postgresql:", COLUMNS_OF("current_schema()", "data_type") },
		{ "mysql:", COLUMNS_OF("database()", "column_type") },
	};
	char path[512];
	struct buf want, got;
	struct db *d = NULL;
	struct db_stmt *s = NULL;
	int r = 0;

	(void)hub_free(scratch_hub(HUB_WRITE));
	buf_init(&want, 1 << 20);
	buf_init(&got, 1 << 20);
	(void)snprintf(
	    path, sizeof(path), "%s/tests/golden/ledger-columns.txt", getenv("ONUS_SOURCE"));
	ok(file_read(path, &want, &e));
	ok(db_open(scratch_url, true, &d, &e));
	for (size_t i = 0; i < NELEM(catalogues); i++)
		if (scratch_is(catalogues[i].scheme))
			ok(db_prepare(d, catalogues[i].sql, &s, &e));
	assert_non_null(s);
	while ((r = db_step(s, NULL)) == 1)
		buf_fmt(&got, "%.*s\t%.*s\t%s\t%s\t%d\n", SPAN_ARG(db_text(s, 0)),
		    SPAN_ARG(db_text(s, 1)), class_of(db_text(s, 2)),
		    db_i64(s, 3) ? "not null" : "", (int)db_i64(s, 4));
	assert_int_equal(r, 0);
	assert_string_equal(got.p, want.p);
	(void)db_stmt_free(s);
	(void)db_free(d);
	buf_done(&want);
	buf_done(&got);
}

static void test_open(void **state)
{
	static const struct {
		const char *label, *url;
		int want;
	} urls[] = {
		{ "no scheme", "/var/lib/hub", -EINVAL },
		{ "unknown engine", "oracle:here", -EINVAL },
		{ "a password", "postgresql:dbname=x password=y", -EINVAL },
		{ "a password in the other form", "postgresql://me:secret@localhost/x", -EINVAL },
		{ "no setting of PostgreSQL", "postgresql:colour=red", -EINVAL },
		{ "a password of MariaDB", "mysql:database=x password=y", -EINVAL },
		{ "no setting of MariaDB", "mysql:database=x colour=red", -EINVAL },
		{ "no database", "mysql:host=localhost", -EINVAL },
		{ "no port", "mysql:host=localhost port=66000 database=x", -EINVAL },
		{ "no host", "mysql:host=a,,b database=x", -EINVAL },
		{ "no silence", "mysql:host=a database=x silence=0", -EINVAL },
		{ "no MariaDB at any host", "mysql:host=127.0.0.1:1,[::1]:1 database=x", -EIO },
		{ "no MariaDB there", "mysql:socket=/nonexistent database=x", -EIO },
		{ "no server there", "postgresql:host=/nonexistent dbname=x", -EIO },
		{ "no path", "sqlite:", -EINVAL },
		{ "no such directory", "sqlite:/nonexistent/hub", -EIO },
	};
	struct hub *h = NULL;

	for (size_t i = 0; i < NELEM(urls); i++) {
		struct err e = { "" };

		print_message("%s\n", urls[i].label);
		assert_int_equal(hub_open(urls[i].url, HUB_WRITE, &h, &e), urls[i].want);
		assert_true(e.text[0]);
	}
	assert_int_equal(hub_open(scratch_url, HUB_READ, &h, NULL), -ENOENT);
	if (scratch_is("sqlite:"))
		ok(file_write(scratch_file, SPAN(""), &e));
	assert_int_equal(hub_open(scratch_url, HUB_READ, &h, NULL), -ENOENT);
	(void)hub_free(scratch_hub(HUB_WRITE));
	(void)hub_free(scratch_hub(HUB_READ));
	scratch_sql("INSERT INTO migration (version) VALUES (999)");
	assert_int_equal(hub_open(scratch_url, HUB_READ, &h, NULL), -EBADMSG);
	assert_int_equal(hub_open(scratch_url, HUB_WRITE, &h, NULL), -EBADMSG);
	if (!scratch_is("sqlite:"))
		return;
	ok(file_write(
	    scratch_file, SPAN("this is no database at all, but long enough to be one"), &e));
	assert_int_equal(hub_open(scratch_url, HUB_WRITE, &h, NULL), -EBADMSG);
}

struct seen {
	unsigned n;
	struct buf text;
};

static int see_source(void *ctx, const struct hub_source *s)
{
	struct seen *seen = ctx;

	buf_fmt(&seen->text, "%d %s %d %d %d %s %.2f %d\n", (int)s->id, s->name, (int)s->kind,
	    s->anchor, s->redistribute, s->group, s->trust, (int)s->first_day);
	return 0;
}

static void test_sources(void **state)
{
	struct hub *h = scratch_hub(HUB_WRITE);
	struct hub_source s = { .name = "sshd",
		.kind = HUB_SOURCE_SENSOR,
		.anchor = true,
		.group = "home",
		.trust = 1,
		.redistribute = true };
	struct seen seen = { 0 };
	int32_t id = 0;

	buf_init(&seen.text, 4096);
	ok(hub_source_set(h, &s, 100, &id, &e));
	assert_int_equal(id, 1);
	ok(hub_source_set(h, &s, 101, &id, &e)); /* nothing new: no revision */
	s.group = "office";
	ok(hub_source_set(h, &s, 102, &id, &e));
	s.name = "drop";
	s.kind = HUB_SOURCE_LIST;
	s.anchor = s.redistribute = false;
	s.trust = 0.25;
	ok(hub_source_set(h, &s, 103, &id, &e));
	assert_int_equal(id, 2);
	ok(hub_each_source(h, see_source, &seen, &e));
	assert_string_equal(
	    seen.text.p, "1 sshd 0 1 1 office 1.00 100\n2 drop 2 0 0 office 0.25 103\n");
	buf_reset(&seen.text);
	ok(hub_each_source_rev(h, see_source, &seen, &e));
	assert_string_equal(seen.text.p, "1 sshd 0 1 1 home 1.00 100\n1 sshd 0 1 1 office 1.00 "
					 "102\n2 drop 2 0 0 office 0.25 103\n");
	s.trust = 1.5;
	assert_int_equal(hub_source_set(h, &s, 104, &id, NULL), -EINVAL);
	s.trust = 0.5;
	s.name = "";
	assert_int_equal(hub_source_set(h, &s, 104, &id, NULL), -EINVAL);
	buf_done(&seen.text);
	(void)hub_free(h);
}

static int see_score(void *ctx, const struct hub_score *s)
{
	struct seen *seen = ctx;

	buf_fmt(&seen->text, "%.*s %u %.1f %c %.*s %ju\n", SPAN_ARG(s->entity), s->family, s->score,
	    s->grade ? s->grade : '-', SPAN_ARG(s->reason), (uintmax_t)s->hosts);
	seen->n++;
	return 0;
}

static int see_history(void *ctx, const struct hub_run *run, const struct hub_score *s)
{
	struct seen *seen = ctx;

	buf_fmt(&seen->text, "%jd %.1f %s\n", (intmax_t)run->id, s->score, run->formula);
	return 0;
}

static void put_run(struct hub *h, int64_t at_s, double score, bool end)
{
	struct hub_run run = { .at_s = at_s, .formula = "A0-A4.1", .registry_sha = "ab" };
	struct hub_score s = { .entity = SPAN("as:64500"),
		.family = HUB_FAMILY_ALL,
		.score = score,
		.grade = 'C',
		.reason = SPAN("provisional"),
		.hosts = 7,
		.last_day = -1 };

	ok(hub_run_begin(h, &run, &e));
	ok(hub_score_put(h, run.id, &s, &e));
	s.entity = SPAN("addr:192.0.2.1");
	s.family = FAMILY_MAIL;
	s.grade = 0;
	s.reason = SPAN("too little evidence");
	ok(hub_score_put(h, run.id, &s, &e));
	if (end)
		ok(hub_run_end(h, &run, &e));
	else
		hub_rollback(h);
}

static void test_runs(void **state)
{
	struct hub *h = scratch_hub(HUB_WRITE);
	struct hub *reader = scratch_hub(HUB_READ);
	struct hub_run run;
	struct seen seen = { 0 };

	buf_init(&seen.text, 4096);
	assert_int_equal(hub_newest_run(reader, &run, NULL), 0);
	put_run(h, NOW, 50, true);
	put_run(h, NOW + 60, 40, false); /* given up: leaves nothing */
	put_run(h, NOW + 120, 30, true);
	assert_int_equal(hub_newest_run(reader, &run, NULL), 1);
	assert_int_equal(run.id, 2);
	assert_int_equal(run.at_s, NOW + 120);
	assert_string_equal(run.formula, "A0-A4.1");
	assert_string_equal(run.registry_sha, "ab");
	ok(hub_each_score(reader, run.id, see_score, &seen, &e));
	assert_string_equal(seen.text.p, "addr:192.0.2.1 1 30.0 - too little evidence 7\n"
					 "as:64500 255 30.0 C provisional 7\n");
	buf_reset(&seen.text);
	ok(hub_each_score_of(reader, SPAN("as:64500"), see_history, &seen, &e));
	assert_string_equal(seen.text.p, "1 50.0 A0-A4.1\n2 30.0 A0-A4.1\n");
	buf_done(&seen.text);
	(void)hub_free(reader);
	(void)hub_free(h);
}

/* Of runs at days 0 0 1 1 2 2 2 with two kept and one day back: the last of day 1 and the newest two. */
static void test_forget(void **state)
{
	static const int days[] = { 0, 0, 1, 1, 2, 2, 2 };
	struct hub *h = scratch_hub(HUB_WRITE);
	struct seen seen = { 0 };

	buf_init(&seen.text, 4096);
	for (size_t i = 0; i < NELEM(days); i++)
		put_run(h, NOW + days[i] * DAY_S + (int)i, 10.0 * (double)i, true);
	scratch_run_age(h, 2, 1, 1);
	ok(hub_each_score_of(h, SPAN("as:64500"), see_history, &seen, &e));
	assert_string_equal(seen.text.p, "4 30.0 A0-A4.1\n6 50.0 A0-A4.1\n7 60.0 A0-A4.1\n");
	seen.n = 0;
	ok(hub_each_score(h, 1, see_score, &seen, &e));
	assert_int_equal(seen.n, 0);
	buf_done(&seen.text);
	(void)hub_free(h);
}

static void put_scores(struct hub *h, int64_t at_s, unsigned addrs)
{
	static const char *const others[] = { "as:64500", "block:192.0.2.0/24", "country:NL",
		"net:RIPE/A", "org:RIPE/B", "prefix:192.0.2.0/23" };
	struct hub_run run = { .at_s = at_s, .formula = "x", .registry_sha = "" };
	struct hub_score s = { .family = HUB_FAMILY_ALL, .reason = SPAN(""), .last_day = -1 };
	char name[ENTITY_NAME_MAX];

	ok(hub_run_begin(h, &run, &e));
	for (unsigned i = 0; i < addrs; i++) {
		(void)snprintf(name, sizeof(name), "addr:20.0.%u.%u", i / 250, i % 250); /* fits */
		s.entity = span_str(name);
		ok(hub_score_put(h, run.id, &s, &e));
	}
	for (unsigned i = 0; i < NELEM(others); i++) {
		s.entity = span_str(others[i]);
		ok(hub_score_put(h, run.id, &s, &e));
	}
	ok(hub_run_end(h, &run, &e));
}

static unsigned scores(struct hub *h, int64_t run)
{
	struct seen seen = { 0 };

	buf_init(&seen.text, 1 << 24);
	ok(hub_each_score(h, run, see_score, &seen, &e));
	buf_done(&seen.text);
	return (unsigned)seen.n;
}

/* Days 0 to 4, the last one the newest: of day 0 nothing stays, of days 1 and 2 all but addresses and blocks. In
 * portions, and it does not matter where it was given up. */
static void test_forget_addresses(void **state)
{
	struct hub *h = scratch_hub(HUB_WRITE);
	struct hub_run_age a = { .keep = 1, .days = 3, .addr_days = 1 };
	unsigned left = 0, portions = 0;

	for (int64_t day = 0; day < 5; day++)
		put_scores(h, NOW + day * DAY_S, day == 2 ? 9000 : 10);
	ok(hub_run_forget(h, &a, &e));
	left = scores(h, 3);
	assert_true(left < 9006 && left > 5);
	a.done = 0; /* killed */
	for (int r = 1; r == 1; portions += r == 1) {
		struct err e = { "" };

		r = hub_run_forget(h, &a, &e);
		if (r < 0)
			fail_msg("%s", e.text);
	}
	assert_true(portions >= 5);
	assert_int_equal(scores(h, 1), 0);
	assert_int_equal(scores(h, 2), 5);
	assert_int_equal(scores(h, 3), 5);
	assert_int_equal(scores(h, 4), 16);
	assert_int_equal(scores(h, 5), 16);
	(void)hub_free(h);
}

static int see_decision(void *ctx, const struct hub_decision *d)
{
	struct seen *seen = ctx;

	buf_fmt(&seen->text, "%.*s %.*s %.*s %jd %d\n", SPAN_ARG(d->entity), SPAN_ARG(d->action),
	    SPAN_ARG(d->level), (intmax_t)d->until_s, (int)d->episode);
	return 0;
}

static void test_decisions(void **state)
{
	struct hub *h = scratch_hub(HUB_WRITE);
	struct hub_decision d = { .entity = SPAN("block:192.0.2.0/24"),
		.action = SPAN("drop"),
		.level = SPAN("block"),
		.since_s = 10,
		.until_s = 20,
		.reason = SPAN("why"),
		.run = 1 };
	struct seen seen = { 0 };

	buf_init(&seen.text, 4096);
	ok(hub_decision_put(h, &d, &e));
	d.until_s = 30;
	d.episode = 2;
	ok(hub_decision_put(h, &d, &e)); /* replaces */
	d.entity = SPAN("addr:192.0.2.9");
	ok(hub_decision_put(h, &d, &e));
	ok(hub_each_decision(h, see_decision, &seen, &e));
	assert_string_equal(
	    seen.text.p, "addr:192.0.2.9 drop block 30 2\nblock:192.0.2.0/24 drop block 30 2\n");
	ok(hub_decision_drop(h, SPAN("addr:192.0.2.9"), SPAN("drop"), &e));
	buf_reset(&seen.text);
	ok(hub_each_decision(h, see_decision, &seen, &e));
	assert_string_equal(seen.text.p, "block:192.0.2.0/24 drop block 30 2\n");
	d.until_s = d.since_s; /* every wall ends, and later than it starts */
	assert_int_equal(hub_decision_put(h, &d, NULL), -EINVAL);
	buf_done(&seen.text);
	(void)hub_free(h);
}

static int see_episode(void *ctx, const struct hub_episode *x)
{
	struct seen *seen = ctx;

	buf_fmt(&seen->text, "%.*s %d %jd %jd\n", SPAN_ARG(x->entity), (int)x->n,
	    (intmax_t)x->past_s, (intmax_t)x->clean_s);
	return 0;
}

/* The past of an entity outlives its decisions. */
static void test_episodes(void **state)
{
	struct hub *h = scratch_hub(HUB_WRITE);
	struct hub_episode x = { SPAN("block:192.0.2.0/24"), 1, 10, 20 };
	struct seen seen = { 0 };

	buf_init(&seen.text, 4096);
	ok(hub_begin(h, &e));
	ok(hub_episode_put(h, &x, &e));
	x.n = 2;
	x.clean_s = INT64_MAX;
	ok(hub_episode_put(h, &x, &e)); /* replaces */
	ok(hub_commit(h, &e));
	x.entity = SPAN("addr:192.0.2.9");
	ok(hub_episode_put(h, &x, &e));
	ok(hub_decision_drop(h, SPAN("block:192.0.2.0/24"), SPAN("drop"), &e));
	ok(hub_each_episode(h, see_episode, &seen, &e));
	assert_string_equal(seen.text.p, "addr:192.0.2.9 2 10 9223372036854775807\n"
					 "block:192.0.2.0/24 2 10 9223372036854775807\n");
	ok(hub_episode_drop(h, SPAN("addr:192.0.2.9"), &e));
	buf_reset(&seen.text);
	ok(hub_each_episode(h, see_episode, &seen, &e));
	assert_string_equal(seen.text.p, "block:192.0.2.0/24 2 10 9223372036854775807\n");
	buf_done(&seen.text);
	(void)hub_free(h);
}

struct seen_disputes {
	struct hub_dispute d[4];
	unsigned n;
};

static int see_dispute(void *ctx, const struct hub_dispute *d)
{
	struct seen_disputes *s = ctx;

	assert_true(s->n < NELEM(s->d));
	s->d[s->n++] = *d;
	return 0;
}

static void test_disputes(void **state)
{
	struct hub *h = scratch_hub(HUB_WRITE);
	struct seen_disputes s = { .n = 0 };
	struct hub_dispute a = { .line_id = { 1 },
		.day = DAY,
		.subject = { addr_of_v4(0x08080808), 128 },
		.category = CATEGORY_SPAM,
		.source = 7,
		.opened_s = NOW,
		.due_s = NOW + 3 * DAY_S };
	struct hub_dispute b = a;

	b.line_id[0] = 2;
	b.subject.addr = addr_of_v4(0x08080807);
	ok(hub_dispute_put(h, &a, &e));
	ok(hub_dispute_put(h, &b, &e));
	a.state = HUB_DISPUTE_UPHELD;
	a.closed_s = NOW + 5;
	ok(hub_dispute_put(h, &a, &e));
	ok(hub_each_dispute(h, see_dispute, &s, &e));
	assert_int_equal(s.n, 2);
	assert_int_equal(s.d[0].line_id[0], 2);
	assert_int_equal(s.d[0].closed_s, 0);
	assert_int_equal(s.d[1].state, HUB_DISPUTE_UPHELD);
	assert_int_equal(s.d[1].closed_s, NOW + 5);
	assert_int_equal(s.d[1].due_s, NOW + 3 * DAY_S);
	assert_int_equal(addr_v4(s.d[1].subject.addr), 0x08080808);
	assert_int_equal(s.d[1].source, 7);
	scratch_sql("UPDATE dispute SET state = 3 WHERE source = 7");
	assert_int_equal(hub_each_dispute(h, see_dispute, &s, NULL), -EBADMSG);
	scratch_sql("UPDATE dispute SET state = 0, plen = 129");
	assert_int_equal(hub_each_dispute(h, see_dispute, &s, NULL), -EBADMSG);
	(void)hub_free(h);
}

static int see_tenure(void *ctx, const struct hub_tenure *t)
{
	struct buf *b = ctx;
	char range[RANGE_TEXT_MAX];

	(void)range_format(t->range, range);
	buf_fmt(b, "%s %.*s %d-%d %.*s\n", range, SPAN_ARG(t->holder), t->from_day, t->to_day,
	    SPAN_ARG(t->rule));
	return 0;
}

static void test_tenure(void **state)
{
	static const struct {
		const char *range, *holder;
		int32_t from, to;
	} rows[] = { { "8.8.8.0/24", "R/C", 20, 0 }, { "8.8.0.0/16", "R/B", 9, 0 },
		{ "8.8.8.0/24", "R/A", 5, 20 }, { "8.8.8.0/24", "R/C", 20, 0 },
		{ "2a00::/32", "R/D", 7, 0 }, { "8.8.9.0/24", "R/A", 5, 0 } };
	struct hub *h = scratch_hub(HUB_WRITE);
	struct buf b;

	buf_init(&b, 4096);
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct hub_tenure t = { .holder = span_str(rows[i].holder),
			.from_day = rows[i].from,
			.to_day = rows[i].to,
			.rule = SPAN("rule") };

		assert_int_equal(range_parse(span_str(rows[i].range), &t.range), 0);
		ok(hub_tenure_put(h, &t, &e));
	}
	ok(hub_each_tenure_at(h, addr_of_v4(0x08080808), see_tenure, &b, &e));
	buf_byte(&b, '\0');
	assert_string_equal(b.p, "8.8.0.0/16 R/B 9-0 rule\n8.8.8.0/24 R/A 5-20 rule\n"
				 "8.8.8.0/24 R/C 20-0 rule\n");
	buf_reset(&b);
	ok(hub_each_tenure_at(h, addr_of_v4(0x08090000), see_tenure, &b, &e));
	assert_int_equal(b.len, 0);
	ok(hub_each_tenure(h, see_tenure, &b, &e));
	buf_byte(&b, '\0');
	assert_string_equal(b.p, "8.8.0.0/16 R/B 9-0 rule\n8.8.8.0/24 R/A 5-20 rule\n"
				 "8.8.8.0/24 R/C 20-0 rule\n8.8.9.0/24 R/A 5-0 rule\n"
				 "2a00::/32 R/D 7-0 rule\n");
	scratch_sql("UPDATE tenure SET to_day = 5 WHERE from_day = 5");
	assert_int_equal(hub_each_tenure(h, see_tenure, &b, NULL), -EBADMSG);
	scratch_sql("UPDATE tenure SET to_day = NULL, from_day = 0 WHERE holder = 'R/D'");
	assert_int_equal(hub_each_tenure(h, see_tenure, &b, NULL), -EBADMSG);
	buf_done(&b);
	(void)hub_free(h);
}

static int see_notice(void *ctx, const struct hub_notice *n)
{
	struct buf *b = ctx;

	buf_fmt(b, "%d %.*s %.*s %d %d %d %u\n", (int)n->id, SPAN_ARG(n->entity),
	    SPAN_ARG(n->contact), (int)n->state, (int)n->sent_s, (int)n->closed_s, n->lines);
	return 0;
}

static void test_notices(void **state)
{
	struct hub *h = scratch_hub(HUB_WRITE);
	struct hub_notice n = { .entity = SPAN("as:64500"),
		.contact = SPAN("abuse@example.net"),
		.opened_s = NOW,
		.lines = 3 };
	struct buf seen;
	int64_t id = 0;

	buf_init(&seen, 1 << 16);
	ok(hub_notice_put(h, &n, &id, &e));
	assert_int_equal(id, 1);
	ok(hub_notice_put(h, &n, &id, &e));
	assert_int_equal(id, 2);
	n.id = 1;
	n.state = HUB_NOTICE_CLEAN;
	n.sent_s = 10;
	n.closed_s = 20;
	ok(hub_notice_put(h, &n, &id, &e));
	assert_int_equal(id, 1);
	ok(hub_each_notice(h, see_notice, &seen, &e));
	assert_string_equal(seen.p, "1 as:64500 abuse@example.net 3 10 20 3\n"
				    "2 as:64500 abuse@example.net 0 0 0 3\n");
	scratch_sql("UPDATE notice SET state = 4 WHERE id = 2");
	assert_int_equal(hub_each_notice(h, see_notice, &seen, NULL), -EBADMSG);
	buf_done(&seen);
	(void)hub_free(h);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)
	const struct CMUnitTest tests[] = {
		T(test_schema),
		T(test_columns),
		T(test_open),
		T(test_sources),
		T(test_runs),
		T(test_forget),
		T(test_forget_addresses),
		T(test_decisions),
		T(test_episodes),
		T(test_disputes),
		T(test_tenure),
		T(test_notices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
