/* SPDX-License-Identifier: GPL-3.0-or-later */
/* New evidence after a run (judge_update), against a run over all of it at once: A9. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "judge/run.h"
#include "random.h"

#define ROUNDS 80

/* Returns whether an update did, or a run was needed. */
static bool update(struct judge *j, const struct world *w)
{
	struct err e;
	int r = judge_update(j, &e);

	assert_true(r == 0 || r == 1);
	if (r == 1)
		run(j, w);
	return r == 0;
}

/* All evidence at once, by the rates of `as`. */
static struct judge *whole(
    const struct judge *as, const struct world *w, const struct sighting *s, unsigned n, double q)
{
	struct judge_world world;
	struct judge_conf conf = { .today = TODAY,
		.first_day = TODAY - 800,
		.l0 = 6e-7,
		.m0 = 6e-6,
		.fixed = true,
		WORLD_NETWORKS,
		.q = q,
		.world = &world };
	struct judge *j;

	judge_world(as, &world);
	j = judge_new(&conf);
	assert_non_null(j);
	judge_group(j, 0, 1, true);
	groups(j);
	for (unsigned i = 0; i < n; i++)
		add(j, &s[i]);
	run(j, w);
	return j;
}

/* walk: as in judge_conf */
static struct judge *fixed_judge(double q, uint32_t walk)
{
	struct judge *j = judge_new(&(struct judge_conf){ .today = TODAY,
	    .first_day = TODAY - 800,
	    .l0 = 6e-7,
	    .m0 = 6e-6,
	    .walk = walk,
	    WORLD_NETWORKS,
	    .fixed = true,
	    .q = q });

	assert_non_null(j);
	judge_group(j, 0, 1, true);
	groups(j);
	return j;
}

static void assert_equal(const struct judge *a, const struct judge *b)
{
	for (unsigned k = 0; k < KINDS; k++)
		assert_int_equal(judge_n(a, kinds[k]), judge_n(b, kinds[k]));
	assert_all(a, b, assert_same);
	assert_all(b, a, assert_same);
}

/* Every result is what it was before, or judge_changed names it. */
static void assert_told(const struct judge *before, const struct judge *now)
{
	for (unsigned k = 0; k < KINDS; k++) {
		const uint32_t *v;
		uint32_t n = judge_changed(now, kinds[k], &v), at = 0;

		for (uint32_t i = 0; i < n; i++)
			assert_true(v[i] < judge_n(now, kinds[k]) && (i == 0 || v[i] > v[i - 1]));
		for (uint32_t i = 0; i < judge_n(now, kinds[k]); i++) {
			struct judgement x, y;

			if (at < n && v[at] == i) {
				at++;
				continue;
			}
			judge_at(now, kinds[k], i, &x);
			assert_true(judge_find(before, &x.key, &y));
			assert_same(&x, &y);
		}
		assert_int_equal(at, n);
	}
}

/* However evidence is cut into updates, the result is that of all at once: every AS here is small. */
static void pieces_in_any_order(void **state)
{
	struct world w;
	unsigned updates = 0, runs = 0;

	random_state = 11;
	world_make(&w);
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct sighting s[SIGHTINGS];
		double q = round % 2 ? 0.2 : 0;
		struct judge *a, *b;
		unsigned n = 0;

		if (round >= ROUNDS / 2)
			formers_random(5);
		b = fixed_judge(q, 2000);
		for (unsigned i = 0; i < SIGHTINGS; i++)
			s[i] = sighting_random();
		while (n < 1 + random_below(SIGHTINGS))
			add(b, &s[n++]);
		run(b, &w);
		while (n < SIGHTINGS) {
			unsigned end = n + 1 + random_below(40);
			struct judge *before = whole(b, &w, s, n, q);

			while (n < SIGHTINGS && n < end)
				add(b, &s[n++]);
			if (update(b, &w)) {
				assert_told(before, b);
				updates++;
			} else
				runs++;
			judge_free(before);
		}
		a = whole(b, &w, s, SIGHTINGS, q);
		assert_equal(a, b);
		judge_free(a);
		judge_free(b);
	}
	assert_true(updates > 200 && runs > 0);
	formers_none();
}

