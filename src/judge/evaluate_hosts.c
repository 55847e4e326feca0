/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hosts one by one (scoring.md C1, T1): of those that are known, who comes back? Figures of the baselines
 * are made probabilities by isotonic regression on what had come up to the test day (days - horizon), so
 * that their Brier score is as good as ranking alone can make it; onus's p7 is taken as it is said. */
#include "judge/evaluate.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "judge/bits.h"

#define RECENT_DAYS 30
#define EWMA_ALPHA  0.1
#define WINDOW	    JUDGE_WINDOW_DAYS

const uint32_t evaluate_host_at[EVALUATE_HOST_AT_N] = { 1000, 3000, 10000 };

const char *const evaluate_host_name[EVALUATE_HOST_N] = {
	[EVALUATE_HOST_ONUS] = "onus",
	[EVALUATE_HOST_EWMA] = "ewma, calibrated",
	[EVALUATE_HOST_ACTIVE] = "active-days-30, calibrated",
	[EVALUATE_HOST_LAST] = "last-seen, calibrated",
	[EVALUATE_HOST_MEAN] = "mean rate",
};

/* struct known - a host and what is said of it */
struct known {
	uint64_t host;
	double figure[EVALUATE_HOST_N];
	bool back; /* it came within the horizon */
};

struct crowd {
	struct known *v; /* owned; by host */
	size_t n;
	double came; /* distinct hosts of the horizon, known or not */
};

/* The hosts of some days, in order, the row beside each. NULL: out of memory. */
static struct keyed *rows_by_host(const struct series *s, size_t from, size_t end, size_t *n)
{
	struct keyed *k = calloc(end - from + 1, sizeof(*k));

	*n = end - from;
	for (size_t i = 0; k && i < *n; i++)
		k[i] = (struct keyed){ s->v[from + i].host, from + i };
	if (k && sort_by_key(k, *n) == 0)
		return k;
	free(k);
	return NULL;
}

/* What the baselines say of the host whose rows are k[0 … n), by day. */
static void say_of(const struct series *s, const struct keyed *k, size_t n, int32_t today,
    double figure[EVALUATE_HOST_N])
{
	int32_t before = INT32_MIN;

	memset(figure, 0, EVALUATE_HOST_N * sizeof(*figure));
	for (size_t i = 0; i < n; i++) {
		int32_t day = s->v[k[i].value].day;

		if (day == before)
			continue;
		before = day;
		figure[EVALUATE_HOST_EWMA] += EWMA_ALPHA * pow(1 - EWMA_ALPHA, today - day);
		figure[EVALUATE_HOST_ACTIVE] += today - day < RECENT_DAYS;
		figure[EVALUATE_HOST_LAST] = WINDOW - (today - day);
	}
}

static int crowd_take(
    const struct series *s, int32_t today, const struct keyed *k, size_t n, struct crowd *c)
{
	c->v = calloc(n + 1, sizeof(*c->v));
	if (!c->v)
		return -ENOMEM;
	for (size_t i = 0; i < n;) {
		size_t from = i;

		while (i < n && k[i].key == k[from].key)
			i++;
		c->v[c->n].host = k[from].key;
		say_of(s, k + from, i - from, today, c->v[c->n++].figure);
	}
	return 0;
}

/* Who of the crowd came in the days after today. */
static int crowd_check(const struct series *s, int32_t today, int32_t horizon, struct crowd *c)
{
	size_t n, at = 0;
	CLEANUP(free_p)
	struct keyed *k =
	    rows_by_host(s, series_from(s, today + 1), series_from(s, today + horizon + 1), &n);

	if (!k)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		if (i && k[i].key == k[i - 1].key)
			continue;
		c->came++;
		while (at < c->n && c->v[at].host < k[i].key)
			at++;
		if (at < c->n && c->v[at].host == k[i].key)
			c->v[at].back = true;
	}
	return 0;
}

/* Everybody who is known on a day. */
static int crowd_make(const struct series *s, int32_t today, int32_t horizon, struct crowd *ret)
{
	size_t n;
	CLEANUP(free_p)
	struct keyed *k =
	    rows_by_host(s, series_from(s, today - WINDOW + 1), series_from(s, today + 1), &n);
	int r = k ? 0 : -ENOMEM;

	*ret = (struct crowd){ NULL };
	if (r == 0)
		r = crowd_take(s, today, k, n, ret);
	if (r == 0)
		r = crowd_check(s, today, horizon, ret);
	return r;
}

/* --- isotonic regression ------------------------------------------------------------------------- */

/* struct step - from this figure on, this probability */
struct step {
	double from, sum, n;
};

struct pair {
	double figure;
	bool back;
};

static int by_figure(const void *a, const void *b)
{
	double x = ((const struct pair *)a)->figure, y = ((const struct pair *)b)->figure;

	return x < y ? -1 : x > y;
}

/* Pool adjacent violators: the best rising steps. Returns how many; v becomes them. */
static size_t pool(struct pair *p, size_t n, struct step *v)
{
	size_t top = 0;

	qsort(p, n, sizeof(*p), by_figure);
	for (size_t i = 0; i < n; i++) {
		if (top && v[top - 1].from == p[i].figure) {
			v[top - 1].sum += p[i].back;
			v[top - 1].n++;
		} else {
			v[top++] = (struct step){ p[i].figure, p[i].back, 1 };
		}
		if (i + 1 < n && p[i + 1].figure == p[i].figure)
			continue; /* a tie is one step */
		while (top > 1 && v[top - 2].sum * v[top - 1].n >= v[top - 1].sum * v[top - 2].n) {
			v[top - 2].sum += v[top - 1].sum;
			v[top - 2].n += v[top - 1].n;
			top--;
		}
	}
	return top;
}

