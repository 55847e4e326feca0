/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "holders/tell.h"

#include "util/clock.h"

bool tell_whom(const struct registry *r, uint32_t network, uint32_t as, struct whom *ret)
{
	uint32_t from = REGISTRY_NONE, at = registry_network_abuse(r, network, &from);
	struct registry_contact c;

	if (at != REGISTRY_NONE) {
		(void)range_format(registry_network_at(r, from).range, ret->of);
	} else if (as != REGISTRY_NONE && registry_as_at(r, as).abuse != REGISTRY_NONE) {
		at = registry_as_at(r, as).abuse;
		(void)snprintf(ret->of, sizeof(ret->of), "AS%u", registry_asn(r, as)); /* fits */
	} else {
		return false;
	}
	c = registry_contact_at(r, at);
	ret->contact = at;
	ret->mail = c.mail;
	ret->name = c.name;
	ret->network = from;
	return true;
}

void tell_name(const struct registry *r, uint32_t network, struct entity *ret)
{
	struct registry_network n = registry_network_at(r, network);
	char name[ENTITY_NAME_MAX], first[ADDR_TEXT_MAX], last[ADDR_TEXT_MAX];

	if (!span_empty(n.handle)) {
		(void)snprintf(name, sizeof(name), "net:%.*s/%.*s", SPAN_ARG(n.source),
		    SPAN_ARG(n.handle)); /* bounded by the file */
		if (entity_parse(span_str(name), ret, NULL) == 0 &&
		    registry_find_network(r, span_str(ret->handle)) == network)
			return;
	}
	*ret = (struct entity){ .kind = ENTITY_NET };
	(void)addr_format(n.range.first, first);
	(void)addr_format(n.range.last, last);
	(void)snprintf(ret->handle, sizeof(ret->handle), "%.*s/%s-%s", SPAN_ARG(n.source), first,
	    last); /* bounded by the file */
}

/* By its ends. */
static uint32_t find_ends(const struct registry *r, const struct entity *en)
{
	struct span ends = span_str(en->handle), source;
	struct range range;
	uint32_t i;

	if (!span_cut(&ends, '/', &source) || range_parse(ends, &range) < 0)
		return REGISTRY_NONE;
	for (i = registry_network(r, range.first); i != REGISTRY_NONE;
	     i = registry_network_at(r, i).parent) {
		struct registry_network n = registry_network_at(r, i);

		if (!addr_eq(n.range.first, range.first) || !addr_eq(n.range.last, range.last))
			continue;
		for (; i != REGISTRY_NONE; i = registry_network_same(r, i))
			if (span_eq(registry_network_at(r, i).source, source))
				return i;
		return REGISTRY_NONE;
	}
	return REGISTRY_NONE;
}

static void capitals(char *p, size_t n)
{
	for (; n > 0 && *p; p++, n--)
		*p = (char)(*p >= 'a' && *p <= 'z' ? *p - 'a' + 'A' : *p);
}

uint32_t tell_find(const struct registry *r, struct entity *en)
{
	uint32_t ret;

	capitals(en->handle, sizeof(en->handle));
	ret = registry_find_network(r, span_str(en->handle));
	if (ret == REGISTRY_NONE)
		ret = find_ends(r, en);
	if (ret != REGISTRY_NONE)
		tell_name(r, ret, en);
	return ret;
}

void tell_member(const struct registry *r, struct registry_member m, char ret[TELL_MEMBER_MAX])
{
	if (m.holder) {
		struct registry_holder h = registry_holder_at(r, m.index);

		(void)snprintf(ret, TELL_MEMBER_MAX, "%.*s/%.*s", SPAN_ARG(h.source),
		    SPAN_ARG(h.handle)); /* cut */
	} else {
		(void)snprintf(ret, TELL_MEMBER_MAX, "AS%u", registry_asn(r, m.index)); /* fits */
	}
}

