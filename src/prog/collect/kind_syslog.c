/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kind of source that others send to: syslog over UDP, TCP and sockets in the file system. What came is
 * a line of a log from there on (intake/syslog.h).
 *
 * There is no going back to what was received: it is in the batch until that is in the spool. While the spool is
 * full nothing is received: connections and sockets in the file system make their senders wait; what UDP loses
 * then, the kernel counts.
 *
 * Good observations come out of the same lines: the source that receives hands them to the one that gathers these,
 * which has no socket. Where that one's spool is full they are left out, and counted: events do not wait for them. */
#include <errno.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/un.h>
#include <unistd.h>

#include <linux/sock_diag.h>

#include "intake/syslog.h"
#include "prog/collect/collect.h"
#include "svc/listen.h"
#include "util/log.h"

#define READY_MAX     16u	 /* connections looked at in one pump */
#define ACCEPTS_MAX   32u	 /* made in one pump */
#define RECEIVE_BYTES (4 << 20)	 /* asked of the kernel for a socket's queue */
#define SPARE_IDLE_US 60000000	 /* silent for this long, a connection makes room for another */
#define TEXT_ENOUGH   (1u << 20) /* bytes of lines for one pump */
/* The shortest message, "<1>" and LF, becomes a date and an address: less than eighteen times itself. */
#define TEXT_MAX     (TEXT_ENOUGH + READY_MAX * SYSLOG_FRAME_ROOM * 18u + SYSLOG_LINE_MAX)
#define LOSS_TOLD_US 60000000

/* struct caller - a connection */
struct caller {
	int fd;
	int64_t heard_us;
	char from[ADDR_TEXT_MAX];
	struct syslog_cut cut;
	size_t have;
	char room[SYSLOG_FRAME_ROOM]; /* a message that is not whole yet */
};

struct syslog {
	struct listen_at at;
	struct addrset allow;
	int fd, ready; /* ready: epoll of fd and the callers */
	struct caller **callers;
	unsigned n_callers;
	struct stamp_reader dates;
	struct buf text;      /* lines received */
	size_t taken;	      /* bytes of them that are in a batch */
	uint64_t lines;	      /* taken so far */
	uint64_t uninvited;   /* datagrams and connections of who may not send */
	uint64_t turned_away; /* connections over the maximum */
	uint64_t told;	      /* of what was lost or turned away */
	int64_t told_us;
};

/* --- opening ------------------------------------------------------------------------------------- */

static int open_syslog(struct source *s, struct err *e)
{
	struct syslog *in = calloc(1, sizeof(*in));
	int r;

	if (!in)
		abort();
	s->in = in;
	in->fd = in->ready = -1;
	buf_init(&in->text, TEXT_MAX);
	stamp_init(&in->dates, &s->to->clock);
	r = listen_parse(s->conf->listen, &in->at, e);
	if (r == 0)
		r = addrset_parse(span_str(s->conf->allow), &in->allow, e);
	if (r < 0)
		return err_wrap(e, r, "source %s", s->conf->name);
	if (in->at.how == LISTEN_UDP)
		s->weak = true; /* who sends it writes any address in front */
	in->callers = calloc(s->conf->connections, sizeof(*in->callers));
	if (!in->callers)
		abort();
	return lines_open_filters(s, e);
}

static int watch_fd(int epoll, int fd, void *what)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = what };

	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &ev) < 0 ? -errno : 0;
}

static void hang_up(struct syslog *in, unsigned i)
{
	(void)close(in->callers[i]->fd); /* which epoll forgets then */
	free(in->callers[i]);
	in->callers[i] = in->callers[--in->n_callers];
}

static struct syslog *syslog_free(struct syslog *in)
{
	if (!in)
		return NULL;
	while (in->n_callers)
		hang_up(in, in->n_callers - 1);
	free(in->callers);
	close_fdp(&in->fd);
	close_fdp(&in->ready);
	addrset_done(&in->allow);
	buf_done(&in->text);
	free(in);
	return NULL;
}

static void done(struct source *s)
{
	s->in = syslog_free(s->in);
}

/* --- over a reload -------------------------------------------------------------------------------- */

struct kept {
	struct kept *next;
	char *listen, *allow; /* as the configuration had them */
	uint32_t connections;
	struct syslog *in;
};

static void keep(struct source *s)
{
	const struct syslog *in = s->in;
	struct kept *k;

	if (in->fd < 0)
		return;
	k = calloc(1, sizeof(*k));
	if (!k || !(k->listen = strdup(s->conf->listen)) || !(k->allow = strdup(s->conf->allow)))
		abort();
	k->connections = s->conf->connections;
	k->in = s->in;
	s->in = NULL;
	k->next = *s->to->kept;
	*s->to->kept = k;
}

