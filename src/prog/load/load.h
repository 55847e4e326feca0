/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the parts of onus-load share: the ledger's end (main.c) and the sensor's (send.c). */
#ifndef ONUS_PROG_LOAD_LOAD_H
#define ONUS_PROG_LOAD_LOAD_H

#include "core/conf.h"
#include "core/spool.h"
#include "core/spool_depth.h"
#include "ledger/hub.h"
#include "ledger/inbox_sender.h"
#include "prog/load/inbox.h"
#include "prog/load/waiting.h"
#include "svc/daemon.h"
#include "util/clock.h"

#define LOAD_ITEMS_MAX 64u /* batches to and from the inbox in one transaction */

struct load {
	struct daemon *d;
	struct conf *conf;
	struct hub *hub;	     /* NULL until it could be opened */
	struct inbox_sender *sender; /* load_into = inbox: instead of it */
	struct inbox_load inbox;
	struct clock clock;
	struct hub_folded sum;
	uint64_t bad;
	size_t
	    items; /* batches in the next transaction: from one on twice as many, so that whatever kills
			 it again and again, it comes on */
	struct hub_age age; /* the round that is under way, or the last one */
	int64_t age_s;	    /* when the next one begins */
	bool ages;
	int64_t folded_s; /* when rows were last committed; 0: not yet */
	struct spool_gauge spool;
	struct waiting waiting;
	unsigned busy; /* turns in a row that found the hub locked */
	bool untold;   /* the hub does not say what waits of ours; the log has it */
};

/* load_refuse - a batch of the spool that is damaged: to bad/ */
MUST_USE int load_refuse(
    struct load *l, const struct spool_item *it, const char *reason, struct err *e);

/* load_keep - where that is wanted, before a batch leaves new/ for good */
MUST_USE int load_keep(struct load *l, const struct spool_item *it, int64_t at_s, struct err *e);

/* load_unread - reading a batch failed with r, why says how. 0: it was refused; -ENODATA: it cannot be read now and waits,
 * the others go on; others: none can be read now. */
MUST_USE int load_unread(
    struct load *l, const struct spool_item *it, int r, const struct err *why, struct err *e);

/* send_some - those of the list that are this sensor's, into the hub's inbox */
MUST_USE int send_some(struct load *l, const struct spool_list *list, struct err *e);

#endif
