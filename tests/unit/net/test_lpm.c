/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "net/lpm.h"

#define VALUES 1000

struct table {
	void *p; /* owned, aligned */
	size_t len;
	struct lpm l;
};

static void table_build(const struct lpm_entry *e, size_t n, struct table *t)
{
	struct buf b;
	struct err err;

	buf_init(&b, 256 << 20);
	assert_int_equal(lpm_build(e, n, &b), 0);
	t->p = aligned_alloc(64, b.len);
	assert_non_null(t->p);
	memcpy(t->p, b.p, b.len);
	t->len = b.len;
	buf_done(&b);
	if (lpm_open(t->p, t->len, VALUES, &t->l, &err) < 0)
		fail_msg("%s", err.text);
}

static struct range range_must(const char *text)
{
	struct range r = { { 0, 0 }, { 0, 0 } };

	if (range_parse(span_str(text), &r) < 0)
		fail_msg("no range: %s", text);
	return r;
}

static void finds_what_was_put(void **state)
{
	static const struct {
		const char *range;
		uint32_t value;
	} in[] = {
		{ "::-::7", 20 },
		{ "0.0.0.0-0.0.0.0", 1 },
		{ "1.0.0.0/24", 2 },
		{ "1.0.1.0-1.0.1.6", 3 },
		{ "1.0.1.7", 4 },
		{ "1.0.1.9-1.3.7.1", 5 },
		{ "9.0.0.0/8", 6 },
		{ "255.255.255.255", 7 },
		{ "2001:db8::/32", 8 },
		{ "2001:db9::/48", 9 },
		{ "2001:db9:1::1-2001:db9:1::5", 10 },
		{ "2001:db9:1::6", 11 },
		{ "2a00::/12", 12 },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 13 },
	};
	static const struct {
		const char *address;
		uint32_t want;
	} cases[] = {
		{ "::", 20 },
		{ "::7", 20 },
		{ "::8", LPM_NONE },
		{ "0.0.0.0", 1 },
		{ "0.0.0.1", LPM_NONE },
		{ "1.0.0.255", 2 },
		{ "1.0.1.6", 3 },
		{ "1.0.1.7", 4 },
		{ "1.0.1.8", LPM_NONE },
		{ "1.0.1.9", 5 },
		{ "1.2.0.0", 5 },
		{ "1.3.7.1", 5 },
		{ "1.3.7.2", LPM_NONE },
		{ "8.255.255.255", LPM_NONE },
		{ "9.128.0.0", 6 },
		{ "10.0.0.0", LPM_NONE },
		{ "255.255.255.254", LPM_NONE },
		{ "255.255.255.255", 7 },
		{ "2001:db7:ffff::", LPM_NONE },
		{ "2001:db8::", 8 },
		{ "2001:db8:ffff:ffff::1", 8 },
		{ "2001:db9::1", 9 },
		{ "2001:db9:1::", LPM_NONE },
		{ "2001:db9:1::5", 10 },
		{ "2001:db9:1::6", 11 },
		{ "2001:db9:1::7", LPM_NONE },
		{ "2a0f:ffff::", 12 },
		{ "2a10::", LPM_NONE },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 13 },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", LPM_NONE },
	};
	struct lpm_entry e[NELEM(in)];
	struct table t;

	for (size_t i = 0; i < NELEM(in); i++)
		e[i] = (struct lpm_entry){ range_must(in[i].range), in[i].value };
	table_build(e, NELEM(in), &t);
	for (size_t i = 0; i < NELEM(cases); i++) {
		uint32_t got = lpm_find(&t.l, range_must(cases[i].address).first);

		if (got != cases[i].want)
			fail_msg("%s: %u, not %u", cases[i].address, got, cases[i].want);
	}
	free(t.p);
}

static uint64_t seed = 88172645463325252u;
static uint64_t rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* The same by bisection. */
static uint32_t find_slowly(const struct lpm_entry *e, size_t n, struct addr a)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (addr_cmp(e[mid].range.last, a) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < n && range_has(e[lo].range, a) ? e[lo].value : LPM_NONE;
}

static struct addr addr_step(struct addr a, unsigned bits, uint64_t n)
{
	struct addr r = a;

	if (bits < 64) {
		r.lo += n << bits;
		r.hi += r.lo < a.lo;
	} else {
		r.hi += n << (bits - 64);
	}
	return r;
}

/* Ranges of all sizes, with and without gaps, dense in places, from a start on. */
static size_t ranges_random(struct addr at, struct addr end, const unsigned *bits, size_t n_bits,
    struct lpm_entry *e, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		struct addr first = at, last;

		if (rnd() % 3 == 0)
			first = addr_step(at, bits[rnd() % n_bits], 1 + rnd() % 5);
		last = addr_prev(addr_step(first, bits[rnd() % n_bits], 1 + rnd() % 3));
		if (addr_cmp(first, at) < 0 || addr_cmp(last, first) < 0 || addr_cmp(last, end) > 0)
			break;
		e[i] = (struct lpm_entry){ { first, last }, (uint32_t)(rnd() % VALUES) };
		at = addr_next(last);
	}
	return i;
}

