/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A list of merges: what is taken of it is whole, bounded and text. */
#include "fuzz.h"

#include <assert.h>
#include <string.h>

#include "holders/merges.h"

static void on_refused(void *ctx, uint64_t line, const char *why)
{
	uint64_t *n = ctx;

	assert(line > 0 && *why);
	(*n)++;
}

static void member(const struct merge_member *m)
{
	assert((m->asn != 0) == (m->handle[0] == '\0'));
	assert(m->asn || strchr(m->handle, '/'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t n = 0;
	struct merges m;
	struct err e;

	if (merges_read(fuzz_file(data, size), on_refused, &n, &m, &e) < 0)
		return 0; /* a damaged archive */
	assert(n == m.refused && m.n <= MERGES_MAX);
	for (size_t i = 0; i < m.n; i++) {
		member(&m.v[i].a);
		member(&m.v[i].b);
		assert(m.v[i].why[0] && span_utf8(span_str(m.v[i].why)));
	}
	for (enum org_rule i = 0; i < ORG_RULE_N; i++)
		assert(!m.without[i] || org_rule_free(i));
	merges_done(&m);
	merges_done(&m);
	return 0;
}
