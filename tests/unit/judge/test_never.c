/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is never to be touched is not, whatever is known of it: special space to its ends, and what own networks and the
 * allow list say, of every size and wherever they lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "judge/policy.h"
#include "util/clock.h"
#include "world.h"

#define NOON  ((int64_t)TODAY * DAY_S + DAY_S / 2)
#define HOSTS 16u /* of a block: enough for its rule */

/* An IPv6 host is a /64. */
static struct addr host(struct addr first, uint64_t k)
{
	if (addr_is_v4(first))
		return addr_of_v4(addr_v4(first) + (uint32_t)k);
	return (struct addr){ first.hi + k, 0 };
}

static void attack_from(struct judge *j, struct addr a)
{
	for (int32_t lag = 0; lag < 7; lag++)
		assert_int_equal(
		    judge_add(j, a, CATEGORY_BRUTE_FORCE, PROOF_FULL, TODAY - lag, 0, 1), 0);
}

static struct range range_of(const struct judge_key *key)
{
	if (key->kind == ENTITY_BLOCK)
		return prefix_range(addr_block(key->addr));
	return prefix_range(prefix_make(key->addr, addr_is_v4(key->addr) ? 128 : 64));
}

static bool overlap(struct range a, struct range b)
{
	return addr_cmp(a.first, b.last) <= 0 && addr_cmp(b.first, a.last) <= 0;
}

/* --- special space -------------------------------------------------------------------------------- */

/* Source: IANA's registries of special-purpose addresses, of IPv4 and of IPv6 address space */
static const char *const special[][2] = {
	{ "0.0.0.0", "0.255.255.255" },
	{ "10.0.0.0", "10.255.255.255" },
	{ "100.64.0.0", "100.127.255.255" },
	{ "127.0.0.0", "127.255.255.255" },
	{ "169.254.0.0", "169.254.255.255" },
	{ "172.16.0.0", "172.31.255.255" },
	{ "192.0.0.0", "192.0.0.255" },
	{ "192.0.2.0", "192.0.2.255" },
	{ "192.168.0.0", "192.168.255.255" },
	{ "198.18.0.0", "198.19.255.255" },
	{ "198.51.100.0", "198.51.100.255" },
	{ "203.0.113.0", "203.0.113.255" },
	{ "224.0.0.0", "255.255.255.255" },
	{ "64:ff9b:1::", "64:ff9b:1:ffff::" },
	{ "2001:db8::", "2001:db8:ffff:ffff::" },
	{ "2002::", "2002:ffff:ffff:ffff::" },
	{ "3fff::", "3fff:fff:ffff:ffff::" },
	{ "4000::", "5eff:ffff:ffff:ffff::" },
	{ "fc00::", "fdff:ffff:ffff:ffff::" },
	{ "fe80::", "febf:ffff:ffff:ffff::" },
	{ "ff00::", "ffff:ffff:ffff:ffff::" },
};

/* The same of others, which are walled off. */
static const char *const others[][2] = {
	{ "1.0.0.0", "9.255.255.255" },
	{ "11.0.0.0", "100.63.255.255" },
	{ "172.32.0.0", "191.255.255.255" },
	{ "2003::", "3ffe:ffff:ffff:ffff::" },
};

static void attack_from_both_ends(struct judge *j, const char *const ends[2])
{
	for (uint64_t k = 0; k < HOSTS; k++) {
		attack_from(j, host(at(ends[0]), k));
		attack_from(j, host(at(ends[1]), -k));
	}
}

static bool within(const struct judge_key *key, const char *const ends[2])
{
	struct range r = range_of(key);

	return addr_cmp(r.first, at(ends[0])) >= 0 && addr_cmp(r.first, at(ends[1])) <= 0;
}

/* Blocks and addresses about which something was decided, or nothing because of what they are. */
static unsigned count(const struct policy_list *l, const char *const ends[2], bool walled)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < l->n; i++) {
		const struct policy_decision *d = &l->v[i];

		if (within(&d->key, ends))
			n += walled
				 ? d->now.level > LEVEL_WATCH
				 : d->spared == DECIDE_SPARED_NEVER && d->now.level == LEVEL_CLEAR;
	}
	return n;
}

