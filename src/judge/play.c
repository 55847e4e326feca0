/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "judge/play.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "judge/bits.h"
#include "judge/play_good.h"
#include "util/clock.h"
#include "util/grow.h"

#define WEEK	  7u
#define WEEKS_MAX 128u
#define PARTS	  1000u /* of a day, in which a wall's end within it counts */

/* --- the levels to choose from -------------------------------------------------------------------- */

#define NO_BLOCK 1e9 /* hosts: no block has so many */
static const struct {
	const char *name;
	double v[THRESHOLD_N]; /* 0: the standard */
	bool least;	       /* all as low as an operator may set them */
} given[PLAY_GIVEN] = {
	{ .name = "addresses alone", .v = { [THRESHOLD_BLOCK_HOSTS] = NO_BLOCK } },
	{ .name = "mild",
	    .v = { [THRESHOLD_ADDR_P7] = 0.7,
		[THRESHOLD_BLOCK_NEW] = 4,
		[THRESHOLD_BLOCK_M] = 16,
		[THRESHOLD_BLOCK_M_LOW] = 2 } },
	{ .name = "standard" },
	{ .name = "strict", .least = true },
};

void play_levels_given(struct play_levels ret[PLAY_GIVEN])
{
	for (unsigned k = 0; k < PLAY_GIVEN; k++) {
		ret[k] = (struct play_levels){ given[k].name, thresholds_standard() };
		for (unsigned t = 0; t < THRESHOLD_N; t++) {
			if (given[k].v[t] > 0)
				ret[k].thresholds.v[t] = given[k].v[t];
			if (given[k].least && t != THRESHOLD_BUDGET)
				ret[k].thresholds.v[t] = threshold_rows[t].min;
		}
	}
}

/* --- walls as they stand -------------------------------------------------------------------------- */

struct wall {
	uint64_t host; /* bit_host; of a block its first */
	int64_t until_s;
	bool refuses, met;
};

struct walls { /* of one kind, by host */
	struct wall *v;
	size_t n, cap;
};

struct side {				  /* a course as it is played */
	struct policy_standing *standing; /* what a hub would have of it */
	uint32_t n_standing;
	bool *at_tag; /* of standing: it would cost too much that is good */
	struct walls walls[PLAY_WALL_N];
	struct keyed
	    *week; /* hosts of the week so far, and the part of a day that each met a wall */
	size_t n_week, cap_week;
};

static int wall_put(struct walls *w, struct wall one)
{
	if (grow(&w->v, &w->cap, w->n + 1, sizeof(*w->v)) < 0)
		return -ENOMEM;
	w->v[w->n++] = one;
	return 0;
}

static struct wall *wall_find(const struct walls *w, uint64_t host)
{
	size_t low = 0, high = w->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (w->v[mid].host < host)
			low = mid + 1;
		else
			high = mid;
	}
	return low < w->n && w->v[low].host == host ? &w->v[low] : NULL;
}

static uint64_t block_of(uint64_t host)
{
	return host & (UINT64_MAX << (bit_version(host) ? 16 : 8));
}

/* The part of a day that a wall stands. */
static double stands(const struct wall *w, int32_t day)
{
	double left = w ? (double)(w->until_s - (int64_t)day * DAY_S) / DAY_S : 0;

	return MIN_OF(MAX_OF(left, 0), 1);
}

static void side_done(struct side *s)
{
	for (unsigned k = 0; k < PLAY_WALL_N; k++)
		free(s->walls[k].v);
	free(s->standing);
	free(s->at_tag);
	free(s->week);
	*s = (struct side){ 0 };
}

/* --- deciding ------------------------------------------------------------------------------------- */

/* A series knows the day alone: who was seen on it was so at noon, at a guess. */
static int64_t noon(void *ctx, const struct judge_key *key, int32_t day)
{
	(void)ctx;
	(void)key;
	return (int64_t)day * DAY_S + DAY_S / 2;
}

/* What stands, and what is remembered of what stood. */
static int remember(struct side *s, const struct policy_list *l)
{
	struct policy_standing *v = calloc((size_t)l->n + 1, sizeof(*v));
	bool *at_tag = calloc((size_t)l->n + 1, sizeof(*at_tag));
	uint32_t n = 0;

	if (!v || !at_tag) {
		free(v);
		free(at_tag);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < l->n; i++)
		if (l->v[i].now.level != LEVEL_CLEAR || l->v[i].now.episode > 0)
			v[n++] =
			    (struct policy_standing){ .key = l->v[i].key, .state = l->v[i].now };
	qsort(v, n, sizeof(*v), policy_standing_cmp);
	free(s->standing);
	free(s->at_tag);
	s->standing = v;
	s->at_tag = at_tag;
	s->n_standing = n;
	return 0;
}

static int by_host(const void *a, const void *b)
{
	const struct wall *x = a, *y = b;

	return (x->host > y->host) - (x->host < y->host);
}

