/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "judge/decide.h"

#include <assert.h>

#include "util/macro.h"

#define D INT64_C(86400)

/* early: with more sentences cut short there could be more than 15 (of an address) or 16 (of a block) in 180 days. */
static const struct decide_rule rules[ENTITY_KIND_N] = {
	[ENTITY_ADDR] = { 30 * D, 8, ACTION_GREYLIST, ACTION_DROP, false, false },
	[ENTITY_BLOCK] = { 14 * D, 2, ACTION_GREYLIST, ACTION_REJECT, true, true },
	[ENTITY_PREFIX] = { 7 * D, 2, ACTION_GREYLIST, ACTION_REJECT, true, true },
	[ENTITY_NET] = { 7 * D, 2, ACTION_GREYLIST, ACTION_REJECT, true, true },
	[ENTITY_AS] = { 7 * D, 2, ACTION_GREYLIST, ACTION_GREYLIST, true, false },
	[ENTITY_ORG] = { 7 * D, 2, ACTION_GREYLIST, ACTION_GREYLIST, true, false },
	[ENTITY_COUNTRY] = { 0 },
};

const struct decide_rule *decide_rule(enum entity_kind kind)
{
	return kind < ENTITY_KIND_N && rules[kind].ttl_s ? &rules[kind] : NULL;
}

int64_t decide_length(enum entity_kind kind, bool corroborated, int32_t n)
{
	int64_t s = corroborated ? DECIDE_D0_S : DECIDE_D0_ALONE_S;

	for (int32_t i = 1; i < n && s < rules[kind].ttl_s; i++)
		s *= 2;
	return s < rules[kind].ttl_s ? s : rules[kind].ttl_s;
}

bool decide_sentence(enum entity_kind kind, enum level level)
{
	return level == LEVEL_BLOCK || (level == LEVEL_FRICTION && kind != ENTITY_ADDR);
}

bool decide_room(enum entity_kind kind, const struct decide_state *s)
{
	return rules[kind].capped && (decide_sentence(kind, s->level) ||
					 (s->level == LEVEL_PROBATION && s->action != ACTION_TAG));
}

static void none(struct decide_state *s)
{
	s->level = LEVEL_CLEAR;
	s->action = ACTION_TAG;
	s->since_s = s->until_s = 0;
}

/* For how long an address is one client's; 0: for good. */
static int64_t lease(enum entity_kind kind, const struct decide_facts *f)
{
	return kind == ENTITY_ADDR ? f->lease_s : 0;
}

/* After a sentence that was cut short as many share the address, probation is as long as it would have been. */
static int64_t served(
    enum entity_kind kind, const struct decide_facts *f, const struct decide_state *s)
{
	return f->shared ? decide_length(kind, f->corroborated, s->episode)
			 : s->until_s - s->since_s;
}

/* One step down from the sentence; of a pool's address no longer than what is left of the lease. */
static void probation(
    enum entity_kind kind, const struct decide_facts *f, int64_t from_s, struct decide_state *s)
{
	int64_t until_s = from_s + served(kind, f, s);

	if (lease(kind, f))
		until_s = MIN_OF(until_s, s->since_s + lease(kind, f));
	if (until_s <= from_s) {
		none(s);
		return;
	}
	s->action = s->action > ACTION_GREYLIST ? ACTION_GREYLIST : ACTION_TAG;
	s->level = LEVEL_PROBATION;
	s->since_s = from_s;
	s->until_s = until_s;
}

/* What time alone brings. */
static void elapse(
    enum entity_kind kind, const struct decide_facts *f, int64_t now_s, struct decide_state *s)
{
	if (decide_sentence(kind, s->level) && now_s >= s->until_s)
		probation(kind, f, s->until_s, s);
	if (s->level != LEVEL_CLEAR && now_s >= s->until_s)
		none(s);
}

/* One episode less for every 30 days up to an instant in which nothing was verified. */
static void forgive(struct decide_state *s, int64_t upto_s)
{
	while (s->episode > 0 && upto_s - s->clean_s >= DECIDE_CLEAN_S) {
		s->episode--;
		s->clean_s += DECIDE_CLEAN_S;
	}
	if (upto_s - s->after_s >= DECIDE_EPISODES_S)
		s->episode = 0;
}

static void count_clean(const struct decide_facts *f, int64_t now_s, struct decide_state *s)
{
	if (f->verified_s > s->clean_s && f->verified_s <= now_s) {
		forgive(s, f->verified_s);
		s->clean_s = f->verified_s;
	}
	forgive(s, now_s);
}

/* The sentence of an address may be cut short. */
static int64_t length_of(
    enum entity_kind kind, const struct decide_facts *f, const struct decide_state *s)
{
	int64_t length = decide_length(kind, f->corroborated, s->episode);

	if (kind == ENTITY_ADDR && f->shared)
		length = MIN_OF(length, DECIDE_SHARED_S);
	return lease(kind, f) ? MIN_OF(length, lease(kind, f)) : length;
}

