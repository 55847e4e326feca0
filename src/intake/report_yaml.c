/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The machine's part of an early X-ARF mail (versions 0.1 and 0.2): YAML of one flat map, read by libyaml's events,
 * so that nothing is built of what a stranger nests. Anchors, tags and maps within are refused.
 *   Reported-From, Report-Type, Date, Source, Source-Type, Version   and others that are not looked at */
#include <errno.h>
#include <glib.h>
#include <gmime/gmime.h>
#include <yaml.h>

#include "intake/report_priv.h"
#include "util/clock.h"

#define PAIRS_MAX 100u
#define TEXT_MAX  (64u << 10)
#define KEPT_MAX  200u

enum member { FROM, TYPE, DATE, SOURCE, SOURCE_TYPE, VERSION, MEMBER_N };
static const char *const members[] = {
	[FROM] = "Reported-From",
	[TYPE] = "Report-Type",
	[DATE] = "Date",
	[SOURCE] = "Source",
	[SOURCE_TYPE] = "Source-Type",
	[VERSION] = "Version",
};
_Static_assert(NELEM(members) == MEMBER_N, "members out of step");

static const struct type {
	const char *name;
	enum category category;
	bool weak;
} types[] = {
	{ "login-attack", CATEGORY_BRUTE_FORCE, false },
	{ "portscan", CATEGORY_SCANNER, true },
	{ "port-scan", CATEGORY_SCANNER, true },
	{ "ddos", CATEGORY_DDOS, true },
	{ "dos", CATEGORY_DDOS, true },
	{ "spam", CATEGORY_SPAM, false },
	{ "phishing", CATEGORY_PHISHING, false },
	{ "malware", CATEGORY_MALWARE_DISTRIBUTION, false },
	{ "malware-attack", CATEGORY_MALWARE_DISTRIBUTION, false },
	{ "botnet", CATEGORY_INFECTED_SYSTEM, false },
	{ "bot-infection", CATEGORY_INFECTED_SYSTEM, false },
	{ "exploit", CATEGORY_EXPLOIT, false },
};

struct map {
	char text[MEMBER_N][KEPT_MAX + 1];
	bool given[MEMBER_N];
	int open; /* which value comes next; MEMBER_N: one that is not kept; -1: a name */
	unsigned pairs;
};

static int scalar(struct map *m, const yaml_event_t *ev, struct err *why)
{
	struct span s = span_of((const char *)ev->data.scalar.value, ev->data.scalar.length);

	if (ev->data.scalar.anchor)
		return err_set(why, -EINVAL, "YAML with anchors");
	if (m->open >= 0) {
		if (m->open < MEMBER_N && span_len(s) > KEPT_MAX)
			return err_set(why, -EINVAL, "a %s too long", members[m->open]);
		if (m->open < MEMBER_N && !span_utf8(s)) /* nor with a NUL in it */
			return err_set(why, -EINVAL, "a %s that is no text", members[m->open]);
		if (m->open < MEMBER_N)
			(void)snprintf(
			    m->text[m->open], KEPT_MAX + 1, "%.*s", SPAN_ARG(s)); /* fits */
		m->open = -1;
		return 0;
	}
	if (++m->pairs > PAIRS_MAX)
		return err_set(why, -EINVAL, "more than %u members", PAIRS_MAX);
	m->open = MEMBER_N;
	for (int i = 0; i < MEMBER_N; i++)
		if (report_word(s, members[i]))
			m->open = i;
	if (m->open < MEMBER_N && m->given[m->open])
		return err_set(why, -EINVAL, "%s is given twice", members[m->open]);
	if (m->open < MEMBER_N)
		m->given[m->open] = true;
	return 0;
}

/* One event: 1 at the end, 0, -EINVAL. */
static int take(struct map *m, const yaml_event_t *ev, unsigned *depth, struct err *why)
{
	switch (ev->type) {
	case YAML_STREAM_START_EVENT:
	case YAML_DOCUMENT_START_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		return 0;
	case YAML_STREAM_END_EVENT:
		return 1;
	case YAML_MAPPING_START_EVENT:
		if (++*depth == 1 && m->pairs == 0)
			return 0;
		break;
	case YAML_MAPPING_END_EVENT:
		(*depth)--;
		return 0;
	case YAML_SCALAR_EVENT:
		if (*depth == 1)
			return scalar(m, ev, why);
		break;
	default:
		break;
	}
	return err_set(why, -EINVAL, "YAML that is no flat map");
}

static int parse(struct map *m, struct span text, struct err *why)
{
	yaml_parser_t p;
	unsigned depth = 0;
	int r = 0;

	if (!yaml_parser_initialize(&p))
		abort();
	yaml_parser_set_input_string(&p, (const unsigned char *)text.p, span_len(text));
	while (r == 0) {
		yaml_event_t ev;

		if (!yaml_parser_parse(&p, &ev)) {
			r = err_set(why, -EINVAL, "YAML that is broken in line %zu: %s",
			    p.problem_mark.line + 1, p.problem ? p.problem : "no reason given");
			break;
		}
		r = take(m, &ev, &depth, why);
		yaml_event_delete(&ev);
	}
	yaml_parser_delete(&p);
	return r < 0 ? r : 0;
}

/* RFC 3339, or as mail has it. */
static bool date(const char *text, int64_t *ret)
{
	GDateTime *t;

	if (utc_parse(span_str(text), ret) == 0)
		return true;
	t = g_mime_utils_header_decode_date(text);
	if (!t)
		return false;
	*ret = g_date_time_to_unix(t);
	g_date_time_unref(t);
	return true;
}

static bool is_address(const char *type)
{
	static const char *const names[] = { "ip-address", "ipv4", "ipv6", "ip" };

	for (unsigned i = 0; i < NELEM(names); i++)
		if (report_word(span_str(type), names[i]))
			return true;
	return false;
}

int report_yaml(struct report *r, struct span text, struct err *why)
{
	struct map m = { .open = -1 };
	struct report_fact f = { .dated = true, .count = 1, .service = "", .format = "x-arf" };
	int code = span_len(text) > TEXT_MAX ? err_set(why, -EINVAL, "YAML that is too long")
					     : parse(&m, text, why);

	if (code < 0)
		return code;
	for (unsigned i = 0; i < MEMBER_N; i++)
		if (!*m.text[i])
			return err_set(why, -EINVAL, "no %s", members[i]);
	if (!is_address(m.text[SOURCE_TYPE]))
		return err_set(
		    why, -EINVAL, "its source is no address but \"%.40s\"", m.text[SOURCE_TYPE]);
	for (unsigned i = 0; i < NELEM(types); i++)
		if (report_word(span_str(m.text[TYPE]), types[i].name)) {
			f.kind = types[i].name;
			f.category = types[i].category;
			f.weak = types[i].weak;
		}
	if (!f.kind)
		return err_set(why, -EINVAL,
		    "a report of type \"%.40s\", of which no category is kept", m.text[TYPE]);
	if (!date(m.text[DATE], &f.time_s))
		return err_set(why, -EINVAL, "its date is none: \"%.40s\"", m.text[DATE]);
	f.from = span_str(m.text[SOURCE]);
	return report_add(r, &f, why);
}
