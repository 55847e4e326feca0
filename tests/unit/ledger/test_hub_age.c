/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ledger grows old: hours become days, old days go, periods are there in time; hubs of older versions keep all
 * their rows. */
#include "scratch.h"

#include <sys/wait.h>

#include "ledger/hub_priv.h"
#include "ledger/period.h"
#include "util/buf.h"
#include "util/embedded.h"

extern const struct embedded sql_sqlite[], sql_mariadb[], sql_postgresql[];

static int64_t number(struct hub *h, const char *sql)
{
	int64_t n = 0;

	ok(hub_number(h, sql, &n, &e));
	return n;
}

#define SOME "'0123456789abcdef'" /* an address, or what else is of 16 bytes */

/* Bytes in SQLite's own words. */
static void put(struct db *d, const char *sql)
{
	struct buf b;

	buf_init(&b, 8192);
	while (*sql) {
		bool some = scratch_is("sqlite:") && strncmp(sql, SOME, sizeof(SOME) - 1) == 0;

		if (some)
			buf_str(&b, "x'30313233343536373839616263646566'");
		else
			buf_byte(&b, *sql);
		sql += some ? sizeof(SOME) - 1 : 1;
	}
	ok(db_exec(d, b.p, &e));
	buf_done(&b);
}

/* Rows of days before one. */
static int before(struct hub *h, const char *table, int32_t day)
{
	char sql[256];

	(void)snprintf(
	    sql, sizeof(sql), "SELECT count(*) FROM %s WHERE day < %d", table, (int)day); /* fits */
	return (int)number(h, sql);
}

static void fold(struct hub *h, uint64_t sequence, struct span lines)
{
	struct batch_writer w;
	struct batch_name name;
	struct buf packed;
	struct batch b;
	struct span line;

	batch_writer_init(&w);
	buf_init(&packed, BATCH_FILE_MAX);
	while (!span_empty(lines)) {
		const char *from = lines.p;

		assert_true(span_cut(&lines, '\n', &line));
		assert_int_equal(batch_writer_add(&w, (struct span){ from, lines.p }), 0);
	}
	ok(batch_name_make("h", "collect", sequence, &name, &e));
	ok(batch_pack(&w, &name, BATCH_EVENTS, NOW, SPAN(""), &packed, &e));
	ok(batch_unpack(buf_text(&packed), &name, &b, &e));
	{
		struct err e = { "" };
		int r = hub_fold_batch(h, &b, NOW, NULL, &e);

		if (r != 1)
			fail_msg("%d %s", r, e.text);
	}
	batch_done(&b);
	buf_done(&packed);
	batch_writer_done(&w);
}

/* Events of one day: hosts of two kinds, each in as many hours, of two services; a batch an hour. */
static void fold_day(struct hub *h, uint64_t sequence, int32_t day, unsigned hosts, unsigned hours)
{
	for (unsigned k = 0; k < hours; k++) {
		struct buf b;

		buf_init(&b, 1 << 20);
		for (unsigned i = 0; i < hosts; i++)
			buf_fmt(&b, "%jd\t11.0.%u.%u\tbrute-force\t%u\tfull\ta\t%s\tx\n",
			    (intmax_t)(day * (int64_t)DAY_S + k * 3600), i / 200, i % 200, 1 + k,
			    i % 2 ? "sshd" : "");
		assert_true(buf_ok(&b));
		fold(h, sequence * 100 + k, buf_text(&b));
		buf_done(&b);
	}
}

struct sums {
	struct buf text;
	struct hub_ledger_row last;
	uint64_t count, rows, with_hours;
};

static void flush(struct sums *s)
{
	char subject[PREFIX_TEXT_MAX];

	if (!s->count)
		return;
	(void)prefix_format(s->last.subject, subject);
	buf_fmt(&s->text, "%d %s %d %d %d %s %ju\n", (int)(s->last.day - DAY), subject,
	    s->last.category, s->last.proof, (int)s->last.source, *s->last.service ? "sshd" : "",
	    (uintmax_t)s->count);
	s->count = 0;
}

