/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Connections out of sockets that are listened on: one thread takes what comes on each of them in order, several requests
 * one behind another, and writes the answers. It waits for nothing but them: who sends half a request, or does not read
 * what he is told, holds up nobody else. It knows no protocol. */
#ifndef ONUS_SVC_STREAMS_H
#define ONUS_SVC_STREAMS_H

#include "svc/listen.h"
#include "util/buf.h"

#define STREAMS_PLACES_MAX 8u
#define STREAMS_CLOSE	   2

struct streams;

/* struct streams_now - of the round that is under way */
struct streams_now {
	int64_t s;	      /* Unix time */
	int64_t us;	      /* monotonic; when this connection had its turn */
	int64_t seen_us;      /* monotonic; what waits does so since then */
	uint32_t connections; /* that are open */
};

/* struct streams_def - what a program is; callbacks come from the one thread, and must not wait
 *
 * own  own_bytes of memory that each connection has, zeroed when it comes */
struct streams_def {
	uint32_t limit;	 /* of connections: for one more, one is closed that is in the midst of
			  * nothing, and was silent longest; if there is none, the new one */
	uint32_t idle_s; /* silent for so long: closed */
	int64_t late_us; /* what waited for so long is late: how exactly seen_us is to be known */
	size_t own_bytes;
	size_t request_max, answer_max; /* bytes of one */
	void *arg;

	void (*begin)(void *arg, void *own, const struct streams_now *now); /* may be NULL */

	/* take - work off the first request at the head of *in
	 *
	 * to    room for answer_max bytes; *len, 0 before, is set to how many of them are to be sent
	 * Returns 1: it is off *in; 0: it has not come to its end, and *in is as it was; STREAMS_CLOSE: the connection is
	 * done with once the answer is sent; a negative errno with a sentence: closed without an answer, counted and logged. */
	int (*take)(void *arg, void *own, const struct streams_now *now, struct span *in, char *to,
	    size_t *len, struct err *e);

	bool (*busy)(const void *own); /* nothing but silence may close it; may be NULL: never */
	void (*end)(void *arg, void *own); /* the connection is gone; may be NULL */
	void (*rest)(void *arg);	   /* after each round; may be NULL */
};

struct streams_figures {
	uint64_t connections, accepted, closed_idle, closed_full, malformed;
};

/* streams_new - listen, and answer in a thread of its own until streams_free, which is NULL-safe and returns NULL
 *
 * def, at  copied; n_at: 1 … STREAMS_PLACES_MAX places out of which connections come
 * Returns 0; -errno with a sentence. */
MUST_USE int streams_new(const struct streams_def *def, const struct listen_at *at, unsigned n_at,
    struct streams **ret, struct err *e);
struct streams *streams_free(struct streams *s);

/* streams_places - where it listens, "tcp:127.0.0.1:10031, …" */
void streams_places(const struct streams *s, struct buf *out);

/* streams_limit - another def.limit from now on, for connections that come; any thread, as is streams_figures */
void streams_limit(struct streams *s, uint32_t limit);
void streams_figures(struct streams *s, struct streams_figures *ret);

/* streams_room - raise the number of files that may be open as far as limit connections want
 * Returns 0, or -ENFILE: *files are allowed. */
MUST_USE int streams_room(uint32_t limit, uintmax_t *files);

#endif