/* A run after updates: as if there had been none. And a day later, too. */
static void run_after_updates(void **state)
{
	struct world w;

	random_state = 12;
	world_make(&w);
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct judge *a = world_judge(), *b = world_judge();
		unsigned later = random_below(3) * random_below(200);

		if (round >= ROUNDS / 2)
			formers_random(5);
		groups(a);
		groups(b);
		for (unsigned i = 0; i < SIGHTINGS; i++) {
			struct sighting s = sighting_random();

			add(a, &s);
			add(b, &s);
			if (i == 100)
				run(b, &w);
			if (i > 100 && i % 30 == 0)
				(void)update(b, &w);
		}
		assert_int_equal(judge_age(a, later), 0);
		assert_int_equal(judge_age(b, later), 0);
		run(a, &w);
		run(b, &w);
		for (unsigned k = 0; k < KINDS; k++)
			assert_int_equal(judge_n(a, kinds[k]), judge_n(b, kinds[k]));
		if (judge_n(a, ENTITY_ADDR) && later == 0)
			assert_equal(a, b);
		judge_free(a);
		judge_free(b);
	}
	formers_none();
}

/* A large AS is not walked for one host more. Its hosts and the block are exact all the same; what the
 * block says of others waits. */
static void large_as(void **state)
{
	struct world w = { .n = 0 };
	struct judge *a, *b = world_judge();
	struct judge_world world;
	struct judgement x, y;
	struct err e;

	world_put(&w, "20.0.0.0/8", 0, 0);
	for (unsigned i = 0; i < 2000; i++)
		see_as(b, 0x14000000 + (i * 17 % 2000 << 8), CATEGORY_BRUTE_FORCE, PROOF_FULL,
		    1 + i % 30, 0);
	run(b, &w);
	for (unsigned i = 0; i < 40; i++) {
		see_as(b, 0x14000001 + (i * 53 << 8), CATEGORY_BRUTE_FORCE, PROOF_FULL, 0, 0);
		see_as(b, 0x14400001 + (i << 8), CATEGORY_BRUTE_FORCE, PROOF_FULL, 0, 0);
	}
	assert_int_equal(judge_update(b, &e), 0);
	judge_world(b, &world);
	a = judge_new(&(struct judge_conf){ .today = TODAY,
	    .first_day = TODAY - 800,
	    .l0 = 6e-7,
	    .m0 = 6e-6,
	    .fixed = true,
	    WORLD_NETWORKS,
	    .world = &world });
	judge_group(a, 0, 1, true);
	for (unsigned i = 0; i < 2000; i++)
		see_as(a, 0x14000000 + (i * 17 % 2000 << 8), CATEGORY_BRUTE_FORCE, PROOF_FULL,
		    1 + i % 30, 0);
	for (unsigned i = 0; i < 40; i++) {
		see_as(a, 0x14000001 + (i * 53 << 8), CATEGORY_BRUTE_FORCE, PROOF_FULL, 0, 0);
		see_as(a, 0x14400001 + (i << 8), CATEGORY_BRUTE_FORCE, PROOF_FULL, 0, 0);
	}
	run(a, &w);
	for (unsigned k = 0; k < KINDS; k++)
		assert_int_equal(judge_n(a, kinds[k]), judge_n(b, kinds[k]));
	for (uint32_t i = 0; i < judge_n(a, ENTITY_ADDR); i++) {
		judge_at(a, ENTITY_ADDR, i, &x);
		judge_at(b, ENTITY_ADDR, i, &y);
		assert_same(&x, &y);
	}
	x = find_index(a, ENTITY_AS, 0);
	y = find_index(b, ENTITY_AS, 0);
	assert_int_equal(x.hosts, y.hosts);
	assert_true(x.m > y.m && y.m > x.m * 0.9);
	x = find_addr(a, ENTITY_BLOCK, "20.0.53.1");
	y = find_addr(b, ENTITY_BLOCK, "20.0.53.1");
	assert_true(y.m > x.m * 0.9 && y.m <= x.m * (1 + 1e-12));
	run(b, &w);
	assert_equal(a, b);
	judge_free(a);
	judge_free(b);
}

