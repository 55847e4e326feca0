/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the two files of this engine share. */
#ifndef ONUS_LEDGER_DB_MARIADB_H
#define ONUS_LEDGER_DB_MARIADB_H

#include <mysql.h>

#include "ledger/db_engine.h"
#include "ledger/db_hosts.h"

struct settings_of { /* what a URL says; texts are owned */
	char *v[16];
};

struct my {
	MYSQL *c;
	struct settings_of set;
	struct db_hosts hosts; /* none: at the socket */
	unsigned silence_s;
	bool write;
	bool lost;
	bool arrays; /* the server takes arrays of parameters */
	unsigned
	    age; /* times it was made again: statements prepared before are gone from the server */
};

/* my_tell - what the server or the library said, as one of our errors; notes a lost connection */
int my_tell(struct my *my, unsigned number, const char *text, struct err *e);

void *my_bulk_new(void *conn, const struct db_table *of);
void my_bulk_free(void *bulk);
MUST_USE int my_bulk_send(void *bulk, const struct db_rows *rows, uint32_t *counts, struct err *e);
MUST_USE int my_bulk_end(void *bulk, uint64_t n, uint32_t *counts, struct err *e);

#endif
