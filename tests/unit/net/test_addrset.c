/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sets of addresses against a naive one: an array with a place for every address of a small world, which
 * lies at the ends of both families and where they touch. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "net/addrset.h"

#define STEP  16
#define PARTS 6
#define WORLD (PARTS * (STEP + 1))

/* The world: six times sixteen neighbours; behind each, one that stands for all up to the next. */
struct place {
	struct addr addr;
	bool gap; /* no range begins or ends there */
};

static struct place world[WORLD];

static void make_world(void)
{
	static const struct {
		const char *first, *gap;
	} parts[PARTS] = {
		{ "::", "::5" },
		{ "::fffe:ffff:fff0", NULL }, /* IPv4 follows at once */
		{ "0.0.0.0", "9.9.9.9" },
		{ "255.255.255.240", NULL },
		{ "::1:0:0:0", "2a00::" },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff0", NULL },
	};

	for (size_t i = 0; i < PARTS; i++) {
		struct place *p = &world[i * (STEP + 1)];

		assert_int_equal(addr_parse(span_str(parts[i].first), &p[0].addr), 0);
		for (size_t k = 1; k < STEP; k++)
			p[k].addr = addr_next(p[k - 1].addr);
		p[STEP] = (struct place){ p[STEP - 1].addr, true };
		if (parts[i].gap)
			assert_int_equal(addr_parse(span_str(parts[i].gap), &p[STEP].addr), 0);
	}
	/* "::5" is in the first part; what stands for its gap lies behind it */
	world[STEP].addr = (struct addr){ 0, 4096 };
}

static uint64_t state = UINT64_C(0x9e3779b97f4a7c15);

static uint32_t below(uint32_t n)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (uint32_t)(((state * UINT64_C(2685821657736338717)) >> 32) * n >> 32);
}

struct model {
	bool in[WORLD];
};

/* A gap without addresses of its own says what the address before it says. */
static bool empty_gap(size_t i)
{
	return world[i].gap && i > 0 && addr_eq(world[i].addr, world[i - 1].addr);
}

static bool v4_at(size_t i)
{
	return addr_is_v4(world[i].addr);
}

static uint32_t end_point(void)
{
	uint32_t i;

	do
		i = below(WORLD);
	while (world[i].gap);
	return i;
}

/* A few ranges into both; ends of two families, or backwards, are refused. */
static void fill(struct addrset *s, struct model *m)
{
	*s = (struct addrset){ .v = NULL };
	*m = (struct model){ .in = { false } };
	for (uint32_t n = below(9); n > 0; n--) {
		uint32_t a = end_point(), b = below(3) ? end_point() : a;
		struct range r = { world[a].addr, world[b].addr };
		bool good = a <= b && v4_at(a) == v4_at(b);

		assert_int_equal(addrset_add(s, r), good ? 0 : -EINVAL);
		for (uint32_t i = a; good && i <= b; i++)
			m->in[i] |= v4_at(i) == v4_at(a);
	}
	addrset_settle(s);
}

static void same(const struct addrset *s, const struct model *m)
{
	struct addrset_walk w = { .i = 0 };
	struct addrset again = { .v = NULL };
	struct prefix p;

	for (size_t i = 0; i < s->n; i++) {
		assert_true(addr_cmp(s->v[i].first, s->v[i].last) <= 0);
		assert_int_equal(addr_is_v4(s->v[i].first), addr_is_v4(s->v[i].last));
		if (i > 0) /* disjoint, and what touches is of two families */
			assert_true(addr_cmp(s->v[i - 1].last, s->v[i].first) < 0 &&
				    (!addr_eq(addr_next(s->v[i - 1].last), s->v[i].first) ||
					addr_is_v4(s->v[i - 1].last) != addr_is_v4(s->v[i].first)));
	}
	for (size_t i = 0; i < WORLD; i++)
		if (!empty_gap(i) && addrset_has(s, world[i].addr) != m->in[i])
			fail_msg("place %zu: %d, not %d", i, !m->in[i], m->in[i]);
	while (addrset_next_prefix(s, &w, &p))
		assert_int_equal(addrset_add(&again, prefix_range(p)), 0);
	addrset_settle(&again);
	assert_true(addrset_eq(s, &again));
	addrset_done(&again);
}

