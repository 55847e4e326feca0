/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Batches that are kept after they were folded (batch_archive), so that a ledger can be made anew from them elsewhere:
 * DIR/PRODUCER/new/FILE, a spool directory that no loader works on. A file's time is that of its receipt: it decides
 * which of its lines were too far in the future, and which samples of evidence were first. */
#ifndef ONUS_PROG_LOAD_ARCHIVE_H
#define ONUS_PROG_LOAD_ARCHIVE_H

#include "core/spool.h"

/* archive_keep - a second name for a batch that is in new/; one that is there already stays as it is. Another file
 * system: a copy. archive_sync - afterwards, once for many: what was kept of one producer outlives a power cut. */
MUST_USE int archive_keep(
    const char *dir, const struct spool_item *it, int64_t received_s, struct err *e);
MUST_USE int archive_sync(const char *dir, const struct spool_item *it, struct err *e);

/* archive_put - the same for bytes that are in no spool: DIR/PRODUCER/new/, named by name, durable when it returns
 * archive_of_sensor - was it put there as ARCHIVE_INBOX's? */
#define ARCHIVE_INBOX "inbox"
MUST_USE int archive_put(const char *dir, const char *producer, const struct batch_name *name,
    struct span bytes, int64_t received_s, struct err *e);
bool archive_of_sensor(const struct spool_item *it);

/* archive_prune - forget what was received before that */
MUST_USE int archive_prune(const char *dir, int64_t before_s, struct err *e);

/* archive_list - all that is kept, in the order of receipt; received[n] is owned by the caller. -ENOENT when there is no
 * such directory. */
MUST_USE int archive_list(
    const char *dir, struct spool_list *ret, int64_t **received, struct err *e);

#endif
