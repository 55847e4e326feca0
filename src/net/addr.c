/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses, prefixes and ranges: text, bytes and arithmetic. Knows nothing of who holds them. */
#include "net/addr.h"

#include <errno.h>

__extension__ typedef unsigned __int128 u128;

static inline u128 addr_u128(struct addr a)
{
	return (u128)a.hi << 64 | a.lo;
}

static inline struct addr addr_of_u128(u128 v)
{
	return (struct addr){ (uint64_t)(v >> 64), (uint64_t)v };
}

static inline u128 host_mask(unsigned len)
{
	return len >= 128 ? 0 : ~(u128)0 >> len;
}

struct addr addr_next(struct addr a)
{
	return addr_of_u128(addr_u128(a) + 1);
}

struct addr addr_prev(struct addr a)
{
	return addr_of_u128(addr_u128(a) - 1);
}

struct prefix addr_block(struct addr a)
{
	return prefix_make(a, addr_is_v4(a) ? 120 : 48);
}

void addr_to_bytes(struct addr a, uint8_t ret[16])
{
	uint64_t hi = __builtin_bswap64(a.hi), lo = __builtin_bswap64(a.lo);

	_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "little-endian hosts only");
	memcpy(ret, &hi, 8);
	memcpy(ret + 8, &lo, 8);
}

struct addr addr_of_bytes(const uint8_t b[16])
{
	struct addr a;

	memcpy(&a.hi, b, 8);
	memcpy(&a.lo, b + 8, 8);
	a.hi = __builtin_bswap64(a.hi);
	a.lo = __builtin_bswap64(a.lo);
	return a;
}

/* Returns where the quad ended, or NULL. What follows it is the caller's business. */
static const char *quad_parse(const char *p, const char *end, uint32_t *ret)
{
	uint32_t v = 0;

	for (int i = 0; i < 4; i++) {
		uint32_t octet, digit;

		if (i > 0 && (p == end || *p++ != '.'))
			return NULL;
		if (p == end || (octet = (uint32_t)(*p - '0')) > 9)
			return NULL;
		p++;
		if (p < end && (digit = (uint32_t)(*p - '0')) <= 9) {
			if (octet == 0)
				return NULL;
			octet = octet * 10 + digit;
			p++;
			if (p < end && (digit = (uint32_t)(*p - '0')) <= 9) {
				octet = octet * 10 + digit;
				p++;
				if (octet > 255)
					return NULL;
			}
		}
		v = v << 8 | octet;
	}
	*ret = v;
	return p;
}

static inline unsigned hex_digit(char c)
{
	unsigned d = (unsigned)c - '0';

	if (d <= 9)
		return d;
	d = ((unsigned)c | 0x20) - 'a';
	return d < 6 ? d + 10 : 16;
}

/* struct groups - the 16-bit groups of an IPv6 text as they come in */
struct groups {
	uint16_t v[8];
	int n;	 /* so far */
	int gap; /* groups before "::", -1 when there was none */
};

/* One group of one to four hex digits; returns where it ended, or NULL. */
static const char *group_parse(const char *p, const char *end, struct groups *g)
{
	unsigned v = 0, d;
	const char *start = p;

	if (g->n == 8)
		return NULL;
	for (; p < end && (d = hex_digit(*p)) < 16; p++) {
		if (p - start == 4)
			return NULL;
		v = v << 4 | d;
	}
	if (p == start)
		return NULL;
	g->v[g->n++] = (uint16_t)v;
	return p;
}

static int groups_parse(const char *p, const char *end, struct groups *g)
{
	if (end - p >= 2 && p[0] == ':' && p[1] == ':') {
		g->gap = 0;
		p += 2;
	}
	while (p < end) {
		const char *start = p;
		uint32_t quad;

		if (!(p = group_parse(p, end, g)))
			return -EINVAL;
		if (p == end)
			return 0;
		if (*p == '.') { /* the last 32 bits as a dotted quad */
			g->n--;
			if (g->n > 6 || quad_parse(start, end, &quad) != end)
				return -EINVAL;
			g->v[g->n++] = (uint16_t)(quad >> 16);
			g->v[g->n++] = (uint16_t)quad;
			return 0;
		}
		if (*p++ != ':' || p == end)
			return -EINVAL;
		if (*p == ':') {
			if (g->gap >= 0)
				return -EINVAL;
			g->gap = g->n;
			p++;
		}
	}
	return 0;
}

