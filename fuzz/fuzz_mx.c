/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Answers of name servers: every host that is taken is a name that can be asked about. */
#include "fuzz.h"

#include <assert.h>

#include "holders/enrich/mx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char host[MX_HOSTS_MAX][IDN_NAME_MAX + 1], again[IDN_NAME_MAX + 1];
	unsigned n = 99;
	enum mx_found found = mx_read(data, size, host, &n);

	assert(found <= MX_UNSURE && n <= MX_HOSTS_MAX && (n == 0 || found == MX_HOSTS));
	for (unsigned i = 0; i < n; i++)
		assert(idn_ascii(span_str(host[i]), again) && strcmp(host[i], again) == 0);
	assert(dns_address(data, size) != MX_NULL);
	return 0;
}
