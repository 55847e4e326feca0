/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/evidence/deciding.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "judge/warranted.h"
#include "prog/evidence/names.h"
#include "util/clock.h"
#include "util/grow.h"

/* --- what stands ---------------------------------------------------------------------------------- */

struct reader {
	struct deciding *d;
	size_t at; /* of rows, while pasts are merged in */
};

static void row_done(struct standing_row *r)
{
	free(r->entity);
	free(r->action);
	free(r->level);
	free(r->reason);
}

static int add_row(struct deciding *d, struct span entity, struct standing_row **ret)
{
	if (grow(&d->row, &d->cap_row, d->n_row + 1, sizeof(*d->row)) < 0 ||
	    grow(&d->v, &d->cap, d->n_row + 1, sizeof(*d->v)) < 0)
		return -ENOMEM;
	*ret = &d->row[d->n_row];
	d->v[d->n_row] = (struct policy_standing){ .tag = (uint32_t)d->n_row };
	**ret = (struct standing_row){ .entity = span_dup(entity) };
	d->n_row++;
	return (*ret)->entity ? 0 : -ENOMEM;
}

/* s: its episode is that of its row still */
static bool by_warrant(struct span entity, const struct decide_state *s)
{
	struct span rest = entity, word;
	enum entity_kind kind;

	(void)span_cut(&rest, ':', &word);
	return entity_kind_parse(word, &kind) == 0 &&
	       warrant_needed(kind, s->level, s->action, s->episode);
}

static int take_decision(void *ctx, const struct hub_decision *x)
{
	struct deciding *d = ((struct reader *)ctx)->d;
	struct decide_state *s;
	struct standing_row *row;
	int r = add_row(d, x->entity, &row);

	if (r < 0)
		return r;
	row->action = span_dup(x->action);
	row->level = span_dup(x->level);
	row->reason = span_dup(x->reason);
	row->run = x->run;
	if (!row->action || !row->level || !row->reason)
		return -ENOMEM;
	s = &d->v[d->n_row - 1].state;
	s->since_s = x->since_s;
	s->until_s = x->until_s;
	s->episode = x->episode;
	row->stale = action_parse(x->action, &s->action) < 0 ||
		     level_parse(x->level, &s->level) < 0 || s->level == LEVEL_CLEAR ||
		     s->until_s <= s->since_s;
	row->warranted = !row->stale && by_warrant(x->entity, s);
	if (d->n_row > 1 && strcmp(row->entity, row[-1].entity) == 0)
		row[-1].stale = true;
	return 0;
}

static int take_past(void *ctx, const struct hub_episode *x)
{
	struct reader *rd = ctx;
	struct deciding *d = rd->d;
	struct standing_row *row;
	size_t i;
	int r, order = 1;

	while (rd->at < d->n && (order = span_cmp(span_str(d->row[rd->at].entity), x->entity)) < 0)
		rd->at++;
	while (rd->at + 1 < d->n && order == 0 && d->row[rd->at].stale &&
	       span_is(x->entity, d->row[rd->at + 1].entity))
		rd->at++;
	i = rd->at;
	if (rd->at >= d->n || order != 0 || d->row[rd->at].warranted) {
		r = add_row(d, x->entity, &row);
		if (r < 0)
			return r;
		i = d->n_row - 1;
	}
	d->row[i].past = true;
	d->v[i].state.episode = x->n;
	d->v[i].state.after_s = x->past_s;
	d->v[i].state.clean_s = x->clean_s;
	return 0;
}

/* Which key of the judge's each is; what has none is the last. */
static int find_keys(struct deciding *d, struct err *e)
{
	for (size_t i = 0; i < d->n_row; i++) {
		struct policy_standing *s = &d->v[i];
		struct err why;
		struct entity en;
		int r = 0;

		if (entity_parse(span_str(d->row[i].entity), &en, &why) < 0 ||
		    (!decide_rule(en.kind) && !d->row[i].warranted)) {
			d->row[i].stale = true;
			continue;
		}
		r = names_find(d->registry, d->transfers, &en, &s->key, &why);
		if (r < 0 && r != -ENOENT)
			return err_wrap(e, r, "%s", why.text);
		s->unknown = r == -ENOENT;
	}
	return 0;
}

/* What the rules have made, in its order, before what stands by warrants; without what is stale. */
static int set_apart(struct deciding *d)
{
	struct policy_standing *v = calloc(d->n_row + 1, sizeof(*v));
	size_t n = 0, n_rules;

	if (!v)
		return -ENOMEM;
	for (size_t i = 0; i < d->n_row; i++)
		if (!d->row[i].stale && !d->row[i].warranted)
			v[n++] = d->v[i];
	n_rules = n;
	for (size_t i = 0; i < d->n_row; i++)
		if (!d->row[i].stale && d->row[i].warranted)
			v[n++] = d->v[i];
	free(d->v);
	d->v = v;
	d->cap = d->n_row + 1;
	d->n = n;
	d->conf.n_standing = (uint32_t)n_rules;
	if (n_rules > 1)
		qsort(v, n_rules, sizeof(*v), policy_standing_cmp);
	return 0;
}

