/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus relay - mails in; which host outside handed each of them over. */
#include <errno.h>
#include <inttypes.h>

#include "core/conf.h"
#include "core/event.h"
#include "intake/received.h"
#include "prog/onus/commands.h"
#include "prog/onus/messages.h"
#include "util/clock.h"
#include "util/jout.h"
#include "util/opt.h"

#define LINE_SHOWN 160u /* bytes of a Received line */
#define ROW_MAX	   (64u << 10)

struct relays {
	struct addrset trusted;
	struct buf row;
	int64_t now_s;
	enum category category;
	struct span source;
	bool events, json, failed; /* failed: stdout is gone */
	uint64_t messages, states[RELAY_N];
};

/* Why there is none, or where it stands. */
static const char *const reasons[] = {
	[RELAY_FOUND] = "line %u: ",
	[RELAY_INSIDE] = "from within: %u lines, all of hosts that are trusted",
	[RELAY_NO_LINES] = "no Received line in its header",
	[RELAY_UNREADABLE] = "line %u cannot be read for certain, and nobody is named: ",
	[RELAY_IMPOSSIBLE] = "line %u has an address that no client can have: ",
	[RELAY_TOO_LONG] = "a header too long to be believed: %u lines, and none of them tells",
};
_Static_assert(NELEM(reasons) == RELAY_N, "reasons out of step");

/* A field in one line, blanks for folds, cut; "" where no single line decided. */
static void show_field(const struct relay *r, char ret[LINE_SHOWN + 1])
{
	size_t n = 0;

	if (r->state == RELAY_FOUND || r->state == RELAY_UNREADABLE || r->state == RELAY_IMPOSSIBLE)
		for (const char *p = r->field.p; p < r->field.end && n < LINE_SHOWN; p++) {
			bool blank = *p == ' ' || *p == '\t' || *p == '\r' || *p == '\n';

			if (!blank)
				ret[n++] = *p;
			else if (n > 0 && ret[n - 1] != ' ')
				ret[n++] = ' ';
		}
	span_tame(ret, n);
	ret[n] = '\0';
}

static void show_name(const struct message *m, char *ret, size_t room)
{
	int n = m->number ? snprintf(ret, room, "%s:%u", m->path, m->number)
			  : snprintf(ret, room, "%s", m->path);

	span_tame(ret, n < 0 ? 0 : MIN_OF((size_t)n, room - 1));
}

static void write_row(struct relays *x, const struct message *m, const struct relay *r)
{
	char name[4096], field[LINE_SHOWN + 1], who[ADDR_TEXT_MAX] = "-";

	show_name(m, name, sizeof(name));
	show_field(r, field);
	if (r->state == RELAY_FOUND)
		(void)addr_format(r->client, who);
	buf_fmt(&x->row, "%s\t%s\t", who, name);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	buf_fmt(&x->row, reasons[r->state], r->line);
#pragma GCC diagnostic pop
	buf_fmt(&x->row, "%s\n", field);
}

static void write_json(struct relays *x, const struct message *m, const struct relay *r)
{
	char field[LINE_SHOWN + 1], who[ADDR_TEXT_MAX], when[UTC_TEXT_MAX];
	int64_t time_s;
	struct jout j;

	show_field(r, field);
	jout_init(&j, &x->row);
	jout_object(&j, NULL);
	jout_str(&j, "file", m->path);
	if (m->number)
		jout_u64(&j, "message", m->number);
	jout_str(&j, "state", relay_state_name(r->state));
	if (r->state == RELAY_FOUND) {
		(void)addr_format(r->client, who);
		jout_str(&j, "relay", who);
		jout_bool(&j, "assumed", r->assumed);
		if (received_time(r->field, &time_s)) {
			utc_format(time_s, when);
			jout_str(&j, "time", when);
		}
	}
	jout_u64(&j, "line", r->line);
	if (field[0])
		jout_str(&j, "received", field);
	jout_object_end(&j);
	buf_byte(&x->row, '\n');
}

static void write_event(struct relays *x, const struct message *m, const struct relay *r)
{
	struct event ev = { .category = x->category, .source = x->source };

	if (r->state != RELAY_FOUND)
		return;
	received_event(r, m->changed_s, x->now_s, &ev);
	if (x->json)
		event_format_json(&ev, 0, &x->row);
	else
		event_format(&ev, &x->row);
}

static void take(void *ctx, const struct message *m)
{
	struct relays *x = ctx;
	struct relay r = received_relay(m->header, &x->trusted);
	struct span t;

	x->messages++;
	x->states[r.state]++;
	buf_reset(&x->row);
	if (x->events)
		write_event(x, m, &r);
	else if (x->json)
		write_json(x, m, &r);
	else
		write_row(x, m, &r);
	t = x->row.len ? buf_text(&x->row) : SPAN("");
	if (!buf_ok(&x->row) || fwrite(t.p, 1, span_len(t), stdout) != span_len(t))
		x->failed = true;
}