static void special_space(void **state)
{
	struct policy_conf c = { .at_s = NOON };
	struct judge *j = world_judge();
	struct world w = { .n = 0 };
	struct policy_list l;

	world_put(&w, "0.0.0.0-255.255.255.255", 0, 0);
	world_put(&w, "2000::/3", 1, 1);
	for (unsigned i = 0; i < NELEM(special); i++)
		attack_from_both_ends(j, special[i]);
	for (unsigned i = 0; i < NELEM(others); i++)
		attack_from_both_ends(j, others[i]);
	run(j, &w);
	assert_int_equal(policy_decide(j, &c, &l), 0);
	for (unsigned i = 0; i < NELEM(special); i++) {
		bool kept =
		    at(special[i][0]).hi >> 62 == 0; /* else it is no evidence to begin with */
		unsigned walls = count(&l, special[i], true);
		unsigned spared = count(&l, special[i], false);

		if (walls || (kept && spared < 2 * HOSTS))
			fail_msg("%s: %u walls, %u spared", special[i][0], walls, spared);
	}
	for (unsigned i = 0; i < NELEM(others); i++)
		if (count(&l, others[i], true) != 2 * HOSTS + 2)
			fail_msg("%s: %u walls", others[i][0], count(&l, others[i], true));
	policy_done(&l);
	judge_free(j);
}

/* --- own networks and the allow list -------------------------------------------------------------- */

/* All that is in what is allowed, or around it, is left alone, and all else is not. */
static void decide_with(const struct judge *j, struct range allowed)
{
	struct addrset never = { 0 };
	struct policy_conf c = { .at_s = NOON, .never = &never };
	struct policy_list l;

	assert_int_equal(addrset_add(&never, allowed), 0);
	addrset_settle(&never);
	assert_int_equal(policy_decide(j, &c, &l), 0);
	assert_int_equal(l.n, 3 * (HOSTS + 1));
	for (uint32_t i = 0; i < l.n; i++) {
		const struct policy_decision *d = &l.v[i];
		bool touches = overlap(range_of(&d->key), allowed);
		char text[2][RANGE_TEXT_MAX];

		if (touches == (d->spared == DECIDE_SPARED_NEVER) &&
		    touches == (d->now.level <= LEVEL_WATCH))
			continue;
		(void)range_format(range_of(&d->key), text[0]);
		(void)range_format(allowed, text[1]);
		fail_msg("%s with %s allowed: %s", text[0], text[1], level_name(d->now.level));
	}
	policy_done(&l);
	addrset_done(&never);
}

/* Three blocks in a row full of attackers; every prefix around them, and those at the beginning of each down to a host. */
static void allow_everywhere(const char *first, unsigned from, unsigned to)
{
	struct addr a = at(first);
	struct judge *j = world_judge();
	unsigned block = addr_is_v4(a) ? 120 : 48;
	uint64_t size = UINT64_C(1) << (to - block); /* hosts */
	struct world w = { .n = 0 };

	world_put(&w, "20.0.0.0/12", 0, 0);
	world_put(&w, "2a00::/16", 1, 1);
	for (uint64_t b = 0; b < 3; b++)
		for (uint64_t k = 0; k < HOSTS; k++)
			attack_from(j, host(a, b * size + 3 * k));
	run(j, &w);
	for (unsigned len = from; len <= to; len++) {
		uint64_t n = len > block ? UINT64_C(1) << MIN_OF(len - block, 6u) : 1;

		for (uint64_t b = 0; b < 3; b++)
			for (uint64_t k = 0; k < n; k++)
				decide_with(j, prefix_range(prefix_make(
						   host(a, b * size + (k << (to - len))), len)));
	}
	judge_free(j);
}

static void allowed(void **state)
{
	allow_everywhere("20.0.7.0", 112, 128);
	allow_everywhere("2a00:0:7::", 40, 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(special_space),
		cmocka_unit_test(allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