/* Ranges of the world against a set: does any of it overlap, and what lies outside? */
static void asked(const struct addrset *s, const struct model *m)
{
	for (int n = 0; n < 8; n++) {
		uint32_t a = end_point(), b = end_point();
		struct range r = { world[a].addr, world[b].addr }, piece;
		struct addrset out = { .v = NULL };
		struct model left = { .in = { false } };
		bool any = false;

		if (a > b || v4_at(a) != v4_at(b))
			continue;
		for (uint32_t i = a; i <= b; i++) {
			any |= m->in[i] && v4_at(i) == v4_at(a) && !empty_gap(i);
			left.in[i] = !m->in[i] && v4_at(i) == v4_at(a);
		}
		assert_int_equal(addrset_overlaps(s, r), any);
		while (addrset_take_outside(s, &r, &piece))
			assert_int_equal(addrset_add(&out, piece), 0);
		addrset_settle(&out);
		same(&out, &left);
		addrset_done(&out);
	}
}

static void test_algebra(void **state_)
{
	make_world();
	for (int round = 0; round < 3000; round++) {
		struct addrset a, b, c;
		struct model x, y, z;

		fill(&a, &x);
		fill(&b, &y);
		same(&a, &x);
		asked(&a, &x);
		for (size_t i = 0; i < WORLD; i++)
			z.in[i] = x.in[i] || y.in[i];
		assert_int_equal(addrset_union(&a, &b, &c), 0);
		same(&c, &z);
		addrset_done(&c);
		for (size_t i = 0; i < WORLD; i++)
			z.in[i] = x.in[i] && y.in[i];
		assert_int_equal(addrset_intersect(&a, &b, &c), 0);
		same(&c, &z);
		addrset_done(&c);
		for (size_t i = 0; i < WORLD; i++)
			z.in[i] = x.in[i] && !y.in[i];
		assert_int_equal(addrset_subtract(&a, &b, &c), 0);
		same(&c, &z);
		addrset_done(&c);
		addrset_done(&a);
		addrset_done(&b);
	}
}

static void test_parse(void **state_)
{
	static const struct {
		const char *text;
		int want;
		size_t n;
		uint64_t v4, v6;
	} cases[] = {
		{ "", 0, 0, 0, 0 },
		{ " , ,\t", 0, 0, 0, 0 },
		{ "192.0.2.0/24", 0, 1, 256, 0 },
		{ "192.0.2.0/25,192.0.2.128/25", 0, 1, 256, 0 },
		{ "192.0.2.7 192.0.2.9\t192.0.2.8", 0, 1, 3, 0 },
		{ "192.0.2.0-192.0.3.9, 2001:db8::/47", 0, 2, 266, 2 },
		{ "2001:db8::/64, 2001:db8:0:2::/64, 2001:db8:1::1", 0, 3, 0, 2 },
		{ "0.0.0.0/0", 0, 1, UINT64_C(1) << 32, 0 },
		{ "::/0", 0, 2, 0, UINT64_C(1) << 48 }, /* holds no IPv4 */
		{ "::/0,0.0.0.0/0", 0, 3, UINT64_C(1) << 32, UINT64_C(1) << 48 },
		{ "192.0.2.1/24", -EINVAL, 0, 0, 0 },
		{ "192.0.2.9-192.0.2.1", -EINVAL, 0, 0, 0 },
		{ "::/80", -EINVAL, 0, 0, 0 }, /* ends where IPv4 does */
		{ "192.0.2.0/24,example.org", -EINVAL, 0, 0, 0 },
		{ "192.0.2.0/24;192.0.3.0/24", -EINVAL, 0, 0, 0 },
	};

	for (size_t i = 0; i < NELEM(cases); i++) {
		struct addrset s = { .v = NULL };
		struct err e;
		int got = addrset_parse(span_str(cases[i].text), &s, &e);

		if (got != cases[i].want || s.n != cases[i].n)
			fail_msg("'%s': %d, %zu intervals", cases[i].text, got, s.n);
		assert_true(addrset_v4_addresses(&s) == cases[i].v4);
		assert_true(addrset_v6_blocks(&s) == cases[i].v6);
		addrset_done(&s);
		addrset_done(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_algebra),
		cmocka_unit_test(test_parse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
