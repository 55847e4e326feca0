/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "judge/bits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(FAMILY_SCORED_N == 4, "bit.meta keeps the family in two bits");
_Static_assert(sizeof(struct bit) == sizeof(struct keyed), "both are sorted by radix_pass");

bool bit_host(struct addr a, uint64_t *ret)
{
	if (addr_is_v4(a)) {
		*ret = addr_v4(a);
		return true;
	}
	*ret = a.hi;
	return a.hi >> 32 && !(a.hi >> 62);
}

bool bit_of_era(uint64_t host, unsigned era, uint64_t *ret)
{
	if (!(host >> 32)) {
		*ret = UINT64_C(1) << 62 | (uint64_t)era << 32 | host;
		return true;
	}
	*ret = UINT64_C(1) << 63 | (uint64_t)era << 61 | (host & BIT_LOW6);
	return host >> 61 == 1;
}

bool bit_known(uint64_t host)
{
	uint64_t again;

	return !(host >> 62) ||
	       (bit_era(host) && bit_of_era(bit_today(host), bit_era(host), &again) &&
		   again == host);
}

struct addr bit_addr(uint64_t host)
{
	host = bit_today(host);
	return bit_version(host) ? (struct addr){ host, 0 } : addr_of_v4((uint32_t)host);
}

void bits_done(struct bits *s)
{
	free(s->v);
	*s = (struct bits){ 0 };
}

/* One counting pass over byte `byte` of the first (word 0) or second word of each pair. */
static void radix_pass(const uint64_t *from, uint64_t *to, size_t n, unsigned word, unsigned byte)
{
	size_t start[257] = { 0 };

	for (size_t i = 0; i < n; i++)
		start[(from[2 * i + word] >> (8 * byte) & 255) + 1]++;
	for (unsigned i = 1; i < 257; i++)
		start[i] += start[i - 1];
	for (size_t i = 0; i < n; i++) {
		size_t at = start[from[2 * i + word] >> (8 * byte) & 255]++;

		to[2 * at] = from[2 * i];
		to[2 * at + 1] = from[2 * i + 1];
	}
}

/* Sorts n pairs by the second word under mask, then by the first: least significant byte first,
 * bytes that are the same in all of them skipped. */
static int radix_sort(uint64_t *v, size_t n, uint64_t mask)
{
	uint64_t differ[2] = { 0, 0 };
	uint64_t *tmp, *from = v, *to;

	for (size_t i = 1; i < n; i++) {
		differ[0] |= v[2 * i] ^ v[0];
		differ[1] |= v[2 * i + 1] ^ v[1];
	}
	differ[1] &= mask;
	if (!differ[0] && !differ[1])
		return 0;
	tmp = malloc(n * 2 * sizeof(*tmp));
	if (!tmp)
		return -ENOMEM;
	to = tmp;
	for (unsigned pass = 0; pass < 16; pass++) {
		unsigned word = pass < 8 ? 1 : 0, byte = pass % 8;
		uint64_t *swap = from;

		if (!(differ[word] >> (8 * byte) & 255))
			continue;
		radix_pass(from, to, n, word, byte);
		from = to;
		to = swap;
	}
	if (from != v)
		memcpy(v, from, n * 2 * sizeof(*v));
	free(tmp);
	return 0;
}

int sort_by_key(struct keyed *v, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (v[i - 1].key > v[i].key)
			return radix_sort((uint64_t *)v, n, 0);
	return 0;
}

static bool before(const struct bit *a, const struct bit *b)
{
	if (a->host != b->host)
		return a->host < b->host;
	return a->meta >> BIT_KEY_SHIFT < b->meta >> BIT_KEY_SHIFT;
}

static void merge(struct bit *into, const struct bit *b)
{
	uint64_t flags = (into->meta & b->meta) & (BIT_WEAK | BIT_SCAN);
	uint64_t count = bit_count(into) + bit_count(b);

	if (count > BIT_COUNT_MAX)
		count = BIT_COUNT_MAX;
	into->meta = into->meta >> BIT_KEY_SHIFT << BIT_KEY_SHIFT | flags | count;
}

static void merge_least(struct bit *into, const struct bit *b)
{
	if (bit_count(b) < bit_count(into))
		*into = *b;
}

