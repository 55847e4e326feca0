/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/collect/told.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

int told_init(struct source *s, const char *mark, struct err *e)
{
	struct told *t = s->in;
	int r;

	*t = (struct told){ .mark = mark, .source = s->conf->name };
	maildir_init(&t->dir);
	t->v = calloc(TOLD_MAX, sizeof(*t->v));
	if (!t->v)
		abort();
	r = maildir_check(s->conf->path, e);
	return r < 0 ? err_wrap(e, r, "source %s", s->conf->name) : 0;
}

int told_trust(const struct source *s, struct addrset *ret, struct err *e)
{
	const struct addrset none = { .v = NULL };

	if (addrset_union(&s->to->own, &none, ret) < 0)
		abort();
	return addrset_add_text(ret, span_str(s->conf->trusted), e);
}

int told_start(struct source *s, struct err *e)
{
	struct told *t = s->in;
	int r = maildir_open(&t->dir, s->conf->path, e);

	return r < 0 ? err_wrap(e, r, "source %s", s->conf->name) : 0;
}

void told_done(struct told *t)
{
	maildir_done(&t->dir);
	free(t->v);
	t->v = NULL;
	t->n = 0;
}

void told_trouble(struct told *t, const struct err *why)
{
	t->trouble = *why;
	t->troubled = true;
}

const char *told_say(struct source *s)
{
	struct told *t = s->in;

	if (!t->troubled)
		return NULL;
	t->troubled = false;
	return t->trouble.text;
}

static bool is_told(const void *ctx, const char *name, size_t len)
{
	const struct told *t = ctx;

	for (unsigned i = 0; i < t->n; i++)
		if (strlen(t->v[i].name) == len && memcmp(t->v[i].name, name, len) == 0)
			return true;
	return false;
}

/* Messages whose batch is durable leave; then their names do, once that is on the disk. */
static void move_all(struct told *t)
{
	unsigned kept = 0;
	struct err why;
	int r = 0;

	for (unsigned i = 0; i < t->n && r == 0; i++)
		if (t->v[i].durable)
			r = maildir_move(&t->dir, t->v[i].name, MAILDIR_DONE, &why);
	if (r == 0)
		r = maildir_sync(&t->dir, &why);
	if (r < 0) {
		told_trouble(t, &why);
		return;
	}
	for (unsigned i = 0; i < t->n; i++)
		if (!t->v[i].durable)
			t->v[kept++] = t->v[i];
	t->n = kept;
}

/* Moves that failed once. */
static void retry(struct told *t)
{
	for (unsigned i = 0; i < t->n; i++)
		if (t->v[i].durable) {
			move_all(t);
			return;
		}
}

void told_positions(struct source *s, struct buf *out)
{
	const struct told *t = s->in;

	for (unsigned i = 0; i < t->n; i++)
		buf_fmt(out, "%s%s %s\n", t->mark, t->source, t->v[i].name);
}

void told_durable(struct source *s)
{
	struct told *t = s->in;

	for (unsigned i = 0; i < t->n; i++)
		t->v[i].durable = true;
	if (t->n)
		move_all(t);
}

int told_restore(struct source *s, struct span line, struct err *e)
{
	struct told *t = s->in;
	struct span rest = line, word;

	if (!span_starts(line, t->mark))
		return 0;
	rest.p += strlen(t->mark);
	if (!span_cut(&rest, ' ', &word) || !span_is(word, t->source))
		return 0;
	if (span_empty(rest) || span_len(rest) > MAILDIR_NAME_MAX ||
	    memchr(rest.p, '/', span_len(rest)) || memchr(rest.p, '\0', span_len(rest)) ||
	    *rest.p == '.' || told_full(t))
		return err_set(e, -EINVAL, "source %s: cannot go on from \"%.*s\"", t->source,
		    (int)MIN_OF(span_len(line), (size_t)200), line.p);
	(void)snprintf(t->v[t->n].name, sizeof(t->v->name), "%.*s", SPAN_ARG(rest)); /* fits */
	t->v[t->n++].durable = true;
	return 1;
}

struct maildir_message *told_in_hand(struct told *t)
{
	return t->dir.next < t->dir.n ? &t->dir.queue[t->dir.next] : NULL;
}

void told_leave(struct told *t)
{
	t->dir.next++;
}

const char *told_where(const struct source *s)
{
	const struct maildir_message *m = told_in_hand(s->in);

	return m ? m->name : s->conf->path;
}

void told_take(struct source *s, uint64_t lines)
{
	struct told *t = s->in;
	const char *name = told_in_hand(t)->name;
	struct told_name *to = &t->v[t->n++];

	(void)lines;
	to->durable = false;
	(void)snprintf(to->name, sizeof(to->name), "%.*s", (int)maildir_key(name), name); /* fits */
}

int told_lines(struct source *s, const struct block *b, struct err *e)
{
	struct told *t = s->in;
	int r;

	if (told_full(t)) {
		s->to->moved = true;
		r = collect_flush(s->to, e);
		if (r < 0)
			return r;
		if (told_full(t)) /* they cannot be moved, and .trouble says why */
			return 0;
	}
	r = lines_take(s, b, e);
	if (r < 0)
		return r;
	told_leave(t);
	return 1;
}

void told_put(struct told *t, enum maildir_place to)
{
	struct err e;

	if (maildir_move(&t->dir, told_in_hand(t)->name, to, &e) < 0)
		told_trouble(t, &e);
	told_leave(t);
}

uint64_t told_look(struct source *s, int64_t settled_s)
{
	int64_t now_s = clock_now_s(&s->to->clock);
	struct told *t = s->in;
	uint64_t refused = 0;
	struct err why;

	retry(t);
	if (told_in_hand(t))
		return 0;
	maildir_prune(&t->dir, now_s, s->conf->keep_days);
	if (maildir_look(&t->dir, is_told, t, now_s, settled_s, &refused, &why) < 0)
		told_trouble(t, &why);
	if (refused)
		lines_refused(s, 0, "no message, or its name cannot be told of again", refused);
	return refused;
}
