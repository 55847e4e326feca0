/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Good observations (core/good.h) on their way into the hub: added up in memory, written with the batches that
 * brought them. */
#ifndef ONUS_LEDGER_HUB_GOOD_H
#define ONUS_LEDGER_HUB_GOOD_H

#include "core/good.h"
#include "ledger/hub.h"

struct good_row {
	struct addr addr;
	int32_t day,
	    source; /* source: a number of the caller's, its id in the hub when it is written */
	enum good kind;
	uint64_t count;
};

/* struct goods - zeroed, there are none; owned */
struct goods {
	struct good_row *v;
	size_t n, cap;
};

void goods_add(struct goods *g, const struct good_row *row);
void goods_done(struct goods *g); /* callable twice */

/* goods_write - in the caller's transaction. 0; -errno. */
MUST_USE int goods_write(struct hub *h, struct goods *g, struct err *e);

/* hub_each_good - of days first_day … last_day (both included), in any order; source is an id of the hub's */
typedef int hub_good_fn(void *ctx, const struct good_row *row);
MUST_USE int hub_each_good(
    struct hub *h, int32_t first_day, int32_t last_day, hub_good_fn *fn, void *ctx, struct err *e);

#endif
