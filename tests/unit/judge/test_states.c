/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small models of the escalation, explored completely: from nothing on, whatever facts come at each instant, every state that
 * can be reached, and what doc/decide.md promises of every step out of it. The figures here are those of that page, not
 * those of the program. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "states.h"
#include "util/grow.h"
#include "util/macro.h"

#define HOUR	INT64_C(3600)
#define DAY	(24 * HOUR)
#define NOW	(20000 * DAY) /* of a state that is looked at */
#define FRESH	(2 * DAY)
#define SLOW	(30 * DAY)
#define CLEAN	(30 * DAY)
#define MOST	16 /* episodes that are counted */
#define WHOLE	INT64_MAX
#define ENDLESS 4000000u /* states: more than any model has */

/* struct promise - of a kind */
struct promise {
	int64_t ttl_s, gone_s; /* so long after the last verified hit nothing stands */
	int32_t early;
	enum action sentence[2]; /* in the first episode, and from block_from on */
};

static const struct promise promises[ENTITY_KIND_N] = {
	[ENTITY_ADDR] = { 30 * DAY, 62 * DAY, 8, { ACTION_DROP, ACTION_DROP } },
	[ENTITY_BLOCK] = { 14 * DAY, 30 * DAY, 2, { ACTION_GREYLIST, ACTION_REJECT } },
	[ENTITY_PREFIX] = { 7 * DAY, 16 * DAY, 2, { ACTION_GREYLIST, ACTION_REJECT } },
	[ENTITY_NET] = { 7 * DAY, 16 * DAY, 2, { ACTION_GREYLIST, ACTION_REJECT } },
	[ENTITY_AS] = { 7 * DAY, 16 * DAY, 2, { ACTION_GREYLIST, ACTION_GREYLIST } },
	[ENTITY_ORG] = { 7 * DAY, 16 * DAY, 2, { ACTION_GREYLIST, ACTION_GREYLIST } },
};

struct model {
	const char *label;
	enum entity_kind kind;
	bool shared;
	int64_t lease_s;
	int32_t block_from;
	int64_t tick_s; /* from look to look; 0: to every instant at which something may end, … */
	unsigned depth; /* … so many looks from every birth on */
	int32_t
	    episodes; /* what has had more, or what began so long ago, is looked at no further */
	int64_t past_s;
	bool walls_alone; /* the score is never between friction and a wall */
};

#ifdef __SANITIZE_ADDRESS__
#define ALL  3 /* episodes day by day … */
#define WIDE 2 /* … and hour by hour */
#define DEEP 1 /* looks to the second */
#else
#define ALL  MOST
#define WIDE 3
#define DEEP 2
#endif

static const struct model models[] = {
	{ "address, daily", ENTITY_ADDR, false, 0, 2, DAY, 0, WIDE - 1, 60 * DAY, false },
	{ "address, daily, by its walls", ENTITY_ADDR, false, 0, 2, DAY, 0, ALL, WHOLE, true },
	{ "block, daily", ENTITY_BLOCK, false, 0, 2, DAY, 0, ALL, WHOLE, false },
	{ "prefix, daily", ENTITY_PREFIX, false, 0, 2, DAY, 0, ALL, WHOLE, false },
	{ "network, daily, never refused", ENTITY_NET, false, 0, 17, DAY, 0, ALL, WHOLE, false },
	{ "shared network, daily", ENTITY_NET, true, 0, 2, DAY, 0, ALL, WHOLE, false },
	{ "AS, daily", ENTITY_AS, false, 0, 2, DAY, 0, ALL, WHOLE, false },
	{ "organisation, daily", ENTITY_ORG, false, 0, 1, DAY, 0, ALL, WHOLE, false },
	{ "address of a pool, daily", ENTITY_ADDR, false, 7 * DAY, 2, DAY, 0, ALL, WHOLE, false },
	{ "address, hourly, by its walls", ENTITY_ADDR, false, 0, 2, HOUR, 0, WIDE, 4 * DAY, true },
	{ "address of a pool, hourly", ENTITY_ADDR, false, 6 * HOUR, 2, HOUR, 0, WIDE, 2 * DAY,
	    false },
	{ "shared address, hourly", ENTITY_ADDR, true, 0, 2, HOUR, 0, WIDE, 2 * DAY, false },
	{ "shared address, by 15 minutes", ENTITY_ADDR, true, 0, 2, HOUR / 4, 0, WIDE - 1, DAY / 2,
	    false },
	{ "address, to the second", ENTITY_ADDR, false, 0, 2, 0, DEEP, MOST, WHOLE, false },
	{ "shared address, to the second", ENTITY_ADDR, true, 0, 2, 0, DEEP, MOST, WHOLE, false },
	{ "address of a pool, to the second", ENTITY_ADDR, false, DAY, 2, 0, DEEP, MOST, WHOLE,
	    false },
	{ "block, to the second", ENTITY_BLOCK, false, 0, 2, 0, DEEP, MOST, WHOLE, false },
	{ "prefix, to the second", ENTITY_PREFIX, false, 0, 3, 0, DEEP, MOST, WHOLE, false },
	{ "AS, to the second", ENTITY_AS, false, 0, 2, 0, DEEP, MOST, WHOLE, false },
};