static int v6_parse(struct span s, struct addr *ret)
{
	struct groups g = { .n = 0, .gap = -1 };
	u128 v = 0;
	int tail;

	if (groups_parse(s.p, s.end, &g) < 0)
		return -EINVAL;
	if (g.gap < 0 ? g.n != 8 : g.n == 8)
		return -EINVAL;
	if (g.gap < 0)
		g.gap = 8;
	tail = g.n - g.gap;
	for (int i = 0; i < g.n; i++) {
		int at = i < g.gap ? i : 8 - tail + (i - g.gap);

		v |= (u128)g.v[i] << (16 * (7 - at));
	}
	*ret = addr_of_u128(v);
	return 0;
}

int addr_parse(struct span s, struct addr *ret)
{
	size_t n = span_len(s);
	uint32_t v4;

	if (n < 2 || n >= ADDR_TEXT_MAX)
		return -EINVAL;
	/* the first '.' of a quad stands at 1, 2 or 3 */
	if (n > 6 && s.p[0] != ':' && (s.p[1] == '.' || s.p[2] == '.' || s.p[3] == '.')) {
		if (quad_parse(s.p, s.end, &v4) != s.end)
			return -EINVAL;
		*ret = addr_of_v4(v4);
		return 0;
	}
	return v6_parse(s, ret);
}

static char *put_octet(char *p, unsigned v)
{
	if (v >= 100) {
		*p++ = (char)('0' + v / 100);
		v %= 100;
		*p++ = (char)('0' + v / 10);
	} else if (v >= 10) {
		*p++ = (char)('0' + v / 10);
	}
	*p++ = (char)('0' + v % 10);
	return p;
}

static size_t v4_format(uint32_t v, char *ret)
{
	char *p = put_octet(ret, v >> 24);

	*p++ = '.';
	p = put_octet(p, v >> 16 & 255);
	*p++ = '.';
	p = put_octet(p, v >> 8 & 255);
	*p++ = '.';
	p = put_octet(p, v & 255);
	*p = '\0';
	return (size_t)(p - ret);
}

static char *put_group(char *p, unsigned v)
{
	int shift = v >= 0x1000 ? 12 : v >= 0x100 ? 8 : v >= 0x10 ? 4 : 0;

	for (; shift >= 0; shift -= 4)
		*p++ = "0123456789abcdef"[v >> shift & 15];
	return p;
}

/* The longest run of at least two zero groups, the first of equals (RFC 5952 section 4.2). */
static int zero_run(const unsigned group[8], int *ret_start)
{
	int best = 1, run = 0;

	*ret_start = 8;
	for (int i = 0; i < 8; i++) {
		run = group[i] == 0 ? run + 1 : 0;
		if (run > best) {
			best = run;
			*ret_start = i - run + 1;
		}
	}
	return *ret_start == 8 ? 0 : best;
}

size_t addr_format(struct addr a, char ret[ADDR_TEXT_MAX])
{
	unsigned group[8];
	int start, run;
	char *p = ret;

	if (addr_is_v4(a))
		return v4_format(addr_v4(a), ret);
	for (int i = 0; i < 8; i++)
		group[i] = (unsigned)((i < 4 ? a.hi : a.lo) >> (16 * (3 - i % 4))) & 0xffff;
	run = zero_run(group, &start);
	for (int i = 0; i < 8;) {
		if (i == start) {
			*p++ = ':';
			*p++ = ':';
			i += run;
			continue;
		}
		if (i > 0 && i != start + run)
			*p++ = ':';
		p = put_group(p, group[i++]);
	}
	*p = '\0';
	return (size_t)(p - ret);
}

