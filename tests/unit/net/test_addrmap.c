/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "net/addrmap.h"

/* Distinct addresses from a number: dense and sparse IPv4, IPv6 hosts, whole IPv6 addresses. */
static struct addr addr_nth(uint32_t i)
{
	switch (i % 4) {
	case 0:
		return addr_of_v4(0x01000000 + i);
	case 1:
		return addr_of_v4(i * 2654435761u | 1);
	case 2:
		return (struct addr){ UINT64_C(0x20010db800000000) + i, 0 };
	default:
		return (struct addr){ UINT64_C(0x2a00000000000000), i };
	}
}

static void indexes_are_dense(void **state)
{
	struct addrmap m;
	uint32_t n = 300000, distinct = 0;
	uint32_t *want = calloc(n, sizeof(*want));

	assert_non_null(want);
	assert_int_equal(addrmap_init(&m, 0), 0);
	for (uint32_t i = 0; i < n; i++) {
		bool is_new, known = addrmap_find(&m, addr_nth(i)) != ADDRMAP_NONE;

		want[i] = addrmap_put(&m, addr_nth(i), &is_new);
		assert_int_equal(is_new, !known);
		if (is_new)
			assert_int_equal(want[i], distinct++);
		assert_true(addr_eq(addrmap_key(&m, want[i]), addr_nth(i)));
	}
	assert_int_equal(m.n, distinct);
	assert_true(distinct > n - 1000);
	for (uint32_t i = 0; i < n; i++) {
		assert_int_equal(addrmap_find(&m, addr_nth(i)), want[i]);
		assert_int_equal(addrmap_put(&m, addr_nth(i), NULL), want[i]);
		addrmap_prefetch(&m, addr_nth(i));
	}
	assert_int_equal(m.n, distinct);
	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(addrmap_find(&m, (struct addr){ i, 99 }), ADDRMAP_NONE);
	addrmap_done(&m);
	addrmap_done(&m);
	free(want);
}

/* The same low 32 bits in both families are different keys. */
static void families_do_not_mix(void **state)
{
	struct addrmap m;

	assert_int_equal(addrmap_init(&m, 5000), 0);
	for (uint32_t i = 0; i < 4096; i++) {
		assert_int_equal(addrmap_put(&m, addr_of_v4(i), NULL), 2 * i);
		assert_int_equal(addrmap_put(&m, (struct addr){ 0, i }, NULL), 2 * i + 1);
	}
	assert_int_equal(addrmap_find(&m, addr_of_v4(77)), 154);
	assert_int_equal(addrmap_find(&m, (struct addr){ 0, 77 }), 155);
	addrmap_done(&m);
}

/* Addresses in arithmetic progressions (whole networks, one host of each /24 …) must not cluster:
 * with entries in three quarters of the slots at most, a search that ends after 200 steps on average
 * would take many times the time; so the longest chain is bounded here. */
static void progressions_do_not_cluster(void **state)
{
	static const uint32_t steps[] = { 1, 256, 65536, 3, 0x01000001, 0x9e3779b1 };

	for (size_t s = 0; s < NELEM(steps); s++) {
		struct addrmap m;
		size_t mask, run = 0, longest = 0;

		assert_int_equal(addrmap_init(&m, 0), 0);
		for (uint32_t i = 0; i < 48000; i++)
			(void)addrmap_put(&m, addr_of_v4(i * steps[s]), NULL);
		mask = ((size_t)1 << m.bits) - 1;
		for (size_t i = 0; i <= 2 * mask; i++) {
			run = m.slot[i & mask] ? run + 1 : 0;
			longest = MAX_OF(longest, run);
		}
		assert_true(longest < 600);
		addrmap_done(&m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(indexes_are_dense),
		cmocka_unit_test(families_do_not_mix),
		cmocka_unit_test(progressions_do_not_cluster),
	};

	return cmocka_run_group_tests_name("addrmap", tests, NULL, NULL);
}
