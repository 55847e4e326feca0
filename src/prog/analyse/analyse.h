/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus-analyse, its parts: shown.c ledger → a plug-in, taken.c what it prints → events that are new. */
#ifndef ONUS_PROG_ANALYSE_ANALYSE_H
#define ONUS_PROG_ANALYSE_ANALYSE_H

#include "intake/known.h"
#include "prog/analyse/shown.h"

#define ANALYSE_PRODUCER "analyse" /* of its batches */

/* struct taken - what became of the lines that a run printed */
struct taken {
	uint64_t fresh;			 /* events, in part or whole */
	uint64_t said;			 /* all of it was said before */
	uint64_t known_good;		 /* about somebody who is known to be good */
	uint64_t refused, first_refused; /* lines; number of the first of them */
	struct err why;			 /* of that one */
};

/* taken_read - the lines of a whole run: what of them is new, as formatted event lines, appended to out
 * shown  what it was shown; what it says now is taken off shown->said
 * weak   what it says counts as weak
 * Returns 0; -ENOMEM, also where out is at its maximum. */
MUST_USE int taken_read(struct span printed, const char *source, bool weak, struct shown *shown,
    const struct known *known, int64_t now_s, struct buf *out, struct taken *ret);

#endif
