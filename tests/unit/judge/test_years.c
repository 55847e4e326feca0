/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What doc/decide.md promises, over generated years: who attacks in whatever rhythm, looked at by the hour or by the day, and
 * many who are in each other's way. One test a promise. Its figures are those of that page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "judge/decide.h"
#include "random.h"
#include "util/macro.h"

#define HOUR   INT64_C(3600)
#define DAY    (24 * HOUR)
#define FROM   (20000 * DAY) /* where time begins */
#define YEAR   (365 * DAY)
#define WINDOW (180 * DAY)

/* --- who attacks ---------------------------------------------------------------------------------- */

enum when { ALWAYS, BEFORE_IT_ENDS, AS_IT_ENDS, LAST_OF_PROBATION, WHEN_CLEAR, IN_MOODS, WHEN_N };

/* struct rhythm - when somebody attacks, and what his score says meanwhile */
struct rhythm {
	enum when when;
	int32_t
	    early; /* up to this episode his score falls below the release as soon as a wall stands */
	unsigned pause; /* days for which he waits when he is clear */
	bool corroborated;
	bool stops; /* in the middle of the year, for good */
};

static const int32_t early_of[] = { 0, 2, 8, 16 };
#ifdef __SANITIZE_ADDRESS__
static const unsigned pause_of[] = { 0 };
#else
static const unsigned pause_of[] = { 0, 1, 29, 30, 31 };
#endif

static const struct promise {
	enum entity_kind kind;
	bool shared;
	int64_t ttl_s, gone_s; /* so long after the last verified hit nothing stands */
	unsigned most;	       /* walls that begin within 180 days */
} promises[] = {
	{ ENTITY_ADDR, false, 30 * DAY, 62 * DAY, 15 },
	{ ENTITY_ADDR, true, 30 * DAY, 62 * DAY, 15 },
	{ ENTITY_BLOCK, false, 14 * DAY, 30 * DAY, 16 },
	{ ENTITY_PREFIX, false, 7 * DAY, 16 * DAY, 29 },
	{ ENTITY_AS, false, 7 * DAY, 16 * DAY, 29 },
};

/* --- a year --------------------------------------------------------------------------------------- */

#define LOOKS (365 * 24)

struct look {
	int64_t at_s;
	struct decide_facts f;
	struct decide_state was, now;
};

struct year {
	const struct promise *p;
	struct rhythm r;
	unsigned n;
	struct look look[LOOKS];
};

/* What somebody does in a stretch of time who follows no rhythm. */
struct mood {
	unsigned hits, holds; /* of 100 looks */
	unsigned left;	      /* looks */
};

static struct mood mood_random(void)
{
	static const unsigned often[] = { 0, 0, 1, 5, 50, 100 };

	return (struct mood){ often[random_below(NELEM(often))], often[random_below(NELEM(often))],
		1 + random_below(random_below(2) ? 48 : 1500) };
}

static bool in_wall(const struct year *y, const struct decide_state *s, int64_t now_s)
{
	return decide_sentence(y->p->kind, s->level) && now_s < s->until_s;
}

static bool hits(const struct year *y, const struct decide_state *s, int64_t now_s, int64_t tick_s)
{
	bool wall = in_wall(y, s, now_s), over = decide_sentence(y->p->kind, s->level) && !wall;
	bool clear = s->level == LEVEL_CLEAR || (!wall && !over && now_s >= s->until_s);
	bool waited = clear && now_s - s->after_s >= y->r.pause * DAY;

	switch (y->r.when) {
	case BEFORE_IT_ENDS:
		return waited || (wall && s->until_s - now_s <= tick_s);
	case AS_IT_ENDS:
		return waited || over || (s->level == LEVEL_PROBATION && s->episode <= y->r.early);
	case LAST_OF_PROBATION:
		return waited || (s->level == LEVEL_PROBATION && s->until_s - now_s <= tick_s);
	case WHEN_CLEAR:
		return waited;
	default:
		return true;
	}
}

static struct decide_facts facts_of(const struct year *y, const struct mood *m,
    const struct decide_state *s, int64_t now_s, int64_t tick_s)
{
	struct decide_facts f = { .shared = y->p->shared };
	bool moody = y->r.when == IN_MOODS, hold, hit;

	hold =
	    moody ? random_below(100) < m->holds : !in_wall(y, s, now_s) || s->episode > y->r.early;
	hit = moody ? random_below(100) < m->hits : hits(y, s, now_s, tick_s);
	if (y->r.stops && now_s >= FROM + YEAR / 2)
		hit = false;
	f.hold = hold;
	f.block = hold && (!moody || random_below(2));
	f.friction = f.linger = hold;
	f.corroborated = y->r.corroborated || y->p->kind != ENTITY_ADDR;
	f.verified_s = hit ? now_s - (moody ? random_below(7200) : 0) : DECIDE_NEVER;
	return f;
}

