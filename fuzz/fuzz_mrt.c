/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables in MRT are taken apart by bgpdump, in a process of its own; what is ours is to recognise them, and to read what
 * it prints and what it complains of. So the input is, in turn: the head of a file; what stands before its first NUL as
 * stderr; what stands behind it as stdout. Heads are real ones, and so is what bgpdump said of real files. */
#include "fuzz.h"

#include <assert.h>

#include "facts.h"
#include "holders/bgp_lines.h"

static unsigned refusals;

static void on_refuse(void *ctx, uint64_t line, const char *why)
{
	assert(line == 1 && why && *why);
	refusals++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct fact_to to = { .refuse = on_refuse, .leave = on_refuse };
	const uint8_t *nul = size ? memchr(data, '\0', size) : NULL;
	size_t said = nul ? (size_t)(nul - data) : size;

	(void)fact_reader_mrt.claims(span_of((const char *)data, size)); /* either answer will do */
	refusals = 0;
	mrt_complaints(span_of((const char *)data, said), &to);
	assert(refusals <= 8);
	if (nul)
		fuzz_facts(&fact_reader_bgp_lines, nul + 1, size - said - 1);
	return 0;
}
