/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The threads that answer: each waits for its own sockets, takes the newest edition for what has come, answers, and lets go
 * of it. */
#ifndef ONUS_PROG_DNSBL_WORKER_H
#define ONUS_PROG_DNSBL_WORKER_H

#include "net/addrset.h"
#include "prog/dnsbl/answer.h"
#include "prog/dnsbl/sockets.h"
#include "prog/dnsbl/throttle.h"
#include "publication/editions.h"

/* struct service - what all threads share; it does not change while they run */
struct service {
	const struct zone *zone;
	const struct addrset *allow; /* who may ask; empty: everybody */
	struct throttle *throttle;
	struct editions *editions;
	unsigned connections; /* of TCP, at most, of one thread */
};

struct workers;

/* workers_start - one thread for each of the sockets' threads; both borrowed until workers_stop
 * workers_stop - after the answers that are being made; NULL-safe, returns NULL */
MUST_USE int workers_start(
    const struct service *v, const struct sockets *s, struct workers **ret, struct err *e);
struct workers *workers_stop(struct workers *w);

/* workers_count - of all threads together; workers_connections - of TCP, open now */
uint64_t workers_count(const struct workers *w, enum count what);
unsigned workers_connections(const struct workers *w);

#endif
