/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/onus/registry_tenure.h"

#include <errno.h>

#include "holders/diff.h"

/* struct window - builds that follow each other: a transfer from was to is, and those around them */
struct window {
	struct hub *hub;
	struct registry *prev, *was, *is, *next; /* owned; prev and next may be NULL */
	struct tenure_count *n;
	struct err *e;
};

#define HOLDER_TEXT_MAX 256u

static struct span holder_text(
    const struct registry *r, uint32_t network, char room[HOLDER_TEXT_MAX])
{
	struct registry_holder h = registry_holder_at(r, registry_network_at(r, network).holder);

	(void)snprintf(room, HOLDER_TEXT_MAX, "%.*s/%.*s", SPAN_ARG(h.source), SPAN_ARG(h.handle));
	return span_str(room);
}

/* --- into the hub --------------------------------------------------------------------------------- */

/* struct newest - the newest row of one range */
struct newest {
	struct range range;
	bool any;
	struct hub_tenure row; /* texts are in room */
	char room[2][HOLDER_TEXT_MAX];
};

static struct span keep(struct span s, char room[HOLDER_TEXT_MAX])
{
	(void)snprintf(room, HOLDER_TEXT_MAX, "%.*s", SPAN_ARG(s)); /* onus wrote no longer ones */
	return span_str(room);
}

static int see(void *ctx, const struct hub_tenure *t)
{
	struct newest *v = ctx;

	if (!addr_eq(t->range.first, v->range.first) || !addr_eq(t->range.last, v->range.last))
		return 0;
	v->any = true;
	v->row = *t;
	v->row.holder = keep(t->holder, v->room[0]);
	v->row.rule = keep(t->rule, v->room[1]);
	return 0;
}

/* struct whole - who held the whole of which a part was sold */
#define WHOLE_ROWS_MAX 16u
struct whole {
	struct range range;
	struct newest v[WHOLE_ROWS_MAX]; /* the oldest first; what is beyond is left out */
	unsigned n;
};

static int see_whole(void *ctx, const struct hub_tenure *t)
{
	struct whole *to = ctx;
	struct newest *v = &to->v[to->n];

	if (to->n == WHOLE_ROWS_MAX)
		return 0;
	*v = (struct newest){ .range = to->range };
	(void)see(v, t);
	to->n += v->any;
	return 0;
}

/* A part has the history of the whole, of which nobody told by its own range. */
static int inherit(struct window *w, struct range part, struct range whole)
{
	struct newest own = { .range = part };
	struct whole all = { .range = whole };
	int r;

	if (addr_eq(part.first, whole.first) && addr_eq(part.last, whole.last))
		return 0;
	r = hub_each_tenure_at(w->hub, part.first, see, &own, w->e);
	if (r == 0 && !own.any)
		r = hub_each_tenure_at(w->hub, part.first, see_whole, &all, w->e);
	for (unsigned i = 0; i < all.n && r == 0; i++) {
		all.v[i].row.range = part;
		r = hub_tenure_put(w->hub, &all.v[i].row, w->e);
	}
	return r;
}

/* One transfer; seen: the day of the last build that named the old holder. */
static int record(struct window *w, struct range range, struct span old, struct span new,
    int32_t seen, int32_t day, struct span rule)
{
	struct hub_tenure from = { range, old, seen, day, rule }, to = { range, new, day, 0, rule };
	struct newest last = { .range = range, .any = false };
	int r = hub_each_tenure_at(w->hub, range.first, see, &last, w->e);

	if (r < 0)
		return r;
	if (last.any && !span_eq(last.row.rule, rule)) {
		w->n->otherwise++;
		return 0;
	}
	if (last.any && (span_eq(last.row.holder, new) || last.row.from_day >= day)) {
		w->n->known++;
		return 0;
	}
	if (last.any && (span_eq(last.row.holder, old) || last.row.from_day >= seen)) {
		last.row.to_day = day;
		from = last.row;
	} else if (last.any) { /* somebody in between, of whom no two builds spoke */
		last.row.to_day = seen;
		r = hub_tenure_put(w->hub, &last.row, w->e);
	}
	if (r == 0)
		r = hub_tenure_put(w->hub, &from, w->e);
	if (r == 0)
		r = hub_tenure_put(w->hub, &to, w->e);
	w->n->recorded += r == 0;
	return r;
}

