/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An AS, an organisation of ASes, a holder of the registries. */
#include "core/entity.h"
#include "holders/tell.h"
#include "prog/onus/answers.h"
#include "prog/onus/networks_print.h"

static void space_text(uint64_t v4, uint64_t v6, uint32_t prefixes, struct buf *out)
{
	buf_fmt(out, "  announces %ju IPv4 addresses, %ju IPv6 /48s", (uintmax_t)v4, (uintmax_t)v6);
	if (prefixes)
		buf_fmt(out, ", in %u prefixes", prefixes);
	buf_byte(out, '\n');
}

static void space_json(uint64_t v4, uint64_t v6, struct jout *j)
{
	jout_u64(j, "announced", v4);
	jout_u64(j, "announced_v6", v6);
}

/* --- an AS ------------------------------------------------------------------------------------------ */

static void as_text(const struct attributor *a, uint32_t index, struct buf *out)
{
	const struct registry *r = a->registry;
	struct registry_as as = registry_as_at(r, index);
	uint32_t first, n = registry_as_prefixes(r, index, &first);
	char text[RANGE_TEXT_MAX];

	buf_fmt(out, "AS%u %.*s\n", as.asn, SPAN_ARG(as.name));
	if (as.org != REGISTRY_NONE) {
		struct registry_org o = registry_org_at(r, as.org);

		buf_fmt(out, "  org       %.*s (org:%.*s)\n", SPAN_ARG(o.name), SPAN_ARG(o.handle));
	}
	buf_fmt(out, "  country   %s\n", *as.country ? as.country : "not known");
	space_text(as.v4_addresses, as.v6_blocks, n, out);
	networks_text(r, REGISTRY_NONE, index, out);
	for (uint32_t i = 0; i < MIN_OF(n, ANSWER_ROWS_MAX); i++) {
		struct registry_prefix p = registry_prefix_at(r, registry_as_prefix(r, first + i));

		(void)range_format(p.range, text);
		buf_fmt(out, "  prefix    %s%s%s\n", text, *p.country ? ", " : "", p.country);
	}
	rows_left_text("prefix", n, out);
	buf_fmt(out, "  as of     %s\n", a->date);
}

static void as_json(const struct attributor *a, uint32_t index, struct jout *j)
{
	const struct registry *r = a->registry;
	struct registry_as as = registry_as_at(r, index);
	uint32_t first, n = registry_as_prefixes(r, index, &first);
	char text[ENTITY_NAME_MAX];
	struct entity en = entity_as(as.asn);

	(void)entity_format(&en, text);
	jout_str(j, "entity", text);
	jout_u64(j, "asn", as.asn);
	jout_span(j, "as_name", as.name);
	if (as.org == REGISTRY_NONE) {
		jout_null(j, "org");
		jout_null(j, "org_handle");
	} else {
		jout_span(j, "org", registry_org_at(r, as.org).name);
		jout_span(j, "org_handle", registry_org_at(r, as.org).handle);
	}
	jout_str(j, "country", *as.country ? as.country : NULL);
	space_json(as.v4_addresses, as.v6_blocks, j);
	jout_array(j, "prefixes");
	for (uint32_t i = 0; i < MIN_OF(n, ANSWER_JSON_MAX); i++) {
		(void)range_format(
		    registry_prefix_at(r, registry_as_prefix(r, first + i)).range, text);
		jout_str(j, NULL, text);
	}
	jout_array_end(j);
	jout_u64(j, "n_prefixes", n);
	tell_json(r, REGISTRY_NONE, index, j);
}

void answer_as(const struct attributor *a, uint32_t as, bool json, struct buf *out)
{
	struct jout j;

	if (!json) {
		as_text(a, as, out);
		return;
	}
	jout_init(&j, out);
	jout_object(&j, NULL);
	as_json(a, as, &j);
	attribute_age_json(a, &j);
	jout_object_end(&j);
	buf_byte(out, '\n');
}

/* --- an organisation -------------------------------------------------------------------------------- */

/* The first of its ASes that has a contact, else its first; what /api/v1/lookup says of it, too. */
static uint32_t spokesman(const struct registry *r, uint32_t org)
{
	uint32_t first, n = registry_org_ases(r, org, &first);

	for (uint32_t i = 0; i < n; i++)
		if (registry_as_at(r, registry_org_as(r, first + i)).abuse != REGISTRY_NONE)
			return registry_org_as(r, first + i);
	return n ? registry_org_as(r, first) : REGISTRY_NONE;
}

static void org_text(const struct attributor *a, uint32_t index, struct buf *out)
{
	const struct registry *r = a->registry;
	struct registry_org o = registry_org_at(r, index);
	uint32_t first, n = registry_org_ases(r, index, &first);

	buf_fmt(out, "org:%.*s\n  name      %.*s\n  country   %s\n", SPAN_ARG(o.handle),
	    SPAN_ARG(o.name), *o.country ? o.country : "not known");
	space_text(o.v4_addresses, o.v6_blocks, 0, out);
	networks_text(r, REGISTRY_NONE, spokesman(r, index), out);
	for (uint32_t i = 0; i < MIN_OF(n, ANSWER_ROWS_MAX); i++) {
		struct registry_as as = registry_as_at(r, registry_org_as(r, first + i));

		buf_fmt(out, "  AS        AS%u %.*s, %ju IPv4 addresses\n", as.asn,
		    SPAN_ARG(as.name), (uintmax_t)as.v4_addresses);
	}
	rows_left_text("AS", n, out);
	buf_fmt(out, "  as of     %s\n", a->date);
}

