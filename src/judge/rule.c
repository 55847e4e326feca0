/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "judge/rule.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "util/clock.h"

/* What belongs to the standard thresholds, and moves with them. */
#define P7_RELEASE	 0.09
#define NEW_RELEASE	 0.25
#define M_RELEASE	 1
#define NET_NEW_RELEASE	 0.06
#define AS_BOUND_RELEASE 5
#define FRICTION	 0.5 /* of the threshold of p7 */

#define REASON_MAX 300u

double rule_threshold(const struct rules *c, enum threshold t)
{
	return c->thresholds ? c->thresholds->v[t] : threshold_rows[t].standard;
}

/* The release that belongs to a threshold, when `standard` belongs to the standard one. */
static double release(const struct rules *c, enum threshold t, double standard)
{
	return standard * (rule_threshold(c, t) / threshold_rows[t].standard);
}

static bool believed(const struct judgement *g)
{
	return g->anchor || g->groups >= 2;
}

double rule_arrivals(const struct judgement *g)
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

static int64_t day_or_never(int32_t day)
{
	return day == INT32_MIN ? DECIDE_NEVER : day * DAY_S;
}

static void addr_facts(
    const struct rules *c, const struct judgement *g, struct decide_facts *f, struct rule_said *s)
{
	double p7 = rule_threshold(c, THRESHOLD_ADDR_P7);
	bool weighty = believed(g) && g->w_max >= rule_threshold(c, THRESHOLD_ADDR_WEIGHT);

	f->corroborated = weighty && g->p7_max >= p7;
	f->block = f->corroborated || (double)g->hits >= rule_threshold(c, THRESHOLD_ADDR_HITS);
	f->friction = weighty && g->p7_max >= FRICTION * p7;
	f->watch = g->p7_max >= p7;
	f->hold = g->p7_max >= release(c, THRESHOLD_ADDR_P7, P7_RELEASE);
	f->linger = weighty && f->hold;
	s->alone = f->block && !f->corroborated;
}

static bool block_rule(const struct rules *c, const struct judgement *g)
{
	return believed(g) && g->verified_7 >= rule_threshold(c, THRESHOLD_BLOCK_HOSTS) &&
	       (g->verified_days >= rule_threshold(c, THRESHOLD_BLOCK_DAYS) ||
		   g->verified_peak >= rule_threshold(c, THRESHOLD_BLOCK_PEAK)) &&
	       (counted(g, rule_arrivals(g)) >= rule_threshold(c, THRESHOLD_BLOCK_NEW) ||
		   counted(g, g->m) >= rule_threshold(c, THRESHOLD_BLOCK_M)) &&
	       counted(g, g->m_low) >= rule_threshold(c, THRESHOLD_BLOCK_M_LOW);
}

static void block_facts(const struct rules *c, const struct judgement *g, struct decide_facts *f)
{
	f->block = block_rule(c, g);
	f->hold = rule_arrivals(g) >= release(c, THRESHOLD_BLOCK_NEW, NEW_RELEASE) ||
		  g->m >= release(c, THRESHOLD_BLOCK_M, M_RELEASE);
	f->watch = believed(g) &&
		   counted(g, rule_arrivals(g)) >= release(c, THRESHOLD_BLOCK_NEW, NEW_RELEASE);
	f->corroborated = true;
}

/* --- more than a block ---------------------------------------------------------------------------- */

struct within {
	const struct rules *c;
	uint32_t condemned;
	int32_t verified_last;
};

static void take_block(void *ctx, uint32_t i)
{
	struct within *w = ctx;
	struct judgement g;

	judge_at(w->c->j, ENTITY_BLOCK, i, &g);
	w->condemned += block_rule(w->c, &g);
	w->verified_last = MAX_OF(w->verified_last, g.verified_last);
}

static double blocks_of(const struct judgement *g)
{
	return (double)g->size_v4 / DECIDE_BLOCK_SIZE + (double)g->size_v6;
}

/* Its blocks are asked for only where the rest may hold. */
static void net_facts(
    const struct rules *c, const struct judgement *g, struct decide_facts *f, struct rule_said *s)
{
	bool holder = g->key.kind == ENTITY_AS || g->key.kind == ENTITY_ORG;
	double blocks = blocks_of(g);
	double mean = blocks > 0 ? rule_arrivals(g) / blocks : 0;
	struct within w = { c, 0, INT32_MIN };
	bool may;

	may = holder ? g->guilt >= rule_threshold(c, THRESHOLD_AS_BOUND)
		     : mean >= rule_threshold(c, THRESHOLD_NET_NEW);
	f->hold = holder ? g->guilt >= release(c, THRESHOLD_AS_BOUND, AS_BOUND_RELEASE)
			 : mean >= release(c, THRESHOLD_NET_NEW, NET_NEW_RELEASE);
	f->corroborated = true;
	if (!f->hold)
		return;
	judge_each_block(c->j, &g->key, take_block, &w);
	f->block = may && w.condemned > 0 &&
		   (holder || w.condemned >= rule_threshold(c, THRESHOLD_NET_BLOCKS)) &&
		   w.condemned >= blocks * rule_threshold(c,
					       holder ? THRESHOLD_AS_SHARE : THRESHOLD_NET_SHARE);
	f->verified_s = day_or_never(w.verified_last);
	s->verified_last = w.verified_last;
	s->condemned = w.condemned;
	s->announced = (uint32_t)MIN_OF(blocks, UINT32_MAX);
}

