/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The registry file: what goes in comes out, nonsense is refused line by line, and a file that is cut or
 * changed anywhere is refused whole. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/stat.h>

#include "facts.h"
#include "holders/registry_format.h"
#include "util/clock.h"
#include "util/file.h"

static char csv[] = "/tmp/onus-test-registry-XXXXXX";
static char reg[64], cc[64];

static int setup(void **state)
{
	int fd = mkstemp(csv);

	(void)snprintf(reg, sizeof(reg), "%s.registry", csv);
	(void)snprintf(cc, sizeof(cc), "%s.cc", csv);
	return fd < 0 ? -1 : close(fd);
}

static int teardown(void **state)
{
	(void)unlink(reg);
	(void)unlink(cc);
	return unlink(csv);
}

struct refusals {
	char text[4096];
	unsigned n;
};

static void on_refused(void *ctx, const char *text)
{
	struct refusals *r = ctx;
	size_t n = strlen(r->text);

	(void)snprintf(r->text + n, sizeof(r->text) - n, "%s\n", strchr(text, ':') + 1);
	r->n++;
}

/* Build from a table of origins and, unless NULL, one of countries. */
static int build(const char *origins, const char *countries, struct refusals *r, struct err *e)
{
	struct registry_build *b;
	int code;

	*r = (struct refusals){ .n = 0 };
	assert_int_equal(file_write(csv, span_str(origins), e), 0);
	b = registry_build_new(on_refused, r);
	assert_non_null(b);
	code = registry_build_add(b, csv, e);
	if (code == 0 && countries) {
		assert_int_equal(file_write(cc, span_str(countries), e), 0);
		code = registry_build_add(b, cc, e);
	}
	if (code == 0)
		code = registry_build_write(b, reg, e);
	b = registry_build_free(b);
	return code;
}

static uint32_t asn_of(const struct registry *r, const char *text)
{
	struct attribution at;
	struct addr a;

	assert_int_equal(addr_parse(span_str(text), &a), 0);
	registry_lookup(r, a, &at);
	return at.as == REGISTRY_NONE ? 0 : registry_as_at(r, at.as).asn;
}

static void test_lookup(void **state)
{
	static const char origins[] =
	    "5.0.0.0,5.0.255.255,64500,\"Onefold, Inc.\"\n"
	    "5.0.7.0,5.0.7.255,64501,Two\n"	  /* inside: narrower holds */
	    "5.1.0.0,5.1.0.99,64500,One again\n"  /* touches the first: merged */
	    "5.1.7.3,5.1.7.9,64502,ONEFOLD INC\n" /* same organisation as the first */
	    "2a00::,2a00:0:0:ffff:ffff:ffff:ffff:ffff,64500,x\n";
	static const char countries[] =
	    "5.0.0.0,5.0.127.255,NL\n5.0.128.0,5.1.255.255,DE\n9.9.9.0,9.9.9.255,US\n";
	static const struct {
		const char *addr;
		uint32_t asn;
	} cases[] = { { "4.255.255.255", 0 }, { "5.0.0.0", 64500 }, { "5.0.6.255", 64500 },
		{ "5.0.7.0", 64501 }, { "5.0.7.255", 64501 }, { "5.0.8.0", 64500 },
		{ "5.1.0.99", 64500 }, { "5.1.0.100", 0 }, { "5.1.7.2", 0 }, { "5.1.7.3", 64502 },
		{ "5.1.7.10", 0 }, { "2a00::1", 64500 }, { "2a00:0:1::", 0 }, { "9.9.9.9", 0 } };
	struct attribution at;
	struct refusals refused;
	struct registry *r;
	struct addr a;
	struct err e;

	assert_int_equal(build(origins, countries, &refused, &e), 0);
	assert_int_equal(refused.n, 0);
	if (registry_open(reg, &r, &e) < 0)
		fail_msg("%s", e.text);
	for (size_t i = 0; i < NELEM(cases); i++) {
		print_message("%s\n", cases[i].addr);
		assert_int_equal(asn_of(r, cases[i].addr), cases[i].asn);
	}
	assert_int_equal(registry_n_as(r), 3);
	assert_int_equal(registry_v4_addresses(r), 65536 + 100 + 7);
	assert_int_equal(
	    registry_as_at(r, registry_find_as(r, 64500)).v4_addresses, 65536 - 256 + 100);
	assert_int_equal(registry_as_at(r, registry_find_as(r, 64500)).v6_blocks, 1);
	assert_true(span_is(registry_as_at(r, registry_find_as(r, 64500)).name, "Onefold, Inc."));
	/* AS64500 and AS64502 are one organisation by name; its size is the sum */
	assert_int_equal(registry_n_org(r), 2);
	at.org = registry_find_org(r, SPAN("ASNAME/onefold-inc"));
	assert_int_not_equal(at.org, REGISTRY_NONE);
	assert_int_equal(registry_org_at(r, at.org).n_as, 2);
	assert_int_equal(registry_org_at(r, at.org).v4_addresses, 65536 - 256 + 100 + 7);
	assert_int_equal(addr_parse(SPAN("5.0.200.1"), &a), 0);
	registry_lookup(r, a, &at);
	assert_string_equal(at.country, "DE");
	assert_int_equal(addr_parse(SPAN("9.9.9.9"), &a), 0);
	registry_lookup(r, a, &at);
	assert_string_equal(at.country, "US");
	r = registry_free(r);
}

