/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The hosts of a hub that several servers hold in common, tried in turn. Internal to this room. */
#ifndef ONUS_LEDGER_DB_HOSTS_H
#define ONUS_LEDGER_DB_HOSTS_H

#include <stdint.h>

#include "util/err.h"
#include "util/span.h"

#define DB_HOSTS_MAX 16u

struct db_host {
	char *name; /* owned; an address of IPv6 without its brackets */
	uint16_t port;
};

struct db_hosts {
	struct db_host v[DB_HOSTS_MAX];
	unsigned n;
	unsigned at; /* the one that is talked to, or is to be tried first */
};

/* db_hosts_parse - HOST[:PORT],…; an address of IPv6 with a port stands in brackets; port is for those that
 * name none. ret is set on success only. -EINVAL, with a sentence about the one that is wrong. */
MUST_USE int db_hosts_parse(struct span list, uint16_t port, struct db_hosts *ret, struct err *e);
void db_hosts_done(struct db_hosts *h); /* zeroed is done */

/* db_hosts_next - the one after the current one; after the last the first */
void db_hosts_next(struct db_hosts *h);

#endif
