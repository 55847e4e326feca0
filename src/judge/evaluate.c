/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "judge/evaluate.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "judge/bits.h"

/* What a replay works in. */
struct replay {
	const struct evaluate_conf *conf;
	struct ground *ground;
	struct ranking *ranking;
	float *map, *returning;
	uint16_t *targets[EVALUATE_TARGET_N];
	struct evaluate_list list;
	int32_t as_done; /* the last day on which the ASes were looked at */
};

const char *evaluation_row_name(unsigned row)
{
	return row == 0 ? "onus" : baselines[row - 1].name;
}

static void replay_done(struct replay *r)
{
	r->ground = ground_free(r->ground);
	r->ranking = ranking_free(r->ranking);
	free(r->map);
	free(r->returning);
	for (unsigned t = 0; t < EVALUATE_TARGET_N; t++)
		free(r->targets[t]);
	evaluate_list_done(&r->list);
}

static int replay_init(struct replay *r)
{
	r->ground = ground_new(r->conf->space, r->conf->space_ctx);
	r->ranking = ranking_new();
	r->map = calloc(MAP_N, sizeof(*r->map));
	r->returning = calloc(MAP_N, sizeof(*r->returning));
	for (unsigned t = 0; t < EVALUATE_TARGET_N; t++)
		r->targets[t] = calloc(MAP_N, sizeof(*r->targets[t]));
	return evaluate_list_init(&r->list) == 0 && r->ground && r->ranking && r->map &&
		       r->returning && r->targets[EVALUATE_NEW] && r->targets[EVALUATE_ALL]
		   ? 0
		   : -ENOMEM;
}

/* The hosts of the days after today, each once. */
static int find_targets(struct replay *r, int32_t today)
{
	const struct series *s = r->conf->series;
	size_t from = series_from(s, today + 1);
	size_t end = series_from(s, today + r->conf->horizon + 1), n = 0;
	CLEANUP(free_p) struct keyed *k = calloc(end > from ? end - from : 1, sizeof(*k));

	if (!k)
		return -ENOMEM;
	for (size_t i = from; i < end; i++)
		if (bit_version(s->v[i].host) == 0)
			k[n++] = (struct keyed){ s->v[i].host, s->v[i].first };
	if (sort_by_key(k, n) < 0)
		return -ENOMEM;
	for (unsigned t = 0; t < EVALUATE_TARGET_N; t++)
		memset(r->targets[t], 0, MAP_N * sizeof(*r->targets[t]));
	for (size_t i = 0; i < n; i++) {
		if (i && k[i].key == k[i - 1].key)
			continue;
		/* Sorting is stable: the first row of a host tells whether it is new. */
		r->targets[EVALUATE_NEW][k[i].key >> 8] += (uint16_t)k[i].value;
		r->targets[EVALUATE_ALL][k[i].key >> 8]++;
	}
	return 0;
}

static void take_bins(const struct replay *r, struct evaluate_bin bin[EVALUATE_BIN_N])
{
	static const double limit[EVALUATE_BIN_N - 1] = { 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.2, 0.3,
		0.5 };

	for (uint32_t b = 0; b < MAP_N; b++) {
		double p = -expm1(-(double)r->map[b]);
		unsigned k = 0;

		if (!ground_has(r->ground, b))
			continue;
		while (k < EVALUATE_BIN_N - 1 && p >= limit[k])
			k++;
		bin[k].said += p;
		bin[k].came += r->targets[EVALUATE_NEW][b] > 0;
		bin[k].blocks++;
	}
}

static void rank(struct replay *r)
{
	ranking_sort(r->ranking, r->ground->universe, r->map);
}

static void measure(const struct replay *r, struct evaluation *ev, unsigned row, unsigned day,
    enum evaluate_target t)
{
	measure_ranking(r->ranking, r->targets[t], evaluation_at(ev, row, t, day));
}

/* The walls of a row that is ranked. Row 0 comes first, and says what all may spend. */
static void walls(const struct replay *r, struct evaluation *ev, unsigned row, unsigned day)
{
	const uint16_t *targets = r->targets[EVALUATE_ALL];
	struct evaluate_walls *w = &ev->walls[day];

	evaluate_walls(r->ranking, &r->list, targets, evaluation_row_name(row), w);
	for (unsigned k = 0; k < EVALUATE_BUDGET_N; k++) {
		struct evaluate_limit limit = { 0, INFINITY,
			w->policy[evaluate_budget[k]].addresses };

		evaluation_equal(ev, row, day)[k] =
		    evaluate_wall(r->ranking, &r->list, targets, limit);
	}
}

int evaluate_judge(const struct evaluate_conf *c, int32_t today, float *arrivals, float *returning,
    struct judge **ret, struct err *e)
{
	struct series_voice voices[SERIES_VOICES_MAX];
	struct judge_conf conf = { .today = today,
		.first_day = c->first_day,
		.guard = true,
		.measure = c->voices != NULL,
		.delegation = c->delegation };
	struct judge *j = judge_new(&conf);
	int r;

