/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory fails at every request of a build with networks, one after the other: the build says so, leaks
 * nothing, and the file that was there stays. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "facts.h"
#include "util/file.h"

static unsigned fail_at; /* 0: never */

static bool fails(void)
{
	return fail_at > 0 && --fail_at == 0;
}

void *__real_calloc(size_t n, size_t size);
void *__real_malloc(size_t size);
void *__real_realloc(void *p, size_t size);
void *__real_reallocarray(void *p, size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_reallocarray(void *p, size_t n, size_t size);

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return fails() ? NULL : __real_realloc(p, size);
}

void *__wrap_reallocarray(void *p, size_t n, size_t size)
{
	return fails() ? NULL : __real_reallocarray(p, n, size);
}

static const struct said said[] = {
	{ FACT_NETWORK, KIND_RPSL, "RIPE", "N-1", "5.0.0.0/16", .org = "O-1", .status = "s",
	    .geofeed = true },
	{ FACT_NETWORK, KIND_RPSL, "RIPE", "N-2", "5.0.0.0/24", .org = "LOST", .abuse = "LOST" },
	{ FACT_NETWORK, KIND_RPSL, "RIPE", "N-3", "5.0.0.128-5.0.1.9", .mail = "n@example.net" },
	{ FACT_NETWORK, KIND_RDAP, "RIPE", "N-1", "5.0.0.0/16" },
	{ FACT_NETWORK, KIND_RIR_STATS, "RIPE", NULL, "2a00::/32", .opaque = "x" },
	{ FACT_NETWORK, KIND_RPSL, "RIPE", NULL, "2a00::7-2a00::9", .abuse = "C-1" },
	{ FACT_AS, KIND_RPSL, "RIPE", .as = { 64500, 64501 }, .org = "O-1" },
	{ FACT_ORG, KIND_RPSL, "RIPE", "O-1", .name = "One", .abuse = "C-1" },
	{ FACT_CONTACT, KIND_RPSL, "RIPE", "C-1", .mail = "c@example.net" },
	{ FACT_ROUTE, KIND_RIS, "RIS", .range = "5.0.0.0/16", .as = { 7, 7 }, .seen = 9 },
	{ FACT_ROUTE, KIND_RIS, "RIS", .range = "5.0.0.0/16", .as = { 8, 8 }, .seen = 8 },
	{ FACT_ROUTE, KIND_PFX2AS, "CAIDA", .range = "2a00::/32", .as = { 8, 8 } },
	{ FACT_PLACE, KIND_GEOFEED, "GEOFEED", .range = "5.0.7.0/24", .country = "NL" },
	{ FACT_AS, KIND_AS_NAMES, "ASNAMES", .as = { 8, 8 }, .name = "EIGHT" },
};

static int build(const char *csv, const char *path)
{
	struct registry_build *b = registry_build_new(NULL, NULL);
	int r = b ? 0 : -ENOMEM;
	struct err e;

	if (r == 0)
		r = registry_build_add(b, csv, &e);
	for (enum input_kind k = KIND_FACTS; r == 0 && k < KIND_N; k++)
		r = MIN_OF(build_input_add(b, build_kind_name(k), k), 0);
	for (size_t i = 0; r == 0 && i < NELEM(said); i++)
		r = said_take(b, 1 + said[i].from - KIND_FACTS, &said[i]);
	if (r == 0)
		r = registry_build_write(b, path, &e);
	b = registry_build_free(b);
	return r;
}

static void test_no_memory(void **state)
{
	char csv[] = "/tmp/onus-test-networks-memory-XXXXXX", path[64];
	int fd = mkstemp(csv), r = -1;
	struct registry *reg;
	unsigned n = 0;
	struct err e;

	(void)snprintf(path, sizeof(path), "%s.registry", csv);
	assert_true(fd >= 0 && close(fd) == 0);
	assert_int_equal(file_write(csv, SPAN("5.0.0.0,5.0.0.255,64500,One\n"), &e), 0);
	assert_int_equal(build(csv, path), 0);
	while (r != 0) {
		fail_at = ++n;
		r = build(csv, path);
		fail_at = 0;
		if (r != 0 && r != -ENOMEM)
			fail_msg("request %u: %d", n, r);
		assert_int_equal(access(path, R_OK), 0);
	}
	print_message("%u requests\n", n - 1);
	assert_true(n > 50);
	assert_int_equal(registry_open(path, &reg, &e), 0);
	assert_int_equal(registry_n_network(reg), 5);
	reg = registry_free(reg);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(unlink(csv), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
