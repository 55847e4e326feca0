/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From tenures to whose the evidence of an address and day is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "holders/build.h"
#include "prog/evidence/transfers.h"
#include "util/buf.h"
#include "util/file.h"

#define TODAY 20000

static char dir[] = "/tmp/onus-test-transfers-XXXXXX";
static struct registry *reg;
static struct hub *hub;

static const char *in_dir(const char *name)
{
	static char path[sizeof(dir) + 16];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void ok(int r, const struct err *e)
{
	if (r < 0)
		fail_msg("%s", e->text);
}

static void refused(void *ctx, const char *text)
{
	fail_msg("refused: %s", text);
}

/* AS 1 is ORG-A's, AS 2 ORG-B's, AS 3 nobody's; ORG-S and ORG-T are joined by the record of AS 4 and a merge. */
static const char objects[] = "inetnum: 20.0.0.0 - 20.0.255.255\norg: ORG-B\nsource: RIPE\n\n"
			      "inetnum: 20.0.16.0 - 20.0.31.255\norg: ORG-C\nsource: RIPE\n\n"
			      "inetnum: 20.0.20.0 - 20.0.20.127\norg: ORG-C\nsource: RIPE\n\n"
			      "inetnum: 20.0.0.0 - 20.3.255.255\norg: ORG-L\nsource: RIPE\n\n"
			      "inetnum: 30.0.0.0 - 30.0.0.255\norg: ORG-T\nsource: RIPE\n\n"
			      "aut-num: AS1\norg: ORG-A\nsource: RIPE\n\n"
			      "aut-num: AS2\norg: ORG-B\nsource: RIPE\n\n"
			      "aut-num: AS4\norg: ORG-S\nsource: RIPE\n\n"
			      "organisation: ORG-A\norg-name: Alpenglow Netz\nsource: RIPE\n\n"
			      "organisation: ORG-B\norg-name: Birkenhain Hosting\nsource: RIPE\n\n"
			      "organisation: ORG-S\norg-name: Schwesternhaus\nsource: RIPE\n\n"
			      "organisation: ORG-T\norg-name: Tochterheim\nsource: RIPE\n";
static const char announced[] = "20.0.0.0,20.0.127.255,2,B\n20.0.128.0,20.0.255.255,3,Third\n"
				"20.1.0.0,20.1.255.255,1,A\n20.2.0.0,20.2.255.255,4,S\n"
				"2a00::,2a00:0:ffff:ffff:ffff:ffff:ffff:ffff,2,B\n";

static int setup(void **state)
{
	static const char merges[] = "same org:RIPE/ORG-S org:RIPE/ORG-T one house\n";
	struct registry_build *b = registry_build_new(refused, NULL);
	struct err e = { "" };

	if (!mkdtemp(dir) || !b)
		return -1;
	ok(file_write(in_dir("ripe.db"), span_str(objects), &e), &e);
	ok(registry_build_add(b, in_dir("ripe.db"), &e), &e);
	ok(file_write(in_dir("asn.csv"), span_str(announced), &e), &e);
	ok(registry_build_add(b, in_dir("asn.csv"), &e), &e);
	ok(file_write(in_dir("merges"), span_str(merges), &e), &e);
	ok(registry_build_merges(b, in_dir("merges"), &e), &e);
	ok(registry_build_write(b, in_dir("registry"), &e), &e);
	b = registry_build_free(b);
	ok(registry_open(in_dir("registry"), &reg, &e), &e);
	return 0;
}

/* Another hub, of which nothing is known. */
static void hub_anew(void)
{
	static const char *const files[] = { "hub", "hub-wal", "hub-shm" };
	char url[sizeof(dir) + 32];
	struct err e = { "" };

	hub = hub_free(hub);
	for (unsigned i = 0; i < NELEM(files); i++)
		(void)unlink(in_dir(files[i]));
	(void)snprintf(url, sizeof(url), "sqlite:%s", in_dir("hub"));
	ok(hub_open(url, HUB_WRITE, &hub, &e), &e);
}

static int teardown(void **state)
{
	static const char *const files[] = { "ripe.db", "asn.csv", "merges", "registry", "hub",
		"hub-wal", "hub-shm" };

	hub = hub_free(hub);
	reg = registry_free(reg);
	for (unsigned i = 0; i < NELEM(files); i++)
		(void)unlink(in_dir(files[i]));
	return rmdir(dir);
}

/* struct held - a row; days from TODAY */
struct held {
	const char *range, *holder;
	int32_t from;
};

/* Of these tenures and no others. */
static void tell(const struct held *v, unsigned n, struct transfers *ret)
{
	struct err e = { "" };

	hub_anew();
	for (unsigned i = 0; i < n; i++) {
		struct hub_tenure t = { .holder = span_str(v[i].holder),
			.from_day = TODAY + v[i].from,
			.rule = SPAN("object-twice") };

		assert_int_equal(range_parse(span_str(v[i].range), &t.range), 0);
		ok(hub_tenure_put(hub, &t, &e), &e);
	}
	ok(transfers_read(hub, reg, TODAY, ret, &e), &e);
}

static void put_org(const struct transfers *t, uint32_t org, struct buf *b)
{
	struct entity en;

	if (org == CHAIN_NONE)
		return;
	en = transfers_org(t, reg, org);
	buf_fmt(b, " %s", en.handle);
}

static void words(const struct transfers *t, struct buf *b)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct judge_former *f = &t->former[i];
		char text[RANGE_TEXT_MAX];

		(void)range_format(f->range, text);
		buf_fmt(b, "%s ", text);
		if (f->from == INT32_MIN)
			buf_str(b, "-");
		else
			buf_fmt(b, "%d", f->from - TODAY);
		buf_fmt(b, "..%d", f->until - TODAY);
		put_org(t, f->org[0], b);
		put_org(t, f->org[1], b);
		if (f->moved)
			buf_str(b, " moved");
		if (f->network) {
			(void)range_format(registry_network_at(reg, f->network - 1).range, text);
			buf_fmt(b, " in %s", text);
		}
		buf_fmt(b, " (%s to %s)\n", t->party[t->told[i].was].name + 5,
		    t->party[t->told[i].is].name + 5);
	}
	buf_byte(b, '\0');
}

