/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/collect/asked.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "intake/report.h"
#include "util/clock.h"
#include "util/log.h"

#define HEAD_ROOM 48u /* "LENGTH TIME\n", right before the message */
#define END	  "#end"
#define REFUSED	  "#refused "

void asked_init(struct asked *a)
{
	*a = (struct asked){ .wake = -1 };
	buf_init(&a->sends, HEAD_ROOM + REPORT_BYTES_MAX + 1);
	buf_init(&a->hears, ASKED_ANSWER_MAX);
}

/* --- its life ------------------------------------------------------------------------------------------------- */

static int start(struct asked *a)
{
	static char lang[] = "LANG=C.UTF-8";
	static char *const env[] = { lang, NULL };
	struct child_how how = { .env = env, .dir = "/", .group = true };
	struct epoll_event ev = { .events = EPOLLIN };
	int r = child_start_as(a->argv, &how, &a->child, &a->why);

	if (r < 0)
		return r;
	a->running = true;
	a->n = 0;
	if (fcntl(a->child.out, F_SETFL, O_NONBLOCK) < 0 ||
	    epoll_ctl(a->wake, EPOLL_CTL_ADD, a->child.out, &ev) < 0)
		return err_set(&a->why, -errno, "it cannot be listened to: %s", strerror(errno));
	return 0;
}

/* What it complained of is logged, a line of it. */
static void stop(struct asked *a, struct child_end *end)
{
	struct span said, line;

	(void)kill(-a->child.pid, SIGKILL); /* it may have gone by itself */
	child_end(&a->child, end);
	a->running = false;
	span_tame(end->said, end->said_len);
	said = span_of(end->said, end->said_len);
	(void)span_cut(&said, '\n', &line);
	if (!span_empty(line))
		log_warn("source=%s onus-reports says: %.*s", a->name, SPAN_ARG(line));
}

void asked_done(struct asked *a)
{
	struct child_end end;

	if (a->running)
		stop(a, &end);
	buf_done(&a->sends);
	buf_done(&a->hears);
}

/* --- a question -------------------------------------------------------------------------------------------------- */

bool asked_ready(const struct asked *a)
{
	return !a->broken_us ||
	       clock_monotonic_us() - a->broken_us > ASKED_WAIT_S * INT64_C(1000000);
}

char *asked_room(struct asked *a, size_t n)
{
	char *room;

	buf_reset(&a->sends);
	room = buf_room(&a->sends, HEAD_ROOM + n);
	if (!room)
		abort(); /* out of memory: the message is still where it was */
	return room + HEAD_ROOM;
}

void asked_put(struct asked *a, size_t n, int64_t time_s)
{
	char head[HEAD_ROOM];
	int len = snprintf(
	    head, sizeof(head), "%zu %jd\n", n, (intmax_t)time_s); /* fits: 20 digits each */

	a->sent = HEAD_ROOM - (size_t)len;
	memcpy(a->sends.p + a->sent, head, (size_t)len);
	buf_grew(&a->sends, HEAD_ROOM + n);
	buf_reset(&a->hears);
	a->asked_us = clock_monotonic_us();
	a->state = ASKED_BUSY;
	if (a->n >= ASKED_MESSAGES)
		asked_renew(a);
	if (!a->running && start(a) < 0) {
		a->broken_us = clock_monotonic_us();
		a->state = ASKED_BROKEN;
	}
	a->n++;
}

void asked_renew(struct asked *a)
{
	struct child_end end;

	if (a->running)
		stop(a, &end);
}

void asked_next(struct asked *a)
{
	a->state = ASKED_IDLE;
}

/* --- its answer --------------------------------------------------------------------------------------------------- */

/* The answer is whole when its last line is one of the two that end it; nothing stands behind that. */
static bool ended(struct asked *a)
{
	struct span all = buf_text(&a->hears), last;
	const char *p;

	if (!a->hears.len || all.end[-1] != '\n')
		return false;
	p = a->hears.len > 1 ? memrchr(all.p, '\n', a->hears.len - 1) : NULL;
	last = (struct span){ p ? p + 1 : all.p, all.end - 1 };
	a->lines = (struct span){ all.p, last.p };
	if (span_is(last, END)) {
		a->state = ASKED_ANSWERED;
	} else if (span_starts(last, REFUSED)) {
		last.p += strlen(REFUSED);
		(void)err_set(&a->why, 0, "%.*s", (int)MIN_OF(span_len(last), (size_t)300), last.p);
		a->state = ASKED_REFUSED;
	}
	return a->state != ASKED_BUSY;
}

/* Whose fault it is that it has gone: by a signal the message's; else it could not even begin. */
static void gone(struct asked *a, const char *why)
{
	struct child_end end;

	stop(a, &end);
	a->state = ASKED_DIED;
	if (why)
		(void)err_set(&a->why, 0, "%s", why);
	else if (end.signalled)
		(void)err_set(&a->why, 0, "its reader died of signal %d", end.status);
	else if (end.status == 0)
		(void)err_set(&a->why, 0, "its reader ended without an answer");
	else {
		(void)err_set(&a->why, 0, "onus-reports ended with exit code %d", end.status);
		a->state = ASKED_BROKEN;
		a->broken_us = clock_monotonic_us();
	}
}

static bool send_some(struct asked *a)
{
	ssize_t n = send(
	    a->child.in, a->sends.p + a->sent, a->sends.len - a->sent, MSG_NOSIGNAL | MSG_DONTWAIT);

	a->sent += n > 0 ? (size_t)n : 0;
	return n > 0;
}

/* 1: something came; 0: nothing now; -1: it has closed. */
static int hear_some(struct asked *a)
{
	char room[16384];
	ssize_t n = read(a->child.out, room, sizeof(room));

	if (n > 0)
		buf_put(&a->hears, room, (size_t)n);
	return n > 0 ? 1 : n == 0 || (errno != EAGAIN && errno != EINTR) ? -1 : 0;
}

enum asked_state asked_tend(struct asked *a, int wait_ms)
{
	bool waited = wait_ms == 0;

	while (a->state == ASKED_BUSY) {
		bool sending = a->sent < a->sends.len;
		struct pollfd fds[] = { { .fd = a->child.out, .events = POLLIN },
			{ .fd = sending ? a->child.in : -1, .events = POLLOUT } };
		bool sent = sending && send_some(a);
		int heard = hear_some(a);

		if (!buf_ok(&a->hears))
			gone(a, "its reader says more than there is room for");
		else if (ended(a))
			break;
		else if (heard < 0)
			gone(a, NULL);
		else if (clock_monotonic_us() - a->asked_us > a->limit_us)
			gone(a, "it took longer than timeout_s");
		else if (heard == 0 && !sent && waited)
			break;
		else if (heard == 0 && !sent)
			waited = poll(fds, NELEM(fds), wait_ms) <= 0;
	}
	return a->state;
}
