/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Folding: exact sums, exactly once, refusals, samples, a locked database. */
#include "scratch.h"

#include "ledger/hub_good.h"
#include "ledger/hub_priv.h"
#include "util/buf.h"

static void batch_of(uint64_t sequence, enum batch_type type, const char *text, struct batch *ret)
{
	struct batch_writer w;
	struct batch_name name;
	struct buf packed;
	struct span rest = span_str(text), line;

	batch_writer_init(&w);
	buf_init(&packed, BATCH_FILE_MAX);
	while (!span_empty(rest)) {
		const char *from = rest.p;

		assert_true(span_cut(&rest, '\n', &line));
		assert_int_equal(batch_writer_add(&w, (struct span){ from, rest.p }), 0);
	}
	w.refused = 2;
	assert_int_equal(batch_name_make("h", "collect", sequence, &name, NULL), 0);
	assert_int_equal(batch_pack(&w, &name, type, NOW, SPAN(""), &packed, NULL), 0);
	assert_int_equal(batch_unpack(buf_text(&packed), &name, ret, NULL), 0);
	buf_done(&packed);
	batch_writer_done(&w);
}

static int fold_type(struct hub *h, uint64_t sequence, enum batch_type type, const char *text,
    struct hub_folded *ret)
{
	struct batch b;
	struct err e = { "" };
	int r;

	batch_of(sequence, type, text, &b);
	r = hub_fold_batch(h, &b, NOW, ret, &e);
	if (r < 0)
		print_message("%s\n", e.text);
	batch_done(&b);
	return r;
}

static int fold(struct hub *h, uint64_t sequence, const char *text, struct hub_folded *ret)
{
	return fold_type(h, sequence, BATCH_EVENTS, text, ret);
}

static int see_row(void *ctx, const struct hub_ledger_row *row)
{
	char subject[PREFIX_TEXT_MAX];

	(void)prefix_format(row->subject, subject);
	buf_fmt(ctx, "%d %u %s %s %d %d %s %ju\n", (int)(row->day - DAY), row->hour, subject,
	    category_name(row->category), row->proof, (int)row->source, row->service,
	    (uintmax_t)row->count);
	return 0;
}

static void expect_ledger(struct hub *h, const char *want)
{
	struct buf b;

	buf_init(&b, 65536);
	buf_str(&b, "");
	ok(hub_each_ledger(h, 0, INT32_MAX, NULL, see_row, &b, &e));
	assert_string_equal(b.p, want);
	buf_done(&b);
}

#define T0 "1789948800" /* midnight of DAY */