/* --- facts ---------------------------------------------------------------------------------------- */

/* What the score may say; what is corroborated of an address meets the rule. */
static const struct score {
	bool of_addr, of_others;
	bool block, friction, linger, hold, corroborated;
} scores[] = {
	{ true, false, false, false, false, false, false },
	{ true, false, false, false, false, true, false },
	{ true, false, false, false, true, true, false },
	{ true, false, false, true, true, true, false },
	{ true, false, true, true, true, true, false },
	{ true, false, true, true, true, true, true },
	{ false, true, false, false, false, false, true },
	{ false, true, false, false, false, true, true },
	{ false, true, true, false, false, true, true },
};

/* What has become known since the last look: nothing; a hit of now; one of earlier; that none of them was true. */
enum evidence { NOTHING, HIT, LATE, WITHDRAWN, EVIDENCE_N };

struct move {
	const struct model *m;
	const struct promise *p;
	enum evidence evidence;
	struct decide_facts f;
	struct decide_state was, now;
	int64_t t; /* was: at NOW */
};

static int64_t verified_of(const struct model *m, enum evidence e, int64_t known_s, int64_t t)
{
	int64_t late_s = t - (m->tick_s ? m->tick_s : 1);

	return e == HIT	      ? t
	       : e == LATE    ? MAX_OF(known_s, late_s)
	       : e == NOTHING ? known_s
			      : DECIDE_NEVER;
}

static struct decide_facts facts_of(
    const struct model *m, const struct score *score, int64_t verified_s)
{
	return (struct decide_facts){ .block = score->block,
		.friction = score->friction && !m->walls_alone,
		.linger = score->linger && !m->walls_alone,
		.hold = score->hold,
		.corroborated = score->corroborated,
		.shared = m->shared,
		.lease_s = m->lease_s,
		.verified_s = verified_s,
		.seen_s = verified_s };
}

static struct decide_state next(
    const struct move *v, const struct decide_facts *f, const struct decide_state *was, int64_t t)
{
	struct decide_state now;

	decide_next(v->m->kind, v->m->block_from, f, was, t, &now);
	return now;
}

