/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What sources are worth (A6): who is right is believed, who reports bad neighbourhoods blindly is not,
 * who copies counts once, who turns is noticed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "world.h"

enum scene { PLAIN, EVERYTHING, SILENT, ECHOED, DERIVED };

enum { OWN, RIGHT, BLIND, PHISH, COPY, TURNED, FEW, ALL, ECHO, GROUPS };

#define HOSTS 12000u

/* A host of its own for every number, a few to a /24. */
static uint32_t host(uint32_t i)
{
	return 0x14000000u + (i / 3 << 8) + i % 3 * 80 + 1;
}

/* Hosts come and go over 100 days; OWN sees a third of them. */
static void fill(struct judge *j, enum scene scene)
{
	for (uint32_t i = 0; i < HOSTS; i++) {
		unsigned lag = i * 7919u % 100;
		unsigned later = lag > 2 ? lag - 2 : 0;
		bool right = i % 4 != 0;

		if (i % 3 == 0 && (scene != SILENT || lag > 50))
			see(j, host(i), &lag, 1, OWN);
		if (i % 3 == 0 && scene >= ECHOED)
			see(j, host(i), &lag, 1, ECHO);
		if (right)
			see(j, host(i), &lag, 1, RIGHT);
		if (right && i % 5)
			see(j, host(i), &later, 1, COPY);
		see(j, host(i) + 7, &lag, 1, BLIND);
		see_as(j, host(i) + 9, CATEGORY_PHISHING, PROOF_FULL, lag, PHISH);
		see(j, lag > 20 ? host(i) : host(i) + 11, &lag, 1, TURNED);
		if (scene == EVERYTHING)
			for (uint32_t k = 0; k < 40; k++) /* lists the whole neighbourhood first */
				see(j, (host(i) & ~255u) + k * 2 + 1, (unsigned[]){ 88 }, 1, ALL);
	}
	see(j, host(1), (unsigned[]){ 30 }, 1, FEW);
}

static struct judge *judge_of(enum scene scene, bool measure)
{
	struct judge *j = judge_new(
	    &(struct judge_conf){ .today = TODAY, .first_day = TODAY - 800, .measure = measure });
	struct world w = { 0 };

	for (unsigned g = 0; g < GROUPS; g++)
		judge_group(j, g, 0.3, g == OWN);
	judge_derived(j, ECHO, scene == DERIVED);
	fill(j, scene);
	world_put(&w, "20.0.0.0/8", 0, 0);
	run(j, &w);
	return j;
}

static struct judge_trust told(const struct judge *j, unsigned g)
{
	struct judge_trust t;

	judge_trust(j, g, &t);
	return t;
}

static void who_is_right(void **state)
{
	struct judge *j = judge_of(PLAIN, true);
	struct judge_trust right = told(j, RIGHT), blind = told(j, BLIND);

	assert_true(right.measured && right.seen > 0.2 && right.control < 0.01);
	assert_true(right.trust > 0.8 && right.trust <= 1);
	assert_true(blind.measured && blind.seen == 0 && blind.control > 0);
	assert_true(blind.trust < 0.02);
	assert_true(!told(j, PHISH).measured); /* OWN sees no phishing */
	assert_true(told(j, PHISH).trust == 0.3);
	assert_true(!told(j, FEW).measured && told(j, FEW).trust == 0.3);
	assert_true(told(j, OWN).trust == 1 && !told(j, OWN).measured);
	judge_free(j);
}

static void who_copies(void **state)
{
	struct judge *j = judge_of(PLAIN, true);
	struct judgement g;

	assert_int_equal(told(j, COPY).copies, RIGHT);
	assert_true(told(j, COPY).copied > 0.8);
	assert_int_equal(told(j, RIGHT).copies, RIGHT);
	/* Host 1: RIGHT and COPY say so, TURNED does not any more; two voices, one group. */
	g = find_addr(j, ENTITY_ADDR, "20.0.0.161"); /* host(2) */
	assert_int_equal(g.group_mask & (1u << RIGHT | 1u << COPY), 1u << RIGHT | 1u << COPY);
	assert_int_equal(g.groups, (unsigned)__builtin_popcountll(g.group_mask) - 1);
	judge_free(j);
}

