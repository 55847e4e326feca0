/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/onus/networks_print.h"

#include "holders/tell.h"
#include "prog/onus/answers.h"
#include "util/clock.h"

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

static void said_text(
    const struct registry *r, const char *before, struct registry_said s, struct buf *out)
{
	struct said_words w;

	tell_said(r, &s, &w);
	buf_fmt(out, "%s%s %s (%s)\n", before, w.how, w.what, w.from);
}

void as_said_text(const struct registry *r, uint32_t as, struct buf *out)
{
	uint32_t first, n = registry_as_said(r, as, &first);

	for (uint32_t i = first; i < first + n; i++)
		said_text(r, "  also      ", registry_as_said_at(r, i), out);
}

void holder_said_text(const struct registry *r, uint32_t holder, struct buf *out)
{
	uint32_t first, n = registry_holder_said(r, holder, &first);

	for (uint32_t i = first; i < first + n; i++)
		said_text(r, "            also ", registry_holder_said_at(r, i), out);
}

void holder_line_text(const struct registry *r, const char *before, uint32_t index, struct buf *out)
{
	struct registry_holder h = registry_holder_at(r, index);

	buf_fmt(out, "%s%.*s%s%.*s/%.*s%s", before, SPAN_ARG(h.name),
	    span_empty(h.name) ? "" : " (", SPAN_ARG(h.source), SPAN_ARG(h.handle),
	    span_empty(h.name) ? "" : ")");
	put_part(out, span_str(h.country));
	put_part(out, h.address);
	buf_byte(out, '\n');
}

void network_line_text(const struct registry *r, const char *label, uint32_t index, struct buf *out)
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
		holder_line_text(r, "            held by ", n.holder, out);
}

void rows_left_text(const char *label, uint64_t all, struct buf *out)
{
	if (all > ANSWER_ROWS_MAX)
		buf_fmt(out, "  %-9s … %ju in all; --json shows more\n", label, (uintmax_t)all);
}

void contact_state_text(const struct registry *r, uint32_t contact, struct buf *out)
{
	struct registry_contact c = registry_contact_at(r, contact);
	char day[UTC_TEXT_MAX];

	if (!mailbox_reason(c.state))
		return;
	utc_format_day(c.checked, day);
	buf_fmt(out, "; %s: %s (checked %s)", mailbox_word(c.state), mailbox_reason(c.state), day);
}

/* said: with what records say of him besides, which would be too much of an address */
static void as_holder_text(const struct registry *r, uint32_t as, bool said, struct buf *out)
{
	uint32_t holder = registry_as_at(r, as).holder;

	holder_line_text(r, "  the AS    held by ", holder, out);
	if (said)
		holder_said_text(r, holder, out);
}

void networks_text(const struct registry *r, uint32_t network, uint32_t as, struct buf *out)
{
	const char *label = "network";
	struct whom c;

	if (as != REGISTRY_NONE && registry_as_at(r, as).holder != REGISTRY_NONE)
		as_holder_text(r, as, network == REGISTRY_NONE, out);
	if (tell_whom(r, network, as, &c)) {
		buf_fmt(out, "  abuse     %.*s", SPAN_ARG(c.mail));
		put_part(out, c.name);
		buf_fmt(out, ", of %s", c.of);
		contact_state_text(r, c.contact, out);
		buf_byte(out, '\n');
	}
	for (uint32_t i = network; i != REGISTRY_NONE; i = registry_network_at(r, i).parent) {
		for (uint32_t k = i; k != REGISTRY_NONE; k = registry_network_same(r, k))
			network_line_text(r, k == i ? label : "also", k, out);
		label = "within";
	}
}
