/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/evidence/cost.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "holders/spread.h"
#include "prog/evidence/names.h"

#define AT_TAG                                                                                     \
	"tag, not " /* so the reason of such a decision begins; what it was for stands behind the first "; " */

struct weighing {
	struct replay *replay;
	const struct deciding *d;
	struct policy_list *list;
	bool *listed;	 /* of what stands: it is in the list, or was added to it; owned */
	uint32_t *place; /* of each decision of the replay: in the list; owned */
};

static void weighing_done(struct weighing *w)
{
	free(w->listed);
	free(w->place);
}

/* What is done at this level, where nothing speaks against it. */
static enum action usual(const struct policy_decision *p)
{
	const struct decide_rule *rule = decide_rule(p->key.kind);

	if (p->warranted)
		return p->warranted;
	if (rule && p->now.level == LEVEL_BLOCK)
		return rule->block;
	return rule && p->now.level == LEVEL_FRICTION ? rule->friction : p->now.action;
}

static int take_range(void *ctx, struct range range)
{
	return replay_range(ctx, range);
}

static int add(struct weighing *w, uint32_t i)
{
	const struct policy_decision *p = &w->list->v[i];
	const struct standing_row *row = deciding_row(w->d, p);
	struct entity en;
	int r;

	if (p->now.level == LEVEL_CLEAR || usual(p) == ACTION_TAG)
		return 0;
	if (!row)
		en = names_of(w->d->registry, w->d->transfers, &p->key);
	else if (entity_parse(span_str(row->entity), &en, NULL) < 0)
		return 0;
	w->place[replay_n_decisions(w->replay)] = i;
	r = replay_decision(w->replay, en.kind, p->now.level, usual(p));
	if (r == 0 && replay_n_hosts(w->replay))
		r = spread_each(w->d->registry, &en, take_range, w->replay);
	return r == -ENOENT ? 0 : r;
}

/* What stands and was not looked at comes behind the rest, as it is. */
static int add_standing(struct weighing *w)
{
	struct policy_list *l = w->list;
	struct policy_decision *more =
	    reallocarray(l->v, (size_t)l->n + w->d->n + 1, sizeof(*l->v));

	w->listed = calloc(w->d->n + 1, sizeof(*w->listed));
	w->place = calloc((size_t)l->n + w->d->n + 1, sizeof(*w->place));
	if (more)
		l->v = more;
	if (!more || !w->listed || !w->place)
		return -ENOMEM;
	for (uint32_t i = 0; i < l->n; i++)
		if (l->v[i].standing != POLICY_NEW)
			w->listed[l->v[i].standing] = true;
	for (uint32_t i = 0; i < w->d->n; i++) {
		const struct policy_standing *s = &w->d->v[i];

		if (w->listed[i] || s->unknown || s->state.until_s <= w->d->conf.at_s)
			continue;
		l->v[l->n++] = (struct policy_decision){
			.key = s->key, .standing = i, .was = s->state, .now = s->state
		};
	}
	return 0;
}

/* What a reason says of what was seen, without what it says of costs. */
static const char *seen(const char *reason)
{
	const char *rest;

	if (strncmp(reason, AT_TAG, strlen(AT_TAG)) != 0)
		return reason;
	rest = strstr(reason, "; ");
	return rest ? rest + 2 : reason;
}

static const char *reason_of(const struct weighing *w, const struct policy_decision *p)
{
	const struct standing_row *row = deciding_row(w->d, p);
	const char *reason = p->reason ? p->reason : row ? row->reason : NULL;

	return reason ? seen(reason) : "";
}

static char *tag_reason(
    const struct weighing *w, const struct policy_decision *p, const struct replay_decided *c)
{
	char *text;
	int n;

	if (c->met.hosts)
		n = asprintf(&text,
		    AT_TAG
		    "%s, which would have cost %.2f %% of what was good here in %d days (%" PRIu64
		    " messages, %" PRIu64 " log-ins); %s",
		    action_name(c->action), 100 * c->loss, REPLAY_KNOWN_DAYS,
		    c->met.count[GOOD_DELIVERY], c->met.count[GOOD_LOGIN], reason_of(w, p));
	else
		n = asprintf(&text,
		    AT_TAG "%s: too many like it would have cost what was good here; %s",
		    action_name(c->action), reason_of(w, p));
	return n < 0 ? NULL : text;
}

/* The action that it gets, and why where that is not what it had. */
static int settle(
    const struct weighing *w, struct policy_decision *p, const struct replay_decided *c)
{
	enum action action = c && c->at_tag ? ACTION_TAG : usual(p);
	bool had = p->was.level != LEVEL_CLEAR && p->was.action == action && !p->reason;
	char *text;

	p->now.action = action;
	if (had || (action != ACTION_TAG && p->reason))
		return 0;
	text = action == ACTION_TAG ? tag_reason(w, p, c) : strdup(reason_of(w, p));
	if (!text)
		return -ENOMEM;
	free(p->reason);
	p->reason = text;
	return 0;
}

/* Decisions that were added and stay what they were have nothing to be written. */
static void drop_unchanged(struct policy_list *l, uint32_t from)
{
	uint32_t n = from;

	for (uint32_t i = from; i < l->n; i++)
		if (!policy_same(&l->v[i]))
			l->v[n++] = l->v[i];
		else
			free(l->v[i].reason);
	l->n = n;
}

static int weigh(struct weighing *w, double max_loss, uint64_t *at_tag)
{
	int r = 0;

	for (uint32_t i = 0; i < w->list->n && r == 0; i++)
		r = add(w, i);
	if (r == 0)
		r = replay_run(w->replay, max_loss);
	for (uint32_t i = 0; i < replay_n_decisions(w->replay) && r == 0; i++) {
		const struct replay_decided *c = replay_decided(w->replay, i);

		*at_tag += c->at_tag;
		r = settle(w, &w->list->v[w->place[i]], c);
	}
	return r;
}

int cost_apply(struct known_good *good, double max_loss, const struct deciding *d,
    struct policy_list *list, uint64_t *at_tag, struct err *e)
{
	CLEANUP(weighing_done) struct weighing w = { .d = d, .list = list };
	uint32_t looked_at = list->n;
	int r = hub_read_begin(d->hub, e);

	*at_tag = 0;
	if (r < 0)
		return r;
	r = known_fresh(good, d->hub, d->conf.at_s, e);
	hub_read_end(d->hub);
	if (r < 0)
		return r;
	w.replay = good->replay;
	r = add_standing(&w);
	if (r == 0)
		r = weigh(&w, max_loss, at_tag);
	drop_unchanged(list, looked_at);
	return r < 0 ? err_set(e, r, "out of memory") : 0;
}