struct prefix prefix_make(struct addr a, unsigned len)
{
	len = MIN_OF(len, 128u);
	return (struct prefix){ addr_of_u128(addr_u128(a) & ~host_mask(len)), (uint8_t)len };
}

struct range prefix_range(struct prefix p)
{
	return (struct range){ p.addr, addr_of_u128(addr_u128(p.addr) | host_mask(p.len)) };
}

bool prefix_has(struct prefix p, struct addr a)
{
	return addr_eq(prefix_make(a, p.len).addr, p.addr);
}

/* "0" to "128" without leading zeros */
static int len_parse(struct span s, unsigned max, unsigned *ret)
{
	unsigned v = 0;

	if (span_empty(s) || span_len(s) > 3 || (*s.p == '0' && span_len(s) > 1))
		return -EINVAL;
	for (const char *p = s.p; p < s.end; p++) {
		if (*p < '0' || *p > '9')
			return -EINVAL;
		v = v * 10 + (unsigned)(*p - '0');
	}
	if (v > max)
		return -EINVAL;
	*ret = v;
	return 0;
}

int prefix_parse(struct span s, bool strict, struct prefix *ret)
{
	const char *slash = span_empty(s) ? NULL : memchr(s.p, '/', span_len(s));
	struct span host = { s.p, slash ? slash : s.end };
	unsigned len = 128;
	struct prefix p;
	struct addr a;

	if (addr_parse(host, &a) < 0)
		return -EINVAL;
	if (slash) {
		bool dotted = !memchr(host.p, ':', span_len(host));

		if (len_parse((struct span){ slash + 1, s.end }, dotted ? 32 : 128, &len) < 0)
			return -EINVAL;
		len += dotted ? 96 : 0;
	}
	p = prefix_make(a, len);
	if (strict && !addr_eq(p.addr, a))
		return -EDOM;
	*ret = p;
	return 0;
}

static size_t put_len(char *p, unsigned v)
{
	char *start = p;

	*p++ = '/';
	p = put_octet(p, v);
	*p = '\0';
	return (size_t)(p - start);
}

size_t prefix_format(struct prefix p, char ret[PREFIX_TEXT_MAX])
{
	size_t n = addr_format(p.addr, ret);

	return n + put_len(ret + n, prefix_is_v4(p) ? p.len - 96u : p.len);
}

int range_parse(struct span s, struct range *ret)
{
	const char *dash = span_empty(s) ? NULL : memchr(s.p, '-', span_len(s));
	struct range r;
	struct prefix p;

	if (!dash) {
		if (prefix_parse(s, false, &p) < 0)
			return -EINVAL;
		r = prefix_range(p); /* "::/80" ends where IPv4 does */
	} else if (addr_parse(span_trim((struct span){ s.p, dash }), &r.first) < 0 ||
		   addr_parse(span_trim((struct span){ dash + 1, s.end }), &r.last) < 0) {
		return -EINVAL;
	}
	if (addr_is_v4(r.first) != addr_is_v4(r.last) || addr_cmp(r.first, r.last) > 0)
		return -EDOM;
	*ret = r;
	return 0;
}

static inline unsigned u128_ctz(u128 v) /* 128 for 0 */
{
	if ((uint64_t)v)
		return (unsigned)__builtin_ctzll((uint64_t)v);
	return v ? 64 + (unsigned)__builtin_ctzll((uint64_t)(v >> 64)) : 128;
}

static inline unsigned u128_log2(u128 v) /* floor; v > 0 */
{
	return v >> 64 ? 127 - (unsigned)__builtin_clzll((uint64_t)(v >> 64))
		       : 63 - (unsigned)__builtin_clzll((uint64_t)v);
}

/* Host bits of the largest prefix that begins at r.first and stays inside. */
static unsigned head_bits(struct range r)
{
	u128 first = addr_u128(r.first), size = addr_u128(r.last) - first + 1;
	unsigned align = u128_ctz(first);
	unsigned room = size == 0 ? 128 : u128_log2(size);

	return MIN_OF(align, room);
}