/* Handles are in capitals, names of ASes in small letters. */
uint32_t tell_find_org(const struct registry *r, struct entity *en)
{
	char *slash = strchr(en->handle, '/');

	if (!slash)
		return REGISTRY_NONE;
	capitals(en->handle, (size_t)(slash - en->handle));
	if (!span_starts(span_str(en->handle), "ASNAME/"))
		capitals(slash, sizeof(en->handle));
	for (char *p = slash; span_starts(span_str(en->handle), "ASNAME/") && *p; p++)
		*p = (char)(*p >= 'A' && *p <= 'Z' ? *p - 'A' + 'a' : *p);
	return registry_find_org(r, span_str(en->handle));
}

static void say(struct jout *j, const char *key, struct span s)
{
	jout_span(j, key, span_empty(s) ? (struct span){ NULL, NULL } : s);
}

static void say_day(struct jout *j, const char *key, int32_t day)
{
	char text[UTC_TEXT_MAX];

	if (day)
		utc_format_day(day, text);
	jout_str(j, key, day ? text : NULL);
}

/* --- what records say besides ------------------------------------------------------------------------- */

static const struct {
	const char *key, *how;
} fields[] = {
	[SAID_NAME] = { "name", "called" },
	[SAID_COUNTRY] = { "country", "in" },
	[SAID_HOLDER] = { "holder", "held by" },
	[SAID_ADDRESS] = { "address", "at" },
	[SAID_ABUSE] = { "abuse", "abuse to" },
};
_Static_assert(NELEM(fields) == SAID_FIELD_N, "fields out of step");

/* As it is shown: a handle with its registry, the rest as it stands. */
static struct span said_value(const struct registry_said *s, char room[TELL_MEMBER_MAX])
{
	if (s->field != SAID_HOLDER)
		return s->value;
	(void)snprintf(
	    room, TELL_MEMBER_MAX, "%.*s/%.*s", SPAN_ARG(s->source), SPAN_ARG(s->value)); /* cut */
	return span_str(room);
}

void tell_said(const struct registry *r, const struct registry_said *s, struct said_words *ret)
{
	struct span kind = registry_input_at(r, s->input).kind, name = SPAN("");
	char room[TELL_MEMBER_MAX];
	struct span value = said_value(s, room), line;
	uint32_t holder;
	size_t n = 0;

	if (s->field == SAID_HOLDER) {
		holder = registry_find_holder(r, value);
		name = holder == REGISTRY_NONE ? name : registry_holder_at(r, holder).name;
	}
	ret->how = fields[s->field].how;
	ret->what[0] = '\0';
	while (!span_empty(value) && n < sizeof(ret->what) - 1) { /* the lines become one */
		(void)span_cut(&value, '\n', &line);
		(void)snprintf(ret->what + n, sizeof(ret->what) - n, "%s%.*s", n ? ", " : "",
		    SPAN_ARG(line)); /* fits but for an address of nothing but line ends */
		n = strlen(ret->what);
	}
	if (!span_empty(name) && n < sizeof(ret->what) - 1)
		(void)snprintf(
		    ret->what + n, sizeof(ret->what) - n, " %.*s", SPAN_ARG(name)); /* cut */
	(void)snprintf(ret->from, sizeof(ret->from), "%.*s%s%.*s", SPAN_ARG(kind),
	    span_empty(s->source) ? "" : ", ", SPAN_ARG(s->source)); /* cut */
}

static void say_said(const struct registry *r, const struct registry_said *s, struct jout *j)
{
	char room[TELL_MEMBER_MAX];

	jout_object(j, NULL);
	jout_str(j, "field", fields[s->field].key);
	jout_span(j, "value", said_value(s, room));
	say(j, "source", s->source);
	jout_span(j, "kind", registry_input_at(r, s->input).kind);
	jout_object_end(j);
}

void tell_as_said(const struct registry *r, uint32_t as, struct jout *j)
{
	uint32_t first = 0, n = as == REGISTRY_NONE ? 0 : registry_as_said(r, as, &first);

	jout_array(j, "as_said");
	for (uint32_t i = first; i < first + n; i++) {
		struct registry_said s = registry_as_said_at(r, i);

		say_said(r, &s, j);
	}
	jout_array_end(j);
}

