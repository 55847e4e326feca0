/* SPDX-License-Identifier: GPL-3.0-or-later */
/* List entries: what is taken is a range in order, of one family, that may be punished, and no wider than
 * a list may say; its text reads back as the same. */
#include "fuzz.h"

#include <assert.h>

#include "intake/list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = span_of((const char *)data, size), line;
	char text[RANGE_TEXT_MAX];
	struct range r, again;
	uint32_t count;

	while (!span_empty(rest)) {
		const char *why = NULL;

		(void)span_cut(&rest, '\n', &line);
		switch (list_entry(line, &r, &count, &why)) {
		case 1:
			assert(addr_cmp(r.first, r.last) <= 0 && count > 0);
			assert(addr_is_v4(r.first) == addr_is_v4(r.last));
			assert(!range_special(r));
			assert(range_units(r) <=
			       (addr_is_v4(r.first) ? 1u << 24 : 1u << 31) * UINT64_C(2));
			(void)range_format(r, text);
			assert(list_entry(span_str(text), &again, &count, &why) == 1);
			assert(addr_eq(r.first, again.first) && addr_eq(r.last, again.last));
			break;
		case 0:
			break;
		default:
			assert(why != NULL);
		}
	}
	return 0;
}
