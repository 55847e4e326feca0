/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/policy/server.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "svc/listen.h"
#include "util/clock.h"
#include "util/log.h"

#define LISTEN_MAX 8u
#define EVENTS	   1024
#define LOOK_MS	   500 /* between two looks at who is silent, and at the clock */
#define WORK_BYTES (2u * REQUEST_BYTES_MAX)
#define SAY_US	   10000000 /* what is malformed is told of so often */
#define SPARE_FDS  64u

/* struct conn - one connection; on the list of all by when it was last heard of */
struct conn {
	int fd;
	bool over;    /* one too many: its requests are not judged */
	bool blocked; /* what it was told it has not read yet */
	uint64_t prepended;
	int64_t heard_us;
	struct conn *older, *newer;
	char *in, *out; /* owned: what is no whole request yet, what is not sent yet */
	size_t in_len, out_len;
};

struct place {
	struct listen_at at;
	int fd;
};

struct server {
	struct server_conf conf;
	struct place place[LISTEN_MAX];
	unsigned n_places;
	int epoll, stop;
	pthread_t thread;
	bool started;
	pthread_mutex_t lock; /* over told */
	struct server_figures told, n;

	/* of the thread alone */
	struct conn ends; /* newer: who was silent longest; older: who was heard of last */
	uint32_t n_conns, limit;
	struct edition *ed; /* of this round; NULL: not taken yet, or none */
	bool has_ed;
	int64_t now_s, seen_us; /* of this round: what waits does so since then */
	int64_t said_us;
	uint64_t unsaid;
	bool stopping;
	char work[WORK_BYTES], out[WORK_BYTES];
	size_t out_len;
};

/* --- places --------------------------------------------------------------------------------------------- */

static int parse_places(const char *text, struct place v[LISTEN_MAX], unsigned *n, struct err *e)
{
	struct span rest = span_str(text), word;
	char one[256];

	*n = 0;
	while (!span_empty(rest)) {
		(void)span_cut(&rest, ',', &word); /* the last one has none behind it */
		word = span_trim(word);
		if (*n == LISTEN_MAX || span_len(word) >= sizeof(one))
			return err_set(e, -EINVAL, "policy_listen: %u places at most", LISTEN_MAX);
		memcpy(one, word.p, span_len(word));
		one[span_len(word)] = '\0';
		if (listen_parse(one, &v[*n].at, e) < 0 || !listen_streams(&v[*n].at))
			return err_set(e, -EINVAL,
			    "policy_listen = %s: give tcp:ADDRESS:PORT or unix-stream:/PATH, as in "
			    "tcp:127.0.0.1:10031",
			    one);
		v[(*n)++].fd = -1;
	}
	return *n ? 0
		  : err_set(e, -EINVAL, "policy_listen is empty: onus-policy has nothing to do");
}

int server_check(const char *listen, struct err *e)
{
	struct place v[LISTEN_MAX];
	unsigned n;

	return parse_places(listen, v, &n, e);
}

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

void server_places(const struct server *s, struct buf *out)
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

static void list_newest(struct server *s, struct conn *c)
{
	c->newer = &s->ends;
	c->older = s->ends.older;
	c->older->newer = c;
	s->ends.older = c;
}

static void heard(struct server *s, struct conn *c, int64_t now_us)
{
	c->heard_us = now_us;
	list_out(c);
	list_newest(s, c);
}

static void conn_close(struct server *s, struct conn *c)
{
	list_out(c);
	(void)close(c->fd); /* nothing more is to be said on it */
	free(c->in);
	free(c->out);
	free(c);
	s->n_conns--;
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

static void watch(struct server *s, struct conn *c, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = c };

	if (epoll_ctl(s->epoll, EPOLL_CTL_MOD, c->fd, &ev) < 0)
		abort();
}

/* flush - s->out down the connection; false: it is closed for good */
static bool flush(struct server *s, struct conn *c)
{
	size_t at = 0;

	while (at < s->out_len) {
		ssize_t n = send(c->fd, s->out + at, s->out_len - at, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN) {
			s->out_len = 0; /* it is all connections' */
			return false;
		}
		if (n < 0)
			break;
		at += (size_t)n;
	}
	if (at < s->out_len) {
		hold(&c->out, &c->out_len, s->out + at, s->out_len - at);
		c->blocked = true;
		watch(s, c, EPOLLOUT);
	}
	s->out_len = 0;
	return true;
}

/* --- requests ------------------------------------------------------------------------------------------- */

static void say_malformed(struct server *s, const struct err *e, int64_t now_us)
{
	s->n.n.malformed++;
	if (s->said_us && now_us - s->said_us < SAY_US) {
		s->unsaid++;
		return;
	}
	log_warn("a request is malformed: %s; the connection is closed without an answer%s",
	    e->text, s->unsaid ? ", and so were others" : "");
	s->said_us = now_us;
	s->unsaid = 0;
}

static const struct edition *edition(struct server *s)
{
	if (!s->has_ed)
		s->ed = follow_take(s->conf.follow);
	s->has_ed = true;
	return s->ed;
}

