/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A list that says nothing bad of anybody, as the set of addresses that it is: lines in any form of list_form.h, or one
 * of MISP's warning lists, which is told by itself where the form is `lines`:
 *
 *   {"name": …, "type": "cidr", "list": ["192.0.2.0/24", "2001:db8::/32", …]}
 *
 * Refused, entry by entry, is what list.h refuses. Source: the MISP project, misp-warninglists, README. */
#ifndef ONUS_INTAKE_LIST_SET_H
#define ONUS_INTAKE_LIST_SET_H

#include "intake/list_form.h"
#include "net/addrset.h"

#define LIST_SET_FILE_MAX (64u << 20) /* bytes */

/* struct list_set_refused - how many entries were; of the first, the line (0 in a warning list) and why, a constant */
struct list_set_refused {
	uint64_t n, line;
	const char *why;
};

/* list_set_parse - the entries of one file
 * Returns 0 with a settled set, never empty; -EINVAL with the reason, and the line where there is one. Out of memory
 * aborts. */
MUST_USE int list_set_parse(struct span text, const struct list_form *form, struct addrset *ret,
    struct list_set_refused *refused, struct err *e);

#endif
