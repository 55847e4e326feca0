/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sockets of onus-milter: sessions of mail servers, in one thread beside the daemon's loop. It goes on over reloads, which
 * change what the porter says. */
#ifndef ONUS_PROG_MILTER_SERVER_H
#define ONUS_PROG_MILTER_SERVER_H

#include "prog/milter/porter.h"
#include "prog/milter/where.h"
#include "svc/streams.h"

/* server_new - listen, and answer until streams_free; porter is borrowed until then
 *
 * connections  of mail servers whose mail is judged; more may be open, as many as there are files for
 * Returns 0; -EADDRINUSE; -errno with a sentence. */
MUST_USE int server_new(const struct where *w, uint32_t connections, struct porter *porter,
    struct streams **ret, struct err *e);

/* server_room - for so many from now on; s may be NULL: those of the next server_new */
uint32_t server_room(struct streams *s, uint32_t connections);

#endif
