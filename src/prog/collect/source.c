/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One source: a block of its lines becomes events, the events go into the batch, and the position moves
 * with them, line by line: whenever the batch is handed over, it holds the events of exactly the lines
 * that its positions call read. */
#include <errno.h>

#include "prog/collect/collect.h"
#include "util/log.h"

#define LIST_PIECE    20000u /* entries of a list before other sources have their turn */
#define TELL_EVERY_US 60000000

enum source_type { TYPE_LOG, TYPE_JSON, TYPE_LIST, TYPE_EVENTS, TYPE_N };
static const char *const type_name[] = {
	[TYPE_LOG] = "log", [TYPE_JSON] = "json", [TYPE_LIST] = "list", [TYPE_EVENTS] = "events"
};
_Static_assert(NELEM(type_name) == TYPE_N, "type_name out of step");

/* --- opening ------------------------------------------------------------------------------------ */

static int open_filters(struct source *s, const struct collect *c, struct err *e)
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
	return filters_load(&s->filters, names, n, c->conf->filter_path, e);
}

static struct scan_options options_of(const struct source *s, const struct collect *c)
{
	return (struct scan_options){ .clock = &c->clock,
		.own = &c->own,
		.source = span_str(s->conf->name),
		.weak = s->conf->weak };
}

static int open_log(struct source *s, struct collect *c, struct err *e)
{
	struct scan_options o = options_of(s, c);
	int r = open_filters(s, c, e);

	return r < 0 ? r : scan_new(s->filters.v, s->filters.n, &o, &s->scan, e);
}

static int open_json(struct source *s, struct collect *c, struct err *e)
{
	struct scan_options o = options_of(s, c);
	struct jmap *map;
	int r = jmap_load(s->conf->map, c->conf->json_path, &map, e);

	return r < 0 ? err_wrap(e, r, "source %s", s->conf->name) : jlog_new(map, &o, &s->json, e);
}

static int open_list(struct source *s, struct collect *c, const char *list_dir, struct err *e)
{
	struct watch_options o = { .source = s->conf->name,
		.pattern = s->conf->path,
		.state_dir = list_dir,
		.proof = s->conf->weak ? PROOF_WEAK : PROOF_FULL,
		.own = &c->own };
	int r = list_form_parse(span_str(s->conf->format), &o.form, e);

	if (r < 0)
		return err_wrap(e, r, "source %s", s->conf->name);
	if (category_parse(span_str(s->conf->category), &o.category) < 0)
		return err_set(
		    e, -EINVAL, "source %s: no category \"%s\"", s->conf->name, s->conf->category);
	s->watch = watch_new(&o);
	return 0;
}

int source_open(struct source *s, struct collect *c, const struct conf_source *conf,
    const char *list_dir, struct err *e)
{
	int r = 0;

	*s = (struct source){ .conf = conf, .to = c };
	if (strcmp(conf->type, type_name[TYPE_LIST]) == 0)
		return open_list(s, c, list_dir, e);
	if (strcmp(conf->type, type_name[TYPE_LOG]) == 0)
		r = open_log(s, c, e);
	else if (strcmp(conf->type, type_name[TYPE_JSON]) == 0)
		r = open_json(s, c, e);
	else if (strcmp(conf->type, type_name[TYPE_EVENTS]) != 0)
		return err_set(e, -EINVAL,
		    "source %s: type is log, json, list or events, not \"%s\"", conf->name,
		    conf->type);
	if (r == 0)
		s->follow = follow_new(conf->name, conf->path);
	return r;
}

void source_done(struct source *s)
{
	if (s->refused)
		log_warn("source=%s %ju more lines refused", s->conf->name, (uintmax_t)s->refused);
	s->refused = 0;
	s->follow = follow_free(s->follow);
	s->watch = watch_free(s->watch);
	s->scan = scan_free(s->scan);
	s->json = jlog_free(s->json);
	filters_done(&s->filters);
}

int source_restore(struct source *s, struct span line, struct err *e)
{
	return s->watch ? watch_restore(s->watch, line, e) : follow_restore(s->follow, line, e);
}

bool source_poll(struct source *s, struct collect *c, int64_t settled_s)
{
	if (s->watch)
		return watch_poll(s->watch, clock_now_s(&c->clock), settled_s);
	follow_poll(s->follow);
	return false;
}

