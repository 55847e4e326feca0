/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An AS, a holder of the registries. */
#include "core/entity.h"
#include "holders/tell.h"
#include "prog/onus/answers.h"
#include "prog/onus/networks_print.h"

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
	as_said_text(r, index, out);
	answer_space_text(as.v4_addresses, as.v6_blocks, n, out);
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
	answer_space_json(as.v4_addresses, as.v6_blocks, j);
	jout_array(j, "prefixes");
	for (uint32_t i = 0; i < MIN_OF(n, ANSWER_JSON_MAX); i++) {
		(void)range_format(
		    registry_prefix_at(r, registry_as_prefix(r, first + i)).range, text);
		jout_str(j, NULL, text);
	}
	jout_array_end(j);
	jout_u64(j, "n_prefixes", n);
	if (registry_n_as_said(r))
		tell_as_said(r, index, j);
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
	holder_said_text(r, holder, out);
	if (h.abuse != REGISTRY_NONE) {
		buf_fmt(out, "  abuse     %.*s", SPAN_ARG(registry_contact_at(r, h.abuse).mail));
		contact_state_text(r, h.abuse, out);
		buf_byte(out, '\n');
	}
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
	tell_contact(r, h.abuse, &j);
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