/* The walls of one kind, beside those of the day before: what has stood since then is the same wall. */
static int put_up(struct side *s, struct play_course *c, enum play_wall kind)
{
	struct walls now = { 0 }, *old = &s->walls[kind];
	int r = 0;

	for (uint32_t i = 0; i < s->n_standing && r == 0; i++) {
		const struct policy_standing *p = &s->standing[i];
		struct wall w = { .until_s = p->state.until_s,
			.refuses = p->state.action >= ACTION_REJECT };
		const struct wall *before;
		enum play_wall is;

		if (!play_wall(p, &is) || is != kind || s->at_tag[i] ||
		    !bit_host(p->key.addr, &w.host))
			continue;
		before = wall_find(old, w.host);
		w.met = before && before->met;
		c->walls[kind] += !before;
		r = wall_put(&now, w);
	}
	if (now.n > 1)
		qsort(now.v, now.n, sizeof(*now.v), by_host);
	for (size_t i = 0; i < old->n; i++)
		if (!wall_find(&now, old->v[i].host))
			c->idle[kind] += !old->v[i].met;
	free(old->v);
	*old = now;
	return r;
}

static struct play_stand stand_of(const struct side *s)
{
	return (struct play_stand){ s->standing, s->n_standing, s->at_tag };
}

/* goods: NULL where nothing good is known. Before the first day that counts it is remembered what stands, and not whom it
 * meets. */
static int decide(const struct play_conf *p, const struct judge *j, int32_t today,
    struct play_goods *goods, struct play_course *c, struct side *s)
{
	struct policy_conf conf = { .at_s = ((int64_t)today + 1) * DAY_S,
		.never = p->never,
		.thresholds = &c->levels.thresholds,
		.standing = s->standing,
		.n_standing = s->n_standing,
		.newest = noon };
	CLEANUP(policy_done) struct policy_list list = { 0 };
	int r = policy_decide(j, &conf, &list);

	if (r == 0)
		r = remember(s, &list);
	if (today < p->first)
		return r;
	if (r == 0 && goods) {
		struct play_stand stand = stand_of(s);

		r = play_goods_bound(goods, p->max_good_loss, &stand, c);
	}
	for (unsigned k = 0; k < PLAY_WALL_N && r == 0; k++)
		r = put_up(s, c, k);
	c->over_budget += list.over_budget;
	return r;
}

/* --- a day ---------------------------------------------------------------------------------------- */

/* A wall around an address within a block that has one adds nothing. */
static double addresses(const struct side *s)
{
	double n = 256.0 * (double)s->walls[PLAY_BLOCK].n;

	for (size_t i = 0; i < s->walls[PLAY_ADDR].n; i++)
		n += !wall_find(&s->walls[PLAY_BLOCK], block_of(s->walls[PLAY_ADDR].v[i].host));
	return n;
}

static int come(struct side *s, uint64_t host, struct play_day *day)
{
	struct wall *a = wall_find(&s->walls[PLAY_ADDR], host);
	struct wall *b = wall_find(&s->walls[PLAY_BLOCK], block_of(host));
	double own = stands(a, day->day), block = stands(b, day->day);

	if (own > 0)
		a->met = true;
	if (block > 0)
		b->met = true;
	day->came++;
	day->met[PLAY_ADDR] += own;
	day->met[PLAY_BLOCK] += MAX_OF(block - own, 0);
	day->refused += MAX_OF(own * (a && a->refuses), block * (b && b->refuses));
	if (grow(&s->week, &s->cap_week, s->n_week + 1, sizeof(*s->week)) < 0)
		return -ENOMEM;
	s->week[s->n_week++] = (struct keyed){ host, (uint64_t)(MAX_OF(own, block) * PARTS) };
	return 0;
}

static int play_day(const struct series *v, struct side *s, struct play_day *day)
{
	size_t from = series_from(v, day->day), end = series_from(v, day->day + 1);
	int r = 0;

	for (unsigned k = 0; k < PLAY_WALL_N; k++)
		day->walls[k] = (double)s->walls[k].n;
	day->addresses = addresses(s);
	for (size_t i = from; i < end && r == 0; i++)
		if (i == from || v->v[i].host != v->v[i - 1].host)
			r = come(s, v->v[i].host, day);
	return r;
}

/* The seven days that end here. */
static int play_week(struct side *s, const struct play_day *days, struct play_week *ret)
{
	double came = 0, met = 0, refused = 0, caught = 0;
	uint64_t most = 0;

	if (sort_by_key(s->week, s->n_week) < 0)
		return -ENOMEM;
	*ret = (struct play_week){ .day = days[0].day };
	play_goods_week(days, ret);
	for (size_t i = 0; i < s->n_week; i++) {
		most = MAX_OF(most, s->week[i].value);
		if (i + 1 < s->n_week && s->week[i + 1].key == s->week[i].key)
			continue;
		ret->came++;
		caught += (double)most / PARTS;
		most = 0;
	}
	for (unsigned d = 0; d < WEEK; d++) {
		came += days[d].came;
		met += days[d].met[PLAY_ADDR] + days[d].met[PLAY_BLOCK];
		refused += days[d].refused;
		ret->figure[PLAY_ADDRESSES] += days[d].addresses / WEEK;
		ret->figure[PLAY_ADDRS] += days[d].walls[PLAY_ADDR] / WEEK;
		ret->figure[PLAY_BLOCKS] += days[d].walls[PLAY_BLOCK] / WEEK;
	}
	ret->figure[PLAY_STOPPED] = came > 0 ? met / came : 0;
	ret->figure[PLAY_REFUSED] = came > 0 ? refused / came : 0;
	ret->figure[PLAY_CAUGHT] = ret->came > 0 ? caught / ret->came : 0;
	s->n_week = 0;
	return 0;
}

