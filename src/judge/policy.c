/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "judge/policy.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "util/clock.h"
#include "util/grow.h"

#define BLOCK_V4    256u /* addresses that a block counts for in the budget, a /48 too */
#define P7_RELEASE  0.09 /* of the standard thresholds */
#define NEW_RELEASE 0.25
#define D0_S	    DAY_S

static double threshold(const struct policy_conf *c, enum threshold t)
{
	return c->thresholds ? c->thresholds->v[t] : threshold_rows[t].standard;
}

/* The release that belongs to a threshold, when `standard` belongs to the standard one. */
static double release(const struct policy_conf *c, enum threshold t, double standard)
{
	return standard * (threshold(c, t) / threshold_rows[t].standard);
}

/* May this space stand on a wall at all? */
static bool never(const struct policy_conf *c, struct range r)
{
	return range_special(r) || (c->never && addrset_overlaps(c->never, r));
}

static struct range range_of(const struct judgement *g)
{
	struct addr a = g->key.addr;

	if (g->key.kind == ENTITY_BLOCK)
		return prefix_range(addr_block(a));
	return prefix_range(prefix_make(a, addr_is_v4(a) ? 128 : 64));
}

static bool believed(const struct judgement *g)
{
	return g->anchor || g->groups >= 2;
}

static bool addr_rule(const struct policy_conf *c, const struct judgement *g)
{
	return g->p7_max >= threshold(c, THRESHOLD_ADDR_P7) &&
	       g->w_max >= threshold(c, THRESHOLD_ADDR_WEIGHT) && believed(g);
}

static double arrivals(const struct judgement *g)
{
	double sum = 0;

	for (unsigned f = 0; f < FAMILY_SCORED_N; f++)
		if (f != FAMILY_ABUSE_OF_SERVICE)
			sum += g->part[f].arrivals;
	return sum;
}

/* Of an expectation, what one group alone says beyond its bound does not count. */
static double counted(const struct judgement *g, double m)
{
	return MIN_OF(m, g->m - g->held);
}

static bool block_rule(const struct policy_conf *c, const struct judgement *g)
{
	return believed(g) && g->verified_7 >= threshold(c, THRESHOLD_BLOCK_HOSTS) &&
	       (g->verified_days >= threshold(c, THRESHOLD_BLOCK_DAYS) ||
		   g->verified_peak >= threshold(c, THRESHOLD_BLOCK_PEAK)) &&
	       (counted(g, arrivals(g)) >= threshold(c, THRESHOLD_BLOCK_NEW) ||
		   counted(g, g->m) >= threshold(c, THRESHOLD_BLOCK_M)) &&
	       counted(g, g->m_low) >= threshold(c, THRESHOLD_BLOCK_M_LOW);
}

/* 24 hours after the end of the day of the last verified sighting. */
static int64_t expiry(const struct judgement *g)
{
	if (g->verified_last == INT32_MIN)
		return INT64_MIN;
	return ((int64_t)g->verified_last + 1) * DAY_S + D0_S;
}

struct maker {
	const struct judge *j;
	const struct policy_conf *conf;
	struct policy_list *list;
	uint32_t cap;
};

static int put(struct maker *m, const struct policy_decision *d)
{
	struct policy_list *l = m->list;

	if (grow_u32(&l->v, &m->cap, (uint64_t)l->n + 1, sizeof(*l->v)) < 0)
		return -ENOMEM;
	l->v[l->n++] = *d;
	return 0;
}

/* True when nothing forbids a decision on g; counts what was spared. */
static bool allowed(struct maker *m, const struct judgement *g)
{
	struct range r = range_of(g);

	if (!never(m->conf, r))
		return true;
	m->list->spared++;
	return false;
}

static void addr_reason(const struct judgement *g, char *ret, size_t size)
{
	char day[UTC_TEXT_MAX];

	utc_format_day(g->verified_last, day);
	(void)snprintf(ret, size,
	    "%.0f%% likely to attack again within 7 days; verified last on %s; seen by %u "
	    "independent group%s",
	    100 * g->p7_max, day, g->groups, g->groups == 1 ? "" : "s");
}

static void block_reason(const struct judgement *g, char *ret, size_t size)
{
	char day[UTC_TEXT_MAX];

	utc_format_day(g->verified_last, day);
	(void)snprintf(ret, size,
	    "%u of its addresses attacked within 7 days, verified last on %s; %.1f attackers "
	    "expected in the next 7; seen by %u independent group%s",
	    g->verified_7, day, g->m, g->groups, g->groups == 1 ? "" : "s");
}

/* Of how many of a kind, and which is the k-th of them. */
static uint32_t count_of(const struct maker *m, enum entity_kind kind)
{
	const uint32_t *v;

	return m->conf->changed ? judge_changed(m->j, kind, &v) : judge_n(m->j, kind);
}

