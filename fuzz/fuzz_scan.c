/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a log, through the filters that onus ships: our own matcher says what PCRE2 says. */
#include "fuzz.h"

#include <assert.h>

#include "events.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct filters f;
	struct err e;

	if (f.n == 0)
		assert(filters_load(&f, NULL, 0, ONUS_FILTERS, &e) == 0);
	events_agree(f.v, f.n, fuzz_file(data, size));
	return 0;
}
