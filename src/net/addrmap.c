/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A slot is tag << 32 | v6 << 31 | index + 1, and 0 when it is free. For IPv4 the tag is the address,
 * so that a match needs no look at the keys; for IPv6 it is the upper half of the hash. The place of an
 * entry is the upper bits of its hash and thus known from its slot alone: growing reads one table from
 * the front and fills the other from the front. */
#include "net/addrmap.h"

#include <errno.h>
#include <sodium.h>
#include <sys/mman.h>

__extension__ typedef unsigned __int128 u128;

#define BITS_MIN   9
#define SLOT_V6	   (UINT64_C(1) << 31)
#define SLOT_INDEX (SLOT_V6 - 1)

static inline uint64_t fold(uint64_t a, uint64_t b)
{
	u128 p = (u128)a * b;

	return (uint64_t)(p >> 64) ^ (uint64_t)p;
}

static inline uint64_t addr_hash(const struct addrmap *m, struct addr a)
{
	return fold(fold(a.hi ^ m->seed[0], a.lo ^ m->seed[1]) ^ m->seed[2], m->seed[3]);
}

/* What a slot of this address has above its index. */
static inline uint64_t addr_tag(struct addr a, uint64_t hash)
{
	return addr_is_v4(a) ? (uint64_t)addr_v4(a) << 32
			     : (hash & ~UINT64_C(0xffffffff)) | SLOT_V6;
}

static inline size_t slot_place(const struct addrmap *m, uint64_t slot)
{
	uint64_t hash = slot & SLOT_V6 ? slot : addr_hash(m, addr_of_v4((uint32_t)(slot >> 32)));

	return (size_t)(hash >> (64 - m->bits));
}

static uint64_t *slots_new(unsigned bits)
{
	size_t n = sizeof(uint64_t) << bits;
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	(void)madvise(p, n, MADV_HUGEPAGE); /* a wish: fewer page walks in large tables */
	return p;
}

static void slots_free(uint64_t *slot, unsigned bits)
{
	if (slot)
		(void)munmap(slot, sizeof(uint64_t) << bits);
}

int addrmap_init(struct addrmap *m, uint32_t expected)
{
	unsigned bits = BITS_MIN;

	*m = (struct addrmap){ 0 };
	expected = MIN_OF(expected, (uint32_t)ADDRMAP_MAX);
	while ((uint64_t)3 << (bits - 2) < expected)
		bits++;
	if (!(m->slot = slots_new(bits)))
		return -ENOMEM;
	m->bits = bits;
	randombytes_buf(m->seed, sizeof(m->seed));
	m->seed[3] |= 1;
	return 0;
}

void addrmap_done(struct addrmap *m)
{
	slots_free(m->slot, m->bits);
	free(m->keys);
	*m = (struct addrmap){ 0 };
}

static int slots_grow(struct addrmap *m)
{
	unsigned old_bits = m->bits;
	uint64_t *old = m->slot, *bigger = slots_new(old_bits + 1);
	size_t mask;

	if (!bigger)
		return -ENOMEM;
	m->slot = bigger;
	m->bits = old_bits + 1;
	mask = ((size_t)1 << m->bits) - 1;
	for (size_t i = 0; i < (size_t)1 << old_bits; i++) {
		size_t at;

		if (old[i] == 0)
			continue;
		for (at = slot_place(m, old[i]); m->slot[at] != 0; at = (at + 1) & mask)
			;
		m->slot[at] = old[i];
	}
	slots_free(old, old_bits);
	return 0;
}

static int keys_grow(struct addrmap *m)
{
	uint64_t cap = m->keys_cap < 256 ? 256 : m->keys_cap + (uint64_t)m->keys_cap / 2;
	struct addr *keys;

	cap = MIN_OF(cap, (uint64_t)ADDRMAP_MAX);
	keys = reallocarray(m->keys, cap, sizeof(*keys));
	if (!keys)
		return -ENOMEM;
	m->keys = keys;
	m->keys_cap = (uint32_t)cap;
	return 0;
}

/* The index of a, or ADDRMAP_NONE with *ret_at the free slot where it belongs. */
static inline uint32_t slot_find(
    const struct addrmap *m, struct addr a, uint64_t hash, size_t *ret_at)
{
	size_t mask = ((size_t)1 << m->bits) - 1;
	uint64_t tag = addr_tag(a, hash);

	for (size_t at = (size_t)(hash >> (64 - m->bits));; at = (at + 1) & mask) {
		uint64_t slot = m->slot[at];

		if (slot == 0) {
			*ret_at = at;
			return ADDRMAP_NONE;
		}
		if ((slot & ~SLOT_INDEX) == tag) {
			uint32_t index = (uint32_t)(slot & SLOT_INDEX) - 1;

			if (LIKELY(addr_is_v4(a)) || addr_eq(m->keys[index], a))
				return index;
		}
	}
}

/* at: the free slot. A function of its own: the address would be kept on the stack for it, and read back
 * before it is written, by everybody who is not new as well. */
static __attribute__((noinline)) uint32_t add(
    struct addrmap *m, struct addr a, uint64_t hash, size_t at)
{
	if (m->n >= ADDRMAP_MAX || (m->n == m->keys_cap && keys_grow(m) < 0))
		return ADDRMAP_NONE;
	if (m->n >= (uint64_t)3 << (m->bits - 2)) {
		if (slots_grow(m) < 0)
			return ADDRMAP_NONE;
		(void)slot_find(m, a, hash, &at); /* not there: the place is wanted */
	}
	m->keys[m->n] = a;
	m->slot[at] = addr_tag(a, hash) | (m->n + 1);
	return m->n++;
}

uint32_t addrmap_put(struct addrmap *m, struct addr a, bool *is_new)
{
	uint64_t hash = addr_hash(m, a);
	size_t at;
	uint32_t index = slot_find(m, a, hash, &at);

	if (is_new)
		*is_new = index == ADDRMAP_NONE;
	return LIKELY(index != ADDRMAP_NONE) ? index : add(m, a, hash, at);
}

uint32_t addrmap_find(const struct addrmap *m, struct addr a)
{
	size_t at;

	return slot_find(m, a, addr_hash(m, a), &at);
}

void addrmap_prefetch(const struct addrmap *m, struct addr a)
{
	__builtin_prefetch(&m->slot[addr_hash(m, a) >> (64 - m->bits)], 1);
}