static int see(void *ctx, const struct hub_ledger_row *row)
{
	struct sums *s = ctx;
	bool sshd = strcmp(row->service, "sshd") == 0;

	if (s->count &&
	    (s->last.day != row->day || !addr_eq(s->last.subject.addr, row->subject.addr) ||
		s->last.category != row->category || (*s->last.service != '\0') != sshd))
		flush(s);
	s->last = *row;
	s->last.service = sshd ? "sshd" : "";
	s->count += row->count;
	s->rows++;
	s->with_hours += row->hour != HUB_HOUR_DAY;
	return 0;
}

/* What the ledger says of days, whatever its hours. */
static void sums_of(struct hub *h, struct sums *ret)
{
	*ret = (struct sums){ .count = 0 };
	buf_init(&ret->text, 1 << 24);
	ok(hub_each_ledger(h, 0, INT32_MAX, NULL, see, ret, &e));
	flush(ret);
	assert_true(buf_ok(&ret->text));
}

static void same(const struct sums *want, struct hub *h, uint64_t rows, uint64_t with_hours)
{
	struct sums got;

	sums_of(h, &got);
	assert_string_equal(got.text.p, want->text.p);
	assert_int_equal(got.rows, rows);
	assert_int_equal(got.with_hours, with_hours);
	buf_done(&got.text);
}

/* The same by one statement, where there are very many: two hours of each host, and a sample. */
static void put_day(struct hub *h, int32_t day, unsigned hosts)
{
	bool quoted = scratch_is("postgresql:");
	struct buf rows, samples;

	buf_init(&rows, 1 << 22);
	buf_init(&samples, 1 << 22);
	buf_str(&rows,
	    "INSERT INTO ledger (day, addr, plen, category, source, proof, service, hour, "
	    "count) VALUES ");
	buf_str(&samples,
	    "INSERT INTO evidence (day, addr, plen, category, source, n, time, service, "
	    "digest, detail) VALUES ");
	for (unsigned i = 0; i < hosts; i++) {
		char addr[64];

		(void)snprintf(addr, sizeof(addr), quoted ? "'\\x%032x'" : "x'%032x'", i + 1);
		for (int k = 0; k < 2; k++)
			buf_fmt(&rows, "%s(%d, %s, 128, 1, 1, 0, '', %d, %u)", i || k ? "," : "",
			    (int)day, addr, k * 7, i + 1);
		for (int k = 0; k < 2; k++)
			buf_fmt(&samples, "%s(%d, %s, 128, 1, 1, %d, 5, 's', %s, 'd')",
			    i || k ? "," : "", (int)day, addr, k, addr);
	}
	assert_true(buf_ok(&rows) && buf_ok(&samples));
	ok(db_exec(h->db, rows.p, &e));
	ok(db_exec(h->db, samples.p, &e));
	ok(hub_hours_note(h, day, 1, &e));
	buf_done(&rows);
	buf_done(&samples);
}

static void test_hours(void **state)
{
	struct hub *h = scratch_hub(HUB_WRITE);
	struct sums was;

	fold_day(h, 1, DAY - 9, 300, 5);
	fold_day(h, 2, DAY - 8, 10, 3);
	fold_day(h, 3, DAY, 10, 2);
	fold(h, 4, SPAN("1789200000\t12.0.0.0/24\tspam\t7\tweak\tb\t\n"));
	sums_of(h, &was);
	assert_int_equal(number(h, "SELECT count(*) FROM hours"), 3);
	scratch_age(h, 0, DAY - 8);
	same(&was, h, 300 + 30 + 20 + 1, 50);
	assert_int_equal(before(h, "hours", DAY - 8), 0);
	scratch_age(h, 0, DAY - 8); /* nothing to do */
	buf_done(&was.text);

	/* late rows come with their hours, and go the same way the next time */
	fold_day(h, 5, DAY - 9, 3, 2);
	fold(h, 6, SPAN("1789171200\t11.0.0.1\tbrute-force\t1\tfull\tc\tsshd\n"));
	sums_of(h, &was);
	assert_int_equal(was.rows, 300 + 30 + 20 + 1 + 6 + 1);
	scratch_age(h, 0, DAY - 8);
	same(&was, h, 300 + 30 + 20 + 1 + 1, 50);
	scratch_age(h, 0, DAY + 1);
	same(&was, h, 300 + 10 + 10 + 1 + 1, 0);
	assert_int_equal(number(h, "SELECT count(*) FROM hours"), 0);
	buf_done(&was.text);
	(void)hub_free(h);
}

