/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The escalation by itself: what scoring.md B1 to B3 say step by step. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "steps.h"
#include "util/macro.h"

#define HOUR INT64_C(3600)
#define DAY  (24 * HOUR)
#define FROM (20000 * DAY) /* where time begins */

static const enum entity_kind decided[] = { ENTITY_ADDR, ENTITY_BLOCK, ENTITY_NET, ENTITY_PREFIX,
	ENTITY_AS, ENTITY_ORG };

static struct decide_facts quiet(int64_t verified_s)
{
	return (struct decide_facts){ .verified_s = verified_s, .seen_s = verified_s };
}

static void lengths(void **state)
{
	static const struct {
		enum entity_kind kind;
		bool corroborated;
		int64_t hours[13];
	} cases[] = {
		{ ENTITY_ADDR, false, { 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 720, 720, 720 } },
		{ ENTITY_ADDR, true,
		    { 24, 48, 96, 192, 384, 720, 720, 720, 720, 720, 720, 720, 720 } },
		{ ENTITY_BLOCK, true,
		    { 24, 48, 96, 192, 336, 336, 336, 336, 336, 336, 336, 336, 336 } },
		{ ENTITY_PREFIX, true,
		    { 24, 48, 96, 168, 168, 168, 168, 168, 168, 168, 168, 168, 168 } },
		{ ENTITY_AS, true,
		    { 24, 48, 96, 168, 168, 168, 168, 168, 168, 168, 168, 168, 168 } },
	};

	for (unsigned i = 0; i < NELEM(cases); i++)
		for (int32_t n = 1; n <= 13; n++)
			if (decide_length(cases[i].kind, cases[i].corroborated, n) !=
			    cases[i].hours[n - 1] * HOUR)
				fail_msg("case %u, sentence %d: %jd s", i, n,
				    (intmax_t)decide_length(
					cases[i].kind, cases[i].corroborated, n));
	assert_null(decide_rule(ENTITY_COUNTRY));
}

struct moment {
	int64_t hour;	  /* of this look */
	int64_t verified; /* hour of the newest verified evidence, -1: none */
	const char *
	    met; /* which rules: b(lock) f(riction), with l(inger) w(atch) h(old) c(orroborated) s(hared) */
	enum level level;
	enum action action;
	int64_t since, until; /* hours */
	int32_t episode;
};

static void walk(const char *label, enum entity_kind kind, const struct moment *m, unsigned n)
{
	struct decide_state s = { 0 };

	for (unsigned i = 0; i < n; i++) {
		const struct decide_facts f = { strchr(m[i].met, 'b'), strchr(m[i].met, 'f'),
			strchr(m[i].met, 'f') || strchr(m[i].met, 'l'), strchr(m[i].met, 'w'),
			strchr(m[i].met, 'h'), strchr(m[i].met, 'c'), strchr(m[i].met, 's'),
			m[i].verified < 0 ? DECIDE_NEVER : FROM + m[i].verified * HOUR,
			m[i].verified < 0 ? DECIDE_NEVER : FROM + m[i].verified * HOUR };

		s = step(kind, &f, &s, FROM + m[i].hour * HOUR);
		if (s.level != m[i].level || s.episode != m[i].episode ||
		    (s.level != LEVEL_CLEAR &&
			(s.action != m[i].action || s.since_s != FROM + m[i].since * HOUR ||
			    s.until_s != FROM + m[i].until * HOUR)))
			fail_msg("%s, hour %jd: %s %s, hours %jd to %jd, episode %d", label,
			    (intmax_t)m[i].hour, level_name(s.level), action_name(s.action),
			    (intmax_t)((s.since_s - FROM) / HOUR),
			    (intmax_t)((s.until_s - FROM) / HOUR), s.episode);
	}
}
#define WALK(kind, m) walk(#m, kind, m, NELEM(m))

