/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A form in the first line, lines of a list behind it: an entry lies in the line or the room, and is no longer than
 * the line and what stands between the ends of a range. */
#include "fuzz.h"

#include <assert.h>

#include "intake/list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = span_of((const char *)data, size), line, s;
	char room[LIST_FORM_ROOM];
	struct list_form f;
	struct err e;

	(void)span_cut(&rest, '\n', &line);
	if (list_form_parse(line, &f, &e) < 0) {
		assert(e.text[0] != '\0');
		return 0;
	}
	while (!span_empty(rest)) {
		const char *why = NULL;
		struct range r;
		uint32_t count;

		(void)span_cut(&rest, '\n', &line);
		switch (list_form_entry(&f, line, room, &s, &why)) {
		case 1:
			assert((s.p >= line.p && s.end <= line.end) ||
			       (s.p >= room && s.end <= room + sizeof(room)));
			assert(s.p <= s.end && span_len(s) <= span_len(line) + 1);
			if (list_entry(s, &r, &count, &why) < 0)
				assert(why != NULL);
			break;
		case 0:
			break;
		default:
			assert(why != NULL);
		}
	}
	return 0;
}
