/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who held what when, out of the hub, and how it is told of an address. */
#ifndef ONUS_PROG_ONUS_TENURES_H
#define ONUS_PROG_ONUS_TENURES_H

#include "ledger/hub.h"
#include "util/buf.h"
#include "util/jout.h"

/* struct tenures - all rows, as of a day */
struct tenures {
	int32_t day;
	struct tenure_row {
		struct range range;
		int32_t from_day, to_day; /* to_day 0: still */
		size_t holder;		  /* where its text begins in holders, NUL-terminated */
	} * v;				  /* owned; by range, then from_day */
	size_t n;
	struct buf holders;
};

/* tenures_read - url is the parameter `hub`; no hub, no rows. 0 or -errno */
MUST_USE int tenures_read(const char *url, int32_t day, struct tenures *ret, struct err *e);
void tenures_done(struct tenures *t);

/* tenures_text - a line for each range around an address that changed hands, the widest first */
void tenures_text(const struct tenures *t, struct addr a, struct buf *out);

/* tenures_json - the same as fields of the object that is open: "as_of", "tenure" */
void tenures_json(const struct tenures *t, struct addr a, struct jout *j);

#endif
