/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Many bytes at once: with the vector unit where every processor of the kind has one (SSE2 on x86-64), eight
 * by eight elsewhere. */
#ifndef ONUS_UTIL_BYTES_H
#define ONUS_UTIL_BYTES_H

#include <stdint.h>
#include <string.h>

/* BYTES_PORTABLE, BYTES_NARROW: without any of it, and without what not all have; for tests. */
#if defined(__SSE2__) && !defined(BYTES_PORTABLE)
#define BYTES_SSE2
#include <emmintrin.h>
#else
#include <endian.h>
#endif

#define BYTES_WIDE 64u

#ifdef BYTES_SSE2

static inline uint64_t bytes_same_as_16(const char *p, __m128i all)
{
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);

	return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(v, all));
}

/* bytes_same_16 - bit i: p[i] is q[i]; 16 bytes are read of each */
static inline uint64_t bytes_same_16(const char *p, const char *q)
{
	return bytes_same_as_16(p, _mm_loadu_si128((const __m128i *)(const void *)q));
}

/* bytes_that_are - bit i: p[i] is c; all of the 64 bytes at p are read */
static inline uint64_t bytes_that_are(const char *p, char c)
{
	__m128i all = _mm_set1_epi8(c);

	return bytes_same_as_16(p, all) | bytes_same_as_16(p + 16, all) << 16 |
	       bytes_same_as_16(p + 32, all) << 32 | bytes_same_as_16(p + 48, all) << 48;
}

static inline uint64_t bytes_same_as_16_or(const char *p, __m128i a, __m128i b)
{
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);

	return (uint32_t)_mm_movemask_epi8(
	    _mm_or_si128(_mm_cmpeq_epi8(v, a), _mm_cmpeq_epi8(v, b)));
}

/* bytes_that_are_2 - bit i: p[i] is a or b; all of the 64 bytes at p are read */
static inline uint64_t bytes_that_are_2(const char *p, char a, char b)
{
	__m128i x = _mm_set1_epi8(a), y = _mm_set1_epi8(b);

	return bytes_same_as_16_or(p, x, y) | bytes_same_as_16_or(p + 16, x, y) << 16 |
	       bytes_same_as_16_or(p + 32, x, y) << 32 | bytes_same_as_16_or(p + 48, x, y) << 48;
}

#else

/* Bit i: byte i of the difference is zero. */
static inline uint64_t bytes_zero_8(uint64_t w)
{
	const uint64_t low = UINT64_C(0x7f7f7f7f7f7f7f7f);

	w = ~(
	    ((w & low) + low) | w | low); /* the high bit of each zero byte, and exactly of those */
	return ((w >> 7) * UINT64_C(0x0102040810204080)) >> 56;
}

static inline uint64_t bytes_load_8(const char *p)
{
	uint64_t w;

	memcpy(&w, p, 8);
	return le64toh(w);
}

static inline uint64_t bytes_same_16(const char *p, const char *q)
{
	return bytes_zero_8(bytes_load_8(p) ^ bytes_load_8(q)) |
	       bytes_zero_8(bytes_load_8(p + 8) ^ bytes_load_8(q + 8)) << 8;
}

static inline uint64_t bytes_that_are(const char *p, char c)
{
	uint64_t all = UINT64_C(0x0101010101010101) * (uint8_t)c, bits = 0;

	for (unsigned i = 0; i < 8; i++)
		bits |= bytes_zero_8(bytes_load_8(p + 8 * i) ^ all) << 8 * i;
	return bits;
}

static inline uint64_t bytes_that_are_2(const char *p, char a, char b)
{
	return bytes_that_are(p, a) | bytes_that_are(p, b);
}

#endif

#endif
