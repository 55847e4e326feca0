/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kind of source that reads abuse reports out of a maildir (doc/reports.md). A message's events go into one batch,
 * together with its name as a position; once that batch is durable the message is moved to done/, and the name leaves
 * the positions. Killed in between, one finds the name in the newest batch, and moves the message without reading it
 * again. A message that says nothing needs no such care: read twice it says nothing twice.
 * What is in a message is read by onus-reports, a process without rights (asked.h). */
#include <errno.h>

#include "intake/report.h"
#include "prog/collect/asked.h"
#include "prog/collect/collect.h"
#include "prog/collect/maildir.h"
#include "svc/program.h"
#include "util/log.h"
#include "util/num.h"

#define TOLD_MAX 200u /* messages of one batch */
#define WAIT_MS	 10   /* for an answer, before others have their turn; most come sooner */
#define TRIES	 2    /* whoever kills the reader the first time may not have been the message */
#define MARK	 "#reports "

struct told {
	char name[MAILDIR_NAME_MAX + 1]; /* up to its ':' */
	bool durable;			 /* a batch in the spool says so: it can be moved */
};

struct reports {
	struct maildir dir;
	struct asked asked;
	char *program;
	char *argv[8];
	struct told *told; /* [TOLD_MAX] */
	unsigned n_told;
	unsigned tries; /* of the message in hand */
	struct err trouble;
	bool troubled;
	uint64_t died, refused;
	uint64_t number; /* of messages so far, for the log */
};

static void told_trouble(struct reports *in, const struct err *why)
{
	in->trouble = *why;
	in->troubled = true;
}

/* --- opening ----------------------------------------------------------------------------------------------------- */

static int open_reports(struct source *s, struct err *e)
{
	struct reports *in = calloc(1, sizeof(*in));
	unsigned n = 0;
	int r;

	if (!in || !(in->told = calloc(TOLD_MAX, sizeof(*in->told))))
		abort();
	s->in = in;
	maildir_init(&in->dir);
	asked_init(&in->asked);
	r = maildir_check(s->conf->path, e);
	if (r == 0)
		r = program_find(NULL, "onus-reports", &in->program, e);
	if (r < 0)
		return err_wrap(e, r, "source %s", s->conf->name);
	in->argv[n++] = in->program;
	in->argv[n++] = (char *)(uintptr_t) "--serve";
	in->argv[n++] = (char *)(uintptr_t) "--reporters";
	in->argv[n++] = s->conf->reporters;
	in->argv[n++] = (char *)(uintptr_t) "--authserv";
	in->argv[n++] = s->conf->authserv;
	in->asked.argv = in->argv;
	in->asked.name = s->conf->name;
	in->asked.wake = s->to->wake;
	in->asked.limit_us = (int64_t)s->conf->timeout_s * 1000000;
	return 0;
}

static int start(struct source *s, struct err *e)
{
	struct reports *in = s->in;
	int r = maildir_open(&in->dir, s->conf->path, e);

	return r < 0 ? err_wrap(e, r, "source %s", s->conf->name) : 0;
}

static void done(struct source *s)
{
	struct reports *in = s->in;

	maildir_done(&in->dir);
	asked_done(&in->asked);
	free(in->program);
	free(in->told);
	free(in);
	s->in = NULL;
}

/* --- what is told ------------------------------------------------------------------------------------------------- */

static bool is_told(const void *ctx, const char *name, size_t len)
{
	const struct reports *in = ctx;

	for (unsigned i = 0; i < in->n_told; i++)
		if (strlen(in->told[i].name) == len && memcmp(in->told[i].name, name, len) == 0)
			return true;
	return false;
}