static void test_sums(void **state)
{
	struct hub *h = scratch_hub(HUB_WRITE);
	struct hub_folded f = { 0 };
	struct hub_totals t;

	assert_int_equal(
	    fold(h, 1,
		T0 "\t11.0.0.9\tbrute-force\t2\tfull\ta\tsshd\tx\n" T0
		   "\t11.0.0.9\tbrute-force\t3\tfull\ta\tsshd\ty\n"
		   "1789952400\t11.0.0.9\tbrute-force\t1\tfull\ta\tsshd\n"
		   "1789862400\t11.0.0.9\tspam\t1\tweak\tb\n" T0
		   "\t11.0.0.0/24\tscanner\t1\tweak\tb\n" T0 "\t2a00::1\tscanner\t1\tweak\tb\n",
		&f),
	    1);
	assert_int_equal(f.batches, 1);
	assert_int_equal(f.lines, 6);
	assert_int_equal(f.refused, 2);
	assert_int_equal(f.rows, 5);
	expect_ledger(h, "0 0 11.0.0.0/24 scanner 1 2  1\n"
			 "-1 0 11.0.0.9/32 spam 1 2  1\n"
			 "0 0 11.0.0.9/32 brute-force 0 1 sshd 5\n"
			 "0 1 11.0.0.9/32 brute-force 0 1 sshd 1\n"
			 "0 0 2a00::/64 scanner 1 2  1\n");
	/* the same batch again, under load and after: nothing moves */
	assert_int_equal(fold(h, 1, T0 "\t11.0.0.9\tbrute-force\t2\tfull\ta\tsshd\n", &f), 0);
	assert_int_equal(f.duplicates, 1);
	assert_int_equal(fold(h, 2, T0 "\t11.0.0.9\tbrute-force\t10\tfull\ta\tsshd\n", &f), 1);
	expect_ledger(h, "0 0 11.0.0.0/24 scanner 1 2  1\n"
			 "-1 0 11.0.0.9/32 spam 1 2  1\n"
			 "0 0 11.0.0.9/32 brute-force 0 1 sshd 15\n"
			 "0 1 11.0.0.9/32 brute-force 0 1 sshd 1\n"
			 "0 0 2a00::/64 scanner 1 2  1\n");
	ok(hub_totals(h, &t, &e));
	assert_int_equal(t.events, 19);
	assert_int_equal(t.hosts, 3);
	assert_int_equal(t.rows, 5);
	assert_int_equal(t.batches, 2);
	assert_int_equal(t.lines, 7);
	assert_int_equal(t.refused, 4);
	assert_int_equal(t.first_day, DAY - 1);
	assert_int_equal(t.last_day, DAY);
	assert_int_equal(t.newest_s, NOW);
	assert_int_equal(t.cursor, 2);
	scratch_age(h, DAY, 0);
	ok(hub_totals(h, &t, &e));
	assert_int_equal(t.rows, 4);
	(void)hub_free(h);
}

static void test_refused(void **state)
{
	static const struct {
		const char *label, *line;
	} cases[] = {
		{ "private", T0 "\t10.0.0.1\tspam\t1\tfull\ta\n" },
		{ "loopback", T0 "\t127.0.0.1\tspam\t1\tfull\ta\n" },
		{ "list of everything", T0 "\t0.0.0.0/0\tspam\t1\tfull\ta\n" },
		{ "list of everything, IPv6", T0 "\t::/0\tspam\t1\tfull\ta\n" },
		{ "link-local", T0 "\tfe80::1\tspam\t1\tfull\ta\n" },
		{ "no address", T0 "\thello\tspam\t1\tfull\ta\n" },
		{ "no source", T0 "\t11.0.0.1\tspam\t1\tfull\t\n" },
		{ "before 1990", "631151999\t11.0.0.1\tspam\t1\tfull\ta\n" },
		{ "tomorrow but one", "1790086401\t11.0.0.1\tspam\t1\tfull\ta\n" },
		{ "count zero", T0 "\t11.0.0.1\tspam\t0\tfull\ta\n" },
		{ "count past limit", T0 "\t11.0.0.1\tspam\t1000000001\tfull\ta\n" },
		{ "binary", "\x01\x02\xff\n" },
		{ "a source in no UTF-8", T0 "\t11.0.0.1\tspam\t1\tfull\ta\xff\n" },
		{ "a service in no UTF-8", T0 "\t11.0.0.1\tspam\t1\tfull\ta\t\\xc3\n" },
	};
	struct hub *h = scratch_hub(HUB_WRITE);

	for (size_t i = 0; i < NELEM(cases); i++) {
		struct hub_folded f = { 0 };

		print_message("%s\n", cases[i].label);
		assert_int_equal(fold(h, i + 1, cases[i].line, &f), 1);
		assert_int_equal(f.lines, 0);
		assert_int_equal(f.refused, 3); /* it, and the two of the producer */
	}
	expect_ledger(h, "");
	assert_int_equal(fold(h, 99, "1790086400\t11.0.0.1\tspam\t1000000000\tfull\ta\n", NULL), 1);
	expect_ledger(h, "1 14 11.0.0.1/32 spam 0 1  1000000000\n");
	(void)hub_free(h);
}

