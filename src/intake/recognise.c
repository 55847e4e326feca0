/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "intake/recognise.h"

#include <ctype.h>

#include "core/event.h"
#include "intake/dates.h"
#include "intake/list.h"
#include "intake/stamp.h"

#define LINES_MAX   400u /* lines that vote */
#define DAEMONS_MAX 16u	 /* different programs that are counted */

static const char *const kind_names[] = { [INPUT_UNKNOWN] = "not recognised",
	[INPUT_EVENTS] = "event lines",
	[INPUT_EVENTS_JSON] = "events as JSON",
	[INPUT_JSON] = "a JSON log",
	[INPUT_LIST] = "a list of addresses",
	[INPUT_LOG] = "a log",
	[INPUT_EMPTY] = "empty" };
_Static_assert(NELEM(kind_names) == INPUT_KIND_N, "kind_names out of step");

struct votes {
	unsigned of[INPUT_KIND_N], n;
	unsigned binary; /* lines with control bytes */
	struct {
		struct span name;
		unsigned n;
	} daemon[DAEMONS_MAX];
	unsigned n_daemons;
	struct clock clock;
	struct stamp_reader stamp;
	struct dates *dates; /* NULL before they are asked, and when memory is short */
};

const char *input_kind_name(enum input_kind k)
{
	return k < INPUT_KIND_N ? kind_names[k] : kind_names[INPUT_UNKNOWN];
}

/* "host program[pid]: " or "host program/part[pid]: " after the date: the program */
static struct span program(struct span s)
{
	const char *p = s.p, *name;

	while (p < s.end && *p == ' ')
		p++;
	while (p < s.end && *p != ' ') /* the host */
		p++;
	while (p < s.end && *p == ' ')
		p++;
	name = p;
	while (p < s.end && (isalnum((unsigned char)*p) || *p == '-' || *p == '_' || *p == '.'))
		p++;
	if (p == s.end || !strchr("[:/(", *p) || *p == '\0' ||
	    p - name >= (int)RECOGNISE_DAEMON_MAX)
		return span_of(name, 0);
	return (struct span){ name, p };
}

static void count_daemon(struct votes *v, struct span name)
{
	unsigned i = 0;

	if (span_empty(name))
		return;
	while (i < v->n_daemons && !span_eq(v->daemon[i].name, name))
		i++;
	if (i == DAEMONS_MAX)
		return;
	if (i == v->n_daemons) {
		v->daemon[i].name = name;
		v->n_daemons++;
	}
	v->daemon[i].n++;
}

static bool is_binary(struct span s)
{
	for (const char *p = s.p; p < s.end; p++)
		if ((unsigned char)*p < ' ' && *p != '\t' && *p != '\r' && *p != '\x1b')
			return true;
	return false;
}

/* A date that the stamp reader does not know, wherever it stands. */
static bool is_dated(struct votes *v, struct span line)
{
	struct date d;

	if (!v->dates && dates_new(SPAN(""), &v->dates, NULL) < 0)
		return false;
	return dates_find(v->dates, clock_now_s(&v->clock), line, &d) == DATES_FOUND;
}

/* How the lines begin that programs write into logs of their own where a client's line end is one of the file: 9 is any
 * digit, + any number of them, a any letter, the rest is itself. */
static const char *const open_forms[] = {
	"9999/99/99 99:99:99 [a",	     /* nginx */
	"[aaa aaa 99 99:99:99",		     /* Apache */
	"9999-99-99 99:99:99 + [",	     /* MariaDB; */
	"9999-99-99  9:99:99 + [",	     /* before ten o'clock */
	"9999-99-99T99:99:99.999999Z + [",   /* MySQL */
	"9999-99-99 99:99:99.999 aaa [+] ",  /* PostgreSQL; */
	"9999-99-99 99:99:99.999 aaaa [+] ", /* in summer */
};

static bool has_form(struct span line, const char *form)
{
	const char *p = line.p;

	for (; *form; form++) {
		if (p == line.end)
			return false;
		if (*form == '9' || *form == '+' ? !isdigit((unsigned char)*p)
		    : *form == 'a'		 ? !isalpha((unsigned char)*p)
						 : *p != *form)
			return false;
		p++;
		while (*form == '+' && p < line.end && isdigit((unsigned char)*p))
			p++;
	}
	return true;
}

