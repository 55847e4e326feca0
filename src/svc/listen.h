/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sockets to listen on, as the configuration names them. */
#ifndef ONUS_SVC_LISTEN_H
#define ONUS_SVC_LISTEN_H

#include <stdbool.h>
#include <sys/socket.h>

#include "util/err.h"

enum listen_how { LISTEN_UDP, LISTEN_TCP, LISTEN_UNIX, LISTEN_UNIX_STREAM, LISTEN_HOW_N };

struct listen_at {
	enum listen_how how;
	struct sockaddr_storage at;
	socklen_t len;
	bool loopback; /* nobody but this host reaches it */
	bool
	    shared; /* several sockets of this user have this address, each its part of what comes */
};

/* listen_address - "127.0.0.1:8025" or "[::1]:8025", for TCP
 * Returns 0; -EINVAL. *ret is set only on success. */
MUST_USE int listen_address(const char *text, struct listen_at *ret);

/* listen_parse - "udp:ADDRESS:PORT", "tcp:ADDRESS:PORT", "unix:PATH" (datagrams), "unix-stream:PATH"
 * Returns 0; -EINVAL with a message that says what is wanted. */
MUST_USE int listen_parse(const char *text, struct listen_at *ret, struct err *e);

/* listen_streams - do connections come out of it, and no datagrams? */
bool listen_streams(const struct listen_at *at);

/* listen_open - a socket that does not block, bound, and listening when connections come out of it
 * A socket in the file system is made for its owner and group; one that nobody listens on any more is replaced.
 * Returns 0; -errno with what failed, but not where. */
MUST_USE int listen_open(const struct listen_at *at, int *ret, struct err *e);

#endif
