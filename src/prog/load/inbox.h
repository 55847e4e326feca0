/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What sensors have put into the hub's inbox becomes rows of the ledger, as the spool's own batches do; each batch is gone
 * from the inbox in the transaction that counts it. What is none is kept aside (inbox_bad.h). */
#ifndef ONUS_PROG_LOAD_INBOX_H
#define ONUS_PROG_LOAD_INBOX_H

#include "core/conf.h"
#include "ledger/hub_inbox.h"
#include "ledger/hub_sensor.h"
#include "prog/load/clocks.h"
#include "svc/daemon.h"

struct inbox_load {
	struct daemon *d;
	const struct conf *conf;
	struct clocks *clocks;
	uint64_t refused; /* batches */
	uint64_t dropped; /* batches of sensors that are shut out */
	int64_t folded_s; /* when there was last something; 0: not yet */
	struct hub_inbox_depth depth;
	int64_t count_us; /* when it is to be counted again; monotonic */
	int64_t words_s;  /* the minute of the log, */
	unsigned words;	  /* and how many batches were told of in it */
};

/* fold_sensor - hub_fold_add for a batch of a sensor, whose sources are its own (ledger/hub_sensor.h) */
MUST_USE int fold_sensor(struct hub *h, const struct batch *b, int64_t at_s, struct err *e);

void inbox_load_init(struct inbox_load *x, struct daemon *d, const struct conf *conf);
void inbox_load_done(struct inbox_load *x); /* callable twice */

/* inbox_load - one transaction, of at most so many batches; figures are added to sum
 * Returns 1: there may be more; 0: nothing waits; -errno as in hub.h. */
MUST_USE int inbox_load(
    struct inbox_load *x, struct hub *h, unsigned batches, struct hub_folded *sum, struct err *e);

/* inbox_load_report - its figures for the status; text: what is to be said of sensors, or "" */
#define INBOX_TEXT_MAX (CLOCKS_TEXT_MAX + BATCH_HOST_MAX + 120u)
void inbox_load_report(struct inbox_load *x, char text[INBOX_TEXT_MAX]);

#endif
