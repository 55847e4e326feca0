/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an analysis is shown: rows of the ledger as event lines in a file, which is its stdin, so that nobody ever waits for
 * it to read. Of one consistent view of the hub, and with what it has said itself, which it is not shown. */
#ifndef ONUS_PROG_ANALYSE_SHOWN_H
#define ONUS_PROG_ANALYSE_SHOWN_H

#include "core/conf.h"
#include "ledger/hub.h"
#include "net/addrset.h"
#include "prog/analyse/said.h"

struct shown {
	int fd;			     /* owned; to be read from its beginning; without a name */
	int32_t first_day, last_day; /* both are in it */
	int64_t cursor;		     /* of the hub */
	uint64_t rows;
	struct said said; /* settled */
	struct addrset own;
};

/* struct shown_of - whom it is for; borrowed */
struct shown_of {
	const struct conf *conf;
	const struct conf_source *source;
	const struct addrset *own; /* of the configuration */
	uint64_t loaded;	   /* a batch of this program that the hub must have; 0: none */
	int64_t now_s;
	void (*alive)(void *ctx); /* called now and then, with … */
	void *ctx;
};

/* shown_read - everything; *ret is to be ended by shown_done in any case
 * Returns 0; -ENOENT: the hub does not know it as an analysis yet; -E2BIG: the ledger, or what it has said, is too much;
 * -ESTALE: the hub lacks what was loaded; other -errno of hub and file. */
MUST_USE int shown_read(struct hub *h, const struct shown_of *of, struct shown *ret, struct err *e);
void shown_done(struct shown *s); /* callable twice */

#endif
