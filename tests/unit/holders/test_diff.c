/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is a change between two builds, and above all what is a transfer and what never is one. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "facts.h"
#include "holders/diff.h"
#include "util/clock.h"
#include "util/file.h"

#define OLD_DAY 20000
#define NEW_DAY 20010

static char dir[] = "/tmp/onus-test-diff-XXXXXX";

static int setup(void **state)
{
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	return rmdir(dir);
}

static void no_refusal(void *ctx, const char *text)
{
	fail_msg("refused: %s", text);
}

static struct registry *make(const struct said *v, size_t n, int32_t day, const char *table)
{
	struct registry_build *b = registry_build_new(no_refusal, NULL);
	char path[sizeof(dir) + 8], csv[sizeof(dir) + 8];
	struct registry *r = NULL;
	struct err e;

	(void)snprintf(path, sizeof(path), "%s/reg", dir);
	(void)snprintf(csv, sizeof(csv), "%s/o.csv", dir);
	assert_non_null(b);
	for (enum input_kind k = 0; k < KIND_N; k++) {
		assert_int_equal(build_input_add(b, build_kind_name(k), k), k);
		b->input[k].date_s = (int64_t)day * DAY_S;
	}
	for (size_t i = 0; i < n; i++)
		assert_int_equal(said_take(b, v[i].from, &v[i]), 0);
	if (table) {
		assert_int_equal(file_write(csv, span_str(table), &e), 0);
		assert_int_equal(registry_build_add(b, csv, &e), 0);
		assert_int_equal(unlink(csv), 0);
	}
	if (registry_build_write(b, path, &e) < 0 || registry_open(path, &r, &e) < 0)
		fail_msg("%s", e.text);
	b = registry_build_free(b);
	assert_int_equal(unlink(path), 0);
	return r;
}

/* struct told - the changes in words */
struct told {
	const struct registry *was, *is;
	char text[4096];
	size_t n;
};

static const char *const names[] = { "transfer", "holder", "appeared", "vanished", "country",
	"abuse", "status", "origin" };
_Static_assert(NELEM(names) == DIFF_KIND_N, "names out of step");

static int tell(void *ctx, const struct diff_change *c)
{
	struct told *t = ctx;
	char range[RANGE_TEXT_MAX];

	(void)range_format(c->range, range);
	t->n += (size_t)snprintf(
	    t->text + t->n, sizeof(t->text) - t->n, "%s %s", names[c->kind], range);
	if (c->kind == DIFF_TRANSFER)
		t->n += (size_t)snprintf(t->text + t->n, sizeof(t->text) - t->n, " %d",
		    diff_transfer_day(t->was, t->is, c));
	t->n += (size_t)snprintf(t->text + t->n, sizeof(t->text) - t->n, "\n");
	return 0;
}

#define STATS(rng, id, ...)                                                                        \
	{                                                                                          \
		FACT_NETWORK, KIND_RIR_STATS, "RIPE", .range = (rng), .opaque = (id),              \
						      .status = "allocated", __VA_ARGS__           \
	}
#define OBJECT(src, rng, nm, org_, ...)                                                            \
	{                                                                                          \
		FACT_NETWORK, KIND_RPSL, src, .range = (rng), .name = (nm), .org = (org_),         \
					      __VA_ARGS__                                          \
	}

/* ret  the counts, for the caller to be done with; may be NULL */
static void check(const struct said *was, size_t n_was, const struct said *is, size_t n_is,
    const char *changes, struct diff *ret)
{
	struct told t = { .was = make(was, n_was, OLD_DAY, NULL),
		.is = make(is, n_is, NEW_DAY, NULL) };
	struct diff d;

	assert_int_equal(diff_registries(t.was, t.is, tell, &t, &d), 0);
	assert_string_equal(t.text, changes);
	if (ret)
		*ret = d;
	else
		diff_done(&d);
	t.was = registry_free((struct registry *)t.was);
	t.is = registry_free((struct registry *)t.is);
}

