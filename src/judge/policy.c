/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "judge/policy.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "judge/country.h"
#include "judge/rule.h"
#include "util/clock.h"
#include "util/grow.h"

/* --- what stands ---------------------------------------------------------------------------------- */

static int cmp_u64(uint64_t a, uint64_t b)
{
	return a == b ? 0 : a < b ? -1 : 1;
}

static bool by_addr(enum entity_kind kind)
{
	return kind == ENTITY_ADDR || kind == ENTITY_BLOCK;
}

static int key_cmp(const struct judge_key *a, const struct judge_key *b)
{
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	return by_addr(a->kind) ? addr_cmp(a->addr, b->addr) : cmp_u64(a->index, b->index);
}

int policy_standing_cmp(const void *a, const void *b)
{
	const struct policy_standing *x = a, *y = b;

	if (x->unknown != y->unknown)
		return x->unknown ? 1 : -1;
	return key_cmp(&x->key, &y->key);
}

/* POLICY_NEW: nothing does */
static uint32_t standing_of(const struct policy_conf *c, const struct judge_key *key)
{
	uint32_t lo = 0, hi = c->n_standing;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		const struct policy_standing *s = &c->standing[mid];
		int order = s->unknown ? 1 : key_cmp(&s->key, key);

		if (order == 0)
			return mid;
		if (order < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return POLICY_NEW;
}

/* --- cases ---------------------------------------------------------------------------------------- */

/* struct about - what a case is of, and how its reason is told */
struct about {
	struct judge_key key;
	uint32_t standing;
	struct rule_said said;
};

struct maker {
	const struct judge *j;
	const struct policy_conf *conf;
	struct rules rules;
	struct decide_case *v;
	struct about *about; /* [n] too */
	uint32_t n, cap, cap_about;
	uint8_t *seen; /* [n_standing] */
};

static bool range_never(const struct policy_conf *c, struct range r)
{
	return range_special(r) || (c->never && addrset_overlaps(c->never, r));
}

static struct range range_of(const struct judge_key *key)
{
	struct addr a = key->addr;

	if (key->kind == ENTITY_BLOCK)
		return prefix_range(addr_block(a));
	return prefix_range(prefix_make(a, addr_is_v4(a) ? 128 : 64));
}

static struct policy_look look_at(const struct maker *m, const struct judge_key *key)
{
	struct policy_look look = { .held_from = INT32_MIN, .users = 1 };

	if (m->conf->look)
		m->conf->look(m->conf->ctx, key, &look);
	if (by_addr(key->kind))
		look.never = range_never(m->conf, range_of(key));
	return look;
}

static uint64_t as_size(const struct judge *j, uint32_t as, bool v6)
{
	const struct judge_key key = { .kind = ENTITY_AS, .index = as };
	struct judgement g;

	if (as == CHAIN_NONE || !judge_find(j, &key, &g))
		return 0;
	return v6 ? g.size_v6 * DECIDE_BLOCK_SIZE : g.size_v4;
}

/* How much room it takes, and whose. */
static void place(const struct maker *m, const struct judgement *g, const struct policy_look *look,
    struct decide_case *x)
{
	x->users = look->users;
	x->country = COUNTRY_NONE == country_index(look->country) ? DECIDE_NOBODY
								  : country_index(look->country);
	x->as = DECIDE_NOBODY;
	if (!g)
		return;
	x->v6 = g->size_v4 == 0;
	x->size = g->key.kind == ENTITY_ADDR ? 1 : g->size_v4 + g->size_v6 * DECIDE_BLOCK_SIZE;
	x->arrivals = rule_arrivals(g);
	x->as = g->as;
	if (decide_rule(x->kind)->of_as)
		x->as_size = as_size(m->j, g->as, x->v6);
}

static uint64_t key_number(const struct judge_key *key)
{
	return by_addr(key->kind) ? key->addr.hi ^ key->addr.lo : key->index;
}

static int put(struct maker *m, const struct decide_case *x, const struct about *about)
{
	uint64_t n = (uint64_t)m->n + 1;

	if (grow_u32(&m->v, &m->cap, n, sizeof(*m->v)) < 0 ||
	    grow_u32(&m->about, &m->cap_about, n, sizeof(*m->about)) < 0)
		return -ENOMEM;
	m->v[m->n] = *x;
	m->about[m->n++] = *about;
	return 0;
}

/* The day is what is known; the hour matters on the day on which a sentence began alone. */
static void newest(const struct maker *m, const struct judge_key *key, struct decide_case *x)
{
	int64_t day_s = x->facts.verified_s, after_s = x->was.after_s;

	if (!m->conf->newest || !by_addr(key->kind) || day_s == DECIDE_NEVER || after_s < day_s ||
	    after_s >= day_s + DAY_S)
		return;
	if (decide_sentence(key->kind, x->was.level) && x->was.until_s > m->conf->at_s)
		return; /* it has no say before the end */
	x->facts.verified_s = m->conf->newest(m->conf->ctx, key, day_of(day_s));
}

/* What look says of who stands behind it. Of a pool's address only those days count that may be its present client's. */
static void share(struct maker *m, const struct judge_key *key, const struct judgement *g,
    const struct policy_look *look, struct decide_case *x, struct about *about)
{
	bool of_one = key->kind == ENTITY_ADDR;
	struct judgement tenant;

	if (of_one && g && look->lease_s) {
		tenant = *g;
		judge_tenant(m->j, day_of(m->conf->at_s - look->lease_s), &tenant);
		rule_facts(&m->rules, &tenant, &x->facts, &about->said);
	}
	x->facts.shared = look->users >= (of_one ? POLICY_MANY : POLICY_MANY / 2);
	x->facts.lease_s = look->lease_s;
	about->said.users = look->users;
	about->said.shared = look->shared;
}

/* g: NULL when there is no evidence. */
static int add(
    struct maker *m, const struct judge_key *key, const struct judgement *g, uint32_t standing)
{
	struct about about = { .key = *key, .standing = standing };
	struct decide_case x = { .kind = key->kind,
		.key = key_number(key),
		.facts = { .verified_s = DECIDE_NEVER, .seen_s = DECIDE_NEVER } };
	struct policy_look look = { .held_from = INT32_MIN };

	if (standing != POLICY_NEW) {
		m->seen[standing] = 1;
		x.was = m->conf->standing[standing].state;
	}
	if (g)
		rule_facts(&m->rules, g, &x.facts, &about.said);
	if (standing == POLICY_NEW && !x.facts.block && !x.facts.friction && !x.facts.watch)
		return 0;
	if (standing == POLICY_NEW || !m->conf->standing[standing].unknown)
		look = look_at(m, key);
	if (look.held_from != INT32_MIN &&
	    MAX_OF(x.was.since_s, x.was.after_s) < look.held_from * DAY_S)
		x.was = (struct decide_state){ 0 }; /* another's */
	x.never = look.never;
	share(m, key, g, &look, &x, &about);
	place(m, g, &look, &x);
	newest(m, key, &x);
	return put(m, &x, &about);
}

/* Of how many of a kind, and which is the k-th of them. */
static uint32_t count_of(const struct maker *m, enum entity_kind kind, const uint32_t **v)
{
	*v = NULL;
	return m->conf->changed ? judge_changed(m->j, kind, v) : judge_n(m->j, kind);
}

static int add_kind(struct maker *m, enum entity_kind kind)
{
	const uint32_t *v;
	uint32_t n = count_of(m, kind, &v);
	int r = 0;

	for (uint32_t k = 0; k < n && r == 0; k++) {
		struct judgement g;

		judge_at(m->j, kind, v ? v[k] : k, &g);
		r = add(m, &g.key, &g, standing_of(m->conf, &g.key));
	}
	return r;
}

/* What was not looked at, and takes room from others. */
static int stands(struct maker *m, const struct policy_standing *s, uint32_t i)
{
	struct decide_case x = {
		.kind = s->key.kind, .key = key_number(&s->key), .stands = true, .was = s->state
	};
	struct policy_look look;
	struct judgement g;

	if (!decide_room(s->key.kind, &s->state) || s->unknown)
		return 0;
	look = look_at(m, &s->key);
	place(m, judge_find(m->j, &s->key, &g) ? &g : NULL, &look, &x);
	return put(m, &x, &(struct about){ .key = s->key, .standing = i });
}

/* What stands and has no evidence; after an update, no new evidence: then only its end matters. */
static int add_rest(struct maker *m)
{
	int r = 0;

	for (uint32_t i = 0; i < m->conf->n_standing && r == 0; i++) {
		const struct policy_standing *s = &m->conf->standing[i];
		struct judgement g;

		if (m->seen[i])
			continue;
		if (m->conf->changed && s->state.level == LEVEL_CLEAR)
			continue;
		if (m->conf->changed && s->state.until_s > m->conf->at_s)
			r = stands(m, s, i);
		else
			r = add(m, &s->key,
			    !s->unknown && judge_find(m->j, &s->key, &g) ? &g : NULL, i);
	}
	return r;
}

static int find_cases(struct maker *m)
{
	static const enum entity_kind kinds[] = { ENTITY_ADDR, ENTITY_BLOCK, ENTITY_PREFIX,
		ENTITY_NET, ENTITY_AS, ENTITY_ORG };
	int r = 0;

	for (unsigned k = 0; k < NELEM(kinds) && r == 0; k++)
		if (by_addr(kinds[k]) || m->conf->look)
			r = add_kind(m, kinds[k]);
	return r < 0 ? r : add_rest(m);
}

/* --- the list ------------------------------------------------------------------------------------- */

static bool began(const struct policy_decision *d)
{
	return d->now.level != LEVEL_CLEAR &&
	       (d->now.level != d->was.level || d->now.since_s != d->was.since_s);
}

bool policy_same(const struct policy_decision *d)
{
	return memcmp(&d->was, &d->now, sizeof(d->was)) == 0;
}

static int take(struct policy_list *l, const struct maker *m, uint32_t i)
{
	const struct decide_case *x = &m->v[i];
	const struct about *a = &m->about[i];
	struct policy_decision *d = &l->v[l->n];

	if (x->stands || (a->standing == POLICY_NEW && x->now.level == LEVEL_CLEAR && !x->spared))
		return 0;
	*d = (struct policy_decision){ .key = a->key,
		.standing = a->standing,
		.was = a->standing == POLICY_NEW ? (struct decide_state){ 0 }
						 : m->conf->standing[a->standing].state,
		.now = x->now,
		.spared = x->spared };
	l->n++;
	l->level[x->now.level]++;
	l->spared += x->spared == DECIDE_SPARED_NEVER;
	l->over_budget += x->spared > DECIDE_SPARED_NEVER;
	if (!began(d))
		return 0;
	d->reason = rule_reason(&d->key, &d->now, &d->was, &a->said);
	return d->reason ? 0 : -ENOMEM;
}

static int decide(struct maker *m, struct policy_list *ret)
{
	const struct decide_conf c = { .at_s = m->conf->at_s,
		.block_from = (int32_t)rule_threshold(&m->rules, THRESHOLD_BLOCK_FROM),
		.budget = (uint64_t)rule_threshold(&m->rules, THRESHOLD_BUDGET) };
	int r = find_cases(m);

	if (r == 0)
		r = decide_all(&c, m->v, m->n);
	if (r < 0)
		return r;
	ret->v = calloc((size_t)m->n + 1, sizeof(*ret->v));
	if (!ret->v)
		return -ENOMEM;
	for (uint32_t i = 0; i < m->n && r == 0; i++)
		r = take(ret, m, i);
	return r;
}

int policy_decide(const struct judge *j, const struct policy_conf *c, struct policy_list *ret)
{
	struct maker m = { .j = j, .conf = c, .rules = { j, c->thresholds } };
	int r = -ENOMEM;

	*ret = (struct policy_list){ 0 };
	m.seen = calloc((size_t)c->n_standing + 1, 1);
	if (m.seen)
		r = decide(&m, ret);
	free(m.seen);
	free(m.v);
	free(m.about);
	if (r < 0)
		policy_done(ret);
	return r;
}

void policy_done(struct policy_list *l)
{
	for (uint32_t i = 0; i < l->n; i++)
		free(l->v[i].reason);
	free(l->v);
	*l = (struct policy_list){ 0 };
}
