/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses, prefixes and ranges as text: what is taken the C library takes as well, and what is written
 * reads back as the same. Entity names and addresses in them too. */
#include "fuzz.h"

#include <arpa/inet.h>
#include <assert.h>
#include <string.h>

#include "core/entity.h"
#include "net/addr.h"

static void addresses(struct span s)
{
	char text[ADDR_TEXT_MAX], given[256];
	uint8_t ours[16], theirs[16];
	struct addr a, b;
	bool v4;

	if (addr_parse(s, &a) < 0)
		return;
	(void)addr_format(a, text);
	assert(addr_parse(span_str(text), &b) == 0 && addr_eq(a, b));
	(void)snprintf(given, sizeof(given), "%.*s", SPAN_ARG(s));
	assert(strlen(given) == span_len(s));
	addr_to_bytes(a, ours);
	v4 = inet_pton(AF_INET, given, theirs) == 1;
	assert(v4 || inet_pton(AF_INET6, given, theirs) == 1);
	assert(memcmp(v4 ? ours + 12 : ours, theirs, v4 ? 4 : 16) == 0);
	assert(addr_eq(addr_of_bytes(ours), a) && (!v4 || addr_is_v4(a)));
}

static void ranges(struct span s)
{
	char text[RANGE_TEXT_MAX], one[PREFIX_TEXT_MAX];
	struct range r, again, left;
	struct prefix p, q;
	bool more = true;

	if (range_parse(s, &r) < 0)
		return;
	assert(addr_cmp(r.first, r.last) <= 0 && addr_is_v4(r.first) == addr_is_v4(r.last));
	(void)range_format(r, text);
	assert(range_parse(span_str(text), &again) == 0);
	assert(addr_eq(r.first, again.first) && addr_eq(r.last, again.last));
	for (left = r; more; again.last = prefix_range(p).last) {
		struct addr at = left.first;

		more = range_take_prefix(&left, &p);
		assert(addr_eq(prefix_range(p).first, at)); /* without a gap */
		(void)prefix_format(p, one);
		assert(prefix_parse(span_str(one), true, &q) == 0 && q.len == p.len);
	}
	assert(addr_eq(again.last, r.last));
	for (left = r; range_take_global(&left, &again);)
		assert(!range_special(again) && addr_cmp(again.last, r.last) <= 0);
}

static void names(struct span s)
{
	char text[ENTITY_NAME_MAX], again[ENTITY_NAME_MAX], slug[ENTITY_HANDLE_MAX];
	struct entity en;

	assert(entity_slug(s, slug) == strlen(slug));
	if (entity_parse(s, &en, NULL) < 0)
		return;
	assert(entity_format(&en, text) == strlen(text));
	assert(entity_parse(span_str(text), &en, NULL) == 0);
	(void)entity_format(&en, again);
	assert(strcmp(text, again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = span_of((const char *)data, size), line;

	while (!span_empty(rest)) {
		(void)span_cut(&rest, '\n', &line);
		addresses(line);
		ranges(line);
		names(line);
	}
	return 0;
}
