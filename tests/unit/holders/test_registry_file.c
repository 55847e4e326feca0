/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The registry file's contract (doc/contracts/registry-file.md): the writer makes the golden file byte
 * for byte, and the reader finds in it what the tables and facts say. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zstd.h>

#include "facts.h"
#include "holders/registry_format.h"
#include "util/file.h"

#define GOLDEN_BYTES_MAX (16u << 20)
#define TABLES_DATE	 1781654400 /* 2026-06-17: part of the file */

static char dir[] = "/tmp/onus-test-registry-file-XXXXXX";
static struct buf golden; /* unpacked */

static const char *golden_path(const char *name)
{
	static char path[4096];

	(void)snprintf(path, sizeof(path), "%s/tests/golden/%s", getenv("ONUS_SOURCE"), name);
	return path;
}

static int setup(void **state)
{
	struct buf packed;
	struct err e;
	size_t n;

	buf_init(&packed, GOLDEN_BYTES_MAX);
	buf_init(&golden, GOLDEN_BYTES_MAX);
	if (!mkdtemp(dir) || file_read(golden_path("registry-4.zst"), &packed, &e) < 0)
		return -1;
	n = ZSTD_decompress(
	    buf_room(&golden, GOLDEN_BYTES_MAX), GOLDEN_BYTES_MAX, packed.p, packed.len);
	buf_done(&packed);
	if (ZSTD_isError(n))
		return -1;
	buf_grew(&golden, n);
	return 0;
}

static int teardown(void **state)
{
	buf_done(&golden);
	return rmdir(dir);
}

/* A copy under its own name, with the date that is part of the golden file. */
static void add_table(struct registry_build *b, const char *name)
{
	const struct timespec times[2] = { { TABLES_DATE, 0 }, { TABLES_DATE, 0 } };
	struct buf text;
	char path[128];
	struct err e;

	buf_init(&text, 65536);
	assert_int_equal(file_read(golden_path(name), &text, &e), 0);
	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(file_write(path, buf_text(&text), &e), 0);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	assert_int_equal(registry_build_add(b, path, &e), 0);
	assert_int_equal(unlink(path), 0);
	buf_done(&text);
}

/* What the registries say, told to the build without a reader. */
static const struct said facts[] = {
	{ FACT_NETWORK, KIND_RIR_STATS, "RIPE", .range = "1.0.0.0/22", .opaque = "0f3a",
	    .country = "NL", .status = "allocated", .created_s = 86400 * 14000 },
	{ FACT_NETWORK, KIND_RPSL, "RIPE", .range = "1.0.0.0/22", .name = "FIRST-NET",
	    .org = "ORG-F1-RIPE", .status = "ALLOCATED PA", .country = "NL",
	    .changed_s = 86400 * 19500, .geofeed = true },
	{ FACT_NETWORK, KIND_RPSL, "RIPE", "NET-CUST", "1.0.1.0-1.0.1.99", .name = "CUSTOMER",
	    .status = "ASSIGNED PA", .country = "DE", .abuse = "AR-GONE-RIPE" },
	{ FACT_NETWORK, KIND_RPSL, "RIPE", .range = "1.0.1.90-1.0.1.120", .name = "CROSSES" },
	{ FACT_NETWORK, KIND_RDAP, "ARIN", "NET6-45", "2a00:1::/32", .name = "SIX",
	    .mail = "abuse@six.example" },
	{ FACT_NETWORK, KIND_RDAP, "ARIN", .range = "2a00:1::7-2a00:1::9", .name = "FEW" },
	{ FACT_PLACE, KIND_RPSL, "GEOFEED", .range = "1.0.3.128/25", .country = "AT" },
	{ FACT_PLACE, KIND_RPSL, "GEOFEED", .range = "1.0.3.192/26" },
	{ FACT_PLACE, KIND_RPSL, "GEOFEED", .range = "2a00:1::/48",
	    .country = "AT" }, /* of nobody */
	{ FACT_ROUTE, KIND_RIS, "RIS", .range = "200.0.0.0/24", .as = { 4199999998, 4199999998 },
	    .seen = 20 },
	{ FACT_ROUTE, KIND_RIS, "RIS", .range = "200.0.0.0/24", .as = { 4199999999, 4199999999 },
	    .seen = 5 },
	{ FACT_AS, KIND_RPSL, "RIPE", "AS64496", .as = { 64496, 64496 }, .org = "ORG-F1-RIPE",
	    .name = "FIRST-AS" },
	{ FACT_AS, KIND_RDAP, "ARIN", .as = { 64496, 64496 }, .org = "OTHER", .name = "first inc" },
	{ FACT_AS, KIND_RIR_STATS, "RIPE", .as = { 64496, 64496 }, .opaque = "0f3a",
	    .country = "FR" },
	{ FACT_ORG, KIND_RPSL, "RIPE", "ORG-F1-RIPE", .name = "First Holding", .country = "DE",
	    .address = "Street 2\n1000 Town" },
	{ FACT_ORG, KIND_RDAP, "RIPE", "ORG-F1-RIPE", .name = "First, Inc.", .abuse = "AR-F1-RIPE",
	    .country = "NL", .address = "Street 1\n1000 Town" },
	{ FACT_CONTACT, KIND_RPSL, "RIPE", "AR-F1-RIPE", .name = "First Abuse Desk",
	    .mail = "abuse@first.example" },
};

