/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A block of a source's lines becomes events, the events go into the batch, and the position moves with
 * them, line by line: whenever the batch is handed over, it holds the events of exactly the lines that its
 * positions call read. */
#include <errno.h>

#include "core/event_said.h"
#include "prog/collect/collect.h"
#include "util/log.h"

#define TELL_EVERY_US 60000000

/* --- opening ------------------------------------------------------------------------------------ */

static int open_filters(struct source *s, struct err *e)
{
	CLEANUP(free_p) char *copy = strdup(s->conf->filter ? s->conf->filter : "");
	const char *names[FILTERS_MAX];
	unsigned n = 0;
	char *rest = copy, *name;

	if (!copy)
		abort();
	while ((name = strsep(&rest, ",")) != NULL) {
		name += strspn(name, " \t");
		name[strcspn(name, " \t")] = '\0';
		if (!*name)
			continue;
		if (n == FILTERS_MAX)
			return err_set(e, -EINVAL, "source %s: more than %u filters", s->conf->name,
			    FILTERS_MAX);
		names[n++] = name;
	}
	return s->to->good ? filters_load_good(&s->filters, s->to->conf->filter_path, e)
			   : filters_load(&s->filters, names, n, s->to->conf->filter_path, e);
}

static struct scan_options options_of(const struct source *s)
{
	return (struct scan_options){ .clock = &s->to->clock,
		.own = &s->to->own,
		.source = span_str(s->conf->name),
		.weak = s->weak };
}

int lines_open_filters(struct source *s, struct err *e)
{
	struct scan_options o = options_of(s);
	int r = open_filters(s, e);

	return r < 0 ? r : scan_new(s->filters.v, s->filters.n, &o, &s->scan, e);
}

int lines_open_map(struct source *s, struct err *e)
{
	struct scan_options o = options_of(s);
	struct jmap *map;
	int r = jmap_load(s->conf->map, s->to->conf->json_path, &map, e);

	return r < 0 ? err_wrap(e, r, "source %s", s->conf->name) : jlog_new(map, &o, &s->json, e);
}

void lines_done(struct source *s)
{
	if (s->refused)
		log_warn("source=%s %ju more lines refused", s->conf->name, (uintmax_t)s->refused);
	s->refused = 0;
	s->scan = scan_free(s->scan);
	s->json = jlog_free(s->json);
	filters_done(&s->filters);
}

/* --- a block to events -------------------------------------------------------------------------- */

static void keep(void *ctx, const struct event *ev, uint64_t number)
{
	const struct source *s = ctx;
	struct collect *c = s->to;

	if (source_knows(s, ev))
		return;
	if (c->n_found == c->found_cap) {
		c->found_cap = c->found_cap ? 2 * c->found_cap : 1024;
		c->found = reallocarray(c->found, c->found_cap, sizeof(*c->found));
		if (!c->found)
			abort();
	}
	event_format(ev, &c->text);
	if (!buf_ok(&c->text))
		abort(); /* out of memory: what is not in the spool is still in the log */
	c->found[c->n_found++] = (struct found){ .end = c->text.len, .number = number };
}

/* One line a minute: who fills a log with nonsense does not fill ours. */
static void tell_refused(struct source *s, uint64_t number, const char *why, uint64_t refused)
{
	int64_t now_us = clock_monotonic_us();

	s->refused += refused;
	if (!refused || (s->told_us && now_us - s->told_us < TELL_EVERY_US))
		return;
	log_warn("source=%s file=%s line=%ju refused: %s; refused since last told: %ju",
	    s->conf->name, s->kind->where(s), (uintmax_t)number, why, (uintmax_t)s->refused);
	s->refused = 0;
	s->told_us = now_us;
}

void lines_refused(struct source *s, uint64_t number, const char *why, uint64_t refused)
{
	s->to->writer.refused += refused;
	tell_refused(s, number, why, refused);
}

static bool keep_line(struct source *s, struct span line, uint64_t number, struct err *why)
{
	const struct event_said_by by = {
		.source = s->conf->name, .own = &s->to->own, .weak = s->weak
	};
	struct event_room room;
	struct event ev;
	int r = event_said(line, &by, clock_now_s(&s->to->clock), &room, &ev, why);

	if (r > 0 && s->kind->vet && !s->kind->vet(s, &ev, why))
		r = -EINVAL;
	if (r > 0)
		keep(s, &ev, number);
	return r >= 0;
}