void answer_org(const struct attributor *a, uint32_t org, bool json, struct buf *out)
{
	const struct registry *r = a->registry;
	struct registry_org o = registry_org_at(r, org);
	uint32_t first, n = registry_org_ases(r, org, &first);
	struct jout j;

	if (!json) {
		org_text(a, org, out);
		return;
	}
	jout_init(&j, out);
	jout_object(&j, NULL);
	jout_span(&j, "org", o.name);
	jout_span(&j, "org_handle", o.handle);
	jout_str(&j, "country", *o.country ? o.country : NULL);
	space_json(o.v4_addresses, o.v6_blocks, &j);
	jout_array(&j, "ases");
	for (uint32_t i = 0; i < MIN_OF(n, ANSWER_JSON_MAX); i++) {
		struct registry_as as = registry_as_at(r, registry_org_as(r, first + i));

		jout_object(&j, NULL);
		jout_u64(&j, "asn", as.asn);
		jout_span(&j, "as_name", as.name);
		jout_str(&j, "country", *as.country ? as.country : NULL);
		space_json(as.v4_addresses, as.v6_blocks, &j);
		jout_object_end(&j);
	}
	jout_array_end(&j);
	jout_u64(&j, "n_ases", n);
	tell_json(r, REGISTRY_NONE, spokesman(r, org), &j);
	attribute_age_json(a, &j);
	jout_object_end(&j);
	buf_byte(out, '\n');
}

/* --- a holder --------------------------------------------------------------------------------------- */

static uint32_t held_as(const struct registry *r, uint32_t holder, uint32_t from)
{
	for (; from < registry_n_as(r); from++)
		if (registry_as_at(r, from).holder == holder)
			return from;
	return REGISTRY_NONE;
}

static uint32_t held_network(const struct registry *r, uint32_t holder, uint32_t from)
{
	for (; from < registry_n_network(r); from++)
		if (registry_network_link(r, from).holder == holder)
			return from;
	return REGISTRY_NONE;
}

static void holder_text(const struct attributor *a, uint32_t holder, struct buf *out)
{
	const struct registry *r = a->registry;
	struct registry_holder h = registry_holder_at(r, holder);
	uint32_t n = 0;

	buf_fmt(out, "%.*s/%.*s\n", SPAN_ARG(h.source), SPAN_ARG(h.handle));
	holder_line_text(r, "  holder    ", holder, out);
	if (h.abuse != REGISTRY_NONE)
		buf_fmt(out, "  abuse     %.*s\n", SPAN_ARG(registry_contact_at(r, h.abuse).mail));
	for (uint32_t i = held_as(r, holder, 0); i != REGISTRY_NONE;
	     i = held_as(r, holder, i + 1), n++)
		if (n < ANSWER_ROWS_MAX)
			buf_fmt(out, "  AS        AS%u %.*s\n", registry_asn(r, i),
			    SPAN_ARG(registry_as_at(r, i).name));
	rows_left_text("AS", n, out);
	n = 0;
	for (uint32_t i = held_network(r, holder, 0); i != REGISTRY_NONE;
	     i = held_network(r, holder, i + 1), n++)
		if (n < ANSWER_ROWS_MAX)
			network_line_text(r, "network", i, out);
	rows_left_text("network", n, out);
	buf_fmt(out, "  as of     %s\n", a->date);
}

void answer_holder(const struct attributor *a, uint32_t holder, bool json, struct buf *out)
{
	const struct registry *r = a->registry;
	struct registry_holder h = registry_holder_at(r, holder);
	char range[RANGE_TEXT_MAX];
	uint32_t n = 0;
	struct jout j;

	if (!json) {
		holder_text(a, holder, out);
		return;
	}
	jout_init(&j, out);
	jout_object(&j, NULL);
	jout_span(&j, "source", h.source);
	tell_holder(r, "holder", holder, &j);
	if (h.abuse == REGISTRY_NONE)
		jout_null(&j, "abuse");
	else
		jout_span(&j, "abuse", registry_contact_at(r, h.abuse).mail);
	jout_array(&j, "ases");
	for (uint32_t i = held_as(r, holder, 0); i != REGISTRY_NONE;
	     i = held_as(r, holder, i + 1), n++)
		if (n < ANSWER_JSON_MAX)
			jout_u64(&j, NULL, registry_asn(r, i));
	jout_array_end(&j);
	jout_u64(&j, "n_ases", n);
	n = 0;
	jout_array(&j, "ranges");
	for (uint32_t i = held_network(r, holder, 0); i != REGISTRY_NONE;
	     i = held_network(r, holder, i + 1), n++)
		if (n < ANSWER_JSON_MAX) {
			(void)range_format(registry_network_at(r, i).range, range);
			jout_str(&j, NULL, range);
		}
	jout_array_end(&j);
	jout_u64(&j, "n_ranges", n);
	attribute_age_json(a, &j);
	jout_object_end(&j);
	buf_byte(out, '\n');
}
