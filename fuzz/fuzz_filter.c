/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a filter file; the first line is the filter's name with its options. What is taken must
 * stand up to lines as well, and our own matcher must say of them what PCRE2 says. */
#include "fuzz.h"

#include "events.h"
#include "intake/filter.h"

static const char lines[] =
    "Nov 10 03:01:11 host sshd[7]: Failed password for root from 45.0.4.2 port 4242 ssh2\n"
    "Nov 10 03:01:12 host app: login failed a=b ::ffff:45.0.4.3 [2a00:1:2::3]:25 x\n"
    "Nov 10 03:01:12 host app: \n"
    "Nov 10 03:01:13 host app[7]: hello 45.0.4.4\n"
    "not dated\n"
    "Nov 10 03:01:13 host app[7]: bad x\n"
    "Nov 10 03:01:13 host app[7]: bye 45.0.4.0/24\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = span_of((const char *)data, size), first;
	struct filter *f = NULL;
	char spec[256];
	struct err e;

	(void)span_cut(&text, '\n', &first);
	(void)snprintf(spec, sizeof(spec), "%.*s", (int)MIN_OF(span_len(first), sizeof(spec) - 1),
	    first.p ? first.p : "");
	if (filter_parse(spec, text, &f, &e) == 0) {
		struct scanners s;

		scanners_open(&s, &f, 1);
		scanners_agree(&s, fuzz_file((const uint8_t *)lines, sizeof(lines) - 1));
		scanners_close(&s);
	}
	(void)filter_free(f);
	return 0;
}
