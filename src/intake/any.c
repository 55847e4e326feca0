/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "intake/any.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

/* struct going - one input on its way through */
struct going {
	const struct any_options *o;
	scan_sink *sink;
	void *ctx;
	struct any_result *ret;
};

static void tick(const struct going *g, const struct input *in)
{
	if (g->o->progress)
		progress_at(g->o->progress, input_taken(in), input_name(in));
}

static void refused(void *ctx, uint64_t number, struct span text, const char *why)
{
	struct going *g = ctx;
	struct err e;

	if (g->ret->first_number)
		return;
	g->ret->first_number = number;
	/* err_set makes untrusted bytes printable */
	(void)err_set(&e, 0, "%s: %.*s", why, (int)MIN_OF(span_len(text), (size_t)60), text.p);
	(void)snprintf(g->ret->first_why, sizeof(g->ret->first_why), "%.*s",
	    (int)sizeof(g->ret->first_why) - 1, e.text);
}

static void pass(void *ctx, const struct event *ev, uint64_t number)
{
	struct going *g = ctx;

	g->ret->events++;
	g->sink(g->ctx, ev, number);
}

static void say_refused(struct going *g, uint64_t number, const char *why)
{
	g->ret->first_number = number;
	if (number)
		(void)snprintf(g->ret->first_why, sizeof(g->ret->first_why), "%s", why);
}

static void on_shard_event(void *ctx, const struct event *ev, uint64_t number)
{
	struct going *g = ctx;

	g->sink(g->ctx, ev, number);
}

static void on_shard_tick(void *ctx, const struct input *in)
{
	tick(ctx, in);
}

static int from_log_together(struct going *g, struct input *in, struct err *e)
{
	struct scan_counts was = shards_counts(g->o->shards), now;
	uint64_t first;
	const char *why;
	int r;

	shards_weak(g->o->shards, g->ret->as.open_to_clients);
	(void)shards_first_refused(g->o->shards, &why); /* those of the input before */
	r = shards_input(g->o->shards, in, on_shard_event, on_shard_tick, g, e);
	now = shards_counts(g->o->shards);
	g->ret->lines = now.lines - was.lines;
	g->ret->events = now.events - was.events;
	g->ret->refused = now.refused - was.refused;
	first = shards_first_refused(g->o->shards, &why);
	say_refused(g, first, why);
	return r;
}

static int from_log(struct going *g, struct input *in, struct err *e)
{
	const struct scan_counts *c = scan_counts(g->o->scan);
	struct scan_counts was = *c;
	uint64_t first;
	const char *why = "";
	struct block b;
	int r;

	scan_weak(g->o->scan, g->ret->as.open_to_clients);
	(void)scan_first_refused(g->o->scan, &why); /* those of the input before */
	while ((r = input_block(in, &b, e)) > 0) {
		input_block_lines(in, scan_block(g->o->scan, &b, g->sink, g->ctx));
		tick(g, in);
	}
	g->ret->lines = c->lines - was.lines;
	g->ret->events = c->events - was.events;
	g->ret->refused = c->refused - was.refused;
	first = scan_first_refused(g->o->scan, &why);
	say_refused(g, first, why);
	return r;
}

static int from_json(struct going *g, struct input *in, struct span head, struct err *e)
{
	struct scan_counts was;
	const struct scan_counts *c;
	const char *why = "";
	struct jlog *j = NULL;
	uint64_t first;
	struct block b;
	int r = g->o->json ? jlogs_choose(g->o->json, head, &j, e)
			   : err_set(e, -ENOTSUP, "a JSON log, and there are no maps");

	if (r < 0)
		return err_wrap(e, r, "%s", input_name(in));
	c = jlog_counts(j);
	was = *c;
	(void)jlog_first_refused(j, &why); /* those of the input before */
	while ((r = input_block(in, &b, e)) > 0) {
		input_block_lines(in, jlog_block(j, &b, g->sink, g->ctx));
		tick(g, in);
	}
	g->ret->lines = c->lines - was.lines;
	g->ret->events = c->events - was.events;
	g->ret->refused = c->refused - was.refused;
	first = jlog_first_refused(j, &why);
	say_refused(g, first, why);
	return r;
}