/* More than a portion, and between portions the process is killed, or a batch of the same day comes. */
static void test_portions(void **state)
{
	struct hub *h = scratch_hub(HUB_WRITE), *other;
	struct hub_age a = { .today = DAY, .hours_day = DAY };
	struct sums was;
	uint64_t steps = 0;
	int r = 1;

	put_day(h, DAY - 1, 4200);
	fold_day(h, 2, DAY - 2, 1, 2);
	sums_of(h, &was);
	while (r == 1) {
		struct err e = { "" };

		r = hub_age(h, &a, &e);
		if (r < 0)
			fail_msg("%s", e.text);
		h = hub_free(h); /* as if killed, as far as the database knows */
		h = scratch_hub(HUB_WRITE);
		if (steps++ % 3 == 0)
			a = (struct hub_age){
				.today = DAY, .hours_day = DAY, .stage = a.stage, .table = a.table
			};
		if (number(h, "SELECT count(*) FROM ledger WHERE hour = 255") > 1500)
			break;
	}
	assert_int_equal(r, 1);
	{
		struct sums half;

		sums_of(h, &half);
		assert_string_equal(half.text.p, was.text.p);
		assert_true(half.with_hours > 100);
		buf_done(&half.text);
	}
	/* of an address that was passed already */
	other = scratch_hub(HUB_WRITE);
	fold_day(other, 3, DAY - 1, 1, 24);
	buf_done(&was.text);
	sums_of(other, &was);
	while (r == 1) {
		struct err e = { "" };

		r = hub_age(h, &a, &e);
	}
	assert_int_equal(r, 0);
	scratch_age(h, 0, DAY);
	same(&was, h, 4200 + 1 + 1, 0);
	assert_int_equal(number(h, "SELECT count(*) FROM hours"), 0);
	assert_true(number(h, "SELECT count(*) FROM evidence") > 8400 - 1);
	scratch_age(h, DAY, 0); /* more than a portion again */
	assert_int_equal(number(h, "SELECT count(*) FROM evidence"), 0);
	assert_int_equal(number(h, "SELECT count(*) FROM ledger"), 0);
	buf_done(&was.text);
	(void)hub_free(other);
	(void)hub_free(h);
}

/* A batch that comes while its day is under way is rolled up with it or the next time. */
static void test_mark(void **state)
{
	struct hub *h = scratch_hub(HUB_WRITE), *other = scratch_hub(HUB_WRITE);
	struct hub_age a = { .today = DAY, .hours_day = DAY };
	struct err e = { "" };
	int r = 1;

	fold_day(h, 1, DAY - 1, 2, 2);
	while (r == 1 && !a.day)
		r = hub_age(h, &a, &e);
	fold_day(other, 2, DAY - 1, 1, 1); /* the day's first portion was all of it */
	while (r == 1)
		r = hub_age(h, &a, &e);
	assert_int_equal(r, 0);
	assert_int_equal(number(h, "SELECT count(*) FROM hours"), 1);
	scratch_age(h, 0, DAY);
	assert_int_equal(number(h, "SELECT count(*) FROM ledger"), 2);
	assert_int_equal(number(h, "SELECT sum(count) FROM ledger"), 7);
	assert_int_equal(number(h, "SELECT count(*) FROM hours"), 0);
	(void)hub_free(other);
	(void)hub_free(h);
}

