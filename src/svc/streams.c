/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "svc/streams.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/un.h>

#include "util/clock.h"
#include "util/log.h"

#define EVENTS	  1024
#define LOOK_MS	  500	    /* between two looks at who is silent, and at the clock */
#define SAY_US	  10000000  /* what is malformed is told of so often */
#define STUCK_US  120000000 /* who sends half a request, or reads no answer, is not about to go on */
#define OUT_BYTES 32768u    /* at least, of answers that are sent together */
#define ACCEPTS	  64u	    /* at once: who has come is answered, however many come */
#define SPARE_FDS 64u	    /* of files beside connections */

/* struct conn - one connection; on the list of all by when it was last heard of */
struct conn {
	_Alignas(max_align_t) int fd; /* so what is behind it is aligned as well */
	bool blocked;		      /* what it was told it has not read yet */
	int64_t heard_us;
	struct conn *older, *newer;
	char *in, *out; /* owned: what is no whole request yet, what is not sent yet */
	size_t in_len, out_len;
	void *own; /* behind it, in the same memory */
};

struct place {
	struct listen_at at;
	int fd;
};

struct streams {
	struct streams_def def;
	_Atomic uint32_t limit;
	struct place place[STREAMS_PLACES_MAX];
	unsigned n_places;
	int epoll, stop, spare; /* spare: given up to tell a client that there are no more files */
	pthread_t thread;
	bool started;
	pthread_mutex_t lock; /* over told */
	struct streams_figures told;

	/* of the thread alone */
	struct streams_figures n;
	struct streams_now now;
	struct conn ends; /* newer: who was silent longest; older: who was heard of last */
	int64_t said_us;
	uint64_t unsaid;
	bool stopping;
	char *work, *out; /* owned */
	size_t work_bytes, out_bytes, out_len;
};

/* --- places --------------------------------------------------------------------------------------------- */

static void put_place(const struct place *p, struct buf *out)
{
	struct sockaddr_storage at = { 0 };
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)&at;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&at;
	socklen_t len = sizeof(at);
	char text[INET6_ADDRSTRLEN];

	if (getsockname(p->fd, (struct sockaddr *)&at, &len) < 0)
		return;
	if (at.ss_family == AF_UNIX)
		buf_fmt(out, "unix-stream:%s", ((const struct sockaddr_un *)&at)->sun_path);
	else if (at.ss_family == AF_INET6)
		buf_fmt(out, "tcp:[%s]:%u", inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof(text)),
		    ntohs(v6->sin6_port));
	else
		buf_fmt(out, "tcp:%s:%u", inet_ntop(AF_INET, &v4->sin_addr, text, sizeof(text)),
		    ntohs(v4->sin_port));
}

void streams_places(const struct streams *s, struct buf *out)
{
	for (unsigned i = 0; i < s->n_places; i++) {
		if (i)
			buf_str(out, ", ");
		put_place(&s->place[i], out);
	}
}

/* --- connections ---------------------------------------------------------------------------------------- */

static void list_out(struct conn *c)
{
	c->older->newer = c->newer;
	c->newer->older = c->older;
}

static void list_newest(struct streams *s, struct conn *c)
{
	c->newer = &s->ends;
	c->older = s->ends.older;
	c->older->newer = c;
	s->ends.older = c;
}

static void heard(struct streams *s, struct conn *c, int64_t now_us)
{
	c->heard_us = now_us;
	list_out(c);
	list_newest(s, c);
}

static void conn_close(struct streams *s, struct conn *c)
{
	if (s->def.end)
		s->def.end(s->def.arg, c->own);
	list_out(c);
	(void)close(c->fd); /* nothing more is to be said on it */
	free(c->in);
	free(c->out);
	free(c);
	s->now.connections--;
}

/* hold - keep what cannot be worked off now */
static void hold(char **to, size_t *to_len, const char *p, size_t n)
{
	char *more = n ? realloc(*to, n) : NULL;

	if (n && !more)
		abort(); /* daemons restart, state is on disk */
	if (!n) {
		free(*to);
		*to = NULL;
	} else {
		memmove(more, p, n);
		*to = more;
	}
	*to_len = n;
}

static void watch(struct streams *s, struct conn *c, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = c };

	if (epoll_ctl(s->epoll, EPOLL_CTL_MOD, c->fd, &ev) < 0)
		abort();
}

