/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "judge/warranted.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/macro.h"

#define AHEAD_S 300 /* so far may the clocks of who signs and who judges be apart */

static const struct {
	const char *name, *text;
} verdicts[] = {
	[WARRANT_GOOD] = { "stands", "it stands" },
	[WARRANT_ENDED] = { "ended", "it has ended" },
	[WARRANT_NONE] = { "none", "it is none, or was changed since it was signed" },
	[WARRANT_STRANGER] = { "stranger", "it is signed by nobody whom operator_keys names so" },
	[WARRANT_MOVED] = { "moved", "it is about another entity than it is filed under" },
	[WARRANT_EARLY] = { "early", "it begins later than now: is a clock wrong?" },
	[WARRANT_UNKNOWN] = { "unknown",
	    "the registry knows no such entity, or nothing that it announces" },
	[WARRANT_NEVER] = { "never",
	    "it holds own networks, space that is allowed, or special space" },
	[WARRANT_WIDE] = { "wide", "it covers too much, alone or with others, and is not forced" },
};
_Static_assert(NELEM(verdicts) == WARRANT_VERDICT_N, "verdicts out of step");

const char *warrant_verdict_name(enum warrant_verdict v)
{
	return verdicts[v].name;
}

const char *warrant_verdict_text(enum warrant_verdict v)
{
	return verdicts[v].text;
}

/* --- what it may do ----------------------------------------------------------------------------- */

struct warrant_space warrant_bound(struct warrant_space announced)
{
	return (struct warrant_space){ MAX_OF(announced.v4 / WARRANT_SHARE, WARRANT_LEAST),
		MAX_OF(announced.v6 / WARRANT_SHARE, WARRANT_LEAST) };
}

bool warrant_needed(enum entity_kind kind, enum level level, enum action action, int32_t episode)
{
	if (kind == ENTITY_COUNTRY)
		return true;
	if (kind == ENTITY_AS || kind == ENTITY_ORG)
		return level == LEVEL_BLOCK || action > ACTION_GREYLIST;
	return level == LEVEL_BLOCK && episode == 0;
}

static int cmp_i64(int64_t a, int64_t b)
{
	return a == b ? 0 : a < b ? -1 : 1;
}

static int by_begin(const void *a, const void *b)
{
	const struct warrant_case *x = a, *y = b;
	char nx[ENTITY_NAME_MAX], ny[ENTITY_NAME_MAX];
	int c = cmp_i64(x->w.since_s, y->w.since_s);

	if (c)
		return c;
	(void)entity_format(&x->w.entity, nx);
	(void)entity_format(&y->w.entity, ny);
	return strcmp(nx, ny);
}

static void look_at_times(struct warrant_case *x, int64_t now_s)
{
	if (x->verdict == WARRANT_NONE)
		return;
	if (x->w.until_s <= now_s)
		x->verdict = WARRANT_ENDED;
	else if (x->verdict == WARRANT_GOOD && x->w.since_s > now_s + AHEAD_S)
		x->verdict = WARRANT_EARLY;
}

static bool take_room(struct warrant_space *left, const struct warrant_case *x)
{
	if (x->w.forced)
		return true;
	if (x->size.v4 > left->v4 || x->size.v6 > left->v6)
		return false;
	left->v4 -= x->size.v4;
	left->v6 -= x->size.v6;
	return true;
}

void warrants_judge(struct warrant_case *v, size_t n, int64_t now_s, struct warrant_space announced,
    struct warrant_space *ret)
{
	struct warrant_space left = warrant_bound(announced);

	*ret = (struct warrant_space){ 0 };
	if (n > 1)
		qsort(v, n, sizeof(*v), by_begin);
	for (size_t i = 0; i < n; i++) {
		struct warrant_case *x = &v[i];

		look_at_times(x, now_s);
		if (x->verdict != WARRANT_GOOD)
			continue;
		if (!take_room(&left, x)) {
			x->verdict = WARRANT_WIDE;
			continue;
		}
		ret->v4 += x->size.v4;
		ret->v6 += x->size.v6;
	}
}

/* --- what is decided ---------------------------------------------------------------------------- */

static int cmp_u32(uint32_t a, uint32_t b)
{
	return a == b ? 0 : a < b ? -1 : 1;
}

static int key_cmp(const struct judge_key *a, const struct judge_key *b)
{
	int c = cmp_u32(a->kind, b->kind);

	if (c == 0)
		c = addr_cmp(a->addr, b->addr);
	if (c == 0)
		c = cmp_u32(a->index, b->index);
	return c ? c : strcmp(a->country, b->country);
}

/* struct item - a GOOD warrant, and what it meets */
struct item {
	const struct warrant_case *of;
	bool aside;	   /* what the rules say was set aside */
	uint32_t standing; /* it stood already, as that; or POLICY_NEW */
};