static int read_standing(struct deciding *d, struct err *e)
{
	struct reader rd = { d, 0 };
	int r = hub_each_decision(d->hub, take_decision, &rd, e);

	d->n = d->n_row;
	if (r == 0)
		r = hub_each_episode(d->hub, take_past, &rd, e);
	if (r == -ENOMEM)
		return err_set(e, r, "out of memory");
	if (r == 0)
		r = find_keys(d, e);
	if (r == 0 && set_apart(d) < 0)
		r = err_set(e, -ENOMEM, "out of memory");
	return r;
}

/* --- who holds what ------------------------------------------------------------------------------- */

static bool touches(const struct policy_conf *c, struct range r)
{
	return range_special(r) || (c->never && addrset_overlaps(c->never, r));
}

static bool as_touches(const struct deciding *d, uint32_t as)
{
	uint32_t first, n = registry_as_prefixes(d->registry, as, &first);

	if (!d->conf.never || !d->conf.never->n)
		return false;
	for (uint32_t i = 0; i < n; i++)
		if (touches(&d->conf,
			registry_prefix_at(d->registry, registry_as_prefix(d->registry, first + i))
			    .range))
			return true;
	return false;
}

static bool org_touches(const struct deciding *d, uint32_t org)
{
	uint32_t first, n = registry_org_ases(d->registry, org, &first);

	for (uint32_t i = 0; i < n; i++)
		if (as_touches(d, registry_org_as(d->registry, first + i)))
			return true;
	return false;
}

static int order(struct addr a, struct addr b)
{
	int c = addr_is_v4(b) - addr_is_v4(a);

	return c ? c : addr_cmp(a, b);
}

/* The day from which on the whole range is its present holder's. */
static int32_t held_from(const struct transfers *t, struct range r)
{
	size_t lo = 0, hi = t->n;
	int32_t day = INT32_MIN;

	while (lo < hi) { /* the first one that begins behind the range's beginning */
		size_t mid = lo + (hi - lo) / 2;

		if (order(t->former[mid].range.first, r.first) <= 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo > 0 && order(t->former[lo - 1].range.last, r.last) >= 0; lo--)
		day = MAX_OF(day, t->former[lo - 1].until);
	return day;
}

static void country_at(const struct deciding *d, struct addr a, char ret[3])
{
	struct attribution at;

	registry_lookup(d->registry, a, &at);
	memcpy(ret, at.country, 3);
}

static void who_shares(const struct deciding *d, const struct judge_key *key, struct range range,
    struct policy_look *ret)
{
	const struct shared_list *l;

	if (key->kind != ENTITY_ADDR) {
		ret->users = (uint32_t)(shared_users_of(d->shared, d->registry, key, range) + 0.5);
		return;
	}
	l = shared_at(d->shared, key->addr);
	if (!l)
		return;
	ret->users = l->users;
	ret->lease_s = l->lease_s;
	ret->shared = l->published;
}

static void look(void *ctx, const struct judge_key *key, struct policy_look *ret)
{
	const struct deciding *d = ctx;
	struct entity en = { .kind = key->kind };

	switch (key->kind) {
	case ENTITY_AS:
		who_shares(d, key, en.range, ret);
		ret->never = as_touches(d, key->index);
		memcpy(ret->country, registry_as_at(d->registry, key->index).country, 3);
		return;
	case ENTITY_ORG:
		if (key->index >= registry_n_org(d->registry))
			return;
		who_shares(d, key, en.range, ret);
		ret->never = org_touches(d, key->index);
		memcpy(ret->country, registry_org_at(d->registry, key->index).country, 3);
		return;
	case ENTITY_NET:
		en.range = registry_network_at(d->registry, key->index).range;
		break;
	default:
		en = names_of(d->registry, d->transfers, key);
	}
	ret->never = touches(&d->conf, en.range);
	who_shares(d, key, en.range, ret);
	ret->held_from = held_from(d->transfers, en.range);
	country_at(d, en.range.first, ret->country);
}

/* The beginning of the hour in which one's own sensors saw it last; what cannot be told is as if it was not. */
static int64_t newest(void *ctx, const struct judge_key *key, int32_t day)
{
	const struct deciding *d = ctx;
	struct entity en = names_of(d->registry, d->transfers, key);
	struct err ignored;
	int hour;

	if (hub_newest_hour(d->hub, day, en.range, &hour, &ignored) < 0 || hour < 0)
		return day * DAY_S;
	return day * DAY_S + hour * INT64_C(3600);
}

int deciding_begin(struct deciding *d, struct hub *h, const struct registry *r,
    const struct transfers *t, struct err *e)
{
	int err;

	d->hub = h;
	d->registry = r;
	d->transfers = t;
	err = read_standing(d, e);
	d->conf.standing = d->v;
	d->conf.look = look;
	d->conf.newest = newest;
	d->conf.ctx = d;
	return err;
}

void deciding_done(struct deciding *d)
{
	for (size_t i = 0; i < d->n_row; i++)
		row_done(&d->row[i]);
	free(d->row);
	free(d->v);
	*d = (struct deciding){ .n = 0 };
}

const struct standing_row *deciding_row(const struct deciding *d, const struct policy_decision *p)
{
	return p->standing == POLICY_NEW ? NULL : &d->row[d->v[p->standing].tag];
}