bool range_prefix(struct range r, struct prefix *ret)
{
	unsigned bits = head_bits(r);
	struct prefix p = { r.first, (uint8_t)(128 - bits) };

	if (!addr_eq(prefix_range(p).last, r.last))
		return false;
	*ret = p;
	return true;
}

size_t range_format(struct range r, char ret[RANGE_TEXT_MAX])
{
	struct prefix p;
	size_t n = 0;

	if (addr_eq(r.first, r.last))
		return addr_format(r.first, ret);
	if (range_prefix(r, &p))
		return prefix_format(p, ret);
	n = addr_format(r.first, ret);
	ret[n++] = '-';
	return n + addr_format(r.last, ret + n);
}

bool range_take_prefix(struct range *r, struct prefix *ret)
{
	struct prefix p = { r->first, (uint8_t)(128 - head_bits(*r)) };
	struct addr last = prefix_range(p).last;

	*ret = p;
	if (addr_eq(last, r->last))
		return false;
	r->first = addr_next(last);
	return true;
}

uint64_t range_units(struct range r)
{
	if (addr_is_v4(r.first))
		return (uint64_t)addr_v4(r.last) - addr_v4(r.first) + 1;
	return (r.last.hi >> 16) - (r.first.hi >> 16) + 1;
}

#define V4(a, b, c, d)                                                                             \
	{                                                                                          \
		0, 0xffff00000000u | (uint64_t)(a) << 24 | (b) << 16 | (c) << 8 | (d)              \
	}
#define V6(a, b, c, d)                                                                             \
	{                                                                                          \
		(uint64_t)(a) << 48 | (uint64_t)(b) << 32 | (uint64_t)(c) << 16 | (d), 0           \
	}
#define V6E(a, b, c, d)                                                                            \
	{                                                                                          \
		(uint64_t)(a) << 48 | (uint64_t)(b) << 32 | (uint64_t)(c) << 16 | (d),             \
		    ~UINT64_C(0)                                                                   \
	}

/* Sorted by address, disjoint. Space that the registries mark as globally reachable (AS112, AMT) is
 * not in it; what is outside 2000::/3 is special even where it is not listed. */
