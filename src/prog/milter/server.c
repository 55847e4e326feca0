/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/milter/server.h"

#include <errno.h>

#include "prog/milter/session.h"
#include "util/log.h"

#define IDLE_S 7210  /* mail servers say nothing while a message comes in, slow as it may be */
#define BESIDE 1024u /* of connections whose mail is let through */

_Static_assert(SESSION_QUIT == STREAMS_CLOSE, "what a session returns is handed on");

static int take(void *arg, void *own, const struct streams_now *now, struct span *in, char *to,
    size_t *len, struct err *e)
{
	(void)now;
	return session_take(own, arg, in, to, len, e);
}

static bool busy(const void *own)
{
	return session_in_mail(own);
}

static void end(void *arg, void *own)
{
	session_end(own, arg);
}

uint32_t server_room(struct streams *s, uint32_t connections)
{
	uint32_t limit = connections + BESIDE;
	uintmax_t files;

	if (streams_room(limit, &files) < 0) {
		log_warn("milter_connections = %u wants more than the %ju open files that are "
			 "allowed (LimitNOFILE= of the unit)",
		    connections, files);
		limit = (uint32_t)MIN_OF((uintmax_t)limit, MAX_OF(files, (uintmax_t)128) - 96);
	}
	if (s)
		streams_limit(s, limit);
	return limit;
}

int server_new(const struct where *w, uint32_t connections, struct porter *porter,
    struct streams **ret, struct err *e)
{
	struct streams_def def = { .limit = server_room(NULL, connections),
		.idle_s = IDLE_S,
		.own_bytes = sizeof(struct session),
		.request_max = PACKET_TAKEN_MAX,
		.answer_max = SESSION_ANSWER_MAX,
		.arg = porter,
		.take = take,
		.busy = busy,
		.end = end };
	int r = streams_new(&def, &w->at, 1, ret, e);

	if (r == -EADDRINUSE)
		return err_set(e, r, "somebody listens at milter_listen = %s already", w->text);
	return r < 0 ? err_wrap(e, r, "milter_listen = %s", w->text) : 0;
}
