/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A sensor's end of the hub's inbox (ledger/hub_inbox.h): whole batches go in, and nothing ever comes out. It needs the
 * right to insert some columns of one table, and to ask how much of its own is there: it makes nothing, migrates nothing, and
 * reads nothing else; whether the hub
 * is of a version that takes it shows when it is tried. Returns and errors as in hub.h. */
#ifndef ONUS_LEDGER_INBOX_SENDER_H
#define ONUS_LEDGER_INBOX_SENDER_H

#include "core/batch.h"
#include "util/err.h"

struct inbox_sender;

/* inbox_sender_open - -EOPNOTSUPP: an engine without users; -EPERM: what is sent could be read on the way */
MUST_USE int inbox_sender_open(const char *url, struct inbox_sender **ret, struct err *e);
struct inbox_sender *inbox_sender_free(struct inbox_sender *s); /* NULL-safe, returns NULL */

/* inbox_sender_host - whose batches the hub takes for ours: the name of the database's user */
const char *inbox_sender_host(const struct inbox_sender *s);

/* inbox_sender_waiting - how many batches of ours are in the inbox: the hub's loader has not come to them
 * Returns 1; 0: the hub does not tell, or we were not granted to ask; -errno. */
MUST_USE int inbox_sender_waiting(struct inbox_sender *s, uint64_t *ret, struct err *e);

/* inbox_send - one batch, durable when it returns
 * packed  the bytes of its file; of host inbox_sender_host()
 * now_s   by our own clock: the hub compares it with its own
 * Returns 1; 0: it is there already. */
MUST_USE int inbox_send(struct inbox_sender *s, const struct batch_name *name, struct span packed,
    int64_t now_s, struct err *e);

#endif
