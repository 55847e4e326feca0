/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The policy played over a series in which it is known who meets a wall: one host that comes every day, one that stops
 * coming, a block with a new host every day, and one host out of nowhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>
#include <math.h>

#include "judge/play.h"
#include "world.h"

#define PAST   20
#define PLAYED 9 /* days: a week, and two that are no whole one */

static void saw(struct series *s, uint32_t host, int32_t day)
{
	assert_int_equal(
	    series_add(s, addr_of_v4(host), CATEGORY_BRUTE_FORCE, PROOF_FULL, TODAY + day, 0, 1),
	    0);
}

#define DAILY	UINT32_C(0x14000001) /* 20.0.0.1 */
#define STOPS	UINT32_C(0x14000102)
#define HOT	UINT32_C(0x14000200) /* 20.0.2.0/24 */
#define NOWHERE UINT32_C(0x14000f01)
#define NOW	4 /* day of the one out of nowhere */

static struct series series_make(void)
{
	struct series s = { 0 };

	for (int32_t d = -PAST; d <= PLAYED; d++) {
		saw(&s, DAILY, d);
		if (d <= 0)
			saw(&s, STOPS, d);
		saw(&s, HOT + (uint32_t)(d + PAST), d);
		saw(&s, HOT + 100 + (uint32_t)(d + PAST), d);
	}
	saw(&s, NOWHERE, NOW);
	assert_int_equal(series_seal(&s), 0);
	return s;
}

struct scene {
	struct world world;
	struct series series;
	struct evaluate_conf judge;
	struct play_levels levels[PLAY_GIVEN];
	struct play_conf conf;
};

static void scene_make(struct scene *s)
{
	*s = (struct scene){ .series = series_make() };
	world_put(&s->world, "20.0.0.0/16", 0, 0);
	s->judge = (struct evaluate_conf){ .series = &s->series,
		.space = world_space,
		.space_ctx = &s->world,
		.first_day = TODAY - PAST };
	play_levels_given(s->levels);
	s->conf = (struct play_conf){ .judge = &s->judge,
		.first = TODAY,
		.last = TODAY + PLAYED - 1,
		.levels = s->levels,
		.n_levels = PLAY_GIVEN };
}

static unsigned course_of(const struct play *p, const char *name)
{
	for (unsigned k = 0; k < p->n_courses; k++)
		if (strcmp(p->course[k].levels.name, name) == 0)
			return k;
	fail_msg("no %s", name);
	return 0;
}

static void met(void **state)
{
	struct scene s;
	struct play p;
	struct err e;

	scene_make(&s);
	assert_int_equal(play(&s.conf, &p, &e), 0);
	assert_int_equal(p.n_days, PLAYED);
	assert_int_equal(p.n_weeks, 1);
	for (unsigned d = 0; d < p.n_days; d++) {
		const struct play_day *alone = &p.course[course_of(&p, "addresses alone")].days[d];
		const struct play_day *both = &p.course[course_of(&p, "standard")].days[d];
		double came = 3 + (d + 1 == NOW);

		assert_int_equal(both->day, TODAY + 1 + (int32_t)d);
		assert_true(both->came == came && alone->came == came);
		/* The one that comes daily; two new ones of the hot block. */
		assert_true(alone->met[PLAY_ADDR] == 1 && alone->met[PLAY_BLOCK] == 0);
		assert_true(both->met[PLAY_ADDR] == 1 && both->met[PLAY_BLOCK] == 2);
		assert_true(alone->walls[PLAY_BLOCK] == 0 && both->walls[PLAY_BLOCK] == 1);
		assert_true(alone->addresses == alone->walls[PLAY_ADDR]);
		assert_true(alone->refused >= 0 && alone->refused <= 1);
		assert_true(both->addresses >= 256 + 1);
	}
	play_done(&p);
	series_done(&s.series);
}

