/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All that a hub holds as one stream of bytes, the same of every engine, and back into an empty hub of any engine.
 * Format: doc/contracts/backup.md. Returns and errors as in hub.h. */
#ifndef ONUS_LEDGER_HUB_BACKUP_H
#define ONUS_LEDGER_HUB_BACKUP_H

#include "ledger/hub.h"
#include "ledger/rows.h"

/* struct hub_contents - what a hub, or a backup of one, holds: of each table how much, and a checksum of its rows. Two
 * hubs with the same contents hold the same rows, bit for bit. */
struct hub_contents {
	unsigned n;
	struct {
		const char *table;
		struct rows_sum sum;
	} v[ROWS_TABLES_MAX];
	uint64_t rows; /* of all tables */
	int64_t at_s;  /* when the backup was begun */
};

/* hub_sink - takes n bytes; 0 or -errno with a sentence */
typedef int hub_sink(void *ctx, struct span bytes, struct err *e);

/* hub_backup - one view of the hub, however long it takes; others go on writing */
MUST_USE int hub_backup(struct hub *h, int64_t now_s, hub_sink *sink, void *ctx,
    struct hub_contents *ret, struct err *e);

/* hub_restore - into a hub that holds nothing yet, in one transaction; what is there then was read again, and has the
 * counts and checksums of the backup
 * Returns 0; -EEXIST: the hub holds something; -EBADMSG: the backup is damaged, or of a later version. */
MUST_USE int hub_restore(
    struct hub *h, rows_source *source, void *ctx, struct hub_contents *ret, struct err *e);

/* hub_measure - counts and checksums of what a hub holds */
MUST_USE int hub_measure(struct hub *h, struct hub_contents *ret, struct err *e);

/* hub_backup_tables - the name of every table that a backup has, n of them */
const char *hub_backup_table(unsigned i); /* NULL: there are no more */

#endif
