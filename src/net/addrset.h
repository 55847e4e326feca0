/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A set of addresses as intervals, and the algebra of such sets. IPv4 and IPv6 never mix: an IPv6 range
 * that runs over ::ffff:0:0/96, where IPv4 is kept, holds none of IPv4. */
#ifndef ONUS_NET_ADDRSET_H
#define ONUS_NET_ADDRSET_H

#include <stddef.h>

#include "net/addr.h"
#include "util/err.h"

/* struct addrset - zeroed, it is the empty set. Settled, as every function but addrset_add leaves it and
 * wants it: ascending by address (so that IPv4 stands before all IPv6 that can be routed), disjoint, no
 * two that touch, each of one family. */
struct addrset {
	struct range *v; /* owned */
	size_t n, cap;
};

void addrset_done(struct addrset *s); /* NULL-safe, callable twice */

/* addrset_add - put a range in, in any order, overlapping or not; addrset_settle before anything else
 * Returns 0; -EINVAL when its ends are backwards or of two families; -ENOMEM (the set is as before). */
MUST_USE int addrset_add(struct addrset *s, struct range r);
void addrset_settle(struct addrset *s);

/* addrset_parse - addresses, prefixes without host bits, and ranges a-b, with commas or blanks between
 * Returns 0 with a settled set; -EINVAL naming the one that is none; -ENOMEM. *ret is set only then. */
MUST_USE int addrset_parse(struct span text, struct addrset *ret, struct err *e);

/* addrset_add_text - the same, beside what is in the set, which stays as it was when text is refused */
MUST_USE int addrset_add_text(struct addrset *s, struct span text, struct err *e);

/* addrset_from - index of the first interval that does not end before a; n when there is none */
size_t addrset_from(const struct addrset *s, struct addr a);

bool addrset_has(const struct addrset *s, struct addr a);
bool addrset_overlaps(const struct addrset *s, struct range r); /* any address of both */
bool addrset_covers(const struct addrset *s, struct range r);	/* all of r */
bool addrset_eq(const struct addrset *a, const struct addrset *b);

/* addrset_union, _intersect, _subtract - a and b, a without b; *ret is new, neither a nor b
 * Returns 0 or -ENOMEM. */
MUST_USE int addrset_union(const struct addrset *a, const struct addrset *b, struct addrset *ret);
MUST_USE int addrset_intersect(
    const struct addrset *a, const struct addrset *b, struct addrset *ret);
MUST_USE int addrset_subtract(
    const struct addrset *a, const struct addrset *b, struct addrset *ret);

/* addrset_take_outside - cut everything up to the end of the first stretch that is not in the set off the
 * head of *r; false when nothing was left outside (and *ret is not set). *r becomes empty by
 * r->first > r->last. */
bool addrset_take_outside(const struct addrset *s, struct range *r, struct range *ret);

/* addrset_v4_addresses, addrset_v6_blocks - how large: addresses; /48s that it touches, each once */
uint64_t addrset_v4_addresses(const struct addrset *s);
uint64_t addrset_v6_blocks(const struct addrset *s);

/* struct addrset_walk - where a walk over the set's fewest prefixes is; zeroed to begin with */
struct addrset_walk {
	size_t i;
	struct range left;
	bool within;
};
bool addrset_next_prefix(const struct addrset *s, struct addrset_walk *w, struct prefix *ret);

#endif