static const struct special {
	struct addr first, last;
	const char *why;
} specials[] = {
	{ { 0, 0 }, { 0, 0 }, "unspecified" },
	{ { 0, 1 }, { 0, 1 }, "loopback" },
	{ V4(0, 0, 0, 0), V4(0, 255, 255, 255), "this network" },
	{ V4(10, 0, 0, 0), V4(10, 255, 255, 255), "private" },
	{ V4(100, 64, 0, 0), V4(100, 127, 255, 255), "shared" },
	{ V4(127, 0, 0, 0), V4(127, 255, 255, 255), "loopback" },
	{ V4(169, 254, 0, 0), V4(169, 254, 255, 255), "link-local" },
	{ V4(172, 16, 0, 0), V4(172, 31, 255, 255), "private" },
	{ V4(192, 0, 0, 0), V4(192, 0, 0, 255), "protocol assignment" },
	{ V4(192, 0, 2, 0), V4(192, 0, 2, 255), "documentation" },
	{ V4(192, 88, 99, 0), V4(192, 88, 99, 255), "6to4 relay" },
	{ V4(192, 168, 0, 0), V4(192, 168, 255, 255), "private" },
	{ V4(198, 18, 0, 0), V4(198, 19, 255, 255), "benchmarking" },
	{ V4(198, 51, 100, 0), V4(198, 51, 100, 255), "documentation" },
	{ V4(203, 0, 113, 0), V4(203, 0, 113, 255), "documentation" },
	{ V4(224, 0, 0, 0), V4(239, 255, 255, 255), "multicast" },
	{ V4(240, 0, 0, 0), V4(255, 255, 255, 254), "reserved" },
	{ V4(255, 255, 255, 255), V4(255, 255, 255, 255), "broadcast" },
	{ V6(0x64, 0xff9b, 0, 0), { UINT64_C(0x64ff9b00000000), 0xffffffff }, "translation" },
	{ V6(0x64, 0xff9b, 1, 0), V6E(0x64, 0xff9b, 1, 0xffff), "translation" },
	{ V6(0x100, 0, 0, 0), V6E(0x100, 0, 0, 0), "discard" },
	{ V6(0x2001, 0, 0, 0), V6E(0x2001, 0, 0xffff, 0xffff), "teredo" },
	{ V6(0x2001, 1, 0, 0), V6E(0x2001, 1, 0xffff, 0xffff), "protocol assignment" },
	{ V6(0x2001, 2, 0, 0), V6E(0x2001, 2, 0xffff, 0xffff), "benchmarking" },
	{ V6(0x2001, 4, 0, 0), V6E(0x2001, 4, 0x111, 0xffff), "protocol assignment" },
	{ V6(0x2001, 4, 0x113, 0), V6E(0x2001, 0x1ff, 0xffff, 0xffff), "protocol assignment" },
	{ V6(0x2001, 0xdb8, 0, 0), V6E(0x2001, 0xdb8, 0xffff, 0xffff), "documentation" },
	{ V6(0x2002, 0, 0, 0), V6E(0x2002, 0xffff, 0xffff, 0xffff), "6to4" },
	{ V6(0x3fff, 0, 0, 0), V6E(0x3fff, 0xfff, 0xffff, 0xffff), "documentation" },
	{ V6(0x5f00, 0, 0, 0), V6E(0x5f00, 0xffff, 0xffff, 0xffff), "segment routing" },
	{ V6(0xfc00, 0, 0, 0), V6E(0xfdff, 0xffff, 0xffff, 0xffff), "private" },
	{ V6(0xfe80, 0, 0, 0), V6E(0xfebf, 0xffff, 0xffff, 0xffff), "link-local" },
	{ V6(0xff00, 0, 0, 0), V6E(0xffff, 0xffff, 0xffff, 0xffff), "multicast" },
};

/* The first special stretch that does not end before a; NELEM(specials) when there is none. */
static size_t special_from(struct addr a)
{
	size_t lo = 0, hi = NELEM(specials);

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (addr_cmp(specials[mid].last, a) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

const char *range_special(struct range r)
{
	size_t i = special_from(r.first);

	if (i < NELEM(specials) && addr_cmp(specials[i].first, r.last) <= 0)
		return specials[i].why;
	if (addr_is_v4(r.first) && addr_is_v4(r.last))
		return NULL;
	return r.first.hi >> 61 == 1 && r.last.hi >> 61 == 1 ? NULL : "reserved";
}

const char *addr_special(struct addr a)
{
	return range_special((struct range){ a, a });
}

bool range_take_global(struct range *r, struct range *ret)
{
	static const struct range unicast6 = { V6(0x2000, 0, 0, 0),
		V6E(0x3fff, 0xffff, 0xffff, 0xffff) };

	if (!addr_is_v4(r->first)) { /* what is not in 2000::/3 is special throughout */
		if (addr_cmp(r->first, unicast6.first) < 0)
			r->first = unicast6.first;
		if (addr_cmp(r->last, unicast6.last) > 0)
			r->last = unicast6.last;
	}
	while (addr_cmp(r->first, r->last) <= 0) {
		size_t i = special_from(r->first);
		bool hit = i < NELEM(specials) && addr_cmp(specials[i].first, r->last) <= 0;

		if (hit && addr_cmp(specials[i].first, r->first) <= 0) {
			r->first = addr_next(specials[i].last);
			if (addr_eq(r->first, (struct addr){ 0, 0 }))
				return false;
			continue;
		}
		*ret = (struct range){ r->first, hit ? addr_prev(specials[i].first) : r->last };
		r->first = addr_next(ret->last);
		return true;
	}
	return false;
}
