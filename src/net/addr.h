/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One address type for both families: 128 bits, IPv4 as v4-mapped ::ffff:a.b.c.d (RFC 4291 section
 * 2.5.5.2), prefix lengths 0-128 throughout (an IPv4 /24 is 120). */
#ifndef ONUS_NET_ADDR_H
#define ONUS_NET_ADDR_H

#include <stdbool.h>
#include <stdint.h>

#include "util/span.h"

struct addr {
	uint64_t hi, lo; /* host order: hi is the first eight bytes */
};

struct prefix {
	struct addr addr; /* host bits are zero */
	uint8_t len;	  /* 0-128; 96+n for an IPv4 /n */
};

/* struct range - both ends inclusive, first <= last, both of one family */
struct range {
	struct addr first, last;
};

#define ADDR_TEXT_MAX	46 /* INET6_ADDRSTRLEN */
#define PREFIX_TEXT_MAX 50
#define RANGE_TEXT_MAX	(2 * ADDR_TEXT_MAX)

static inline int addr_cmp(struct addr a, struct addr b)
{
	if (a.hi != b.hi)
		return a.hi < b.hi ? -1 : 1;
	return a.lo == b.lo ? 0 : a.lo < b.lo ? -1 : 1;
}

static inline bool addr_eq(struct addr a, struct addr b)
{
	return a.hi == b.hi && a.lo == b.lo;
}

static inline bool addr_is_v4(struct addr a)
{
	return a.hi == 0 && a.lo >> 32 == 0xffff;
}

static inline uint32_t addr_v4(struct addr a) /* host order; only when addr_is_v4 */
{
	return (uint32_t)a.lo;
}

static inline struct addr addr_of_v4(uint32_t v4)
{
	return (struct addr){ 0, UINT64_C(0xffff) << 32 | v4 };
}

/* addr_next, addr_prev - plus and minus one, wrapping at the ends of 128 bits */
struct addr addr_next(struct addr a);
struct addr addr_prev(struct addr a);

/* addr_host - the host that an address belongs to: IPv4 itself, IPv6 its /64 */
static inline struct addr addr_host(struct addr a)
{
	return addr_is_v4(a) ? a : (struct addr){ a.hi, 0 };
}

/* addr_block - the block: /24 of IPv4, /48 of IPv6 */
struct prefix addr_block(struct addr a);

/* Network byte order, 16 bytes: the form of SQL and files. */
void addr_to_bytes(struct addr a, uint8_t ret[16]);
struct addr addr_of_bytes(const uint8_t b[16]);

/* addr_parse - an IPv4 dotted quad (no leading zeros, no short forms) or IPv6 text; "::ffff:192.0.2.1"
 * is the IPv4 address; no scope, no brackets, no blanks
 * Returns 0 or -EINVAL; *ret is set only on success. Source: RFC 4291 2.2, RFC 5952, RFC 6943 3.1.1. */
MUST_USE int addr_parse(struct span s, struct addr *ret);

/* addr_format - canonical text (RFC 5952; IPv4 dotted); returns its length without the NUL */
size_t addr_format(struct addr a, char ret[ADDR_TEXT_MAX]);

/* prefix_make - address with its host bits cleared; len 0-128 */
struct prefix prefix_make(struct addr a, unsigned len);
struct range prefix_range(struct prefix p);
bool prefix_has(struct prefix p, struct addr a);

static inline bool prefix_is_v4(struct prefix p)
{
	return p.len >= 96 && addr_is_v4(p.addr);
}

/* prefix_parse - "192.0.2.0/24", "2001:db8::/32", or a bare address (/32, /128). Host bits that are
 * set: -EDOM when strict, else cleared. Returns 0, -EINVAL, -EDOM. */
MUST_USE int prefix_parse(struct span s, bool strict, struct prefix *ret);

/* prefix_format - "192.0.2.0/24"; returns its length */
size_t prefix_format(struct prefix p, char ret[PREFIX_TEXT_MAX]);

/* range_parse - "a-b" (blanks around '-' allowed), a prefix, or an address
 * Returns 0; -EINVAL; -EDOM when backwards or of two families. */
MUST_USE int range_parse(struct span s, struct range *ret);

/* range_prefix - true when the range is exactly one prefix */
bool range_prefix(struct range r, struct prefix *ret);

/* range_format - the prefix's text when it is one (a lone address without /32), else "first-last" */
size_t range_format(struct range r, char ret[RANGE_TEXT_MAX]);

/* range_take_prefix - cut the largest prefix off the head of *r; false when that was the last one */
bool range_take_prefix(struct range *r, struct prefix *ret);

/* range_units - how large: IPv4 in addresses, IPv6 in /48s (rounded up, saturating) */
uint64_t range_units(struct range r);

static inline bool range_has(struct range r, struct addr a)
{
	return addr_cmp(r.first, a) <= 0 && addr_cmp(a, r.last) <= 0;
}

/* addr_special - why an address can never be punished, or NULL for global unicast: "private",
 * "loopback", "documentation", "shared" … Source: IANA special-purpose registries (RFC 6890). */
const char *addr_special(struct addr a);

/* range_special - the same for any overlap with special space */
const char *range_special(struct range r);

/* range_take_global - cut everything up to the end of the first stretch of global unicast space off the
 * head of *r; false when nothing of it was global (and *ret is not set). *r becomes empty by
 * r->first > r->last. */
bool range_take_global(struct range *r, struct range *ret);

#endif
