/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RIS whois dumps and pfx2as, and whether bytes are a table in MRT, which another program reads. */
#include "facts.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	(void)fact_reader_mrt.claims(span_of((const char *)data, size)); /* either answer will do */
	fuzz_facts(&fact_reader_ris_whois, data, size);
	fuzz_facts(&fact_reader_pfx2as, data, size);
	return 0;
}