static void test_refused(void **state)
{
	static const char origins[] =
	    "5.0.0.0,5.0.0.255,64500,One\n"
	    "5.0.1.255,5.0.1.0,64500,backwards\n"
	    "0.0.0.0,255.255.255.255,64500,everything\n"
	    "::,ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff,64500,everything\n"
	    "10.0.0.0,10.0.0.255,64500,private\n"
	    "5.0.2.0,2a00::,64500,two families\n"
	    "5.0.3.0,5.0.3.255,0,no AS\n"
	    "5.0.4.0,5.0.4.255,4294967296,no AS\n"
	    "5.0.5.0,5.0.5.255,64500,\"open quote\n"
	    "nonsense\n"
	    "5.0.0.0,5.0.0.255,64999,another holder\n"
	    "\r\n"
	    "5.0.6.0,5.0.6.255,64500,good\r\n";
	struct refusals refused;
	struct registry *r;
	struct err e;

	assert_int_equal(build(origins, NULL, &refused, &e), 0);
	print_message("%s", refused.text);
	assert_int_equal(refused.n, 10);
	assert_non_null(strstr(refused.text, "2: a range backwards"));
	assert_non_null(strstr(refused.text, "11: the range of"));
	assert_int_equal(registry_open(reg, &r, &e), 0);
	assert_int_equal(asn_of(r, "5.0.0.1"), 64500);
	assert_int_equal(asn_of(r, "5.0.6.1"), 64500);
	assert_int_equal(asn_of(r, "5.0.1.1"), 0);
	assert_int_equal(asn_of(r, "10.0.0.1"), 0);
	r = registry_free(r);
	assert_int_equal(build("hello\nworld\n", NULL, &refused, &e), -EINVAL);
	assert_true(build("", NULL, &refused, &e) < 0);
}

#define WINDOW 1024u /* addresses of a small world, of each family */
#define RANGES 60u

static uint32_t below(uint32_t n)
{
	static uint64_t x = UINT64_C(0x853c49e6748fea9b);

	x = x * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (uint32_t)((x >> 33) % n);
}

/* Ranges that overlap in any way against the rule as it is told: where they overlap the narrower one
 * holds, of equally wide ones the one that came first. */
static void test_overlaps(void **state)
{
	static char text[2 * RANGES * 120];

	for (int round = 0; round < 25; round++) {
		struct {
			uint32_t first, last, asn;
		} v[2][RANGES];
		struct refusals refused;
		struct registry *r;
		struct err e;
		size_t n = 0;

		for (uint32_t i = 0; i < 2 * RANGES; i++) {
			uint32_t f = i % 2, a = below(WINDOW);
			uint32_t b = MIN_OF(a + below(1u << below(10)), WINDOW - 1);

			v[f][i / 2].first = a;
			v[f][i / 2].last = b;
			v[f][i / 2].asn = 64500 + below(5);
			if (f)
				n += (size_t)snprintf(text + n, sizeof(text) - n,
				    "2a00:0:%x::,2a00:0:%x:ffff:ffff:ffff:ffff:ffff,%u,x\n", a, b,
				    v[f][i / 2].asn);
			else
				n += (size_t)snprintf(text + n, sizeof(text) - n, "%u,%u,%u,x\n",
				    (5u << 24) + a, (5u << 24) + b, v[f][i / 2].asn);
		}
		assert_int_equal(build(text, NULL, &refused, &e), 0);
		assert_int_equal(registry_open(reg, &r, &e), 0);
		for (uint32_t q = 0; q < 2 * WINDOW; q++) {
			uint32_t f = q % 2, at = q / 2, width = UINT32_MAX, want = 0;
			struct addr a =
			    f ? (struct addr){ UINT64_C(0x2a00) << 48 | (uint64_t)at << 16, q }
			      : addr_of_v4((5u << 24) + at);
			struct attribution got;

			for (uint32_t i = 0; i < RANGES; i++)
				if (v[f][i].first <= at && at <= v[f][i].last &&
				    v[f][i].last - v[f][i].first < width) {
					width = v[f][i].last - v[f][i].first;
					want = v[f][i].asn;
				}
			registry_lookup(r, a, &got);
			if ((got.as == REGISTRY_NONE ? 0 : registry_asn(r, got.as)) != want)
				fail_msg("round %d, place %u: not AS%u\n%s", round, q, want, text);
		}
		r = registry_free(r);
	}
}