void source_positions(struct source *s, struct buf *out)
{
	if (s->watch)
		watch_positions(s->watch, out);
	else
		follow_positions(s->follow, out);
}

uint64_t source_begun(const struct source *s)
{
	return s->watch ? 0 : follow_counts(s->follow).begun;
}

const char *source_trouble(struct source *s)
{
	return s->watch ? watch_trouble(s->watch) : follow_trouble(s->follow);
}

/* --- a block to events -------------------------------------------------------------------------- */

/* Is it about somebody who is known to be good? Then it is counted, and no event. */
static bool is_known(const struct source *s, const struct event *ev)
{
	bool known = known_has(s->to->known, ev->subject, s->conf->anchor);

	s->to->known_good += known;
	return known;
}

static void keep(void *ctx, const struct event *ev, uint64_t number)
{
	const struct source *s = ctx;
	struct collect *c = s->to;

	if (is_known(s, ev))
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
	    s->conf->name, follow_path(s->follow), (uintmax_t)number, why, (uintmax_t)s->refused);
	s->refused = 0;
	s->told_us = now_us;
}

/* An event line of a file: it speaks for this source and no other, whatever name it carries. */
static bool keep_line(
    struct source *s, struct collect *c, struct span line, uint64_t number, struct err *why)
{
	struct event_room room;
	struct event ev;
	int64_t now_s = clock_now_s(&c->clock);
	int r;

	if (!span_empty(line) && line.end[-1] == '\r')
		line.end--;
	r = span_starts(line, "{") ? event_parse_json(line, now_s, &room, &ev, why)
				   : event_parse(line, now_s, &room, &ev, why);
	if (r == 0)
		return true;
	if (r < 0 || event_date_check(ev.time_s, now_s, why) < 0)
		return false;
	if (range_special(prefix_range(ev.subject)) ||
	    addrset_overlaps(&c->own, prefix_range(ev.subject))) {
		(void)err_set(why, 0, "one's own, private or special address space");
		return false;
	}
	ev.source = span_str(s->conf->name);
	if (s->conf->weak)
		ev.proof = PROOF_WEAK;
	keep(s, &ev, number);
	return true;
}

static uint64_t keep_lines(
    struct source *s, struct collect *c, const struct block *b, uint64_t *refused)
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
		if (!keep_line(s, c, line, b->first_number + n, &why) && (*refused)++ == 0) {
			first = b->first_number + n;
			first_why = why;
		}
		n++;
	}
	if (*refused)
		tell_refused(s, first, first_why.text, *refused);
	return n;
}

static uint64_t scan_lines(
    struct source *s, struct collect *c, const struct block *b, uint64_t *refused)
{
	const struct scan_counts *now = s->json ? jlog_counts(s->json) : scan_counts(s->scan);
	struct scan_counts was = *now;
	uint64_t n = s->json ? jlog_block(s->json, b, keep, s) : scan_block(s->scan, b, keep, s);
	uint64_t first;
	const char *why = NULL;

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
	follow_take(s->follow, number - first - *taken);
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
	follow_take(s->follow, lines - taken);
	return 0;
}

static int pump_follow(struct source *s, struct collect *c, struct err *e)
{
	struct block b;
	uint64_t lines, refused = 0;
	int r;

	if (!follow_next(s->follow, &b))
		return 0;
	c->n_found = 0;
	buf_reset(&c->text);
	lines =
	    s->scan || s->json ? scan_lines(s, c, &b, &refused) : keep_lines(s, c, &b, &refused);
	c->moved = true;
	c->read_bytes += span_len(b.text);
	r = add_found(s, c, b.first_number, lines, e);
	c->writer.refused += refused;
	return r < 0 ? r : 1;
}

static int pump_watch(struct source *s, struct collect *c, struct err *e)
{
	struct event ev;

	c->writer.refused += watch_refused(s->watch);
	for (unsigned i = 0; i < LIST_PIECE; i++) {
		int r;

		if (!watch_next(s->watch, &ev))
			return 0;
		if (is_known(s, &ev)) {
			watch_take(s->watch);
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
		watch_take(s->watch);
		c->moved = true;
	}
	return 1;
}

int source_pump(struct source *s, struct collect *c, struct err *e)
{
	return s->watch ? pump_watch(s, c, e) : pump_follow(s, c, e);
}
