/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bootstrap files: whatever they hold, a server that is named can be asked, and is one that they name. */
#include "fuzz.h"

#include <assert.h>
#include <errno.h>

#include "holders/enrich/bootstrap.h"

static void server_ok(const struct bootstrap *b, const char *url)
{
	if (!url)
		return;
	assert(strlen(url) <= BOOTSTRAP_URL_MAX && url[strlen(url) - 1] == '/');
	assert(bootstrap_names(b, span_str(url)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bootstrap *b = bootstrap_new(NULL, NULL);
	struct range range;
	struct err e;

	for (unsigned i = 0; b && i < NELEM(bootstrap_files); i++) {
		int r = bootstrap_add(b, i, span_of((const char *)data, size), &e);

		assert(r == 0 || r == -EBADMSG || r == -ENOMEM);
		server_ok(b, bootstrap_as(b, 64496));
		server_ok(b, bootstrap_tag(b, SPAN("ARIN")));
		if (range_parse(SPAN("192.0.2.0/24"), &range) == 0)
			server_ok(b, bootstrap_range(b, range));
		if (range_parse(SPAN("2001:db8::/48"), &range) == 0)
			server_ok(b, bootstrap_range(b, range));
	}
	b = bootstrap_free(b);
	return 0;
}