static void test_changes(void **state)
{
	static const struct said was[] = {
		STATS("5.0.0.0/16", "a"),
		STATS("5.1.0.0/16", "a", .country = "NL"),
		STATS("5.2.0.0/16", "b"),
		STATS("5.3.0.0/16", "b"),
		STATS("5.4.0.0/16", "c"),
		STATS("5.5.0.0/16", "c"),
		STATS("5.6.0.0/16", NULL),
		STATS("2a00:1::/32", "a"),
	};
	static const struct said is[] = {
		STATS("5.0.0.0/16", "a"),
		STATS("5.1.0.0/16", "a", .country = "DE"),
		STATS("5.2.0.0/16", "x", .created_s = INT64_C(86400) * (OLD_DAY + 3)),
		STATS("5.3.0.0/16", "x", .created_s = INT64_C(86400) * (OLD_DAY - 3)),
		STATS("5.4.0.0/16", "y", .created_s = INT64_C(86400) * (OLD_DAY + 1),
		    .changed_s = INT64_C(86400) * NEW_DAY),
		STATS("5.6.0.0/16", "new"),
		STATS("5.7.0.0/16", "a"),
		STATS("2a00:1::/32", "z", .changed_s = INT64_C(86400) * OLD_DAY),
	};
	struct diff d;

	check(was, NELEM(was), is, NELEM(is),
	    "country 5.1.0.0/16\n"
	    "transfer 5.2.0.0/16 20003\n" /* created between the builds */
	    "transfer 5.3.0.0/16 20010\n" /* created long ago: the day of the new build */
	    "transfer 5.4.0.0/16 20010\n" /* changed goes before created */
	    "vanished 5.5.0.0/16\n"
	    "holder 5.6.0.0/16\n" /* nobody was told before */
	    "appeared 5.7.0.0/16\n"
	    "transfer 2a00:1::/32 20010\n", /* changed, but not after the old build */
	    &d);
	assert_int_equal(d.source[0].was, 8);
	assert_int_equal(d.source[0].is, 8);
	assert_int_equal(d.source[0].both, 6);
	assert_int_equal(d.source[0].n[DIFF_TRANSFER], 4);
	assert_int_equal(d.source[0].n[DIFF_HOLDER], 1);
	assert_false(d.source[0].anew);
	diff_done(&d);
	check(was, NELEM(was), was, NELEM(was), "", NULL);
}

/* What never is a transfer: other sources, other records, other ranges. */
static void test_no_transfer(void **state)
{
	static const struct said was[] = {
		STATS("5.0.0.0/16", "a"),
		STATS("5.1.0.0/16", "a"),
		STATS("5.2.0.0/16", "a"),
		OBJECT("RIPE", "5.3.0.0/16", "NET", "ORG-1"),
		OBJECT("RIPE", "5.4.0.0/16", "NET", "ORG-1", .handle = "NET-1"),
	};
	static const struct said is[] = {
		STATS("5.0.0.0/16", "a"), /* an object came beside it and is shown first now */
		OBJECT("RIPE", "5.0.0.0/16", "NET", "ORG-2"),
		OBJECT(
		    "ARIN", "5.1.0.0/16", "NET", "ORG-3"), /* another source, to another holder */
		STATS("5.2.0.0/17", "a"),		   /* split, the holder stays */
		STATS("5.2.128.0/17", "a"),
		STATS("5.3.0.0/16", "b"), /* statistics instead of an object */
		OBJECT("RIPE", "5.4.0.0/16", "NET", "ORG-2", .handle = "NET-2"),
	};

	check(was, NELEM(was), is, NELEM(is),
	    "appeared 5.0.0.0/16\n"
	    "appeared 5.1.0.0/16\nvanished 5.1.0.0/16\n"
	    "vanished 5.2.0.0/16\nappeared 5.2.0.0/17\nappeared 5.2.128.0/17\n"
	    "appeared 5.3.0.0/16\nvanished 5.3.0.0/16\n"
	    "appeared 5.4.0.0/16\nvanished 5.4.0.0/16\n",
	    NULL);
}

/* A part of a range that goes to another holder, out of a range that is no more; and into one that was not. */
static void test_parts(void **state)
{
	static const struct said apart[] = {
		STATS("5.0.0.0/17", "a"),
		STATS("5.0.128.0/18", "a"),
		STATS("5.0.192.0/18", "b", .created_s = INT64_C(86400) * (OLD_DAY + 3)),
		OBJECT("RIPE", "5.1.0.0-5.1.9.255", "NET", "ORG-1"),
		OBJECT("RIPE", "5.1.10.0-5.1.255.255", "NET", "ORG-2"),
		OBJECT("RIPE", "5.1.10.0/24", "CUSTOMER", "ORG-9"),
		OBJECT("RIPE", "5.2.0.0/16", "NET", "ORG-1"),
		OBJECT("RIPE", "5.2.1.0/24", "CUSTOMER", "ORG-9"),
		STATS("2a00:1::/33", "b"),
		STATS("2a00:1:8000::/33", "a"),
	};
	static const struct said whole[] = {
		STATS("5.0.0.0/16", "a"),
		OBJECT("RIPE", "5.0.0.0/16", "NET", "ORG-1"), /* another kind of voice */
		OBJECT("RIPE", "5.1.0.0/16", "NET", "ORG-1"),
		OBJECT("RIPE", "5.2.0.0/16", "NET", "ORG-1"), /* stands in both: a customer came */
		STATS("2a00:1::/32", "a"),
	};

	check(whole, NELEM(whole), apart, NELEM(apart),
	    "vanished 5.0.0.0/16\nvanished 5.0.0.0/16\n"
	    "appeared 5.0.0.0/17\nappeared 5.0.128.0/18\n"
	    "transfer 5.0.192.0/18 20003\n"
	    "vanished 5.1.0.0/16\nappeared 5.1.0.0-5.1.9.255\n"
	    "transfer 5.1.10.0-5.1.255.255 20010\nappeared 5.1.10.0/24\n"
	    "appeared 5.2.1.0/24\n"
	    "vanished 2a00:1::/32\ntransfer 2a00:1::/33 20010\nappeared 2a00:1:8000::/33\n",
	    NULL);
	check(apart, NELEM(apart), whole, NELEM(whole),
	    "appeared 5.0.0.0/16\nappeared 5.0.0.0/16\n"
	    "vanished 5.0.0.0/17\nvanished 5.0.128.0/18\n"
	    "transfer 5.0.192.0/18 20010\n"
	    "appeared 5.1.0.0/16\nvanished 5.1.0.0-5.1.9.255\n"
	    "transfer 5.1.10.0-5.1.255.255 20010\nvanished 5.1.10.0/24\n"
	    "vanished 5.2.1.0/24\n"
	    "appeared 2a00:1::/32\ntransfer 2a00:1::/33 20010\nvanished 2a00:1:8000::/33\n",
	    NULL);
}

