/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "core/entity.h"
#include "holders/tell.h"
#include "prog/score/score.h"
#include "util/hash.h"

#define ALIVE_EVERY 4096u

struct writer {
	const struct result *from;
	const struct policy_conf *decide;
	struct written *out;
};

static const enum entity_kind kinds[] = { ENTITY_ADDR, ENTITY_BLOCK, ENTITY_NET, ENTITY_PREFIX,
	ENTITY_AS, ENTITY_ORG, ENTITY_COUNTRY };

static size_t name_of(
    const struct result *from, const struct judge_key *k, char ret[ENTITY_NAME_MAX])
{
	const struct registry *r = from->registry;
	struct entity en = { .kind = k->kind };

	switch (k->kind) {
	case ENTITY_ADDR:
		en = entity_addr(k->addr);
		break;
	case ENTITY_BLOCK:
		en = entity_block(k->addr);
		break;
	case ENTITY_NET:
		tell_name(r, k->index, &en);
		break;
	case ENTITY_PREFIX:
		en = entity_prefix(registry_prefix_at(r, k->index).range);
		break;
	case ENTITY_AS:
		en = entity_as(registry_asn(r, k->index));
		break;
	case ENTITY_ORG:
		en = transfers_org(from->transfers, r, k->index);
		break;
	default:
		en = entity_country(k->country);
		break;
	}
	return entity_format(&en, ret);
}

/* The row over all families, and one for each in which something is expected. */
static int put_scores(struct writer *w, const struct judgement *g, struct err *e)
{
	char name[ENTITY_NAME_MAX];
	struct hub_score s = { .entity = span_of(name, name_of(w->from, &g->key, name)),
		.family = HUB_FAMILY_ALL,
		.m = g->m,
		.low = g->low,
		.high = g->high,
		.score = g->score,
		.grade = g->grade,
		.reason = span_str(g->grade ? (g->provisional ? "provisional" : "")
					    : judge_reason_text(g->reason)),
		.size = g->size_v4 ? g->size_v4 : g->size_v6,
		.hosts = g->hosts,
		.events = g->events,
		.groups = g->groups,
		.first_day = g->first_day,
		.last_day = g->last_day };
	int r;

	for (unsigned f = 0; f < FAMILY_SCORED_N; f++)
		s.returning += g->part[f].returning;
	r = hub_score_put(w->from->hub, w->from->run->id, &s, e);
	for (unsigned f = 0; f < FAMILY_SCORED_N && r == 0; f++) {
		s.family = (uint8_t)f;
		s.returning = g->part[f].returning;
		s.m = s.returning + g->part[f].arrivals;
		s.grade = 0;
		s.reason = SPAN("");
		if (s.m > 0)
			r = hub_score_put(w->from->hub, w->from->run->id, &s, e);
	}
	w->out->scores++;
	return r;
}

/* struct standing_wall - a decision that the hub holds already */
struct standing_wall {
	char key[ENTITY_NAME_MAX + 16]; /* entity, tab, action */
	struct entity entity;
	enum action action;
	bool parsed;
	int64_t since_s, until_s;
	int32_t episode;
	bool renewed;
	UT_hash_handle hh;
};

static void wall_key(struct span entity, struct span action, char *ret, size_t size)
{
	(void)snprintf(ret, size, "%.*s\t%.*s", SPAN_ARG(entity), SPAN_ARG(action));
}

struct walls {
	struct standing_wall *by_key;
	int64_t now_s;
};

static int take_wall(void *ctx, const struct hub_decision *d)
{
	struct walls *walls = ctx;
	struct standing_wall *s = calloc(1, sizeof(*s));
	struct err ignored;

	if (!s)
		return -ENOMEM;
	wall_key(d->entity, d->action, s->key, sizeof(s->key));
	s->parsed = entity_parse(d->entity, &s->entity, &ignored) == 0 &&
		    action_parse(d->action, &s->action) == 0;
	s->since_s = d->since_s;
	s->until_s = d->until_s;
	s->episode = d->episode;
	HASH_ADD_STR(walls->by_key, key, s);
	return 0;
}

static void walls_done(struct walls *w)
{
	struct standing_wall *s, *next;

	HASH_ITER (hh, w->by_key, s, next) {
		HASH_DEL(w->by_key, s);
		free(s);
	}
}

static int put_decision(
    struct writer *w, struct walls *walls, const struct policy_decision *p, struct err *e)
{
	char name[ENTITY_NAME_MAX], key[ENTITY_NAME_MAX + 16];
	struct hub_decision d = { .entity = span_of(name, name_of(w->from, &p->key, name)),
		.action = span_str(action_name(p->action)),
		.level = span_str(level_name(p->level)),
		.since_s = p->since_s,
		.until_s = p->until_s,
		.reason = span_str(p->reason),
		.run = w->from->run->id };
	struct standing_wall *s;

	wall_key(d.entity, d.action, key, sizeof(key));
	HASH_FIND_STR(walls->by_key, key, s);
	if (s) {
		bool stands = s->since_s <= p->since_s && s->until_s > p->since_s;

		s->renewed = true;
		d.episode = stands ? s->episode : s->episode + 1;
		if (stands)
			d.since_s = s->since_s;
	}
	w->out->decisions++;
	return hub_decision_put(w->from->hub, &d, e);
}