int bits_seal(struct bits *s)
{
	bool sorted = true;
	size_t to = 0;

	if (s->sealed || s->n == 0) {
		s->sealed = true;
		return 0;
	}
	for (size_t i = 1; i < s->n && sorted; i++)
		sorted = !before(&s->v[i], &s->v[i - 1]);
	if (!sorted) {
		/* The low bits of a byte that key and flags share do no harm: doubles are still
		 * side by side. */
		int r = radix_sort((uint64_t *)s->v, s->n, UINT64_MAX << BIT_KEY_SHIFT);

		if (r < 0)
			return r;
	}
	for (size_t i = 1; i < s->n; i++) {
		if (before(&s->v[to], &s->v[i]))
			s->v[++to] = s->v[i];
		else
			(s->least ? merge_least : merge)(&s->v[to], &s->v[i]);
	}
	s->n = to + 1;
	s->sealed = true;
	return 0;
}

/* Room for one more: first without doubles, then, when that did not halve it, twice as large. */
static int grow(struct bits *s, size_t max)
{
	struct bit *v;
	size_t cap;
	int r = bits_seal(s);

	if (r < 0)
		return r;
	if (s->n >= max)
		return -E2BIG;
	if (s->n < s->cap / 2)
		return 0;
	cap = s->cap ? s->cap * 2 : 1024;
	v = realloc(s->v, cap * sizeof(*v));
	if (!v)
		return -ENOMEM;
	s->v = v;
	s->cap = cap;
	return 0;
}

int bits_expect(struct bits *s, size_t n)
{
	struct bit *v;

	if (n <= s->cap - s->n)
		return 0;
	if (n > SIZE_MAX / sizeof(*v) - s->n || !(v = realloc(s->v, (s->n + n) * sizeof(*v))))
		return -ENOMEM;
	s->v = v;
	s->cap = s->n + n;
	return 0;
}

int bits_add(struct bits *s, struct bit b, size_t max)
{
	if (s->n == s->cap) {
		int r = grow(s, max);

		if (r < 0)
			return r;
	}
	s->v[s->n++] = b;
	s->sealed = false;
	return 0;
}

size_t bits_join(const struct bit *a, size_t n_a, const struct bit *b, size_t n_b, struct bit *to)
{
	size_t n = 0;

	for (size_t i = 0, k = 0; i < n_a || k < n_b;) {
		if (k == n_b || (i < n_a && before(&a[i], &b[k])))
			to[n++] = a[i++];
		else if (i == n_a || before(&b[k], &a[i]))
			to[n++] = b[k++];
		else {
			to[n] = a[i++];
			merge(&to[n++], &b[k++]);
		}
	}
	return n;
}

/* From the end, so that it can be done in place; what doubles have freed is closed up after that. */
int bits_merge(struct bits *into, struct bits *from, size_t max)
{
	size_t i = into->n, k, at;
	int r = bits_seal(from);

	if (r < 0 || from->n == 0)
		return r;
	if (from->n > max - MIN_OF(into->n, max))
		return -E2BIG;
	if (bits_expect(into, from->n) < 0)
		return -ENOMEM;
	k = from->n;
	at = i + k;
	while (k > 0) {
		if (i > 0 && before(&from->v[k - 1], &into->v[i - 1]))
			into->v[--at] = into->v[--i];
		else if (i == 0 || before(&into->v[i - 1], &from->v[k - 1]))
			into->v[--at] = from->v[--k];
		else {
			into->v[--at] = into->v[--i];
			(into->least ? merge_least : merge)(&into->v[at], &from->v[--k]);
		}
	}
	if (at > i)
		memmove(into->v + i, into->v + at, (into->n + from->n - at) * sizeof(*into->v));
	into->n = into->n + from->n - (at - i);
	bits_done(from);
	return 0;
}

bool bits_sound(const struct bits *s, unsigned days)
{
	for (size_t i = 0; i < s->n; i++)
		if ((s->least ? bit_count(&s->v[i]) : bit_lag(&s->v[i])) >= days ||
		    !bit_known(s->v[i].host) || (s->least && bit_era(s->v[i].host)) ||
		    (i && !before(&s->v[i - 1], &s->v[i])))
			return false;
	return true;
}
