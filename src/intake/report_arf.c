/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The machine's part of an ARF report (RFC 5965 section 3): fields like those of a mail's header.
 *   Feedback-Type, User-Agent, Version   once each, or it is none
 *   Source-IP                            the relay that handed the reported mail over; where the mail's Received lines
 *                                        name others, the event is weak. Without it they have to tell, walked down from
 *                                        the reporter's hosts, which somebody has to have named
 *   Auth-Failure, Delivery-Result        of type auth-failure (RFC 6591): what failed, and what became of the mail
 *   Arrival-Date, Received-Date          when
 *   Incidents                            how often
 * All others, which name people, are not looked at. */
#include <errno.h>
#include <glib.h>
#include <gmime/gmime.h>

#include "intake/header.h"
#include "intake/received.h"
#include "intake/report_priv.h"
#include "util/num.h"

#define FIELDS_MAX    200u
#define DATE_TEXT_MAX 100u

enum field { TYPE, AGENT, VERSION, SOURCE, ARRIVAL, RECEIVED, INCIDENTS, FAILURE, RESULT, FIELD_N };
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
	[FAILURE] = { "Auth-Failure", false },
	[RESULT] = { "Delivery-Result", false },
};
_Static_assert(NELEM(fields) == FIELD_N, "fields out of step");

/* What a recipient's provider calls abuse of the mail's relay, and what is none. A type that is not known is "other"
 * (RFC 5965 section 3.1). */
#define AUTH_FAILURE "auth-failure"
static const struct type {
	const char *name;
	bool evidence;
	enum category category;
} types[] = {
	{ "abuse", true, CATEGORY_SPAM },
	{ "fraud", true, CATEGORY_SPAM },
	{ "virus", true, CATEGORY_SPAM },
	{ "other", true, CATEGORY_OTHER },
	{ AUTH_FAILURE, true, CATEGORY_OTHER },
	{ "not-spam", false, CATEGORY_OTHER },
	{ "opt-out", false, CATEGORY_OTHER },
	{ "opt-out-list", false, CATEGORY_OTHER },
};

/* The next field of the machine's part: more than a header's may be, since reporters write them by hand. */
static bool next(struct span *rest, struct span *name, struct span *value)
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
	while (next(&rest, &name, &value)) {
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

static int date(struct span s, struct report_fact *f, struct err *why)
{
	char text[DATE_TEXT_MAX + 1];
	GDateTime *t;

	if (span_empty(s))
		return 0;
	if (span_len(s) <= DATE_TEXT_MAX && span_utf8(s)) {
		(void)snprintf(text, sizeof(text), "%.*s", SPAN_ARG(s)); /* fits */
		t = g_mime_utils_header_decode_date(text);
		if (t) {
			f->time_s = g_date_time_to_unix(t);
			f->dated = true;
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
	struct span rest = header_begin(header), name, value;
	struct addr from, client;
	bool others = false;

	if (addr_parse(source, &from) < 0)
		return false; /* and it is refused for that */
	for (unsigned n = 0; n < RECEIVED_LINES_MAX && header_next(&rest, &name, &value);) {
		if (!header_is(name, "Received"))
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

/* As the rows of a DMARC report (report_dmarc.c): mail in the name of a domain that does not know of it. Signatures that
 * something on the way broke say nothing of who sent it. */
static int failure(const struct span got[FIELD_N], struct report_fact *f, struct err *why)
{
	static const char *const failed[] = { "dmarc", "spf", "adsp" };
	static const char *const broken[] = { "bodyhash", "revoked", "signature", "dkim" };
	static const char *const away[] = { "reject", "spam", "policy" };

	f->weak = true;
	for (unsigned i = 0; i < NELEM(broken); i++)
		if (report_word(got[FAILURE], broken[i]))
			return err_set(why, -EINVAL,
			    "failed authentication of the kind %s: no abuse by itself", broken[i]);
	for (unsigned i = 0; i < NELEM(failed); i++)
		if (report_word(got[FAILURE], failed[i]))
			f->kind = failed[i];
	if (span_empty(got[FAILURE]) || !f->kind)
		return err_set(why, -EINVAL, "no field Auth-Failure, or none that is known");
	for (unsigned i = 0; i < NELEM(away) && strcmp(f->kind, "dmarc") == 0; i++)
		if (report_word(got[RESULT], away[i]))
			f->category = CATEGORY_SPAM;
	return 0;
}

/* The relay, where the report names none: who handed the reported mail to the hosts of the reporter. Which they are is
 * not told by the mail. */
static int from_lines(
    const struct report *r, char text[ADDR_TEXT_MAX], struct report_fact *f, struct err *why)
{
	const struct addrset *hosts = r->o->reporter_hosts;
	struct relay relay;

	if (!hosts || !hosts->n)
		return err_set(why, -EINVAL,
		    "no field Source-IP: nobody is accused, as reporter_hosts does not say whose "
		    "Received lines are true");
	relay = received_relay(r->original, hosts);
	if (relay.state != RELAY_FOUND)
		return err_set(why, -EINVAL,
		    "no field Source-IP, and the reported mail does not tell: its lines are %s",
		    relay_state_name(relay.state));
	f->from = span_of(text, addr_format(relay.client, text));
	f->weak = f->weak || relay.assumed;
	f->note = ", by the mail's own lines";
	return 0;
}

static int source(const struct report *r, struct span given, char text[ADDR_TEXT_MAX],
    struct report_fact *f, struct err *why)
{
	if (span_empty(given))
		return from_lines(r, text, f, why);
	f->from = report_bare(given);
	if (contradicts(r->original, f->from)) {
		f->weak = true;
		f->note = ", the mail names other relays";
	}
	return 0;
}

int report_arf(struct report *r, struct span text, struct err *why)
{
	struct span got[FIELD_N] = { { NULL, NULL } };
	struct report_fact f = { .count = 1, .service = "smtp", .format = "arf" };
	const struct type *type = &types[3];
	char relay[ADDR_TEXT_MAX];
	int code = take(text, got, why);

	if (code < 0)
		return code;
	for (unsigned i = 0; i < NELEM(types); i++)
		if (report_word(got[TYPE], types[i].name))
			type = &types[i];
	if (!type->evidence)
		return err_set(why, -EINVAL, "feedback of type %s: no abuse by itself", type->name);
	f.category = type->category;
	if (strcmp(type->name, AUTH_FAILURE) == 0)
		code = failure(got, &f, why);
	else
		f.kind = type->name;
	if (code == 0)
		code = source(r, got[SOURCE], relay, &f, why);
	if (code < 0)
		return code;
	if (!span_empty(got[INCIDENTS]) && num_u64(got[INCIDENTS], UINT64_MAX, &f.count) < 0)
		return err_set(why, -EINVAL, "Incidents is no number");
	code = date(span_empty(got[ARRIVAL]) ? got[RECEIVED] : got[ARRIVAL], &f, why);
	return code < 0 ? code : report_add(r, &f, why);
}
