/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A first line that says what was asked for (a range, "AS64500", or a handle), and an answer: what is kept of it
 * is kept of what is kept, byte by byte. */
#include "fuzz.h"

#include <assert.h>

#include "holders/enrich/reduce.h"
#include "util/num.h"

static struct asked asked_of(struct span s)
{
	struct asked ret = { .kind = ASKED_ENTITY, .handle = s };
	struct span number = { s.p + 2, s.end };

	if (range_parse(s, &ret.range) == 0)
		ret.kind = ASKED_RANGE;
	else if (span_starts(s, "AS") && num_u32(number, UINT32_MAX, &ret.asn) == 0)
		ret.kind = ASKED_AS;
	return ret;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = span_of((const char *)data, size), line, kept;
	struct buf first, again;
	const char *why = NULL;
	struct asked asked;
	int r;

	(void)span_cut(&rest, '\n', &line);
	asked = asked_of(line);
	buf_init(&first, 1u << 20);
	buf_init(&again, 1u << 20);
	r = rdap_reduce(rest, &asked, &first, &why);
	assert(r == 1 || (why && *why && first.len == 0));
	kept = buf_text(&first);
	while (r == 1 && !span_empty(kept)) {
		(void)span_cut(&kept, '\n', &line);
		assert(span_len(line) <= REDUCED_MAX && span_utf8(line));
		buf_reset(&again);
		assert(rdap_reduce(line, &asked, &again, &why) == 1);
		assert(span_eq(buf_text(&again), line));
	}
	buf_done(&first);
	buf_done(&again);
	return 0;
}
