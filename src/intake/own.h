/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One's own networks: what stands in them is never an event. */
#ifndef ONUS_INTAKE_OWN_H
#define ONUS_INTAKE_OWN_H

#include "net/addr.h"
#include "util/err.h"

#define OWN_MAX 4096u /* prefixes */

struct own {
	struct prefix *v; /* owned */
	unsigned n;
};

/* own_parse - prefixes and addresses with commas or blanks between; NULL or "" is none
 * Returns 0; -EINVAL with the one that is none. */
MUST_USE int own_parse(const char *text, struct own *ret, struct err *e);
void own_done(struct own *o); /* NULL-safe, callable twice */

bool own_has(const struct own *o, struct addr a);	 /* o may be NULL */
bool own_overlaps(const struct own *o, struct prefix p); /* any of p in it, or the reverse */

#endif