static void say_holder_said(const struct registry *r, uint32_t holder, struct jout *j)
{
	uint32_t first, n = registry_holder_said(r, holder, &first);

	jout_array(j, "said");
	for (uint32_t i = first; i < first + n; i++) {
		struct registry_said s = registry_holder_said_at(r, i);

		say_said(r, &s, j);
	}
	jout_array_end(j);
}

void tell_holder(const struct registry *r, const char *key, uint32_t index, struct jout *j)
{
	struct registry_holder h;

	if (index == REGISTRY_NONE) {
		jout_null(j, key);
		return;
	}
	h = registry_holder_at(r, index);
	jout_object(j, key);
	say(j, "handle", h.handle);
	say(j, "name", h.name);
	say(j, "address", h.address);
	say(j, "country", span_str(h.country));
	jout_span(j, "organisation",
	    h.org == REGISTRY_NONE ? (struct span){ NULL, NULL }
				   : registry_org_at(r, h.org).handle);
	if (registry_n_holder_said(r))
		say_holder_said(r, index, j);
	jout_object_end(j);
}

/* One object, with its closing brace left to the caller. */
static void say_network(const struct registry *r, uint32_t index, struct jout *j)
{
	struct registry_network n = registry_network_at(r, index);
	struct span mail = { NULL, NULL };
	char range[RANGE_TEXT_MAX];

	(void)range_format(n.range, range);
	if (n.abuse != REGISTRY_NONE)
		mail = registry_contact_at(r, n.abuse).mail;
	jout_object(j, NULL);
	say(j, "handle", n.handle);
	say(j, "name", n.name);
	jout_str(j, "range", range);
	say(j, "status", n.status);
	say(j, "country", span_str(n.country));
	tell_holder(r, "org", n.holder, j);
	jout_span(j, "abuse", mail);
	say_day(j, "created", n.created);
	say_day(j, "changed", n.changed);
	say(j, "source", n.source);
}

void tell_network(const struct registry *r, uint32_t index, struct jout *j)
{
	say_network(r, index, j);
	jout_object_end(j);
}

void tell_contact(const struct registry *r, uint32_t contact, struct jout *j)
{
	struct registry_contact c = { .mail = { NULL, NULL } };

	if (contact != REGISTRY_NONE)
		c = registry_contact_at(r, contact);
	jout_span(j, "abuse", c.mail);
	jout_str(j, "abuse_state", mailbox_word(c.state));
	jout_str(j, "abuse_reason", mailbox_reason(c.state));
	say_day(j, "abuse_checked", c.checked);
}

void tell_json(const struct registry *r, uint32_t network, uint32_t as, struct jout *j)
{
	struct whom c = { .contact = REGISTRY_NONE };
	bool any = tell_whom(r, network, as, &c);

	tell_holder(r, "as_holder", as == REGISTRY_NONE ? as : registry_as_at(r, as).holder, j);
	tell_contact(r, c.contact, j);
	jout_str(j, "abuse_of", any ? c.of : NULL);
	jout_array(j, "networks");
	for (uint32_t i = network; i != REGISTRY_NONE; i = registry_network_at(r, i).parent) {
		say_network(r, i, j);
		jout_array(j, "also"); /* what was told of the same range besides */
		for (uint32_t k = registry_network_same(r, i); k != REGISTRY_NONE;
		     k = registry_network_same(r, k)) {
			tell_network(r, k, j);
		}
		jout_array_end(j);
		jout_object_end(j);
	}
	jout_array_end(j);
}

void tell_origins(const struct registry *r, struct addr a, struct jout *j)
{
	uint32_t first, n = registry_rivals(r, a, &first);

	jout_array(j, "other_origins");
	for (uint32_t i = first; i < first + n; i++) {
		struct registry_rival v = registry_rival_at(r, i);
		uint32_t as = registry_find_as(r, v.asn);

		jout_object(j, NULL);
		jout_u64(j, "asn", v.asn);
		say(j, "as_name", as == REGISTRY_NONE ? SPAN("") : registry_as_at(r, as).name);
		if (v.seen)
			jout_u64(j, "peers", v.seen);
		else
			jout_null(j, "peers");
		jout_span(j, "source", registry_input_at(r, v.input).kind);
		jout_object_end(j);
	}
	jout_array_end(j);
}
