/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "judge/baseline.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "judge/bits.h"

/* The sightings of the last `days` days. */
struct stretch {
	const struct sighting *v;
	size_t n;
};

static struct stretch last_days(const struct series *s, int32_t today, int32_t days)
{
	size_t from = series_from(s, today - days + 1), end = series_from(s, today + 1);

	return (struct stretch){ s->v + from, end - from };
}

static uint32_t block_of(uint64_t host)
{
	return (uint32_t)(host >> 8);
}

/* The distinct IPv4 hosts of a stretch, in order; *n of them. NULL: out of memory. */
static struct keyed *distinct_hosts(struct stretch t, size_t *n)
{
	struct keyed *k = calloc(t.n ? t.n : 1, sizeof(*k));
	size_t all = 0, to = 0;

	if (!k)
		return NULL;
	for (size_t i = 0; i < t.n; i++)
		if (bit_version(t.v[i].host) == 0)
			k[all++].key = t.v[i].host;
	if (sort_by_key(k, all) < 0) {
		free(k);
		return NULL;
	}
	for (size_t i = 0; i < all; i++)
		if (to == 0 || k[to - 1].key != k[i].key)
			k[to++] = k[i];
	*n = to;
	return k;
}

static int raw_count(const struct ground *g, const struct series *s, int32_t today, float *map)
{
	struct stretch t = last_days(s, today, 30);

	(void)g;
	for (size_t i = 0; i < t.n; i++)
		if (bit_version(t.v[i].host) == 0)
			map[block_of(t.v[i].host)] += (float)t.v[i].count;
	return 0;
}

static int distinct_in(const struct series *s, int32_t today, int32_t days, float *map)
{
	size_t n = 0;
	struct keyed *k = distinct_hosts(last_days(s, today, days), &n);

	if (!k)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		map[block_of(k[i].key)] += 1;
	free(k);
	return 0;
}

static int distinct_30(const struct ground *g, const struct series *s, int32_t today, float *map)
{
	(void)g;
	return distinct_in(s, today, 30, map);
}

static int distinct_7(const struct ground *g, const struct series *s, int32_t today, float *map)
{
	(void)g;
	return distinct_in(s, today, 7, map);
}

static int last_seen(const struct ground *g, const struct series *s, int32_t today, float *map)
{
	struct stretch t = last_days(s, today, JUDGE_WINDOW_DAYS);

	(void)g;
	for (size_t i = 0; i < t.n; i++)
		if (bit_version(t.v[i].host) == 0)
			map[block_of(t.v[i].host)] =
			    (float)(JUDGE_WINDOW_DAYS - (today - t.v[i].day));
	return 0;
}

/* Soldo et al. 2010: exponentially weighted mean of the daily number of distinct hosts. */
#define EWMA_ALPHA 0.1

static int ewma(const struct ground *g, const struct series *s, int32_t today, float *map)
{
	struct stretch t = last_days(s, today, JUDGE_WINDOW_DAYS);

	(void)g;
	for (size_t i = 0; i < t.n; i++) {
		const struct sighting *x = &t.v[i];

		if (bit_version(x->host) != 0 ||
		    (i && x[-1].host == x->host && x[-1].day == x->day))
			continue;
		map[block_of(x->host)] += (float)(EWMA_ALPHA * pow(1 - EWMA_ALPHA, today - x->day));
	}
	return 0;
}

/* BGP-Ranking: distinct addresses / announced addresses of the AS or prefix (impact 1: one list). */
static int per_size(const struct ground *g, const struct series *s, int32_t today, int32_t days,
    bool by_prefix, float *map)
{
	const uint32_t *index = by_prefix ? g->prefix : g->as;
	const double *size = by_prefix ? g->prefix_size : g->as_size;
	double *sum = calloc((size_t)(by_prefix ? g->n_prefix : g->n_as) + 1, sizeof(*sum));
	size_t n = 0;
	struct keyed *k = sum ? distinct_hosts(last_days(s, today, days), &n) : NULL;

	if (!k) {
		free(sum);
		return -ENOMEM;
	}
	for (size_t i = 0; i < n; i++)
		if (ground_has(g, block_of(k[i].key)))
			sum[index[block_of(k[i].key)]] += 1;
	for (uint32_t b = 0; b < MAP_N; b++)
		if (ground_has(g, b))
			map[b] = (float)(sum[index[b]] / size[index[b]]);
	free(k);
	free(sum);
	return 0;
}