/* flush - s->out down the connection, and nothing of it stays for another one; false: it is closed for good */
static bool flush(struct streams *s, struct conn *c)
{
	size_t at = 0, len = s->out_len;

	s->out_len = 0;
	while (at < len) {
		ssize_t n = send(c->fd, s->out + at, len - at, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			return false;
		if (n < 0)
			break;
		at += (size_t)n;
	}
	if (at < len) {
		hold(&c->out, &c->out_len, s->out + at, len - at);
		c->blocked = true;
		watch(s, c, EPOLLOUT);
	}
	return true;
}

/* --- requests ------------------------------------------------------------------------------------------- */

static void say_malformed(struct streams *s, const struct err *e)
{
	s->n.malformed++;
	if (s->said_us && s->now.us - s->said_us < SAY_US) {
		s->unsaid++;
		return;
	}
	log_warn("a request is malformed: %s; the connection is closed without an answer%s",
	    e->text, s->unsaid ? ", and so were others" : "");
	s->said_us = s->now.us;
	s->unsaid = 0;
}

/* work - all whole requests of s->work; false: the connection is to be closed */
static bool work(struct streams *s, struct conn *c, size_t len)
{
	struct span rest = span_of(s->work, len);
	struct err e;
	int r = 1;

	while (!c->blocked && r == 1) {
		size_t n = 0;

		r = s->def.take(s->def.arg, c->own, &s->now, &rest, s->out + s->out_len, &n, &e);
		s->out_len += n;
		if (s->out_len + s->def.answer_max > s->out_bytes && !flush(s, c))
			return false;
	}
	if (r == 0 && !c->blocked && span_len(rest) > s->def.request_max)
		r = err_set(&e, -EBADMSG, "it has %zu bytes, or more", span_len(rest));
	if (!flush(s, c)) /* also what was asked before one that is malformed */
		return false;
	if (r < 0)
		say_malformed(s, &e);
	if (r < 0 || r == STREAMS_CLOSE)
		return false;
	if (!span_empty(rest) || c->in)
		hold(&c->in, &c->in_len, rest.p, span_len(rest));
	return true;
}

/* It reads again. */
static bool unblock(struct streams *s, struct conn *c)
{
	memcpy(s->out, c->out, c->out_len);
	s->out_len = c->out_len;
	hold(&c->out, &c->out_len, NULL, 0);
	c->blocked = false;
	if (!flush(s, c))
		return false;
	if (!c->blocked)
		watch(s, c, EPOLLIN);
	return true;
}

/* on_conn - one read, or one write of what waits; false: the connection is to be closed */
static bool on_conn(struct streams *s, struct conn *c)
{
	size_t len = c->in_len;
	ssize_t n;

	s->now.us = clock_monotonic_us();
	heard(s, c, s->now.us);
	if (len)
		memcpy(s->work, c->in, len);
	if (c->blocked) {
		if (!unblock(s, c))
			return false;
		return c->blocked || work(s, c, len);
	}
	n = recv(c->fd, s->work + len, s->work_bytes - len, 0);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	return n > 0 && work(s, c, len + (size_t)n);
}

/* --- the loop ------------------------------------------------------------------------------------------- */

static bool has_unread(const struct conn *c)
{
	char one;

	return recv(c->fd, &one, 1, MSG_PEEK) > 0;
}

/* What is asked is answered before anybody has to go. */
static bool may_go(const struct streams *s, const struct conn *c)
{
	if (s->def.busy && s->def.busy(c->own))
		return false;
	if (c->in || c->blocked)
		return s->now.us - c->heard_us > STUCK_US;
	return !has_unread(c);
}

/* Room for one more; false: there is none. */
static bool make_room(struct streams *s)
{
	struct conn *c = s->ends.newer;

	while (c != &s->ends && !may_go(s, c))
		c = c->newer;
	if (c == &s->ends)
		return false;
	s->n.closed_full++;
	conn_close(s, c);
	return true;
}

static void refuse(struct streams *s, int fd)
{
	s->n.closed_full++;
	(void)close(fd); /* nothing was said on it */
}

/* Answers leave at once, and whoever vanished without a word is missed within minutes. Of a unix socket it means nothing. */
static void tcp_ways(int fd)
{
	static const struct {
		int level, name, value;
	} way[] = {
		{ IPPROTO_TCP, TCP_NODELAY, 1 },
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, 60 },
		{ IPPROTO_TCP, TCP_KEEPINTVL, 30 },
		{ IPPROTO_TCP, TCP_KEEPCNT, 4 },
	};

	for (unsigned i = 0; i < NELEM(way); i++)
		(void)setsockopt(
		    fd, way[i].level, way[i].name, &way[i].value, sizeof(way[i].value));
}