static void live(struct year *y, int64_t tick_s)
{
	struct decide_state s = { 0 };
	struct mood m = { 0, 0, 0 };
	int64_t verified_s = DECIDE_NEVER;

	y->n = 0;
	for (int64_t now_s = FROM; now_s < FROM + YEAR; now_s += tick_s) {
		struct look *l = &y->look[y->n++];

		if (m.left-- == 0)
			m = mood_random();
		l->at_s = now_s;
		l->f = facts_of(y, &m, &s, now_s, tick_s);
		verified_s = l->f.verified_s = MAX_OF(l->f.verified_s, verified_s);
		l->was = s;
		decide_next(y->p->kind, 2, &l->f, &l->was, now_s, &s);
		l->now = s;
	}
}

/* Every kind in every rhythm, by the hour and by the day. */
static void each_year(void visit(const struct year *))
{
	static struct year y;

	random_state = 7;
	for (unsigned i = 0; i < NELEM(promises) * WHEN_N * NELEM(early_of) * NELEM(pause_of) * 8;
	     i++) {
		unsigned rest = i;

		y.p = &promises[rest % NELEM(promises)];
		rest /= NELEM(promises);
		y.r.when = (enum when)(rest % WHEN_N);
		rest /= WHEN_N;
		y.r.early = early_of[rest % NELEM(early_of)];
		rest /= NELEM(early_of);
		y.r.pause = pause_of[rest % NELEM(pause_of)];
		rest /= NELEM(pause_of);
		y.r.corroborated = rest & 1;
		y.r.stops = rest & 2;
		live(&y, rest & 4 ? DAY : HOUR);
		visit(&y);
	}
}

static bool walled(const struct decide_state *s)
{
	return s->level > LEVEL_WATCH;
}

static bool began(const struct year *y, const struct look *l)
{
	return decide_sentence(y->p->kind, l->now.level) && l->now.since_s == l->at_s;
}

static void not_so(const struct year *y, const struct look *l)
{
	fail_msg(
	    "%s%s, rhythm %d, early %d, pause %u, %s: day %.3f: %s from %.3f to %.3f, episode %d",
	    y->p->shared ? "shared " : "", entity_kind_name(y->p->kind), y->r.when, y->r.early,
	    y->r.pause, y->r.corroborated ? "corroborated" : "alone",
	    (double)(l->at_s - FROM) / DAY, level_name(l->now.level),
	    (double)(l->now.since_s - FROM) / DAY, (double)(l->now.until_s - FROM) / DAY,
	    l->now.episode);
}

static int64_t silent_s(const struct look *l)
{
	return l->f.verified_s == DECIDE_NEVER ? INT64_MAX : l->at_s - l->f.verified_s;
}

/* --- one promise a test --------------------------------------------------------------------------- */

static void wall_ends(const struct year *y)
{
	for (const struct look *l = y->look; l < y->look + y->n; l++) {
		const struct decide_state *s = &l->now;
		bool going_on = s->since_s == l->was.since_s && s->level == l->was.level;

		if (!walled(s))
			continue;
		if (s->until_s <= l->at_s || s->until_s - s->since_s > y->p->ttl_s ||
		    (going_on && s->until_s != l->was.until_s))
			not_so(y, l);
	}
}

static void every_wall_ends(void **state)
{
	each_year(wall_ends);
}

/* What his packets say that are dropped, or may be somebody else's, is a watch at most. */
static void unverified_renews_nothing_of(const struct year *y)
{
	struct decide_state s = { 0 }, was;

	for (const struct look *l = y->look; l < y->look + y->n; l++) {
		struct decide_facts spoofed = l->f;

		spoofed.watch = true;
		spoofed.seen_s = l->at_s;
		was = s;
		decide_next(y->p->kind, 2, &spoofed, &was, l->at_s, &s);
		if (walled(&s) != walled(&l->now) ||
		    (walled(&s) && (s.level != l->now.level || s.since_s != l->now.since_s ||
				       s.until_s != l->now.until_s)) ||
		    s.episode != l->now.episode)
			not_so(y, l);
		if (began(y, l) && l->f.verified_s <= l->was.after_s)
			not_so(y, l);
	}
}

