/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "svc/fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "util/clock.h"

#define OUT_MAX ((size_t)FETCH_WAITING_MAX * FETCH_LINE_MAX)

/* What is needed of a request until its answer comes. */
struct waiting {
	uint64_t id, max_bytes;
	char out[FETCH_NAME_MAX + 1];
};

struct fetch {
	pid_t pid;
	int fd; /* a socket: its stdin and stdout */
	int dir;
	bool lost;
	char why[FETCH_ERROR_MAX + 1]; /* it is lost */
	struct buf out, in;	       /* lines on their way */
	size_t taken;		       /* of in */
	struct waiting waiting[FETCH_WAITING_MAX];
	unsigned n_waiting;
};

/* --- the child ---------------------------------------------------------------------------------------- */

/* What the child does between fork and exec. */
static void become(const struct fetch_opts *o, pid_t parent, int fd)
{
	const char *argv[16] = { "onus-fetch", "--dir", o->dir };
	unsigned n = 3;
	sigset_t none;

	if (o->contact && *o->contact) {
		argv[n++] = "--contact";
		argv[n++] = o->contact;
	}
	if (o->ca) {
		argv[n++] = "--ca";
		argv[n++] = o->ca;
	}
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a closed socket tells it too */
	if (getppid() != parent)
		_exit(0);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(fd, STDIN_FILENO) < 0 || dup2(fd, STDOUT_FILENO) < 0)
		_exit(126);
	(void)execv(o->program, (char *const *)(uintptr_t)argv);
	_exit(127);
}