/* A good line after two bad ones stays, and the first of these is named. */
static void test_refused_told(void **state)
{
	struct hub *h = scratch_hub(HUB_WRITE);
	struct err why = { "" };
	struct batch b;

	batch_of(1, BATCH_EVENTS,
	    "86400\t11.0.0.1\tspam\t1\tfull\ta\nnonsense\n" T0 "\t11.0.0.2\tspam\t1\tfull\ta\n",
	    &b);
	assert_int_equal(hub_fold_add(h, &b, NOW, &why), 1);
	batch_done(&b);
	assert_string_equal(
	    why.text, "2 of 3 lines refused, the first in line 1: dated before 1990");
	assert_int_equal(hub_fold_commit(h, NULL, &why), 0);
	expect_ledger(h, "0 0 11.0.0.2/32 spam 0 1  1\n");
	(void)hub_free(h);
}

static int see_evidence(void *ctx, const struct hub_evidence *ev)
{
	buf_fmt(ctx, "%d %u %jd %s %.*s\n", (int)ev->source, ev->n, (intmax_t)ev->time_s,
	    ev->service, SPAN_ARG(ev->detail));
	return 0;
}

static void test_evidence(void **state)
{
	struct hub *h = scratch_hub(HUB_WRITE);
	struct range r = { addr_of_v4(0x0b000001), addr_of_v4(0x0b000001) };
	struct buf b;

	buf_init(&b, 65536);
	assert_int_equal(fold(h, 1,
			     "1789948801\t11.0.0.1\tspam\t1\tfull\ta\tsmtp\tone\\ttab\n"
			     "1789948802\t11.0.0.2\tspam\t1\tfull\ta\tsmtp\tother\n",
			     NULL),
	    1);
	assert_int_equal(fold(h, 2,
			     "1789948802\t11.0.0.1\tspam\t1\tfull\ta\tsmtp\ttwo\n"
			     "1789952403\t11.0.0.1\tspam\t1\tfull\ta\tsmtp\tthree\n"
			     "1789952404\t11.0.0.1\tspam\t1\tfull\ta\tsmtp\tfour\n",
			     NULL),
	    1);
	assert_int_equal(
	    fold(h, 3, "1789948805\t11.0.0.1\tspam\t1\tfull\ta\tsmtp\tfive\n", NULL), 1);
	ok(hub_each_evidence(h, 0, INT32_MAX, &r, see_evidence, &b, &e));
	assert_string_equal(b.p, "1 0 1789948801 smtp one\ttab\n1 1 1789948802 smtp two\n"
				 "1 2 1789952403 smtp three\n");
	buf_done(&b);
	(void)hub_free(h);
}

/* What only refused lines name becomes no source, and a flood of names becomes one. */
static void test_source_flood(void **state)
{
	static const struct {
		const char *sql;
		int64_t want;
	} numbers[] = {
		{ "SELECT count(*) FROM source", 4097 },
		{ "SELECT count(*) FROM source WHERE name = 'nobody'", 0 },
		{ "SELECT sum(count) FROM ledger", 6000 },
		{ "SELECT sum(count) FROM ledger WHERE source = "
		  "(SELECT id FROM source WHERE name = 'overflow')",
		    1904 },
	};
	struct hub *h = scratch_hub(HUB_WRITE);
	struct buf b;

	buf_init(&b, 1 << 20);
	for (unsigned batch = 0; batch < 3; batch++) {
		buf_reset(&b);
		for (unsigned i = 0; i < 2000; i++)
			buf_fmt(&b, T0 "\t11.0.%u.%u\tspam\t1\tfull\tsource-%u\n", i >> 8, i & 255,
			    batch * 2000 + i);
		assert_int_equal(fold(h, batch + 1, b.p, NULL), 1);
	}
	assert_int_equal(fold(h, 9, T0 "\t10.0.0.1\tspam\t1\tfull\tnobody\n", NULL), 1);
	for (size_t i = 0; i < NELEM(numbers); i++) {
		int64_t n = 0;

		ok(hub_number(h, numbers[i].sql, &n, &e));
		assert_int_equal(n, numbers[i].want);
	}
	(void)hub_free(h);
	buf_done(&b);
}