/* One burst, not corroborated: an hour, an hour of probation, clear; and the same evidence begins nothing more. */
static void address_once(void **state)
{
	static const struct moment burst[] = {
		{ 10, 10, "bh", LEVEL_BLOCK, ACTION_DROP, 10, 11, 1 },
		{ 11, 10, "bh", LEVEL_PROBATION, ACTION_GREYLIST, 11, 12, 1 },
		{ 12, 10, "bh", LEVEL_CLEAR, ACTION_TAG, 0, 0, 1 },
		{ 13, 10, "bh", LEVEL_CLEAR, ACTION_TAG, 0, 0, 1 },
		{ 10 + 30 * 24, 10, "", LEVEL_CLEAR, ACTION_TAG, 0, 0, 0 },
	};

	WALK(ENTITY_ADDR, burst);
}

static void address_again(void **state)
{
	static const struct moment week[] = {
		{ 0, 0, "bfhc", LEVEL_BLOCK, ACTION_DROP, 0, 24, 1 },
		{ 20, 18, "bfhc", LEVEL_BLOCK, ACTION_DROP, 0, 24, 1 },
		{ 25, 18, "bfhc", LEVEL_BLOCK, ACTION_DROP, 25, 73, 2 },
		{ 73, 18, "bfhc", LEVEL_PROBATION, ACTION_GREYLIST, 73, 121, 2 },
		{ 100, 99, "h", LEVEL_BLOCK, ACTION_DROP, 100, 104, 3 }, /* the first hit, alone */
		{ 104, 99, "bfhc", LEVEL_PROBATION, ACTION_GREYLIST, 104, 108, 3 },
		{ 108, 99, "bfhc", LEVEL_FRICTION, ACTION_GREYLIST, 108, 819, 3 },
	};
	static const struct moment steps[] = {
		{ 0, -1, "w", LEVEL_CLEAR, ACTION_TAG, 0, 0, 0 }, /* nothing was seen */
		{ 1, 1, "wh", LEVEL_WATCH, ACTION_TAG, 1, 49, 0 },
		{ 2, 2, "fh", LEVEL_FRICTION, ACTION_GREYLIST, 2, 722, 0 },
		{ 30, 29, "fh", LEVEL_FRICTION, ACTION_GREYLIST, 2, 722, 0 },
		{ 722, 29, "lh", LEVEL_FRICTION, ACTION_GREYLIST, 722, 749, 0 },
		{ 740, 29, "", LEVEL_CLEAR, ACTION_TAG, 0, 0, 0 },
		{ 741, 29, "fh", LEVEL_CLEAR, ACTION_TAG, 0, 0, 0 },  /* it was let go */
		{ 742, 741, "lh", LEVEL_CLEAR, ACTION_TAG, 0, 0, 0 }, /* too little to begin */
		{ 743, 742, "fhb", LEVEL_BLOCK, ACTION_DROP, 743, 744, 1 },
	};
	static const struct moment served[] = {
		{ 0, 0, "bfh", LEVEL_BLOCK, ACTION_DROP, 0, 1, 1 },
		{ 1, 0, "fh", LEVEL_PROBATION, ACTION_GREYLIST, 1, 2, 1 },
		{ 2, 0, "lh", LEVEL_FRICTION, ACTION_GREYLIST, 2, 720, 1 },
		{ 719, 0, "lh", LEVEL_FRICTION, ACTION_GREYLIST, 2, 720, 1 },
		{ 720, 0, "lh", LEVEL_CLEAR, ACTION_TAG, 0, 0, 0 },
	};
	static const struct moment early[] = {
		{ 0, 0, "bfhc", LEVEL_BLOCK, ACTION_DROP, 0, 24, 1 },
		{ 5, 0, "", LEVEL_PROBATION, ACTION_GREYLIST, 5, 29, 1 },
		{ 29, 0, "fh", LEVEL_CLEAR, ACTION_TAG, 0, 0, 1 }, /* of the past */
	};
	static const struct moment shares[] = {
		{ 0, 0, "fhs", LEVEL_FRICTION, ACTION_GREYLIST, 0, 48, 0 },
		{ 48, 0, "fhs", LEVEL_CLEAR, ACTION_TAG, 0, 0, 0 },
	};
	static const struct moment old[] = {
		{ 48, 0, "bfwhc", LEVEL_CLEAR, ACTION_TAG, 0, 0, 0 },
		{ 48, -1, "bfwhc", LEVEL_CLEAR, ACTION_TAG, 0, 0, 0 },
		{ 48, 49, "bfwhc", LEVEL_CLEAR, ACTION_TAG, 0, 0, 0 }, /* a wrong clock */
	};

	WALK(ENTITY_ADDR, week);
	WALK(ENTITY_ADDR, steps);
	WALK(ENTITY_ADDR, served);
	WALK(ENTITY_ADDR, early);
	WALK(ENTITY_ADDR, shares);
	WALK(ENTITY_ADDR, old);
}

