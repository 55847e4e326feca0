/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The inbox: who is served when, what goes in the transaction that folds it, what is forgotten when that fails. */
#include "scratch.h"

#include "ledger/hub_inbox.h"
#include "ledger/hub_priv.h"
#include "ledger/hub_sensor.h"
#include "ledger/inbox_sender.h"

static void put(
    struct db *d, const char *host, const char *producer, int64_t seq, struct span bytes)
{
	struct db_stmt *s = NULL;

	ok(db_prepare(d,
	    "INSERT INTO inbox (host, producer, seq, sent, received, bytes) VALUES (?, ?, ?, ?, ?, "
	    "?)",
	    &s, &e));
	db_bind_text(s, 1, span_str(host));
	db_bind_text(s, 2, span_str(producer));
	db_bind_i64(s, 3, seq);
	db_bind_i64(s, 4, NOW + seq);
	db_bind_i64(s, 5, NOW);
	db_bind_blob(s, 6, bytes);
	ok(db_run(s, &e));
	(void)db_stmt_free(s);
}

static void fill(const char *host, const char *producer, int64_t n)
{
	struct db *d = NULL;

	ok(db_open(scratch_url, true, &d, &e));
	ok(db_exec(d, "BEGIN", &e));
	for (int64_t i = 1; i <= n; i++)
		put(d, host, producer, i, SPAN("x"));
	ok(db_exec(d, "COMMIT", &e));
	(void)db_free(d);
}

struct seen {
	struct hub *h;
	struct buf text;
	unsigned n, enough; /* enough: after so many; 0: never */
};

static int see(void *ctx, const struct hub_inbox_row *row)
{
	struct seen *s = ctx;

	buf_fmt(&s->text, "%.*s.%.*s.%jd ", SPAN_ARG(row->host), SPAN_ARG(row->producer),
	    (intmax_t)row->seq);
	assert_true(span_is(row->bytes, "x"));
	assert_int_equal(row->sent_s, NOW + row->seq);
	assert_int_equal(row->received_s, NOW);
	hub_inbox_take(s->h, row);
	return ++s->n == s->enough;
}

static void walk(struct hub *h, unsigned max, unsigned enough, const char *want)
{
	struct seen s = { .h = h, .enough = enough };
	struct hub_folded sum = { .batches = 0 };

	buf_init(&s.text, 1 << 20);
	buf_str(&s.text, "");
	ok(hub_inbox_walk(h, max, see, &s, &e));
	assert_string_equal(s.n ? s.text.p : "", want);
	ok(hub_inbox_commit(h, &sum, &e));
	assert_int_equal(sum.batches, 0);
	buf_done(&s.text);
}

static void left(struct hub *h, uint64_t n, uint64_t bytes)
{
	struct hub_inbox_depth d;

	ok(hub_inbox_depth(h, UINT32_MAX, &d, &e));
	assert_int_equal(d.batches, n);
	assert_int_equal(d.bytes, bytes);
	assert_int_equal(d.oldest_s, n ? NOW : 0);
}

