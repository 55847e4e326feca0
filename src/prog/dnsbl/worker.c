/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>

#include "prog/dnsbl/worker_priv.h"

#define EVENTS	64
#define WAKE_MS 1000 /* without anything: silent connections are looked for */

struct workers {
	unsigned n;
	int stop;
	struct worker worker[];
};

struct addr worker_addr(const struct sockaddr_storage *from)
{
	if (from->ss_family == AF_INET)
		return addr_of_v4(ntohl(((const struct sockaddr_in *)from)->sin_addr.s_addr));
	return addr_of_bytes(((const struct sockaddr_in6 *)from)->sin6_addr.s6_addr);
}

bool worker_lets(const struct worker *w, struct addr a)
{
	return w->v->allow->n == 0 || addrset_has(w->v->allow, a);
}

int worker_wait_for(struct worker *w, struct ear *x, uint32_t events, bool again)
{
	struct epoll_event ev = { .events = events, .data.ptr = x };

	return epoll_ctl(w->epoll, again ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, x->fd, &ev) < 0 ? -errno
											  : 0;
}

/* --- the thread ----------------------------------------------------------------------------------------- */

/* New connections come last: one may close another that is spoken of here, and each but those is looked at only once. */
static bool serve(struct worker *w, const struct epoll_event *ev, int n)
{
	struct ear *accept[SOCKETS_ADDRESSES_MAX];
	unsigned n_accept = 0;

	for (int i = 0; i < n; i++) {
		struct ear *x = ev[i].data.ptr;

		if (x->kind == EAR_STOP)
			return false;
		if (x->kind == EAR_UDP)
			udp_ready(w, x);
		else if (x->kind == EAR_CONNECTION)
			tcp_ready(w, x, ev[i].events);
		else
			accept[n_accept++] = x;
	}
	for (unsigned i = 0; i < n_accept; i++)
		tcp_accept(w, accept[i]);
	return true;
}

static void *run(void *arg)
{
	struct worker *w = arg;
	struct epoll_event ev[EVENTS];
	bool go_on = true;

	while (go_on) {
		int n = epoll_wait(w->epoll, ev, EVENTS, WAKE_MS);
		struct edition *ed = n > 0 ? editions_take(w->v->editions) : NULL;

		w->asked.edition = ed;
		w->asked.now_s = (int64_t)time(NULL);
		go_on = serve(w, ev, MAX_OF(n, 0));
		(void)edition_free(ed);
		tcp_sweep(w);
	}
	return NULL;
}

/* --- all of them ---------------------------------------------------------------------------------------- */

static int prepare(struct worker *w, int stop)
{
	const struct socket_pair *p = w->sockets->pair[w->number];
	int r;

	w->asked.zone = w->v->zone;
	w->batch = udp_batch_new();
	w->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (!w->batch || w->epoll < 0)
		return w->batch ? -errno : -ENOMEM;
	w->stop = (struct ear){ .kind = EAR_STOP, .fd = stop };
	r = worker_wait_for(w, &w->stop, EPOLLIN, false);
	for (unsigned i = 0; i < w->sockets->n && r == 0; i++) {
		w->udp[i] = (struct ear){ .kind = EAR_UDP, .fd = p[i].udp, .wild = p[i].wild };
		room_open(p[i].udp);
		w->tcp[i] = (struct ear){ .kind = EAR_TCP, .fd = p[i].tcp };
		r = worker_wait_for(w, &w->udp[i], EPOLLIN, false);
		if (r == 0)
			r = worker_wait_for(w, &w->tcp[i], EPOLLIN, false);
	}
	return r;
}

static void release(struct worker *w)
{
	tcp_close_all(w);
	free(w->batch);
	close_fdp(&w->epoll);
}

int workers_start(
    const struct service *v, const struct sockets *s, struct workers **ret, struct err *e)
{
	size_t bytes = sizeof(struct workers) + s->threads * sizeof(struct worker);
	struct workers *all = aligned_alloc(64, (bytes + 63) & ~(size_t)63);
	int r = 0;

	if (!all)
		return err_set(e, -ENOMEM, "out of memory");
	memset(all, 0, bytes);
	all->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (all->stop < 0)
		r = -errno;
	for (unsigned i = 0; i < s->threads && r == 0; i++) {
		struct worker *w = &all->worker[i];

		*w = (struct worker){ .v = v, .sockets = s, .number = i, .epoll = -1 };
		r = prepare(w, all->stop);
		if (r == 0)
			r = -pthread_create(&w->thread, NULL, run, w);
		if (r == 0)
			all->n++;
		else
			release(w);
	}
	if (r < 0) {
		(void)workers_stop(all);
		return err_set(e, r, "cannot start threads: %s", strerror(-r));
	}
	*ret = all;
	return 0;
}

struct workers *workers_stop(struct workers *all)
{
	if (!all)
		return NULL;
	if (all->n > 0)
		(void)eventfd_write(all->stop, 1); /* a fresh counter takes it */
	for (unsigned i = 0; i < all->n; i++) {
		(void)pthread_join(all->worker[i].thread, NULL); /* nobody else joins it */
		release(&all->worker[i]);
	}
	close_fdp(&all->stop);
	free(all);
	return NULL;
}

uint64_t workers_count(const struct workers *all, enum count what)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < all->n; i++)
		sum += counted(&all->worker[i].counts, what);
	return sum;
}

unsigned workers_connections(const struct workers *all)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < all->n; i++)
		sum += atomic_load_explicit(&all->worker[i].n_connections, memory_order_relaxed);
	return sum;
}