struct making {
	struct policy_list *l;
	const struct policy_standing *standing;
	uint32_t n_rules, n;
	struct item *v; /* owned; by key */
	size_t n_v;
};

static int by_key(const void *a, const void *b)
{
	return key_cmp(&((const struct item *)a)->of->key, &((const struct item *)b)->of->key);
}

static struct item *find(const struct making *m, const struct judge_key *key)
{
	const struct warrant_case about = { .key = *key };
	const struct item wanted = { .of = &about };

	return m->n_v ? bsearch(&wanted, m->v, m->n_v, sizeof(*m->v), by_key) : NULL;
}

static void clear(struct decide_state *s)
{
	s->level = LEVEL_CLEAR;
	s->action = ACTION_TAG;
	s->since_s = s->until_s = 0;
}

/* What stood by the rules stands no more, and nothing begins; the past is as it was. */
static void set_aside(struct policy_list *l, struct policy_decision *d)
{
	l->over_budget -= d->spared > DECIDE_SPARED_NEVER;
	l->level[d->now.level]--;
	l->level[LEVEL_CLEAR]++;
	d->now = d->was;
	clear(&d->now);
	d->spared = DECIDE_SPARED_NOT;
	free(d->reason);
	d->reason = NULL;
}

static struct policy_decision *append(
    struct policy_list *l, const struct judge_key *key, uint32_t standing)
{
	struct policy_decision *d = &l->v[l->n++];

	memset(d, 0, sizeof(*d)); /* policy_same looks at every byte */
	d->key = *key;
	d->standing = standing;
	return d;
}

/* What the policy has looked at, and what it has not. */
static void rules_aside(struct making *m)
{
	struct policy_list *l = m->l;

	for (uint32_t i = 0; i < l->n; i++) {
		uint32_t s = l->v[i].standing;
		struct item *x = find(m, &l->v[i].key);

		if (!x || (s != POLICY_NEW && m->standing[s].unknown))
			continue;
		set_aside(l, &l->v[i]);
		x->aside = true;
	}
	for (uint32_t i = 0; i < m->n_rules; i++) {
		const struct policy_standing *s = &m->standing[i];
		struct item *x = s->unknown ? NULL : find(m, &s->key);
		struct policy_decision *d;

		if (!x || x->aside || s->state.level == LEVEL_CLEAR)
			continue;
		x->aside = true;
		d = append(l, &s->key, i);
		d->was = d->now = s->state;
		clear(&d->now);
	}
}

static void ends(struct making *m)
{
	for (uint32_t i = m->n_rules; i < m->n; i++) {
		const struct policy_standing *s = &m->standing[i];
		struct item *x = s->unknown ? NULL : find(m, &s->key);

		if (x && x->standing == POLICY_NEW)
			x->standing = i;
		else
			append(m->l, &s->key, i)->was = s->state;
	}
}

static int stands(struct making *m, const struct item *x)
{
	const struct warrant *w = &x->of->w;
	struct policy_decision *d = append(m->l, &x->of->key, x->standing);

	if (x->standing != POLICY_NEW)
		d->was = m->standing[x->standing].state;
	d->warranted = w->action;
	d->now.level = LEVEL_BLOCK;
	d->now.action = w->action;
	d->now.since_s = w->since_s;
	d->now.until_s = w->until_s;
	m->l->level[LEVEL_BLOCK]++;
	return asprintf(&d->reason, "signed by %s: %s", w->by, w->why) < 0 ? -ENOMEM : 0;
}

static int room(struct policy_list *l, size_t more)
{
	struct policy_decision *v = reallocarray(l->v, l->n + more + 1, sizeof(*v));

	if (!v)
		return -ENOMEM;
	l->v = v;
	return 0;
}

int warrants_decide(struct policy_list *l, const struct policy_standing *standing, uint32_t n_rules,
    uint32_t n, const struct warrant_case *v, size_t n_v)
{
	struct making m = { .l = l, .standing = standing, .n_rules = n_rules, .n = n };
	int r = 0;

	m.v = calloc(n_v + 1, sizeof(*m.v));
	if (!m.v || room(l, 2 * n_v + (n - n_rules)) < 0) {
		free(m.v);
		return -ENOMEM;
	}
	for (size_t i = 0; i < n_v; i++)
		if (v[i].verdict == WARRANT_GOOD)
			m.v[m.n_v++] = (struct item){ .of = &v[i], .standing = POLICY_NEW };
	if (m.n_v > 1)
		qsort(m.v, m.n_v, sizeof(*m.v), by_key);
	rules_aside(&m);
	ends(&m);
	for (size_t i = 0; i < m.n_v && r == 0; i++)
		r = stands(&m, &m.v[i]);
	if (r < 0) /* asprintf leaves it undefined */
		l->v[l->n - 1].reason = NULL;
	free(m.v);
	return r;
}