static void test_forgotten(void **state)
{
	struct hub *h = scratch_hub(HUB_WRITE);
	struct hub_totals t;

	fold_day(h, 1, DAY - 40, 3, 2);
	fold_day(h, 2, DAY - 30, 2, 2);
	fold_day(h, 3, DAY, 2, 2);
	put(h->db, "INSERT INTO good (day, addr, kind, source, count) VALUES "
		   "(20000, '0123456789abcdef', 1, 1, 5), (30000, '0123456789abcdef', 1, 1, 5)");
	put(h->db,
	    "INSERT INTO dispute (line_id, day, addr, plen, category, source, state, opened, "
	    "due, closed) VALUES ('0123456789abcdea', 20000, '0123456789abcdef', 128, 5, 1, 1, "
	    "1, 2, 3), ('0123456789abcdeb', 20000, '0123456789abcdef', 128, 5, 1, 0, 1, 2, "
	    "NULL), ('0123456789abcdec', 30000, '0123456789abcdef', 128, 5, 1, 2, 1, 2, 3)");
	/* batches: long ago (two of a producer, one of them its newest), and a newer number received earlier */
	scratch_sql(
	    "INSERT INTO batch (host, producer, seq, received, \"lines\", refused, events, n) "
	    "VALUES ('old', 'p', 1, 1600000000, 1, 0, 1, 10), "
	    "('old', 'p', 2, 1600000000, 1, 0, 1, 11), "
	    "('old', 'q', 2, 1600000000, 1, 0, 1, 12), "
	    "('old', 'q', 1, 1600000000, 1, 0, 1, 13)");
	scratch_age(h, DAY - 30, 0);
	assert_int_equal(before(h, "ledger", DAY - 30), 0);
	assert_int_equal(before(h, "evidence", DAY - 30), 0);
	assert_int_equal(number(h, "SELECT count(*) FROM ledger"), 8);
	assert_int_equal(number(h, "SELECT count(*) FROM evidence"), 8);
	assert_int_equal(number(h, "SELECT count(*) FROM good"), 1);
	assert_int_equal(number(h, "SELECT count(*) FROM dispute"), 2);
	assert_int_equal(number(h, "SELECT count(*) FROM dispute WHERE state = 1"), 0);
	/* 1 to 6 are of today, 10 goes, 11 and 12 are the newest of theirs, 13 is the last of all */
	assert_int_equal(number(h, "SELECT count(*) FROM batch"), 9);
	assert_int_equal(number(h, "SELECT count(*) FROM batch WHERE n = 10"), 0);
	fold_day(h, 4, DAY, 1, 1); /* n = 14 */
	ok(hub_totals(h, &t, &e));
	assert_int_equal(t.cursor, 14);
	scratch_age(h, DAY - 30, 0);
	assert_int_equal(number(h, "SELECT count(*) FROM batch"), 9);
	assert_int_equal(number(h, "SELECT count(*) FROM batch WHERE n = 13"), 0);
	(void)hub_free(h);
}

/* --- periods ------------------------------------------------------------------------------------- */

/* The bounds of a table's periods, and how many rows of days are in which; '' where the engine has none. */
static void periods(struct hub *h, struct buf *ret)
{
	static const struct {
		const char *scheme, *sql;
	} words[] = {
		{ "postgresql:",
		    "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
		    "WHERE i.inhparent = 'ledger'::regclass ORDER BY length(c.relname), "
		    "c.relname" },
		{ "mysql:",
		    "SELECT concat('ledger_', partition_name) FROM information_schema.partitions "
		    "WHERE table_schema = database() AND table_name = 'ledger' "
		    "ORDER BY length(partition_name), partition_name" },
	};

	buf_init(ret, 65536);
	buf_str(ret, "");
	for (size_t i = 0; i < NELEM(words); i++) {
		CLEANUP(db_stmt_free_p) struct db_stmt *s = NULL;
		struct err e = { "" };
		int r = 0;

		if (!scratch_is(words[i].scheme))
			continue;
		assert_int_equal(db_prepare(h->db, words[i].sql, &s, &e), 0);
		while ((r = db_step(s, &e)) == 1)
			buf_fmt(ret, "%.*s ", SPAN_ARG(db_text(s, 0)));
		assert_int_equal(r, 0);
	}
}