/* Walls that met nobody are told, each once, however long it stands: of those around addresses all but one. */
static void idle(void **state)
{
	struct scene s;
	struct play p;
	struct err e;
	const struct play_course *c;

	scene_make(&s);
	assert_int_equal(play(&s.conf, &p, &e), 0);
	c = &p.course[course_of(&p, "addresses alone")];
	assert_true(c->idle[PLAY_ADDR] >= 1 && c->walls[PLAY_ADDR] - c->idle[PLAY_ADDR] == 1);
	c = &p.course[course_of(&p, "standard")];
	assert_true(c->walls[PLAY_BLOCK] == 1 && c->idle[PLAY_BLOCK] == 0);
	play_done(&p);
	series_done(&s.series);
}

/* Of the week: three hosts on every day and one more; two of them new on every day. */
static void weeks(void **state)
{
	struct scene s;
	struct play p;
	struct err e;
	unsigned k;

	scene_make(&s);
	assert_int_equal(play(&s.conf, &p, &e), 0);
	k = course_of(&p, "standard");
	assert_true(p.course[k].weeks[0].came == 1 + 14 + 1);
	assert_true(fabs(p.course[k].weeks[0].figure[PLAY_CAUGHT] - 15.0 / 16) < 1e-9);
	assert_true(fabs(play_spread(&p, k, PLAY_STOPPED).mean - 21.0 / 22) < 1e-9);
	assert_true(fabs(play_spread(&p, k, PLAY_BLOCKS).mean - 1) < 1e-9);
	k = course_of(&p, "addresses alone");
	assert_true(fabs(play_spread(&p, k, PLAY_CAUGHT).mean - 1.0 / 16) < 1e-9);
	assert_true(fabs(play_spread(&p, k, PLAY_STOPPED).mean - 7.0 / 22) < 1e-9);
	play_done(&p);
	series_done(&s.series);
}

/* What must never stand on a wall stands on none. */
static void spared(void **state)
{
	struct addrset never;
	struct scene s;
	struct play p;
	struct err e;

	scene_make(&s);
	assert_int_equal(addrset_parse(span_str("20.0.0.0/20"), &never, &e), 0);
	s.conf.never = &never;
	assert_int_equal(play(&s.conf, &p, &e), 0);
	for (unsigned k = 0; k < p.n_courses; k++)
		assert_true(p.course[k].walls[PLAY_ADDR] == 0 &&
			    p.course[k].walls[PLAY_BLOCK] == 0 &&
			    play_spread(&p, k, PLAY_CAUGHT).mean == 0);
	play_done(&p);
	addrset_done(&never);
	series_done(&s.series);
}

/* What a site that has run for a while would have standing: the hot block is refused from the first day on. */
static void warm(void **state)
{
	struct scene s;
	struct play cold, p;
	struct err e;
	unsigned k;

	scene_make(&s);
	assert_int_equal(play(&s.conf, &cold, &e), 0);
	s.conf.warm = 10;
	assert_int_equal(play(&s.conf, &p, &e), 0);
	k = course_of(&p, "standard");
	assert_int_equal(p.warm, 10);
	assert_int_equal(p.n_days, PLAYED);
	assert_int_equal(p.course[k].days[0].day, TODAY + 1);
	assert_true(p.course[k].days[0].refused > cold.course[k].days[0].refused);
	assert_true(p.course[k].weeks[0].came == cold.course[k].weeks[0].came);
	assert_true(p.course[k].walls[PLAY_BLOCK] == 1 && p.course[k].idle[PLAY_BLOCK] == 0);
	play_done(&cold);
	play_done(&p);
	series_done(&s.series);
}

/* Whoever asks for less is walled in by no less. */
static void stricter(void **state)
{
	struct scene s;
	struct play p;
	struct err e;

	scene_make(&s);
	assert_int_equal(play(&s.conf, &p, &e), 0);
	for (unsigned d = 0; d < p.n_days; d++) {
		double mild = p.course[course_of(&p, "mild")].days[d].addresses;
		double standard = p.course[course_of(&p, "standard")].days[d].addresses;
		double strict = p.course[course_of(&p, "strict")].days[d].addresses;

		assert_true(mild <= standard && standard <= strict);
	}
	play_done(&p);
	series_done(&s.series);
}

/* --- good traffic --------------------------------------------------------------------------------- */

