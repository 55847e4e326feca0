/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The registry file's contract (doc/contracts/registry-file.md): the writer makes the golden file byte
 * for byte, and the reader finds in it what the tables say. */
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

#include "holders/build.h"
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
	if (!mkdtemp(dir) || file_read(golden_path("registry-1.zst"), &packed, &e) < 0)
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

static void test_writer(void **state)
{
	struct registry_build *b = registry_build_new(NULL, NULL);
	struct buf made;
	char path[128];
	struct err e;

	assert_non_null(b);
	add_table(b, "registry-1.csv");
	add_table(b, "registry-1-country.csv");
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
	struct err e;
	void *p;

	assert_int_equal(posix_memalign(&p, REG_ALIGN, golden.len), 0);
	memcpy(p, golden.p, golden.len);
	assert_int_equal(registry_of_bytes(p, golden.len, &r, &e), 0);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_writer),
		cmocka_unit_test(test_reader),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