static const enum input_kind golden_kinds[] = { KIND_RIR_STATS, KIND_RPSL, KIND_RDAP, KIND_RIS };

static void tell_facts(struct registry_build *b)
{
	unsigned input[KIND_N] = { 0 };

	for (size_t i = 0; i < NELEM(golden_kinds); i++) {
		enum input_kind k = golden_kinds[i];

		input[k] = b->n_input;
		assert_true(build_input_add(b, build_kind_name(k), k) >= 0);
		b->input[input[k]].date_s = TABLES_DATE;
	}
	for (size_t i = 0; i < NELEM(facts); i++)
		assert_int_equal(said_take(b, input[facts[i].from], &facts[i]), 0);
}

static void test_writer(void **state)
{
	struct registry_build *b = registry_build_new(NULL, NULL);
	struct buf made;
	char path[128];
	struct err e;

	assert_non_null(b);
	add_table(b, "registry-4.csv");
	add_table(b, "registry-4-country.csv");
	tell_facts(b);
	(void)snprintf(path, sizeof(path), "%s/registry", dir);
	assert_int_equal(registry_build_write(b, path, &e), 0);
	b = registry_build_free(b);
	buf_init(&made, GOLDEN_BYTES_MAX);
	assert_int_equal(file_read(path, &made, &e), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(made.len, golden.len);
	assert_memory_equal(made.p, golden.p, golden.len);
	buf_done(&made);
}

/* What golden says, opened in memory of the test's own. */
static struct registry *golden_open(void **ret)
{
	struct registry *r;
	struct err e;

	assert_int_equal(posix_memalign(ret, REG_ALIGN, golden.len), 0);
	memcpy(*ret, golden.p, golden.len);
	if (registry_of_bytes(*ret, golden.len, &r, &e) < 0)
		fail_msg("%s", e.text);
	return r;
}

static void test_reader(void **state)
{
	static const struct {
		const char *address, *prefix, *name, *country;
		uint32_t asn;
	} rows[] = {
		{ "1.0.0.0", "1.0.0.0/23", "First, Inc.", "NL", 64496 },
		{ "1.0.1.7", "1.0.0.0/23", "First, Inc.", "DE", 64496 },
		{ "1.0.2.99", "1.0.2.0-1.0.2.99", "Not A Prefix", "DE", 64497 },
		{ "1.0.2.100", NULL, NULL, "DE", 0 },
		{ "1.0.4.0", NULL, NULL, "", 0 },
		{ "45.0.255.255", "45.0.0.0/16", "Large", "US", 64498 },
		{ "2a00:1:8000::", "2a00:1::/32", "Large", "FR", 64498 },
		{ "2a00:2::7fff:0:0:1", "2a00:2::/65", "Half A Host", "", 64499 },
		{ "2a00:2::8000:0:0:0", NULL, NULL, "", 0 },
	};
	struct registry *r;
	void *p;

	r = golden_open(&p);
	assert_int_equal(registry_date_s(r), TABLES_DATE);
	for (size_t i = 0; i < NELEM(rows); i++) {
		char text[RANGE_TEXT_MAX];
		struct attribution at;
		struct addr a;

		assert_int_equal(addr_parse(span_str(rows[i].address), &a), 0);
		registry_lookup(r, a, &at);
		assert_string_equal(at.country, rows[i].country);
		assert_int_equal(at.prefix == REGISTRY_NONE, rows[i].prefix == NULL);
		if (!rows[i].prefix)
			continue;
		(void)range_format(registry_prefix_at(r, at.prefix).range, text);
		assert_string_equal(text, rows[i].prefix);
		assert_int_equal(registry_as_at(r, at.as).asn, rows[i].asn);
		assert_true(span_is(registry_as_at(r, at.as).name, rows[i].name));
	}
	r = registry_free(r);
	free(p);
}

static void test_networks(void **state)
{
	static const struct {
		const char *address, *name, *range, *country, *holder, *mail;
		uint32_t around; /* networks around it, and records of its range behind it */
		bool same;
	} rows[] = {
		{ "1.0.0.0", "FIRST-NET", "1.0.0.0/22", "NL", "First, Inc.", "abuse@first.example",
		    0, true },
		{ "1.0.1.99", "CUSTOMER", "1.0.1.0-1.0.1.99", "DE", NULL, "abuse@first.example", 1,
		    false },
		{ "1.0.1.100", "FIRST-NET", "1.0.0.0/22", "NL", "First, Inc.",
		    "abuse@first.example", 0, true },
		{ "2a00:1::8", "FEW", "2a00:1::7-2a00:1::9", "", NULL, "abuse@six.example", 1,
		    false },
		{ "2a00:1::a", "SIX", "2a00:1::/32", "", NULL, "abuse@six.example", 0, false },
		{ "1.0.4.0", NULL },
		{ "0.0.0.0", NULL },
		{ "255.255.255.255", NULL },
		{ "2a00:2::", NULL },
	};
	void *p;
	struct registry *r = golden_open(&p);
	uint32_t as = registry_find_as(r, 64496);

	for (size_t i = 0; i < NELEM(rows); i++) {
		char text[RANGE_TEXT_MAX];
		struct registry_network n;
		struct addr a;
		uint32_t at, around = 0;

		assert_int_equal(addr_parse(span_str(rows[i].address), &a), 0);
		at = registry_network(r, a);
		assert_int_equal(at == REGISTRY_NONE, rows[i].name == NULL);
		if (at == REGISTRY_NONE)
			continue;
		n = registry_network_at(r, at);
		(void)range_format(n.range, text);
		assert_string_equal(text, rows[i].range);
		assert_string_equal(n.country, rows[i].country);
		assert_true(span_is(n.name, rows[i].name));
		assert_int_equal(n.holder == REGISTRY_NONE, rows[i].holder == NULL);
		if (rows[i].holder)
			assert_true(span_is(registry_holder_at(r, n.holder).name, rows[i].holder));
		assert_true(
		    span_is(registry_contact_at(r, registry_network_abuse(r, at, NULL)).mail,
			rows[i].mail));
		assert_int_equal(registry_network_same(r, at) != REGISTRY_NONE, rows[i].same);
		for (uint32_t up = n.parent; up != REGISTRY_NONE; around++)
			up = registry_network_at(r, up).parent;
		assert_int_equal(around, rows[i].around);
	}
	assert_int_equal(registry_n_orphan(r), 1);
	assert_true(span_is(registry_orphan_at(r, 0).handle, "AR-GONE-RIPE"));
	assert_true(
	    span_is(registry_holder_at(r, registry_as_at(r, as).holder).handle, "ORG-F1-RIPE"));
	assert_int_not_equal(registry_find_network(r, SPAN("ARIN/NET6-45")), REGISTRY_NONE);
	r = registry_free(r);
	free(p);
}

static void test_geofeed(void **state)
{
	static const struct {
		const char *address, *country;
	} rows[] = { { "1.0.3.127", "" }, { "1.0.3.128", "AT" }, { "1.0.3.191", "AT" },
		{ "1.0.3.192", "" }, { "0.0.0.0", "" }, { "255.255.255.255", "" },
		{ "2a00:1::1", "" } };
	void *p;
	struct registry *r = golden_open(&p);

	for (size_t i = 0; i < NELEM(rows); i++) {
		char country[3];
		struct addr a;

		assert_int_equal(addr_parse(span_str(rows[i].address), &a), 0);
		assert_int_equal(registry_geofeed(r, a, country), *rows[i].country != '\0');
		assert_string_equal(country, rows[i].country);
	}
	assert_int_equal(registry_n_geofeed(r), 1);
	r = registry_free(r);
	free(p);
}

static void test_rivals(void **state)
{
	static const struct {
		const char *address;
		uint32_t n;
	} rows[] = { { "199.255.255.255", 0 }, { "200.0.0.0", 1 }, { "200.0.0.255", 1 },
		{ "200.0.1.0", 0 }, { "1.0.0.0", 0 }, { "2a00:1::1", 0 } };
	void *p;
	struct registry *r = golden_open(&p);

	assert_int_equal(registry_n_rival(r), 1);
	assert_int_equal(registry_origins(r, NULL), 0);
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct registry_rival v;
		uint32_t first;
		struct addr a;

		assert_int_equal(addr_parse(span_str(rows[i].address), &a), 0);
		assert_int_equal(registry_rivals(r, a, &first), rows[i].n);
		if (rows[i].n == 0)
			continue;
		v = registry_rival_at(r, first);
		assert_int_equal(v.asn, 4199999999);
		assert_int_equal(v.seen, 5);
		assert_true(span_is(registry_input_at(r, v.input).kind, "ris-whois"));
		assert_int_equal(registry_origin(r, a), 4199999998);
	}
	r = registry_free(r);
	free(p);
}

