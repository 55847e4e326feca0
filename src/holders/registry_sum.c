/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checksum and keys of a registry file; in a library of its own, which no sanitizer looks into: it took half of the time
 * of the fuzz target. */
#include "holders/registry_format.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t registry_sum(const void *p, size_t len)
{
	return XXH3_64bits((const char *)p + REG_SUMMED_FROM, len - REG_SUMMED_FROM);
}

uint64_t registry_key(struct span source, struct span handle)
{
	char name[REG_TEXT_MAX];
	size_t n = MIN_OF(span_len(source), sizeof(name) / 2);
	size_t m = MIN_OF(span_len(handle), sizeof(name) / 2 - 1);

	memcpy(name, source.p, n);
	name[n] = '/';
	memcpy(name + n + 1, handle.p, m);
	return XXH3_64bits(name, n + 1 + m);
}
