/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What walls would have caught, and how many addresses stand behind them (scoring.md B4, T6): a list of the addresses
 * that were seen, and whole /24s beside it, by one figure or another. */
#include "judge/evaluate.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "judge/bits.h"

#define LIST_DAYS 30
#define BLOCK_V4  256.0

const double evaluate_band_from[EVALUATE_BAND_N] = { 2, 1, 0.5, 0.25, 0.1, 0.05 };

const char *const evaluate_policy_name[EVALUATE_POLICY_N] = {
	[EVALUATE_POLICY_LIST] = "addresses of 30 days",
	[EVALUATE_POLICY_HOSTS_5] = "+ /24 of 5 hosts in 7 days",
	[EVALUATE_POLICY_HOSTS_2] = "+ /24 of 2 hosts in 7 days",
	[EVALUATE_POLICY_NEW_1] = "+ onus, 1 new expected",
	[EVALUATE_POLICY_NEW_HALF] = "+ onus, .5 new expected",
	[EVALUATE_POLICY_NEW_QUARTER] = "+ onus, .25 new expected",
	[EVALUATE_POLICY_BGP] = "+ BGP-Ranking AS, 16384",
	[EVALUATE_POLICY_MOST] = "+ onus, 16384",
};

const enum evaluate_policy evaluate_budget[EVALUATE_BUDGET_N] = { EVALUATE_POLICY_NEW_1,
	EVALUATE_POLICY_NEW_HALF, EVALUATE_POLICY_NEW_QUARTER, EVALUATE_POLICY_MOST };

#define ANY INFINITY
static const struct {
	const char *row; /* whose figures */
	struct evaluate_limit limit;
} policies[EVALUATE_POLICY_N] = {
	[EVALUATE_POLICY_LIST] = { "onus", { 0, 0, ANY } },
	[EVALUATE_POLICY_HOSTS_5] = { "distinct-7", { 5, ANY, ANY } },
	[EVALUATE_POLICY_HOSTS_2] = { "distinct-7", { 2, ANY, ANY } },
	[EVALUATE_POLICY_NEW_1] = { "onus", { 1, ANY, ANY } },
	[EVALUATE_POLICY_NEW_HALF] = { "onus", { 0.5, ANY, ANY } },
	[EVALUATE_POLICY_NEW_QUARTER] = { "onus", { 0.25, ANY, ANY } },
	[EVALUATE_POLICY_BGP] = { "bgp-ranking-as-30", { 0, 16384, ANY } },
	[EVALUATE_POLICY_MOST] = { "onus", { 0, 16384, ANY } },
};

int evaluate_list_init(struct evaluate_list *l)
{
	*l = (struct evaluate_list){ .hosts = calloc(MAP_N, sizeof(*l->hosts)),
		.back = calloc(MAP_N, sizeof(*l->back)) };
	return l->hosts && l->back ? 0 : -ENOMEM;
}

void evaluate_list_done(struct evaluate_list *l)
{
	free(l->hosts);
	free(l->back);
	*l = (struct evaluate_list){ 0 };
}

/* The distinct IPv4 hosts of the days [from, until), in order. */
static int hosts_of(
    const struct series *s, int32_t from, int32_t until, struct keyed **ret, size_t *ret_n)
{
	size_t begin = series_from(s, from), end = series_from(s, until), n = 0, to = 0;
	struct keyed *k = calloc(end - begin + 1, sizeof(*k));

	if (!k)
		return -ENOMEM;
	for (size_t i = begin; i < end; i++)
		if (bit_version(s->v[i].host) == 0)
			k[n++].key = s->v[i].host;
	if (sort_by_key(k, n) < 0) {
		free(k);
		return -ENOMEM;
	}
	for (size_t i = 0; i < n; i++)
		if (to == 0 || k[to - 1].key != k[i].key)
			k[to++] = k[i];
	*ret = k;
	*ret_n = to;
	return 0;
}

int evaluate_list_take(
    struct evaluate_list *l, const struct series *s, int32_t today, int32_t horizon)
{
	CLEANUP(free_p) struct keyed *listed = NULL;
	CLEANUP(free_p) struct keyed *come = NULL;
	size_t n = 0, n_come = 0, at = 0;

	memset(l->hosts, 0, MAP_N * sizeof(*l->hosts));
	memset(l->back, 0, MAP_N * sizeof(*l->back));
	if (hosts_of(s, today - LIST_DAYS + 1, today + 1, &listed, &n) < 0 ||
	    hosts_of(s, today + 1, today + horizon + 1, &come, &n_come) < 0)
		return -ENOMEM;
	l->n = (double)n;
	l->came = (double)n_come;
	l->n_back = 0;
	for (size_t i = 0; i < n; i++) {
		while (at < n_come && come[at].key < listed[i].key)
			at++;
		l->hosts[listed[i].key >> 8]++;
		if (at == n_come || come[at].key != listed[i].key)
			continue;
		l->back[listed[i].key >> 8]++;
		l->n_back++;
	}
	return 0;
}

/* What the blocks of a tie add to the list. */
static struct evaluate_wall beside(const struct ranking *r, const struct evaluate_list *l,
    const uint16_t *targets, const struct tie *t)
{
	struct evaluate_wall w = { .blocks = (double)(t->end - t->begin) };

	for (size_t i = t->begin; i < t->end; i++) {
		uint32_t b = ranking_at(r, i);

		w.caught += (double)targets[b] - l->back[b];
		w.addresses += BLOCK_V4 - l->hosts[b];
	}
	return w;
}

struct evaluate_wall evaluate_wall(const struct ranking *r, const struct evaluate_list *l,
    const uint16_t *targets, struct evaluate_limit limit)
{
	struct evaluate_wall w = { .caught = l->n_back, .addresses = l->n };
	struct tie t = { 0 };
	double part = 1;

	while (part >= 1 && ranking_tie(r, t.end, &t) && t.figure >= limit.least) {
		struct evaluate_wall more = beside(r, l, targets, &t);

		part = (limit.blocks - (double)t.begin) / more.blocks;
		if (w.addresses + more.addresses > limit.addresses)
			part = MIN_OF(part, (limit.addresses - w.addresses) / more.addresses);
		part = MIN_OF(MAX_OF(part, 0), 1);
		w.caught += part * more.caught;
		w.addresses += part * more.addresses;
		w.blocks += part * more.blocks;
	}
	w.caught = l->came > 0 ? w.caught / l->came : 0;
	return w;
}

void evaluate_walls(const struct ranking *r, const struct evaluate_list *l, const uint16_t *targets,
    const char *row, struct evaluate_walls *ret)
{
	for (unsigned p = 0; p < EVALUATE_POLICY_N; p++)
		if (strcmp(policies[p].row, row) == 0)
			ret->policy[p] = evaluate_wall(r, l, targets, policies[p].limit);
}

void evaluate_bands(const struct ground *g, const float *map, const uint16_t *all,
    const uint16_t *new, struct evaluate_band band[EVALUATE_BAND_N])
{
	for (uint32_t b = 0; b < MAP_N; b++)
		for (unsigned k = EVALUATE_BAND_N;
		     ground_has(g, b) && k-- > 0 && (double)map[b] >= evaluate_band_from[k];) {
			band[k].blocks++;
			band[k].again += all[b] > 0;
			band[k].again_new += new[b] > 0;
		}
}
