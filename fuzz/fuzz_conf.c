/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The configuration file. */
#include "fuzz.h"

#include "core/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e;

	(void)conf_free(conf_open(fuzz_file(data, size), NULL, 0, &e)); /* refusing is an answer */
	return 0;
}