int fetch_start(const struct fetch_opts *o, struct fetch **ret, struct err *e)
{
	struct fetch *f = calloc(1, sizeof(*f));
	int pair[2] = { -1, -1 }, r = 0;
	pid_t parent = getpid();

	if (!f)
		return err_set(e, -ENOMEM, "out of memory");
	buf_init(&f->out, OUT_MAX);
	buf_init(&f->in, (size_t)FETCH_LINE_MAX * 8);
	f->fd = -1;
	f->dir = open(o->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (f->dir < 0)
		r = err_set(e, -errno, "cannot open %s: %s", o->dir, strerror(errno));
	else if (access(o->program, X_OK) < 0)
		r = err_set(e, -errno, "cannot run %s: %s", o->program, strerror(errno));
	else if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		r = err_set(e, -errno, "socketpair: %s", strerror(errno));
	else if ((f->pid = fork()) < 0)
		r = err_set(e, -errno, "cannot start %s: %s", o->program, strerror(errno));
	else if (f->pid == 0)
		become(o, parent, pair[1]);
	f->fd = pair[0];
	if (pair[1] >= 0)
		(void)close(pair[1]); /* the child's, which has it */
	if (r < 0) {
		f = fetch_stop(f);
		return r;
	}
	*ret = f;
	return 0;
}

struct fetch *fetch_stop(struct fetch *f)
{
	if (!f)
		return NULL;
	if (f->fd >= 0)
		(void)close(f->fd); /* what was not sent is not wanted */
	if (f->dir >= 0)
		(void)close(f->dir); /* read only */
	if (f->pid > 0) {
		(void)kill(f->pid,
		    SIGKILL); /* our child, not yet waited for; it leaves nothing half under its name */
		while (waitpid(f->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	buf_done(&f->out);
	buf_done(&f->in);
	free(f);
	return NULL;
}

static void lose(struct fetch *f, const char *why)
{
	if (!f->lost)
		(void)snprintf(f->why, sizeof(f->why), "%s", why); /* cut */
	f->lost = true;
}

/* --- asking ------------------------------------------------------------------------------------------- */

static void flush(struct fetch *f)
{
	size_t done = 0;

	while (!f->lost && done < f->out.len) {
		ssize_t n =
		    send(f->fd, f->out.p + done, f->out.len - done, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			lose(f, "onus-fetch has ended");
		if (n < 0)
			break;
		done += (size_t)n;
	}
	if (done == 0)
		return;
	memmove(f->out.p, f->out.p + done, f->out.len - done);
	f->out.len -= done;
}

/* A request must be one that the child takes: it is read back. */
static int check(
    const struct fetch_request *q, struct buf *line, struct fetch_request *whole, struct err *e)
{
	int r;

	fetch_request_put(q, line);
	if (!buf_ok(line))
		return err_set(e, -EINVAL, "a request longer than %u bytes", FETCH_LINE_MAX);
	r = fetch_request_parse(span_of(line->p, line->len - 1), whole, e);
	return r < 0 ? err_wrap(e, r, "cannot fetch %.200s", q->url) : 0;
}

int fetch_ask(struct fetch *f, const struct fetch_request *q, struct err *e)
{
	CLEANUP(buf_done) struct buf line;
	struct fetch_request whole;
	struct waiting *w;
	int r;

	buf_init(&line, FETCH_LINE_MAX);
	r = check(q, &line, &whole, e);
	if (r < 0)
		return r;
	if (f->lost)
		return err_set(e, -EPIPE, "%s", f->why);
	if (f->n_waiting == FETCH_WAITING_MAX)
		return err_set(e, -EAGAIN, "%u requests are waited for already", FETCH_WAITING_MAX);
	for (w = f->waiting; w < f->waiting + f->n_waiting; w++)
		if (w->id == q->id || strcmp(w->out, q->out) == 0)
			return err_set(e, -EINVAL, "request %llu, %s: waited for already",
			    (unsigned long long)q->id, q->out);
	buf_span(&f->out, buf_text(&line));
	if (!buf_ok(&f->out))
		return err_set(e, -ENOMEM, "out of memory");
	*w = (struct waiting){ .id = whole.id, .max_bytes = whole.max_bytes };
	memcpy(w->out, whole.out, sizeof(w->out));
	f->n_waiting++;
	flush(f);
	return 0;
}

/* --- answers ------------------------------------------------------------------------------------------ */

static bool answer_fail(struct fetch_answer *a, enum fetch_end end, const char *why)
{
	a->end = end;
	a->bytes = 0;
	(void)snprintf(a->error, sizeof(a->error), "%s", why); /* cut */
	return true;
}

/* The child is not believed: is the file what it says, and what may be there? */
static void check_body(const struct fetch *f, const struct waiting *w, struct fetch_answer *a)
{
	struct stat st;

	if (a->end != FETCH_OK || a->status != 200)
		return;
	if (fstatat(f->dir, w->out, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode) ||
	    (uint64_t)st.st_size != a->bytes)
		(void)answer_fail(a, FETCH_DISK, "the file is not what onus-fetch said");
	else if (a->bytes > w->max_bytes)
		(void)answer_fail(a, FETCH_TOO_BIG, "larger than was asked for");
}

/* An answer belongs to a request, and is told once. */
static bool settle(struct fetch *f, struct fetch_answer *a)
{
	for (unsigned i = 0; i < f->n_waiting; i++) {
		if (f->waiting[i].id != a->id)
			continue;
		check_body(f, &f->waiting[i], a);
		f->waiting[i] = f->waiting[--f->n_waiting];
		return true;
	}
	lose(f, "onus-fetch answered what nobody asked");
	return false;
}

/* One line of what has come, if there is one. */
static bool next_line(struct fetch *f, struct fetch_answer *ret)
{
	struct span rest = { f->in.p + f->taken, f->in.p + f->in.len }, line;
	struct err why;

	if (f->lost || span_empty(rest) || !span_cut(&rest, '\n', &line))
		return false;
	f->taken = (size_t)(rest.p - f->in.p);
	if (fetch_answer_parse(line, ret, &why) < 0) {
		lose(f, "onus-fetch said what is no answer");
		return false;
	}
	return settle(f, ret);
}

static bool next_lost(struct fetch *f, struct fetch_answer *ret)
{
	if (!f->lost || f->n_waiting == 0)
		return false;
	*ret = (struct fetch_answer){ .id = f->waiting[--f->n_waiting].id };
	return answer_fail(ret, FETCH_LOST, f->why);
}

static void receive(struct fetch *f)
{
	char *room;
	ssize_t n;

	if (f->taken && f->in.p) {
		memmove(f->in.p, f->in.p + f->taken, f->in.len - f->taken);
		f->in.len -= f->taken;
		f->taken = 0;
	}
	room = f->in.len < f->in.max
		   ? buf_room(&f->in, MIN_OF((size_t)FETCH_LINE_MAX, f->in.max - f->in.len))
		   : NULL;
	if (!room) {
		lose(f, "onus-fetch said a line without end");
		return;
	}
	n = recv(f->fd, room, MIN_OF((size_t)FETCH_LINE_MAX, f->in.max - f->in.len), MSG_DONTWAIT);
	if (n > 0)
		buf_grew(&f->in, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		lose(f, "onus-fetch has ended");
}

int fetch_wait(struct fetch *f, int wait_ms, struct fetch_answer *ret, struct err *e)
{
	int64_t until_us = clock_monotonic_us() + (int64_t)wait_ms * 1000, left_ms = -1;

	while (f->n_waiting) {
		struct pollfd p = { .fd = f->fd, .events = POLLIN };

		if (next_line(f, ret) || next_lost(f, ret))
			return 1;
		flush(f);
		if (f->out.len)
			p.events |= POLLOUT;
		if (wait_ms >= 0)
			left_ms = MAX_OF((until_us - clock_monotonic_us() + 999) / 1000, 0);
		if (f->lost)
			continue;
		if (poll(&p, 1, (int)left_ms) < 0 && errno != EINTR)
			return err_set(e, -errno, "poll: %s", strerror(errno));
		if (p.revents & (POLLIN | POLLHUP | POLLERR))
			receive(f);
		else if (left_ms == 0)
			return 0;
	}
	return 0;
}

unsigned fetch_waiting(const struct fetch *f)
{
	return f->n_waiting;
}

bool fetch_lost(const struct fetch *f)
{
	return f->lost;
}

int fetch_fd(const struct fetch *f)
{
	return f->fd;
}
