/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The escalation by itself: what scoring.md B1 to B3 say step by step, and what B5 promises over generated years. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "judge/decide.h"
#include "random.h"
#include "util/macro.h"

#define HOUR INT64_C(3600)
#define DAY  (24 * HOUR)
#define FROM (20000 * DAY) /* where time begins */

static const enum entity_kind decided[] = { ENTITY_ADDR, ENTITY_BLOCK, ENTITY_NET, ENTITY_PREFIX,
	ENTITY_AS, ENTITY_ORG };

static struct decide_state step(enum entity_kind kind, const struct decide_facts *f,
    const struct decide_state *was, int64_t now_s)
{
	struct decide_state now, again;

	decide_next(kind, 2, f, was, now_s, &now);
	decide_next(kind, 2, f, &now, now_s, &again);
	assert_memory_equal(&now, &again, sizeof(now));
	return now;
}

static struct decide_facts attack(int64_t verified_s)
{
	return (struct decide_facts){ .block = true,
		.friction = true,
		.hold = true,
		.corroborated = true,
		.verified_s = verified_s,
		.seen_s = verified_s };
}

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
	const char
	    *met; /* which rules: b(lock) f(riction) w(atch) h(old) c(orroborated) s(hared) */
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
			strchr(m[i].met, 'w'), strchr(m[i].met, 'h'), strchr(m[i].met, 'c'),
			strchr(m[i].met, 's'),
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
		{ 108, 99, "bfhc", LEVEL_CLEAR, ACTION_TAG, 0, 0, 3 },
	};
	static const struct moment steps[] = {
		{ 0, -1, "w", LEVEL_CLEAR, ACTION_TAG, 0, 0, 0 }, /* nothing was seen */
		{ 1, 1, "wh", LEVEL_WATCH, ACTION_TAG, 1, 49, 0 },
		{ 2, 2, "fh", LEVEL_FRICTION, ACTION_GREYLIST, 2, 50, 0 },
		{ 30, 29, "fh", LEVEL_FRICTION, ACTION_GREYLIST, 2, 50, 0 },
		{ 50, 29, "fh", LEVEL_FRICTION, ACTION_GREYLIST, 50, 77, 0 },
		{ 60, 29, "", LEVEL_CLEAR, ACTION_TAG, 0, 0, 0 },
		{ 61, 29, "fhb", LEVEL_BLOCK, ACTION_DROP, 61, 62, 1 },
	};
	static const struct moment old[] = {
		{ 48, 0, "bfwhc", LEVEL_CLEAR, ACTION_TAG, 0, 0, 0 },
		{ 48, -1, "bfwhc", LEVEL_CLEAR, ACTION_TAG, 0, 0, 0 },
		{ 48, 49, "bfwhc", LEVEL_CLEAR, ACTION_TAG, 0, 0, 0 }, /* a wrong clock */
	};

	WALK(ENTITY_ADDR, week);
	WALK(ENTITY_ADDR, steps);
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

/* --- generated years ----------------------------------------------------------------------------- */

#define STEPS (365 * 24)

/* What somebody does in a stretch of time, and what is seen of it. */
struct mood {
	unsigned hits, holds; /* of 100 hours */
	unsigned left;	      /* hours */
};

static struct mood mood_random(void)
{
	static const unsigned often[] = { 0, 0, 1, 5, 50, 100 };

	return (struct mood){ often[random_below(NELEM(often))], often[random_below(NELEM(often))],
		1 + random_below(random_below(2) ? 48 : 1500) };
}

struct year {
	int64_t start[STEPS]; /* of sentences */
	unsigned n;
};

static void check_step(enum entity_kind kind, const struct decide_facts *f,
    const struct decide_state *was, const struct decide_state *now, int64_t now_s, struct year *y)
{
	const struct decide_rule *rule = decide_rule(kind);
	bool began =
	    now->since_s == now_s && now->level != LEVEL_CLEAR && now->since_s != was->since_s;

	if (now->level == LEVEL_CLEAR) {
		assert_int_equal(now->until_s, 0);
		return;
	}
	assert_true(now->until_s > now_s && now->since_s <= now_s);
	assert_true(now->until_s - now->since_s <= rule->ttl_s);
	if (now->since_s == was->since_s) /* fixed at birth */
		assert_memory_equal(now, was, offsetof(struct decide_state, episode));
	if (!began || !decide_sentence(kind, now->level))
		return;
	assert_true(f->verified_s > was->after_s && now_s - f->verified_s < DECIDE_FRESH_S);
	assert_int_equal(now->until_s - now_s, decide_length(kind, f->corroborated, now->episode));
	y->start[y->n++] = now_s;
}

