/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Connections: questions one after the other, each answered before the next is read. Whoever dawdles is closed; where there
 * is no room, so is who was silent longest of the network that has the most of them. */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "prog/dnsbl/worker_priv.h"
#include "util/clock.h"

#define QUERY_MAX 1232u
#define IDLE_US                                                                                    \
	10000000 /* from one whole question to the next; RFC 7766 section 6.2.3 says seconds */
#define ACCEPTS	    16u /* at once */
#define CROWD_SHARE 8u	/* an eighth of all connections is much for one network */
#define LENGTH	    2u	/* bytes in front of each message */

struct connection {
	struct ear ear; /* first: epoll hands it back */
	struct connection *before, *next;
	unsigned network; /* index of of_network */
	int64_t spoke_us;
	uint8_t in[LENGTH + QUERY_MAX], out[LENGTH + ANSWER_MAX];
	size_t n_in, n_out, sent;
};

static void unlink_it(struct worker *w, struct connection *c)
{
	if (c->before)
		c->before->next = c->next;
	else
		w->connections = c->next;
	if (c->next)
		c->next->before = c->before;
	else
		w->silent = c->before;
}

static void push(struct worker *w, struct connection *c)
{
	c->before = NULL;
	c->next = w->connections;
	if (c->next)
		c->next->before = c;
	else
		w->silent = c;
	w->connections = c;
}

static unsigned open_now(struct worker *w)
{
	return atomic_load_explicit(&w->n_connections, memory_order_relaxed);
}

static void close_it(struct worker *w, struct connection *c)
{
	unlink_it(w, c);
	w->of_network[c->network]--;
	(void)close(c->ear.fd); /* epoll forgets it */
	free(c);
	atomic_store_explicit(&w->n_connections, open_now(w) - 1, memory_order_relaxed);
}

/* Who has to make room: one network does not push out all others, nor many with little those who speak. NULL: there is none. */
static struct connection *in_the_way(const struct worker *w)
{
	struct connection *c = w->silent;
	unsigned most = 0;

	for (unsigned i = 0; i < WORKER_NETWORKS; i++)
		most = MAX_OF(most, w->of_network[i]);
	if (most <= w->v->connections / CROWD_SHARE)
		return c;
	while (c && w->of_network[c->network] < most)
		c = c->before;
	return c;
}

static void spoke(struct worker *w, struct connection *c)
{
	c->spoke_us = clock_monotonic_us();
	unlink_it(w, c);
	push(w, c);
}

/* --- one connection ------------------------------------------------------------------------------------- */

/* The first whole question that is there: 1: answered; 0: there is none yet; -1: no more of this. */
static int answer_first(struct worker *w, struct connection *c)
{
	size_t bytes = (size_t)c->in[0] << 8 | c->in[1], answer;

	if (c->n_in < LENGTH)
		return 0;
	if (bytes == 0 || bytes > QUERY_MAX)
		return -1;
	if (c->n_in < LENGTH + bytes)
		return 0;
	w->asked.tcp = true;
	w->asked.refused = false; /* who may not was not let in */
	answer = answer_make(
	    &w->asked, rd_of(c->in + LENGTH, bytes), false, c->out + LENGTH, &w->counts);
	if (!answer)
		return -1;
	c->out[0] = (uint8_t)(answer >> 8);
	c->out[1] = (uint8_t)answer;
	c->n_out = LENGTH + answer;
	c->sent = 0;
	c->n_in -= LENGTH + bytes;
	memmove(c->in, c->in + LENGTH + bytes, c->n_in);
	spoke(w, c);
	return 1;
}

/* 1: all of it was sent; 0: it waits for room; -1: it is closed. */
static int send_out(struct connection *c)
{
	while (c->sent < c->n_out) {
		ssize_t n = send(c->ear.fd, c->out + c->sent, c->n_out - c->sent, MSG_NOSIGNAL);

		if (n > 0)
			c->sent += (size_t)n;
		else if (n < 0 && errno == EAGAIN)
			return 0;
		else if (n == 0 || errno != EINTR)
			return -1;
	}
	c->n_out = c->sent = 0;
	return 1;
}

/* What is there, as far as it can be answered: 1: more may come; 0: it waits for room; -1. */
static int work_off(struct worker *w, struct connection *c)
{
	int r;

	do {
		r = send_out(c);
		if (r <= 0)
			return r;
		r = answer_first(w, c);
	} while (r > 0);
	return r < 0 ? -1 : 1;
}

static int read_in(struct connection *c)
{
	ssize_t n = recv(c->ear.fd, c->in + c->n_in, sizeof(c->in) - c->n_in, 0);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	c->n_in += (size_t)n;
	return n > 0 ? 1 : -1;
}

void tcp_ready(struct worker *w, struct ear *x, uint32_t events)
{
	struct connection *c = (struct connection *)x;
	int r = events & (EPOLLIN | EPOLLHUP | EPOLLERR) ? read_in(c) : 0;

	if (r >= 0)
		r = work_off(w, c);
	if (r >= 0 && worker_wait_for(w, x, r > 0 ? EPOLLIN : EPOLLOUT, true) == 0)
		return;
	close_it(w, c);
}

/* --- all of them ---------------------------------------------------------------------------------------- */

static bool take(struct worker *w, int fd, struct addr client)
{
	struct connection *c = calloc(1, sizeof(*c));

	if (!c)
		return false;
	c->network = (unsigned)(throttle_network(client) % WORKER_NETWORKS);
	w->of_network[c->network]++;
	if (open_now(w) >= w->v->connections)
		close_it(w, in_the_way(w));
	c->ear = (struct ear){ .kind = EAR_CONNECTION, .fd = fd };
	c->spoke_us = clock_monotonic_us();
	if (worker_wait_for(w, &c->ear, EPOLLIN, false) < 0) {
		w->of_network[c->network]--;
		free(c);
		return false;
	}
	push(w, c);
	atomic_store_explicit(&w->n_connections, open_now(w) + 1, memory_order_relaxed);
	return true;
}

void tcp_accept(struct worker *w, struct ear *x)
{
	for (unsigned i = 0; i < ACCEPTS; i++) {
		struct sockaddr_storage from;
		socklen_t len = sizeof(from);
		struct addr client;
		int fd =
		    accept4(x->fd, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0 && (errno == EMFILE || errno == ENFILE) && w->connections)
			close_it(w, in_the_way(w)); /* room for who waits, at the next call */
		if (fd < 0)
			return;
		client = worker_addr(&from);
		if (!worker_lets(w, client))
			count(&w->counts, COUNT_REFUSED);
		else if (take(w, fd, client))
			continue;
		(void)close(fd); /* nothing was written */
	}
}

void tcp_sweep(struct worker *w)
{
	int64_t now_us = clock_monotonic_us();

	for (struct connection *c; (c = w->silent) && now_us - c->spoke_us > IDLE_US;)
		close_it(w, c);
}

void tcp_close_all(struct worker *w)
{
	while (w->connections)
		close_it(w, w->connections);
}