void rule_facts(const struct rules *c, const struct judgement *g, struct decide_facts *ret,
    struct rule_said *ret_said)
{
	*ret = (struct decide_facts){ .verified_s = day_or_never(g->verified_last),
		.seen_s = g->hosts ? day_or_never(g->last_day) : DECIDE_NEVER };
	*ret_said = (struct rule_said){ .p7 = g->p7_max,
		.m = g->m,
		.bound = g->guilt,
		.hits = g->hits,
		.verified_last = g->verified_last,
		.hosts = g->verified_7,
		.groups = g->groups };
	if (g->key.kind == ENTITY_ADDR)
		addr_facts(c, g, ret, ret_said);
	else if (g->key.kind == ENTITY_BLOCK)
		block_facts(c, g, ret);
	else
		net_facts(c, g, ret, ret_said);
	ret->hold |= ret->block;
}

/* --- reasons -------------------------------------------------------------------------------------- */

static void said_by(unsigned groups, char ret[64])
{
	(void)snprintf(ret, 64, "seen by %u independent group%s", groups, groups == 1 ? "" : "s");
}

static void addr_reason(const struct rule_said *s, const char *day, char *ret)
{
	char by[64];

	said_by(s->groups, by);
	if (s->alone)
		(void)snprintf(
		    ret, REASON_MAX, "%ju verified hits on %s; %s", (uintmax_t)s->hits, day, by);
	else
		(void)snprintf(ret, REASON_MAX,
		    "%.0f%% likely to attack again within 7 days; verified last on %s; %s",
		    100 * s->p7, day, by);
}

static void block_reason(const struct rule_said *s, const char *day, char *ret)
{
	char by[64];

	said_by(s->groups, by);
	(void)snprintf(ret, REASON_MAX,
	    "%u of its addresses attacked within 7 days, verified last on %s; %.1f attackers "
	    "expected in the next 7; %s",
	    s->hosts, day, s->m, by);
}

static void net_reason(enum entity_kind kind, const struct rule_said *s, const char *day, char *ret)
{
	int n = snprintf(ret, REASON_MAX,
	    "%u of its %u blocks are full of attackers, verified last on %s; %.1f expected in the "
	    "next 7 "
	    "days",
	    s->condemned, s->announced, day, s->m);

	if ((kind == ENTITY_AS || kind == ENTITY_ORG) && n > 0 && (unsigned)n < REASON_MAX)
		(void)snprintf(ret + n, REASON_MAX - (unsigned)n,
		    "; at least %.0f times the world's rate", s->bound);
}

static void probation_reason(
    const struct decide_state *now, const struct decide_state *was, char *ret)
{
	bool early = now->since_s < was->until_s;

	(void)snprintf(ret, REASON_MAX,
	    "episode %d %s; what is verified from now on begins the next one", now->episode,
	    early ? "ended before its time: too little is expected of it" : "is served");
}

PRINTF(2, 3) static void add(char text[REASON_MAX], const char *format, ...)
{
	size_t n = strlen(text);
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text + n, REASON_MAX - n, format, args);
	va_end(args);
}

char *rule_reason(const struct judge_key *key, const struct decide_state *now,
    const struct decide_state *was, const struct rule_said *s)
{
	char text[REASON_MAX] = "", day[UTC_TEXT_MAX] = "never";

	if (s->verified_last != INT32_MIN)
		utc_format_day(s->verified_last, day);
	if (now->level == LEVEL_PROBATION)
		probation_reason(now, was, text);
	else if (key->kind == ENTITY_ADDR)
		addr_reason(s, day, text);
	else if (key->kind == ENTITY_BLOCK)
		block_reason(s, day, text);
	else
		net_reason(key->kind, s, day, text);
	if (decide_sentence(key->kind, now->level) && now->episode > 1)
		add(text, "; episode %d", now->episode);
	if (s->shared)
		add(text, "; %s", s->shared);
	else if (s->users > 1)
		add(text, "; in the mean %u people an address", s->users);
	return strdup(text);
}
