/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "util/ends.h"

#include <assert.h>
#include <string.h>

#include "util/bytes.h"
#include "util/macro.h"

_Static_assert(ENDS_PIECE <= UINT16_MAX + 1, "a place in a piece has two bytes");

#ifdef BYTES_SSE2

#include <immintrin.h>

#define STEP  64u
#define AHEAD 4096u /* bytes: a piece is asked for so far ahead, across the borders of pages too */
#define AVX2                                                                                       \
	__attribute__((target("avx2,bmi,popcnt"))) /* processors with one of these have them all */

/* The places of the bits from base on. Two are written whether there are or not: how many there are in 64
 * bytes is what cannot be foreseen, but more than two are rare in a log. */
INLINE uint32_t note(uint16_t *at, uint32_t n, uint64_t bits, uint32_t base)
{
	const uint64_t none = UINT64_C(1) << 63; /* a bit to be found where there is none */

	at[n] = (uint16_t)(base + (uint32_t)__builtin_ctzll(bits | none));
	n += bits != 0;
	bits &= bits - 1;
	at[n] = (uint16_t)(base + (uint32_t)__builtin_ctzll(bits | none));
	n += bits != 0;
	bits &= bits - 1;
	for (; UNLIKELY(bits != 0); bits &= bits - 1)
		at[n++] = (uint16_t)(base + (uint32_t)__builtin_ctzll(bits));
	return n;
}

/* The same where no bit is needed to be found, and bits are counted at once. Returns where the next one goes. */
AVX2 INLINE uint16_t *note_avx2(uint16_t *to, uint64_t bits, uint64_t base)
{
	uint64_t first = _tzcnt_u64(bits), rest = _blsr_u64(bits), more = _blsr_u64(rest);

	to[0] = (uint16_t)(base + first);
	to[1] = (uint16_t)(base + _tzcnt_u64(rest));
	for (uint16_t *at = to + 2; UNLIKELY(more != 0); more = _blsr_u64(more))
		*at++ = (uint16_t)(base + _tzcnt_u64(more));
	return to + _mm_popcnt_u64(bits);
}

/* In all of these, bit i of the result: byte i at p is an LF; *least: the smallest byte seen in each place,
 * to tell NULs by. */
INLINE uint64_t ends_of_16(const char *p, __m128i *least)
{
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);

	*least = _mm_min_epu8(*least, v);
	return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8('\n')));
}

INLINE uint64_t ends_of_64(const char *p, __m128i *least)
{
	return ends_of_16(p, least) | ends_of_16(p + 16, least) << 16 |
	       ends_of_16(p + 32, least) << 32 | ends_of_16(p + 48, least) << 48;
}

AVX2 INLINE uint64_t ends_of_32(const char *p, __m256i *least)
{
	__m256i v = _mm256_loadu_si256((const __m256i *)(const void *)p);

	*least = _mm256_min_epu8(*least, v);
	return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(v, _mm256_set1_epi8('\n')));
}

/* The len bytes at p, whole steps; ret->n and ->nul are set for them. */
AVX2 static void steps_avx2(const char *p, size_t len, struct ends *ret)
{
	__m256i least = _mm256_set1_epi8(1);
	uint16_t *to = ret->at;

	for (size_t base = 0; base < len; base += STEP) {
		uint64_t low = ends_of_32(p + base, &least);

		__builtin_prefetch(p + base + AHEAD);
		to = note_avx2(to, low | ends_of_32(p + base + 32, &least) << 32, base);
	}
	ret->n = (uint32_t)(to - ret->at);
	ret->nul = !!_mm256_movemask_epi8(_mm256_cmpeq_epi8(least, _mm256_setzero_si256()));
}

static void steps_sse2(const char *p, size_t len, struct ends *ret)
{
	__m128i least = _mm_set1_epi8(1);
	uint32_t n = 0;

	for (uint32_t base = 0; base < len; base += STEP) {
		__builtin_prefetch(p + base + AHEAD);
		n = note(ret->at, n, ends_of_64(p + base, &least), base);
	}
	ret->n = n;
	ret->nul = !!_mm_movemask_epi8(_mm_cmpeq_epi8(least, _mm_setzero_si128()));
}

static inline bool has_avx2(void)
{
#ifdef BYTES_NARROW
	return false;
#else
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
	       __builtin_cpu_supports("popcnt");
#endif
}

void ends_find(const char *p, size_t len, struct ends *ret)
{
	size_t whole = len - len % STEP;

	assert(len <= ENDS_PIECE);
	if (has_avx2())
		steps_avx2(p, whole, ret);
	else
		steps_sse2(p, whole, ret);
	for (size_t i = whole; i < len; i++) {
		if (p[i] == '\n')
			ret->at[ret->n++] = (uint16_t)i;
		ret->nul |= p[i] == '\0';
	}
}

#else

void ends_find(const char *p, size_t len, struct ends *ret)
{
	const char *from = p, *end = p + len, *lf;

	assert(len <= ENDS_PIECE);
	ret->n = 0;
	while (from < end && (lf = memchr(from, '\n', (size_t)(end - from)))) {
		ret->at[ret->n++] = (uint16_t)(lf - p);
		from = lf + 1;
	}
	ret->nul = len > 0 && memchr(p, '\0', len) != NULL;
}

#endif