static void agrees_with_bisection(void **state)
{
	static const unsigned bits4[] = { 0, 2, 7, 8, 8, 9, 11, 12, 12, 16 };
	static const unsigned bits6[] = { 0, 3, 60, 64, 64, 70, 80, 80, 80, 80, 84, 88, 96, 96, 100,
		108 };
	enum { N = 8000 };
	struct lpm_entry *e = calloc(2 * N, sizeof(*e));
	struct table t;
	size_t n, n4;

	assert_non_null(e);
	n = n4 = ranges_random(
	    addr_of_v4(rnd() & 0xffffff), addr_of_v4(UINT32_MAX), bits4, NELEM(bits4), e, N);
	n += ranges_random((struct addr){ UINT64_C(0x2001000000000000), 0 },
	    (struct addr){ UINT64_C(0xfffe000000000000), 0 }, bits6, NELEM(bits6), e + n, N);
	assert_true(n4 > 1000 && n - n4 > 1000);
	table_build(e, n, &t);
	for (size_t i = 0; i < 500000; i++) {
		const struct lpm_entry *near = &e[rnd() % n];
		struct addr a = rnd() & 1 ? near->range.first : near->range.last;

		switch (rnd() % 4) {
		case 0:
			a = addr_next(a);
			break;
		case 1:
			a = addr_prev(a);
			break;
		case 2:
			a = addr_is_v4(a)
				? addr_of_v4((uint32_t)rnd())
				: (struct addr){ a.hi ^ rnd() >> (16 + rnd() % 40), rnd() };
			break;
		default:
			break;
		}
		if (lpm_find(&t.l, a) != find_slowly(e, n, a)) {
			char text[ADDR_TEXT_MAX];

			addr_format(a, text);
			fail_msg("%s: %u, not %u", text, lpm_find(&t.l, a), find_slowly(e, n, a));
		}
	}
	free(t.p);
	free(e);
}

static void build_refuses(void **state)
{
	struct lpm_entry overlap[] = { { range_must("1.0.0.0/24"), 1 },
		{ range_must("1.0.0.255"), 2 } };
	struct lpm_entry unsorted[] = { { range_must("2.0.0.0/24"), 1 },
		{ range_must("1.0.0.0"), 2 } };
	struct lpm_entry large[] = { { range_must("2.0.0.0/24"), LPM_NONE } };
	struct lpm_entry both[] = { { { { 0, 1 }, addr_of_v4(1) }, 1 } };
	struct buf b;

	buf_init(&b, 64 << 20);
	assert_int_equal(lpm_build(overlap, 2, &b), -EINVAL);
	assert_int_equal(lpm_build(unsorted, 2, &b), -EINVAL);
	assert_int_equal(lpm_build(large, 1, &b), -EINVAL);
	assert_int_equal(lpm_build(both, 1, &b), -EINVAL);
	assert_int_equal(b.len, 0);
	buf_done(&b);
	buf_init(&b, 1 << 20);
	assert_int_equal(lpm_build(overlap, 1, &b), -ENOMEM);
	buf_done(&b);
}

/* Whatever is flipped, the table is refused or every lookup in it stays inside (the sanitizers and the
 * value's bound tell). */
static void damage_is_harmless(void **state)
{
	static const char *const in[] = { "1.0.0.0/24", "1.0.1.7", "1.0.1.9-1.3.7.1",
		"2001:db8::/32", "2001:db9::/48", "2001:db9:1::1-2001:db9:1::5", "2001:db9:1::6" };
	struct lpm_entry e[NELEM(in)];
	struct table t;
	struct lpm l;
	unsigned refused = 0;
	uint8_t *p;

	for (size_t i = 0; i < NELEM(in); i++)
		e[i] = (struct lpm_entry){ range_must(in[i]), (uint32_t)i };
	table_build(e, NELEM(in), &t);
	p = t.p;
	for (size_t cut = 0; cut < 200; cut++)
		assert_int_equal(
		    lpm_open(t.p, cut < 100 ? cut : t.len - cut, VALUES, &l, NULL), -EBADMSG);
	assert_int_equal(lpm_open(t.p, t.len, 3, &l, NULL), -EBADMSG);
	for (int i = 0; i < 300; i++) {
		/* the tables' heads and tails are where the interesting rows are */
		size_t at = i % 3 == 0	 ? rnd() % 64
			    : i % 3 == 1 ? rnd() % t.len
					 : t.len - 1 - rnd() % 20000;
		uint8_t old = p[at];

		p[at] = (uint8_t)(old ^ 1u << rnd() % 8);
		if (lpm_open(t.p, t.len, VALUES, &l, NULL) < 0) {
			refused++;
			p[at] = old;
			continue;
		}
		for (int k = 0; k < 500; k++) {
			struct addr a = e[rnd() % NELEM(in)].range.first;
			uint32_t v;

			a.lo ^= rnd() >> rnd() % 64;
			v = lpm_find(&l, a);
			assert_true(v < VALUES || v == LPM_NONE);
		}
		p[at] = old;
	}
	assert_true(refused > 30);
	free(t.p);
}

static void empty_table(void **state)
{
	struct table t;

	table_build(NULL, 0, &t);
	assert_int_equal(lpm_find(&t.l, addr_of_v4(0x01020304)), LPM_NONE);
	assert_int_equal(lpm_find(&t.l, (struct addr){ UINT64_C(0x2a00) << 48, 1 }), LPM_NONE);
	free(t.p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_was_put),
		cmocka_unit_test(agrees_with_bisection),
		cmocka_unit_test(build_refuses),
		cmocka_unit_test(damage_is_harmless),
		cmocka_unit_test(empty_table),
	};

	return cmocka_run_group_tests_name("lpm", tests, NULL, NULL);
}