static bool same(const struct decide_state *a, const struct decide_state *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static bool sentence(const struct move *v, const struct decide_state *s)
{
	return s->level == LEVEL_BLOCK || (s->level == LEVEL_FRICTION && v->m->kind != ENTITY_ADDR);
}

static bool stands(const struct move *v)
{
	return v->was.level != LEVEL_CLEAR && v->was.until_s > v->t;
}

static bool began(const struct move *v)
{
	return v->now.level != LEVEL_CLEAR && v->now.since_s == v->t;
}

/* The table of doc/decide.md. */
static int64_t length(const struct move *v, bool corroborated, int32_t n)
{
	int64_t s = (corroborated ? DAY : HOUR) << (n - 1);

	return MIN_OF(s, v->p->ttl_s);
}

static int64_t at_most(int64_t s, int64_t most_s)
{
	return most_s ? MIN_OF(s, most_s) : s;
}

/* When probation is over after a sentence that ended. */
static int64_t probation_until(const struct move *v, int64_t from_s)
{
	int64_t s = v->m->shared ? length(v, v->f.corroborated, v->was.episode)
				 : v->was.until_s - v->was.since_s;

	return v->m->lease_s ? MIN_OF(from_s + s, v->was.since_s + v->m->lease_s) : from_s + s;
}

static int64_t over_s(const struct move *v)
{
	return sentence(v, &v->was) ? probation_until(v, v->was.until_s) : v->was.until_s;
}

/* Of what has had its sentence by now. */
static bool in_probation(const struct move *v)
{
	return (v->was.level == LEVEL_PROBATION || sentence(v, &v->was)) && v->t < over_s(v);
}

static int64_t fresh_s(const struct move *v)
{
	return at_most(FRESH, v->m->lease_s ? MAX_OF(v->m->lease_s, DAY) : 0);
}

/* For how long an address is slowed down: others may be behind it who did nothing. */
static int64_t slow_s(const struct move *v)
{
	return v->m->shared || v->m->lease_s
		   ? MIN_OF(v->m->shared ? FRESH : SLOW,
			 v->m->lease_s ? MAX_OF(v->m->lease_s, DAY) : SLOW)
		   : SLOW;
}

/* Something that slowed down or refused has stood until now, or until somebody looked. */
static bool just_over(const struct move *v)
{
	return v->was.level > LEVEL_WATCH && !stands(v) && v->t >= over_s(v);
}

/* A hit that may begin something. */
static bool news(const struct move *v)
{
	return v->f.hold && v->f.verified_s > v->was.after_s && v->f.verified_s <= v->t &&
	       v->t - v->f.verified_s < fresh_s(v);
}

/* --- properties ----------------------------------------------------------------------------------- */

enum verdict { SILENT, HELD, BROKEN };

static enum verdict verdict(bool held)
{
	return held ? HELD : BROKEN;
}

static enum verdict every_wall_ends(const struct move *v)
{
	const struct decide_state *s = &v->now;

	if (s->level == LEVEL_CLEAR)
		return verdict(s->since_s == 0 && s->until_s == 0);
	return verdict(
	    s->since_s <= v->t && s->until_s > v->t && s->until_s - s->since_s <= v->p->ttl_s);
}

static enum verdict fixed_at_birth(const struct move *v)
{
	if (!stands(v))
		return SILENT;
	if (v->now.level == v->was.level && v->now.since_s == v->was.since_s)
		return verdict(v->now.until_s == v->was.until_s && v->now.action == v->was.action);
	if (sentence(v, &v->was))
		return verdict(v->now.level == LEVEL_PROBATION && began(v));
	if (v->was.level == LEVEL_PROBATION)
		return verdict(sentence(v, &v->now) && began(v));
	return verdict(v->now.level == LEVEL_CLEAR || (began(v) && v->now.level > v->was.level));
}

static enum verdict of_its_length(const struct move *v)
{
	int64_t want;

	if (!began(v) || !sentence(v, &v->now))
		return SILENT;
	want = at_most(length(v, v->f.corroborated, v->now.episode),
	    v->m->shared && v->m->kind == ENTITY_ADDR ? HOUR / 4 : 0);
	return verdict(v->now.until_s - v->t == at_most(want, v->m->lease_s));
}

static bool friction_began(const struct move *v)
{
	return began(v) && v->m->kind == ENTITY_ADDR && v->now.level == LEVEL_FRICTION;
}

static enum verdict friction_ends_by_its_evidence(const struct move *v)
{
	if (!friction_began(v))
		return SILENT;
	return verdict(v->now.until_s == v->f.verified_s + slow_s(v));
}

/* Of what is just over: by what was verified since the last sentence; or by that of the sentence itself, of what is nobody
 * else's by now, and was not let go. */
static bool goes_on(const struct move *v)
{
	bool let_go = v->was.level == LEVEL_PROBATION && v->was.since_s <= v->was.after_s;
	bool own = !v->m->shared && !v->m->lease_s && !let_go;

	return v->m->kind == ENTITY_ADDR && just_over(v) && v->f.linger &&
	       v->f.verified_s != DECIDE_NEVER && v->f.verified_s <= v->t &&
	       v->t - v->f.verified_s < slow_s(v) && (own || v->f.verified_s > v->was.after_s);
}

static enum verdict friction_goes_on(const struct move *v)
{
	if (!goes_on(v) || sentence(v, &v->now))
		return SILENT;
	return verdict(friction_began(v));
}

static enum verdict friction_is_let_go(const struct move *v)
{
	if (v->m->kind != ENTITY_ADDR || v->was.level != LEVEL_FRICTION || v->f.hold)
		return SILENT;
	return verdict(v->now.level == LEVEL_CLEAR);
}

/* Nobody is refused by it, and it is no episode. */
static enum verdict friction_slows_down_alone(const struct move *v)
{
	if (v->m->kind != ENTITY_ADDR || v->now.level != LEVEL_FRICTION)
		return SILENT;
	return verdict(v->now.action == ACTION_GREYLIST && v->now.episode <= v->was.episode &&
		       v->now.until_s - v->t <= slow_s(v));
}

static enum verdict probation_as_long(const struct move *v)
{
	const struct decide_state *s = &v->now;

	if (s->level != LEVEL_PROBATION || v->was.level == LEVEL_PROBATION)
		return SILENT;
	return verdict(
	    sentence(v, &v->was) && s->since_s == MIN_OF(v->was.until_s, v->t) &&
	    s->until_s == probation_until(v, s->since_s) &&
	    s->action == (v->was.action > ACTION_GREYLIST ? ACTION_GREYLIST : ACTION_TAG));
}

/* What a state is without a watch. */
static struct state watched_or_not(const struct move *v, struct decide_state s)
{
	if (s.level == LEVEL_WATCH) {
		s.level = LEVEL_CLEAR;
		s.since_s = s.until_s = 0;
	}
	return state_of(v->m->kind, &s, v->f.verified_s, v->t);
}

static bool lookalike(const struct move *v, struct decide_state a, struct decide_state b)
{
	struct state x = watched_or_not(v, a), y = watched_or_not(v, b);

	return memcmp(&x, &y, sizeof(x)) == 0;
}

/* Dropped packets, and whatever else was not verified, begin a watch at most, and nothing else comes of a watch. */
static enum verdict unverified_is_a_watch_at_most(const struct move *v)
{
	struct decide_facts spoofed = v->f, none = v->f;
	struct decide_state watched = v->was, without;

	spoofed.watch = true;
	spoofed.seen_s = v->t;
	none.watch = false;
	none.seen_s = DECIDE_NEVER;
	without = next(v, &none, &v->was, v->t);
	if (!lookalike(v, without, next(v, &spoofed, &v->was, v->t)))
		return BROKEN;
	if (v->was.level != LEVEL_CLEAR)
		return HELD;
	watched.level = LEVEL_WATCH;
	watched.since_s = NOW;
	for (int64_t left_s = 1; left_s <= FRESH; left_s += FRESH - 1) {
		watched.until_s = NOW + left_s;
		if (!lookalike(v, without, next(v, &none, &watched, v->t)) ||
		    !lookalike(v, without, next(v, &spoofed, &watched, v->t)))
			return BROKEN;
	}
	return HELD;
}

static enum verdict by_new_hits_alone(const struct move *v)
{
	if (!began(v) || v->now.level <= LEVEL_WATCH || v->now.level == LEVEL_PROBATION)
		return SILENT;
	if (!sentence(v, &v->now))
		return verdict((news(v) && v->f.friction) || goes_on(v));
	return verdict(news(v) && (v->f.block || in_probation(v)));
}

static enum verdict at_the_first_hit(const struct move *v)
{
	bool slowed = v->m->kind == ENTITY_ADDR && v->m->shared && in_probation(v);

	if ((stands(v) && sentence(v, &v->was)) || !news(v) || !(v->f.block || in_probation(v)) ||
	    slowed)
		return SILENT;
	return verdict(began(v) && sentence(v, &v->now) && v->now.after_s == v->t);
}

/* What many share is slowed down for as long as others would be refused, and refused once in that time. */
static enum verdict shared_refused_once(const struct move *v)
{
	if (!v->m->shared || v->m->kind != ENTITY_ADDR || v->was.level != LEVEL_PROBATION ||
	    !stands(v) || v->t - v->was.after_s >= v->was.until_s - v->was.since_s)
		return SILENT;
	return verdict(v->now.level == LEVEL_PROBATION && v->now.action == ACTION_GREYLIST);
}

/* What was seen of him until then is of the past. */
static enum verdict let_go_at_once(const struct move *v)
{
	bool early = v->was.episode <= v->p->early || v->f.verified_s == DECIDE_NEVER;

	if (!stands(v) || !sentence(v, &v->was))
		return SILENT;
	if (v->f.hold || !early)
		return verdict(v->now.level == v->was.level && v->now.since_s == v->was.since_s);
	return verdict(v->now.level == LEVEL_PROBATION && began(v) && v->now.after_s == v->t);
}

/* What stands after what, and which action it is. */
static enum verdict step_by_step(const struct move *v)
{
	bool lesser = v->m->kind == ENTITY_ADDR && v->now.level == LEVEL_FRICTION;
	bool mild = v->m->kind != ENTITY_ADDR && v->m->shared;
	enum action a = v->p->sentence[v->now.episode >= v->m->block_from && !mild];

	if (v->now.level == LEVEL_CLEAR || !began(v))
		return SILENT;
	if (v->now.level == LEVEL_WATCH)
		return verdict(v->now.action == ACTION_TAG);
	if (lesser)
		return verdict(v->now.action == ACTION_GREYLIST &&
			       !(stands(v) && sentence(v, &v->was)) &&
			       !(stands(v) && v->was.level == LEVEL_PROBATION));
	if (v->now.level == LEVEL_PROBATION)
		return verdict(sentence(v, &v->was));
	return verdict(v->now.action == a &&
		       v->now.level == (a == ACTION_GREYLIST ? LEVEL_FRICTION : LEVEL_BLOCK));
}

/* 30 days without anything verified take one away, 180 after the last sentence all. */
static int32_t due(const struct move *v)
{
	int64_t verified_s = v->was.clean_s, n;

	if (v->f.verified_s > v->was.clean_s && v->f.verified_s <= v->t)
		verified_s = v->f.verified_s;
	n = (verified_s - v->was.clean_s) / CLEAN + (v->t - verified_s) / CLEAN;
	return v->t - v->was.after_s >= 180 * DAY || n > v->was.episode ? v->was.episode
									: (int32_t)n;
}

static enum verdict episodes(const struct move *v)
{
	int32_t left = v->was.episode - due(v);

	if (stands(v) && sentence(v, &v->was) && !began(v))
		return verdict(v->now.episode == v->was.episode);
	if (began(v) && v->m->lease_s && v->t - v->was.after_s >= v->m->lease_s)
		left = 0; /* another's */
	if (began(v) && sentence(v, &v->now))
		return verdict(v->now.episode == MIN_OF(left + 1, MOST));
	left = v->was.episode - due(v);
	return verdict(v->now.episode == left);
}

static enum verdict again_is_nothing(const struct move *v)
{
	struct decide_state again = next(v, &v->f, &v->now, v->t);

	return verdict(same(&again, &v->now));
}

/* Who looked in between, and how often, is of no matter. */
static enum verdict looks_between_are_nothing(const struct move *v)
{
	struct decide_state between;

	if (v->evidence != NOTHING || !v->f.hold || v->f.verified_s > v->was.after_s)
		return SILENT;
	for (int64_t part = 1; part <= 3; part++) {
		between = next(v, &v->f, &v->was, NOW + (v->t - NOW) * part / 4);
		between = next(v, &v->f, &between, v->t);
		if (!lookalike(v, between, v->now))
			return BROKEN;
	}
	return HELD;
}

/* What is from a time to come, of a wrong clock, is as if it was long ago. */
static enum verdict not_yet_is_nothing(const struct move *v)
{
	struct decide_facts old = v->f, ahead = v->f;
	struct decide_state a, b;

	old.verified_s = MIN_OF(v->was.clean_s, v->t - SLOW);
	ahead.verified_s = v->t + 1;
	a = next(v, &old, &v->was, v->t);
	b = next(v, &ahead, &v->was, v->t);
	return verdict(same(&a, &b));
}

static const struct property {
	const char *name;
	enum verdict (*of)(const struct move *);
} properties[] = {
	{ "every wall ends", every_wall_ends },
	{ "its end is fixed at birth", fixed_at_birth },
	{ "a sentence is as long as said", of_its_length },
	{ "friction ends 30 days after its evidence", friction_ends_by_its_evidence },
	{ "friction goes on until then", friction_goes_on },
	{ "friction is let go at once", friction_is_let_go },
	{ "friction slows down alone", friction_slows_down_alone },
	{ "probation is as long, and a step down", probation_as_long },
	{ "unverified is a watch at most", unverified_is_a_watch_at_most },
	{ "new hits alone begin or renew", by_new_hits_alone },
	{ "the first hit does", at_the_first_hit },
	{ "what is shared is refused once", shared_refused_once },
	{ "who is below the release is let go", let_go_at_once },
	{ "step by step", step_by_step },
	{ "episodes are counted as said", episodes },
	{ "the same again changes nothing", again_is_nothing },
	{ "looks in between change nothing", looks_between_are_nothing },
	{ "a wrong clock begins nothing", not_yet_is_nothing },
};

/* --- exploration ---------------------------------------------------------------------------------- */

/* struct quiet - a step out of a wall in which nothing new became known */
struct quiet {
	uint32_t to;
	int32_t s;
};

struct exploration {
	const struct model *m;
	struct set states;
	uint64_t moves, held[NELEM(properties)], broken[NELEM(properties)];
	struct move example[NELEM(properties)];
	struct quiet
	    *quiet; /* [n_quiet], by the state they are out of: those of i from first[i] on */
	uint32_t n_quiet, cap_quiet, *first, cap_first;
	int32_t *most; /* [n_most], of a state: so long something may stand from it on */
	uint32_t n_most, cap_most, looked_at;
};

static bool walled(const struct state *x)
{
	return x->level > LEVEL_WATCH;
}

#define STEPS 20

static void add_step(int64_t step_s, int64_t *v, unsigned *n)
{
	if (step_s <= 0)
		return;
	for (unsigned i = 0; i < *n; i++)
		if (v[i] == step_s)
			return;
	v[(*n)++] = step_s;
}

/* A second before, at and after whatever may end. */
static unsigned steps(const struct model *m, const struct state *x, int64_t ret[STEPS])
{
	const int64_t ends[] = { x->until, 2 * (int64_t)x->until - x->since,
		x->verified == STATE_UNSEEN ? 0 : x->verified + FRESH,
		x->verified == STATE_UNSEEN ? 0 : x->verified + SLOW, x->clean + CLEAN,
		x->after + 180 * DAY };
	unsigned n = 0;

	if (m->tick_s) {
		add_step(m->tick_s, ret, &n);
		return n;
	}
	add_step(1, ret, &n);
	for (unsigned i = 0; i < NELEM(ends); i++)
		for (int64_t off_s = -1; off_s <= (i ? 0 : 1); off_s++)
			add_step(ends[i] + off_s, ret, &n);
	add_step(400 * DAY, ret, &n); /* nobody looked */
	return n;
}

static void check(struct exploration *x, const struct move *v)
{
	for (unsigned i = 0; i < NELEM(properties); i++) {
		enum verdict verdict = properties[i].of(v);

		x->held[i] += verdict == HELD;
		if (verdict == BROKEN && x->broken[i]++ == 0)
			x->example[i] = *v;
	}
}

/* How long may something stand after this, as doc/decide.md says, if nothing more is verified? Of what is shared, what
 * becomes corroborated late is slowed down for longer. */
static int64_t most_after(const struct move *v)
{
	int64_t most_s = INT32_MAX;

	if (v->evidence == HIT || v->evidence == LATE)
		most_s = (v->m->lease_s ? fresh_s(v) + v->m->lease_s : v->p->gone_s) -
			 (v->t - v->f.verified_s);
	if (began(v) && sentence(v, &v->now))
		most_s = MIN_OF(most_s,
		    at_most(v->now.until_s - v->t +
				length(v, v->f.corroborated || v->m->shared, v->now.episode),
			v->m->lease_s));
	if (began(v) && sentence(v, &v->now) && v->m->kind == ENTITY_ADDR && !v->m->shared &&
	    !v->m->lease_s && !v->m->walls_alone)
		most_s = MAX_OF(most_s, SLOW - (v->t - v->f.verified_s));
	return most_s;
}

static void claim(struct exploration *x, uint32_t state, int64_t most_s)
{
	assert_int_equal(grow_u32(&x->most, &x->cap_most, x->states.n, sizeof(*x->most)), 0);
	while (x->n_most < x->states.n)
		x->most[x->n_most++] = INT32_MAX;
	x->most[state] = (int32_t)MIN_OF(x->most[state], most_s);
}

static void add_quiet(struct exploration *x, uint32_t from, uint32_t to, int64_t step_s)
{
	for (uint32_t i = x->first[from]; i < x->n_quiet; i++)
		if (x->quiet[i].to == to && x->quiet[i].s == step_s)
			return;
	assert_int_equal(
	    grow_u32(&x->quiet, &x->cap_quiet, (uint64_t)x->n_quiet + 1, sizeof(*x->quiet)), 0);
	x->quiet[x->n_quiet++] = (struct quiet){ to, (int32_t)step_s };
}

static void move(struct exploration *x, uint32_t from, const struct score *score, enum evidence e,
    int64_t step_s)
{
	struct move v = { .m = x->m, .p = &promises[x->m->kind], .evidence = e, .t = NOW + step_s };
	int64_t known_s;
	struct state to;
	uint32_t i;

	state_at(state_in(&x->states, from), NOW, &v.was, &known_s);
	v.f = facts_of(x->m, score, verified_of(x->m, e, known_s, v.t));
	v.now = next(&v, &v.f, &v.was, v.t);
	x->moves++;
	check(x, &v);
	to = state_of(x->m->kind, &v.now, v.f.verified_s, v.t);
	i = set_put(&x->states, &to);
	claim(x, i, most_after(&v));
	if (e == NOTHING && walled(state_in(&x->states, from)))
		add_quiet(x, from, i, step_s);
}

static void look_at(struct exploration *x, uint32_t from)
{
	const struct state s = *state_in(&x->states, from);
	bool addr = x->m->kind == ENTITY_ADDR;
	int64_t step[STEPS];
	unsigned n = steps(x->m, &s, step);

	assert_int_equal(
	    grow_u32(&x->first, &x->cap_first, (uint64_t)from + 2, sizeof(*x->first)), 0);
	x->first[from] = x->n_quiet;
	if (s.episode && (s.episode > x->m->episodes || -s.after > x->m->past_s))
		n = 0;
	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k < NELEM(scores); k++)
			for (unsigned e = 0; e < EVIDENCE_N; e++)
				if (addr ? scores[k].of_addr : scores[k].of_others)
					move(x, from, &scores[k], (enum evidence)e, step[i]);
	x->first[from + 1] = x->n_quiet;
	x->looked_at = from + 1;
}

