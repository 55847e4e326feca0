/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kind of source that watches lists: an entry is an event when it appears. */
#include <errno.h>

#include "prog/collect/collect.h"

#define LIST_PIECE 20000u /* entries of a list before other sources have their turn */

static int open_list(struct source *s, struct err *e)
{
	struct watch_options o = { .source = s->conf->name,
		.pattern = s->conf->path,
		.state_dir = s->to->list_dir,
		.proof = s->weak ? PROOF_WEAK : PROOF_FULL,
		.own = &s->to->own };
	int r = list_form_parse(span_str(s->conf->format), &o.form, e);

	if (r < 0)
		return err_wrap(e, r, "source %s", s->conf->name);
	if (category_parse(span_str(s->conf->category), &o.category) < 0)
		return err_set(
		    e, -EINVAL, "source %s: no category \"%s\"", s->conf->name, s->conf->category);
	s->in = watch_new(&o);
	return 0;
}

static void done(struct source *s)
{
	s->in = watch_free(s->in);
}

static int restore(struct source *s, struct span line, struct err *e)
{
	return watch_restore(s->in, line, e);
}

static bool poll_lists(struct source *s, int64_t settled_s)
{
	return watch_poll(s->in, clock_now_s(&s->to->clock), settled_s);
}

static int pump(struct source *s, struct err *e)
{
	struct collect *c = s->to;
	struct event ev;

	c->writer.refused += watch_refused(s->in);
	for (unsigned i = 0; i < LIST_PIECE; i++) {
		int r;

		if (!watch_next(s->in, &ev))
			return 0;
		if (source_knows(s, &ev)) {
			watch_take(s->in);
			c->moved = true;
			continue;
		}
		buf_reset(&c->line);
		event_format(&ev, &c->line);
		r = batch_writer_add(&c->writer, buf_text(&c->line));
		if (r == -ENOSPC) {
			r = collect_flush(c, e);
			if (r < 0)
				return r;
			continue;
		}
		if (r < 0)
			abort();
		watch_take(s->in);
		c->moved = true;
	}
	return 1;
}

static void positions(struct source *s, struct buf *out)
{
	watch_positions(s->in, out);
}

static void durable(struct source *s)
{
	watch_durable(s->in);
}

static const char *trouble(struct source *s)
{
	return watch_trouble(s->in);
}

static void count(const struct source *s, struct source_counts *to)
{
	to->held += watch_held(s->in);
}

const struct source_kind kind_list = { .type = "list",
	.open = open_list,
	.done = done,
	.restore = restore,
	.poll = poll_lists,
	.pump = pump,
	.positions = positions,
	.durable = durable,
	.trouble = trouble,
	.count = count };
