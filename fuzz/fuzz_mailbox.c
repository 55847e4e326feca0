/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mailboxes and the names of their domains. */
#include "fuzz.h"

#include <assert.h>

#include "holders/mailbox.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = span_of((const char *)data, size);
	char domain[IDN_NAME_MAX + 1], again[IDN_NAME_MAX + 1];

	if (mailbox_domain(text, domain))
		assert(strchr(domain, '.') && idn_ascii(span_str(domain), again) &&
		       strcmp(domain, again) == 0);
	if (idn_ascii(text, domain))
		assert(strlen(domain) <= IDN_NAME_MAX && idn_ascii(span_str(domain), again) &&
		       strcmp(domain, again) == 0);
	return 0;
}