static void unverified_renews_nothing(void **state)
{
	each_year(unverified_renews_nothing_of);
}

static void released_of(const struct year *y)
{
	for (const struct look *l = y->look; l < y->look + y->n; l++)
		if (walled(&l->now) && silent_s(l) >= y->p->gone_s)
			not_so(y, l);
}

static void who_cleans_up_is_released(void **state)
{
	each_year(released_of);
}

/* Of an address, and of one that many share. */
static void slowed_down_of(const struct year *y)
{
	int64_t most_s = y->p->shared ? 2 * DAY : 30 * DAY;

	for (const struct look *l = y->look; l < y->look + y->n; l++)
		if (y->p->kind == ENTITY_ADDR && l->now.level == LEVEL_FRICTION &&
		    (silent_s(l) >= most_s || !l->f.hold || l->now.action != ACTION_GREYLIST ||
			l->now.until_s > l->f.verified_s + most_s))
			not_so(y, l);
}

static void nobody_is_slowed_down_for_longer(void **state)
{
	each_year(slowed_down_of);
}

/* 30 days apart, and nothing verified or begun in between: one episode less; 180 days after the last: none. */
static void forgotten_of(const struct year *y)
{
	unsigned month = (unsigned)(30 * DAY / (y->look[1].at_s - y->look[0].at_s));

	for (unsigned i = month; i < y->n; i++) {
		const struct look *a = &y->look[i - month], *b = &y->look[i];

		if (walled(&a->now) || walled(&b->now) || a->f.verified_s != b->f.verified_s ||
		    a->now.after_s != b->now.after_s)
			continue;
		if (b->now.episode != MAX_OF(a->now.episode - 1, 0) ||
		    (b->now.episode && b->at_s - b->now.after_s >= WINDOW))
			not_so(y, b);
	}
}

static void the_past_is_forgotten(void **state)
{
	each_year(forgotten_of);
}

static unsigned most[NELEM(promises)];

static void flapping_of(const struct year *y)
{
	static int64_t start[LOOKS];
	unsigned n = 0, oldest = 0, *m = &most[y->p - promises];

	for (const struct look *l = y->look; l < y->look + y->n; l++) {
		if (!began(y, l))
			continue;
		start[n++] = l->at_s;
		while (l->at_s - start[oldest] >= WINDOW)
			oldest++;
		*m = MAX_OF(*m, n - oldest);
		if (n - oldest > y->p->most)
			not_so(y, l);
	}
}

/* Never more than was promised, and somebody gets as many. */
static void no_flapping(void **state)
{
	each_year(flapping_of);
	for (unsigned i = 0; i < NELEM(promises); i++)
		if (most[i] != promises[i].most)
			fail_msg("%s: at most %u begin within 180 days, not %u",
			    entity_kind_name(promises[i].kind), most[i], promises[i].most);
}

/* --- many ----------------------------------------------------------------------------------------- */

#define CASES 120

static const enum entity_kind decided[] = { ENTITY_ADDR, ENTITY_BLOCK, ENTITY_NET, ENTITY_PREFIX,
	ENTITY_AS, ENTITY_ORG };

static uint64_t covered(const struct decide_case *v, uint32_t as, uint32_t country, int v6)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < CASES; i++) {
		const struct decide_rule *r = decide_rule(v[i].kind);

		if (r->capped && v[i].now.level != LEVEL_CLEAR && v[i].now.action != ACTION_TAG &&
		    (as == DECIDE_NOBODY || (v[i].as == as && v[i].v6 == (v6 > 0) && r->of_as)) &&
		    (country == DECIDE_NOBODY || v[i].country == country))
			sum += v[i].size;
	}
	return sum;
}

static void case_random(struct decide_case *x, uint32_t i)
{
	enum entity_kind kind = decided[random_below(NELEM(decided))];

	*x = (struct decide_case){ .kind = kind,
		.key = i,
		.never = random_below(10) == 0,
		.facts.verified_s = DECIDE_NEVER,
		.facts.corroborated = true,
		.arrivals = random_below(8),
		.size =
		    kind == ENTITY_ADDR ? 1 : 256u << (kind == ENTITY_BLOCK ? 0 : random_below(5)),
		.users = random_below(2) ? 1 : 8,
		.v6 = random_below(4) == 0,
		.as = random_below(8) ? random_below(12) : DECIDE_NOBODY,
		.country = random_below(8) ? random_below(5) : DECIDE_NOBODY };
	x->as_size = 256u << (x->as == DECIDE_NOBODY ? 0 : x->as);
}