/* The first of the list, without what it has in ->in. */
static void kept_drop(struct kept **at)
{
	struct kept *k = *at;

	*at = k->next;
	free(k->listen);
	free(k->allow);
	free(k);
}

void kept_free(struct kept *list)
{
	while (list) {
		(void)syslog_free(list->in);
		kept_drop(&list);
	}
}

void kept_prune(struct kept **list, const struct collect *c)
{
	while (*list) {
		bool wanted = false;

		for (unsigned i = 0; i < c->n_sources; i++)
			wanted |= c->sources[i].kind == &kind_syslog &&
				  strcmp(c->sources[i].conf->listen, (*list)->listen) == 0;
		if (wanted) {
			list = &(*list)->next;
		} else {
			(void)syslog_free((*list)->in);
			kept_drop(list);
		}
	}
}

/* Go on with what was kept of the same socket; false: nothing was. Who is connected stays if who may be is the same. */
static bool go_on(struct source *s)
{
	struct kept **at = s->to->kept;
	struct syslog *in = s->in, *was;

	while (at && *at && strcmp((*at)->listen, s->conf->listen) != 0)
		at = &(*at)->next;
	if (!at || !*at)
		return false;
	was = (*at)->in;
	if (strcmp((*at)->allow, s->conf->allow) == 0 &&
	    (*at)->connections == s->conf->connections) {
		s->in = was;
		stamp_init(&was->dates, &s->to->clock);
		was = in;
	} else {
		in->fd = take_fd(&was->fd);
		in->ready = take_fd(&was->ready);
	}
	(void)syslog_free(was);
	kept_drop(at);
	return true;
}

static int make_socket(const struct source *s, struct syslog *in, struct err *e)
{
	struct err why;
	int bytes = RECEIVE_BYTES, r = listen_open(&in->at, &in->fd, &why);

	if (r < 0)
		return err_set(e, r, "source %s: cannot listen on %s: %s%s", s->conf->name,
		    s->conf->listen, why.text,
		    r == -EACCES ? "; ports below 1024 need CAP_NET_BIND_SERVICE" : "");
	(void)setsockopt(in->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes)); /* or less */
	in->ready = epoll_create1(EPOLL_CLOEXEC);
	r = in->ready < 0 ? -errno : watch_fd(in->ready, in->fd, NULL);
	return r < 0 ? err_set(e, r, "source %s: epoll: %s", s->conf->name, strerror(-r)) : 0;
}

static int start(struct source *s, struct err *e)
{
	const struct syslog *in;
	int r;

	if (s->to->good)
		return 0; /* it is handed what another one receives */
	r = go_on(s) ? 0 : make_socket(s, s->in, e);
	if (r < 0)
		return r;
	in = s->in;
	r = watch_fd(s->to->wake, in->ready, NULL);
	return r < 0 ? err_set(e, r, "source %s: epoll: %s", s->conf->name, strerror(-r)) : 0;
}

/* --- senders ------------------------------------------------------------------------------------- */

/* May it send? Its address into from, which stands for a host that no message names. */
static bool invited(
    struct syslog *in, const struct sockaddr_storage *peer, char from[ADDR_TEXT_MAX])
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)peer;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)peer;
	struct addr a;

	if (in->at.at.ss_family == AF_UNIX) {
		(void)snprintf(from, ADDR_TEXT_MAX, "localhost"); /* fits */
		return true;
	}
	a = peer->ss_family == AF_INET6 ? addr_of_bytes(v6->sin6_addr.s6_addr)
					: addr_of_v4(ntohl(v4->sin_addr.s_addr));
	(void)addr_format(a, from);
	if (addrset_has(&in->allow, a))
		return true;
	in->uninvited++;
	return false;
}

static void receive(struct source *s, struct span message, const char *from)
{
	struct syslog *in = s->in;
	const char *why;

	if (syslog_line(&in->dates, message, span_str(from), &in->text, &why) < 0)
		lines_refused(s, 0, why, 1);
}