static void sentence(enum entity_kind kind, int32_t block_from, const struct decide_facts *f,
    int64_t now_s, struct decide_state *s)
{
	const struct decide_rule *rule = &rules[kind];
	bool block;

	if (lease(kind, f) && now_s - s->after_s >= lease(kind, f))
		s->episode = 0; /* another's */
	s->episode = s->episode < DECIDE_EPISODES_MAX ? s->episode + 1 : DECIDE_EPISODES_MAX;
	block = rule->block != rule->friction &&
		(kind == ENTITY_ADDR || (s->episode >= block_from && !f->shared));
	s->level = block ? LEVEL_BLOCK : LEVEL_FRICTION;
	s->action = block ? rule->block : rule->friction;
	s->since_s = s->after_s = s->clean_s = now_s;
	s->until_s = now_s + length_of(kind, f, s);
}

/* For how long evidence says something of whom it is about; days are what is known of a lease. */
static int64_t within_lease(enum entity_kind kind, const struct decide_facts *f, int64_t s)
{
	return lease(kind, f) ? MIN_OF(s, MAX_OF(lease(kind, f), DECIDE_D0_S)) : s;
}

static int64_t fresh_s(enum entity_kind kind, const struct decide_facts *f)
{
	return within_lease(kind, f, DECIDE_FRESH_S);
}

/* The same of the friction of an address: not those who share it pay for one of them for long. */
static int64_t slow_s(enum entity_kind kind, const struct decide_facts *f)
{
	return within_lease(kind, f, f->shared ? DECIDE_FRESH_S : DECIDE_SLOW_S);
}

static bool fresh(
    enum entity_kind kind, const struct decide_facts *f, int64_t evidence_s, int64_t now_s)
{
	return evidence_s != DECIDE_NEVER && evidence_s <= now_s &&
	       now_s - evidence_s < fresh_s(kind, f);
}

/* Is it what is left of a sentence that was cut short as many share the address? */
static bool slowed(enum entity_kind kind, const struct decide_facts *f,
    const struct decide_state *s, int64_t now_s)
{
	return kind == ENTITY_ADDR && f->shared && s->level == LEVEL_PROBATION &&
	       now_s - s->after_s < s->until_s - s->since_s;
}

/* Is friction what comes after that which has stood until now? The evidence of a sentence will do for it, but where another
 * may be behind the address by now, or who was behind it was let go before the end. */
static bool follows(enum entity_kind kind, const struct decide_facts *f,
    const struct decide_state *was, const struct decide_state *s, int64_t now_s)
{
	bool let_go = was->level == LEVEL_PROBATION && was->since_s == was->after_s;

	if (!f->linger || was->level <= LEVEL_WATCH || s->level != LEVEL_CLEAR ||
	    f->verified_s == DECIDE_NEVER || f->verified_s > now_s ||
	    now_s - f->verified_s >= slow_s(kind, f))
		return false;
	return f->verified_s > s->after_s || (!let_go && !f->shared && !lease(kind, f));
}

/* Evidence outlives what it brings: where there is none, it was disputed, or its source is no longer believed. */
static bool withdrawn(const struct decide_facts *f)
{
	return f->seen_s == DECIDE_NEVER && f->verified_s == DECIDE_NEVER;
}

/* Below a sentence: what evidence brings. */
static void lesser(enum entity_kind kind, const struct decide_facts *f, bool slow, int64_t now_s,
    struct decide_state *s)
{
	if (kind == ENTITY_ADDR && slow && s->level < LEVEL_FRICTION) {
		s->level = LEVEL_FRICTION;
		s->action = ACTION_GREYLIST;
		s->until_s = f->verified_s + slow_s(kind, f);
	} else if (f->watch && s->level == LEVEL_CLEAR && fresh(kind, f, f->seen_s, now_s)) {
		s->level = LEVEL_WATCH;
		s->action = ACTION_TAG;
		s->until_s = f->seen_s + fresh_s(kind, f);
	} else {
		return;
	}
	s->since_s = now_s;
}

void decide_next(enum entity_kind kind, int32_t block_from, const struct decide_facts *f,
    const struct decide_state *was, int64_t now_s, struct decide_state *ret)
{
	struct decide_state s = *was;
	bool hit, follow;

	assert(decide_rule(kind));
	elapse(kind, f, now_s, &s);
	if (decide_sentence(kind, s.level)) {
		if (!f->hold && (s.episode <= rules[kind].early || f->verified_s == DECIDE_NEVER)) {
			probation(kind, f, now_s, &s);
			s.after_s = now_s;
			count_clean(f, now_s, &s);
		}
		*ret = s;
		return;
	}
	follow = follows(kind, f, was, &s, now_s);
	if (s.episode > 0)
		count_clean(f, now_s, &s);
	hit = f->hold && !f->full && f->verified_s > s.after_s &&
	      fresh(kind, f, f->verified_s, now_s) && !slowed(kind, f, &s, now_s);
	if (hit && (f->block || s.level == LEVEL_PROBATION)) {
		sentence(kind, block_from, f, now_s, &s);
	} else if (s.level != LEVEL_PROBATION) {
		if ((!f->hold && s.level == LEVEL_FRICTION) ||
		    (withdrawn(f) && s.level == LEVEL_WATCH))
			none(&s);
		lesser(kind, f, follow || (hit && f->friction), now_s, &s);
		if (s.level == LEVEL_CLEAR && s.episode == 0)
			s = (struct decide_state){ 0 };
	}
	*ret = s;
}

void decide_lift(const struct decide_state *was, int64_t now_s, struct decide_state *ret)
{
	*ret = *was;
	if (was->level == LEVEL_CLEAR)
		return;
	none(ret);
	if (ret->episode)
		ret->after_s = now_s;
	else
		*ret = (struct decide_state){ 0 };
}
