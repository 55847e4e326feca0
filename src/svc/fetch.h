/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fetching over HTTP and HTTPS: asked of onus-fetch, a child that has the network, writes into one directory
 * and understands nothing of what it fetched. Bodies are files in that directory, whole or not there.
 *
 *	struct fetch_opts o = { .program = path, .dir = dir };
 *	fetch_start(&o, &f, &e);
 *	fetch_ask(f, &(struct fetch_request){ .id = 1, .url = …, .out = "1.json" }, &e);
 *	while (fetch_waiting(f) && (r = fetch_wait(f, 60000, &a, &e)) > 0)
 *		…
 *	f = fetch_stop(f);
 *
 * Which server is asked how often is the asker's business: the child does at once what it is asked, sixteen
 * requests at a time. */
#ifndef ONUS_SVC_FETCH_H
#define ONUS_SVC_FETCH_H

#include "svc/fetch_line.h"

#define FETCH_WAITING_MAX 256u

struct fetch_opts {
	const char *program; /* of onus-fetch */
	const char *dir;     /* exists; nobody else has an onus-fetch in it */
	const char *
	    contact; /* URL or mailbox that servers are told with the name of the program; NULL: none */
	const char
	    *ca; /* file of certificates to trust instead of the system's; NULL: the system's */
};

struct fetch;

/* fetch_start - start the child. Returns 0; -errno. What is wrong with its directory comes with the first answer. */
MUST_USE int fetch_start(const struct fetch_opts *o, struct fetch **ret, struct err *e);

/* fetch_stop - end the child at once, whatever it does; what was asked and not answered is gone. NULL-safe, returns
 * NULL. Files that were not finished are removed by the next fetch_start in that directory, but for what is
 * kept of requests with resume. */
struct fetch *fetch_stop(struct fetch *f);

/* fetch_ask - one request more; its id must not be waited for already, nor its out
 * Returns 0; -EINVAL: bad request; -EAGAIN: FETCH_WAITING_MAX are; -EPIPE: the child is gone */
MUST_USE int fetch_ask(struct fetch *f, const struct fetch_request *q, struct err *e);

/* fetch_wait - the next answer, in the order in which they come
 *
 * wait_ms  how long; negative: for good (each request has its own limit of time)
 * When an answer says FETCH_OK and status 200, the body is in the directory, a plain file of `bytes` bytes and at
 * most the max_bytes that were asked for. If the child is gone, every request that waits is answered with FETCH_LOST;
 * start another child then.
 * Returns 1 with *ret set; 0 nothing within that time, or nothing is waited for; -errno. */
MUST_USE int fetch_wait(struct fetch *f, int wait_ms, struct fetch_answer *ret, struct err *e);

/* fetch_waiting - how many requests are without answer; fetch_lost - the child is gone */
unsigned fetch_waiting(const struct fetch *f);
bool fetch_lost(const struct fetch *f);

/* fetch_fd - becomes readable when fetch_wait has something to do: for a poll of one's own */
int fetch_fd(const struct fetch *f);

#endif
