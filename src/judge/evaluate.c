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
	const struct series *series;
	space_fn *space;
	const void *ctx;
	struct ground *ground;
	struct ranking *ranking;
	float *map, *returning;
	uint16_t *targets[EVALUATE_TARGET_N];
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
}

static int replay_init(struct replay *r)
{
	r->ground = ground_new(r->space, r->ctx);
	r->ranking = ranking_new();
	r->map = calloc(MAP_N, sizeof(*r->map));
	r->returning = calloc(MAP_N, sizeof(*r->returning));
	for (unsigned t = 0; t < EVALUATE_TARGET_N; t++)
		r->targets[t] = calloc(MAP_N, sizeof(*r->targets[t]));
	if (r->ground && r->ranking && r->map && r->returning && r->targets[EVALUATE_NEW] &&
	    r->targets[EVALUATE_ALL])
		return 0;
	replay_done(r);
	return -ENOMEM;
}

/* The hosts of the days after today, each once. */
static int find_targets(struct replay *r, int32_t today)
{
	const struct series *s = r->series;
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

static void measure(struct replay *r, enum evaluate_target t, struct measure *ret)
{
	measure_map(r->ranking, r->ground->universe, r->map, r->targets[t], ret);
}

/* A judge over what was known on a day, run; NULL and *code: it could not. */
static struct judge *judge_as_of(
    struct replay *r, int32_t today, bool map, int *code, struct err *e)
{
	const struct evaluate_conf *c = r->conf;
	struct series_voice voices[SERIES_VOICES_MAX];
	struct judge_conf conf = { .today = today,
		.first_day = c->first_day,
		.guard = true,
		.measure = c->voices != NULL,
		.delegation = c->delegation };
	struct judge *j = judge_new(&conf);

	*code = j ? 0 : -ENOMEM;
	if (j && c->voices)
		c->voices(c->voices_ctx, today, j, voices);
	for (unsigned g = 0; j && !c->voices && g < JUDGE_GROUPS_MAX; g++)
		judge_group(j, g, 1, !c->foreign);
	if (*code == 0)
		*code = series_judge(r->series, today, c->voices ? voices : NULL, j);
	if (map) {
		memset(r->map, 0, MAP_N * sizeof(*r->map));
		memset(r->returning, 0, MAP_N * sizeof(*r->returning));
		if (*code == 0)
			judge_map(j, r->map, r->returning);
	}
	if (*code == 0)
		*code = judge_run(j, r->space, r->ctx, e);
	return *code == 0 ? j : judge_free(j);
}

static int judge_day(struct replay *r, struct evaluation *ev, unsigned day, struct err *e)
{
	int32_t today = r->conf->days[day];
	int ret;
	struct judge *j = judge_as_of(r, today, true, &ret, e);

	if (ret == 0)
		ret = evaluate_hosts(
		    r->series, today, r->conf->horizon, j, ev->hosts[day], ev->host_bin);
	(void)judge_free(j);
	if (ret == 0)
		ret = evaluate_fair(
		    r->ground, r->map, r->targets[EVALUATE_NEW], r->conf->horizon, &ev->fair);
	if (ret < 0)
		return ret;
	take_bins(r, ev->bin);
	measure(r, EVALUATE_NEW, evaluation_at(ev, 0, EVALUATE_NEW, day));
	for (uint32_t b = 0; b < MAP_N; b++)
		r->map[b] += r->returning[b];
	measure(r, EVALUATE_ALL, evaluation_at(ev, 0, EVALUATE_ALL, day));
	return 0;
}

/* The ASes on the last day, not after today, that has 28 days after it, unless that was done. */
static int as_day(struct replay *r, struct evaluation *ev, int32_t today, struct err *e)
{
	const struct series *s = r->series;
	int32_t last = s->n ? s->v[s->n - 1].day : today;
	int32_t day = MIN_OF(today, last - EVALUATE_AS_DAYS);
	struct judge *j;
	int ret;

	if (day < r->conf->first_day + EVALUATE_AS_DAYS || day <= r->as_done)
		return 0;
	r->as_done = day;
	j = judge_as_of(r, day, false, &ret, e);
	if (ret == 0)
		ret = evaluate_as(r->ground, s, day, j, ev->as[ev->n_as_days++], ev->cover);
	(void)judge_free(j);
	return ret;
}

static int baseline_day(struct replay *r, struct evaluation *ev, unsigned row, unsigned day)
{
	int ret;

	memset(r->map, 0, MAP_N * sizeof(*r->map));
	ret = baselines[row - 1].fill(r->ground, r->series, r->conf->days[day], r->map);
	for (unsigned t = 0; t < EVALUATE_TARGET_N && ret == 0; t++)
		measure(r, t, evaluation_at(ev, row, t, day));
	return ret;
}

int evaluate(const struct evaluate_conf *c, const struct series *s, space_fn *space,
    const void *ctx, struct evaluation *ret, struct err *e)
{
	struct replay r = {
		.conf = c, .series = s, .space = space, .ctx = ctx, .as_done = INT32_MIN
	};
	int code = replay_init(&r);

	*ret = (struct evaluation){ .n_days = c->n_days, .n_rows = n_baselines + 1 };
	ret->v = calloc((size_t)ret->n_rows * EVALUATE_TARGET_N * c->n_days + 1, sizeof(*ret->v));
	ret->hosts = calloc((size_t)c->n_days + 1, sizeof(*ret->hosts));
	ret->as = calloc((size_t)c->n_days + 1, sizeof(*ret->as));
	if (code == 0 && (!ret->v || !ret->hosts || !ret->as))
		code = -ENOMEM;
	for (unsigned day = 0; day < c->n_days && code == 0; day++) {
		if (c->progress)
			c->progress(c->ctx, day);
		code = find_targets(&r, c->days[day]);
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
