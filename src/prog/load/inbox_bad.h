/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What stood in the inbox and is no batch: kept on disk, so that somebody can look at it. Whoever sent it chose its name
 * and its bytes, and may send it without end. */
#ifndef ONUS_PROG_LOAD_INBOX_BAD_H
#define ONUS_PROG_LOAD_INBOX_BAD_H

#include "ledger/hub_inbox.h"

#define INBOX_BAD_MAX	   100u /* of one host; more are not kept */
#define INBOX_BAD_NAME_MAX 256u

/* inbox_bad_keep - SPOOL/inbox/bad/NAME and NAME.reason; ret: the name, HOST.PRODUCER.SEQUENCE.zst where it can be one
 * Returns 1; 0: there are too many of that host; -errno. */
MUST_USE int inbox_bad_keep(const char *spool_dir, const struct hub_inbox_row *row,
    const char *reason, char ret[INBOX_BAD_NAME_MAX], struct err *e);

#endif