static void say_counts(const struct relays *x)
{
	(void)fprintf(stderr, "%12" PRIu64 "  messages\n", x->messages);
	for (unsigned i = 0; i < RELAY_N; i++)
		if (x->states[i])
			(void)fprintf(stderr, "%12" PRIu64 "  %s\n", x->states[i],
			    relay_state_name((enum relay_state)i));
}

static int run_paths(struct relays *x, char **paths, int n, bool mbox)
{
	int code = 0;

	buf_init(&x->row, ROW_MAX);
	if (x->events && !x->json && fputs(EVENT_HEADER "\n", stdout) == EOF)
		x->failed = true;
	for (int i = 0; i < n && !x->failed; i++) {
		struct err e;

		if (messages_read(paths[i], mbox, take, x, &e) < 0) {
			(void)fprintf(stderr, "onus relay: %s\n", e.text);
			code = 2;
		}
	}
	if (fflush(stdout) != 0 || x->failed) {
		(void)fprintf(stderr, "onus relay: cannot write to the standard output\n");
		code = 2;
	}
	buf_done(&x->row);
	return code;
}

struct relay_options {
	const char *conf_file, *event, *source;
	struct opt_list set, trusted;
	bool mbox, verbose;
};

/* One's own networks and those that are named. */
static int trust(struct relays *x, const struct relay_options *o, struct err *e)
{
	struct conf *conf = conf_open(o->conf_file, o->set.v, o->set.n, e);
	int r = conf ? addrset_parse(span_str(conf->own_networks), &x->trusted, e) : -EINVAL;

	for (unsigned i = 0; i < o->trusted.n && r == 0; i++) {
		r = addrset_add_text(&x->trusted, span_str(o->trusted.v[i]), e);
		if (r < 0)
			(void)err_wrap(e, r, "--trusted");
	}
	(void)conf_free(conf);
	return r;
}

static int run(struct relays *x, const struct relay_options *o, char **paths, int n)
{
	struct clock clock = clock_system();
	struct err e = { "" };
	int code = 3;

	x->now_s = clock_now_s(&clock);
	x->events = o->event != NULL;
	x->source = span_str(o->source);
	if (o->event && category_parse(span_str(o->event), &x->category) < 0)
		(void)fprintf(stderr,
		    "onus relay: --event %s: no category; spam and phishing are some\n", o->event);
	else if (span_len(x->source) > EVENT_SOURCE_MAX)
		(void)fprintf(
		    stderr, "onus relay: --source is longer than %u bytes\n", EVENT_SOURCE_MAX);
	else if (trust(x, o, &e) < 0)
		(void)fprintf(stderr, "onus relay: %s\n", e.text);
	else
		code = run_paths(x, paths, n, o->mbox);
	if (o->verbose && code != 3)
		say_counts(x);
	addrset_done(&x->trusted);
	return code;
}

int cmd_relay(int argc, char **argv)
{
	struct relay_options o = { .source = "" };
	struct relays x = { .json = false };
	const struct opt opts[] = {
		{ "trusted", 't', OPT_LIST, &o.trusted, "NETWORKS",
		    "Believe what hosts of these networks write, besides own_networks; may stand "
		    "several times." },
		{ "event", 'e', OPT_TEXT, &o.event, "CATEGORY",
		    "Write event lines about the relays, of this category (spam, phishing …)." },
		{ "source", 's', OPT_TEXT, &o.source, "NAME", "Source of these events." },
		{ "mbox", 'm', OPT_FLAG, &o.mbox, NULL,
		    "Files are mailboxes of many messages, not one message each." },
		{ "json", 'j', OPT_FLAG, &x.json, NULL,
		    "Write one JSON object a message or event." },
		{ "verbose", 'v', OPT_FLAG, &o.verbose, NULL, "Count messages on stderr." },
		{ "config", 'c', OPT_TEXT, &o.conf_file, "FILE", "Read this configuration file." },
		{ "option", 'o', OPT_LIST, &o.set, "NAME=VALUE",
		    "Set one parameter over the file." },
	};
	const struct opt_usage usage = { "onus relay", "FILE…|DIRECTORY…|-",
		"Say which host outside handed each mail over: the first in its Received lines, "
		"from the top,\nthat is not trusted. What stands below, that host may have "
		"invented, and it is not looked at.\nLoopback is always trusted, and private "
		"addresses are passed over. A line that can be read in\ntwo ways names nobody. "
		"A directory is a maildir, or holds one message a file.",
		"Example: onus relay --event spam --source trap ~trap/Maildir | onus top -", opts,
		NELEM(opts) };
	int n = opt_main(&usage, argc, argv);

	if (n < 0)
		return opt_exit(n);
	if (n == 0) {
		(void)fprintf(stderr,
		    "onus relay: name files or directories of mail, or - for the standard input\n");
		return 3;
	}
	return run(&x, &o, argv + 1, n);
}