static void check_year(enum entity_kind kind, const struct year *y)
{
	unsigned most = kind == ENTITY_ADDR ? 15 : kind == ENTITY_BLOCK ? 16 : 64;

	for (unsigned i = 0; i + most < y->n; i++)
		if (y->start[i + most] - y->start[i] < 180 * DAY)
			fail_msg("%s: more than %u in 180 days", entity_kind_name(kind), most);
}

static void years(void **state)
{
	random_state = 7;
	for (unsigned round = 0; round < 60; round++) {
		enum entity_kind kind = decided[round % NELEM(decided)];
		struct decide_facts f = quiet(DECIDE_NEVER);
		struct decide_state s = { 0 }, was;
		struct mood m = { 0, 0, 0 };
		static struct year y;

		y.n = 0;
		for (unsigned i = 0; i < STEPS; i++) {
			int64_t now_s = FROM + i * HOUR;

			if (m.left-- == 0)
				m = mood_random();
			if (random_below(100) < m.hits)
				f.verified_s = f.seen_s = now_s - random_below(7200);
			f.hold = random_below(100) < m.holds;
			f.block = f.hold && random_below(2);
			f.friction = f.hold && random_below(2);
			f.watch = random_below(2);
			f.corroborated = kind != ENTITY_ADDR || random_below(2);
			was = s;
			s = step(kind, &f, &was, now_s);
			check_step(kind, &f, &was, &s, now_s, &y);
		}
		check_year(kind, &y);
	}
}

/* Who attacks as hard as can be, and who does so but is let go as early as can be, time and again. */
static void hardest(void **state)
{
	for (unsigned round = 0; round < 4 * NELEM(decided); round++) {
		enum entity_kind kind = decided[round / 4];
		bool let_go = round & 1, alone = round & 2;
		struct decide_state s = { 0 }, was;
		static struct year y;

		y.n = 0;
		for (unsigned i = 0; i < STEPS; i++) {
			int64_t now_s = FROM + i * HOUR;
			struct decide_facts f = attack(now_s);

			f.corroborated = !alone || kind != ENTITY_ADDR;
			f.hold = !let_go || !decide_sentence(kind, s.level);
			was = s;
			decide_next(kind, 2, &f, &was, now_s, &s);
			check_step(kind, &f, &was, &s, now_s, &y);
		}
		check_year(kind, &y);
		assert_true(y.n > 5);
	}
}

/* Whatever was before: so long after the last verified hit nothing stands, and long after that nothing is known. Evidence
 * that is not verified, and rules that are met for ever, change nothing about it. */
static void ends(void **state)
{
	random_state = 3;
	for (unsigned round = 0; round < 10 * NELEM(decided); round++) {
		enum entity_kind kind = decided[round % NELEM(decided)];
		int64_t ttl_s = decide_rule(kind)->ttl_s, now_s = FROM, last_s;
		struct decide_state s = { 0 };
		struct decide_facts f = attack(FROM);

		for (unsigned i = 0; i < 24 * (1 + round * 7); i++, now_s += HOUR) {
			if (random_below(10) == 0)
				f.verified_s = now_s;
			s = step(kind, &f, &s, now_s);
		}
		last_s = f.verified_s;
		for (; now_s < last_s + 40 * ttl_s + 200 * DAY; now_s += HOUR) {
			f.seen_s = now_s;
			f.watch = random_below(2);
			s = step(kind, &f, &s, now_s);
			if (now_s - last_s >= DECIDE_FRESH_S + ttl_s)
				assert_false(decide_sentence(kind, s.level));
			if (now_s - last_s >= DECIDE_FRESH_S + 2 * ttl_s)
				assert_true(s.level <= LEVEL_WATCH);
		}
		assert_int_equal(s.episode, 0);
	}
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

#define CASES 400

static uint64_t covered(
    const struct decide_case *v, size_t n, uint32_t as, uint32_t country, int v6)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++) {
		const struct decide_rule *r = decide_rule(v[i].kind);

		if (r->capped && v[i].now.level != LEVEL_CLEAR && v[i].now.action != ACTION_TAG &&
		    (as == DECIDE_NOBODY || (v[i].as == as && v[i].v6 == (v6 > 0) && r->of_as)) &&
		    (country == DECIDE_NOBODY || v[i].country == country))
			sum += v[i].size;
	}
	return sum;
}