static void expect_periods(struct hub *h, const char *want)
{
	struct buf b;

	periods(h, &b);
	assert_string_equal(b.p, want);
	buf_done(&b);
}

static bool has_periods(void)
{
	return !scratch_is("sqlite:");
}

/* Rows of the ledger in one of its periods. */
static int rows_in(struct hub *h, const char *period)
{
	char sql[128];

	if (scratch_is("postgresql:"))
		(void)snprintf(sql, sizeof(sql), "SELECT count(*) FROM ledger_%s", period);
	else
		(void)snprintf(
		    sql, sizeof(sql), "SELECT count(*) FROM ledger PARTITION (%s)", period);
	return (int)number(h, sql);
}

static void put_row(struct hub *h, int32_t day)
{
	char sql[256];

	(void)snprintf(sql, sizeof(sql),
	    "INSERT INTO ledger (day, addr, plen, category, source, proof, service, hour, count) "
	    "VALUES (%d, '0123456789abcdef', 128, 1, 1, 0, 's', 255, 1)",
	    (int)day);
	put(h->db, sql);
}

/* Days so far ahead that the server's own clock does not matter: a hub begins with the period of its making. */
#define FAR	28000
#define FAR_(n) (FAR + 28 * (n))

static void age_at(struct hub *h, int32_t today, int32_t first_day, const char *put_off)
{
	struct hub_age a = { .today = today, .first_day = first_day };
	struct err e = { "" };
	int r;

	while ((r = hub_age(h, &a, &e)) == 1)
		;
	if (r < 0)
		fail_msg("%s", e.text);
	if (!put_off)
		assert_string_equal(a.put_off.text, "");
	else if (!strstr(a.put_off.text, put_off))
		fail_msg("\"%s\", wanted %s", a.put_off.text, put_off);
}

static void test_periods(void **state)
{
	struct hub *h = scratch_hub(HUB_WRITE);
	char first[32] = "";
	struct buf b;

	put_row(h, 100);
	put_row(h, FAR - 1);
	age_at(h, FAR - 1, 0, NULL); /* rest had a row of it */
	age_at(h, FAR - 1, 0, NULL);
	periods(h, &b);
	if (has_periods())
		(void)snprintf(first, sizeof(first), "p%.6s", strstr(b.p, "_p") + 2);
	first[strcspn(first, " ")] = '\0';
	buf_done(&b);
	put_row(h, FAR + 1);
	put_row(h, FAR_(1) + 1); /* beyond all: rest */
	put_row(h, 101);	 /* before all */
	if (has_periods()) {
		assert_int_equal(rows_in(h, first), 2);
		assert_int_equal(rows_in(h, "p28000"), 1);
		assert_int_equal(rows_in(h, "p28028"), 1);
		assert_int_equal(rows_in(h, "rest"), 1);
	}
	assert_int_equal(number(h, "SELECT count(*) FROM ledger"), 5);
	age_at(h, FAR_(1), 0, NULL);
	if (has_periods()) {
		assert_int_equal(rows_in(h, "rest"), 0);
		assert_int_equal(rows_in(h, "p28056"), 1);
		assert_int_equal(rows_in(h, "p28084"), 0);
	}
	/* those that are wholly old go; the first one stays for what may come of before */
	age_at(h, FAR_(1), FAR + 1, NULL);
	expect_periods(h,
	    has_periods() ? "ledger_rest ledger_p28000 ledger_p28028 ledger_p28056 ledger_p28084 "
			  : "");
	assert_int_equal(number(h, "SELECT count(*) FROM ledger"), 2);
	put_row(h, 50);
	put_row(h, FAR - 5);
	if (has_periods())
		assert_int_equal(rows_in(h, "p28000"), 2);
	age_at(h, FAR_(1), FAR + 2, NULL); /* and of the one that is partly old, what is */
	assert_int_equal(number(h, "SELECT count(*) FROM ledger"), 1);
	if (has_periods())
		assert_int_equal(rows_in(h, "p28056"), 1);
	age_at(h, FAR_(1), FAR_(8), NULL); /* all of it */
	assert_int_equal(number(h, "SELECT count(*) FROM ledger"), 0);
	put_row(h, 50);
	put_row(h, FAR_(9));
	age_at(h, FAR_(9), 0, NULL);
	assert_int_equal(number(h, "SELECT count(*) FROM ledger"), 2);
	assert_int_equal(number(h, "SELECT sum(count) FROM ledger"), 2);
	(void)hub_free(h);
}

