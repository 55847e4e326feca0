/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An organisation: who of ASes and holders it is made of, and what joined them. */
#include "core/entity.h"
#include "holders/tell.h"
#include "prog/onus/answers.h"
#include "prog/onus/networks_print.h"

void answer_space_text(uint64_t v4, uint64_t v6, uint32_t prefixes, struct buf *out)
{
	buf_fmt(out, "  announces %ju IPv4 addresses, %ju IPv6 /48s", (uintmax_t)v4, (uintmax_t)v6);
	if (prefixes)
		buf_fmt(out, ", in %u prefixes", prefixes);
	buf_byte(out, '\n');
}

void answer_space_json(uint64_t v4, uint64_t v6, struct jout *j)
{
	jout_u64(j, "announced", v4);
	jout_u64(j, "announced_v6", v6);
}

static const char *member_text(
    const struct registry *r, struct registry_member m, char ret[TELL_MEMBER_MAX])
{
	tell_member(r, m, ret);
	return ret;
}

static void links_text(const struct registry *r, uint32_t org, struct buf *out)
{
	uint32_t first, n = registry_org_links(r, org, &first), shown = 0, joins = 0;
	char a[TELL_MEMBER_MAX], b[TELL_MEMBER_MAX];

	for (uint32_t i = 0; i < n; i++) {
		struct registry_org_link l = registry_org_link_at(r, first + i);
		bool apart = l.rule == ORG_APART;

		joins += !apart;
		if (!apart && shown++ >= ANSWER_ROWS_MAX)
			continue;
		buf_fmt(out, "  %s    %s %s %s: ", apart ? "apart " : "joined",
		    member_text(r, l.a, a), apart ? "from" : "and", member_text(r, l.b, b));
		if (apart || l.rule == ORG_BY_HAND)
			buf_fmt(out, "by hand: %.*s\n", SPAN_ARG(l.why));
		else
			buf_fmt(out, "%s, \"%.*s\" (%s)\n", org_rule_words(l.rule), SPAN_ARG(l.why),
			    org_rule_name(l.rule));
	}
	rows_left_text("join", joins, out);
}

static void links_json(const struct registry *r, uint32_t org, struct jout *j)
{
	uint32_t first, n = registry_org_links(r, org, &first), joins = 0;
	char a[TELL_MEMBER_MAX], b[TELL_MEMBER_MAX];

	jout_array(j, "joins"); /* and those kept apart, at the end */
	for (uint32_t i = 0; i < n; i++) {
		struct registry_org_link l = registry_org_link_at(r, first + i);

		if (l.rule != ORG_APART && joins++ >= ANSWER_JSON_MAX)
			continue;
		jout_object(j, NULL);
		jout_str(j, "a", member_text(r, l.a, a));
		jout_str(j, "b", member_text(r, l.b, b));
		jout_str(j, "rule", org_rule_name(l.rule));
		jout_span(j, "why", l.why);
		jout_object_end(j);
	}
	jout_array_end(j);
	jout_u64(j, "n_joins", joins);
}

static void holders_text(const struct registry *r, uint32_t org, struct buf *out)
{
	uint32_t first, n = registry_org_holders(r, org, &first);
	char text[TELL_MEMBER_MAX];

	for (uint32_t i = 0; i < MIN_OF(n, ANSWER_ROWS_MAX); i++) {
		uint32_t h = registry_org_holder(r, first + i);

		buf_fmt(out, "  holder    %s %.*s\n",
		    member_text(r, (struct registry_member){ true, h }, text),
		    SPAN_ARG(registry_holder_at(r, h).name));
	}
	rows_left_text("holder", n, out);
}

static void holders_json(const struct registry *r, uint32_t org, struct jout *j)
{
	uint32_t first, n = registry_org_holders(r, org, &first);
	char text[TELL_MEMBER_MAX];

	jout_array(j, "holders");
	for (uint32_t i = 0; i < MIN_OF(n, ANSWER_JSON_MAX); i++)
		jout_str(j, NULL,
		    member_text(r,
			(struct registry_member){ true, registry_org_holder(r, first + i) }, text));
	jout_array_end(j);
	jout_u64(j, "n_holders", n);
}

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
	answer_space_text(o.v4_addresses, o.v6_blocks, 0, out);
	networks_text(r, REGISTRY_NONE, spokesman(r, index), out);
	for (uint32_t i = 0; i < MIN_OF(n, ANSWER_ROWS_MAX); i++) {
		struct registry_as as = registry_as_at(r, registry_org_as(r, first + i));

		buf_fmt(out, "  AS        AS%u %.*s, %ju IPv4 addresses\n", as.asn,
		    SPAN_ARG(as.name), (uintmax_t)as.v4_addresses);
	}
	rows_left_text("AS", n, out);
	holders_text(r, index, out);
	links_text(r, index, out);
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
	answer_space_json(o.v4_addresses, o.v6_blocks, &j);
	jout_array(&j, "ases");
	for (uint32_t i = 0; i < MIN_OF(n, ANSWER_JSON_MAX); i++) {
		struct registry_as as = registry_as_at(r, registry_org_as(r, first + i));

		jout_object(&j, NULL);
		jout_u64(&j, "asn", as.asn);
		jout_span(&j, "as_name", as.name);
		jout_str(&j, "country", *as.country ? as.country : NULL);
		answer_space_json(as.v4_addresses, as.v6_blocks, &j);
		jout_object_end(&j);
	}
	jout_array_end(&j);
	jout_u64(&j, "n_ases", n);
	holders_json(r, org, &j);
	links_json(r, org, &j);
	tell_json(r, REGISTRY_NONE, spokesman(r, org), &j);
	attribute_age_json(a, &j);
	jout_object_end(&j);
	buf_byte(out, '\n');
}