static void said_is(
    const struct registry *r, struct registry_said s, const char *value, const char *source)
{
	assert_true(span_is(s.value, value));
	assert_true(span_is(s.source, source));
	assert_true(s.input < registry_n_input(r));
}

static void test_said(void **state)
{
	static const struct {
		enum registry_said_field field;
		const char *value, *source, *kind;
	} as_said[] = { { SAID_NAME, "FIRST-AS", "RIPE", "rpsl" },
		{ SAID_COUNTRY, "FR", "RIPE", "rir-stats" },
		{ SAID_HOLDER, "OTHER", "ARIN", "rdap" } },
	  holder_said[] = { { SAID_NAME, "First Holding", "RIPE", "rpsl" },
		  { SAID_COUNTRY, "DE", "RIPE", "rpsl" },
		  { SAID_ADDRESS, "Street 2\n1000 Town", "RIPE", "rpsl" } };
	void *p;
	struct registry *r = golden_open(&p);
	uint32_t holder = registry_find_holder(r, SPAN("RIPE/ORG-F1-RIPE")), first;

	assert_int_equal(registry_as_said(r, registry_find_as(r, 64496), &first), NELEM(as_said));
	for (uint32_t i = 0; i < NELEM(as_said); i++) {
		struct registry_said s = registry_as_said_at(r, first + i);

		assert_int_equal(s.field, as_said[i].field);
		said_is(r, s, as_said[i].value, as_said[i].source);
		assert_true(span_is(registry_input_at(r, s.input).kind, as_said[i].kind));
	}
	assert_int_equal(registry_holder_said(r, holder, &first), NELEM(holder_said));
	for (uint32_t i = 0; i < NELEM(holder_said); i++) {
		struct registry_said s = registry_holder_said_at(r, first + i);

		assert_int_equal(s.field, holder_said[i].field);
		said_is(r, s, holder_said[i].value, holder_said[i].source);
		assert_true(span_is(registry_input_at(r, s.input).kind, holder_said[i].kind));
	}
	assert_int_equal(registry_n_as_said(r), NELEM(as_said));
	assert_int_equal(registry_n_holder_said(r), NELEM(holder_said));
	for (uint32_t i = 0; i < registry_n_as(r); i++)
		assert_int_equal(registry_as_said(r, i, &first) != 0, registry_asn(r, i) == 64496);
	r = registry_free(r);
	free(p);
}

