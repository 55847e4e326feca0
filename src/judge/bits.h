/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The evidence, folded: one bit per host, family, day and group, with the best proof and the sum of
 * counts. 16 bytes each; sorted and freed of doubles whenever memory would grow. */
#ifndef ONUS_JUDGE_BITS_H
#define ONUS_JUDGE_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/category.h"
#include "net/addr.h"

/* meta, from the top: family 2, lag 9, group 6 | weak 1, scan 1, count 45. What is left of the bar is
 * the key together with the host; lag 0 is today. */
struct bit {
	uint64_t host; /* bit_host */
	uint64_t meta;
};

#define BIT_KEY_SHIFT 47
#define BIT_WEAK      (UINT64_C(1) << 46)
#define BIT_SCAN      (UINT64_C(1) << 45) /* nothing but scans */
#define BIT_COUNT_MAX ((UINT64_C(1) << 45) - 1)

static inline unsigned bit_family(const struct bit *b)
{
	return (unsigned)(b->meta >> 62);
}

static inline unsigned bit_lag(const struct bit *b)
{
	return (unsigned)(b->meta >> 53) & 511;
}

static inline unsigned bit_group(const struct bit *b)
{
	return (unsigned)(b->meta >> 47) & 63;
}

static inline uint64_t bit_count(const struct bit *b)
{
	return b->meta & BIT_COUNT_MAX;
}

/* bit_host - a host in 64 bits: IPv4 below 2^32, else the upper half of IPv6. False for ::/32, which
 * holds no host and would read as IPv4, and from 4000:: on, where nobody has addresses that are routed.
 * bit_addr goes back.
 *
 * What was seen of a host while somebody else held it (former.c) is the evidence of another host: of an era of it, from
 * 1, the last before today's, to BIT_ERAS. Eras come behind all hosts: those of IPv4, era by era, then those of IPv6.
 *
 *	01, 28 zeros, era 2, address 32		IPv4
 *	1, era 2, lower 61 bits of the host	IPv6: of 2000::/3 alone */
#define BIT_ERAS   3u
#define BIT_REALMS (2 + 2 * BIT_ERAS)
#define BIT_LOW6   ((UINT64_C(1) << 61) - 1)

bool bit_host(struct addr a, uint64_t *ret);
struct addr bit_addr(uint64_t host);

/* bit_of_era - the host in that era; true when it can have one
 * bit_known  - is it what bit_host or bit_of_era gives? */
bool bit_of_era(uint64_t host, unsigned era, uint64_t *ret);
bool bit_known(uint64_t host);

static inline unsigned bit_era(uint64_t host) /* 0: today's */
{
	return (unsigned)(host >> 63 ? host >> 61 & 3 : host >> 62 ? host >> 32 & 3 : 0);
}

static inline unsigned bit_version(uint64_t host) /* 0 IPv4, 1 IPv6 */
{
	return host >> 32 && host >> 62 != 1;
}

/* bit_realm - version and era as one number below BIT_REALMS, in the order of hosts; for hosts of today the version */
static inline unsigned bit_realm(uint64_t host)
{
	unsigned era = bit_era(host);

	return era ? 1 + BIT_ERAS * bit_version(host) + era : bit_version(host);
}

/* bit_today - the host without its era */
static inline uint64_t bit_today(uint64_t host)
{
	return host >> 63 ? (host & BIT_LOW6) | (BIT_LOW6 + 1) : host >> 62 ? (uint32_t)host : host;
}

/* The unit that sizes are counted in: the IPv4 address, or the number of the /48. */
static inline uint64_t bit_unit(uint64_t host)
{
	return bit_version(host) ? bit_today(host) >> 16 : (uint32_t)host;
}

struct bits {
	struct bit *v; /* owned */
	size_t n, cap;
	bool sealed;
	bool least; /* of doubles the least count stays; else counts add up */
};

void bits_done(struct bits *s);

/* bits_add - returns 0, -ENOMEM, -E2BIG (max distinct bits) */
int bits_add(struct bits *s, struct bit b, size_t max);

/* bits_expect - n more will come: room for them at once, and no sorting on the way. 0 or -ENOMEM. */
int bits_expect(struct bits *s, size_t n);

/* bits_seal - sort by host, family, lag, group; one of each. 0 or -ENOMEM. */
int bits_seal(struct bits *s);

/* bits_join - two sorted stretches into `to`, which has room for both and lies apart from them; one of each.
 * Returns how many there are. */
size_t bits_join(const struct bit *a, size_t n_a, const struct bit *b, size_t n_b, struct bit *to);

/* bits_merge - what is in `from` into `into`, which is sealed; from is empty after that. 0, -ENOMEM, -E2BIG. */
int bits_merge(struct bits *into, struct bits *from, size_t max);

/* bits_sound - sorted, one each, of hosts that there are, lags below days: what bits_seal leaves */
bool bits_sound(const struct bits *s, unsigned days);

/* sort_by_key - n keys with their values, ascending and stable, by all bytes in which keys differ
 * Returns 0 or -ENOMEM. */
struct keyed {
	uint64_t key, value;
};
int sort_by_key(struct keyed *v, size_t n);

#endif