static bool to_shed(const struct server *s, const struct conn *c, int64_t now_us)
{
	return c->over || now_us - s->seen_us > (int64_t)s->conf.wait_ms * 1000;
}

static void answer(struct server *s, struct conn *c, const struct policy_request *q, int64_t now_us)
{
	char *to = s->out + s->out_len;

	s->n.n.requests++;
	if (to_shed(s, c, now_us)) {
		s->n.n.shed++;
		s->out_len += answer_dunno(to);
		return;
	}
	s->out_len +=
	    answer_request(s->conf.door, edition(s), q, s->now_s, &c->prepended, &s->n.n, to);
}

/* too_long - what has no end yet, or had one too late */
static int too_long(size_t n, struct err *e)
{
	return n > REQUEST_BYTES_MAX ? err_set(e, -EBADMSG, "it has %zu bytes, or more", n) : 0;
}

/* work - all whole requests of s->work; false: the connection is to be closed */
static bool work(struct server *s, struct conn *c, size_t len, int64_t now_us)
{
	struct span rest = span_of(s->work, len);
	struct policy_request q;
	struct err e;
	int r = 0;

	while (!c->blocked) {
		const char *begin = rest.p;

		r = request_take(&rest, &q, &e);
		if (r > 0 && too_long((size_t)(rest.p - begin), &e) < 0)
			r = -EBADMSG;
		if (r <= 0)
			break;
		answer(s, c, &q, now_us);
		if (s->out_len + ANSWER_BYTES_MAX > sizeof(s->out) && !flush(s, c))
			return false;
	}
	if (r == 0 && !c->blocked)
		r = too_long(span_len(rest), &e);
	if (!flush(s, c)) /* also what was asked before one that is malformed */
		return false;
	if (r < 0) {
		say_malformed(s, &e, now_us);
		return false;
	}
	if (!span_empty(rest) || c->in)
		hold(&c->in, &c->in_len, rest.p, span_len(rest));
	return true;
}

/* It reads again. */
static bool unblock(struct server *s, struct conn *c)
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
static bool on_conn(struct server *s, struct conn *c)
{
	int64_t now_us = clock_monotonic_us();
	size_t len = c->in_len;
	ssize_t n;

	heard(s, c, now_us);
	if (c->over && s->n_conns <= s->conf.connections)
		c->over = false;
	if (len)
		memcpy(s->work, c->in, len);
	if (c->blocked) {
		if (!unblock(s, c))
			return false;
		return c->blocked || work(s, c, len, now_us);
	}
	n = recv(c->fd, s->work + len, sizeof(s->work) - len, 0);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	return n > 0 && work(s, c, len + (size_t)n, now_us);
}

/* --- the loop ------------------------------------------------------------------------------------------- */

/* Room for one more: who was silent longest goes. */
static void close_oldest(struct server *s)
{
	if (s->ends.newer == &s->ends)
		return;
	s->n.closed_full++;
	conn_close(s, s->ends.newer);
}

static void add(struct server *s, int fd, int64_t now_us)
{
	struct conn *c = calloc(1, sizeof(*c));
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = c };
	int on = 1;

	if (!c)
		abort();
	if (s->n_conns >= s->limit)
		close_oldest(s);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); /* not of a unix socket */
	c->fd = fd;
	c->over = ++s->n_conns > s->conf.connections;
	c->heard_us = now_us;
	list_newest(s, c);
	if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &ev) < 0)
		abort();
	s->n.accepted++;
}

static void on_place(struct server *s, const struct place *p)
{
	int64_t now_us = clock_monotonic_us();
	int fd;

	for (;;) {
		fd = accept4(p->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			add(s, fd, now_us);
		} else if (errno == EMFILE || errno == ENFILE) {
			close_oldest(s); /* never, but where others took them */
			return;
		} else if (errno != EINTR && errno != ECONNABORTED) {
			return;
		}
	}
}

static void close_silent(struct server *s, int64_t now_us)
{
	int64_t before_us = now_us - (int64_t)s->conf.idle_s * 1000000;

	while (s->ends.newer != &s->ends && s->ends.newer->heard_us < before_us) {
		s->n.closed_idle++;
		conn_close(s, s->ends.newer);
	}
}

static void tell(struct server *s)
{
	s->n.connections = s->n_conns;
	(void)pthread_mutex_lock(&s->lock); /* cannot fail: it is ours, and initialised */
	s->told = s->n;
	(void)pthread_mutex_unlock(&s->lock);
}

/* New ones come last: one of these may close another, of which no event may be left then. */
static void round_of(struct server *s, const struct epoll_event *ev, int n)
{
	struct place *p;
	struct conn *c;

	for (int i = 0; i < n; i++) {
		p = ev[i].data.ptr;
		if (p >= s->place && p < s->place + s->n_places)
			continue;
		c = ev[i].data.ptr;
		if (ev[i].data.ptr == s)
			s->stopping = true;
		else if (!on_conn(s, c))
			conn_close(s, c);
	}
	for (int i = 0; i < n; i++) {
		p = ev[i].data.ptr;
		if (p >= s->place && p < s->place + s->n_places)
			on_place(s, p);
	}
}