/* What a sentence is as it begins depends on its episode and its length alone. */
static void put_births(struct exploration *x)
{
	const struct score *last = &scores[NELEM(scores) - 1];

	for (int16_t n = 0; n < MOST; n++) {
		const struct decide_state was = {
			.episode = n, .clean_s = NOW - 1, .after_s = NOW - 1
		};
		struct decide_facts f = facts_of(x->m, last, NOW);

		for (int alone = 0; alone <= (x->m->kind == ENTITY_ADDR); alone++) {
			struct decide_state now;
			struct state s;

			f.corroborated = !alone;
			decide_next(x->m->kind, x->m->block_from, &f, &was, NOW, &now);
			s = state_of(x->m->kind, &now, NOW, NOW);
			(void)set_put(&x->states, &s);
		}
	}
}

static void explore(struct exploration *x)
{
	const struct decide_state nothing = { 0 };
	struct state s = state_of(x->m->kind, &nothing, DECIDE_NEVER, NOW);
	uint32_t i = 0, end;

	(void)set_put(&x->states, &s);
	if (x->m->depth)
		put_births(x);
	for (unsigned depth = 0; x->m->depth == 0 || depth < x->m->depth; depth++) {
		for (end = x->states.n; i < end; i++)
			look_at(x, i);
		if (x->states.n > ENDLESS)
			fail_msg("%s: no end of states", x->m->label);
		if (i == x->states.n)
			break;
	}
}