#define SOLD(range, a, b, day)                                                                     \
	{ range, "RIPE/" a, -900 },                                                                \
	{                                                                                          \
		range, "RIPE/" b, day                                                              \
	}

static const struct {
	const char *label;
	struct held v[9];
	const char *want;
} cases[] = {
	{ "nothing", { { NULL, NULL, 0 } }, "" },
	{ "to who announces it now, and in part to somebody else",
	    { SOLD("20.0.0.0/16", "ORG-X", "ORG-B", -30) },
	    "20.0.0.0/17 -..-30 RIPE/ORG-X moved in 20.0.0.0/14 (ORG-X to ORG-B)\n"
	    "20.0.128.0/17 -..-30 RIPE/ORG-X in 20.0.0.0/14 (ORG-X to ORG-B)\n" },
	{ "who sold it announces it still", { SOLD("20.1.0.0/24", "ORG-A", "ORG-X", -30) },
	    "20.1.0.0/24 -..-30 RIPE/ORG-A in 20.0.0.0/14 (ORG-A to ORG-X)\n" },
	{ "a part of a block", { SOLD("20.0.20.0/25", "ORG-X", "ORG-C", -30) },
	    "20.0.20.0/25 -..-30 RIPE/ORG-X in 20.0.16.0/20 (ORG-X to ORG-C)\n" },
	{ "one house", { SOLD("20.2.0.0/16", "ORG-S", "ORG-T", -30) }, "" },
	{ "out of the house", { SOLD("20.2.0.0/16", "ORG-T", "ORG-X", -30) },
	    "20.2.0.0/16 -..-30 RIPE/ORG-S in 20.0.0.0/14 (ORG-T to ORG-X)\n" },
	{ "bought back",
	    { SOLD("20.1.0.0/16", "ORG-A", "ORG-X", -30), { "20.1.0.0/16", "RIPE/ORG-A", -10 } },
	    "20.1.0.0/16 -30..-10 RIPE/ORG-X moved in 20.0.0.0/14 (ORG-X to ORG-A)\n" },
	{ "to who announces it", { SOLD("20.1.0.0/16", "ORG-X", "ORG-A", -30) },
	    "20.1.0.0/16 -..-30 RIPE/ORG-X moved in 20.0.0.0/14 (ORG-X to ORG-A)\n" },
	{ "sold on: who announces it came with the first, and stayed",
	    { SOLD("20.1.0.0/16", "ORG-X", "ORG-A", -30), { "20.1.0.0/16", "RIPE/ORG-Y", -10 } },
	    "20.1.0.0/16 -30..-10 RIPE/ORG-A in 20.0.0.0/14 (ORG-A to ORG-Y)\n"
	    "20.1.0.0/16 -..-30 RIPE/ORG-X moved in 20.0.0.0/14 (ORG-X to ORG-A)\n" },
	{ "more often than is told apart",
	    { SOLD("20.1.0.0/16", "ORG-V", "ORG-W", -70), { "20.1.0.0/16", "RIPE/ORG-X", -60 },
		{ "20.1.0.0/16", "RIPE/ORG-Y", -50 }, { "20.1.0.0/16", "RIPE/ORG-Z", -40 } },
	    "20.1.0.0/16 -50..-40 RIPE/ORG-Y in 20.0.0.0/14 (ORG-Y to ORG-Z)\n"
	    "20.1.0.0/16 -60..-50 RIPE/ORG-X in 20.0.0.0/14 (ORG-X to ORG-Y)\n"
	    "20.1.0.0/16 -..-60 RIPE/ORG-W in 20.0.0.0/14 (ORG-W to ORG-X)\n" },
	{ "sold and bought back, again and again: what he saw himself is his",
	    { SOLD("20.1.0.0/16", "ORG-V", "ORG-A", -80), { "20.1.0.0/16", "RIPE/ORG-X", -70 },
		{ "20.1.0.0/16", "RIPE/ORG-A", -60 }, { "20.1.0.0/16", "RIPE/ORG-Y", -50 },
		{ "20.1.0.0/16", "RIPE/ORG-A", -40 }, { "20.1.0.0/16", "RIPE/ORG-Z", -30 },
		{ "20.1.0.0/16", "RIPE/ORG-A", -20 } },
	    "20.1.0.0/16 -30..-20 RIPE/ORG-Z moved in 20.0.0.0/14 (ORG-Z to ORG-A)\n"
	    "20.1.0.0/16 -50..-40 RIPE/ORG-Y moved in 20.0.0.0/14 (ORG-Y to ORG-A)\n"
	    "20.1.0.0/16 -70..-60 RIPE/ORG-X moved in 20.0.0.0/14 (ORG-X to ORG-A)\n" },
	{ "to who holds and announces all around it",
	    { SOLD("20.0.9.0/24", "ORG-X", "ORG-B", -30) },
	    "20.0.9.0/24 -..-30 RIPE/ORG-X in 20.0.0.0/16 (ORG-X to ORG-B)\n" },
	{ "the same, to who came to hold what is around it only then",
	    { SOLD("20.0.0.0/16", "ORG-X", "ORG-B", -30),
		SOLD("20.0.9.0/24", "ORG-K", "ORG-B", -10) },
	    "20.0.0.0-20.0.8.255 -..-30 RIPE/ORG-X moved in 20.0.0.0/14 (ORG-X to ORG-B)\n"
	    "20.0.9.0/24 -30..-10 RIPE/ORG-K in 20.0.0.0/16 (ORG-K to ORG-B)\n"
	    "20.0.9.0/24 -..-30 RIPE/ORG-K RIPE/ORG-X moved in 20.0.0.0/14 (ORG-X to ORG-B)\n"
	    "20.0.10.0-20.0.127.255 -..-30 RIPE/ORG-X moved in 20.0.0.0/14 (ORG-X to ORG-B)\n"
	    "20.0.128.0/17 -..-30 RIPE/ORG-X in 20.0.0.0/14 (ORG-X to ORG-B)\n" },
	{ "long ago, and yet to come",
	    { SOLD("20.1.0.0/16", "ORG-V", "ORG-W", -400), { "20.1.0.0/16", "RIPE/ORG-X", 1 } },
	    "" },
	{ "a network within, on another day",
	    { SOLD("20.0.0.0/16", "ORG-X", "ORG-B", -30),
		SOLD("20.0.16.0/20", "ORG-K", "ORG-C", -50) },
	    "20.0.0.0/20 -..-30 RIPE/ORG-X moved in 20.0.0.0/14 (ORG-X to ORG-B)\n"
	    "20.0.16.0/20 -50..-30 RIPE/ORG-X moved in 20.0.0.0/14 (ORG-X to ORG-B)\n"
	    "20.0.16.0/20 -..-50 RIPE/ORG-K RIPE/ORG-X moved in 20.0.0.0/14 (ORG-K to ORG-C)\n"
	    "20.0.32.0-20.0.127.255 -..-30 RIPE/ORG-X moved in 20.0.0.0/14 (ORG-X to ORG-B)\n"
	    "20.0.128.0/17 -..-30 RIPE/ORG-X in 20.0.0.0/14 (ORG-X to ORG-B)\n" },
	{ "the same, of one house",
	    { SOLD("20.0.0.0/16", "ORG-T", "ORG-B", -30),
		SOLD("20.0.16.0/20", "ORG-S", "ORG-C", -30) },
	    "20.0.0.0/20 -..-30 RIPE/ORG-S moved in 20.0.0.0/14 (ORG-T to ORG-B)\n"
	    "20.0.16.0/20 -..-30 RIPE/ORG-S moved in 20.0.0.0/14 (ORG-S to ORG-C)\n"
	    "20.0.32.0-20.0.127.255 -..-30 RIPE/ORG-S moved in 20.0.0.0/14 (ORG-T to ORG-B)\n"
	    "20.0.128.0/17 -..-30 RIPE/ORG-S in 20.0.0.0/14 (ORG-T to ORG-B)\n" },
	{ "ranges that cross, as somebody wrote them",
	    { SOLD("20.1.0.0-20.1.9.255", "ORG-X", "ORG-Y", -30),
		SOLD("20.1.5.0-20.1.19.255", "ORG-V", "ORG-W", -30) },
	    "20.1.0.0-20.1.4.255 -..-30 RIPE/ORG-X in 20.0.0.0/14 (ORG-X to ORG-Y)\n"
	    "20.1.5.0-20.1.9.255 -..-30 RIPE/ORG-V RIPE/ORG-X in 20.0.0.0/14 (ORG-V to ORG-W)\n"
	    "20.1.10.0-20.1.19.255 -..-30 RIPE/ORG-V in 20.0.0.0/14 (ORG-V to ORG-W)\n" },
	{ "announced by nobody, at the ends of the space, and in both families",
	    { SOLD("0.0.0.0-0.0.0.255", "ORG-X", "ORG-B", -1),
		SOLD("255.255.255.0/24", "ORG-X", "ORG-B", -1),
		SOLD("2a00:0:8000::/33", "ORG-X", "ORG-B", -1) },
	    "0.0.0.0/24 -..-1 RIPE/ORG-X (ORG-X to ORG-B)\n"
	    "255.255.255.0/24 -..-1 RIPE/ORG-X (ORG-X to ORG-B)\n"
	    "2a00:0:8000::/33 -..-1 RIPE/ORG-X moved (ORG-X to ORG-B)\n" },
	{ "half a block of IPv6, and two",
	    { SOLD("2a00::/49", "ORG-X", "ORG-B", -1), SOLD("2a00:1::/47", "ORG-X", "ORG-B", -1) },
	    "2a00:1::/47 -..-1 RIPE/ORG-X (ORG-X to ORG-B)\n" },
	{ "a name that nothing can be called by", { SOLD("20.1.0.0/24", "a b", "ORG-X", -30) },
	    "20.1.0.0/24 -..-30 in 20.0.0.0/14 (a b to ORG-X)\n" },
};