/* --- the rule ------------------------------------------------------------------------------------- */

static int transfer(void *ctx, const struct diff_change *c)
{
	char old[HOLDER_TEXT_MAX], new[HOLDER_TEXT_MAX];
	struct window *w = ctx;
	const struct registry *held = w->was;
	uint32_t again, before, at = c->was;
	int r;

	if (c->kind != DIFF_TRANSFER)
		return 0;
	if (!w->next) {
		w->n->waiting++;
		return 0;
	}
	again = diff_same_voice(w->is, c->is, w->next);
	if (again == REGISTRY_NONE || !diff_same_holder(w->is, c->is, w->next, again)) {
		w->n->unconfirmed++;
		return 0;
	}
	/* Whom one build alone named between two others held nothing. */
	before = w->prev ? diff_same_voice(w->was, c->was, w->prev) : REGISTRY_NONE;
	if (w->prev && before == REGISTRY_NONE)
		before = diff_part_of(w->was, c->was, w->prev);
	if (before != REGISTRY_NONE &&
	    registry_network_at(w->prev, before).holder != REGISTRY_NONE &&
	    !diff_same_holder(w->was, c->was, w->prev, before)) {
		if (diff_same_holder(w->is, c->is, w->prev, before)) {
			w->n->unconfirmed++;
			return 0;
		}
		held = w->prev;
		at = before;
	}
	r = inherit(w, c->range, registry_network_at(w->was, c->was).range);
	if (r < 0)
		return r;
	return record(w, c->range, holder_text(held, at, old), holder_text(w->is, c->is, new),
	    diff_told_day(held), diff_transfer_day(w->was, w->is, c),
	    diff_object(w->is, c->is) ? SPAN("object-twice") : SPAN("statistics-twice"));
}

/* The transfers from w->was to w->is, then one build on. */
static int step(struct window *w, struct registry *next)
{
	struct diff d;
	int r = 0;

	w->next = next;
	if (w->was && w->is) {
		r = diff_registries(w->was, w->is, transfer, w, &d);
		diff_done(&d);
		if (r == -ENOMEM)
			(void)err_set(w->e, r, "out of memory");
	}
	w->prev = registry_free(w->prev);
	w->prev = w->was;
	w->was = w->is;
	w->is = next;
	w->next = NULL;
	return r;
}

static int all(struct window *w, char *const *paths, size_t n, tenure_bad_fn *bad, void *ctx)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		struct registry *next;

		if (registry_open(paths[i], &next, w->e) < 0) {
			r = bad(ctx, w->e);
			continue;
		}
		if (w->is && diff_told_day(next) < diff_told_day(w->is)) {
			r = err_set(w->e, -EINVAL,
			    "%s is older than the build before it: name "
			    "builds in order of time",
			    paths[i]);
		} else if (w->is && diff_told_day(next) == diff_told_day(w->is)) {
			w->n->same_day++;
		} else {
			w->n->builds++;
			r = step(w, next);
			continue;
		}
		next = registry_free(next);
	}
	return r < 0 ? r : step(w, NULL);
}

int tenure_record(struct hub *h, char *const *paths, size_t n, tenure_bad_fn *bad, void *ctx,
    struct tenure_count *ret, struct err *e)
{
	struct window w = { .hub = h, .n = ret, .e = e };
	int r = hub_begin(h, e);

	*ret = (struct tenure_count){ .builds = 0 };
	if (r < 0)
		return r;
	r = all(&w, paths, n, bad, ctx);
	w.prev = registry_free(w.prev);
	w.was = registry_free(w.was);
	w.is = registry_free(w.is);
	if (r == 0)
		r = hub_commit(h, e);
	if (r < 0)
		hub_rollback(h);
	return r;
}