	if (!j)
		return -ENOMEM;
	if (c->voices)
		c->voices(c->voices_ctx, today, j, voices);
	for (unsigned g = 0; !c->voices && g < JUDGE_GROUPS_MAX; g++)
		judge_group(j, g, 1, !c->foreign);
	r = series_judge(c->series, today, c->voices ? voices : NULL, j);
	if (arrivals)
		memset(arrivals, 0, MAP_N * sizeof(*arrivals));
	if (returning)
		memset(returning, 0, MAP_N * sizeof(*returning));
	judge_map(j, arrivals, returning);
	if (r == 0)
		r = judge_run(j, c->space, c->space_ctx, e);
	*ret = r == 0 ? j : judge_free(j);
	return r;
}

static int judge_day(struct replay *r, struct evaluation *ev, unsigned day, struct err *e)
{
	int32_t today = r->conf->days[day], horizon = r->conf->horizon;
	struct judge *j;
	int ret = evaluate_judge(r->conf, today, r->map, r->returning, &j, e);

	if (ret < 0)
		return ret;
	ret = evaluate_hosts(r->conf->series, today, horizon, j, ev->hosts[day], ev->host_bin);
	(void)judge_free(j);
	if (ret == 0)
		ret =
		    evaluate_fair(r->ground, r->map, r->targets[EVALUATE_NEW], horizon, &ev->fair);
	if (ret < 0)
		return ret;
	take_bins(r, ev->bin);
	evaluate_bands(
	    r->ground, r->map, r->targets[EVALUATE_ALL], r->targets[EVALUATE_NEW], ev->band);
	rank(r);
	measure(r, ev, 0, day, EVALUATE_NEW);
	walls(r, ev, 0, day);
	for (uint32_t b = 0; b < MAP_N; b++)
		r->map[b] += r->returning[b];
	rank(r);
	measure(r, ev, 0, day, EVALUATE_ALL);
	return 0;
}

/* The ASes on the last day, not after today, that has 28 days after it, unless that was done. */
static int as_day(struct replay *r, struct evaluation *ev, int32_t today, struct err *e)
{
	const struct series *s = r->conf->series;
	int32_t last = s->n ? s->v[s->n - 1].day : today;
	int32_t day = MIN_OF(today, last - EVALUATE_AS_DAYS);
	struct judge *j;
	int ret;

	if (day < r->conf->first_day + EVALUATE_AS_DAYS || day <= r->as_done)
		return 0;
	r->as_done = day;
	ret = evaluate_judge(r->conf, day, NULL, NULL, &j, e);
	if (ret < 0)
		return ret;
	ret = evaluate_as(r->ground, s, day, j, ev->as[ev->n_as_days++], ev->cover);
	(void)judge_free(j);
	return ret;
}

static int baseline_day(struct replay *r, struct evaluation *ev, unsigned row, unsigned day)
{
	int ret;

	memset(r->map, 0, MAP_N * sizeof(*r->map));
	ret = baselines[row - 1].fill(r->ground, r->conf->series, r->conf->days[day], r->map);
	if (ret < 0)
		return ret;
	rank(r);
	for (unsigned t = 0; t < EVALUATE_TARGET_N; t++)
		measure(r, ev, row, day, t);
	walls(r, ev, row, day);
	return 0;
}

static int evaluation_init(struct evaluation *e, unsigned n_days)
{
	size_t cells;

	*e = (struct evaluation){ .n_days = n_days, .n_rows = n_baselines + 1 };
	cells = (size_t)e->n_rows * n_days + 1;
	e->v = calloc(cells * EVALUATE_TARGET_N, sizeof(*e->v));
	e->hosts = calloc((size_t)n_days + 1, sizeof(*e->hosts));
	e->as = calloc((size_t)n_days + 1, sizeof(*e->as));
	e->walls = calloc((size_t)n_days + 1, sizeof(*e->walls));
	e->equal = calloc(cells, sizeof(*e->equal));
	return e->v && e->hosts && e->as && e->walls && e->equal ? 0 : -ENOMEM;
}

int evaluate(const struct evaluate_conf *c, struct evaluation *ret, struct err *e)
{
	struct replay r = { .conf = c, .as_done = INT32_MIN };
	int code = evaluation_init(ret, c->n_days);

	if (code == 0)
		code = replay_init(&r);
	for (unsigned day = 0; day < c->n_days && code == 0; day++) {
		if (c->progress)
			c->progress(c->ctx, day);
		code = find_targets(&r, c->days[day]);
		if (code == 0)
			code = evaluate_list_take(&r.list, c->series, c->days[day], c->horizon);
		if (code == 0)
			code = judge_day(&r, ret, day, e);
		if (code == 0)
			code = as_day(&r, ret, c->days[day], e);
		for (unsigned row = 1; row < ret->n_rows && code == 0; row++)
			code = baseline_day(&r, ret, row, day);
	}
	replay_done(&r);
	if (code < 0)
		evaluation_done(ret);
	return code == -ENOMEM ? err_set(e, code, "evaluating: out of memory") : code;
}

void evaluation_done(struct evaluation *e)
{
	free(e->v);
	free(e->hosts);
	free(e->as);
	free(e->walls);
	free(e->equal);
	*e = (struct evaluation){ 0 };
}

struct spread evaluation_spread(
    const struct evaluation *e, unsigned row, enum evaluate_target t, size_t offset)
{
	double v[512];
	size_t n = MIN_OF(e->n_days, NELEM(v));

	for (size_t i = 0; i < n; i++)
		memcpy(&v[i], (const char *)evaluation_at(e, row, t, (unsigned)i) + offset,
		    sizeof(v[i]));
	return measure_spread(v, n);
}