static void told(void **state)
{
	for (unsigned i = 0; i < NELEM(cases); i++) {
		struct judge *j = judge_new(&(struct judge_conf){ .today = TODAY });
		struct transfers t;
		struct buf b;
		unsigned n = 0;

		while (n < NELEM(cases[i].v) && cases[i].v[n].range)
			n++;
		tell(cases[i].v, n, &t);
		buf_init(&b, 1 << 16);
		words(&t, &b);
		if (strcmp(b.p, cases[i].want) != 0)
			fail_msg("%s:\n%snot\n%s", cases[i].label, b.p, cases[i].want);
		assert_int_equal(judge_formers(j, t.former, t.n), 0);
		buf_done(&b);
		judge_free(j);
		transfers_done(&t);
		transfers_done(&t);
	}
}

static struct addr at(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(span_str(text), &a), 0);
	return a;
}

static struct entity named(const char *name)
{
	struct entity en;
	struct err e;

	if (entity_parse(span_str(name), &en, &e) < 0)
		fail_msg("%s: %s", name, e.text);
	return en;
}

/* Whose a day is, and what it is to those around it. */
static void sides(void **state)
{
	static const struct held v[] = { SOLD("20.0.0.0/16", "ORG-X", "ORG-B", -30) };
	static const struct {
		const char *name;
		enum transfer_side side[2]; /* of the part that AS 2 announces, and of the rest */
	} of[] = {
		{ "addr:20.0.0.9", { TRANSFER_LEFT_OUT, TRANSFER_APART } },
		{ "block:20.0.255.0/24", { TRANSFER_APART, TRANSFER_LEFT_OUT } },
		{ "addr:20.1.0.9", { TRANSFER_APART, TRANSFER_APART } },
		{ "prefix:20.0.0.0/17", { TRANSFER_LEFT_OUT, TRANSFER_APART } },
		{ "prefix:20.0.128.0/17", { TRANSFER_APART, TRANSFER_APART } },
		{ "net:RIPE/20.0.0.0-20.0.255.255", { TRANSFER_LEFT_OUT, TRANSFER_LEFT_OUT } },
		{ "net:RIPE/20.0.16.0-20.0.31.255", { TRANSFER_LEFT_OUT, TRANSFER_APART } },
		{ "net:RIPE/20.0.0.0-20.3.255.255", { TRANSFER_APART, TRANSFER_APART } },
		{ "as:2", { TRANSFER_LEFT_OUT, TRANSFER_APART } },
		{ "as:3", { TRANSFER_APART, TRANSFER_APART } },
		{ "org:RIPE/ORG-B", { TRANSFER_LEFT_OUT, TRANSFER_APART } },
		{ "org:RIPE/ORG-X", { TRANSFER_KEPT, TRANSFER_KEPT } },
		{ "org:RIPE/ORG-NOBODY", { TRANSFER_APART, TRANSFER_APART } },
		{ "country:NL", { TRANSFER_APART, TRANSFER_APART } },
	};
	struct transfers t;

	tell(v, NELEM(v), &t);
	assert_int_equal(t.n, 2);
	for (unsigned i = 0; i < NELEM(of); i++) {
		struct entity en = named(of[i].name);

		for (unsigned k = 0; k < 2; k++)
			if (transfers_side(&t, reg, k, &en) != of[i].side[k])
				fail_msg("%s, part %u", of[i].name, k);
	}
	assert_int_equal(transfers_at(&t, at("20.0.0.0"), TODAY - 31), 0);
	assert_int_equal(transfers_at(&t, at("20.0.127.255"), -1), 0);
	assert_int_equal(transfers_at(&t, at("20.0.128.0"), TODAY - 31), 1);
	assert_int_equal(transfers_at(&t, at("20.0.0.0"), TODAY - 30), SIZE_MAX);
	assert_int_equal(transfers_at(&t, at("19.255.255.255"), TODAY - 31), SIZE_MAX);
	assert_int_equal(transfers_at(&t, at("20.1.0.0"), TODAY - 31), SIZE_MAX);
	assert_int_equal(transfers_at(&t, at("2a00::"), TODAY - 31), SIZE_MAX);
	transfers_done(&t);
}

/* A change is seen. */
static void hashes(void **state)
{
	static const struct held v[][2] = { { SOLD("20.0.0.0/16", "ORG-X", "ORG-B", -30) },
		{ SOLD("20.0.0.0/16", "ORG-X", "ORG-B", -31) },
		{ SOLD("20.0.0.0/16", "ORG-X", "ORG-Y", -30) },
		{ SOLD("20.0.0.0/17", "ORG-X", "ORG-B", -30) } };
	uint64_t h[NELEM(v)], again;
	struct transfers t;
	struct err e;

	for (unsigned i = 0; i < NELEM(v); i++) {
		tell(v[i], 2, &t);
		transfers_done(&t);
		assert_int_equal(transfers_hash(hub, &h[i], &e), 0);
		assert_int_equal(transfers_hash(hub, &again, &e), 0);
		assert_true(again == h[i]);
		for (unsigned k = 0; k < i; k++)
			assert_true(h[k] != h[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(told),
		cmocka_unit_test(sides),
		cmocka_unit_test(hashes),
	};

	return cmocka_run_group_tests_name("transfers", tests, setup, teardown);
}