/* A day on which some attack, some fall below the release, and now and then one is allowed, or no more. */
static void day_random(struct decide_case *x, struct mood *m, int64_t now_s)
{
	if (m->left-- == 0)
		*m = mood_random();
	x->was = x->now;
	x->facts.hold = random_below(100) < m->holds;
	x->facts.block = x->facts.friction = x->facts.linger = x->facts.hold && random_below(4) > 0;
	if (random_below(100) < m->hits)
		x->facts.verified_s = now_s - random_below(86400);
	if (random_below(200) == 0)
		x->never = !x->never;
}

static void each_day(void visit(const struct decide_conf *, const struct decide_case v[CASES]))
{
	static struct decide_case v[CASES];
	static struct mood mood[CASES];

	random_state = 5;
	for (unsigned round = 0; round < 9; round++) {
		struct decide_conf c = { .block_from = 2, .budget = 256u << round };

		memset(mood, 0, sizeof(mood));
		for (uint32_t i = 0; i < CASES; i++)
			case_random(&v[i], i);
		for (c.at_s = FROM; c.at_s < FROM + YEAR; c.at_s += DAY) {
			for (uint32_t i = 0; i < CASES; i++)
				day_random(&v[i], &mood[i], c.at_s);
			assert_int_equal(decide_all(&c, v, CASES), 0);
			visit(&c, v);
		}
	}
}

static unsigned spared[DECIDE_SPARED_N];

static void within_the_caps(const struct decide_conf *c, const struct decide_case v[CASES])
{
	for (uint32_t i = 0; i < CASES; i++)
		spared[v[i].spared]++;
	assert_true(covered(v, DECIDE_NOBODY, DECIDE_NOBODY, 0) <= c->budget);
	for (uint32_t k = 0; k < 5; k++)
		assert_true(covered(v, DECIDE_NOBODY, k, 0) <= MAX_OF(c->budget / 5, 256u));
	for (uint32_t k = 0; k < 12; k++)
		for (int v6 = 0; v6 < 2; v6++)
			assert_true(
			    covered(v, k, DECIDE_NOBODY, v6) <= MAX_OF((256u << k) / 20, 256u));
}

static void never_above_the_caps(void **state)
{
	each_day(within_the_caps);
	for (unsigned i = 0; i < DECIDE_SPARED_N; i++)
		if (!spared[i])
			fail_msg(
			    "nothing was spared for %s", decide_spared_name((enum decide_spared)i));
}

static void untouched(const struct decide_conf *c, const struct decide_case v[CASES])
{
	const struct decide_state nothing = { 0 };

	for (uint32_t i = 0; i < CASES; i++)
		if (v[i].never)
			assert_memory_equal(&v[i].now, &nothing, sizeof(nothing));
}

static void what_is_allowed_is_never_touched(void **state)
{
	each_day(untouched);
}

static void same_in_another_order(const struct decide_conf *c, const struct decide_case v[CASES])
{
	static struct decide_case mixed[CASES];

	memcpy(mixed, v, sizeof(mixed));
	for (uint32_t i = CASES; i > 1; i--) {
		uint32_t k = random_below(i);
		struct decide_case x = mixed[k];

		mixed[k] = mixed[i - 1];
		mixed[i - 1] = x;
	}
	assert_int_equal(decide_all(c, mixed, CASES), 0);
	for (uint32_t i = 0; i < CASES; i++) {
		const struct decide_case *x = &v[mixed[i].key];

		assert_memory_equal(&mixed[i].now, &x->now, sizeof(x->now));
		assert_int_equal(mixed[i].spared, x->spared);
	}
}

static void order_changes_nothing(void **state)
{
	each_day(same_in_another_order);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_wall_ends),
		cmocka_unit_test(unverified_renews_nothing),
		cmocka_unit_test(who_cleans_up_is_released),
		cmocka_unit_test(nobody_is_slowed_down_for_longer),
		cmocka_unit_test(the_past_is_forgotten),
		cmocka_unit_test(no_flapping),
		cmocka_unit_test(never_above_the_caps),
		cmocka_unit_test(what_is_allowed_is_never_touched),
		cmocka_unit_test(order_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