static void test_objects(void **state)
{
	static const struct said was[] = {
		STATS("5.0.0.0/16", "a"),
		OBJECT("RIPE", "5.0.0.0/16", "NET", "ORG-1", .mail = "a@a.example"),
		OBJECT("RADB", "5.0.0.0/16", "NET", "ORG-9", .status = "X"),
	};
	static const struct said is[] = {
		OBJECT("RADB", "5.0.0.0/16", "NET", "ORG-9", .status = "Y"),
		STATS("5.0.0.0/16", "a"),
		OBJECT("RIPE", "5.0.0.0/16", "OTHER", "ORG-2", .mail = "b@b.example"),
	};

	check(was, NELEM(was), is, NELEM(is),
	    "transfer 5.0.0.0/16 20010\nabuse 5.0.0.0/16\nstatus 5.0.0.0/16\n", NULL);
}

/* Two hundred networks, all of them with a new id: that is no market. */
static void test_anew(void **state)
{
	static char text[2][200][24];
	static struct said v[2][200];
	struct diff d;
	struct told t;

	for (unsigned k = 0; k < 2; k++)
		for (unsigned i = 0; i < 200; i++) {
			(void)snprintf(text[k][i], sizeof(text[k][i]), "5.%u.0.0/16", i);
			v[k][i] = (struct said)STATS(text[k][i], k ? "new" : "old");
		}
	for (unsigned moved = 20; moved <= 21; moved++) {
		for (unsigned i = moved; i < 200; i++)
			v[1][i].opaque = "old";
		v[1][20].opaque = moved > 20 ? "new" : "old";
		t = (struct told){ .was = make(v[0], 200, OLD_DAY, NULL),
			.is = make(v[1], 200, NEW_DAY, NULL) };
		assert_int_equal(diff_registries(t.was, t.is, tell, &t, &d), 0);
		assert_true(d.source[0].anew == (moved > 20));
		assert_int_equal(d.source[0].n[DIFF_TRANSFER], moved > 20 ? 0 : moved);
		assert_int_equal(d.source[0].n[DIFF_HOLDER], moved > 20 ? moved : 0);
		assert_true(!strstr(t.text, "transfer") == (moved > 20));
		diff_done(&d);
		t.was = registry_free((struct registry *)t.was);
		t.is = registry_free((struct registry *)t.is);
	}
}

static void test_origins(void **state)
{
	static const char was[] = "5.0.0.0,5.0.255.255,64496,A\n5.1.0.0,5.1.255.255,64497,B\n"
				  "2a00:1::,2a00:1:ffff:ffff:ffff:ffff:ffff:ffff,64498,C\n";
	static const char is[] = "5.0.0.0,5.0.127.255,64496,A\n5.0.128.0,5.1.0.255,64499,D\n"
				 "5.9.0.0,5.9.0.255,64499,D\n"
				 "2a00:1:ffff::,2a00:1:ffff:ffff:ffff:ffff:ffff:ffff,64499,D\n";
	struct told t = { .was = make(NULL, 0, OLD_DAY, was), .is = make(NULL, 0, NEW_DAY, is) };
	struct diff d;

	assert_int_equal(diff_registries(t.was, t.is, tell, &t, &d), 0);
	assert_string_equal(
	    t.text, "origin 5.0.128.0/17\norigin 5.1.0.0/24\norigin 2a00:1:ffff::/48\n");
	assert_int_equal(d.origins, 3);
	assert_int_equal(d.v4_addresses, 32768 + 256);
	assert_int_equal(d.v6_blocks, 1);
	assert_int_equal(d.n_source, 0);
	diff_done(&d);
	t.was = registry_free((struct registry *)t.was);
	t.is = registry_free((struct registry *)t.is);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_no_transfer),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_objects),
		cmocka_unit_test(test_anew),
		cmocka_unit_test(test_origins),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