/* Rows that are there twice are added up, in whichever period they are. */
static void test_conflict(void **state)
{
	struct hub *h = scratch_hub(HUB_WRITE);
	struct sums was;

	age_at(h, DAY, 0, NULL);
	fold_day(h, 1, DAY - 200, 2, 2);
	fold_day(h, 2, DAY, 2, 2);
	fold_day(h, 3, DAY - 200, 2, 2);
	fold_day(h, 4, DAY, 2, 2);
	sums_of(h, &was);
	assert_int_equal(was.rows, 8);
	assert_int_equal(number(h, "SELECT sum(count) FROM ledger"), 24);
	buf_done(&was.text);
	(void)hub_free(h);
}

/* Loaders that begin a day at once. */
static void test_at_once(void **state)
{
	pid_t pid[4];

	(void)hub_free(scratch_hub(HUB_WRITE));
	for (size_t i = 0; i < NELEM(pid); i++) {
		pid[i] = fork();
		assert_true(pid[i] >= 0);
		if (pid[i] == 0) {
			struct hub *h = NULL;
			struct hub_age a = { .today = FAR_(20), .first_day = FAR };
			struct err e = { "" };
			int r = hub_open(scratch_url, HUB_WRITE, &h, &e);

			while (r >= 0 && (r = hub_age(h, &a, &e)) == 1)
				;
			if (r < 0 && r != -EAGAIN) /* the other's turn: he tries again */
				print_message("%s\n", e.text);
			(void)hub_free(h);
			_exit(r < 0 && r != -EAGAIN);
		}
	}
	for (size_t i = 0; i < NELEM(pid); i++) {
		int status = 1;

		assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
		assert_int_equal(status, 0);
	}
	struct hub *h = scratch_hub(HUB_WRITE);

	age_at(h, FAR_(20), FAR, NULL);
	put_row(h, FAR_(20));
	put_row(h, FAR_(21));
	if (has_periods()) {
		assert_int_equal(rows_in(h, "p28588"), 1);
		assert_int_equal(rows_in(h, "p28616"), 1);
	}
	(void)hub_free(h);
}

/* One who reads for long is waited for a moment only, and nothing else waits for that. */
static void test_reader(void **state)
{
	struct hub *h = scratch_hub(HUB_WRITE), *reader = scratch_hub(HUB_READ);

	put_row(h, 100);
	put_row(h, FAR - 1);
	age_at(h, FAR - 1, 0, NULL);
	ok(hub_read_begin(reader, &e));
	assert_int_equal(number(reader, "SELECT count(*) FROM ledger"), 2);
	age_at(h, FAR_(5), 200, has_periods() ? "" : NULL);
	assert_int_equal(number(reader, "SELECT count(*) FROM ledger"), 2);
	hub_read_end(reader);
	assert_int_equal(number(reader, "SELECT count(*) FROM ledger"), 1);
	age_at(h, FAR_(5), 200, NULL);
	put_row(h, FAR_(5));
	if (has_periods())
		assert_int_equal(rows_in(h, "rest"), 0);
	(void)hub_free(reader);
	(void)hub_free(h);
}

