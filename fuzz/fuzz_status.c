/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a status file: what is taken is within its maxima and fit for a terminal. */
#include "fuzz.h"

#include <assert.h>
#include <math.h>

#include "core/status_file.h"

static void fit(const char *text, size_t max)
{
	size_t n = strnlen(text, max);

	assert(n < max);
	for (size_t i = 0; i < n; i++)
		assert((unsigned char)text[i] >= ' ' && text[i] != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct status_file s;
	struct err e;
	double v;

	if (status_parse(span_of((const char *)data, size), &s, &e) < 0)
		return 0;
	fit(s.program, sizeof(s.program));
	fit(s.version, sizeof(s.version));
	fit(s.message, sizeof(s.message));
	fit(s.error, sizeof(s.error));
	assert(s.pid > 0 && s.updated_s > 0 && s.started_s > 0);
	assert(s.says < SAYS_N && s.n <= STATUS_FIGURES_MAX);
	for (unsigned i = 0; i < s.n; i++) {
		fit(s.figure[i].key, sizeof(s.figure[i].key));
		assert(isfinite(s.figure[i].value) && s.figure[i].value >= 0);
		assert(status_find(&s, s.figure[i].part, s.figure[i].key, &v));
	}
	assert(status_life(&s, s.updated_s, STATUS_STALE_S) < LIFE_UNREADABLE);
	return 0;
}