static void case_random(struct decide_case *x, uint32_t i, int64_t now_s)
{
	enum entity_kind kind = decided[random_below(NELEM(decided))];

	*x = (struct decide_case){ .kind = kind,
		.key = i,
		.never = random_below(10) == 0,
		.facts = attack(now_s - random_below(3 * 86400)),
		.arrivals = random_below(8),
		.size =
		    kind == ENTITY_ADDR ? 1 : 256u << (kind == ENTITY_BLOCK ? 0 : random_below(5)),
		.users = random_below(2) ? 1 : 8,
		.v6 = random_below(4) == 0,
		.as = random_below(8) ? random_below(12) : DECIDE_NOBODY,
		.country = random_below(8) ? random_below(5) : DECIDE_NOBODY };
	x->as_size = 256u << (x->as == DECIDE_NOBODY ? 0 : x->as);
	x->facts.hold = random_below(4) > 0;
	x->facts.block = random_below(4) > 0;
}

static bool same(const struct decide_case *a, const struct decide_case *b)
{
	return memcmp(&a->now, &b->now, sizeof(a->now)) == 0 && a->spared == b->spared;
}

/* The caps hold, nothing that must never be touched is, and the order in which cases come means nothing; step by
 * step, what stood before being what stands next. */
static void caps(void **state)
{
	static struct decide_case v[CASES], mixed[CASES];
	unsigned spared[DECIDE_SPARED_N] = { 0 };

	random_state = 5;
	for (unsigned round = 0; round < 20; round++) {
		struct decide_conf c = { .block_from = 2, .budget = 256u << random_below(9) };

		for (unsigned t = 0; t < 12; t++) {
			c.at_s = FROM + t * 9 * HOUR;
			for (uint32_t i = 0; i < CASES; i++) {
				struct decide_state now = v[i].now;

				if (t == 0)
					case_random(&v[i], i, c.at_s);
				else if (random_below(3) == 0)
					v[i].facts.verified_s = c.at_s - random_below(86400);
				v[i].was = t ? now : (struct decide_state){ 0 };
			}
			memcpy(mixed, v, sizeof(v));
			for (uint32_t i = CASES; i > 1; i--) {
				uint32_t k = random_below(i);
				struct decide_case x = mixed[k];

				mixed[k] = mixed[i - 1];
				mixed[i - 1] = x;
			}
			assert_int_equal(decide_all(&c, v, CASES), 0);
			assert_int_equal(decide_all(&c, mixed, CASES), 0);
			for (uint32_t i = 0; i < CASES; i++) {
				assert_true(same(&mixed[i], &v[mixed[i].key]));
				assert_true(!v[i].never || v[i].now.level <= LEVEL_WATCH);
				spared[v[i].spared]++;
			}
			assert_true(covered(v, CASES, DECIDE_NOBODY, DECIDE_NOBODY, 0) <= c.budget);
			for (uint32_t k = 0; k < 5; k++)
				assert_true(covered(v, CASES, DECIDE_NOBODY, k, 0) <=
					    MAX_OF(c.budget / 5, 256u));
			for (uint32_t k = 0; k < 12; k++)
				for (int v6 = 0; v6 < 2; v6++)
					assert_true(covered(v, CASES, k, DECIDE_NOBODY, v6) <=
						    MAX_OF((256u << k) / 20, 256u));
		}
	}
	for (unsigned i = 0; i < DECIDE_SPARED_N; i++)
		if (!spared[i])
			fail_msg(
			    "nothing was spared for %s", decide_spared_name((enum decide_spared)i));
}

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
		cmocka_unit_test(years),
		cmocka_unit_test(hardest),
		cmocka_unit_test(ends),
		cmocka_unit_test(let_go),
		cmocka_unit_test(lifted),
		cmocka_unit_test(caps),
		cmocka_unit_test(greedy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
