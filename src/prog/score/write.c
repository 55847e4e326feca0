/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "core/entity.h"
#include "prog/evidence/cost.h"
#include "prog/evidence/names.h"
#include "prog/score/score.h"

#define ALIVE_EVERY 4096u

struct writer {
	const struct result *from;
	struct written *out;
};

static const enum entity_kind kinds[] = { ENTITY_ADDR, ENTITY_BLOCK, ENTITY_NET, ENTITY_PREFIX,
	ENTITY_AS, ENTITY_ORG, ENTITY_COUNTRY };

static size_t name_of(
    const struct result *from, const struct judge_key *k, char ret[ENTITY_NAME_MAX])
{
	struct entity en = names_of(from->registry, from->transfers, k);

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

/* --- decisions ------------------------------------------------------------------------------------ */

static int drop_decision(struct writer *w, const struct standing_row *row, struct err *e)
{
	return hub_decision_drop(w->from->hub, span_str(row->entity), span_str(row->action), e);
}

static int put_past(
    struct writer *w, struct span entity, const struct decide_state *s, bool had, struct err *e)
{
	const struct hub_episode x = { entity, s->episode, s->after_s, s->clean_s };

	if (s->episode > 0)
		return hub_episode_put(w->from->hub, &x, e);
	return had ? hub_episode_drop(w->from->hub, entity, e) : 0;
}

/* reason NULL: as it was */
static int put_decision(struct writer *w, struct span entity, const struct policy_decision *p,
    const struct standing_row *row, struct err *e)
{
	const struct hub_decision d = { .entity = entity,
		.action = span_str(action_name(p->now.action)),
		.level = span_str(level_name(p->now.level)),
		.since_s = p->now.since_s,
		.until_s = p->now.until_s,
		.reason = span_str(p->reason || !row ? p->reason : row->reason),
		.run = p->reason || !row ? w->from->run->id : row->run,
		.episode = p->now.episode };

	return hub_decision_put(w->from->hub, &d, e);
}

static int drop_one(
    struct writer *w, const struct deciding *d, const struct policy_decision *p, struct err *e)
{
	const struct standing_row *row = deciding_row(d, p);
	bool stands = p->now.level != LEVEL_CLEAR;

	if (!row || !row->action || policy_same(p))
		return 0;
	w->out->dropped += !stands;
	return stands && strcmp(row->action, action_name(p->now.action)) == 0
		   ? 0
		   : drop_decision(w, row, e);
}

/* One entity's: the hub has one row of what stands, and one of the past. */
static int put_one(
    struct writer *w, const struct deciding *d, const struct policy_decision *p, struct err *e)
{
	const struct standing_row *row = deciding_row(d, p);
	bool stands = p->now.level != LEVEL_CLEAR;
	char name[ENTITY_NAME_MAX];
	struct span entity;
	int r = 0;

	w->out->decisions += stands;
	if ((!row && !stands) || policy_same(p))
		return 0;
	w->out->begun += p->reason != NULL;
	entity = row ? span_str(row->entity) : span_of(name, name_of(w->from, &p->key, name));
	if (stands)
		r = put_decision(w, entity, p, row, e);
	return r < 0 ? r : put_past(w, entity, &p->now, row && row->past, e);
}

static int write_decisions(
    struct writer *w, const struct deciding *d, const struct policy_list *list, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < d->n_row && r == 0; i++) {
		if (!d->row[i].stale)
			continue;
		r = d->row[i].action
			? drop_decision(w, &d->row[i], e)
			: hub_episode_drop(w->from->hub, span_str(d->row[i].entity), e);
	}
	/* An entity may be in the list twice: what a warrant puts in the place of a rule, or a rule of a warrant, comes last. */
	for (uint32_t i = 0; i < list->n && r == 0; i++)
		r = drop_one(w, d, &list->v[i], e);
	for (uint32_t i = 0; i < list->n && r == 0; i++)
		r = put_one(w, d, &list->v[i], e);
	return r;
}

/* --- scores --------------------------------------------------------------------------------------- */

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

/* When the first of what stands ends, and something else begins. */
static int64_t next_end(const struct deciding *d, const struct policy_list *list)
{
	int64_t first = INT64_MAX;

	for (uint32_t i = 0; i < list->n; i++)
		if (list->v[i].now.level != LEVEL_CLEAR)
			first = MIN_OF(first, list->v[i].now.until_s);
	for (size_t i = 0; i < d->n && d->conf.changed; i++)
		if (d->v[i].state.until_s > d->conf.at_s)
			first = MIN_OF(first, d->v[i].state.until_s);
	return first;
}

/* Everything into the transaction that is open, and its end. */
static int write_all(struct writer *w, bool changed, const struct deciding *d,
    const struct policy_list *list, struct err *e)
{
	int r = write_scores(w, changed, e);

	if (r == 0)
		r = write_decisions(w, d, list, e);
	if (r == 0)
		r = hub_run_end(w->from->hub, w->from->run, e);
	if (r < 0)
		hub_rollback(w->from->hub);
	return r;
}

/* What is decided: read and thought of before the transaction begins. */
static int decide(struct writer *w, const struct decide_when *when, struct deciding *d,
    struct policy_list *list, struct err *e)
{
	int r = deciding_begin(d, w->from->hub, w->from->registry, w->from->transfers, e);

	if (r == 0)
		r = policy_decide(w->from->judge, &d->conf, list);
	if (r == 0)
		r = warrants_decide(list, d->v, d->conf.n_standing, (uint32_t)d->n,
		    when->warrants->v, when->warrants->n);
	if (r == -ENOMEM)
		return err_set(e, r, "out of memory");
	if (r == 0)
		r = cost_apply(when->good, when->max_loss, d, list, &w->out->at_tag, e);
	w->out->policy = *list;
	w->out->policy.v = NULL;
	w->out->next_end_s = next_end(d, list);
	return r;
}

static int result(const struct result *from, const struct decide_when *when, bool again,
    struct written *ret, struct err *e)
{
	struct writer w = { from, ret };
	CLEANUP(policy_done) struct policy_list list = { NULL };
	CLEANUP(deciding_done) struct deciding d = { .n = 0 };
	int r = 0;

	*ret = (struct written){ .next_end_s = INT64_MAX };
	if (when) {
		d.conf.at_s = when->at_s;
		d.conf.never = when->never;
		d.conf.thresholds = when->thresholds;
		d.conf.changed = again;
		d.shared = when->shared;
		r = decide(&w, when, &d, &list, e);
	}
	if (r == 0)
		r = again ? hub_run_again(from->hub, from->run, e)
			  : hub_run_begin(from->hub, from->run, e);
	return r < 0 ? r : write_all(&w, again, &d, &list, e);
}

int result_write(
    const struct result *from, const struct decide_when *when, struct written *ret, struct err *e)
{
	return result(from, when, false, ret, e);
}

int result_again(
    const struct result *from, const struct decide_when *when, struct written *ret, struct err *e)
{
	return result(from, when, true, ret, e);
}