static double step_at(const struct step *v, size_t n, double figure)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (v[mid].from <= figure)
			lo = mid + 1;
		else
			hi = mid;
	}
	return n ? v[lo ? lo - 1 : 0].sum / v[lo ? lo - 1 : 0].n : 0;
}

/* One baseline's figures in `now` become probabilities, by what they were worth in `past`. */
static int calibrate(const struct crowd *past, struct crowd *now, enum evaluate_host who)
{
	CLEANUP(free_p) struct pair *p = calloc(past->n + 1, sizeof(*p));
	CLEANUP(free_p) struct step *v = calloc(past->n + 1, sizeof(*v));
	size_t n;

	if (!p || !v)
		return -ENOMEM;
	for (size_t i = 0; i < past->n; i++)
		p[i] = (struct pair){ past->v[i].figure[who], past->v[i].back };
	n = pool(p, past->n, v);
	for (size_t i = 0; i < now->n; i++)
		now->v[i].figure[who] = step_at(v, n, now->v[i].figure[who]);
	return 0;
}

/* --- measuring ----------------------------------------------------------------------------------- */

static int take_hits(const struct crowd *c, enum evaluate_host who, struct evaluate_hosts *ret)
{
	CLEANUP(free_p) struct pair *p = calloc(c->n + 1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	for (size_t i = 0; i < c->n; i++)
		p[i] = (struct pair){ -c->v[i].figure[who], c->v[i].back };
	qsort(p, c->n, sizeof(*p), by_figure);
	for (size_t i = 0; i < c->n;) { /* ties are shared evenly */
		size_t from = i;
		double back = 0;

		for (; i < c->n && p[i].figure == p[from].figure; i++)
			back += p[i].back;
		for (unsigned k = 0; k < EVALUATE_HOST_AT_N; k++) {
			double within =
			    (double)MIN_OF(i, (size_t)evaluate_host_at[k]) - (double)from;

			if (within > 0)
				ret->hit[k] += back * within / (double)(i - from) / c->came;
		}
	}
	return 0;
}

static double brier(const struct crowd *c, enum evaluate_host who)
{
	double sum = 0;

	for (size_t i = 0; i < c->n; i++) {
		double miss = c->v[i].figure[who] - c->v[i].back;

		sum += miss * miss;
	}
	return c->n ? sum / (double)c->n : 0;
}

static void take_judged(const struct judge *j, struct crowd *c)
{
	size_t at = 0;

	for (uint32_t i = 0; i < judge_n(j, ENTITY_ADDR); i++) {
		struct judgement g;
		uint64_t host;
		double not = 1;

		judge_at(j, ENTITY_ADDR, i, &g);
		for (unsigned f = 0; f < FAMILY_SCORED_N; f++)
			not *= 1 - g.part[f].returning;
		if (!bit_host(g.key.addr, &host))
			continue;
		while (at < c->n && c->v[at].host < host)
			at++;
		if (at < c->n && c->v[at].host == host)
			c->v[at].figure[EVALUATE_HOST_ONUS] = 1 - not ;
	}
}

static void take_bins(const struct crowd *c, struct evaluate_bin bin[EVALUATE_BIN_N])
{
	static const double limit[EVALUATE_BIN_N - 1] = { 0.01, 0.03, 0.06, 0.1, 0.2, 0.35, 0.55,
		0.8 };

	for (size_t i = 0; i < c->n; i++) {
		double p = c->v[i].figure[EVALUATE_HOST_ONUS];
		unsigned k = 0;

		while (k < EVALUATE_BIN_N - 1 && p >= limit[k])
			k++;
		bin[k].said += p;
		bin[k].came += c->v[i].back;
		bin[k].blocks++;
	}
}

static void take_mean(const struct crowd *past, struct crowd *now)
{
	double back = 0;

	for (size_t i = 0; i < past->n; i++)
		back += past->v[i].back;
	for (size_t i = 0; i < now->n; i++)
		now->v[i].figure[EVALUATE_HOST_MEAN] = past->n ? back / (double)past->n : 0;
}

int evaluate_hosts(const struct series *s, int32_t today, int32_t horizon, const struct judge *j,
    struct evaluate_hosts ret[EVALUATE_HOST_N], struct evaluate_bin bin[EVALUATE_BIN_N])
{
	struct crowd past, now;
	int r = crowd_make(s, today - horizon, horizon, &past);

	memset(ret, 0, EVALUATE_HOST_N * sizeof(*ret));
	if (r == 0)
		r = crowd_make(s, today, horizon, &now);
	else
		now.v = NULL;
	if (r == 0) {
		take_judged(j, &now);
		take_bins(&now, bin);
		take_mean(&past, &now);
	}
	for (unsigned k = 0; k < EVALUATE_HOST_N && r == 0; k++) {
		r = take_hits(&now, k, &ret[k]);
		if (r == 0 && k != EVALUATE_HOST_ONUS && k != EVALUATE_HOST_MEAN)
			r = calibrate(&past, &now, k);
		ret[k].brier = brier(&now, k);
		ret[k].known = 0;
		for (size_t i = 0; i < now.n && r == 0; i++)
			ret[k].known += now.v[i].back / now.came;
	}
	free(past.v);
	free(now.v);
	return r;
}
