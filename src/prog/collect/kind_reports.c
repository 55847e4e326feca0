/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kind of source that reads abuse reports out of a maildir (doc/reports.md), each once (told.h).
 * What is in a message is read by onus-reports, a process without rights (asked.h). Who sent it is found out here, from
 * its header alone (intake/sender.h): that process may be what a message made of it, and then nothing that it says of
 * its sender counts, nor what it says of the message of a sender who is verified, which another process reads. */
#include <errno.h>

#include "intake/report.h"
#include "prog/collect/asked.h"
#include "prog/collect/collect.h"
#include "prog/collect/told.h"
#include "svc/program.h"

#define WAIT_MS 10 /* for an answer, before others have their turn; most come sooner */
#define TRIES	2  /* whoever kills the reader the first time may not have been the message */
#define MARK	"#reports "

struct reports {
	struct told told;
	struct asked asked;
	char *program, *own; /* own: one's own networks and those of trusted, as an argument */
	char *argv[12];
	struct addrset trusted;
	struct sender sender; /* of the message in hand */
	bool strange;	      /* the process that reads has read what nobody one knows sent */
	char apart[CONF_SOURCE_MAX + 1]; /* the source of those */
	unsigned tries;			 /* of the message in hand */
	uint64_t died, refused;
	uint64_t number; /* of messages so far, for the log */
};

/* --- opening ----------------------------------------------------------------------------------------------------- */

static int open_reports(struct source *s, struct err *e)
{
	struct reports *in = calloc(1, sizeof(*in));
	struct addrset hosts = { .v = NULL };
	unsigned n = 0;
	int r;

	if (!in)
		abort();
	s->in = in;
	asked_init(&in->asked);
	r = told_init(s, MARK, e);
	if (r < 0)
		return r;
	r = told_trust(s, &in->trusted, e);
	if (r == 0)
		r = addrset_parse(span_str(s->conf->reporter_hosts), &hosts, e);
	addrset_done(&hosts);
	if (r == 0)
		r = program_find(NULL, "onus-reports", &in->program, e);
	if (r < 0)
		return err_wrap(e, r, "source %s", s->conf->name);
	if (asprintf(&in->own, "%s %s", s->to->conf->own_networks, s->conf->trusted) < 0)
		abort();
	(void)conf_unverified(s->conf, in->apart);
	in->argv[n++] = in->program;
	in->argv[n++] = (char *)(uintptr_t) "--serve";
	in->argv[n++] = (char *)(uintptr_t) "--reporters";
	in->argv[n++] = s->conf->reporters;
	in->argv[n++] = (char *)(uintptr_t) "--authserv";
	in->argv[n++] = s->conf->authserv;
	in->argv[n++] = (char *)(uintptr_t) "--trusted";
	in->argv[n++] = in->own;
	in->argv[n++] = (char *)(uintptr_t) "--reporter-hosts";
	in->argv[n++] = s->conf->reporter_hosts;
	in->asked.argv = in->argv;
	in->asked.name = s->conf->name;
	in->asked.wake = s->to->wake;
	in->asked.limit_us = (int64_t)s->conf->timeout_s * 1000000;
	return 0;
}

static void done(struct source *s)
{
	struct reports *in = s->in;

	told_done(&in->told);
	asked_done(&in->asked);
	addrset_done(&in->trusted);
	free(in->program);
	free(in->own);
	free(in);
	s->in = NULL;
}

/* --- a message ------------------------------------------------------------------------------------------------------ */

/* The next one's turn begins. */
static void turn(struct reports *in)
{
	in->tries = 0;
	asked_next(&in->asked);
}

/* It says nothing, for a reason: it goes to bad/ and is counted. */
static void refuse(struct source *s, const char *why)
{
	struct reports *in = s->in;

	in->refused++;
	lines_refused(s, in->number, why, 1);
	told_put(&in->told, MAILDIR_BAD);
	turn(in);
}

/* Who sent it, and which process reads that. False: of him nothing is taken. */
static bool known(struct source *s, struct span message)
{
	struct reports *in = s->in;
	const struct sender_options o = { .reporters = span_str(s->conf->reporters),
		.authserv = span_str(s->conf->authserv),
		.trusted = &in->trusted };
	bool verified;

	sender_check(message, &o, &in->sender);
	verified = in->sender.state == SENDER_VERIFIED;
	if (!verified && !*in->apart)
		return false;
	if (verified && in->strange)
		asked_renew(&in->asked);
	in->strange = !verified;
	return true;
}

static void ask(struct source *s, const struct maildir_message *m)
{
	struct reports *in = s->in;
	int64_t now_s = clock_now_s(&s->to->clock), time_s = now_s;
	char *room = asked_room(&in->asked, REPORT_BYTES_MAX + 1);
	ssize_t n = maildir_read(&in->told.dir, m, room, REPORT_BYTES_MAX, &time_s);

	in->number += in->tries == 0;
	if (n == -ENOENT) { /* moved meanwhile: it is found again where it is now */
		told_leave(&in->told);
		turn(in);
	} else if (n < 0)
		refuse(s, strerror((int)-n));
	else if ((size_t)n > REPORT_BYTES_MAX)
		refuse(s, "larger than a report may be");
	else if (!known(s, span_of(room, (size_t)n)))
		refuse(s, sender_state_text(in->sender.state));
	else
		asked_put(&in->asked, (size_t)n, MIN_OF(time_s, now_s));
}

/* Each event of the answer: what its reader says of a host, and no more than a report may say. */
static bool vet(struct source *s, struct event *ev, struct err *why)
{
	const struct reports *in = s->in;

	if (!event_is_host(ev))
		return err_set(why, -EINVAL, "a report is about hosts, not networks"), false;
	ev->count = MIN_OF(ev->count, REPORT_COUNT_MAX);
	if (in->sender.state != SENDER_VERIFIED) {
		ev->proof = PROOF_WEAK;
		ev->source = span_str(in->apart);
	}
	return true;
}

/* Its events into the batch; a report that accuses nobody is done with at once. */
static int take_answer(struct source *s, struct err *e)
{
	struct reports *in = s->in;
	struct block b = { .text = in->asked.lines, .first_number = in->number };
	int r;

	if (span_empty(b.text)) {
		told_put(&in->told, MAILDIR_DONE);
		turn(in);
		return 1;
	}
	r = told_lines(s, &b, e);
	if (r == 1)
		turn(in);
	return r;
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
	const struct maildir_message *m = told_in_hand(&in->told);

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
		told_trouble(&in->told, &in->asked.why);
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
	bool asking = told_in_hand(&in->told) != NULL;

	in->refused += told_look(s, settled_s);
	if (asking)
		return asked_ready(&in->asked); /* --once does not wait for what cannot run */
	return told_in_hand(&in->told) != NULL;
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
	.start = told_start,
	.done = done,
	.restore = told_restore,
	.tend = tend,
	.poll = poll_reports,
	.pump = pump,
	.take = told_take,
	.positions = told_positions,
	.durable = told_durable,
	.trouble = told_say,
	.vet = vet,
	.where = told_where,
	.count = count };