/* Who reads some days reads their periods alone. */
static void test_pruning(void **state)
{
	struct hub *h = scratch_hub(HUB_WRITE);
	CLEANUP(db_stmt_free_p) struct db_stmt *s = NULL;
	struct err e = { "" };
	struct buf plan;
	int r;

	age_at(h, FAR, 0, NULL);
	if (!has_periods()) {
		(void)hub_free(h);
		return; /* it has none */
	}
	buf_init(&plan, 65536);
	r = db_prepare(h->db,
	    scratch_is("mysql:")
		? "EXPLAIN PARTITIONS SELECT day, addr FROM ledger WHERE day >= 28001 AND day <= "
		  "28010"
		: "EXPLAIN SELECT day, addr FROM ledger WHERE day >= 28001 AND day <= 28010",
	    &s, &e);
	assert_int_equal(r, 0);
	while ((r = db_step(s, &e)) == 1)
		for (int i = 0; i < (scratch_is("mysql:") ? 5 : 1); i++)
			buf_fmt(&plan, "%.*s ", SPAN_ARG(db_text(s, i)));
	assert_int_equal(r, 0);
	if (!strstr(plan.p, "p28028"))
		fail_msg("%s", plan.p);
	assert_null(strstr(plan.p, "rest"));
	assert_null(strstr(plan.p, "p28000"));
	assert_null(strstr(plan.p, "p28056"));
	buf_done(&plan);
	s = db_stmt_free(s);
	(void)hub_free(h);
}

/* --- hubs of before ------------------------------------------------------------------------------ */

static const struct embedded *files(void)
{
	return scratch_is("sqlite:")  ? sql_sqlite
	       : scratch_is("mysql:") ? sql_mariadb
				      : sql_postgresql;
}

/* A hub as onus made it at that version, with rows of several periods. */
static void make_old(struct db *d, int newest)
{
	ok(db_exec(d, "CREATE TABLE migration (version INTEGER NOT NULL PRIMARY KEY)", &e));
	for (const struct embedded *f = files(); f->name; f++) {
		int version = (f->name[0] - '0') * 100 + (f->name[1] - '0') * 10 + f->name[2] - '0';
		char done[80];

		if (version > newest)
			continue;
		ok(db_exec(d, f->text, &e));
		(void)snprintf(
		    done, sizeof(done), "INSERT INTO migration (version) VALUES (%d)", version);
		ok(db_exec(d, done, &e));
	}
	for (int i = 0; i < 40; i++) {
		char sql[1024];

		(void)snprintf(sql, sizeof(sql),
		    "INSERT INTO ledger (day, addr, plen, category, source, proof, service, hour, "
		    "count) "
		    "VALUES (%d, '0123456789abcdef', 128, 1, 1, 0, 's', %d, %d);"
		    "INSERT INTO evidence (day, addr, plen, category, source, n, time, service, "
		    "digest, "
		    "detail) VALUES (%d, '0123456789abcdef', 128, 1, 1, 0, 5, 's', "
		    "'0123456789abcdef', 'd');"
		    "INSERT INTO good (day, addr, kind, source, count) VALUES "
		    "(%d, '0123456789abcdef', 1, 1, %d)",
		    DAY - i * 10, i % 5 ? i % 24 : HUB_HOUR_DAY, i + 1, DAY - i * 10, DAY - i * 10,
		    i);
		put(d, sql);
	}
}

