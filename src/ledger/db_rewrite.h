/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The SQL of this room as an engine spells it. Our own statements only: nothing here is a parser. */
#ifndef ONUS_LEDGER_DB_REWRITE_H
#define ONUS_LEDGER_DB_REWRITE_H

#include "util/buf.h"
#include "util/span.h"

/* rewrite_dollars - parameters are $1, $2 … instead of ?, except in '…' and "…". Returns how many there are. */
unsigned rewrite_dollars(struct span sql, struct buf *out);

/* rewrite_duplicate_key - ON CONFLICT (…) DO UPDATE SET becomes ON DUPLICATE KEY UPDATE, and excluded.COLUMN
 * VALUES(COLUMN) */
void rewrite_duplicate_key(struct span sql, struct buf *out);

#endif
