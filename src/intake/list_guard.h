/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Is a new copy of a list to be believed? A publisher's accident (January 2026: half a million additions in a day)
 * or a list in other hands must not become evidence before somebody has looked at it. */
#ifndef ONUS_INTAKE_LIST_GUARD_H
#define ONUS_INTAKE_LIST_GUARD_H

#include "net/addr.h"
#include "util/err.h"

#define LIST_GUARD_V4_LEN 8u  /* a prefix as wide as that is held back */
#define LIST_GUARD_V6_LEN 16u /* (wider ones are refused: list.h) */
#define LIST_GUARD_FACTOR                                                                          \
	3u /* more than so many times the entries, or fewer than that part of them … */
#define LIST_GUARD_GROW	  1000u /* … is no accident while it stays below so many more … */
#define LIST_GUARD_SHRINK 100u	/* … or when there were no more than so many */

/* struct list_size - zeroed, it is that of no list */
struct list_size {
	uint64_t entries;
	unsigned wide; /* prefixes of LIST_GUARD_V?_LEN */
};

void list_size_add(struct list_size *s, struct prefix p);

/* list_guard - was is that of the last copy that was believed, without entries when there is none
 * Returns true when the new one is to be held back, with the reason. */
bool list_guard(const struct list_size *was, const struct list_size *is, struct err *why);

#endif