/* However much one sends, under however many names, everybody has his share in every walk. */
static void test_turns(void **state)
{
	struct hub *h = scratch_hub(HUB_WRITE);
	struct hub_inbox_depth d;

	walk(h, 8, 0, "");
	fill("flood", "a", 100);
	fill("flood", "b", 100);
	fill("m", "collect", 3);
	fill("m", "good", 1);
	fill("z", "collect", 2);
	left(h, 206, 206);
	ok(hub_inbox_depth(h, 3, &d, &e));
	assert_int_equal(d.over, 2);
	assert_int_equal(d.of_most, 200);
	assert_string_equal(d.most, "flood");
	ok(hub_inbox_depth(h, 200, &d, &e));
	assert_int_equal(d.over, 0);
	walk(h, 6, 0, "flood.a.1 flood.a.2 m.collect.1 m.collect.2 z.collect.1 z.collect.2 ");
	/* of a host another producer comes first, and what was the last one is next to last */
	walk(h, 6, 0, "flood.b.1 flood.b.2 flood.b.3 m.good.1 m.collect.3 ");
	walk(h, 3, 0, "flood.a.3 flood.a.4 flood.a.5 ");
	walk(h, 1, 0, "flood.b.4 ");
	fill("a", "collect", 2);
	/* more hosts than batches: one each, in turn */
	walk(h, 1, 0, "a.collect.1 ");
	walk(h, 1, 0, "flood.a.6 ");
	walk(h, 1, 0, "a.collect.2 ");
	walk(h, 200, 2, "flood.b.5 flood.b.6 "); /* enough */
	left(h, 188, 188);
	(void)hub_free(h);
	h = scratch_hub(HUB_WRITE); /* never more at once than can be remembered */
	fill("flood", "c", 300);
	for (unsigned i = 0; i < 2; i++) {
		struct seen s = { .h = h };
		struct hub_folded sum = { .batches = 0 };

		buf_init(&s.text, 1 << 20);
		ok(hub_inbox_walk(h, 1000, see, &s, &e));
		assert_int_equal(s.n, i ? 488 - HUB_INBOX_TAKEN_MAX : HUB_INBOX_TAKEN_MAX);
		ok(hub_inbox_commit(h, &sum, &e));
		buf_done(&s.text);
	}
	left(h, 0, 0);
	(void)hub_free(h);
}

static void batch_of(uint64_t sequence, struct batch *ret)
{
	static const char line[] = "2026-09-20T01:00:00Z\t11.0.0.1\tspam\t2\tfull\ta\tsmtp\t\n";
	struct batch_writer w;
	struct batch_name name;
	struct buf packed;

	batch_writer_init(&w);
	buf_init(&packed, BATCH_FILE_MAX);
	assert_int_equal(batch_writer_add(&w, SPAN(line)), 0);
	assert_int_equal(batch_name_make("m", "collect", sequence, &name, NULL), 0);
	assert_int_equal(batch_pack(&w, &name, BATCH_EVENTS, NOW, SPAN(""), &packed, NULL), 0);
	assert_int_equal(batch_unpack(buf_text(&packed), &name, ret, NULL), 0);
	buf_done(&packed);
	batch_writer_done(&w);
}

static int add(void *ctx, const struct hub_inbox_row *row)
{
	struct hub *h = ctx;
	struct batch b;

	batch_of((uint64_t)row->seq, &b);
	assert_true(hub_fold_add(h, &b, NOW, NULL) >= 0);
	batch_done(&b);
	hub_inbox_take(h, row);
	return 0;
}

/* Counted and gone, or neither. */
static void test_once(void **state)
{
	struct hub *h = scratch_hub(HUB_WRITE), *other = scratch_hub(HUB_WRITE);
	struct hub_folded sum = { .batches = 0 };
	struct hub_totals t;
	struct batch b;

	fill("m", "collect", 3);
	ok(hub_inbox_walk(h, 8, add, h, &e));
	ok(hub_begin(other, &e)); /* the commit fails: the lock is another's */
	assert_int_equal(hub_inbox_commit(h, &sum, NULL), -EAGAIN);
	hub_rollback(other);
	left(h, 3, 3);
	ok(hub_inbox_commit(h, &sum, &e)); /* all is forgotten */
	assert_int_equal(sum.batches, 0);
	left(h, 3, 3);
	ok(hub_inbox_walk(h, 8, add, h, &e));
	batch_of(2, &b);
	ok(hub_fold_batch(other, &b, NOW, NULL, &e)); /* meanwhile, by another one */
	batch_done(&b);
	assert_int_equal(hub_inbox_commit(h, &sum, NULL), -EAGAIN);
	left(h, 3, 3);
	ok(hub_inbox_walk(h, 8, add, h, &e));
	ok(hub_inbox_commit(h, &sum, &e));
	assert_int_equal(sum.batches, 2);
	assert_int_equal(sum.lines, 2);
	left(h, 0, 0);
	fill("m", "collect", 3); /* sent again: known, and gone */
	ok(hub_inbox_walk(h, 8, add, h, &e));
	ok(hub_inbox_commit(h, &sum, &e));
	assert_int_equal(sum.batches, 2);
	left(h, 0, 0);
	ok(hub_totals(h, &t, &e));
	assert_int_equal(t.events, 6);
	assert_int_equal(t.batches, 3);
	(void)hub_free(other);
	(void)hub_free(h);
}