static void add(struct streams *s, int fd)
{
	struct conn *c;
	struct epoll_event ev = { .events = EPOLLIN };

	while (s->now.connections && s->now.connections >= s->limit)
		if (!make_room(s)) {
			refuse(s, fd);
			return;
		}
	c = calloc(1, sizeof(*c) + s->def.own_bytes);
	if (!c)
		abort();
	ev.data.ptr = c;
	if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &ev) < 0) {
		free(c);
		refuse(s, fd);
		return;
	}
	tcp_ways(fd);
	c->fd = fd;
	c->own = c + 1;
	c->heard_us = s->now.us;
	list_newest(s, c);
	s->now.connections++;
	s->n.accepted++;
	if (s->def.begin)
		s->def.begin(s->def.arg, c->own, &s->now);
}

/* It would be waited for in vain, and at full speed, if it stayed where it is. */
static void refuse_next(struct streams *s, const struct place *p)
{
	int fd;

	close_fdp(&s->spare);
	fd = accept4(p->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0)
		refuse(s, fd);
	s->spare = fcntl(s->stop, F_DUPFD_CLOEXEC, 0);
}

static void on_place(struct streams *s, const struct place *p)
{
	int fd;

	s->now.us = clock_monotonic_us();
	for (unsigned i = 0; i < ACCEPTS; i++) { /* the next ones at the next turn */
		fd = accept4(p->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			add(s, fd);
		} else if (errno == EMFILE || errno == ENFILE) {
			if (!make_room(s)) /* never, but where others took them */
				refuse_next(s, p);
			return;
		} else if (errno != EINTR && errno != ECONNABORTED) {
			return;
		}
	}
}

static void close_silent(struct streams *s, int64_t now_us)
{
	int64_t before_us = now_us - (int64_t)s->def.idle_s * 1000000;

	while (s->ends.newer != &s->ends && s->ends.newer->heard_us < before_us) {
		s->n.closed_idle++;
		conn_close(s, s->ends.newer);
	}
}

static void tell(struct streams *s)
{
	s->n.connections = s->now.connections;
	(void)pthread_mutex_lock(&s->lock); /* cannot fail: it is ours, and initialised */
	s->told = s->n;
	(void)pthread_mutex_unlock(&s->lock);
}

static bool is_place(const struct streams *s, const void *what)
{
	const struct place *p = what;

	return p >= s->place && p < s->place + s->n_places;
}

/* New ones come last: one of these may close another, of which no event may be left then. */
static void round_of(struct streams *s, const struct epoll_event *ev, int n)
{
	for (int i = 0; i < n; i++) {
		if (is_place(s, ev[i].data.ptr))
			continue;
		if (ev[i].data.ptr == s)
			s->stopping = true;
		else if (!on_conn(s, ev[i].data.ptr))
			conn_close(s, ev[i].data.ptr);
	}
	for (int i = 0; i < n; i++)
		if (is_place(s, ev[i].data.ptr))
			on_place(s, ev[i].data.ptr);
}

/* What is found after a wait came while it lasted; if it lasted much longer than asked for, or the round before did,
 * nobody knows when. */
static int64_t seen_since(int64_t before_us, int64_t asked_us, int64_t now_us, int64_t late_us)
{
	if (asked_us - before_us > late_us)
		return before_us;
	return now_us - asked_us > LOOK_MS * 1000 + late_us ? asked_us : now_us;
}

static void *serve(void *arg)
{
	struct streams *s = arg;
	struct clock clock = clock_system();
	struct epoll_event ev[EVENTS];
	int64_t now_us = clock_monotonic_us(), asked_us;

	while (!s->stopping) {
		int n;

		asked_us = clock_monotonic_us();
		do
			n = epoll_wait(s->epoll, ev, EVENTS, LOOK_MS);
		while (n < 0 && errno == EINTR); /* it was stopped, and goes on */
		s->now.seen_us = seen_since(now_us, asked_us, clock_monotonic_us(), s->def.late_us);
		now_us = clock_monotonic_us();
		s->now.s = clock_now_s(&clock);
		if (n > 0)
			round_of(s, ev, n);
		close_silent(s, now_us);
		if (s->def.rest)
			s->def.rest(s->def.arg);
		tell(s);
	}
	return NULL;
}

