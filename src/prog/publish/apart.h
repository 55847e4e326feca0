/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The process that makes reputation.sqlite beside the publisher, where it is large: decisions do not wait for pages. It is
 * onus-publish --pages, at a lower priority, and rests as long as it has worked. */
#ifndef ONUS_PROG_PUBLISH_APART_H
#define ONUS_PROG_PUBLISH_APART_H

#include "ledger/hub.h"
#include "svc/daemon.h"
#include "util/child.h"

struct apart {
	struct child child;
	bool runs, any;
	bool fresh;		   /* it has made what no publication has yet */
	struct hub_run of;	   /* that it began after, where any is set */
	int64_t began_us, next_us; /* monotonic */
};

/* apart_tend - sees that it has ended; once a turn */
void apart_tend(struct apart *a, struct daemon *d);

/* apart_start - where it does not run or rest, and run is not what it made last */
void apart_start(struct apart *a, struct daemon *d, const struct hub_run *run);

void apart_stop(struct apart *a); /* callable twice */

#endif
