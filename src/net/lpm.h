/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Address to number, for hundreds of thousands of ranges: compiled once, position-independent, used in
 * place in a mapped file. IPv4 costs two loads and no unpredictable branch (the upper 20 bits, then one
 * cache line for a /20 that is not uniform); IPv6 descends eight bits a step and ends in one short list.
 * A table is checked whole when it is opened, so that a lookup checks nothing.
 * Format: doc/contracts/registry-file.md, section "lpm". */
#ifndef ONUS_NET_LPM_H
#define ONUS_NET_LPM_H

#include "net/addr.h"
#include "util/buf.h"
#include "util/err.h"

#define LPM_NONE       UINT32_C(0x3fffffff)
#define LPM_VALUES_MAX LPM_NONE /* values are below it */
#define LPM_LIST       16	/* boundaries of an IPv6 list */

/* struct lpm_entry - one range with its value */
struct lpm_entry {
	struct range range;
	uint32_t value;
};

/* lpm_build - append a compiled table to out, whose length must be a multiple of 64
 *
 * e        [n], sorted by address, disjoint, no range over both families
 * Returns 0; -EINVAL (unsorted, overlapping, value too large); -ENOMEM (or out is full). */
MUST_USE int lpm_build(const struct lpm_entry *e, size_t n, struct buf *out);

struct lpm_list {
	uint32_t key[LPM_LIST], value[LPM_LIST];
};

struct lpm_deep {
	uint64_t first; /* lower half of the address */
	uint32_t value;
	uint32_t n; /* of the list that begins here; 0 within a list */
};

struct lpm {
	const uint32_t *top4, *line4, *tail4;
	const uint32_t *top6, *node6;
	const struct lpm_list *list6;
	const struct lpm_deep *deep6;
};

/* lpm_open - check a table and point into it
 *
 * p        64-byte aligned; borrowed by *ret
 * n_values every value in the table is below it, or LPM_NONE
 * Returns 0 or -EBADMSG with what is wrong. */
MUST_USE int lpm_open(const void *p, size_t len, uint32_t n_values, struct lpm *ret, struct err *e);

/* lpm_map - the same for a table that lpm_open has checked before: only that its arrays are all there */
MUST_USE int lpm_map(const void *p, size_t len, struct lpm *ret, struct err *e);

/* What an entry is: bit 31 and 30. IPv4 knows only bit 31: "go one down". */
#define LPM_DOWN4   UINT32_C(0x80000000)
#define LPM_NODE    UINT32_C(0x80000000)
#define LPM_TO_LIST UINT32_C(0x40000000)
#define LPM_TO_DEEP UINT32_C(0xc0000000)
#define LPM_KIND    UINT32_C(0xc0000000)

static inline uint32_t lpm_find_v4(const struct lpm *l, uint32_t v4)
{
	uint32_t e = l->top4[v4 >> 12], down = (uint32_t) - (int32_t)(e >> 31);
	uint32_t at = ((e << 4) | (v4 >> 8 & 15)) & down;

	/* A uniform /20 reads line 0 for nothing: cheaper than a branch that nobody can predict. */
	e = (l->line4[at] & down) | (e & ~down);
	if (UNLIKELY(e & LPM_DOWN4))
		e = l->tail4[(size_t)(e & ~LPM_DOWN4) << 8 | (v4 & 255)];
	return e;
}

uint32_t lpm_deep_find(const struct lpm *l, uint32_t at, uint64_t lo);

static inline uint32_t lpm_find_v6(const struct lpm *l, struct addr a)
{
	uint64_t x = a.hi << 16;
	uint32_t e = l->top6[a.hi >> 48], key, n = 0;
	const struct lpm_list *list;

	while ((e & LPM_KIND) == LPM_NODE) {
		e = l->node6[(size_t)(e & ~LPM_KIND) << 8 | x >> 56];
		x <<= 8;
	}
	if (!(e & LPM_KIND))
		return e;
	if (UNLIKELY((e & LPM_KIND) == LPM_TO_DEEP))
		return lpm_deep_find(l, e & ~LPM_KIND, a.lo);
	list = &l->list6[e & ~LPM_KIND];
	key = (uint32_t)(x >> 32);
	for (int i = 0; i < LPM_LIST; i++)
		n += list->key[i] <= key;
	return list->value[n - 1]; /* key[0] is 0: n is at least 1 */
}

/* lpm_find - the value of the range around a, or LPM_NONE */
static inline uint32_t lpm_find(const struct lpm *l, struct addr a)
{
	return addr_is_v4(a) ? lpm_find_v4(l, addr_v4(a)) : lpm_find_v6(l, a);
}

#endif
