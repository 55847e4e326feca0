/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kind of source that reads mails that nobody wanted (a spam trap's, what users reported) out of a maildir, each
 * once (told.h): the relay that handed one over is an event (doc/mail.md). Of a mail its header is looked at, as bytes
 * (intake/received.h); nothing is decoded. */
#include <errno.h>

#include "intake/received.h"
#include "prog/collect/told.h"

#define MARK "#mail "

struct mail {
	struct told told;
	struct addrset trusted;
	enum category category;
	uint64_t number, refused;
	struct buf line;
	char header[RECEIVED_HEADER_MAX + 1]; /* so that a longer one is seen to be one */
};

static int open_mail(struct source *s, struct err *e)
{
	struct mail *in = calloc(1, sizeof(*in));
	int r;

	if (!in)
		abort();
	s->in = in;
	buf_init(&in->line, EVENT_LINE_MAX);
	r = told_init(s, MARK, e);
	if (r < 0)
		return r;
	r = told_trust(s, &in->trusted, e);
	if (r == 0 && category_parse(span_str(s->conf->category), &in->category) < 0)
		r = err_set(e, -EINVAL, "no category \"%s\"", s->conf->category);
	return r < 0 ? err_wrap(e, r, "source %s", s->conf->name) : 0;
}

static void done(struct source *s)
{
	struct mail *in = s->in;

	told_done(&in->told);
	addrset_done(&in->trusted);
	buf_done(&in->line);
	free(in);
	s->in = NULL;
}

/* --- a message ------------------------------------------------------------------------------------------------ */

static int take_relay(struct source *s, const struct relay *r, int64_t stored_s, struct err *e)
{
	struct mail *in = s->in;
	struct event ev = { .category = in->category, .source = span_str(s->conf->name) };
	struct block b = { .first_number = in->number };
	int code;

	received_event(r, stored_s, clock_now_s(&s->to->clock), &ev);
	buf_reset(&in->line);
	event_format(&ev, &in->line);
	b.text = buf_text(&in->line);
	code = told_lines(s, &b, e);
	if (code != 1)
		in->number--; /* it comes again */
	return code;
}

/* What has no relay goes where somebody can look at it, unless it came from within. */
static int take_none(struct source *s, const struct relay *r)
{
	struct mail *in = s->in;
	bool fine = r->state == RELAY_INSIDE || r->state == RELAY_NO_LINES;

	if (!fine) {
		in->refused++;
		lines_refused(s, in->number, "no relay can be told: onus relay shows why", 1);
	}
	told_put(&in->told, fine ? MAILDIR_DONE : MAILDIR_BAD);
	return 1;
}

static int pump(struct source *s, struct err *e)
{
	struct mail *in = s->in;
	const struct maildir_message *m = told_in_hand(&in->told);
	struct relay relay;
	int64_t stored_s = 0;
	ssize_t n;

	if (!m)
		return 0;
	n = maildir_read(&in->told.dir, m, in->header, RECEIVED_HEADER_MAX, &stored_s);
	if (n == -ENOENT) { /* moved meanwhile: it is found again where it is now */
		told_leave(&in->told);
		return 1;
	}
	in->number++;
	if (n < 0) {
		in->refused++;
		lines_refused(s, in->number, strerror((int)-n), 1);
		told_put(&in->told, MAILDIR_BAD);
		return 1;
	}
	relay = received_relay(
	    span_of(in->header, MIN_OF((size_t)n, sizeof(in->header))), &in->trusted);
	return relay.state == RELAY_FOUND ? take_relay(s, &relay, stored_s, e)
					  : take_none(s, &relay);
}

/* --- the kind --------------------------------------------------------------------------------------------------- */

static bool poll_mail(struct source *s, int64_t settled_s)
{
	struct mail *in = s->in;

	in->refused += told_look(s, settled_s);
	return told_in_hand(&in->told) != NULL;
}

static void count(const struct source *s, struct source_counts *to)
{
	const struct mail *in = s->in;

	to->mails += in->number;
	to->mails_refused += in->refused;
}

const struct source_kind kind_mail = { .type = "mail",
	.whole = true,
	.open = open_mail,
	.start = told_start,
	.done = done,
	.restore = told_restore,
	.poll = poll_mail,
	.pump = pump,
	.take = told_take,
	.positions = told_positions,
	.durable = told_durable,
	.trouble = told_say,
	.where = told_where,
	.count = count };
