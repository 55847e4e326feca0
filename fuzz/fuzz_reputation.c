/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a reputation file. The size and checksum are set right first, so that what lies behind
 * them is reached; what opens must answer every question. */
#include "fuzz.h"

#include "publication/reputation.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

static void ask(const struct reputation *r)
{
	struct reputation_row row;
	struct reputation_chain chain;

	for (uint32_t i = 0; i < reputation_n(r); i++) {
		reputation_at(r, i, &row);
		if (reputation_find(r, &row.entity) != i)
			abort();
		reputation_lookup(r, row.entity.range.first, &chain);
		reputation_lookup(r, row.entity.range.last, &chain);
	}
	reputation_lookup(r, (struct addr){ 0, 0 }, &chain);
	reputation_lookup(r, (struct addr){ UINT64_MAX, UINT64_MAX }, &chain);
	(void)reputation_head(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *p = malloc(size ? size : 1);
	struct reputation *r;
	struct err e;

	if (!p)
		return 0;
	memcpy(p, data, size);
	if (size >= 32) {
		uint64_t n = size, sum = XXH3_64bits(p + 32, size - 32);

		memcpy(p + 16, &n, 8);
		memcpy(p + 24, &sum, 8);
	}
	if (reputation_open_memory(p, size, &r, &e) == 0) {
		ask(r);
		(void)reputation_free(r);
	}
	free(p);
	return 0;
}