/* A file with something in every section. */
static void make_whole(struct err *e)
{
	static const struct said said[] = {
		{ FACT_NETWORK, KIND_RPSL, "RIPE", "N-1", "5.0.0.0/16", .org = "O-1" },
		{ FACT_NETWORK, KIND_RPSL, "RIPE", "N-2", "5.0.0.0/24", .org = "LOST" },
		{ FACT_NETWORK, KIND_RPSL, "RIPE", NULL, "2a00::/32", .name = "six" },
		{ FACT_ORG, KIND_RPSL, "RIPE", "O-1", .name = "One", .abuse = "C-1" },
		{ FACT_CONTACT, KIND_RPSL, "RIPE", "C-1", .mail = "c@example.net" },
	};
	struct registry_build *b = registry_build_new(NULL, NULL);
	static const char origins[] = "5.0.0.0,5.0.0.255,64500,One\n2a00::,2a00::ffff,64501,Two\n";

	assert_non_null(b);
	assert_int_equal(file_write(csv, span_str(origins), e), 0);
	assert_int_equal(registry_build_add(b, csv, e), 0);
	assert_int_equal(build_input_add(b, "facts", KIND_RPSL), 1);
	for (size_t i = 0; i < NELEM(said); i++)
		assert_int_equal(said_take(b, 1, &said[i]), 0);
	assert_int_equal(registry_build_write(b, reg, e), 0);
	b = registry_build_free(b);
}

/* Every length, and one bit in every byte of the head and of a sample of the rest. */
static void test_damaged(void **state)
{
	struct registry *r;
	struct buf b;
	struct err e;
	void *copy;
	char *p;

	make_whole(&e);
	buf_init(&b, 1u << 28);
	assert_int_equal(file_read(reg, &b, &e), 0);
	assert_int_equal(posix_memalign(&copy, REG_ALIGN, b.len), 0);
	p = memcpy(copy, b.p, b.len);
	assert_int_equal(registry_of_bytes(p, b.len, &r, &e), 0);
	r = registry_free(r);
	for (size_t n = 0; n < b.len; n += n < 900 ? 1 : b.len / 300 + 1)
		assert_true(registry_of_bytes(p, n, &r, &e) < 0);
	for (size_t n = 0; n < b.len; n += n < 480 ? 1 : b.len / 300 + 1) {
		p[n] ^= (char)(1 << n % 8);
		assert_true(registry_of_bytes(p, b.len, &r, &e) < 0);
		p[n] ^= (char)(1 << n % 8);
	}
	free(copy);
	assert_int_equal(file_write(reg, span_of(b.p, b.len - 1), &e), 0);
	assert_int_equal(registry_open(reg, &r, &e), -EBADMSG);
	assert_non_null(strstr(e.text, reg));
	buf_done(&b);
}

/* An input is of the last date in its name, else of its file's time. */
static void test_dates(void **state)
{
	static const struct {
		const char *name;
		int32_t year, month, day; /* 0: the file's time */
	} cases[] = { { "asn-20260617.csv", 2026, 6, 17 }, { "2.3.2026061719", 2026, 6, 17 },
		{ "delegated-2018-10-12", 2018, 10, 12 }, { "2018-10-1", 0, 0, 0 },
		{ "20181312", 0, 0, 0 }, { "2018-10-32", 0, 0, 0 }, { "1999-10-12", 0, 0, 0 },
		{ "2018-10-12.20190102", 2019, 1, 2 }, { "2018-1012", 0, 0, 0 } };
	const struct timespec times[2] = { { 86400, 0 }, { 86400, 0 } };
	char dir[] = "/tmp/onus-test-dates-XXXXXX", path[128];
	struct err e;

	assert_non_null(mkdtemp(dir));
	for (size_t i = 0; i < NELEM(cases); i++) {
		int64_t want = 86400;

		print_message("%s\n", cases[i].name);
		(void)snprintf(path, sizeof(path), "%s/%s", dir, cases[i].name);
		assert_int_equal(file_write(path, SPAN("x"), &e), 0);
		assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
		if (cases[i].year)
			want =
			    utc_days(cases[i].year, cases[i].month, cases[i].day) * INT64_C(86400);
		assert_int_equal(build_date(path), want);
		assert_int_equal(unlink(path), 0);
	}
	assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lookup),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_overlaps),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_dates),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
