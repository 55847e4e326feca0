/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ranges of addresses, each of which belongs to one of several sets: whose an address is, and how much a range weighs
 * when each set has a weight per address. Both in O(log n), however wide the range is.
 *
 * Sizes are in IPv4 addresses; an IPv6 /48 is 256 of them (scoring.md, B3), so that a /64, its smallest piece, is
 * 1/256. What a set has of a /64 is all of it. */
#ifndef ONUS_NET_RANGEMAP_H
#define ONUS_NET_RANGEMAP_H

#include "net/addrset.h"

struct rangemap_row {
	struct range range;
	uint32_t value;
	double weight;
	double before; /* weight of all rows before it */
};

/* struct rangemap - zeroed, it is empty */
struct rangemap {
	struct rangemap_row *v; /* owned; ascending and disjoint once it is settled */
	size_t n, cap;
	double all;
	struct addrset taken; /* while it is filled */
};

void rangemap_done(struct rangemap *m); /* callable twice */

/* rangemap_put - what of a set nobody has yet is value's; weight: of each address
 * rangemap_settle - after the last of them, before anything is asked
 * 0; -ENOMEM: good for rangemap_done alone. */
MUST_USE int rangemap_put(
    struct rangemap *m, const struct addrset *s, uint32_t value, double weight);
void rangemap_settle(struct rangemap *m);

/* rangemap_find - the row that an address lies in, or NULL */
const struct rangemap_row *rangemap_find(const struct rangemap *m, struct addr a);

/* rangemap_weight - of all addresses of a range: sum of size x weight */
double rangemap_weight(const struct rangemap *m, struct range r);

double rangemap_size(struct range r); /* of one IP version */

#endif
