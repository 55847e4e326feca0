/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A dotted quad in the middle of a text, without a branch on how long its parts are, since lengths are what no
 * predictor knows. Only fast.c includes this, and a test. */
#ifndef ONUS_INTAKE_QUAD_H
#define ONUS_INTAKE_QUAD_H

#include <endian.h>
#include <stdbool.h>

#include "util/bytes.h"
#include "util/macro.h"

#define QUAD_READ 16u /* bytes at p that are read, whatever they are */

/* struct quad - what it says; good: no part is over 255 or has a zero before it */
struct quad {
	uint32_t value;
	bool good;
};

#ifdef BYTES_SSE2

/* A part at p: its digits at bytes 0-2, zeros before the first; byte 3 is anything. */
static inline __m128i quad_part(const char *p, unsigned len)
{
	uint32_t w;

	memcpy(&w, p, 4);
	return _mm_cvtsi32_si128((int)((w ^ 0x30303030) << (8 * (3 - len))));
}

/* The four parts begin at p and behind the dots a < b < c; the last has n digits. All lengths are 1-3. */
static inline uint32_t quad_value(
    const char *p, unsigned a, unsigned b, unsigned c, unsigned n, bool *over)
{
	__m128i v =
	    _mm_unpacklo_epi64(_mm_unpacklo_epi32(quad_part(p, a), quad_part(p + a + 1, b - a - 1)),
		_mm_unpacklo_epi32(quad_part(p + b + 1, c - b - 1), quad_part(p + c + 1, n)));
	__m128i hundreds_ones = _mm_madd_epi16(
	    _mm_and_si128(v, _mm_set1_epi32(0xff00ff)), _mm_set1_epi32(100 | 1 << 16));
	__m128i tens = _mm_mullo_epi16(
	    _mm_and_si128(_mm_srli_epi32(v, 8), _mm_set1_epi32(0xff)), _mm_set1_epi32(10));
	__m128i sum = _mm_add_epi32(hundreds_ones, tens);

	*over = _mm_movemask_epi8(_mm_cmpgt_epi32(sum, _mm_set1_epi32(255))) != 0;
	sum = _mm_packs_epi32(sum, sum);
	return __builtin_bswap32((uint32_t)_mm_cvtsi128_si32(_mm_packus_epi16(sum, sum)));
}

/* quad_read - the dotted quad at p: three dots, one to three digits before and behind each; a fourth digit at
 * the end is left alone. Returns how many bytes it has, 0 for none. */
static inline unsigned quad_read(const char *p, struct quad *ret)
{
	const uint32_t none = 1u << 16;
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
	__m128i t = _mm_xor_si128(v, _mm_set1_epi8('0'));
	uint32_t digits =
	    (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(t, _mm_set1_epi8(9)), t));
	uint32_t zeros = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(t, _mm_setzero_si128()));
	uint32_t dots = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8('.')));
	uint32_t but_1 = dots & (dots - 1), but_2 = but_1 & (but_1 - 1),
		 but_3 = but_2 & (but_2 - 1);
	unsigned a = (unsigned)__builtin_ctz(dots | none),
		 b = (unsigned)__builtin_ctz(but_1 | none),
		 c = (unsigned)__builtin_ctz(but_2 | none), n;
	bool over;

	/* A dot that is not there is far behind the others. */
	if (a - 1 > 2 || b - a - 2 > 2 || c - b - 2 > 2)
		return 0;
	n = (unsigned)__builtin_ctz(~(digits >> (c + 1)));
	if (n == 0 || ~(digits | dots) & ((1u << c) - 1))
		return 0;
	n = MIN_OF(n, 3u);
	ret->value = quad_value(p, a, b, c, n, &over);
	/* Where a part begins with a zero and goes on. */
	ret->good = !over && (zeros & digits >> 1 & (1 | (dots ^ but_3) << 1)) == 0;
	return c + 1 + n;
}

#else

/* One to three digits at *p as a number. *bad collects what makes them no part of an address. Returns how many,
 * 0 for none. */
static inline unsigned quad_part(const char *p, uint32_t *value, uint32_t *bad)
{
	uint32_t w, t, v, m;
	unsigned n;

	memcpy(&w, p, 4);
	t = le32toh(w) ^ 0x30303030u;
	m = ((t + 0x76767676u) | t) & 0x00808080u;
	n = (unsigned)__builtin_ctz(m | 0x80000000u) / 8; /* a fourth is not looked at */
	v = t << (8 * (3 - n)); /* the last digit to the third byte, zeros before the first */
	v = (v & 0xff) * 100 + (v >> 8 & 0xff) * 10 + (v >> 16 & 0xff);
	*bad |= (uint32_t)(v > 255) | (uint32_t)(n > 1 && (t & 0xff) == 0);
	*value = *value << 8 | (v & 0xff);
	return n;
}

static inline unsigned quad_read(const char *p, struct quad *ret)
{
	const char *q = p;
	uint32_t value = 0, bad = 0;

	for (unsigned part = 0; part < 4; part++) {
		unsigned n = quad_part(q, &value, &bad);

		if (n == 0 || (part < 3 && q[n] != '.'))
			return 0;
		q += n + (part < 3);
	}
	ret->value = value;
	ret->good = !bad;
	return (unsigned)(q - p);
}

#endif

#endif