/* One course, one day later: what was decided at the end of `today` meets who comes on the next. */
static int course_day(const struct play_conf *p, const struct judge *j, int32_t today,
    struct play_goods *goods, struct play_course *c, struct side *s)
{
	unsigned d = (unsigned)(today - p->first);
	int r = decide(p, j, today, goods, c, s);

	if (r < 0 || today < p->first)
		return r;
	c->days[d] = (struct play_day){ .day = today + 1 };
	r = play_day(p->judge->series, s, &c->days[d]);
	if (r == 0 && goods) {
		struct play_stand stand = stand_of(s);

		r = play_goods_meet(goods, p->max_good_loss, &stand, &c->days[d]);
	}
	if (r == 0 && d % WEEK == WEEK - 1)
		r = play_week(s, &c->days[d + 1 - WEEK], &c->weeks[d / WEEK]);
	return r;
}

static int play_init(const struct play_conf *c, struct play *ret)
{
	int r = 0;

	*ret = (struct play){ .n_days = (unsigned)(c->last - c->first + 1),
		.n_courses = c->n_levels,
		.warm = (unsigned)c->warm,
		.good = c->good != NULL,
		.max_good_loss = c->max_good_loss };
	ret->n_weeks = ret->n_days / WEEK;
	for (unsigned k = 0; k < c->n_levels; k++) {
		struct play_course *to = &ret->course[k];

		to->levels = c->levels[k];
		to->days = calloc((size_t)ret->n_days + 1, sizeof(*to->days));
		to->weeks = calloc((size_t)ret->n_weeks + 1, sizeof(*to->weeks));
		if (!to->days || !to->weeks)
			r = -ENOMEM;
	}
	return r;
}

/* Every course, one day later. */
static int courses_day(const struct play_conf *c, int32_t today, struct play *ret,
    struct side side[PLAY_MAX], struct err *e)
{
	CLEANUP(play_goods_done) struct play_goods goods = { 0 };
	struct judge *j;
	int r = evaluate_judge(c->judge, today, NULL, NULL, &j, e);

	if (r < 0)
		return r;
	if (c->good && today >= c->first)
		r = play_goods_read(c, today, &goods);
	for (unsigned k = 0; k < c->n_levels && r == 0; k++)
		r = course_day(c, j, today, c->good ? &goods : NULL, &ret->course[k], &side[k]);
	(void)judge_free(j);
	return r;
}

int play(const struct play_conf *c, struct play *ret, struct err *e)
{
	struct side side[PLAY_MAX] = { 0 };
	int r = play_init(c, ret);

	for (int32_t today = c->first - c->warm; today <= c->last && r == 0; today++) {
		if (c->progress)
			c->progress(c->ctx, (unsigned)(today - c->first + c->warm));
		r = courses_day(c, today, ret, side, e);
	}
	for (unsigned k = 0; k < c->n_levels; k++) {
		for (unsigned w = 0; w < PLAY_WALL_N; w++)
			for (size_t i = 0; i < side[k].walls[w].n; i++)
				ret->course[k].idle[w] += !side[k].walls[w].v[i].met;
		side_done(&side[k]);
	}
	if (r < 0)
		play_done(ret);
	return r == -ENOMEM ? err_set(e, r, "playing the policy: out of memory") : r;
}

void play_done(struct play *p)
{
	for (unsigned k = 0; k < PLAY_MAX; k++) {
		free(p->course[k].days);
		free(p->course[k].weeks);
	}
	*p = (struct play){ 0 };
}

struct spread play_spread(const struct play *p, unsigned course, enum play_figure f)
{
	double v[WEEKS_MAX];
	size_t n = 0;

	for (unsigned w = 0; w < p->n_weeks && n < WEEKS_MAX; w++)
		if (p->course[course].weeks[w].came > 0)
			v[n++] = p->course[course].weeks[w].figure[f];
	return measure_spread(v, n);
}

struct spread play_good_spread(
    const struct play *p, unsigned course, enum play_ahead ahead, enum play_good_figure f)
{
	struct spread none = { NAN, NAN };
	double v[WEEKS_MAX];
	size_t n = 0;

	for (unsigned w = 0; w < p->n_weeks && n < WEEKS_MAX; w++)
		if (!isnan(p->course[course].weeks[w].good[ahead][f]))
			v[n++] = p->course[course].weeks[w].good[ahead][f];
	return n ? measure_spread(v, n) : none;
}
