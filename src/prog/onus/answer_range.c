/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "holders/tell.h"
#include "prog/onus/answers.h"
#include "prog/onus/networks_print.h"

/* --- prefixes: ascending and disjoint --------------------------------------------------------------- */

/* The first prefix that ends at or behind a. */
static uint32_t prefix_from(const struct registry *r, struct addr a)
{
	uint32_t lo = 0, hi = registry_n_prefix(r);

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (addr_cmp(registry_prefix_at(r, mid).range.last, a) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* The i-th prefix, when it shares addresses with range, cut to it; false: it is behind. */
static bool piece_at(
    const struct registry *r, struct range range, uint32_t i, struct registry_prefix *ret)
{
	if (i >= registry_n_prefix(r))
		return false;
	*ret = registry_prefix_at(r, i);
	if (addr_cmp(ret->range.first, range.last) > 0)
		return false;
	if (addr_cmp(ret->range.first, range.first) < 0)
		ret->range.first = range.first;
	if (addr_cmp(ret->range.last, range.last) > 0)
		ret->range.last = range.last;
	return true;
}

/* --- networks: ascending by first address, wider ones first ----------------------------------------- */

/* The next network inside range, from index i on, that is not all of it; or NONE. */
static uint32_t network_inside(const struct registry *r, struct range range, uint32_t i)
{
	for (; i < registry_n_network(r); i++) {
		struct range at = registry_network_at(r, i).range;
		int last = addr_cmp(at.last, range.last);

		if (addr_cmp(at.first, range.last) > 0)
			break;
		if (last < 0 || (last == 0 && addr_cmp(at.first, range.first) > 0))
			return i;
	}
	return REGISTRY_NONE;
}

/* --- telling ---------------------------------------------------------------------------------------- */

static void range_text(const struct attributor *a, struct range range, struct buf *out)
{
	const struct registry *r = a->registry;
	uint32_t first = prefix_from(r, range.first), n = 0;
	struct registry_prefix p;
	char text[RANGE_TEXT_MAX];

	for (; piece_at(r, range, first + n, &p); n++) {
		struct registry_as as = registry_as_at(r, p.as);

		if (n >= ANSWER_ROWS_MAX)
			continue;
		(void)range_format(p.range, text);
		buf_fmt(out, "  announced %s by AS%u %.*s%s%s\n", text, as.asn, SPAN_ARG(as.name),
		    *p.country ? ", " : "", p.country);
	}
	rows_left_text("announced", n, out);
	if (n == 0)
		buf_str(out, "  nobody announces any of it\n");
	networks_text(r, registry_network_around(r, range),
	    n == 1 ? registry_prefix_at(r, first).as : REGISTRY_NONE, out);
	n = 0;
	for (uint32_t i = network_inside(r, range, registry_network_from(r, range.first));
	     i != REGISTRY_NONE; i = network_inside(r, range, i + 1), n++)
		if (n < ANSWER_ROWS_MAX)
			network_line_text(r, "inside", i, out);
	rows_left_text("inside", n, out);
	if (shared_users(a->shared, range) >= SHARED_TOLD)
		buf_fmt(out, "  shared    in the mean %.3g people an address\n",
		    shared_users(a->shared, range));
	if (a->at)
		tenures_text(&a->tenures, range.first, out);
	buf_fmt(out, "  as of     %s\n", a->date);
}

static uint32_t pieces_json(
    const struct registry *r, struct range range, uint32_t first, struct jout *j)
{
	struct registry_prefix p;
	char text[RANGE_TEXT_MAX];
	uint32_t n = 0;

	jout_array(j, "announced");
	for (; piece_at(r, range, first + n, &p); n++) {
		struct registry_as as = registry_as_at(r, p.as);

		if (n >= ANSWER_JSON_MAX)
			continue;
		(void)range_format(p.range, text);
		jout_object(j, NULL);
		jout_str(j, "range", text);
		jout_u64(j, "asn", as.asn);
		jout_span(j, "as_name", as.name);
		jout_str(j, "country", *p.country ? p.country : NULL);
		jout_object_end(j);
	}
	jout_array_end(j);
	jout_u64(j, "n_announced", n);
	return n;
}

static void inside_json(const struct registry *r, struct range range, struct jout *j)
{
	uint32_t n = 0;

	jout_array(j, "inside");
	for (uint32_t i = network_inside(r, range, registry_network_from(r, range.first));
	     i != REGISTRY_NONE; i = network_inside(r, range, i + 1), n++)
		if (n < ANSWER_JSON_MAX)
			tell_network(r, i, j);
	jout_array_end(j);
	jout_u64(j, "n_inside", n);
}

void answer_range(const struct attributor *a, struct range range, bool json, struct buf *out)
{
	const struct registry *r = a->registry;
	uint32_t first = prefix_from(r, range.first), n;
	char text[RANGE_TEXT_MAX];
	struct jout j;

	(void)range_format(range, text);
	if (!json) {
		buf_fmt(out, "%s\n", text);
		range_text(a, range, out);
		return;
	}
	jout_init(&j, out);
	jout_object(&j, NULL);
	jout_str(&j, "range", text);
	n = pieces_json(r, range, first, &j);
	tell_json(r, registry_network_around(r, range),
	    n == 1 ? registry_prefix_at(r, first).as : REGISTRY_NONE, &j);
	inside_json(r, range, &j);
	if (shared_any(a->shared))
		jout_real(&j, "users", shared_users(a->shared, range), 3);
	if (a->at)
		tenures_json(&a->tenures, range.first, &j);
	attribute_age_json(a, &j);
	jout_object_end(&j);
	buf_byte(out, '\n');
}