/* Much more of it than before: walked, and exact. */
static void large_as_that_grows(void **state)
{
	struct world w = { .n = 0 };
	struct judge *b = fixed_judge(0, 0), *a;
	struct sighting s[1500];
	struct err e;

	world_put(&w, "20.0.0.0/8", 0, 0);
	for (unsigned i = 0; i < NELEM(s); i++)
		s[i] = (struct sighting){ addr_of_v4(0x14000000 + (i * 7919 % 60000 << 8)),
			CATEGORY_BRUTE_FORCE, PROOF_FULL, TODAY, 0, 1 };
	for (unsigned i = 0; i < NELEM(s); i++) {
		add(b, &s[i]);
		if (i == 700)
			run(b, &w);
	}
	assert_int_equal(judge_update(b, &e), 0);
	a = whole(b, &w, s, NELEM(s), 0);
	assert_equal(a, b);
	judge_free(a);
	judge_free(b);
}

#define WIDE 6000u /* rows of four blocks */

static bool wide_space(const void *ctx, uint32_t index, struct space *ret)
{
	const uint32_t first = 0x14000000 + (index << 10);

	(void)ctx;
	*ret = (struct space){ .range = { addr_of_v4(first), addr_of_v4(first + 1023) },
		.prefix = index,
		.as = index * index % 701,
		.country = "NL" };
	ret->org = ret->as % 300;
	ret->country[0] = (char)('A' + index % 5);
	return index < WIDE;
}

static void see_wide(struct judge *const j[2], unsigned n, unsigned days)
{
	while (n-- > 0) {
		struct sighting s = { .host = addr_of_v4(0x14000000 + random_below(WIDE << 8) * 4 +
							 random_below(2)),
			.category = random_below(2) ? CATEGORY_BRUTE_FORCE : CATEGORY_SPAM,
			.proof = random_below(4) ? PROOF_FULL : PROOF_WEAK,
			.day = TODAY - (int32_t)random_below(days),
			.group = random_below(4),
			.count = 1 };

		add(j[0], &s);
		add(j[1], &s);
	}
}

/* Enough that all the work is divided: the same bits, however many threads do it. */
static void threads_agree(void **state)
{
	struct judge *j[2];
	struct err e;

	random_state = 17;
	for (unsigned i = 0; i < 2; i++) {
		j[i] = judge_new(&(struct judge_conf){
		    .today = TODAY, .first_day = TODAY - 800, .threads = i ? 5 : 1 });
		assert_non_null(j[i]);
		judge_group(j[i], 0, 1, true);
		groups(j[i]);
	}
	see_wide(j, 60000, 40);
	assert_int_equal(judge_run(j[0], wide_space, NULL, &e), 0);
	assert_int_equal(judge_run(j[1], wide_space, NULL, &e), 0);
	for (unsigned round = 0; round < 3; round++) {
		see_wide(j, 20000, round ? 20 : 1);
		assert_int_equal(judge_update(j[0], &e), 0);
		assert_int_equal(judge_update(j[1], &e), 0);
		assert_equal(j[0], j[1]);
	}
	judge_free(j[0]);
	judge_free(j[1]);
}

/* Networks of the wide space: one of 16 rows and one of a quarter of all. */
static uint32_t wide_network(const void *ctx, struct addr a, struct addr *last)
{
	const uint32_t v = addr_v4(a);

	(void)ctx;
	*last = addr_of_v4(MIN_OF(addr_v4(*last), v | 0x3fff));
	return (v & 0xffffff) >> 14;
}

static uint32_t wide_above(const void *ctx, uint32_t n)
{
	(void)ctx;
	return n < 1000 ? 1001 + n / 100 : 0;
}

