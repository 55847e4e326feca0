/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whom a score accuses (scoring.md C1, T3): of the fifty ASes that it ranks worst, how many show nothing
 * new in the next 28 days, and how many go on at ten times the rate of the world? And are the forecast
 * intervals (A4) as wide as they should be? */
#include "judge/evaluate.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "judge/bits.h"

#define TENFOLD		 10.0
#define UCEPROTECT_LEAST 50.0 /* impacts before an AS is listed at all */
#define FADE                                                                                       \
	0.8 /* 28 days show less than four times what 7 do: the short memory of a block is over
			then. From Data-Shield up to 2025-10-15 and OXL up to 2025-01-21. */
#define COVER_LEAST 2.0 /* expected hosts: below, all there is to cover is zero */

const char *const evaluate_as_name[EVALUATE_AS_N] = {
	[EVALUATE_AS_ONUS] = "onus, 10 % quantile",
	[EVALUATE_AS_RAW] = "raw-count-30",
	[EVALUATE_AS_BGP_1] = "bgp-ranking-as-1",
	[EVALUATE_AS_BGP_30] = "bgp-ranking-as-30",
	[EVALUATE_AS_UCEPROTECT] = "uceprotect, level 3",
};

const double evaluate_cover_from[EVALUATE_COVER_N] = { 0, 1, 10, 30, 100 };

/* struct as_world - all that is known of every AS, by index */
struct as_world {
	const struct ground *ground;
	double *next; /* new hosts of the 28 days */
	double *figure[EVALUATE_AS_N];
	double total, size;
};

static void world_done(struct as_world *w)
{
	free(w->next);
	for (unsigned k = 0; k < EVALUATE_AS_N; k++)
		free(w->figure[k]);
}

static int world_init(struct as_world *w, const struct ground *g)
{
	size_t n = (size_t)g->n_as + 1;
	bool good = true;

	*w = (struct as_world){ .ground = g, .next = calloc(n, sizeof(*w->next)) };
	for (unsigned k = 0; k < EVALUATE_AS_N; k++) {
		w->figure[k] = calloc(n, sizeof(*w->figure[k]));
		good &= w->figure[k] != NULL;
	}
	for (uint32_t i = 0; i < g->n_as; i++)
		w->size += g->as_size[i];
	return good && w->next ? 0 : -ENOMEM;
}

/* The AS of a sighting's host; CHAIN_NONE: nobody's, or IPv6. */
static uint32_t as_of(const struct ground *g, const struct sighting *x)
{
	uint32_t block = (uint32_t)(x->host >> 8);

	if (bit_version(x->host) != 0 || !ground_has(g, block))
		return CHAIN_NONE;
	return g->as[block];
}

static void take_next(struct as_world *w, const struct series *s, int32_t today)
{
	size_t end = series_from(s, today + EVALUATE_AS_DAYS + 1);

	for (size_t i = series_from(s, today + 1); i < end; i++) {
		uint32_t as = as_of(w->ground, &s->v[i]);

		if (as == CHAIN_NONE || !s->v[i].first ||
		    (i && s->v[i - 1].host == s->v[i].host && s->v[i - 1].day == s->v[i].day))
			continue;
		w->next[as]++;
		w->total++;
	}
}

/* Distinct hosts of the last days, or their events, by AS. */
static int take_past(const struct as_world *w, const struct series *s, int32_t today, int32_t days,
    bool events, double *figure)
{
	size_t from = series_from(s, today - days + 1), end = series_from(s, today + 1);
	CLEANUP(free_p) struct keyed *k = calloc(end - from + 1, sizeof(*k));

	if (!k)
		return -ENOMEM;
	for (size_t i = from; i < end; i++)
		k[i - from] = (struct keyed){ s->v[i].host, i };
	if (sort_by_key(k, end - from) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < end - from; i++) {
		const struct sighting *x = &s->v[k[i].value];
		uint32_t as = as_of(w->ground, x);

		if (as == CHAIN_NONE || (!events && i && k[i - 1].key == k[i].key))
			continue;
		figure[as] += events ? x->count : 1;
	}
	return 0;
}

