/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The machine's part of an ARF report (RFC 5965 section 3): fields like those of a mail's header.
 *   Feedback-Type, User-Agent, Version   once each, or it is none
 *   Source-IP                            the relay that handed the reported mail over; without it nobody is accused,
 *                                        and where the mail's Received lines name others, the event is weak
 *   Arrival-Date, Received-Date          when
 *   Incidents                            how often
 * All others, which name people, are not looked at. */
#include <errno.h>
#include <glib.h>
#include <gmime/gmime.h>

#include "intake/received.h"
#include "intake/report_priv.h"
#include "util/num.h"

#define FIELDS_MAX    200u
#define DATE_TEXT_MAX 100u

enum field { TYPE, AGENT, VERSION, SOURCE, ARRIVAL, RECEIVED, INCIDENTS, FIELD_N };
static const struct {
	const char *name;
	bool needed;
} fields[] = {
	[TYPE] = { "Feedback-Type", true },
	[AGENT] = { "User-Agent", true },
	[VERSION] = { "Version", true },
	[SOURCE] = { "Source-IP", false },
	[ARRIVAL] = { "Arrival-Date", false },
	[RECEIVED] = { "Received-Date", false },
	[INCIDENTS] = { "Incidents", false },
};
_Static_assert(NELEM(fields) == FIELD_N, "fields out of step");

/* What a recipient's provider calls abuse of the mail's relay, and what is none. A type that is not known is "other"
 * (RFC 5965 section 3.1). */
static const struct type {
	const char *name;
	bool evidence;
	enum category category;
} types[] = {
	{ "abuse", true, CATEGORY_SPAM },
	{ "fraud", true, CATEGORY_SPAM },
	{ "virus", true, CATEGORY_SPAM },
	{ "other", true, CATEGORY_OTHER },
	{ "not-spam", false, CATEGORY_OTHER },
	{ "auth-failure", false, CATEGORY_OTHER },
	{ "opt-out", false, CATEGORY_OTHER },
	{ "opt-out-list", false, CATEGORY_OTHER },
};

bool report_field(struct span *rest, struct span *name, struct span *value)
{
	struct span line, more;

	if (span_empty(*rest))
		return false;
	(void)span_cut(rest, '\n', &line);
	while (!span_empty(*rest) && (*rest->p == ' ' || *rest->p == '\t')) {
		(void)span_cut(rest, '\n', &more);
		line.end = more.end;
	}
	if (span_empty(span_trim(line)))
		return false;
	*value = line;
	if (!span_cut(value, ':', name))
		*value = SPAN("");
	*name = span_trim(*name);
	*value = span_trim(*value);
	return true;
}

static int take(struct span text, struct span got[FIELD_N], struct err *why)
{
	struct span rest = text, name, value;
	unsigned n = 0;

	while (!span_empty(rest) && (*rest.p == '\r' || *rest.p == '\n'))
		rest.p++;
	while (report_field(&rest, &name, &value)) {
		if (++n > FIELDS_MAX)
			return err_set(why, -EINVAL, "more than %u fields", FIELDS_MAX);
		for (unsigned i = 0; i < FIELD_N; i++) {
			if (!report_word(name, fields[i].name))
				continue;
			if (got[i].p)
				return err_set(why, -EINVAL, "two fields %s", fields[i].name);
			got[i] = value;
		}
	}
	for (unsigned i = 0; i < FIELD_N; i++)
		if (fields[i].needed && span_empty(got[i]))
			return err_set(why, -EINVAL, "no field %s", fields[i].name);
	return 0;
}

static int date(struct span s, int64_t *ret, struct err *why)
{
	char text[DATE_TEXT_MAX + 1];
	GDateTime *t;

	if (span_empty(s))
		return 0;
	if (span_len(s) <= DATE_TEXT_MAX && span_utf8(s)) {
		(void)snprintf(text, sizeof(text), "%.*s", SPAN_ARG(s)); /* fits */
		t = g_mime_utils_header_decode_date(text);
		if (t) {
			*ret = g_date_time_to_unix(t);
			g_date_time_unref(t);
			return 0;
		}
	}
	return err_set(
	    why, -EINVAL, "its date is none: \"%.*s\"", (int)MIN_OF(span_len(s), (size_t)60), s.p);
}

/* Do the Received lines of the reported mail name clients, and this one not? Then one of both is wrong. */
static bool contradicts(struct span header, struct span source)
{
	struct span rest = header, name, value;
	struct addr from, client;
	bool others = false;

	if (addr_parse(source, &from) < 0)
		return false; /* and it is refused for that */
	for (unsigned n = 0; n < RECEIVED_LINES_MAX && report_field(&rest, &name, &value);) {
		if (!report_word(name, "Received"))
			continue;
		n++;
		if (received_client(value, &client) != RECEIVED_CLIENT)
			continue;
		if (addr_eq(addr_host(client), addr_host(from)))
			return false;
		others = true;
	}
	return others;
}

int report_arf(struct report *r, struct span text, struct err *why)
{
	struct span got[FIELD_N] = { { NULL, NULL } };
	struct report_fact f = { .count = 1, .service = "smtp", .format = "arf" };
	const struct type *type = &types[3];
	int code = take(text, got, why);

	if (code < 0)
		return code;
	for (unsigned i = 0; i < NELEM(types); i++)
		if (report_word(got[TYPE], types[i].name))
			type = &types[i];
	if (!type->evidence)
		return err_set(why, -EINVAL, "feedback of type %s: no abuse by itself", type->name);
	if (span_empty(got[SOURCE]))
		return err_set(why, -EINVAL, "no field Source-IP: nobody is accused");
	f.from = report_bare(got[SOURCE]);
	f.weak = contradicts(r->original, f.from);
	f.note = f.weak ? ", the mail names other relays" : NULL;
	f.category = type->category;
	f.kind = type->name;
	if (!span_empty(got[INCIDENTS]) && num_u64(got[INCIDENTS], UINT64_MAX, &f.count) < 0)
		return err_set(why, -EINVAL, "Incidents is no number");
	code = date(span_empty(got[ARRIVAL]) ? got[RECEIVED] : got[ARRIVAL], &f.time_s, why);
	return code < 0 ? code : report_add(r, &f, why);
}
