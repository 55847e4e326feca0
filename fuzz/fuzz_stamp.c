/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Dates: a reader that remembers the last minute says what one that remembers nothing says, and the
 * short cut says the same where it says anything; and times in our own files. */
#include "fuzz.h"

#include <assert.h>

#include "intake/stamp.h"
#include "util/clock.h"

static void our_own(struct span s)
{
	char text[UTC_TEXT_MAX];
	int64_t a, b;

	if (utc_parse(s, &a) < 0)
		return;
	assert(a < INT64_C(253402387200)); /* year 10000, and a day for the offset */
	if (a < 0 || a >= INT64_C(253402300800))
		return;
	utc_format(a, text);
	assert(utc_parse(span_str(text), &b) == 0 && a == b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = span_of((const char *)data, size), line;
	struct clock clock = clock_fixed(1800000000);
	struct stamp_reader old;

	stamp_init(&old, &clock);
	while (!span_empty(rest)) {
		struct stamp_reader fresh;
		struct stamp a, b;
		int64_t again;
		bool found;

		(void)span_cut(&rest, '\n', &line);
		stamp_init(&fresh, &clock);
		found = stamp_read(&fresh, line, &a);
		assert(stamp_read(&old, line, &b) == found);
		our_own(line);
		if (!found)
			continue;
		assert(a.time_s == b.time_s && a.begin == b.begin && a.end == b.end &&
		       a.inside == b.inside);
		assert(a.begin < a.end && a.end <= span_len(line));
		if (span_len(line) >= STAMP_AGAIN && stamp_again(&old, line.p, &again))
			assert(a.begin == 0 && a.end == STAMP_BYTES && again == a.time_s);
	}
	return 0;
}
