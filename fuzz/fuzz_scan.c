/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a log, through the filters that onus ships: our own matcher says what PCRE2 says. */
#include "fuzz.h"

#include <assert.h>

#include "events.h"

/* Made once: the forms of dates alone take 30 ms to compile. A log's lines are judged one by one, whatever came before. */
static struct filters filters;
static struct scanners scanners;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e;

	if (filters.n == 0) {
		assert(filters_load(&filters, NULL, 0, ONUS_FILTERS, &e) == 0);
		scanners_open(&scanners, filters.v, filters.n);
	}
	scanners_agree(&scanners, fuzz_file(data, size));
	return 0;
}
