/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tables that grow with the days are cut into periods where the engine can (sql 007-periods). A period is
 * known by its bound, the first day that it does not hold; it begins where the one before it ends, the first
 * at the beginning of days. What is later than all bounds is in `rest`. A hub without periods has all its rows all the
 * same: every call here finds nothing to do. Internal to this room.
 *
 * Changes of the schema wait for others for a moment only: -EAGAIN, and nothing was changed. They are made one process
 * at a time, never within a transaction. */
#ifndef ONUS_LEDGER_PERIOD_H
#define ONUS_LEDGER_PERIOD_H

#include "ledger/db.h"

#define PERIOD_DAYS 28

/* The tables that have periods; their primary keys begin with day, addr. */
#define PERIOD_TABLES 3u
extern const char *const period_tables[PERIOD_TABLES];

/* period_ahead - one period more, when that day's or the one after it is missing. Rows that wait in `rest` go
 * along. Returns 1 when it was made: there may be more to do; 0: nothing is missing. */
MUST_USE int period_ahead(struct db *d, const char *table, int32_t day, struct err *e);

/* period_drop - the oldest period goes, or is emptied, when all its days are before first_day. Returns as above. */
MUST_USE int period_drop(struct db *d, const char *table, int32_t first_day, struct err *e);

#endif