static void shared(void **state)
{
	struct decide_facts f = attack(FROM);
	struct decide_state s = { 0 };

	f.shared = true;
	s = step(ENTITY_ADDR, &f, &s, FROM);
	assert_int_equal(s.level, LEVEL_BLOCK);
	assert_int_equal(s.until_s, FROM + 900);
	s = step(ENTITY_ADDR, &f, &s, FROM + 900);
	assert_int_equal(s.level, LEVEL_PROBATION);
	assert_int_equal(s.action, ACTION_GREYLIST);
	assert_int_equal(s.until_s, FROM + 900 + DAY);
}

static void network(void **state)
{
	static const struct moment block[] = {
		{ 0, 0, "bhc", LEVEL_FRICTION, ACTION_GREYLIST, 0, 24, 1 },
		{ 24, 20, "bhc", LEVEL_BLOCK, ACTION_REJECT, 24, 72, 2 },
		{ 72, 20, "bhc", LEVEL_PROBATION, ACTION_GREYLIST, 72, 120, 2 },
		{ 119, 118, "hc", LEVEL_BLOCK, ACTION_REJECT, 119, 215, 3 },
		{ 215, 118, "hc", LEVEL_PROBATION, ACTION_GREYLIST, 215, 311, 3 },
		{ 311, 118, "bhc", LEVEL_CLEAR, ACTION_TAG, 0, 0, 3 },
		{ 118 + 720, 118, "", LEVEL_CLEAR, ACTION_TAG, 0, 0, 3 },
		{ 119 + 720, 118, "", LEVEL_CLEAR, ACTION_TAG, 0, 0, 2 },
	};
	static const struct moment clean[] = {
		{ 0, 0, "bhc", LEVEL_FRICTION, ACTION_GREYLIST, 0, 24, 1 },
		{ 5, 3, "", LEVEL_PROBATION, ACTION_TAG, 5, 29, 1 },
		{ 6, 6, "bhc", LEVEL_PROBATION, ACTION_TAG, 5, 29, 1 }, /* not after, but at */
	};
	static const struct moment holder[] = {
		{ 0, 0, "bhc", LEVEL_FRICTION, ACTION_GREYLIST, 0, 24, 1 },
		{ 24, 20, "bhc", LEVEL_FRICTION, ACTION_GREYLIST, 24, 72, 2 },
		{ 72, 71, "bhc", LEVEL_FRICTION, ACTION_GREYLIST, 72, 168, 3 },
	};

	WALK(ENTITY_BLOCK, block);
	walk("clean", ENTITY_BLOCK, clean, 2);
	WALK(ENTITY_AS, holder);
	WALK(ENTITY_ORG, holder);
}

