/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files of what is known to be good: a set that is taken is settled, not empty, and holds nothing reserved. */
#include "fuzz.h"

#include <assert.h>

#include "intake/known.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct addrset set;
	uint64_t refused;
	struct err e = { "" };

	if (known_parse(span_of((const char *)data, size), &set, &refused, &e) < 0) {
		assert(e.text[0] != '\0');
		return 0;
	}
	assert(set.n > 0);
	for (size_t i = 0; i < set.n; i++) {
		assert(!range_special(set.v[i]));
		assert(i == 0 || addr_cmp(set.v[i - 1].last, set.v[i].first) < 0);
		assert(addrset_covers(&set, set.v[i]));
	}
	addrset_done(&set);
	return 0;
}