/* A list is of the day on which its file was written; what comes through a pipe is of now. */
static int64_t list_time(const char *name, int64_t now_s)
{
	struct stat st;

	if (strcmp(name, "-") == 0 || stat(name, &st) < 0 || !S_ISREG(st.st_mode))
		return now_s;
	return MIN_OF((int64_t)st.st_mtime, now_s);
}

static int from_list(struct going *g, struct input *in, struct err *e)
{
	const char *name = input_name(in), *slash = strrchr(name, '/');
	struct list_options o = g->o->list;
	struct list_counts c = { 0 };
	int r;

	o.time_s = list_time(name, clock_now_s(g->o->clock));
	if (span_empty(o.source))
		o.source = span_str(slash ? slash + 1 : name);
	if (span_len(o.source) > EVENT_SOURCE_MAX)
		o.source.end = o.source.p + EVENT_SOURCE_MAX;
	r = list_input(in, &o, pass, refused, g, &c, e);
	tick(g, in);
	g->ret->lines = c.lines;
	g->ret->refused = c.refused;
	return r;
}

static const char *never_an_event(const struct going *g, const struct event *ev)
{
	if (range_special(prefix_range(ev->subject)))
		return "private or reserved space";
	return g->o->own && addrset_overlaps(g->o->own, prefix_range(ev->subject)) ? "own networks"
										   : NULL;
}

static int from_events(struct going *g, struct input *in, bool json, struct err *e)
{
	struct event_room room;
	struct line l;
	int r;

	while ((r = input_line(in, &l, e)) > 0) {
		int64_t now_s = clock_now_s(g->o->clock);
		const char *why = NULL;
		struct event ev;
		struct err bad;
		int got;

		g->ret->lines++;
		if ((g->ret->lines & 4095) == 0)
			tick(g, in);
		if (l.cut)
			got = err_set(&bad, -EINVAL, "the line is too long");
		else
			got = (json ? event_parse_json : event_parse)(
			    l.text, now_s, &room, &ev, &bad);
		if (got > 0 && event_date_check(ev.time_s, now_s, &bad) < 0)
			got = -ERANGE;
		if (got > 0)
			why = never_an_event(g, &ev);
		if (got < 0 || why) {
			g->ret->refused++;
			refused(g, l.number, l.text, why ? why : bad.text);
		} else if (got > 0) {
			pass(g, &ev, l.number);
		}
	}
	return r;
}

int any_input(struct input *in, const struct any_options *o, scan_sink *sink, void *ctx,
    struct any_result *ret, struct err *e)
{
	struct going g = { o, sink, ctx, ret };
	struct span head = { NULL, NULL };
	int r;

	*ret = (struct any_result){ .as.kind = o->is_json ? INPUT_JSON : INPUT_LOG };
	r = input_peek(in, &head, e);
	if (r < 0)
		return r;
	if (o->is_log)
		ret->as.open_to_clients = recognise(head).open_to_clients;
	else if (!o->is_json)
		ret->as = recognise(head);
	switch (ret->as.kind) {
	case INPUT_LOG:
		if (!o->shards && !o->scan)
			return err_set(
			    e, -ENOENT, "%s is a log, but %s", input_name(in), o->no_scan.text);
		return (o->shards ? from_log_together : from_log)(&g, in, e);
	case INPUT_JSON:
		return from_json(&g, in, head, e);
	case INPUT_LIST:
		return from_list(&g, in, e);
	case INPUT_EVENTS:
	case INPUT_EVENTS_JSON:
		return from_events(&g, in, ret->as.kind == INPUT_EVENTS_JSON, e);
	case INPUT_EMPTY:
		return 0;
	default:
		return err_set(e, -ENOTSUP, "%s: not recognised: %s", input_name(in), ret->as.why);
	}
}

int any_missing(struct any_options *o, unsigned n_named, int r, const struct err *e)
{
	if (n_named > 0)
		return r;
	o->no_scan = *e;
	return 0;
}
