/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "facts.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_facts(&fact_reader_mailboxes, data, size);
	return 0;
}