/* A wall that is not renewed stands until its own end, but not without evidence, and not before
 * somebody who must never be walled off. */
static int drop_walls(struct writer *w, struct walls *walls, struct err *e)
{
	struct standing_wall *s, *next;
	int r = 0;

	HASH_ITER (hh, walls->by_key, s, next) {
		struct judge_key key = { .kind = s->entity.kind, .addr = s->entity.range.first };
		struct span entity = { s->key, strchr(s->key, '\t') };

		if (r < 0 || s->renewed || s->until_s <= w->decide->at_s)
			continue;
		if (s->parsed && policy_keeps(w->from->judge, w->decide, &key))
			continue;
		r = hub_decision_drop(w->from->hub, entity, span_str(entity.end + 1), e);
		w->out->dropped++;
	}
	return r;
}

/* The walls of the hub as they are, put against what is decided now. */
static int write_decisions(
    struct writer *w, struct walls *walls, const struct policy_list *list, struct err *e)
{
	int r = 0;

	for (uint32_t i = 0; i < list->n && r == 0; i++)
		r = put_decision(w, walls, &list->v[i], e);
	if (r == 0)
		r = drop_walls(w, walls, e);
	return r == -ENOMEM ? err_set(e, r, "out of memory") : r;
}

static int write_scores(struct writer *w, bool changed, struct err *e)
{
	int r = 0;

	for (unsigned k = 0; k < NELEM(kinds); k++) {
		const uint32_t *v = NULL;
		uint32_t n = changed ? judge_changed(w->from->judge, kinds[k], &v)
				     : judge_n(w->from->judge, kinds[k]);

		for (uint32_t i = 0; i < n && r == 0; i++) {
			struct judgement g;

			if (i % ALIVE_EVERY == 0)
				w->from->alive(w->from->ctx);
			judge_at(w->from->judge, kinds[k], changed ? v[i] : i, &g);
			if (g.hosts) /* what is only listed has nothing to be scored by */
				r = put_scores(w, &g, e);
		}
	}
	return r;
}

static int decide(struct writer *w, struct walls *walls, struct policy_list *list, struct err *e)
{
	int r = hub_each_decision(w->from->hub, take_wall, walls, e);

	if (r == 0)
		r = policy_decide(w->from->judge, w->decide, list);
	if (r == -ENOMEM)
		return err_set(e, r, "out of memory");
	w->out->policy = *list;
	w->out->policy.v = NULL;
	return r;
}

/* Everything into the transaction that is open, and its end. */
static int write_all(struct writer *w, bool changed, struct walls *walls,
    const struct policy_list *list, struct err *e)
{
	int r = write_scores(w, changed, e);

	if (r == 0 && w->decide)
		r = write_decisions(w, walls, list, e);
	if (r == 0)
		r = hub_run_end(w->from->hub, w->from->run, e);
	if (r < 0)
		hub_rollback(w->from->hub);
	return r;
}

int result_write(
    const struct result *from, const struct policy_conf *conf, struct written *ret, struct err *e)
{
	struct writer w = { from, conf, ret };
	CLEANUP(policy_done) struct policy_list list = { NULL };
	CLEANUP(walls_done) struct walls walls = { NULL };
	int err = 0;

	*ret = (struct written){ 0 };
	if (conf)
		err = decide(&w, &walls, &list, e);
	if (err == 0)
		err = hub_run_begin(from->hub, from->run, e);
	return err < 0 ? err : write_all(&w, false, &walls, &list, e);
}

static bool is_standing(void *ctx, const struct judge_key *key)
{
	const struct walls *walls = ctx;
	char name[ENTITY_NAME_MAX], text[ENTITY_NAME_MAX + 16];
	struct entity en =
	    key->kind == ENTITY_BLOCK ? entity_block(key->addr) : entity_addr(key->addr);
	struct standing_wall *s;

	wall_key(span_of(name, entity_format(&en, name)), span_str(action_name(ACTION_GREYLIST)),
	    text, sizeof(text));
	HASH_FIND_STR(walls->by_key, text, s);
	return s && s->until_s > walls->now_s;
}

/* Walls around blocks that are in force. */
static uint64_t count_standing(const struct walls *walls)
{
	struct standing_wall *s, *next;
	uint64_t n = 0;

	HASH_ITER (hh, walls->by_key, s, next)
		n += s->parsed && s->entity.kind == ENTITY_BLOCK && s->until_s > walls->now_s;
	return n;
}

int result_again(
    const struct result *from, struct policy_conf *conf, struct written *ret, struct err *e)
{
	struct writer w = { from, conf, ret };
	CLEANUP(policy_done) struct policy_list list = { NULL };
	CLEANUP(walls_done) struct walls walls = { NULL, conf->at_s };
	int err;

	*ret = (struct written){ 0 };
	err = hub_each_decision(from->hub, take_wall, &walls, e);
	conf->changed = true;
	conf->standing = count_standing(&walls);
	conf->is_standing = is_standing;
	conf->ctx = &walls;
	if (err == 0)
		err = policy_decide(from->judge, conf, &list);
	if (err == -ENOMEM)
		return err_set(e, err, "out of memory");
	ret->policy = list;
	ret->policy.v = NULL;
	if (err == 0)
		err = hub_run_again(from->hub, from->run, e);
	return err < 0 ? err : write_all(&w, true, &walls, &list, e);
}