/* Messages whose batch is durable leave; then their names do, once that is on the disk. */
static void move_told(struct reports *in)
{
	unsigned kept = 0;
	struct err why;
	int r = 0;

	for (unsigned i = 0; i < in->n_told && r == 0; i++)
		if (in->told[i].durable)
			r = maildir_move(&in->dir, in->told[i].name, MAILDIR_DONE, &why);
	if (r == 0)
		r = maildir_sync(&in->dir, &why);
	if (r < 0) {
		told_trouble(in, &why);
		return;
	}
	for (unsigned i = 0; i < in->n_told; i++)
		if (!in->told[i].durable)
			in->told[kept++] = in->told[i];
	in->n_told = kept;
}

static bool any_durable(const struct reports *in)
{
	for (unsigned i = 0; i < in->n_told; i++)
		if (in->told[i].durable)
			return true;
	return false;
}

static void positions(struct source *s, struct buf *out)
{
	const struct reports *in = s->in;

	for (unsigned i = 0; i < in->n_told; i++)
		buf_fmt(out, MARK "%s %s\n", s->conf->name, in->told[i].name);
}

static void durable(struct source *s)
{
	struct reports *in = s->in;

	for (unsigned i = 0; i < in->n_told; i++)
		in->told[i].durable = true;
	if (in->n_told)
		move_told(in);
}

static int restore(struct source *s, struct span line, struct err *e)
{
	struct reports *in = s->in;
	struct span rest = line, word;

	if (!span_starts(line, MARK))
		return 0;
	rest.p += strlen(MARK);
	if (!span_cut(&rest, ' ', &word) || !span_is(word, s->conf->name))
		return 0;
	if (span_empty(rest) || span_len(rest) > MAILDIR_NAME_MAX ||
	    memchr(rest.p, '/', span_len(rest)) || memchr(rest.p, '\0', span_len(rest)) ||
	    *rest.p == '.' || in->n_told == TOLD_MAX)
		return err_set(e, -EINVAL, "source %s: cannot go on from \"%.*s\"", s->conf->name,
		    (int)MIN_OF(span_len(line), (size_t)200), line.p);
	(void)snprintf(
	    in->told[in->n_told].name, sizeof(in->told->name), "%.*s", SPAN_ARG(rest)); /* fits */
	in->told[in->n_told++].durable = true;
	return 1;
}

/* --- a message ------------------------------------------------------------------------------------------------------ */

static struct maildir_message *in_hand(struct reports *in)
{
	return in->dir.next < in->dir.n ? &in->dir.queue[in->dir.next] : NULL;
}

static void leave(struct reports *in)
{
	in->dir.next++;
	in->tries = 0;
	asked_next(&in->asked);
}

/* It says nothing, for a reason: it goes to bad/ and is counted. */
static void refuse(struct source *s, const char *why)
{
	struct reports *in = s->in;
	struct err e;

	if (maildir_move(&in->dir, in_hand(in)->name, MAILDIR_BAD, &e) < 0)
		told_trouble(in, &e);
	in->refused++;
	lines_refused(s, in->number, why, 1);
	leave(in);
}

static void ask(struct source *s, const struct maildir_message *m)
{
	struct reports *in = s->in;
	int64_t now_s = clock_now_s(&s->to->clock), time_s = now_s;
	char *room = asked_room(&in->asked, REPORT_BYTES_MAX + 1);
	ssize_t n = maildir_read(&in->dir, m, room, REPORT_BYTES_MAX, &time_s);

	in->number += in->tries == 0;
	if (n == -ENOENT)
		leave(in); /* moved meanwhile: it is found again where it is now */
	else if (n < 0)
		refuse(s, strerror((int)-n));
	else if ((size_t)n > REPORT_BYTES_MAX)
		refuse(s, "larger than a report may be");
	else
		asked_put(&in->asked, (size_t)n, MIN_OF(time_s, now_s));
}