/* --- how long something stands after the last hit -------------------------------------------------- */

#define UNKNOWN (-1)
#define BEING	(-2)

/* Of a state's own wall, if nothing else comes of it. */
static int64_t left_s(const struct exploration *x, const struct state *s)
{
	const struct move v = { .m = x->m, .p = &promises[x->m->kind] };
	int64_t own_s = s->until - s->since;

	if (!decide_sentence(x->m->kind, (enum level)s->level))
		return s->until;
	if (x->m->shared)
		own_s = length(&v, true, s->episode);
	return x->m->lease_s ? MIN_OF(s->until + own_s, s->since + x->m->lease_s)
			     : s->until + own_s;
}

static int32_t longest(const struct exploration *x, uint32_t i, const int32_t *stand)
{
	int64_t most = 0;

	for (uint32_t k = x->first[i]; k < x->first[i + 1]; k++) {
		const struct quiet *q = &x->quiet[k];
		int64_t s = q->s;

		if (!walled(state_in(&x->states, q->to)))
			s = MIN_OF(s, left_s(x, state_in(&x->states, i)));
		most = MAX_OF(most, s + stand[q->to]);
	}
	return (int32_t)most;
}

/* The first of those that a state's own depends on that is not known; a wall that only leads back to itself is immortal. */
static bool first_unknown(
    const struct exploration *x, uint32_t i, const int32_t *stand, uint32_t *ret)
{
	for (uint32_t k = x->first[i]; k < x->first[i + 1]; k++) {
		uint32_t to = x->quiet[k].to;

		if (stand[to] == BEING)
			fail_msg("%s: a wall that never ends", x->m->label);
		if (stand[to] == UNKNOWN) {
			*ret = to;
			return true;
		}
	}
	return false;
}

