/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a manifest. */
#include "fuzz.h"

#include "publication/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct manifest m;
	struct err e;

	if (manifest_parse(span_of((const char *)data, size), &m, &e) == 0 &&
	    m.n_files > MANIFEST_FILES_MAX)
		abort();
	return 0;
}
