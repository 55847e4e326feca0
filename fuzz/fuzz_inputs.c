/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as the list of registry inputs, and as an index that one of them names. */
#include "fuzz.h"

#include "holders/inputs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char url[INPUT_URL_MAX + 1];
	char index[] = "http://a.example/x/log";
	const struct reg_input by_index = { .index = index };
	struct reg_inputs l;
	struct err e;

	if (reg_input_indexed(&by_index, span_of((const char *)data, size), url) == 0 &&
	    (strncmp(url, "http://a.example/x/", 19) != 0 || strstr(url, "..")))
		abort();
	if (reg_inputs_load(fuzz_file(data, size), &l, &e) < 0)
		return 0;
	for (unsigned i = 0; i < l.n; i++)
		for (unsigned n = 0; *l.v[i].url && reg_input_url(&l.v[i], 1700000000, n, url) == 0;
		     n++)
			if (strncmp(url, "http", 4) != 0 && strncmp(url, "HTTP", 4) != 0 &&
			    strchr(url, ' '))
				abort();
	reg_inputs_done(&l);
	return 0;
}