static uint32_t index_of(const struct maker *m, enum entity_kind kind, uint32_t k)
{
	const uint32_t *v;

	if (!m->conf->changed)
		return k;
	(void)judge_changed(m->j, kind, &v);
	return v[k];
}

static int decide_addrs(struct maker *m)
{
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < count_of(m, ENTITY_ADDR); i++) {
		struct policy_decision d = { .action = ACTION_DROP, .level = LEVEL_BLOCK };
		struct judgement g;

		judge_at(m->j, ENTITY_ADDR, index_of(m, ENTITY_ADDR, i), &g);
		d.until_s = expiry(&g);
		if (!addr_rule(m->conf, &g) || d.until_s <= m->conf->at_s || !allowed(m, &g))
			continue;
		d.key = g.key;
		d.since_s = m->conf->at_s;
		addr_reason(&g, d.reason, sizeof(d.reason));
		r = put(m, &d);
	}
	return r;
}

struct candidate {
	double density; /* expected new attackers per address: the budget goes to the densest */
	uint32_t block;
	bool standing, taken;
};

static int by_density(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->density > y->density || x->density < y->density)
		return x->density > y->density ? -1 : 1;
	return x->block == y->block ? 0 : x->block < y->block ? -1 : 1;
}

static int by_block(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	return x->block == y->block ? 0 : x->block < y->block ? -1 : 1;
}

static uint32_t find_candidates(struct maker *m, struct candidate *v)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < count_of(m, ENTITY_BLOCK); i++) {
		uint32_t block = index_of(m, ENTITY_BLOCK, i);
		struct judgement g;

		judge_at(m->j, ENTITY_BLOCK, block, &g);
		if (!block_rule(m->conf, &g) || expiry(&g) <= m->conf->at_s || !allowed(m, &g))
			continue;
		v[n] = (struct candidate){ .block = block };
		if (m->conf->changed && m->conf->is_standing)
			v[n].standing = m->conf->is_standing(m->conf->ctx, &g.key);
		v[n++].density = arrivals(&g);
	}
	return n;
}

static int decide_blocks(struct maker *m)
{
	uint32_t n_block = count_of(m, ENTITY_BLOCK), n;
	uint64_t budget = (uint64_t)threshold(m->conf, THRESHOLD_BUDGET);
	uint64_t spent = m->conf->changed ? m->conf->standing * BLOCK_V4 : 0;
	CLEANUP(free_p) struct candidate *v = calloc((size_t)n_block + 1, sizeof(*v));
	int r = v ? 0 : -ENOMEM;

	if (!v)
		return r;
	budget -= MIN_OF(budget, spent);
	n = find_candidates(m, v);
	qsort(v, n, sizeof(*v), by_density);
	for (uint32_t i = 0; i < n; i++) {
		v[i].taken = v[i].standing || budget >= BLOCK_V4;
		budget -= v[i].taken && !v[i].standing ? BLOCK_V4 : 0;
		m->list->over_budget += !v[i].taken;
	}
	qsort(v, n, sizeof(*v), by_block);
	for (uint32_t i = 0; r == 0 && i < n; i++) {
		struct policy_decision d = { .action = ACTION_GREYLIST, .level = LEVEL_FRICTION };
		struct judgement g;

		if (!v[i].taken)
			continue;
		judge_at(m->j, ENTITY_BLOCK, v[i].block, &g);
		d.key = g.key;
		d.since_s = m->conf->at_s;
		d.until_s = expiry(&g);
		block_reason(&g, d.reason, sizeof(d.reason));
		r = put(m, &d);
	}
	return r;
}

int policy_decide(const struct judge *j, const struct policy_conf *c, struct policy_list *ret)
{
	struct maker m = { .j = j, .conf = c, .list = ret };
	int r;

	*ret = (struct policy_list){ 0 };
	if ((r = decide_addrs(&m)) == 0)
		r = decide_blocks(&m);
	if (r < 0)
		policy_done(ret);
	return r;
}

bool policy_keeps(const struct judge *j, const struct policy_conf *c, const struct judge_key *key)
{
	struct judgement g;

	if ((key->kind != ENTITY_ADDR && key->kind != ENTITY_BLOCK) || !judge_find(j, key, &g))
		return false;
	if (key->kind == ENTITY_ADDR ? g.p7_max < release(c, THRESHOLD_ADDR_P7, P7_RELEASE)
				     : arrivals(&g) < release(c, THRESHOLD_BLOCK_NEW, NEW_RELEASE))
		return false;
	return !never(c, range_of(&g));
}

void policy_done(struct policy_list *l)
{
	free(l->v);
	*l = (struct policy_list){ 0 };
}