/* --- beginning and end ---------------------------------------------------------------------------------- */

int streams_room(uint32_t limit, uintmax_t *files)
{
	rlim_t want = (rlim_t)limit + STREAMS_PLACES_MAX + SPARE_FDS;
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) < 0)
		return 0; /* it cannot fail with these */
	*files = l.rlim_max;
	if (l.rlim_cur >= want)
		return 0;
	l.rlim_cur = MIN_OF(want, l.rlim_max);
	if (setrlimit(RLIMIT_NOFILE, &l) < 0 || l.rlim_cur < want)
		return -ENFILE;
	return 0;
}

static int add_fd(struct streams *s, int fd, void *what)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = what };

	return epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &ev) < 0 ? -errno : 0;
}

static int start(struct streams *s, struct err *e)
{
	int r;

	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	s->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->stop >= 0)
		s->spare = fcntl(s->stop, F_DUPFD_CLOEXEC, 0);
	if (s->epoll < 0 || s->spare < 0 || add_fd(s, s->stop, s) < 0)
		return err_set(e, -errno, "cannot wait for connections: %s", strerror(errno));
	for (unsigned i = 0; i < s->n_places; i++) {
		r = listen_open(&s->place[i].at, &s->place[i].fd, e);
		if (r < 0)
			return err_wrap(e, r, "place %u", i + 1);
		r = add_fd(s, s->place[i].fd, &s->place[i]);
		if (r < 0)
			return err_set(e, r, "cannot wait for connections: %s", strerror(-r));
	}
	r = pthread_create(&s->thread, NULL, serve, s);
	s->started = r == 0;
	return r ? err_set(e, -r, "cannot start a thread: %s", strerror(r)) : 0;
}

int streams_new(const struct streams_def *def, const struct listen_at *at, unsigned n_at,
    struct streams **ret, struct err *e)
{
	struct streams *s = calloc(1, sizeof(*s));
	int r;

	assert(n_at && n_at <= STREAMS_PLACES_MAX);
	if (!s || pthread_mutex_init(&s->lock, NULL) != 0)
		abort();
	s->def = *def;
	s->limit = def->limit;
	s->epoll = s->stop = s->spare = -1;
	s->ends.newer = s->ends.older = &s->ends;
	for (s->n_places = 0; s->n_places < n_at; s->n_places++)
		s->place[s->n_places] = (struct place){ .at = at[s->n_places], .fd = -1 };
	s->work_bytes = 2 * def->request_max; /* what is held, and as much that comes */
	s->out_bytes = MAX_OF(2 * def->answer_max, (size_t)OUT_BYTES);
	s->work = malloc(s->work_bytes);
	s->out = malloc(s->out_bytes);
	if (!s->work || !s->out)
		abort();
	r = start(s, e);
	if (r < 0) {
		(void)streams_free(s);
		return r;
	}
	*ret = s;
	return 0;
}

static void stop_thread(struct streams *s)
{
	uint64_t one = 1;
	ssize_t n;

	if (!s->started)
		return;
	n = write(s->stop, &one, sizeof(one));
	assert(n == (ssize_t)sizeof(one)); /* a counter that is 0 takes it */
	(void)n;
	(void)pthread_join(s->thread, NULL); /* it is ours, and ends */
}

struct streams *streams_free(struct streams *s)
{
	if (!s)
		return NULL;
	stop_thread(s);
	while (s->ends.newer != &s->ends)
		conn_close(s, s->ends.newer);
	for (unsigned i = 0; i < s->n_places; i++)
		close_fdp(&s->place[i].fd);
	close_fdp(&s->stop);
	close_fdp(&s->spare);
	close_fdp(&s->epoll);
	(void)pthread_mutex_destroy(&s->lock);
	free(s->work);
	free(s->out);
	free(s);
	return NULL;
}

void streams_limit(struct streams *s, uint32_t limit)
{
	s->limit = limit;
}

void streams_figures(struct streams *s, struct streams_figures *ret)
{
	(void)pthread_mutex_lock(&s->lock); /* cannot fail: it is ours, and initialised */
	*ret = s->told;
	(void)pthread_mutex_unlock(&s->lock);
}
