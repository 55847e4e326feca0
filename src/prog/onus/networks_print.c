/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/onus/networks_print.h"

#include "util/clock.h"

/* struct contact - whom to write to, and for what */
struct contact {
	struct span mail, name;
	char of[RANGE_TEXT_MAX]; /* the network, or the AS */
};

/* Of the narrowest network that has one, else of the AS. */
static bool contact_of(const struct registry *r, uint32_t network, uint32_t as, struct contact *ret)
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
	ret->mail = c.mail;
	ret->name = c.name;
	return true;
}

/* --- text ----------------------------------------------------------------------------------------- */

static void put_part(struct buf *out, struct span s)
{
	if (span_empty(s))
		return;
	buf_str(out, ", ");
	for (const char *p = s.p; p < s.end; p++) { /* the lines of an address become one */
		if (*p == '\n')
			buf_byte(out, ',');
		buf_byte(out, (char)(*p == '\n' ? ' ' : *p));
	}
}

static void put_day(struct buf *out, const char *what, int32_t day)
{
	char text[UTC_TEXT_MAX];

	if (day == 0)
		return;
	utc_format_day(day, text);
	buf_fmt(out, ", %s %s", what, text);
}

static void put_holder(const struct registry *r, const char *label, uint32_t index, struct buf *out)
{
	struct registry_holder h = registry_holder_at(r, index);

	buf_fmt(out, "  %-9s held by %.*s%s%.*s/%.*s%s", label, SPAN_ARG(h.name),
	    span_empty(h.name) ? "" : " (", SPAN_ARG(h.source), SPAN_ARG(h.handle),
	    span_empty(h.name) ? "" : ")");
	put_part(out, span_str(h.country));
	put_part(out, h.address);
	buf_byte(out, '\n');
}

static void put_network(
    const struct registry *r, const char *label, uint32_t index, struct buf *out)
{
	struct registry_network n = registry_network_at(r, index);
	char range[RANGE_TEXT_MAX];

	(void)range_format(n.range, range);
	buf_fmt(out, "  %-9s %s%s%.*s (%.*s%s%.*s)", label, range, span_empty(n.name) ? "" : " ",
	    SPAN_ARG(n.name), SPAN_ARG(n.source), span_empty(n.handle) ? "" : "/",
	    SPAN_ARG(n.handle));
	put_part(out, n.status);
	put_part(out, span_str(n.country));
	put_day(out, "since", n.created);
	put_day(out, "changed", n.changed);
	buf_byte(out, '\n');
	if (n.holder != REGISTRY_NONE)
		put_holder(r, "", n.holder, out);
}

void networks_text(const struct registry *r, uint32_t network, uint32_t as, struct buf *out)
{
	const char *label = "network";
	struct contact c;

	if (as != REGISTRY_NONE && registry_as_at(r, as).holder != REGISTRY_NONE)
		put_holder(r, "the AS", registry_as_at(r, as).holder, out);
	if (contact_of(r, network, as, &c)) {
		buf_fmt(out, "  abuse     %.*s", SPAN_ARG(c.mail));
		put_part(out, c.name);
		buf_fmt(out, ", of %s\n", c.of);
	}
	for (uint32_t i = network; i != REGISTRY_NONE; i = registry_network_at(r, i).parent) {
		for (uint32_t k = i; k != REGISTRY_NONE; k = registry_network_same(r, k))
			put_network(r, k == i ? label : "also", k, out);
		label = "within";
	}
}

/* --- JSON ----------------------------------------------------------------------------------------- */

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

static void say_holder(const struct registry *r, const char *key, uint32_t index, struct jout *j)
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
	say_holder(r, "org", n.holder, j);
	jout_span(j, "abuse", mail);
	say_day(j, "created", n.created);
	say_day(j, "changed", n.changed);
	say(j, "source", n.source);
}

void networks_json(const struct registry *r, uint32_t network, uint32_t as, struct jout *j)
{
	struct contact c = { .mail = { NULL, NULL } };
	bool any = contact_of(r, network, as, &c);

	say_holder(r, "as_holder", as == REGISTRY_NONE ? as : registry_as_at(r, as).holder, j);
	jout_span(j, "abuse", c.mail);
	jout_str(j, "abuse_of", any ? c.of : NULL);
	jout_array(j, "networks");
	for (uint32_t i = network; i != REGISTRY_NONE; i = registry_network_at(r, i).parent) {
		say_network(r, i, j);
		jout_array(j, "also"); /* what was told of the same range besides */
		for (uint32_t k = registry_network_same(r, i); k != REGISTRY_NONE;
		     k = registry_network_same(r, k)) {
			say_network(r, k, j);
			jout_object_end(j);
		}
		jout_array_end(j);
		jout_object_end(j);
	}
	jout_array_end(j);
}