static struct judge *wide_judge(const struct judge_world *world)
{
	struct judge *j = judge_new(&(struct judge_conf){ .today = TODAY,
	    .first_day = TODAY - 800,
	    .walk = UINT32_MAX,
	    .network = wide_network,
	    .above = wide_above,
	    .fixed = world != NULL,
	    .world = world,
	    .threads = 3 });

	assert_non_null(j);
	judge_group(j, 0, 1, true);
	groups(j);
	return j;
}

static void list_wide(struct judge *const j[2], unsigned n)
{
	while (n-- > 0) {
		struct prefix p =
		    prefix_make(addr_of_v4(0x14000000 + (random_below(WIDE) << 10)), 96 + 22);
		unsigned group = random_below(4);

		for (unsigned i = 0; i < 2; i++)
			assert_int_equal(judge_add_listed(j[i], p, CATEGORY_SPAM, TODAY, group), 0);
	}
}

/* In every country, two blocks that are far worse than all others, one of them a little. */
static void see_worst(struct judge *const j[2])
{
	for (unsigned i = 0; i < 5 * 2 * 7 * 3; i++) {
		const unsigned day = i % 3, host = i / 3 % 7, second = i / 21 % 2, country = i / 42;
		struct sighting s = { .host = addr_of_v4(
					  0x14000000 + host + ((country + 500 * second) << 10)),
			.category = CATEGORY_BRUTE_FORCE,
			.proof = PROOF_FULL,
			.day = TODAY - (int32_t)(day + (second && host == 0)),
			.group = 0,
			.count = 1 };

		add(j[0], &s);
		add(j[1], &s);
	}
}

/* The hosts of the worst block of every country were seen long ago already: they are no new ones any more. */
static void see_before(struct judge *const j[2])
{
	for (uint32_t c = 0; c < j[0]->country.n; c++) {
		const struct leaf *l = &j[0]->leaves[sums_at(&j[0]->country, c)->worst_leaf];

		for (uint32_t k = 0; k < l->hosts; k++) {
			struct sighting s = { .host = bit_addr(
						  j[0]->bits.v[j[0]->hosts[l->host + k]].host),
				.category = CATEGORY_BRUTE_FORCE,
				.proof = PROOF_FULL,
				.day = TODAY - 300,
				.group = 0,
				.count = 1 };

			add(j[0], &s);
			add(j[1], &s);
		}
	}
}

/* The trim leans on it where it is most of an entity, and nothing else tells. */
static void assert_worst(struct judge *const j[2])
{
	for (uint32_t c = 0; c < j[0]->country.n; c++) {
		const struct sum *a = sums_at(&j[0]->country, c), *b = sums_at(&j[1]->country, c);

		assert_int_equal(
		    j[0]->leaves[a->worst_leaf].block, j[1]->leaves[b->worst_leaf].block);
		assert_memory_equal(&a->worst, &b->worst, sizeof(a->worst));
	}
}

/* Of entities of many rows an update exchanges what has changed, and reads no other row: to the bit what a run
 * makes of all of it, by the same rates. So it is when what was worst is so no more. */
static void totals_of_many_rows(void **state)
{
	struct judge_world world;
	struct judge *j[2], *first = wide_judge(NULL);
	unsigned fell = 0;
	struct err e;

	random_state = 23;
	see_wide((struct judge *[2]){ first, first }, 30000, 40);
	assert_int_equal(judge_run(first, wide_space, NULL, &e), 0);
	judge_world(first, &world);
	judge_free(first);
	for (unsigned i = 0; i < 2; i++)
		j[i] = wide_judge(&world);
	see_wide(j, 20000, 300);
	see_worst(j);
	assert_int_equal(judge_run(j[0], wide_space, NULL, &e), 0);
	for (unsigned round = 0; round < 6; round++) {
		double worst = sums_at(&j[0]->country, 0)->worst;

		see_wide(j, round % 2 ? 9000 : 300, round < 3 ? 1 : 20);
		list_wide(j, round * 20);
		if (round % 2 == 0)
			see_before(j);
		assert_int_equal(judge_update(j[0], &e), 0);
		assert_int_equal(judge_run(j[1], wide_space, NULL, &e), 0);
		assert_equal(j[0], j[1]);
		assert_worst(j);
		fell += sums_at(&j[0]->country, 0)->worst < worst;
	}
	assert_true(fell > 0);
	judge_free(j[0]);
	judge_free(j[1]);
}

