/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whose an address is and what a range weighs, against an array with a place for every address of a small world. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "net/rangemap.h"

#define WORLD	300u /* places: IPv4 addresses of 20.0.0.0/22, or /64s of 2a00::/48 */
#define SETS	3u
#define NOBODY	UINT32_MAX
#define MIDDLE6 UINT64_C(0x0123456789abcdef) /* somewhere within a /64 */

static uint64_t state = 7;

static uint32_t below(uint32_t n)
{
	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(state >> 33) % n;
}

static struct addr place(uint32_t i, bool v6, uint64_t within)
{
	if (v6)
		return (struct addr){ (UINT64_C(0x2a00) << 48) + i, within };
	return addr_of_v4(UINT32_C(0x14000000) + i);
}

static const double weights[SETS] = { 255, 7, 255 };

/* What several lists say, the first of them first; naive: whose each place is. */
static void fill(struct rangemap *m, uint32_t naive[WORLD], bool v6)
{
	for (uint32_t i = 0; i < WORLD; i++)
		naive[i] = NOBODY;
	for (uint32_t k = 0; k < SETS; k++) {
		struct addrset s = { .v = NULL };

		for (uint32_t n = below(12); n > 0; n--) {
			uint32_t first = below(WORLD), last = first + below(20);

			last = last < WORLD ? last : WORLD - 1;
			assert_int_equal(addrset_add(&s, (struct range){ place(first, v6, MIDDLE6),
							     place(last, v6, MIDDLE6 + 1) }),
			    0);
			for (uint32_t i = first; i <= last; i++)
				naive[i] = naive[i] == NOBODY ? k : naive[i];
		}
		addrset_settle(&s);
		assert_int_equal(rangemap_put(m, &s, k, weights[k]), 0);
		addrset_done(&s);
	}
	rangemap_settle(m);
}

static void check(const struct rangemap *m, const uint32_t naive[WORLD], bool v6)
{
	double unit = v6 ? 1.0 / 256 : 1;

	for (uint32_t i = 0; i < WORLD; i++) {
		const struct rangemap_row *row =
		    rangemap_find(m, place(i, v6, below(2) ? 0 : MIDDLE6));

		assert_int_equal(row ? row->value : NOBODY, naive[i]);
	}
	for (unsigned n = 0; n < 400; n++) {
		uint32_t first = below(WORLD), last = first + below(WORLD - first);
		double want = 0, got = rangemap_weight(
				     m, (struct range){ place(first, v6, 5), place(last, v6, 9) });

		for (uint32_t i = first; i <= last; i++)
			want += naive[i] == NOBODY ? 0 : weights[naive[i]] * unit;
		if (got < want - 1e-6 || got > want + 1e-6)
			fail_msg("%u to %u: %g instead of %g", first, last, got, want);
	}
}

static void against_naive(void **unused)
{
	for (unsigned round = 0; round < 200; round++) {
		struct rangemap m = { .v = NULL };
		uint32_t naive[WORLD];
		bool v6 = round % 2;

		fill(&m, naive, v6);
		check(&m, naive, v6);
		rangemap_done(&m);
		rangemap_done(&m);
	}
}

/* Both versions in one map, nothing at all, and the ends of the space. */
static void ends(void **unused)
{
	struct rangemap m = { .v = NULL };
	struct addrset s;
	struct err e;
	struct range all4 = { addr_of_v4(0), addr_of_v4(UINT32_MAX) };
	struct range high = { { UINT64_MAX - 1, 0 }, { UINT64_MAX, UINT64_MAX } };
	struct range block = { { UINT64_C(0x2a000000) << 32, 0 },
		{ (UINT64_C(0x2a000000) << 32) + 0xffff, UINT64_MAX } };

	rangemap_settle(&m);
	assert_null(rangemap_find(&m, addr_of_v4(1)));
	assert_true(rangemap_weight(&m, all4) < 1e-9);
	assert_int_equal(addrset_parse(span_str("20.0.0.0/24 255.255.255.255 2a00::/48 "
						"ffff:ffff:ffff:ffff::/64"),
			     &s, &e),
	    0);
	assert_int_equal(rangemap_put(&m, &s, 4, 2), 0);
	addrset_done(&s);
	rangemap_settle(&m);
	assert_true(rangemap_weight(&m, all4) == 2 * 257);
	assert_true(rangemap_weight(&m, block) == 2 * 256);
	assert_true(rangemap_weight(&m, high) == 2.0 / 256);
	assert_int_equal(rangemap_find(&m, (struct addr){ UINT64_MAX, 7 })->value, 4);
	assert_null(rangemap_find(&m, (struct addr){ UINT64_MAX - 1, 7 }));
	assert_null(rangemap_find(&m, addr_of_v4(UINT32_C(0x14000100))));
	rangemap_done(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(against_naive),
		cmocka_unit_test(ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
