/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What readers of BGP origins share: prefixes, origins, and the facts made of both. Whether an announcement
 * is to be believed is not asked here: a default route is a route. */
#ifndef ONUS_HOLDERS_ROUTE_TEXT_H
#define ONUS_HOLDERS_ROUTE_TEXT_H

#include "holders/fact.h"

#define ROUTE_ORIGINS_MAX 64u /* of one prefix in one record */

/* struct route_origins - each once, in the order they were named in */
struct route_origins {
	uint32_t as[ROUTE_ORIGINS_MAX];
	unsigned n;
};

/* route_prefix - "192.0.2.0/24", "2001:db8::/32"
 * Returns NULL, or why it is none; *ret is set only where it is one. */
MUST_USE const char *route_prefix(struct span s, struct range *ret);

/* route_origins - one number, or several: "64496", "64496_64497" (announced by either), "{64496,64497}" or
 * "64496,64497" (a set: the path ends in one of them), and both together
 * Returns NULL, or why they are none; *ret may be half filled then. */
MUST_USE const char *route_origins(struct span s, struct route_origins *ret);

/* route_take - one fact; what take says */
MUST_USE int route_take(const struct fact_to *to, const char *source, struct range range,
    uint32_t as, uint32_t seen, uint64_t line);

/* route_fields - the words between blanks and tabs; returns how many there are, at most max of them in ret */
unsigned route_fields(struct span line, struct span *ret, unsigned max);

/* route_comment - does a line begin with one of these characters? */
static inline bool route_comment(struct span line, const char *marks)
{
	return !span_empty(line) && memchr(marks, *line.p, strlen(marks));
}

/* route_claims - is one of the first lines that are neither empty nor comments such a line? */
bool route_claims(struct span head, const char *marks, bool (*is_line)(struct span line));

#endif
