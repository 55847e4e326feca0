/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/onus/decide_walls.h"

#include <errno.h>

#include "holders/spread.h"
#include "publication/decisions.h"
#include "publication/place.h"
#include "publication/reputation.h"
#include "util/grow.h"
#include "util/input.h"

#define TEXT_MAX (UINT32_C(1) << 30)

static const enum level usual_level[] = {
	[ACTION_TAG] = LEVEL_WATCH,
	[ACTION_GREYLIST] = LEVEL_FRICTION,
	[ACTION_REJECT] = LEVEL_BLOCK,
	[ACTION_DROP] = LEVEL_BLOCK,
};
_Static_assert(NELEM(usual_level) == ACTION_N, "usual_level out of step");

/* struct wanted - one decision, before it is known whether it counts */
struct wanted {
	const struct entity *entity;
	enum level level;
	enum action action;
	int64_t until_s;
	struct span reason;
};

static int take_range(void *ctx, struct range range)
{
	return replay_range(ctx, range);
}

static size_t keep(struct decide_walls *w, struct span text)
{
	size_t at = w->text.len;

	buf_span(&w->text, text);
	buf_byte(&w->text, '\0');
	return at;
}

static void not_known(struct decide_walls *w, const struct entity *en)
{
	if (w->unknown++ == 0)
		(void)entity_format(en, w->first_unknown);
}

static int add(struct decide_walls *w, const struct wanted *d, struct err *e)
{
	char name[ENTITY_NAME_MAX];
	int r;

	if (w->text.max == 0)
		buf_init(&w->text, TEXT_MAX);
	if (d->until_s <= w->at_s || d->level == LEVEL_CLEAR) {
		w->ended++;
		return 0;
	}
	if (grow_u32(&w->v, &w->cap, (uint64_t)w->n + 1, sizeof(*w->v)) < 0 ||
	    replay_decision(w->to, d->entity->kind, d->level, d->action) < 0)
		return err_set(e, -ENOMEM, "out of memory");
	w->v[w->n++] = (struct decide_wall){
		.name = keep(w, span_of(name, entity_format(d->entity, name))),
		.reason = keep(w, d->reason),
		.until_s = d->until_s,
	};
	r = buf_ok(&w->text) ? spread_each(w->registry, d->entity, take_range, w->to) : -ENOMEM;
	if (r == -ENOENT)
		not_known(w, d->entity);
	return r < 0 && r != -ENOENT ? err_set(e, r, "out of memory") : 0;
}

/* --- the hub -------------------------------------------------------------------------------------- */

struct of_hub {
	struct decide_walls *w;
	struct err *e;
};

static int take_decision(void *ctx, const struct hub_decision *d)
{
	struct of_hub *h = ctx;
	struct entity en;
	struct wanted x = { .entity = &en, .until_s = d->until_s, .reason = d->reason };

	if (entity_parse(d->entity, &en, h->e) < 0 || level_parse(d->level, &x.level) < 0 ||
	    action_parse(d->action, &x.action) < 0)
		return err_set(h->e, -EBADMSG, "the hub holds a decision that onus never wrote");
	return add(h->w, &x, h->e);
}

int decide_walls_of_hub(struct decide_walls *w, struct hub *h, struct err *e)
{
	struct of_hub ctx = { w, e };

	return hub_each_decision(h, take_decision, &ctx, e);
}

/* --- the publication ------------------------------------------------------------------------------ */

int decide_walls_published(struct decide_walls *w, const char *serve_dir, struct err *e)
{
	char dir[PLACE_PATH_MAX], path[PLACE_PATH_MAX + 16];
	struct reputation *from = NULL;
	int r = place_current(serve_dir, dir, NULL, e);

	if (r < 0)
		return r;
	(void)snprintf(path, sizeof(path), "%s/reputation", dir); /* fits */
	r = reputation_open(path, &from, e);
	if (r < 0)
		return r;
	for (uint32_t i = 0; i < reputation_n(from) && r == 0; i++) {
		struct reputation_row row;

		reputation_at(from, i, &row);
		if (row.decision.level == LEVEL_CLEAR)
			continue;
		r = add(w,
		    &(struct wanted){ &row.entity, row.decision.level, row.decision.action,
			row.decision.until_s, row.decision.reason },
		    e);
	}
	from = reputation_free(from);
	return r;
}

/* --- decision lines ------------------------------------------------------------------------------- */

static int take_line(
    struct decide_walls *w, struct decisions_reader *rd, const struct line *l, struct err *e)
{
	struct decision_line d;
	int r = l->cut ? err_set(e, -EBADMSG, "the line is too long")
		       : decisions_read(rd, l->text, &d, e);

	if (r <= 0)
		return r;
	if (d.remove) {
		w->ended++;
		return 0;
	}
	return add(w,
	    &(struct wanted){ &d.entity, usual_level[d.action], d.action, d.until_s, d.reason }, e);
}

int decide_walls_of_file(struct decide_walls *w, const char *path, struct err *e)
{
	struct decisions_reader rd = { .count = 0 };
	struct input *in;
	struct line l;
	int r = input_open(path, &in, e), got;

	if (r < 0)
		return r;
	while (r == 0 && (got = input_line(in, &l, e)) != 0) {
		r = got < 0 ? got : take_line(w, &rd, &l, e);
		if (r == -EBADMSG && got > 0)
			r = err_wrap(e, r, "%s:%ju", path, (uintmax_t)l.number);
	}
	if (r == 0 && (r = decisions_whole(&rd, e)) < 0)
		r = err_wrap(e, r, "%s", path);
	(void)input_free(in);
	return r;
}

void decide_walls_done(struct decide_walls *w)
{
	free(w->v);
	w->v = NULL;
	w->n = w->cap = 0;
	buf_done(&w->text);
}

const char *decide_wall_name(const struct decide_walls *w, uint32_t number)
{
	return w->text.p + w->v[number].name;
}

const char *decide_wall_reason(const struct decide_walls *w, uint32_t number)
{
	return w->text.p + w->v[number].reason;
}
