/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a source has said: its lines in the ledger, a line being a day, a subject and a category, with their counts. What
 * it says again is not new, however often and in whichever order it does. */
#ifndef ONUS_PROG_ANALYSE_SAID_H
#define ONUS_PROG_ANALYSE_SAID_H

#include "core/event.h"

#define SAID_LINES_MAX 1000000u /* at least so many are kept, */
#define SAID_ROWS_MAX                                                                              \
	(2 * SAID_LINES_MAX) /* as rows of hours and services, before they are made lines */

struct said_line {
	int32_t day;
	enum category category;
	struct prefix subject;
	uint64_t count;
};

/* struct said - zeroed, it is nothing */
struct said {
	struct said_line *v; /* owned */
	size_t n, cap;
};

/* said_add - in any order, the same line several times; said_settle before said_take
 * Returns 0; -E2BIG: more than SAID_LINES_MAX; -ENOMEM. */
MUST_USE int said_add(struct said *s, const struct said_line *line);
void said_settle(struct said *s);
void said_done(struct said *s); /* callable twice */

/* said_take - how much of what it says now is new: what it has said of that line is taken off, once */
uint64_t said_take(struct said *s, const struct said_line *now);

#endif