/* While another holds the lock nothing is counted and nothing is lost; afterwards it goes in once. */
static void test_locked(void **state)
{
	struct hub *h = scratch_hub(HUB_WRITE);
	struct hub *reader = scratch_hub(HUB_READ);
	struct db *other = NULL;
	struct hub_folded f = { 0 };

	ok(db_open(scratch_url, true, &other, &e));
	ok(db_begin(other, true, &e));
	assert_int_equal(fold(h, 1, T0 "\t11.0.0.1\tspam\t1\tfull\ta\n", &f), -EAGAIN);
	expect_ledger(reader, "");
	assert_int_equal(f.lines, 0);
	db_rollback(other);
	assert_int_equal(fold(h, 1, T0 "\t11.0.0.1\tspam\t1\tfull\ta\n", &f), 1);
	expect_ledger(reader, "0 0 11.0.0.1/32 spam 0 1  1\n");
	(void)db_free(other);
	(void)hub_free(reader);
	(void)hub_free(h);
}

/* Two loaders that fold the same batch at the same time: one wins, the other starts over. */
static void test_two_loaders(void **state)
{
	struct hub *a = scratch_hub(HUB_WRITE), *b = scratch_hub(HUB_WRITE);
	struct batch one, two;
	struct hub_folded f = { 0 };

	batch_of(1, BATCH_EVENTS, T0 "\t11.0.0.1\tspam\t1\tfull\ta\n", &one);
	batch_of(2, BATCH_EVENTS, T0 "\t11.0.0.1\tspam\t10\tfull\ta\n", &two);
	assert_int_equal(hub_fold_add(a, &one, NOW, NULL), 1);
	assert_int_equal(hub_fold_add(a, &one, NOW, NULL), 0);
	assert_int_equal(hub_fold_add(a, &two, NOW, NULL), 1);
	assert_int_equal(hub_fold_batch(b, &one, NOW, NULL, NULL), 1);
	assert_int_equal(hub_fold_commit(a, &f, NULL), -EAGAIN);
	assert_int_equal(f.batches, 0);
	assert_int_equal(hub_fold_add(a, &one, NOW, NULL), 0);
	assert_int_equal(hub_fold_add(a, &two, NOW, NULL), 1);
	ok(hub_fold_commit(a, &f, &e));
	assert_int_equal(f.batches, 1);
	expect_ledger(b, "0 0 11.0.0.1/32 spam 0 1  11\n");
	batch_done(&one);
	batch_done(&two);
	(void)hub_free(a);
	(void)hub_free(b);
}

static void test_other_types(void **state)
{
	struct hub *h = scratch_hub(HUB_WRITE);
	struct batch b;

	batch_of(1, BATCH_EVENTS, T0 "\t11.0.0.1\tspam\t1\tfull\ta\n", &b);
	b.type = BATCH_DISPUTE;
	assert_int_equal(hub_fold_batch(h, &b, NOW, NULL, NULL), -EBADMSG);
	batch_done(&b);
	(void)hub_free(h);
}

static void expect_changes(struct hub *h, int64_t after, int want, const char *text)
{
	struct buf b;

	buf_init(&b, 65536);
	buf_str(&b, "");
	assert_int_equal(hub_each_change(h, after, see_row, &b, NULL), want);
	assert_string_equal(b.p, text);
	buf_done(&b);
}