static void find_longest(
    const struct exploration *x, uint32_t start, int32_t *stand, uint32_t *path)
{
	uint32_t n = 0;

	if (stand[start] != UNKNOWN)
		return;
	path[n++] = start;
	while (n > 0) {
		uint32_t i = path[n - 1], to;

		stand[i] = BEING;
		if (first_unknown(x, i, stand, &to)) {
			path[n++] = to;
			continue;
		}
		stand[i] = longest(x, i, stand);
		n--;
	}
}

/* Every state from which on nothing is verified any more: how long does something stand? The longest after a hit. */
static int32_t release(const struct exploration *x, uint64_t *ret_late)
{
	int32_t *stand = calloc(x->states.n, sizeof(*stand)), most = 0;
	uint32_t *path = calloc(x->states.n, sizeof(*path));

	assert_true(stand && path);
	*ret_late = 0;
	for (uint32_t i = 0; i < x->states.n; i++)
		stand[i] = i < x->looked_at && walled(state_in(&x->states, i)) ? UNKNOWN : 0;
	for (uint32_t i = 0; i < x->looked_at; i++)
		find_longest(x, i, stand, path);
	for (uint32_t i = 0; i < x->n_most; i++) {
		*ret_late += stand[i] > x->most[i];
		if (state_in(&x->states, i)->verified == 0)
			most = MAX_OF(most, stand[i]);
	}
	free(stand);
	free(path);
	return most;
}

