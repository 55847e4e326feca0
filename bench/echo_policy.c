/* SPDX-License-Identifier: GPL-3.0-or-later */
/* echo_policy [-n EVERY -d | -f] tcp:ADDRESS:PORT | unix-stream:PATH - answers every request of the policy protocol "DUNNO"
 * without reading more of it than its end: what a policy server on one processor could do at best. To show that a generator
 * does not lie, of EVERY so many one is answered by hanging up (-d) or with "REJECT" (-f). TCP port 0 takes a free one;
 * "port N" is printed, 0 for a path. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "svc/listen.h"
#include "util/num.h"

#define EVENTS	  64
#define FD_MAX	  65536
#define BYTES_MAX 16384

enum mischief { NONE, HANG_UP, FALSIFY };

struct echo {
	int listener, epoll;
	bool tcp;
	enum mischief what;
	uint32_t every;
	uint64_t n;
	char last[FD_MAX]; /* byte that came from each */
};

static void die(const char *what)
{
	(void)fprintf(stderr, "echo_policy: %s: %m\n", what);
	exit(1);
}

static void watch(struct echo *e, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = fd };

	if (epoll_ctl(e->epoll, EPOLL_CTL_ADD, fd, &ev) < 0)
		die("epoll");
}

static void take_new(struct echo *e)
{
	int fd, one = 1;

	while ((fd = accept4(e->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		if (fd >= FD_MAX) {
			(void)close(fd);
			continue;
		}
		if (e->tcp)
			(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		e->last[fd] = 0;
		watch(e, fd);
	}
}

static bool answer(struct echo *e, int fd)
{
	static const char dunno[] = "action=DUNNO\n\n", reject[] = "action=REJECT no\n\n";
	bool other = e->what != NONE && ++e->n % e->every == 0;

	if (other && e->what == HANG_UP)
		return false;
	return other ? send(fd, reject, sizeof(reject) - 1, MSG_NOSIGNAL) > 0
		     : send(fd, dunno, sizeof(dunno) - 1, MSG_NOSIGNAL) > 0;
}

static bool serve(struct echo *e, int fd)
{
	static char bytes[BYTES_MAX];
	ssize_t n = recv(fd, bytes, sizeof(bytes), 0);
	char before;

	if (n <= 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR);
	before = n > 1 ? bytes[n - 2] : e->last[fd];
	e->last[fd] = bytes[n - 1];
	if (bytes[n - 1] != '\n' || before != '\n')
		return true;
	e->last[fd] = 0;
	return answer(e, fd);
}

static void listen_at(struct echo *e, const char *where)
{
	struct sockaddr_in in;
	socklen_t len = sizeof(in);
	struct listen_at at;
	struct err why;

	if (listen_parse(where, &at, &why) < 0 || !listen_streams(&at) ||
	    listen_open(&at, &e->listener, &why) < 0) {
		(void)fprintf(stderr, "echo_policy: %s: cannot listen there\n", where);
		exit(2);
	}
	e->tcp = at.how == LISTEN_TCP;
	if (e->tcp && getsockname(e->listener, (struct sockaddr *)&in, &len) < 0)
		die(where);
	(void)printf("port %u\n", e->tcp ? ntohs(in.sin_port) : 0u);
	(void)fflush(stdout);
}

static bool options(struct echo *e, int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "n:df")) != -1) {
		if (c == '?' || (c == 'n' && num_u32(span_str(optarg), 1u << 30, &e->every) < 0))
			return false;
		if (c != 'n')
			e->what = c == 'd' ? HANG_UP : FALSIFY;
	}
	return optind + 1 == argc && (e->what == NONE || e->every > 0);
}

int main(int argc, char **argv)
{
	static struct echo e;
	struct epoll_event ev[EVENTS];

	if (!options(&e, argc, argv)) {
		(void)fprintf(stderr, "Usage: echo_policy [-n EVERY -d|-f] WHERE\n");
		return 2;
	}
	listen_at(&e, argv[optind]);
	e.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (e.epoll < 0)
		die("epoll");
	watch(&e, e.listener);
	for (;;) {
		int n = epoll_wait(e.epoll, ev, EVENTS, -1);

		for (int i = 0; i < n; i++) {
			if (ev[i].data.fd == e.listener)
				take_new(&e);
			else if (!serve(&e, ev[i].data.fd))
				(void)close(ev[i].data.fd);
		}
	}
}