/* Its events into the batch; a report that accuses nobody is done with at once. */
static int take_answer(struct source *s, struct err *e)
{
	struct reports *in = s->in;
	struct block b = { .text = in->asked.lines, .first_number = in->number };
	struct err why;
	int r;

	if (span_empty(b.text)) {
		if (maildir_move(&in->dir, in_hand(in)->name, MAILDIR_DONE, &why) < 0)
			told_trouble(in, &why);
		leave(in);
		return 1;
	}
	if (in->n_told == TOLD_MAX) {
		s->to->moved = true;
		r = collect_flush(s->to, e);
		if (r < 0)
			return r;
		if (in->n_told == TOLD_MAX) /* they cannot be moved, and .trouble says why */
			return 0;
	}
	r = lines_take(s, &b, e);
	if (r >= 0)
		leave(in);
	return r;
}

/* All of a message is taken at once (whole, below). */
static void take(struct source *s, uint64_t lines)
{
	struct reports *in = s->in;
	struct told *t = &in->told[in->n_told++];
	const char *name = in_hand(in)->name;

	(void)lines;
	t->durable = false;
	(void)snprintf(t->name, sizeof(t->name), "%.*s", (int)maildir_key(name), name); /* fits */
}

static void died(struct source *s)
{
	struct reports *in = s->in;
	char why[sizeof(in->asked.why.text)];

	in->died++;
	if (++in->tries < TRIES) {
		asked_next(&in->asked);
		return;
	}
	(void)snprintf(why, sizeof(why), "%s", in->asked.why.text); /* as long */
	refuse(s, why);
}

static int pump(struct source *s, struct err *e)
{
	struct reports *in = s->in;
	const struct maildir_message *m = in_hand(in);

	if (!m || (in->asked.state == ASKED_IDLE && !asked_ready(&in->asked)))
		return 0;
	if (in->asked.state == ASKED_IDLE)
		ask(s, m);
	switch (asked_tend(&in->asked, WAIT_MS)) {
	case ASKED_IDLE:
		return 1;
	case ASKED_BUSY:
		return 0; /* the descriptor wakes us */
	case ASKED_ANSWERED:
		return take_answer(s, e);
	case ASKED_REFUSED:
		refuse(s, in->asked.why.text);
		return 1;
	case ASKED_DIED:
		died(s);
		return 1;
	case ASKED_BROKEN:
		told_trouble(in, &in->asked.why);
		asked_next(&in->asked);
		return 0;
	}
	return 0;
}

/* --- the kind --------------------------------------------------------------------------------------------------------- */

static void tend(struct source *s)
{
	struct reports *in = s->in;

	(void)asked_tend(&in->asked, 0); /* pump sees what came of it */
}

static bool poll_reports(struct source *s, int64_t settled_s)
{
	struct reports *in = s->in;
	int64_t now_s = clock_now_s(&s->to->clock);
	uint64_t refused = 0;
	struct err why;

	if (any_durable(in))
		move_told(in);
	if (in_hand(in))
		return asked_ready(&in->asked); /* --once does not wait for what cannot run */
	maildir_prune(&in->dir, now_s, s->conf->keep_days);
	if (maildir_look(&in->dir, is_told, in, now_s, settled_s, &refused, &why) < 0)
		told_trouble(in, &why);
	if (refused)
		lines_refused(s, 0, "no message, or its name cannot be told of again", refused);
	in->refused += refused;
	return in->dir.n > 0;
}

static const char *where(const struct source *s)
{
	const struct reports *in = s->in;

	return in->dir.next < in->dir.n ? in->dir.queue[in->dir.next].name : s->conf->path;
}

static const char *trouble(struct source *s)
{
	struct reports *in = s->in;

	if (!in->troubled)
		return NULL;
	in->troubled = false;
	return in->trouble.text;
}

static void count(const struct source *s, struct source_counts *to)
{
	const struct reports *in = s->in;

	to->reports += in->number;
	to->reports_refused += in->refused;
	to->reports_died += in->died;
}

const struct source_kind kind_reports = { .type = "reports",
	.whole = true,
	.open = open_reports,
	.start = start,
	.done = done,
	.restore = restore,
	.tend = tend,
	.poll = poll_reports,
	.pump = pump,
	.take = take,
	.positions = positions,
	.durable = durable,
	.trouble = trouble,
	.where = where,
	.count = count };