#define ELSEWHERE UINT32_C(0x14000909)
#define NEIGHBOUR (HOT + 250) /* in the walled block; attacks nobody */
#define RETURNS	  (HOT + 251) /* there too; attacked on day -5, on which it was good too */
#define ENDS	  ((int32_t)PLAYED)

static void was_good(struct good_days *g, uint32_t host, enum good kind, uint64_t n, int32_t day)
{
	assert_int_equal(good_days_add(g, addr_of_v4(host), kind, n, TODAY + day), 0);
}

/* DAILY, that attacks once a day, delivers one message on day 3, and five on day 5. */
static struct good_days good_make(void)
{
	struct good_days g = { 0 };

	for (int32_t d = -PAST; d <= ENDS; d++) {
		was_good(&g, ELSEWHERE, GOOD_DELIVERY, 400, d);
		was_good(&g, ELSEWHERE, GOOD_DELIVERY, 600, d);
		if (d > 0)
			was_good(&g, NEIGHBOUR, GOOD_DELIVERY, 10, d);
	}
	was_good(&g, RETURNS, GOOD_LOGIN, 1, -5);
	was_good(&g, RETURNS, GOOD_LOGIN, 2, 4);
	was_good(&g, DAILY, GOOD_DELIVERY, 1, 3);
	was_good(&g, DAILY, GOOD_DELIVERY, 5, 5);
	was_good(&g, ELSEWHERE, GOOD_DELIVERY, 100000, ENDS + 1); /* when nothing is played */
	good_days_seal(&g);
	return g;
}

struct good_scene {
	struct scene s;
	struct good_days good;
	struct play p;
};

static void good_play(struct good_scene *g, double max_good_loss, const bool *anchors)
{
	struct err e;

	scene_make(&g->s);
	saw(&g->s.series, RETURNS, -5);
	assert_int_equal(series_seal(&g->s.series), 0);
	g->good = good_make();
	g->s.conf.good = &g->good;
	g->s.conf.max_good_loss = max_good_loss;
	g->s.conf.anchors = anchors;
	assert_int_equal(play(&g->s.conf, &g->p, &e), 0);
	assert_true(g->p.good);
}

static void good_done(struct good_scene *g)
{
	play_done(&g->p);
	good_days_done(&g->good);
	series_done(&g->s.series);
}

static const struct play_good *good_on(
    const struct good_scene *g, const char *level, int32_t day, enum play_ahead ahead)
{
	return &g->p.course[course_of(&g->p, level)].days[day - 1].good[ahead];
}

static void assert_sum(
    const struct replay_sum *s, uint64_t hosts, uint64_t messages, uint64_t logins)
{
	assert_int_equal(s->hosts, hosts);
	assert_int_equal(s->count[GOOD_DELIVERY], messages);
	assert_int_equal(s->count[GOOD_LOGIN], logins);
}

/* On each day what is good on it, and nothing of before; who attacks as often as he is good on it is in no share. */
static void good_of_day(void **state)
{
	struct good_scene g;

	good_play(&g, 1, NULL);
	for (int32_t d = 1; d <= ENDS; d++) {
		const struct play_good *both = good_on(&g, "standard", d, PLAY_DAY);
		const struct play_good *alone = good_on(&g, "addresses alone", d, PLAY_DAY);
		unsigned daily = d == 5, returns = d == 4;

		assert_true(both->known && alone->known && !both->above);
		assert_sum(&both->all, 2 + daily + returns, 1010 + 5 * daily, 2 * returns);
		assert_sum(&alone->all, 2 + daily + returns, 1010 + 5 * daily, 2 * returns);
		assert_sum(&both->doubtful, d == 3, d == 3, 0);
		assert_sum(&both->met, 1 + daily + returns, 10 + 5 * daily, 2 * returns);
		assert_sum(&alone->met, daily, 5 * daily, 0);
		/* known from its first day on; RETURNS is known as an attacker, DAILY has a wall of its own */
		assert_sum(&both->carved, d > 1, d > 1 ? 10 : 0, 0);
		assert_sum(&alone->carved, 0, 0, 0);
	}
	good_done(&g);
}

