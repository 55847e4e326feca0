/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the two files of this engine share. */
#ifndef ONUS_LEDGER_DB_POSTGRES_H
#define ONUS_LEDGER_DB_POSTGRES_H

#include <libpq-fe.h>

#include "ledger/db_engine.h"

struct pg {
	PGconn *c;
	unsigned
	    age; /* times it was made again: statements prepared before are gone from the server */
	unsigned names; /* given to statements */
	unsigned tx;	/* transactions begun */
};

int pg_exec(void *conn, const char *sql, struct err *e);

/* pg_done - takes res: 0 when it is good, or the trouble it tells of */
MUST_USE int pg_done(const struct pg *pg, PGresult *res, struct err *e);
MUST_USE int pg_say(const struct pg *pg, const PGresult *res, struct err *e); /* res: or NULL */

void *pg_bulk_new(void *conn, const struct db_table *of);
void pg_bulk_free(void *bulk);
MUST_USE int pg_bulk_send(void *bulk, const struct db_rows *rows, uint32_t *counts, struct err *e);
MUST_USE int pg_bulk_end(void *bulk, uint64_t n, uint32_t *counts, struct err *e);

#endif