/* What is found after a wait came while it lasted; if it lasted much longer than asked for, or the round before did,
 * nobody knows when. */
static int64_t seen_since(int64_t before_us, int64_t asked_us, int64_t now_us, int64_t most_us)
{
	if (asked_us - before_us > most_us)
		return before_us;
	return now_us - asked_us > LOOK_MS * 1000 + most_us ? asked_us : now_us;
}

static void *serve(void *arg)
{
	struct server *s = arg;
	struct clock clock = clock_system();
	struct epoll_event ev[EVENTS];
	int64_t now_us = clock_monotonic_us(), asked_us;

	while (!s->stopping) {
		int n;

		asked_us = clock_monotonic_us();
		do
			n = epoll_wait(s->epoll, ev, EVENTS, LOOK_MS);
		while (n < 0 && errno == EINTR); /* it was stopped, and goes on */
		s->seen_us = seen_since(
		    now_us, asked_us, clock_monotonic_us(), (int64_t)s->conf.wait_ms * 1000);
		now_us = clock_monotonic_us();
		s->now_s = clock_now_s(&clock);
		if (n > 0)
			round_of(s, ev, n);
		if (s->has_ed)
			s->ed = edition_free(s->ed);
		s->has_ed = false;
		close_silent(s, now_us);
		tell(s);
	}
	return NULL;
}

/* --- beginning and end ---------------------------------------------------------------------------------- */

static int room_for(struct server *s, struct err *e)
{
	struct rlimit l;
	rlim_t want;

	s->limit = s->conf.connections + MAX_OF(s->conf.connections / 4, 16u);
	want = s->limit + LISTEN_MAX + SPARE_FDS;
	if (getrlimit(RLIMIT_NOFILE, &l) < 0)
		return err_set(e, -errno, "RLIMIT_NOFILE: %s", strerror(errno));
	if (l.rlim_cur >= want)
		return 0;
	if (l.rlim_max < want)
		return err_set(e, -EINVAL,
		    "policy_connections = %u wants %ju open files, and %ju are allowed "
		    "(LimitNOFILE=)",
		    s->conf.connections, (uintmax_t)want, (uintmax_t)l.rlim_max);
	l.rlim_cur = want;
	return setrlimit(RLIMIT_NOFILE, &l) < 0
		   ? err_set(e, -errno, "RLIMIT_NOFILE: %s", strerror(errno))
		   : 0;
}

static int add_fd(struct server *s, int fd, void *what)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = what };

	return epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &ev) < 0 ? -errno : 0;
}

static int open_places(struct server *s, struct err *e)
{
	int r = 0;

	for (unsigned i = 0; r == 0 && i < s->n_places; i++) {
		r = listen_open(&s->place[i].at, &s->place[i].fd, e);
		if (r < 0)
			return err_wrap(
			    e, r, "policy_listen = %s, place %u", s->conf.listen, i + 1);
		r = add_fd(s, s->place[i].fd, &s->place[i]);
	}
	return r;
}

static int start(struct server *s, struct err *e)
{
	int r;

	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	s->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->epoll < 0 || s->stop < 0 || (r = add_fd(s, s->stop, s)) < 0)
		return err_set(e, -errno, "cannot wait for connections: %s", strerror(errno));
	r = open_places(s, e);
	if (r == 0)
		r = room_for(s, e);
	if (r < 0)
		return r;
	r = pthread_create(&s->thread, NULL, serve, s);
	s->started = r == 0;
	return r ? err_set(e, -r, "cannot start a thread: %s", strerror(r)) : 0;
}

int server_new(const struct server_conf *c, struct server **ret, struct err *e)
{
	struct server *s = calloc(1, sizeof(*s));
	int r;

	if (!s || pthread_mutex_init(&s->lock, NULL) != 0)
		abort();
	s->conf = *c;
	s->epoll = s->stop = -1;
	s->ends.newer = s->ends.older = &s->ends;
	r = parse_places(c->listen, s->place, &s->n_places, e);
	if (r == 0)
		r = start(s, e);
	if (r < 0) {
		(void)server_free(s);
		return r;
	}
	*ret = s;
	return 0;
}

static void stop_thread(struct server *s)
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

struct server *server_free(struct server *s)
{
	if (!s)
		return NULL;
	stop_thread(s);
	while (s->ends.newer != &s->ends)
		conn_close(s, s->ends.newer);
	for (unsigned i = 0; i < s->n_places; i++)
		if (s->place[i].fd >= 0)
			(void)close(s->place[i].fd); /* nothing was written to it */
	if (s->stop >= 0)
		(void)close(s->stop);
	if (s->epoll >= 0)
		(void)close(s->epoll);
	(void)pthread_mutex_destroy(&s->lock);
	free(s);
	return NULL;
}

void server_figures(struct server *s, struct server_figures *ret)
{
	(void)pthread_mutex_lock(&s->lock); /* cannot fail: it is ours, and initialised */
	*ret = s->told;
	(void)pthread_mutex_unlock(&s->lock);
}