/* Of the week that begins with a day, where it is all played. */
static void good_of_week(void **state)
{
	struct good_scene g;
	const struct play_good *w;
	unsigned k;

	good_play(&g, 1, NULL);
	for (int32_t d = 1; d <= ENDS; d++)
		assert_true(good_on(&g, "standard", d, PLAY_WEEK)->known == (d <= ENDS - 6));
	w = good_on(&g, "standard", 1, PLAY_WEEK);
	assert_sum(&w->all, 3, 7070, 2);
	assert_sum(&w->met, 2, 70, 2);
	assert_sum(&w->doubtful, 1, 6, 0);
	assert_sum(&w->carved, 0, 0, 0); /* on its first day nobody was known */
	w = good_on(&g, "standard", 2, PLAY_WEEK);
	assert_sum(&w->carved, 1, 70, 0);
	k = course_of(&g.p, "standard");
	assert_true(fabs(play_good_spread(&g.p, k, PLAY_WEEK, PLAY_GOOD_HOSTS).mean - 2) < 1e-9);
	assert_true(fabs(play_good_spread(&g.p, k, PLAY_WEEK, PLAY_GOOD_MESSAGES).mean -
			 70.0 / 7070) < 1e-9);
	assert_true(
	    fabs(play_good_spread(&g.p, k, PLAY_DAY, PLAY_GOOD_HOSTS).mean - 9.0 / 7) < 1e-9);
	assert_true(fabs(play_good_spread(&g.p, k, PLAY_DAY, PLAY_GOOD_MESSAGES).mean -
			 75.0 / 7075) < 1e-9);
	assert_true(fabs(play_good_spread(&g.p, k, PLAY_DAY, PLAY_GOOD_LOGINS).mean - 1) < 1e-9);
	assert_true(
	    fabs(play_good_spread(&g.p, k, PLAY_DAY, PLAY_GOOD_CARVED).mean - 6.0 / 7) < 1e-9);
	good_done(&g);
}

/* Above the bound by what was good before a day: no wall on it. */
static void bound_holds(void **state)
{
	struct good_scene g;
	unsigned within = 0, tag = 0;
	const struct play_course *c;

	good_play(&g, 0.0004, NULL); /* after day 1: 10 of 22,010 */
	c = &g.p.course[course_of(&g.p, "standard")];
	for (int32_t d = 1; d <= ENDS; d++) {
		const struct play_day *day = &c->days[d - 1];

		assert_true(day->at_tag == (d > 1) && day->walls[PLAY_BLOCK] == (d == 1));
		assert_true(day->met[PLAY_BLOCK] == (d == 1 ? 2 : 0));
		assert_int_equal(day->good[PLAY_DAY].met.count[GOOD_LOGIN], 0);
		assert_true(day->good[PLAY_DAY].above == (d == 1 || d == 5));
	}
	for (unsigned l = 0; l < LEVEL_N; l++)
		for (unsigned a = 0; a < ACTION_N; a++) {
			within += c->bound[PLAY_BLOCK][l][a].days[REPLAY_WITHIN];
			tag += c->bound[PLAY_BLOCK][l][a].days[REPLAY_TAG];
		}
	assert_int_equal(within, 1);
	assert_int_equal(tag, ENDS - 1);
	good_done(&g);
}

/* What no anchor saw makes nobody doubtful. */
static void anchors_accuse(void **state)
{
	static const bool nobody[SERIES_VOICES_MAX];
	struct good_scene g;
	const struct play_good *day;

	good_play(&g, 1, nobody);
	day = good_on(&g, "addresses alone", 3, PLAY_DAY);
	assert_sum(&day->doubtful, 0, 0, 0);
	assert_sum(&day->met, 1, 1, 0);
	good_done(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(met),
		cmocka_unit_test(idle),
		cmocka_unit_test(weeks),
		cmocka_unit_test(spared),
		cmocka_unit_test(warm),
		cmocka_unit_test(stricter),
		cmocka_unit_test(good_of_day),
		cmocka_unit_test(good_of_week),
		cmocka_unit_test(bound_holds),
		cmocka_unit_test(anchors_accuse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