bool recognise_open(struct span head)
{
	struct span line;

	while (!span_empty(head)) {
		(void)span_cut(&head, '\n', &line); /* the last has no LF */
		for (size_t i = 0; i < NELEM(open_forms); i++)
			if (has_form(line, open_forms[i]))
				return true;
	}
	return false;
}

static enum input_kind line_kind(struct votes *v, struct span line)
{
	struct event_room room;
	struct event ev;
	struct stamp st;
	struct range r;
	uint32_t n;
	const char *why = "";

	if (stamp_read(&v->stamp, line, &st)) {
		count_daemon(v, program((struct span){ line.p + st.end, line.end }));
		return INPUT_LOG;
	}
	if (is_binary(line)) {
		v->binary++;
		return INPUT_UNKNOWN;
	}
	if (*line.p == '{') {
		if (event_parse_json(line, 0, &room, &ev, NULL) == 1)
			return INPUT_EVENTS_JSON;
		return span_len(line) > 1 && line.end[-1] == '}' ? INPUT_JSON : INPUT_UNKNOWN;
	}
	if (memchr(line.p, '\t', span_len(line)) && event_parse(line, 0, &room, &ev, NULL) == 1)
		return INPUT_EVENTS;
	/* Refused for what it names is still an entry of a list. */
	if (list_entry(line, &r, &n, &why) == 1 || strcmp(why, "no address, prefix or range") != 0)
		return INPUT_LIST;
	return is_dated(v, line) ? INPUT_LOG : INPUT_UNKNOWN;
}

static void vote(struct votes *v, struct span head)
{
	const char *last = head.end;
	struct span line;

	/* The last line may be cut; it votes only when it is the only one. */
	if (!span_empty(head)) {
		last = memrchr(head.p, '\n', span_len(head));
		if (last)
			head.end = last + 1;
	}
	while (!span_empty(head) && v->n < LINES_MAX) {
		(void)span_cut(&head, '\n', &line); /* the last has no LF */
		line = span_trim(line);
		if (span_empty(line) || *line.p == '#' || *line.p == ';')
			continue;
		v->n++;
		v->of[line_kind(v, line)]++;
	}
}

static void name_daemon(const struct votes *v, struct recognised *ret)
{
	unsigned best = 0;

	for (unsigned i = 1; i < v->n_daemons; i++)
		if (v->daemon[i].n > v->daemon[best].n)
			best = i;
	if (v->n_daemons > 0)
		(void)snprintf(
		    ret->daemon, sizeof(ret->daemon), "%.*s", SPAN_ARG(v->daemon[best].name));
}

struct recognised recognise(struct span head)
{
	struct recognised ret = { .kind = INPUT_UNKNOWN };
	struct votes v = { .n = 0 };

	if (span_starts(head, "\xef\xbb\xbf"))
		head.p += 3;
	if (span_starts(head, EVENT_HEADER "\n") || span_starts(head, EVENT_HEADER "\r\n")) {
		ret.kind = INPUT_EVENTS;
		return ret;
	}
	v.clock = clock_system();
	stamp_init(&v.stamp, &v.clock);
	vote(&v, head);
	(void)dates_free(v.dates);
	if (v.n == 0) {
		ret.kind = INPUT_EMPTY;
		return ret;
	}
	for (enum input_kind k = INPUT_EVENTS; k < INPUT_EMPTY; k++)
		if (v.of[k] * 2 >= v.n)
			ret.kind = k;
	/* Dated lines among binary rubbish are no accident: the good ones are to be had. */
	if (ret.kind == INPUT_UNKNOWN && v.binary * 2 >= v.n && v.of[INPUT_LOG] > 0)
		ret.kind = INPUT_LOG;
	if (ret.kind == INPUT_LOG) {
		name_daemon(&v, &ret);
		ret.open_to_clients = recognise_open(head);
	}
	if (ret.kind == INPUT_UNKNOWN)
		ret.why = v.binary * 2 >= v.n
			      ? "binary data"
			      : "neither dated log lines, nor a list of addresses, nor events";
	return ret;
}
