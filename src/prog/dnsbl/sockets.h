/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sockets of all threads: each has one of UDP and one of TCP for each address, and the kernel deals out what comes.
 * They outlive a reload, so that no question is lost by one. */
#ifndef ONUS_PROG_DNSBL_SOCKETS_H
#define ONUS_PROG_DNSBL_SOCKETS_H

#include "svc/listen.h"

#define SOCKETS_ADDRESSES_MAX 16u
#define SOCKETS_THREADS_MAX   64u

struct socket_pair {
	int udp, tcp;
	bool wild; /* bound to no address of its own: answers say which one was asked */
};

struct sockets {
	char *listen; /* as the configuration had it */
	unsigned threads, n;
	struct listen_at
	    at[SOCKETS_ADDRESSES_MAX]; /* n of them, with the ports that were given out */
	struct socket_pair pair[SOCKETS_THREADS_MAX][SOCKETS_ADDRESSES_MAX];
};

/* sockets_check - is it "address:port, …"? 0; -EINVAL with a sentence */
MUST_USE int sockets_check(const char *listen, struct err *e);

/* sockets_open - "address:port, …", where port 0 is any free one; threads 1 to SOCKETS_THREADS_MAX. -EINVAL; -errno
 * sockets_free - NULL-safe, returns NULL */
MUST_USE int sockets_open(
    const char *listen, unsigned threads, struct sockets **ret, struct err *e);
struct sockets *sockets_free(struct sockets *s);

/* sockets_place - one address as text, "127.0.0.1:53" */
#define SOCKETS_PLACE_MAX 64u
void sockets_place(const struct listen_at *at, char ret[SOCKETS_PLACE_MAX]);

#endif