static void receive_datagrams(struct source *s)
{
	struct syslog *in = s->in;
	char room[SYSLOG_MESSAGE_MAX + 1], from[ADDR_TEXT_MAX];

	while (in->text.len < TEXT_ENOUGH) {
		struct sockaddr_storage peer = { .ss_family = AF_UNSPEC };
		socklen_t len = sizeof(peer);
		ssize_t n = recvfrom(
		    in->fd, room, sizeof(room), MSG_DONTWAIT, (struct sockaddr *)&peer, &len);

		if (n < 0)
			break;
		if (invited(in, &peer, from))
			receive(s, span_of(room, (size_t)n), from);
	}
}

static int64_t idle_us(const struct caller *c)
{
	return clock_monotonic_us() - c->heard_us;
}

/* Room for one more: who has been silent for the longest, and for long enough, goes. */
static bool make_room(struct syslog *in, int64_t enough_us)
{
	unsigned idlest = 0;

	for (unsigned i = 1; i < in->n_callers; i++)
		if (in->callers[i]->heard_us < in->callers[idlest]->heard_us)
			idlest = i;
	if (in->n_callers == 0 || idle_us(in->callers[idlest]) < enough_us)
		return false;
	hang_up(in, idlest);
	return true;
}

static void welcome(struct syslog *in, int *fd, const char from[ADDR_TEXT_MAX])
{
	struct caller *c = calloc(1, sizeof(*c));
	int on = 1;

	if (!c)
		abort();
	(void)setsockopt(
	    *fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on)); /* else it stays till idle_s */
	if (watch_fd(in->ready, *fd, c) < 0) {
		in->turned_away++;
		free(c);
		return;
	}
	c->fd = take_fd(fd);
	c->heard_us = clock_monotonic_us();
	memcpy(c->from, from, ADDR_TEXT_MAX);
	in->callers[in->n_callers++] = c;
}

/* false: there is nobody more, or no more can be had. */
static bool accept_one(struct source *s)
{
	struct syslog *in = s->in;
	struct sockaddr_storage peer = { .ss_family = AF_UNSPEC };
	socklen_t len = sizeof(peer);
	char from[ADDR_TEXT_MAX];
	CLEANUP(close_fdp)
	int fd = accept4(in->fd, (struct sockaddr *)&peer, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0 && (errno == EMFILE || errno == ENFILE)) {
		in->turned_away++;
		return make_room(in, 0);
	}
	if (fd < 0)
		return errno == ECONNABORTED;
	if (!invited(in, &peer, from))
		return true;
	if (in->n_callers == s->conf->connections && !make_room(in, SPARE_IDLE_US))
		in->turned_away++;
	else
		welcome(in, &fd, from);
	return true;
}

/* What a caller has to say now; false: it has ended, or cannot be understood. The end of a message that was not
 * finished is not guessed at. */
static bool hear(struct source *s, struct caller *c)
{
	ssize_t n = recv(c->fd, c->room + c->have, sizeof(c->room) - c->have, MSG_DONTWAIT);
	struct span rest, message;
	int r;

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (n == 0) {
		if (c->have)
			lines_refused(s, 0, "the connection ended within a message", 1);
		return false;
	}
	c->heard_us = clock_monotonic_us();
	rest = span_of(c->room, c->have + (size_t)n);
	while ((r = syslog_frame(&c->cut, &rest, &message)) == 1 || r == -EMSGSIZE)
		if (r == 1)
			receive(s, message, c->from);
		else
			lines_refused(s, 0, "longer than a message may be", 1);
	if (r == -EBADMSG) {
		lines_refused(s, 0, "no syslog: neither <PRI> nor a length begins it", 1);
		return false;
	}
	c->have = span_len(rest);
	memmove(c->room, rest.p, c->have);
	return true;
}

static void receive_streams(struct source *s)
{
	struct syslog *in = s->in;
	struct epoll_event ready[READY_MAX];
	int n = epoll_wait(in->ready, ready, READY_MAX, 0);

	for (int i = 0; i < n; i++) {
		struct caller *c = ready[i].data.ptr;

		if (!c || hear(s, c))
			continue;
		for (unsigned k = 0; k < in->n_callers; k++)
			if (in->callers[k] == c)
				hang_up(in, k);
	}
	for (int i = 0; i < n; i++) /* behind the others, as it may end one of them */
		for (unsigned k = 0; !ready[i].data.ptr && k < ACCEPTS_MAX && accept_one(s); k++)
			;
}

/* --- the kind ------------------------------------------------------------------------------------ */

static bool poll_syslog(struct source *s, int64_t settled_s)
{
	struct syslog *in = s->in;
	int64_t most_us = (int64_t)s->conf->idle_s * 1000000;

	(void)settled_s;
	for (unsigned i = in->n_callers; i-- > 0;) {
		int waits = 0; /* bytes: while the spool was full nobody listened */

		if (idle_us(in->callers[i]) > most_us &&
		    ioctl(in->callers[i]->fd, FIONREAD, &waits) == 0 && waits == 0)
			hang_up(in, i);
	}
	return false;
}

