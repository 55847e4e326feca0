/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Position lines of onus-collect, out of a batch: what is taken is written again as it was read. */
#include "fuzz.h"

#include <assert.h>

#include "intake/follow.h"
#include "intake/watch.h"

static struct watch *watch(void)
{
	struct watch_options o = {
		.source = "mail", .pattern = "/nowhere/list*", .state_dir = "/nowhere"
	};

	return watch_new(&o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = span_of((const char *)data, size), line;
	struct buf out[2];
	struct err e;

	for (int i = 0; i < 2; i++) {
		struct follow *f = follow_new("mail", "/nowhere/log");
		struct watch *w = watch();

		assert(f && w);
		buf_init(&out[i], 64u << 20);
		while (!span_empty(rest)) {
			(void)span_cut(&rest, '\n', &line);
			if (follow_restore(f, line, &e) == 0 && watch_restore(w, line, &e) < 0)
				assert(*e.text);
		}
		follow_positions(f, &out[i]);
		watch_positions(w, &out[i]);
		assert(buf_ok(&out[i]));
		rest = buf_text(&out[i]); /* once more, out of our own words */
		(void)follow_free(f);
		(void)watch_free(w);
	}
	assert(span_eq(buf_text(&out[0]), buf_text(&out[1])));
	buf_done(&out[0]);
	buf_done(&out[1]);
	return 0;
}