/* An owner who cleans up, and whose score says so: probation at once, clear after D_n. */
static void let_go(void **state)
{
	for (unsigned k = 0; k < NELEM(decided); k++) {
		struct decide_facts f = attack(FROM), none = quiet(DECIDE_NEVER);
		struct decide_state s = { 0 };

		s = step(decided[k], &f, &s, FROM + 1);
		f = quiet(FROM);
		s = step(decided[k], &f, &s, FROM + 3 * HOUR);
		assert_int_equal(s.level, LEVEL_PROBATION);
		assert_int_equal(s.until_s, FROM + 3 * HOUR + DAY);
		s = step(decided[k], &f, &s, FROM + 3 * HOUR + DAY);
		assert_int_equal(s.level, LEVEL_CLEAR);
		for (int64_t i = 4; i < 24 * 90; i++) {
			f = attack(FROM + i * HOUR);
			s = step(decided[k], &f, &s, FROM + i * HOUR);
		}
		assert_true(decide_sentence(decided[k], s.level));
		f.hold = false; /* too often: it serves its time … */
		s = step(decided[k], &f, &s, FROM + 24 * 90 * HOUR);
		if (s.episode > decide_rule(decided[k])->early)
			assert_true(decide_sentence(decided[k], s.level));
		s = step(decided[k], &none, &s, FROM + 24 * 90 * HOUR + 1);
		assert_int_equal(
		    s.level, LEVEL_PROBATION); /* … unless there is nothing against it */
	}
}

static void lifted(void **state)
{
	struct decide_facts f = attack(FROM);
	struct decide_state s = { 0 }, up;

	s = step(ENTITY_BLOCK, &f, &s, FROM);
	decide_lift(&s, FROM + HOUR, &up);
	assert_int_equal(up.level, LEVEL_CLEAR);
	assert_int_equal(up.episode, 1);
	s = step(ENTITY_BLOCK, &f, &up, FROM + 2 * HOUR); /* the same evidence */
	assert_int_equal(s.level, LEVEL_CLEAR);
	f = attack(FROM + 3 * HOUR);
	s = step(ENTITY_BLOCK, &f, &s, FROM + 3 * HOUR);
	assert_int_equal(s.episode, 2);
}

/* --- all of them together ------------------------------------------------------------------------ */

/* The densest comes first; what stands is not pushed aside by what is denser; what was not looked at is left alone. */
static void greedy(void **state)
{
	struct decide_conf c = { FROM, 2, 2560 };
	struct decide_case v[3];

	for (uint32_t i = 0; i < 3; i++)
		v[i] = (struct decide_case){ .kind = ENTITY_BLOCK,
			.key = i,
			.facts = attack(FROM),
			.arrivals = 1 + i,
			.size = 256,
			.as = DECIDE_NOBODY,
			.country = 7 };
	assert_int_equal(decide_all(&c, v, 3), 0); /* room for two of one country */
	assert_int_equal(v[0].spared, DECIDE_SPARED_COUNTRY);
	assert_int_equal(v[0].now.episode, 0);
	assert_int_equal(v[1].now.level, LEVEL_FRICTION);
	assert_int_equal(v[2].now.level, LEVEL_FRICTION);
	v[2].users = 8;
	assert_int_equal(decide_all(&c, v, 3), 0);
	assert_int_equal(v[2].spared, DECIDE_SPARED_COUNTRY);
	for (uint32_t i = 0; i < 3; i++)
		v[i].was = v[i].now;
	v[2].users = 1;
	c.at_s += HOUR;
	assert_int_equal(decide_all(&c, v, 3), 0);
	assert_int_equal(v[2].spared, DECIDE_SPARED_COUNTRY);
	assert_int_equal(v[0].now.since_s, FROM);
	c.budget = 256; /* it was made smaller */
	v[0].stands = true;
	assert_int_equal(decide_all(&c, v, 3), 0);
	assert_int_equal(v[0].now.level, LEVEL_FRICTION);
	assert_int_equal(v[1].now.level, LEVEL_CLEAR);
	assert_int_equal(v[1].now.episode, 1);
	assert_int_equal(v[1].spared, DECIDE_SPARED_BUDGET);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lengths),
		cmocka_unit_test(address_once),
		cmocka_unit_test(address_again),
		cmocka_unit_test(shared),
		cmocka_unit_test(network),
		cmocka_unit_test(let_go),
		cmocka_unit_test(lifted),
		cmocka_unit_test(greedy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
