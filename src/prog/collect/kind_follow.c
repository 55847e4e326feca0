/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kinds of source that follow files: logs, JSON logs, event lines. */
#include "intake/recognise.h"
#include "prog/collect/collect.h"

static int open_events(struct source *s, struct err *e)
{
	(void)e; /* nothing can be wrong with it */
	s->in = follow_new(s->conf->name, s->conf->path);
	return 0;
}

static int open_log(struct source *s, struct err *e)
{
	int r = lines_open_filters(s, e);

	return r < 0 ? r : open_events(s, e);
}

static int open_json(struct source *s, struct err *e)
{
	int r = lines_open_map(s, e);

	return r < 0 ? r : open_events(s, e);
}

static void done(struct source *s)
{
	s->in = follow_free(s->in);
}

static int restore(struct source *s, struct span line, struct err *e)
{
	return follow_restore(s->in, line, e);
}

static bool poll_files(struct source *s, int64_t settled_s)
{
	(void)settled_s; /* a line is whole when its end is there */
	follow_poll(s->in);
	return false;
}

#define BEGINNING                                                                                  \
	1024u /* bytes of a block that are looked at, since the file's head may not be known yet */

/* Is the block of a log that clients can write lines into? Then what is found in it is weak. */
static bool is_open(const struct source *s, struct span block)
{
	if (span_len(block) > BEGINNING)
		block.end = block.p + BEGINNING;
	return recognise_open(follow_head(s->in)) || recognise_open(block);
}

static int pump(struct source *s, struct err *e)
{
	struct block b;

	if (!follow_next(s->in, &b))
		return 0;
	if (s->scan) {
		s->open = is_open(s, b.text);
		scan_weak(s->scan, s->open);
	}
	return lines_take(s, &b, e);
}

static void take(struct source *s, uint64_t lines)
{
	follow_take(s->in, lines);
}

static void positions(struct source *s, struct buf *out)
{
	follow_positions(s->in, out);
}

static const char *trouble(struct source *s)
{
	return follow_trouble(s->in);
}

static const char *where(const struct source *s)
{
	return follow_path(s->in);
}

static void count(const struct source *s, struct source_counts *to)
{
	struct follow_counts n = follow_counts(s->in);

	to->begun += n.begun;
	to->files += n.streams;
	to->truncated += n.truncated;
	to->lost += n.lost;
	to->unfollowed += n.refused;
}

#define FOLLOWS                                                                                    \
	.done = done, .restore = restore, .poll = poll_files, .pump = pump, .take = take,          \
	.positions = positions, .trouble = trouble, .where = where, .count = count

const struct source_kind kind_log = { .type = "log", .again = true, .open = open_log, FOLLOWS };
const struct source_kind kind_json = { .type = "json", .again = true, .open = open_json, FOLLOWS };
const struct source_kind kind_events = { .type = "events", .open = open_events, FOLLOWS };