static int bgp_as_1(const struct ground *g, const struct series *s, int32_t today, float *map)
{
	return per_size(g, s, today, 1, false, map);
}

static int bgp_as_30(const struct ground *g, const struct series *s, int32_t today, float *map)
{
	return per_size(g, s, today, 30, false, map);
}

static int bgp_prefix_30(const struct ground *g, const struct series *s, int32_t today, float *map)
{
	return per_size(g, s, today, 30, true, map);
}

/* UCEPROTECT, rules of 2024: an allocation of 2^(32-len) addresses is listed from v(len) impacts in 7
 * days on, v(27..24) = 1..4, v(n-1) = v(n) + v(n+2); blocks rank by how often over the limit their
 * prefix is, then by their own addresses (level 1). */
static double uce_limit(double size)
{
	double v[33] = { 0 };
	int len = 32 - (int)ceil(log2(size));

	for (int n = 32; n >= 27; n--)
		v[n] = 1;
	v[26] = 2;
	v[25] = 3;
	v[24] = 4;
	for (int n = 23; n >= 0; n--)
		v[n] = v[n + 1] + v[n + 3];
	return v[len < 0 ? 0 : len];
}

static int uceprotect(const struct ground *g, const struct series *s, int32_t today, float *map)
{
	double *sum = calloc((size_t)g->n_prefix + 1, sizeof(*sum));
	size_t n = 0;
	struct keyed *k = sum ? distinct_hosts(last_days(s, today, 7), &n) : NULL;

	if (!k) {
		free(sum);
		return -ENOMEM;
	}
	for (size_t i = 0; i < n; i++) {
		uint32_t b = block_of(k[i].key);

		map[b] += 0.001f;
		if (ground_has(g, b))
			sum[g->prefix[b]] += 1;
	}
	for (uint32_t i = 0; i < g->n_prefix; i++)
		sum[i] /= uce_limit(g->prefix_size[i] > 1 ? g->prefix_size[i] : 1);
	for (uint32_t b = 0; b < MAP_N; b++)
		if (ground_has(g, b) && sum[g->prefix[b]] >= 1)
			map[b] += (float)sum[g->prefix[b]];
	free(k);
	free(sum);
	return 0;
}

/* CESNET NERD: an address's day counts 1 - 0.5^events, days weigh linearly less over 14; a block is the
 * mean of its addresses, which ranks as their sum does. */
#define NERD_DAYS 14

static int nerd(const struct ground *g, const struct series *s, int32_t today, float *map)
{
	struct stretch t = last_days(s, today, NERD_DAYS);

	(void)g;
	for (size_t i = 0; i < t.n; i++) {
		double age = today - t.v[i].day;

		if (bit_version(t.v[i].host) == 0)
			map[block_of(t.v[i].host)] +=
			    (float)((1 - pow(0.5, t.v[i].count)) * (NERD_DAYS - age) / NERD_DAYS);
	}
	return 0;
}

const struct baseline baselines[] = {
	{ "raw-count-30", "events of the last 30 days", raw_count },
	{ "distinct-30", "distinct hosts of the last 30 days", distinct_30 },
	{ "distinct-7", "distinct hosts of the last 7 days", distinct_7 },
	{ "last-seen", "the block seen last comes first", last_seen },
	{ "ewma", "exponentially weighted daily hosts, 0.1", ewma },
	{ "bgp-ranking-as-1", "BGP-Ranking, AS, 1 day", bgp_as_1 },
	{ "bgp-ranking-as-30", "BGP-Ranking, AS, 30 days", bgp_as_30 },
	{ "bgp-ranking-prefix-30", "BGP-Ranking, prefix, 30 days", bgp_prefix_30 },
	{ "uceprotect", "UCEPROTECT levels 1 and 2, 7 days", uceprotect },
	{ "nerd", "CESNET NERD, 14 days, summed by block", nerd },
};
const unsigned n_baselines = NELEM(baselines);