/* An analysis that repeats what an anchor saw is no better for it, and nobody else is worse. */
static void who_concludes(void **state)
{
	struct judge *plain = judge_of(PLAIN, true), *echo = judge_of(ECHOED, true),
		     *derived = judge_of(DERIVED, true);

	assert_true(told(echo, ECHO).measured && told(echo, ECHO).trust > 0.9);
	assert_true(told(echo, RIGHT).trust < told(plain, RIGHT).trust);
	assert_true(!told(derived, ECHO).measured && told(derived, ECHO).trust == 0.3);
	for (unsigned g = 0; g < ECHO; g++)
		assert_true(told(derived, g).trust == told(plain, g).trust);
	judge_free(plain);
	judge_free(echo);
	judge_free(derived);
}

/* Whoever lists everything was first with all, and absorbs nobody. */
static void who_lists_all(void **state)
{
	struct judge *j = judge_of(EVERYTHING, true);

	assert_true(told(j, ALL).trust < 0.15);
	assert_int_equal(told(j, RIGHT).copies, RIGHT);
	assert_int_equal(told(j, COPY).copies, RIGHT);
	judge_free(j);
}

static void who_turns(void **state)
{
	struct judge *j = judge_of(PLAIN, true);

	assert_true(told(j, TURNED).turned && told(j, TURNED).trust < 0.05);
	for (unsigned g = 0; g < GROUPS; g++)
		assert_true(g == TURNED || !told(j, g).turned);
	judge_free(j);
}

/* The anchor saw nothing in seven weeks: nobody has turned, and what is older is still measured. */
static void anchor_silent(void **state)
{
	struct judge *j = judge_of(SILENT, true);

	for (unsigned g = 0; g < GROUPS; g++)
		assert_false(told(j, g).turned);
	assert_true(told(j, RIGHT).trust > 0.8);
	judge_free(j);
}

static void as_given(void **state)
{
	struct judge *j = judge_of(PLAIN, false);

	for (unsigned g = 0; g < GROUPS; g++) {
		assert_true(told(j, g).trust == (g == OWN ? 1 : 0.3));
		assert_int_equal(told(j, g).copies, g);
	}
	judge_free(j);
}

/* Lines that were disputed, and could not be shown. */
static void who_was_wrong(void **state)
{
	struct judge *j = judge_of(PLAIN, true);
	struct world w = { 0 };
	double before = told(j, RIGHT).trust;

	world_put(&w, "20.0.0.0/8", 0, 0);
	for (unsigned g = 0; g < GROUPS; g++)
		judge_wrong(j, g, g == RIGHT ? 200 : 20);
	run(j, &w);
	assert_true(told(j, OWN).trust >= 1);
	assert_true(told(j, FEW).trust > 0.3 * 50 / 150.1 && told(j, FEW).trust < 0.3 * 50 / 149.9);
	assert_true(told(j, RIGHT).trust < before && told(j, RIGHT).trust > before / 2);
	judge_wrong(j, RIGHT, 1000000);
	run(j, &w);
	assert_true(told(j, RIGHT).trust <= 0);
	judge_wrong(j, RIGHT, 0);
	run(j, &w);
	assert_true(told(j, RIGHT).trust >= before && told(j, RIGHT).trust <= before);
	judge_free(j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_is_right),
		cmocka_unit_test(who_copies),
		cmocka_unit_test(who_concludes),
		cmocka_unit_test(who_lists_all),
		cmocka_unit_test(who_turns),
		cmocka_unit_test(anchor_silent),
		cmocka_unit_test(as_given),
		cmocka_unit_test(who_was_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
