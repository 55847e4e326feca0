/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "intake/reader.h"

#include <errno.h>

/* One file on its way. */
struct reading {
	const struct reader *r;
	const char *path;
	struct input *in;
	struct reader_counts *counts;
};

static void refuse(struct reading *g, uint64_t number, const char *why)
{
	g->counts->refused++;
	if (g->r->refused)
		g->r->refused(g->r->ctx, g->path, number, why);
}

static void tell_progress(const struct reading *g)
{
	if (g->r->progress)
		g->r->progress(g->r->ctx, g->in);
}

static int read_log(struct reading *g, struct err *e)
{
	struct scan_options o = { .clock = g->r->clock, .own = g->r->own };
	const struct scan_counts *seen;
	struct scan *s;
	struct block b;
	int r = scan_new(g->r->filters, g->r->n_filters, &o, &s, e);

	if (r < 0)
		return r;
	while ((r = input_block(g->in, &b, e)) > 0) {
		input_block_lines(g->in, scan_block(s, &b, g->r->event, g->r->ctx));
		tell_progress(g);
	}
	seen = scan_counts(s);
	g->counts->lines += seen->lines;
	g->counts->events += seen->events;
	g->counts->refused += seen->refused;
	g->counts->scan.matched += seen->matched;
	g->counts->scan.special += seen->special;
	g->counts->scan.own += seen->own;
	g->counts->scan.names += seen->names;
	g->counts->scan.undated += seen->undated;
	s = scan_free(s);
	return r;
}

static void list_event(void *ctx, const struct event *ev, uint64_t number)
{
	struct reading *g = ctx;

	g->r->event(g->r->ctx, ev, number);
	if (number % 4096 == 0)
		tell_progress(g);
}

static void list_refused(void *ctx, uint64_t number, struct span text, const char *why)
{
	char line[128];

	(void)snprintf(line, sizeof(line), "\"%.*s\": %s", (int)MIN_OF(span_len(text), (size_t)50),
	    text.p, why); /* cut */
	refuse(ctx, number, line);
	((struct reading *)ctx)->counts->refused--; /* list_counts has it */
}

static int read_list(struct reading *g, struct err *e)
{
	struct list_options o = { .time_s = clock_now_s(g->r->clock),
		.category = g->r->list_category,
		.proof = PROOF_FULL,
		.own = g->r->own,
		.source = span_str(g->path) };
	struct list_counts seen = { 0 };
	int r = list_input(g->in, &o, list_event, list_refused, g, &seen, e);

	g->counts->lines += seen.lines;
	g->counts->events += seen.events;
	g->counts->refused += seen.refused;
	return r;
}

/* Why nobody may be accused by this event, or NULL. */
static const char *guarded(const struct reader *r, const struct event *ev)
{
	const char *special = range_special(prefix_range(ev->subject));

	if (special)
		return special;
	return own_overlaps(r->own, ev->subject) ? "own network" : NULL;
}

static int read_events(struct reading *g, bool json, struct err *e)
{
	int64_t now_s = clock_now_s(g->r->clock);
	struct event_room room;
	struct event ev;
	struct line line;
	struct err why;
	int r;

	while ((r = input_line(g->in, &line, e)) > 0) {
		const char *guard = NULL;
		int got;

		g->counts->lines++;
		if (g->counts->lines % 4096 == 0)
			tell_progress(g);
		got = line.cut ? err_set(&why, -EINVAL, "longer than %u bytes", INPUT_LINE_MAX)
		      : json   ? event_parse_json(line.text, now_s, &room, &ev, &why)
			       : event_parse(line.text, now_s, &room, &ev, &why);
		if (got > 0)
			guard = guarded(g->r, &ev);
		if (got < 0 || guard)
			refuse(g, line.number, guard ? guard : why.text);
		if (got <= 0 || guard)
			continue;
		g->counts->events++;
		g->r->event(g->r->ctx, &ev, line.number);
	}
	return r;
}

int reader_file(const struct reader *r, const char *path, enum input_kind *kind,
    struct reader_counts *counts, struct err *e)
{
	struct reading g = { .r = r, .path = path, .counts = counts };
	struct recognised what;
	struct span head;
	int err = input_open(path, &g.in, e);

	if (err < 0)
		return err;
	err = input_peek(g.in, &head, e);
	if (err < 0)
		goto out;
	what = recognise(head);
	*kind = what.kind;
	switch (what.kind) {
	case INPUT_LOG:
		err = read_log(&g, e);
		break;
	case INPUT_LIST:
		err = read_list(&g, e);
		break;
	case INPUT_EVENTS:
	case INPUT_EVENTS_JSON:
		err = read_events(&g, what.kind == INPUT_EVENTS_JSON, e);
		break;
	case INPUT_EMPTY:
		break;
	default:
		err = err_set(e, -EINVAL, "%s: no log, list or event lines: %s", path,
		    what.why ? what.why : "nothing known");
	}
out:
	g.in = input_free(g.in);
	return err;
}
