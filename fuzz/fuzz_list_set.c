/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A form in the first line, a list behind it: a set that is taken is settled, not empty, and holds nothing reserved. */
#include "fuzz.h"

#include <assert.h>

#include "intake/list_set.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = span_of((const char *)data, size), line;
	struct list_set_refused refused;
	struct addrset set;
	struct list_form form;
	struct err e = { "" };

	(void)span_cut(&rest, '\n', &line);
	if (list_form_parse(line, &form, &e) < 0)
		return 0;
	if (list_set_parse(rest, &form, &set, &refused, &e) < 0) {
		assert(e.text[0] != '\0');
		return 0;
	}
	assert(set.n > 0);
	assert((refused.n == 0) == (refused.why == NULL));
	for (size_t i = 0; i < set.n; i++) {
		assert(!range_special(set.v[i]));
		assert(i == 0 || addr_cmp(set.v[i - 1].last, set.v[i].first) < 0);
		assert(addrset_covers(&set, set.v[i]));
	}
	addrset_done(&set);
	return 0;
}