static void expect_old(struct hub *h)
{
	assert_int_equal(number(h, "SELECT count(*) FROM ledger"), 40);
	assert_int_equal(number(h, "SELECT sum(count) FROM ledger"), 820);
	assert_int_equal(number(h, "SELECT count(*) FROM evidence"), 40);
	assert_int_equal(number(h, "SELECT sum(count) FROM good"), 780);
	assert_int_equal(
	    number(h, "SELECT count(*) FROM hours"), 32); /* of the others, days alone */
	fold_day(h, 1, DAY, 1, 1);
	scratch_age(h, 0, DAY + 1);
	assert_int_equal(number(h, "SELECT sum(count) FROM ledger"), 821);
	assert_int_equal(number(h, "SELECT count(*) FROM ledger WHERE hour <> 255"), 0);
	scratch_age(h, DAY - 200, DAY + 1);
	assert_int_equal(number(h, "SELECT count(*) FROM ledger"), 22);
	assert_int_equal(number(h, "SELECT count(*) FROM evidence"), 22);
	assert_int_equal(number(h, "SELECT count(*) FROM good"), 21);
}

static void test_old_hub(void **state)
{
	static const int versions[] = { 4, 6 };

	for (size_t i = 0; i < NELEM(versions); i++) {
		struct db *d = NULL;
		struct hub *h;

		ok(db_open(scratch_url, true, &d, &e));
		make_old(d, versions[i]);
		if (versions[i] == 6) /* what 006 would have found */
			ok(db_exec(d,
			    "INSERT INTO hours (day, n) SELECT DISTINCT day, 0 FROM ledger WHERE "
			    "hour <> 255",
			    &e));
		d = db_free(d);
		h = scratch_hub(HUB_WRITE);
		expect_old(h);
		(void)hub_free(h);
		scratch_empty();
		(void)remove(scratch_file);
	}
}

/* Files of MariaDB bear to be applied again: the server died within one. */
static void test_half_migrated(void **state)
{
	struct db *d = NULL;
	struct hub *h;

	if (!scratch_is("mysql:"))
		return; /* elsewhere half a migration is none */
	ok(db_open(scratch_url, true, &d, &e));
	make_old(d, 4);
	for (const struct embedded *f = files(); f->name; f++) {
		const char *end = strstr(f->text, "PREPARE cut_good");
		char *part;

		if (strncmp(f->name, "006", 3) == 0)
			ok(db_exec(d, f->text, &e));
		if (strncmp(f->name, "007", 3) != 0)
			continue;
		assert_non_null(end);
		part = strndup(f->text, (size_t)(end - f->text));
		assert_non_null(part);
		ok(db_exec(d, part, &e));
		free(part);
	}
	d = db_free(d);
	h = scratch_hub(HUB_WRITE);
	expect_old(h);
	(void)hub_free(h);
}

/* Who could read before can read afterwards. */
static void test_grants(void **state)
{
	struct db *d = NULL;
	struct hub *h;

	if (!scratch_is("postgresql:"))
		return;
	ok(db_open(scratch_url, true, &d, &e));
	make_old(d, 4);
	ok(db_exec(d,
	    "DROP ROLE IF EXISTS \"a reader\"; CREATE ROLE \"a reader\";"
	    "GRANT USAGE ON SCHEMA public TO \"a reader\";"
	    "GRANT SELECT ON ALL TABLES IN SCHEMA public TO \"a reader\"",
	    &e));
	d = db_free(d);
	h = scratch_hub(HUB_WRITE);
	ok(db_exec(h->db, "SET ROLE \"a reader\"", &e));
	assert_int_equal(number(h, "SELECT count(*) FROM ledger"), 40);
	assert_int_equal(number(h, "SELECT count(*) FROM evidence"), 40);
	ok(db_exec(h->db, "RESET ROLE; DROP OWNED BY \"a reader\"; DROP ROLE \"a reader\"", &e));
	(void)hub_free(h);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)
	const struct CMUnitTest tests[] = {
		T(test_hours),
		T(test_portions),
		T(test_mark),
		T(test_forgotten),
		T(test_periods),
		T(test_conflict),
		T(test_at_once),
		T(test_reader),
		T(test_pruning),
		T(test_old_hub),
		T(test_half_migrated),
		T(test_grants),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