/* What was added since a batch, and that some of it is forgotten. */
static void test_changes(void **state)
{
	struct hub *h = scratch_hub(HUB_WRITE);
	char mark[HUB_MARK_MAX], other[HUB_MARK_MAX];

	expect_changes(h, 0, 0, "");
	assert_int_equal(fold(h, 1,
			     T0 "\t11.0.0.9\tbrute-force\t2\tfull\ta\tsshd\tx\n"
				"1789952400\t11.0.0.9\tbrute-force\t1\tfull\ta\tftp\n" T0
				"\t11.0.0.9\tbrute-force\t1\tweak\ta\tsshd\n",
			     NULL),
	    1);
	assert_int_equal(fold(h, 2, T0 "\t11.0.0.9\tbrute-force\t10\tfull\ta\tsshd\n", NULL), 1);
	assert_int_equal(fold(h, 3, "nothing good\n", NULL), 1);
	expect_changes(h, 0, 0,
	    "0 255 11.0.0.9/32 brute-force 0 1  3\n"
	    "0 255 11.0.0.9/32 brute-force 1 1  1\n"
	    "0 255 11.0.0.9/32 brute-force 0 1  10\n");
	expect_changes(h, 1, 0, "0 255 11.0.0.9/32 brute-force 0 1  10\n");
	expect_changes(h, 2, 0, "");
	ok(hub_change_forget(h, 1, &e));
	ok(hub_change_forget(h, 1, &e));
	expect_changes(h, 1, 0, "0 255 11.0.0.9/32 brute-force 0 1  10\n");
	expect_changes(h, 0, 1, "");
	ok(hub_change_forget(h, 3, &e));
	ok(hub_change_forget(h, 2, &e));
	expect_changes(h, 2, 1, "");
	expect_changes(h, 3, 0, "");
	ok(hub_batch_mark(h, 2, mark, &e));
	ok(hub_batch_mark(h, 3, other, &e));
	assert_true(mark[0] && other[0] && strcmp(mark, other) != 0);
	ok(hub_batch_mark(h, 4, other, &e));
	assert_string_equal(other, "");
	(void)hub_free(h);
}

static int add_up(void *ctx, const struct good_row *row)
{
	uint64_t *sum = ctx;

	assert_true(row->kind == GOOD_DELIVERY || row->kind == GOOD_LOGIN);
	sum[row->kind] += row->count;
	sum[0] += addr_is_v4(row->addr) ? row->count : 0;
	return row->count == 6 ? 7 : 0;
}

/* Good observations: added up apart from the ledger, and what is none refused line by line. */
static void test_good(void **state)
{
	static const char lines[] = T0 "\t11.0.0.9\tother\t2\tfull\ta\tsshd\tlogin\n"
				       "1789952400\t11.0.0.9\tother\t1\tfull\ta\timap\tlogin\n" T0
				       "\t11.0.0.9\tother\t1\tfull\ta\tsmtp\tdelivery\n" T0
				       "\t2a00::1\tother\t1\tfull\tb\tsmtp\tdelivery\n"
	    /* none: an accusation, a network, a name, private space, nobody's */
	    T0 "\t11.0.0.9\tbrute-force\t1\tfull\ta\tsshd\tlogin\n" T0
				       "\t11.0.0.0/24\tother\t1\tfull\ta\tsshd\tlogin\n" T0
				       "\t11.0.0.9\tother\t1\tfull\ta\tsshd\tjoe logged in\n" T0
				       "\t10.0.0.1\tother\t1\tfull\ta\tsshd\tlogin\n" T0
				       "\t11.0.0.9\tother\t1\tfull\t\tsshd\tlogin\n";
	struct hub *h = scratch_hub(HUB_WRITE);
	struct hub_folded f = { 0 };
	struct hub_totals t;
	uint64_t sum[GOOD_N] = { 0 };
	int64_t n = 0;

	(void)state;
	assert_int_equal(fold_type(h, 1, BATCH_GOOD, lines, &f), 1);
	assert_int_equal(f.lines, 4);
	assert_int_equal(f.refused, 5 + 2);
	expect_ledger(h, "");
	ok(hub_number(h, "SELECT count(*) FROM good", &n, &e));
	assert_int_equal(n, 3);
	ok(hub_number(h, "SELECT max(count) FROM good WHERE kind = 2", &n, &e));
	assert_int_equal(n, 3);
	ok(hub_each_good(h, DAY, DAY, add_up, sum, &e));
	assert_int_equal(sum[GOOD_DELIVERY], 2);
	assert_int_equal(sum[GOOD_LOGIN], 3);
	assert_int_equal(sum[0], 4);
	assert_int_equal(fold_type(h, 1, BATCH_GOOD, lines, &f), 0);
	assert_int_equal(fold_type(h, 2, BATCH_GOOD, lines, &f), 1);
	ok(hub_number(h, "SELECT sum(count) FROM good", &n, &e));
	assert_int_equal(n, 10);
	assert_int_equal(hub_each_good(h, DAY, DAY, add_up, sum, NULL), 7);
	sum[0] = sum[GOOD_DELIVERY] = sum[GOOD_LOGIN] = 0;
	ok(hub_each_good(h, DAY + 1, INT32_MAX, add_up, sum, &e));
	ok(hub_each_good(h, INT32_MIN, DAY - 1, add_up, sum, &e));
	assert_int_equal(sum[0], 0);
	ok(hub_totals(h, &t, &e));
	assert_int_equal(t.events, 0);
	scratch_age(h, DAY + 1, 0);
	ok(hub_number(h, "SELECT count(*) FROM good", &n, &e));
	assert_int_equal(n, 0);
	(void)hub_free(h);
}