static uint64_t keep_lines(struct source *s, const struct block *b, uint64_t *refused)
{
	struct span rest = b->text, line;
	uint64_t n = 0, first = 0;
	struct err why, first_why;

	if (b->cut) {
		(*refused)++;
		tell_refused(s, b->first_number, "too long", 1);
		return 1;
	}
	while (!span_empty(rest)) {
		(void)span_cut(&rest, '\n', &line);
		if (!keep_line(s, line, b->first_number + n, &why) && (*refused)++ == 0) {
			first = b->first_number + n;
			first_why = why;
		}
		n++;
	}
	if (*refused)
		tell_refused(s, first, first_why.text, *refused);
	return n;
}

static uint64_t scan_lines(struct source *s, const struct block *b, uint64_t *refused)
{
	const struct scan_counts *now = s->json ? jlog_counts(s->json) : scan_counts(s->scan);
	struct scan_counts was = *now;
	uint64_t n = s->json ? jlog_block(s->json, b, keep, s) : scan_block(s->scan, b, keep, s);
	uint64_t first;
	const char *why = NULL;

	if (s->to->good && s->open)
		s->to->n_found = 0; /* nobody washes himself clean with a line of his own */
	if (s->to->good)
		return n; /* told and counted where events are gathered */
	*refused = now->refused - was.refused + now->special - was.special + now->own - was.own +
		   now->names - was.names;
	first = s->json ? jlog_first_refused(s->json, &why) : scan_first_refused(s->scan, &why);
	/* what is one's own or private is no trouble */
	if (first)
		tell_refused(s, first, why, now->refused - was.refused);
	return n;
}

/* --- events to batches -------------------------------------------------------------------------- */

/* The batch is full at event i: it ends with the last whole line before it. Returns where to go on. */
static int hand_over(struct source *s, struct collect *c, size_t i, uint64_t first, uint64_t *taken,
    size_t *ret, struct err *e)
{
	uint64_t number = c->found[i].number;
	size_t from, j = i;

	while (j > 0 && c->found[j - 1].number == number)
		j--;
	from = j ? c->found[j - 1].end : 0;
	batch_writer_cut(&c->writer, (i ? c->found[i - 1].end : 0) - from, i - j);
	s->kind->take(s, number - first - *taken);
	*taken = number - first;
	*ret = j;
	return collect_flush(c, e);
}

static int add_found(
    struct source *s, struct collect *c, uint64_t first, uint64_t lines, struct err *e)
{
	uint64_t taken = 0;
	size_t i = 0;
	int r;

	while (i < c->n_found) {
		size_t from = i ? c->found[i - 1].end : 0;
		struct span line = { c->text.p + from, c->text.p + c->found[i].end };

		r = batch_writer_add(&c->writer, line);
		if (r == -ENOSPC) {
			r = hand_over(s, c, i, first, &taken, &i, e);
			if (r < 0)
				return r;
			continue;
		}
		if (r < 0) /* an event's line is a line: doc/contracts/event-line.md */
			abort();
		i++;
	}
	s->kind->take(s, lines - taken);
	return 0;
}

/* Make sure that what was found goes into one batch with the ones that are in it already, or into the next one:
 * 1; 0 when it never will, and is refused; -errno of flushing. */
static int make_room(struct source *s, struct collect *c, uint64_t first, struct err *e)
{
	int r;

	if (c->text.len > BATCH_LINES_ROOM) {
		lines_refused(
		    s, first, "more than fits into one batch: nothing of it is kept", c->n_found);
		c->n_found = 0;
		return 0;
	}
	if (c->writer.lines.len + c->text.len <= BATCH_LINES_ROOM)
		return 1;
	r = collect_flush(c, e);
	return r < 0 ? r : 1;
}

int lines_take(struct source *s, const struct block *b, struct err *e)
{
	struct collect *c = s->to;
	uint64_t lines, refused = 0;
	int r;

	c->n_found = 0;
	buf_reset(&c->text);
	lines = s->scan || s->json ? scan_lines(s, b, &refused) : keep_lines(s, b, &refused);
	c->moved = true;
	c->read_bytes += span_len(b->text);
	r = s->kind->whole ? make_room(s, c, b->first_number, e) : 1;
	if (r >= 0)
		r = add_found(s, c, b->first_number, lines, e);
	c->writer.refused += refused;
	return r < 0 ? r : 1;
}