/* A network's evidence lies with three judges, by block; put together in any order it is one. */
static void shards(void **state)
{
	static const unsigned order[][3] = { { 0, 1, 2 }, { 2, 0, 1 }, { 1, 2, 0 } };
	struct world w;

	random_state = 13;
	world_make(&w);
	for (unsigned round = 0; round < 20; round++) {
		struct judge *one, *part[3];

		if (round >= 10)
			formers_random(5);
		one = fixed_judge(0.2, 0);
		for (unsigned i = 0; i < 3; i++)
			part[i] = fixed_judge(0.2, 0);
		for (unsigned i = 0; i < SIGHTINGS; i++) {
			struct sighting s = sighting_random();
			uint64_t block =
			    addr_is_v4(s.host) ? addr_v4(s.host) >> 8 : s.host.hi >> 16;

			add(one, &s);
			add(part[block % 3], &s);
			if (i == SIGHTINGS / 2)
				run(part[round % 3], &w);
		}
		assert_int_equal(judge_add_listed(one, prefix_make(at("20.0.0.0"), 104),
				     CATEGORY_SPAM, TODAY - 3, 0),
		    0);
		assert_int_equal(judge_add_listed(part[1], prefix_make(at("20.0.0.0"), 104),
				     CATEGORY_SPAM, TODAY - 3, 0),
		    0);
		run(one, &w);
		for (unsigned o = 0; o < NELEM(order); o++) {
			struct judge *all = fixed_judge(0.2, 0);

			for (unsigned i = 0; i < 3; i++) {
				struct judge_kept k;

				assert_int_equal(judge_keep(part[order[o][i]], &k), 0);
				assert_int_equal(judge_restore(all, &k), 0);
			}
			run(all, &w);
			assert_equal(one, all);
			judge_free(all);
		}
		for (unsigned i = 0; i < 3; i++)
			judge_free(part[i]);
		judge_free(one);
	}
	formers_none();
}

/* What nobody can have kept is refused, and changes nothing. */
static void not_kept(void **state)
{
	const uint64_t today = (uint64_t)FAMILY_ATTACK << 62 | 1, late = today | UINT64_C(400)
										     << 53;
	const uint64_t twice[] = { 0x14000001, today, 0x14000001, today },
		       down[] = { 0x14000002, today, 0x14000001, today },
		       old[] = { 0x14000001, late };
	const uint64_t good[] = { 0x14000009, today };
	const struct judge_kept bad[] = { { .hosts = twice, .n_hosts = 2 },
		{ .hosts = good, .n_hosts = 1, .listed = down, .n_listed = 2 },
		{ .hosts = down, .n_hosts = 2 }, { .hosts = old, .n_hosts = 1 },
		{ .listed = down, .n_listed = 2 } };
	struct world w;
	struct judge *j = fixed_judge(0, 0);

	world_make(&w);
	see_as(j, 0x14000001, CATEGORY_BRUTE_FORCE, PROOF_FULL, 1, 0);
	for (unsigned i = 0; i < NELEM(bad); i++)
		assert_int_equal(judge_restore(j, &bad[i]), -EBADMSG);
	run(j, &w);
	assert_int_equal(judge_n(j, ENTITY_ADDR), 1);
	assert_int_equal(find_addr(j, ENTITY_ADDR, "20.0.0.1").events, 1);
	judge_free(j);
}

/* --- no memory ----------------------------------------------------------------------------------- */

/* The fail_at-th request for memory from now on fails, and no other; 0: none. */
static unsigned fail_at;

