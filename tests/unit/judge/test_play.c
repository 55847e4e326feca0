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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(met),
		cmocka_unit_test(idle),
		cmocka_unit_test(weeks),
		cmocka_unit_test(spared),
		cmocka_unit_test(stricter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
