/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as any input: a list, a log, event lines. Whatever comes of it, no event is about private
 * or reserved space or one's own, or is wider than a list may say; and what is counted is what came. */
#include "fuzz.h"

#include <assert.h>

#include "intake/any.h"

struct seen {
	const struct addrset *own;
	uint64_t n;
};

static void look(void *ctx, const struct event *ev, uint64_t number)
{
	struct seen *s = ctx;

	assert(number > 0);
	assert(!range_special(prefix_range(ev->subject)));
	assert(!addrset_overlaps(s->own, prefix_range(ev->subject)));
	assert(!prefix_is_v4(ev->subject) ? ev->subject.len <= 64 : ev->subject.len >= 96);
	s->n++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct filters f;
	struct clock clock = clock_fixed(1800000000);
	struct addrset own = { .v = NULL };
	struct scan_options so = { .clock = &clock, .own = &own };
	struct any_options o = { .clock = &clock,
		.own = &own,
		.list = { .category = ANY_LIST_CATEGORY, .proof = PROOF_WEAK, .own = &own } };
	struct seen seen = { &own, 0 };
	struct any_result got = { .events = 0 };
	struct input *in;
	struct err e;

	if (f.n == 0)
		assert(filters_load(&f, NULL, 0, ONUS_FILTERS, &e) == 0);
	assert(addrset_parse(SPAN("3.0.0.0/24, 2a00:7::/32"), &own, &e) == 0);
	assert(scan_new(f.v, f.n, &so, &o.scan, &e) == 0);
	assert(input_open(fuzz_file(data, size), &in, &e) == 0);
	if (any_input(in, &o, look, &seen, &got, &e) < 0)
		assert(*e.text);
	assert(got.events == seen.n);
	assert(got.refused <= got.lines + 1);
	assert((got.refused > 0) == (got.first_number > 0));
	(void)input_free(in);
	(void)scan_free(o.scan);
	addrset_done(&own);
	return 0;
}