static bool fails(void)
{
	return fail_at && --fail_at == 0;
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

/* A judge that has run over half of the evidence, with the rest added, as an update before it or not. */
static struct judge *half_way(
    const struct world *w, const struct sighting s[SIGHTINGS], bool updated)
{
	struct judge *j = fixed_judge(0, 2000);
	struct err e;

	for (unsigned i = 0; i < SIGHTINGS; i++) {
		if (i == SIGHTINGS / 2)
			run(j, w);
		if (i == SIGHTINGS * 3 / 4 && updated)
			assert_int_equal(judge_update(j, &e), 0);
		add(j, &s[i]);
	}
	return j;
}

static void no_memory(void **state)
{
	struct sighting s[SIGHTINGS];
	struct world w;
	struct err e;
	unsigned lost = 0, n = 0;
	int r = -1;

	random_state = 14;
	world_make(&w);
	formers_random(5);
	while (r != 0) { /* evidence whose first half knows every family */
		struct judge *j;

		for (unsigned i = 0; i < SIGHTINGS; i++)
			s[i] = sighting_random();
		j = half_way(&w, s, false);
		r = judge_update(j, &e);
		judge_free(j);
	}
	/* An update: what is missing after it is never judged as if it were all. */
	for (r = -1; r != 0;) {
		struct judge *j = half_way(&w, s, false), *a;

		fail_at = ++n;
		r = judge_update(j, &e);
		fail_at = 0;
		assert_true(r == 0 || r == -ENOMEM);
		if (r < 0 && judge_run(j, world_space, &w, &e) == -EBADMSG) {
			lost++;
		} else {
			a = whole(j, &w, s, SIGHTINGS, 0);
			assert_equal(a, j);
			judge_free(a);
		}
		judge_free(j);
	}
	assert_true(n > 10 && lost > 5);
	/* A run: again with memory, it is complete. */
	for (n = 0, r = -1; r != 0;) {
		struct judge *j = half_way(&w, s, true), *a;

		fail_at = ++n;
		r = judge_run(j, world_space, &w, &e);
		fail_at = 0;
		assert_true(r == 0 || r == -ENOMEM);
		if (r < 0)
			run(j, &w);
		a = whole(j, &w, s, SIGHTINGS, 0);
		assert_equal(a, j);
		judge_free(a);
		judge_free(j);
	}
	assert_true(n > 20);
	formers_none();
}

/* What an update cannot do, it says. */
static void refusals(void **state)
{
	struct world w;
	struct judge *j = fixed_judge(0, 0);
	struct err e;

	world_make(&w);
	assert_int_equal(judge_update(j, &e), 1); /* nothing was run */
	see_as(j, 0x14000001, CATEGORY_BRUTE_FORCE, PROOF_FULL, 1, 0);
	run(j, &w);
	assert_int_equal(judge_update(j, &e), 0); /* nothing is new */
	see_as(j, 0x14000002, CATEGORY_SPAM, PROOF_FULL, 0, 0);
	assert_int_equal(judge_update(j, &e), 1); /* the first of its family */
	run(j, &w);
	assert_int_equal(judge_n(j, ENTITY_ADDR), 2);
	judge_group(j, 5, 0.5, false);
	assert_int_equal(judge_update(j, &e), 1); /* a new group */
	run(j, &w);
	assert_int_equal(
	    judge_add_listed(j, prefix_make(at("20.0.0.0"), 104), CATEGORY_SPAM, TODAY, 0), 0);
	assert_int_equal(judge_update(j, &e), 0);
	assert_int_equal(find_index(j, ENTITY_PREFIX, 0).listed, 1);
	assert_int_equal(find_index(j, ENTITY_PREFIX, 0).hosts, 2);
	judge_free(j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_in_any_order),
		cmocka_unit_test(run_after_updates),
		cmocka_unit_test(large_as),
		cmocka_unit_test(large_as_that_grows),
		cmocka_unit_test(threads_agree),
		cmocka_unit_test(totals_of_many_rows),
		cmocka_unit_test(shards),
		cmocka_unit_test(not_kept),
		cmocka_unit_test(no_memory),
		cmocka_unit_test(refusals),
	};

	return cmocka_run_group_tests_name("judge-update", tests, NULL, NULL);
}