static int take_baselines(struct as_world *w, const struct series *s, int32_t today)
{
	const struct ground *g = w->ground;
	int r;

	if ((r = take_past(w, s, today, 30, true, w->figure[EVALUATE_AS_RAW])) < 0 ||
	    (r = take_past(w, s, today, 1, false, w->figure[EVALUATE_AS_BGP_1])) < 0 ||
	    (r = take_past(w, s, today, 30, false, w->figure[EVALUATE_AS_BGP_30])) < 0 ||
	    (r = take_past(w, s, today, 7, false, w->figure[EVALUATE_AS_UCEPROTECT])) < 0)
		return r;
	for (uint32_t i = 0; i < g->n_as; i++) {
		double size = MAX_OF(g->as_size[i], 1);

		w->figure[EVALUATE_AS_BGP_1][i] /= size;
		w->figure[EVALUATE_AS_BGP_30][i] /= size;
		if (w->figure[EVALUATE_AS_UCEPROTECT][i] < UCEPROTECT_LEAST)
			w->figure[EVALUATE_AS_UCEPROTECT][i] = 0;
		w->figure[EVALUATE_AS_UCEPROTECT][i] /= size;
	}
	return 0;
}

/* --- intervals ----------------------------------------------------------------------------------- */

/* How much of n lies within the 80 % interval of the negative binomial with this mean and shape: of the
 * stretch of probability that n stands for, the share between 10 % and 90 %. So a forecast that is right
 * is covered by 80 %, however few it foretells (Czado, Gneiting and Held 2009). */
static double covers(double mean, double shape, double n)
{
	double p = shape / (shape + mean), term = pow(p, shape), below = 0;

	for (double k = 0; k < n && below < 0.9; k++) {
		below += term;
		term *= (k + shape) / (k + 1) * (1 - p);
	}
	if (!(term > 0))
		return 0;
	return MAX_OF(MIN_OF(below + term, 0.9) - MAX_OF(below, 0.1), 0) / term;
}

static void take_judged(
    struct as_world *w, const struct judge *j, struct evaluate_cover cover[EVALUATE_COVER_N])
{
	for (uint32_t i = 0; i < judge_n(j, ENTITY_AS); i++) {
		double mean = 0;
		unsigned k = EVALUATE_COVER_N - 1;
		struct judgement g;

		judge_at(j, ENTITY_AS, i, &g);
		if (!g.size_v4 || g.key.index >= w->ground->n_as)
			continue;
		w->figure[EVALUATE_AS_ONUS][g.key.index] = g.guilt;
		for (unsigned f = 0; f < FAMILY_SCORED_N; f++)
			mean += FADE * g.part[f].arrivals * EVALUATE_AS_DAYS / 7;
		if (mean < COVER_LEAST)
			continue;
		while (g.x < evaluate_cover_from[k])
			k--;
		cover[k].n++;
		cover[k].in += covers(mean, g.shape, w->next[g.key.index]);
	}
}

/* --- the worst ----------------------------------------------------------------------------------- */

struct ranked {
	double figure;
	uint32_t as;
};

static int worst_first(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->figure != y->figure)
		return x->figure > y->figure ? -1 : 1;
	return x->as < y->as ? -1 : x->as > y->as;
}

static int take_worst(const struct as_world *w, enum evaluate_as_rank who, struct evaluate_as *ret)
{
	CLEANUP(free_p) struct ranked *v = calloc((size_t)w->ground->n_as + 1, sizeof(*v));
	size_t n = 0;

	if (!v)
		return -ENOMEM;
	for (uint32_t i = 0; i < w->ground->n_as; i++)
		if (w->figure[who][i] > 0)
			v[n++] = (struct ranked){ w->figure[who][i], i };
	qsort(v, n, sizeof(*v), worst_first);
	n = MIN_OF(n, (size_t)EVALUATE_AS_WORST);
	for (size_t i = 0; i < n; i++) {
		double next = w->next[v[i].as],
		       rate = next / MAX_OF(w->ground->as_size[v[i].as], 1);

		ret->silent += (next < 1) / (double)n;
		ret->tenfold += (rate >= TENFOLD * w->total / w->size) / (double)n;
	}
	ret->n = (double)n;
	return 0;
}

int evaluate_as(const struct ground *g, const struct series *s, int32_t today,
    const struct judge *j, struct evaluate_as ret[EVALUATE_AS_N],
    struct evaluate_cover cover[EVALUATE_COVER_N])
{
	struct as_world w;
	int r = world_init(&w, g);

	memset(ret, 0, EVALUATE_AS_N * sizeof(*ret));
	if (r == 0) {
		take_next(&w, s, today);
		r = take_baselines(&w, s, today);
	}
	if (r == 0)
		take_judged(&w, j, cover);
	for (unsigned k = 0; k < EVALUATE_AS_N && r == 0; k++)
		r = take_worst(&w, k, &ret[k]);
	world_done(&w);
	return r;
}