/* Batches of one and the same line: their number is the bound, and a commit makes room again. */
static void test_full(void **state)
{
	struct hub *h = scratch_hub(HUB_WRITE);
	struct hub_folded f = { 0 };

	assert_false(hub_fold_full(h));
	for (unsigned i = 1; i <= HUB_FOLD_BATCHES; i++) {
		struct batch b;

		assert_false(hub_fold_full(h));
		batch_of(i, BATCH_EVENTS, T0 "\t20.0.0.1\tspam\t1\tfull\ta\n", &b);
		assert_int_equal(hub_fold_add(h, &b, NOW, NULL), 1);
		batch_done(&b);
	}
	assert_true(hub_fold_full(h));
	ok(hub_fold_commit(h, &f, &e));
	assert_false(hub_fold_full(h));
	assert_int_equal(f.batches, HUB_FOLD_BATCHES);
	assert_int_equal(f.rows, 1);
	(void)hub_free(h);
}

/* When one's own sensors saw something last; not what is weak, of others, or no attack. */
static void test_newest_hour(void **state)
{
	static const struct range here = { { 0, UINT64_C(0xffff0b000000) },
		{ 0, UINT64_C(0xffff0b0000ff) } };
	static const struct range there = { { 0, UINT64_C(0xffff0b000100) },
		{ 0, UINT64_C(0xffff0b0001ff) } };
	struct hub *h = scratch_hub(HUB_WRITE);
	struct hub_source s = { .name = "a", .group = "a", .trust = 1, .anchor = true };
	int hour = 0;
	int32_t id;

	ok(hub_source_set(h, &s, 20717, &id, &e));
	assert_int_equal(fold(h, 1,
			     "1789948801\t11.0.0.1\tspam\t1\tfull\ta\t\t\n"
			     "1789952401\t11.0.0.2\tspam\t1\tfull\ta\t\t\n"
			     "1789956001\t11.0.0.2\tspam\t1\tweak\ta\t\t\n"
			     "1789959601\t11.0.0.2\tproxy\t1\tfull\ta\t\t\n"
			     "1789963201\t11.0.0.2\tspam\t1\tfull\tb\t\t\n"
			     "1789966801\t11.0.1.2\tspam\t1\tfull\ta\t\t\n",
			     NULL),
	    1);
	ok(hub_newest_hour(h, 20717, here, &hour, &e));
	assert_int_equal(hour, 1);
	ok(hub_newest_hour(h, 20717, there, &hour, &e));
	assert_int_equal(hour, 5);
	ok(hub_newest_hour(h, 20716, there, &hour, &e));
	assert_int_equal(hour, -1);
	(void)hub_free(h);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)
	const struct CMUnitTest tests[] = {
		T(test_sums),
		T(test_full),
		T(test_changes),
		T(test_refused),
		T(test_refused_told),
		T(test_evidence),
		T(test_source_flood),
		T(test_two_loaders),
		T(test_good),
		T(test_other_types),
		T(test_locked),
		T(test_newest_hour),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
