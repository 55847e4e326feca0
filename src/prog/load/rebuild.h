/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A ledger made anew from kept batches (archive.h). Those that the hub has are passed over, so that it may be done again,
 * and into a hub that is in use; nothing is moved. */
#ifndef ONUS_PROG_LOAD_REBUILD_H
#define ONUS_PROG_LOAD_REBUILD_H

#include "ledger/hub.h"

/* struct rebuilt - bad: files that could not be read, or are no batch */
struct rebuilt {
	struct hub_folded sum;
	uint64_t bad;
};

/* rebuild - every batch that is kept in dir, in the order of receipt
 * alive   called now and then, with ctx
 * Returns 0; -ENOENT; -EAGAIN and others of hub.h: what was committed is in ret, do it again. */
MUST_USE int rebuild(struct hub *h, const char *dir, void (*alive)(void *ctx), void *ctx,
    struct rebuilt *ret, struct err *e);

#endif
