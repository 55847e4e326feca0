/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Registry inputs: whatever they hold, the file that is made of them opens. */
#include "fuzz.h"

#include <assert.h>
#include <unistd.h>

#include "holders/build.h"
#include "holders/registry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct registry_build *b = registry_build_new(NULL, NULL);
	struct registry *r = NULL;
	char path[64];
	struct err e;

	assert(b);
	(void)snprintf(path, sizeof(path), "/tmp/onus-fuzz-registry-%ld", (long)getpid());
	if (registry_build_add(b, fuzz_file(data, size), &e) == 0 &&
	    registry_build_write(b, path, &e) == 0)
		assert(registry_open(path, &r, &e) == 0);
	(void)registry_free(r);
	(void)registry_build_free(b);
	(void)unlink(path); /* may not exist */
	return 0;
}
