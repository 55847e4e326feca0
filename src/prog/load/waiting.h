/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The batches that wait in the spool, listed once for several transactions: the names of a long backlog take as long to
 * read as the first of its batches to load. */
#ifndef ONUS_PROG_LOAD_WAITING_H
#define ONUS_PROG_LOAD_WAITING_H

#include "core/spool.h"

struct waiting {
	struct spool_list list;
	size_t next;   /* of the list: who is before it was dealt with, or waits unread */
	size_t unread; /* of those */
	int64_t listed_us;
	size_t passed_over; /* how many more the next list needs, for those that cannot be read */
};

/* waiting_look - lists anew where nothing is left of the list, or where it is old: what came since takes its turn, too
 * max  how many at most, beside those that could not be read the last time */
MUST_USE int waiting_look(struct waiting *w, const char *dir, size_t max, struct err *e);

/* waiting_rest - what is left of it; borrowed from w */
struct spool_list waiting_rest(const struct waiting *w);

/* waiting_took - the next n were looked at, unread of them could not be read; the others no longer wait */
void waiting_took(struct waiting *w, size_t n, size_t unread);

/* waiting_lost - all of the list was looked at, and none of it could be read */
bool waiting_lost(const struct waiting *w);

/* waiting_forget - the next look lists anew; callable twice */
void waiting_forget(struct waiting *w);

#endif
