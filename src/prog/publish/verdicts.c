/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "prog/publish/publish.h"
#include "util/log.h"

struct reader {
	struct publishing *p;
	uint64_t unbacked;
	char first[ENTITY_NAME_MAX]; /* of these */
	struct err *e;
};

static bool stronger(const struct standing_decision *a, const struct standing_decision *b)
{
	return !b || a->level > b->level || (a->level == b->level && a->action > b->action);
}

static bool has_range(const struct entity *en)
{
	return en->kind == ENTITY_ADDR || en->kind == ENTITY_BLOCK || en->kind == ENTITY_PREFIX;
}

/* What no rule makes stands by a warrant that is good now, or whoever can write into the hub has written it. */
static bool backed(struct reader *r, const struct entity *en, const struct standing_decision *s,
    const struct hub_decision *d)
{
	const struct publishing *p = r->p;

	if (warrants_back(
		&p->warrants, p->registry->r, en, s->level, s->action, s->until_s, d->episode))
		return true;
	if (r->unbacked++ == 0)
		(void)entity_format(en, r->first);
	return false;
}

static int take(void *ctx, const struct hub_decision *d)
{
	struct reader *r = ctx;
	struct standing_decision s = { .since_s = d->since_s, .until_s = d->until_s };
	struct verdict *v;
	struct entity en;
	char name[ENTITY_NAME_MAX], *reason;

	if (d->until_s <= r->p->now_s)
		return 0;
	if (entity_parse(d->entity, &en, r->e) < 0 || action_parse(d->action, &s.action) < 0 ||
	    level_parse(d->level, &s.level) < 0)
		return err_set(r->e, -EBADMSG, "the hub's decision about \"%.*s\" is none",
		    (int)MIN_OF(span_len(d->entity), (size_t)60), d->entity.p);
	if (s.level == LEVEL_CLEAR ||
	    (has_range(&en) && addrset_overlaps(&r->p->never, en.range)) || !backed(r, &en, &s, d))
		return 0;
	(void)entity_format(&en, name);
	HASH_FIND_STR(r->p->verdicts, name, v);
	if (!v) {
		v = calloc(1, sizeof(*v));
		if (!v)
			return -ENOMEM;
		memcpy(v->name, name, sizeof(name));
		v->entity = en;
		HASH_ADD_STR(r->p->verdicts, name, v);
	}
	reason = span_dup(d->reason);
	if (!reason)
		return -ENOMEM;
	s.reason = span_str(reason);
	v->by_action[s.action] = s; /* one per entity and action: it was empty */
	if (stronger(&s, v->strongest))
		v->strongest = &v->by_action[s.action];
	return 0;
}

int verdicts_read(struct publishing *p, struct err *e)
{
	struct reader r = { .p = p, .e = e };
	int err = hub_each_decision(p->hub, take, &r, e);

	if (r.unbacked)
		log_info("left_out=%ju first=%s: no warrant is good for them (any more)",
		    (uintmax_t)r.unbacked, r.first);
	return err == -ENOMEM ? err_set(e, err, "out of memory") : err;
}

void verdicts_free(struct verdict **list)
{
	struct verdict *v, *next;

	HASH_ITER (hh, *list, v, next) {
		for (unsigned a = 0; a < ACTION_N; a++)
			free((void *)(uintptr_t)v->by_action[a].reason.p);
		HASH_DEL(*list, v);
		free(v);
	}
	*list = NULL;
}