static void lines_are(struct hub *h, const char *host, const char *lines, const char *want)
{
	struct buf b;

	buf_init(&b, HUB_SENSOR_LINES_MAX);
	ok(hub_sensor_lines(h, host, span_str(lines), DAY, &b, &e));
	assert_string_equal(b.p, want);
	buf_done(&b);
}

static int group_is(void *ctx, const struct hub_source *s)
{
	assert_string_equal(s->group, "m");
	assert_false(s->anchor);
	assert_true(s->trust > 0.09 && s->trust < 0.11);
	++*(unsigned *)ctx;
	return 0;
}

/* A sensor's sources are its own, whatever it calls them; and they are few, in one group. */
static void test_sources(void **state)
{
#define L "1\t11.0.0.1\tspam\t1\tfull\t"
	struct hub *h = scratch_hub(HUB_WRITE);
	char lines[8192] = "", want[8192] = "";
	unsigned n = 0;
	char long_host[BATCH_HOST_MAX + 1] = "";

	lines_are(h, "m", L "ssh\tx\td\n" L "ssh\n", L "m_ssh\tx\td\n" L "m_ssh\n");
	lines_are(h, "m", "#c\n\nno\tline\n" L "\tx\n", "#c\n\nno\tline\n" L "\tx\n");
	lines_are(h, "m", L "\\x73\tx\n", L "\tx\n"); /* no way around by escapes */
	lines_are(h, "m", L "z_ssh\tx\n", L "m_z_ssh\tx\n");
	(void)snprintf(lines, sizeof(lines), L "%0*d\tx\n" L "%0*d\tx\n", 62, 0, 63, 0);
	(void)snprintf(want, sizeof(want), L "m_%0*d\tx\n" L "\tx\n", 62, 0);
	lines_are(h, "m", lines, want);
	memset(long_host, 'h', BATCH_HOST_MAX);
	lines_are(h, long_host, L "s\tx\n", L "\tx\n");
	for (unsigned i = 0; i < 70; i++) {
		(void)snprintf(lines, sizeof(lines), L "s%u\tx\n", i);
		if (i < HUB_SENSOR_SOURCES_MAX - 3)
			(void)snprintf(want, sizeof(want), L "m_s%u\tx\n", i);
		else
			(void)snprintf(want, sizeof(want), L "m_" HUB_SENSOR_OVERFLOW "\tx\n");
		lines_are(h, "m", lines, want);
	}
	ok(hub_each_source(h, group_is, &n, &e));
	assert_int_equal(n, HUB_SENSOR_SOURCES_MAX + 1);
	(void)hub_free(h);
}

/* What the tables themselves refuse. */
static void test_bounds(void **state)
{
	static const struct {
		const char *label, *sql;
	} rows[] = {
		{ "no host", "INSERT INTO inbox VALUES ('', 'p', 1, 1, 1, '')" },
		{ "no producer", "INSERT INTO inbox VALUES ('h', '', 1, 1, 1, '')" },
		{ "no number", "INSERT INTO inbox VALUES ('h', 'p', 0, 1, 1, '')" },
		{ "twice", "INSERT INTO inbox VALUES ('h', 'p', 1, 1, 1, '')" },
	};
	char large[BATCH_FILE_MAX + 200];
	struct db *d = NULL;

	(void)hub_free(scratch_hub(HUB_WRITE));
	ok(db_open(scratch_url, true, &d, &e));
	ok(db_exec(d, rows[3].sql, &e));
	for (size_t i = 0; i < NELEM(rows); i++)
		if (db_exec(d, rows[i].sql, NULL) >= 0)
			fail_msg("%s", rows[i].label);
	(void)snprintf(large, sizeof(large), "INSERT INTO inbox VALUES ('h', 'p', 2, 1, 1, '%0*d')",
	    (int)BATCH_FILE_MAX + 1, 0);
	assert_true(db_exec(d, large, NULL) < 0);
	(void)snprintf(large, sizeof(large), "INSERT INTO inbox VALUES ('h', 'p', 2, 1, 1, '%0*d')",
	    (int)BATCH_FILE_MAX, 0);
	if (scratch_is("sqlite:")) /* a text there */
		assert_true(db_exec(d, large, NULL) == 0);
	else
		ok(db_exec(d, large, &e));
	(void)db_free(d);
}

