/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The hub's inbox: batches that sensors have put there whole (ledger/inbox_sender.h), each by a user of the database who
 * may do nothing else, and who gave his name to all that is his: the column host is filled in by the server. What else
 * stands in a row is the sensor's word: a name that is none, bytes that are no batch, any time.
 * Returns and errors as in hub.h. */
#ifndef ONUS_LEDGER_HUB_INBOX_H
#define ONUS_LEDGER_HUB_INBOX_H

#include "ledger/hub.h"
#include "util/buf.h"

#define HUB_INBOX_TAKEN_MAX 256u  /* in one transaction */
#define HUB_INBOX_HOSTS_MAX 1024u /* served in one walk; more take turns from walk to walk */

/* struct hub_inbox_row - texts lie in it or live until the callback returns; host and producer hold whatever a database
 * lets them, within BATCH_HOST_MAX and BATCH_PRODUCER_MAX */
struct hub_inbox_row {
	struct span host, producer;
	int64_t seq;	    /* above 0 */
	int64_t sent_s;	    /* when it was sent, by the sensor's clock */
	int64_t received_s; /* the same instant, by the server's */
	struct span bytes;  /* of a batch file; at most BATCH_FILE_MAX */
};

/* hub_inbox_walk - some of what waits: of each host at most its share of max, however much it has sent; of a host one
 * producer after the other, another one first in each walk; of a producer in the order of seq. One row is in memory at
 * a time.
 * fn  returns 0 to go on, 1 for enough, or -errno */
typedef int hub_inbox_fn(void *ctx, const struct hub_inbox_row *row);
MUST_USE int hub_inbox_walk(
    struct hub *h, unsigned max, hub_inbox_fn *fn, void *ctx, struct err *e);

/* hub_inbox_take - the row is dealt with: it goes with the next commit. At most HUB_INBOX_TAKEN_MAX of them.
 * hub_inbox_commit - what hub_fold_add has added and the end of what was taken, in one transaction; after a failure both
 * are forgotten: walk again. hub_inbox_forget - the same without one. */
void hub_inbox_take(struct hub *h, const struct hub_inbox_row *row);
MUST_USE int hub_inbox_commit(struct hub *h, struct hub_folded *ret, struct err *e);
void hub_inbox_forget(struct hub *h);

/* struct hub_inbox_depth - what waits; it is counted: rarely, please */
struct hub_inbox_depth {
	uint64_t batches, bytes;
	int64_t oldest_s;	       /* receipt of the oldest; 0: nothing waits */
	unsigned over;		       /* hosts of which more than max batches wait, */
	char most[BATCH_HOST_MAX + 1]; /* the one of them with the most, */
	uint64_t of_most;	       /* and how many those are */
};
MUST_USE int hub_inbox_depth(
    struct hub *h, uint32_t max, struct hub_inbox_depth *ret, struct err *e);

/* hub_inbox_grants - the statements, appended, that make a user of the database who may put batches of host into the
 * inbox, over TLS, and nothing else; for the server's administrator
 * from      where he may come from, as the engine writes it; NULL: from anywhere
 * password  of letters and digits
 * Returns 0; -EINVAL: no host's name; -EOPNOTSUPP: the engine knows no users. */
MUST_USE int hub_inbox_grants(struct hub *h, const char *host, const char *from,
    const char *password, struct buf *out, struct err *e);

#endif