/* Rows that no build writes, with a right checksum: refused. */
static void test_said_refused(void **state)
{
	static const struct {
		enum reg_section section;
		uint32_t row;
		size_t at, bytes;
		uint32_t value;
	} cases[] = {
		{ REG_AS_SAID, 0, offsetof(struct reg_said, of), 4, 1u << 20 },
		{ REG_AS_SAID, 0, offsetof(struct reg_said, of), 4, 1 },
		{ REG_AS_SAID, 0, offsetof(struct reg_said, field), 2, SAID_ADDRESS },
		{ REG_AS_SAID, 0, offsetof(struct reg_said, field), 2, SAID_HOLDER },
		{ REG_AS_SAID, 2, offsetof(struct reg_said, field), 2, SAID_FIELD_N },
		{ REG_AS_SAID, 0, offsetof(struct reg_said, source), 2, FACTS_LABELS_MAX },
		{ REG_AS_SAID, 0, offsetof(struct reg_said, input), 4, REGISTRY_INPUTS_MAX },
		{ REG_AS_SAID, 0, offsetof(struct reg_said, value.at), 4, 1u << 30 },
		{ REG_AS_SAID, 0, offsetof(struct reg_said, value.len), 4, REG_TEXT_MAX + 1 },
		{ REG_AS_SAID, 0, offsetof(struct reg_said, value.len), 4, 0 },
		{ REG_AS_SAID, 1, offsetof(struct reg_said, value.len), 4, 3 },
		{ REG_AS_SAID, 1, offsetof(struct reg_said, value.at), 4, 0 },
		{ REG_HOLDER_SAID, 2, offsetof(struct reg_said, of), 4, 1u << 20 },
		{ REG_HOLDER_SAID, 2, offsetof(struct reg_said, field), 2, SAID_HOLDER },
		{ REG_HOLDER_SAID, 0, offsetof(struct reg_said, field), 2, SAID_ADDRESS },
	};
	const struct reg_head *head = (const struct reg_head *)golden.p;
	struct registry *r = NULL;
	struct err e;
	char *p;

	assert_int_equal(posix_memalign((void **)&p, REG_ALIGN, golden.len), 0);
	for (size_t i = 0; i < NELEM(cases); i++) {
		const struct reg_extent *x = &head->section[cases[i].section];

		memcpy(p, golden.p, golden.len);
		assert_true(cases[i].row < x->rows);
		memcpy(p + x->offset + cases[i].row * x->row_bytes + cases[i].at, &cases[i].value,
		    cases[i].bytes);
		((struct reg_head *)p)->sum = registry_sum(p, golden.len);
		assert_int_equal(registry_of_bytes(p, golden.len, &r, &e), -EBADMSG);
		assert_non_null(strstr(e.text, "what is said besides is out of order"));
	}
	free(p);
}

/* A file of another version is refused with what to do. */
static void test_version(void **state)
{
	struct registry *r = NULL;
	struct err e;
	void *p;

	assert_int_equal(posix_memalign(&p, REG_ALIGN, golden.len), 0);
	memcpy(p, golden.p, golden.len);
	((struct reg_head *)p)->version = 1;
	assert_int_equal(registry_of_bytes(p, golden.len, &r, &e), -EBADMSG);
	assert_non_null(strstr(e.text, "version 1"));
	assert_non_null(strstr(e.text, "onus registry build"));
	free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_writer),
		cmocka_unit_test(test_reader),
		cmocka_unit_test(test_networks),
		cmocka_unit_test(test_geofeed),
		cmocka_unit_test(test_rivals),
		cmocka_unit_test(test_said),
		cmocka_unit_test(test_said_refused),
		cmocka_unit_test(test_version),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