static bool is_pending(const struct syslog *in)
{
	return in->taken < in->text.len;
}

/* What was received and is in no batch yet, into it. */
static int take_pending(struct source *s, struct err *e)
{
	const struct syslog *in = s->in;
	struct block b = { .text = { in->text.p + in->taken, in->text.p + in->text.len },
		.first_number = in->lines + 1 };

	return lines_take(s, &b, e);
}

static void receive_all(struct source *s)
{
	struct syslog *in = s->in, *also = s->also ? s->also->in : NULL;

	buf_reset(&in->text);
	in->taken = 0;
	if (listen_streams(&in->at))
		receive_streams(s);
	else
		receive_datagrams(s);
	if (also) {
		buf_reset(&also->text);
		also->taken = 0;
		buf_span(&also->text, buf_text(&in->text));
	}
	if (!buf_ok(&in->text) || (also && !buf_ok(&also->text)))
		abort(); /* out of memory: TEXT_MAX holds whatever can come */
}

static uint64_t count_lines(const struct syslog *in)
{
	uint64_t n = 0;

	for (size_t i = in->taken; i < in->text.len; i++)
		n += in->text.p[i] == '\n';
	return n;
}

/* Good observations out of what was handed over; without room they are left out. */
static int take_good(struct source *s, struct err *e)
{
	struct syslog *in = s->in;
	int r = 0;

	if (s->to->full) {
		lines_refused(s, 0, "no room in the spool of good observations", count_lines(in));
		in->taken = in->text.len;
	}
	while (r >= 0 && is_pending(in))
		r = take_pending(s, e);
	return r;
}

static int pump(struct source *s, struct err *e)
{
	struct syslog *in = s->in;

	if (in->fd < 0)
		return 0;
	if (!is_pending(in) && (!s->also || !is_pending(s->also->in)))
		receive_all(s);
	if (s->also && is_pending(s->also->in)) {
		int r = take_good(s->also, e);

		if (r < 0)
			return r;
	}
	return is_pending(in) ? take_pending(s, e) : 0;
}

static void take(struct source *s, uint64_t lines)
{
	struct syslog *in = s->in;

	in->lines += lines;
	for (; lines; lines--) {
		const char *from = in->text.p + in->taken;
		const char *lf = memchr(from, '\n', in->text.len - in->taken);

		in->taken += (size_t)(lf - from) + 1;
	}
}

static const char *where(const struct source *s)
{
	return s->conf->listen;
}

/* Datagrams that the kernel had no room for, since the socket was made. */
static uint64_t lost(const struct syslog *in)
{
	uint32_t info[SK_MEMINFO_VARS] = { 0 };
	socklen_t len = sizeof(info);

	if (in->fd < 0 || listen_streams(&in->at) ||
	    getsockopt(in->fd, SOL_SOCKET, SO_MEMINFO, info, &len) < 0)
		return 0;
	return info[SK_MEMINFO_DROPS];
}

static void count(const struct source *s, struct source_counts *to)
{
	const struct syslog *in = s->in;

	to->callers += in->n_callers;
	to->uninvited += in->uninvited;
	to->turned_away += in->turned_away;
	to->datagrams_lost += lost(in);
}

static const char *trouble(struct source *s)
{
	static char text[ERR_MAX]; /* told before the next one is made */
	struct syslog *in = s->in;
	uint64_t all = lost(in) + in->uninvited + in->turned_away;
	int64_t now_us = clock_monotonic_us();

	if (all == in->told || (in->told_us && now_us - in->told_us < LOSS_TOLD_US))
		return NULL;
	(void)snprintf(text, sizeof(text),
	    "listen=%.100s lost %ju datagrams for want of room, turned away %ju senders that are "
	    "not in allow and %ju connections over the maximum so far",
	    s->conf->listen, (uintmax_t)lost(in), (uintmax_t)in->uninvited,
	    (uintmax_t)in->turned_away);
	in->told = all;
	in->told_us = now_us;
	return text;
}

const struct source_kind kind_syslog = { .type = "syslog",
	.handed = true,
	.open = open_syslog,
	.start = start,
	.done = done,
	.keep = keep,
	.poll = poll_syslog,
	.pump = pump,
	.take = take,
	.trouble = trouble,
	.where = where,
	.count = count };
