/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Arrays that grow: room for the next item, twice as much whenever it is used up. */
#ifndef ONUS_UTIL_GROW_H
#define ONUS_UTIL_GROW_H

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "util/macro.h"

#define GROW_FIRST 64u

/* grow - room for n items of `size` bytes
 *
 * v     the address of the array's pointer, of whatever type; NULL to begin with
 * cap   items there is room for; 0 to begin with
 * Returns 0; -ENOMEM, and nothing has changed. */
MUST_USE static inline int grow(void *v, size_t *cap, size_t n, size_t size)
{
	size_t want = MAX_OF(MAX_OF(n, *cap <= SIZE_MAX / 2 ? *cap * 2 : n), GROW_FIRST);
	void *p;

	if (n <= *cap)
		return 0;
	if (want > PTRDIFF_MAX / size)
		return -ENOMEM;
	memcpy(&p, v, sizeof(p));
	p = reallocarray(p, want, size);
	if (!p)
		return -ENOMEM;
	memcpy(v, &p, sizeof(p));
	*cap = want;
	return 0;
}

/* grow_u32 - the same for arrays that are counted in 32 bits */
MUST_USE static inline int grow_u32(void *v, uint32_t *cap, uint64_t n, size_t size)
{
	size_t room = *cap;

	if (n <= room)
		return 0;
	if (n > UINT32_MAX || grow(v, &room, (size_t)n, size) < 0)
		return -ENOMEM;
	*cap = (uint32_t)MIN_OF(room, UINT32_MAX);
	return 0;
}

#endif
