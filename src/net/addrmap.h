/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses to dense indexes 0, 1, 2 … in the order in which they came: the caller keeps what it knows
 * of each in arrays of its own. Open addressing under a random key of the map's own, because strangers
 * choose the addresses; made for millions (one cache miss for an IPv4 address, two for IPv6). */
#ifndef ONUS_NET_ADDRMAP_H
#define ONUS_NET_ADDRMAP_H

#include "net/addr.h"

#define ADDRMAP_NONE UINT32_MAX
#define ADDRMAP_MAX  ((UINT32_C(1) << 31) - 2) /* entries */

struct addrmap {
	uint64_t *slot;	   /* owned */
	struct addr *keys; /* owned; [n] */
	uint32_t n, keys_cap;
	unsigned bits; /* log2 of slots */
	uint64_t seed[4];
};

/* addrmap_init - an empty map with room for expected entries (0: it grows as it needs)
 * Returns 0 or -ENOMEM. addrmap_done frees; callable twice and on a zeroed struct. */
MUST_USE int addrmap_init(struct addrmap *m, uint32_t expected);
void addrmap_done(struct addrmap *m);

/* addrmap_put - the index of a, which is added when it is new
 * is_new   may be NULL
 * Returns ADDRMAP_NONE when memory or ADDRMAP_MAX is exhausted (the map is as before). */
uint32_t addrmap_put(struct addrmap *m, struct addr a, bool *is_new);

/* addrmap_find - the index of a, or ADDRMAP_NONE */
uint32_t addrmap_find(const struct addrmap *m, struct addr a);

/* addrmap_prefetch - tell the memory that a is asked for soon (eight addresses ahead is good) */
void addrmap_prefetch(const struct addrmap *m, struct addr a);

static inline struct addr addrmap_key(const struct addrmap *m, uint32_t index) /* index < m->n */
{
	return m->keys[index];
}

#endif