/* A sensor's end: no name of its own but the user's, and what is there already is no trouble. */
static void test_sender(void **state)
{
	struct inbox_sender *s = NULL;
	uint64_t waiting = 0;
	struct batch_name n;
	struct hub *h;

	if (scratch_is("sqlite:")) {
		assert_int_equal(inbox_sender_open(scratch_url, &s, NULL), -EOPNOTSUPP);
		assert_int_equal(access(scratch_file, F_OK), -1);
		return;
	}
	assert_true(inbox_sender_open(scratch_url, &s, NULL) < 0); /* no hub yet */
	h = scratch_hub(HUB_WRITE);
	ok(inbox_sender_open(scratch_url, &s, &e));
	assert_int_equal(batch_name_make(inbox_sender_host(s), "p", 7, &n, NULL), 0);
	assert_int_equal(inbox_send(s, &n, SPAN("x"), NOW, NULL), 1);
	assert_int_equal(inbox_send(s, &n, SPAN("y"), NOW, NULL), 0);
	n.sequence++;
	assert_int_equal(inbox_send(s, &n, SPAN("x"), NOW, NULL), 1);
	fill("other", "p", 3); /* it does not see */
	assert_int_equal(inbox_sender_waiting(s, &waiting, NULL), 1);
	assert_int_equal(waiting, 2);
	(void)inbox_sender_free(s);
	scratch_sql("DROP VIEW inbox_mine"); /* a hub that does not tell */
	s = NULL;
	ok(inbox_sender_open(scratch_url, &s, &e));
	assert_int_equal(inbox_sender_waiting(s, &waiting, NULL), 0);
	n.sequence++;
	assert_int_equal(inbox_send(s, &n, SPAN("x"), NOW, NULL), 1);
	(void)inbox_sender_free(s);
	(void)hub_free(h);
}

static void test_grants(void **state)
{
	struct hub *h = scratch_hub(HUB_WRITE);
	struct buf b;

	buf_init(&b, 65536);
	if (scratch_is("sqlite:")) {
		assert_int_equal(hub_inbox_grants(h, "h", NULL, "x", &b, NULL), -EOPNOTSUPP);
	} else {
		static const char *const no[] = { "", "-h", "h'x", "h\"x", "h x", "h;x", "h\nx",
			"h%x" };

		for (size_t i = 0; i < NELEM(no); i++)
			assert_int_equal(hub_inbox_grants(h, no[i], NULL, "x", &b, NULL), -EINVAL);
		assert_int_equal(hub_inbox_grants(h, "h", "'", "x", &b, NULL), -EINVAL);
		assert_int_equal(hub_inbox_grants(h, "h", "", "x", &b, NULL), -EINVAL);
		assert_int_equal(b.len, 0);
		ok(hub_inbox_grants(h, "h.example.net", "10.0.0.0/8", "x", &b, &e));
		assert_non_null(strstr(b.p, "GRANT INSERT (producer, seq, sent, bytes) ON "));
		assert_non_null(strstr(b.p, "inbox_mine TO "));
	}
	buf_done(&b);
	(void)hub_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_turns, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(test_once, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(test_sources, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(test_bounds, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(test_sender, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(test_grants, scratch_setup, scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
