/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of organisations: read whole, whatever their bytes; and the same name says the same again. */
#include "fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "holders/org_name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct org_names names;
	static bool ready;
	struct org_name a, b;
	struct span name = span_of((const char *)data, size);

	if (!ready && org_names_init(&names) < 0)
		abort();
	ready = true;
	if (org_name_read(&names, name, &a) < 0 || org_name_read(&names, name, &b) < 0)
		abort();
	assert(a.core == b.core && a.whole == b.whole && a.text == b.text && a.bits == b.bits &&
	       a.form == b.form);
	assert(a.best <= a.bits && a.best <= 15 && a.core < names.name.n && a.whole < names.name.n);
	assert((a.core != 0) == (span_len(words_at(&names.name, a.core)) != 0));
	if (names.name.n > 100000) { /* what was read is kept */
		org_names_done(&names);
		ready = false;
	}
	return 0;
}
