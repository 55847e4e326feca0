/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests of onus-policy, as they come off its connections (svc/streams.h); what cannot be answered in time passes:
 *
 *	more connections than are allowed    their requests are answered DUNNO at once; when they are a quarter more, the one
 *	                                     that was silent longest is closed for the newest (Postfix opens another)
 *	a request that waited too long       DUNNO at once
 *	a request that is none               the connection is closed without an answer, as Postfix wants it */
#ifndef ONUS_PROG_POLICY_SERVER_H
#define ONUS_PROG_POLICY_SERVER_H

#include "door/door.h"
#include "prog/policy/answer.h"
#include "publication/editions.h"
#include "svc/streams.h"

struct server;

struct server_conf {
	const char *listen; /* as policy_listen has it */
	uint32_t connections, idle_s, wait_ms;
	struct door *door; /* borrowed until server_free, as are editions */
	struct editions *editions;
};

/* server_check - could it be listened there? 0, or -EINVAL with a sentence */
MUST_USE int server_check(const char *listen, struct err *e);

/* server_new - listen, and answer in a thread of its own until server_free, which is NULL-safe and returns NULL
 * Returns 0; -EINVAL; -errno with a sentence. */
MUST_USE int server_new(const struct server_conf *c, struct server **ret, struct err *e);
struct server *server_free(struct server *s);

/* server_places - where it listens, "tcp:127.0.0.1:10031, …" */
void server_places(const struct server *s, struct buf *out);

struct server_figures {
	struct policy_counts n;
	struct streams_figures streams;
};
void server_figures(struct server *s, struct server_figures *ret); /* any thread */

#endif