/* --- tests ---------------------------------------------------------------------------------------- */

static void tell(const struct exploration *x, unsigned i)
{
	const struct move *v = &x->example[i];
	const struct decide_state *a = &v->was, *b = &v->now;

	print_message("%s: not so, %ju times: %s\n"
		      "  %s %s %+jd..%+jd, episode %d, after %+jd, clean %+jd\n"
		      "  then, at %+jd, verified %+jd%s%s%s%s%s: %s %s %+jd..%+jd, episode %d\n",
	    x->m->label, (uintmax_t)x->broken[i], properties[i].name, level_name(a->level),
	    action_name(a->action), (intmax_t)(a->since_s - NOW), (intmax_t)(a->until_s - NOW),
	    a->episode, (intmax_t)(a->after_s - NOW), (intmax_t)(a->clean_s - NOW),
	    (intmax_t)(v->t - NOW),
	    v->f.verified_s == DECIDE_NEVER ? INTMAX_MIN : (intmax_t)(v->f.verified_s - NOW),
	    v->f.block ? " block" : "", v->f.friction ? " friction" : "",
	    v->f.linger ? " linger" : "", v->f.hold ? " hold" : "",
	    v->f.corroborated ? " corroborated" : "", level_name(b->level), action_name(b->action),
	    (intmax_t)(b->since_s - NOW), (intmax_t)(b->until_s - NOW), b->episode);
}

static void exploration_done(struct exploration *x)
{
	set_done(&x->states);
	free(x->quiet);
	free(x->first);
	free(x->most);
}

static void all_states(void **state)
{
	uint64_t held[NELEM(properties)] = { 0 }, broken = 0, late;

	for (unsigned k = 0; k < NELEM(models); k++) {
		struct exploration x = { .m = &models[k], .states.size = sizeof(struct state) };
		int32_t most_s;

		explore(&x);
		most_s = release(&x, &late);
		print_message(
		    "%s: %u states, %ju steps; the last stands %.2f days after its last hit\n",
		    x.m->label, x.states.n, (uintmax_t)x.moves, most_s / 86400.0);
		for (unsigned i = 0; i < NELEM(properties); i++) {
			held[i] += x.held[i];
			if (x.broken[i])
				tell(&x, i);
			broken += x.broken[i];
		}
		if (late)
			print_message("%s: not so, %ju times: who cleans up is let go\n",
			    x.m->label, (uintmax_t)late);
		broken += late;
		exploration_done(&x);
	}
	for (unsigned i = 0; i < NELEM(properties); i++)
		if (!held[i])
			fail_msg("never met: %s", properties[i].name);
	assert_int_equal(broken, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_states),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
