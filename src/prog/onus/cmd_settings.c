/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus settings - who changed what, when and why; and back again. */
#include <errno.h>

#include "prog/onus/commands.h"
#include "prog/onus/settings_cmd.h"
#include "util/clock.h"
#include "util/jout.h"
#include "util/num.h"

struct log {
	const struct settings_cmd *x;
	uint32_t left;
};

static void row_json(const struct hub_change *c)
{
	CLEANUP(buf_done) struct buf b;
	struct jout j;

	buf_init(&b, 1u << 20);
	jout_init(&j, &b);
	jout_object(&j, NULL);
	jout_span(&j, "setting", c->name);
	jout_span(&j, "old", c->old_value);
	jout_span(&j, "new", c->new_value);
	settings_cmd_json(&j, c->rev, c->at_s, c->who, c->why);
	jout_object_end(&j);
	(void)printf("%.*s\n", SPAN_ARG(buf_text(&b)));
}

/* As people say it: what is set is there, with its value where it has one. */
static void say(struct span v, const char *none)
{
	if (!v.p)
		(void)printf("%s", none);
	else
		(void)printf("%.*s", SPAN_ARG(span_empty(v) ? SPAN("set") : v));
}

static int row(void *ctx, const struct hub_change *c)
{
	struct log *l = ctx;
	char at[UTC_TEXT_MAX];

	if (l->left-- == 0)
		return 1;
	if (l->x->json) {
		row_json(c);
		return 0;
	}
	utc_format(c->at_s, at);
	(void)printf(
	    "%jd %s %.*s: %.*s ", (intmax_t)c->rev, at, SPAN_ARG(c->who), SPAN_ARG(c->name));
	say(c->old_value, "not set");
	(void)printf(" > ");
	say(c->new_value, "not set");
	if (!span_empty(c->why))
		(void)printf(" (%.*s)", SPAN_ARG(c->why));
	(void)printf("\n");
	return 0;
}

static int show_log(struct settings_cmd *x, uint32_t limit, struct err *e)
{
	struct log l = { x, limit };
	int r = settings_cmd_open(x, false, e);

	if (r == 0)
		r = hub_each_revision(x->hub, row, &l, e);
	return MIN_OF(r, 0);
}

/* What the data plane gets of them. */
static int show(struct settings_cmd *x, struct err *e)
{
	CLEANUP(buf_done) struct buf b;
	struct settings s;
	int r = settings_cmd_open(x, false, e);

	buf_init(&b, SETTINGS_BYTES_MAX);
	if (r == 0)
		r = hub_settings_read(x->hub, &s, e);
	if (r < 0)
		return r;
	settings_format(&s, &b);
	settings_done(&s);
	(void)printf("%.*s", SPAN_ARG(buf_text(&b)));
	return 0;
}

/* struct which - what revision rev made of a source */
struct which {
	int64_t rev;
	struct settings_source now;
};

static int find_source(void *ctx, const struct hub_change *c)
{
	struct which *w = ctx;
	struct err ignored;

	if (c->rev != w->rev)
		return c->rev < w->rev;
	if (span_starts(c->name, SETTING_SOURCE) && c->new_value.p &&
	    settings_source_parse(c->new_value, &w->now, &ignored) < 0)
		w->now = (struct settings_source){ .trust = 0 };
	return 1;
}

static int undo(struct settings_cmd *x, const char *arg, struct err *e)
{
	char name[HUB_SETTING_NAME_MAX + 1], why[HUB_SETTING_WHY_MAX + 1], what[200];
	struct which w = { .now = { .trust = 0 } };
	int64_t rev = 0, done = 0;
	int r = settings_cmd_why(x, e);

	if (r == 0 && num_i64(span_str(arg), 1, INT64_MAX, &rev) < 0)
		r = err_set(e, -EINVAL, "\"%.40s\" is no revision", arg);
	if (r == 0)
		r = settings_cmd_open(x, true, e);
	if (r < 0)
		return r;
	if ((size_t)snprintf(why, sizeof(why), "undo of %jd: %s", (intmax_t)rev, x->why) >=
	    sizeof(why))
		return err_set(e, -EINVAL, "the reason is too long");
	x->by.why = why;
	w.rev = rev;
	r = hub_each_revision(x->hub, find_source, &w, e);
	if (r < 0)
		return r;
	r = hub_setting_undo(x->hub, rev, &x->by, &done, name, e);
	if (r < 0)
		return r;
	(void)snprintf(what, sizeof(what), "revision %jd: %s", (intmax_t)rev, name);
	settings_cmd_tell(x, done, "undone", what);
	if (span_starts(span_str(name), SETTING_SOURCE))
		r = settings_cmd_source(x, name + strlen(SETTING_SOURCE), &w.now, e);
	if (span_starts(span_str(name), SETTING_DISPUTE))
		r = settings_cmd_dispute(x, name + strlen(SETTING_DISPUTE), e);
	return r < 0 ? r : settings_cmd_commit(x, e);
}

static int run(struct settings_cmd *x, uint32_t limit, int argc, char **argv, struct err *e)
{
	if (argc == 1 && strcmp(argv[0], "log") == 0)
		return show_log(x, limit, e);
	if (argc == 1 && strcmp(argv[0], "show") == 0)
		return show(x, e);
	if (argc == 2 && strcmp(argv[0], "undo") == 0)
		return undo(x, argv[1], e);
	return err_set(e, -EINVAL, "say log, show or undo REVISION");
}

int cmd_settings(int argc, char **argv)
{
	struct settings_cmd x = { .name = "onus settings" };
	uint32_t limit = UINT32_MAX;
	const struct opt opts[] = { SETTINGS_CMD_WHY(x), SETTINGS_CMD_OPTS(x),
		{ "limit", 'n', OPT_COUNT, &limit, "NUMBER", "Of log: only the newest so many." } };
	const struct opt_usage usage = { "onus settings", "log|show|undo [REVISION]",
		"What `onus allow`, own, level, warrant, source and dispute have changed. `log` "
		"shows every "
		"change, "
		"the newest "
		"first:\nrevision, time, who, what it was and is, why. `undo` makes one of them "
		"undone, as a "
		"change of its own;\nnot when the same setting was changed again since. `show` "
		"prints what "
		"the data plane has of them.",
		"Examples:\n"
		"  onus settings log -n 20\n"
		"  onus settings undo 17 --why 'wrong network'\n\n"
		"Exit codes: 1 there is no such revision, 2 the hub cannot be had, 3 it cannot be "
		"undone.",
		opts, NELEM(opts) };
	int n = opt_main(&usage, argc, argv), code;
	struct err e = { "" };

	if (n < 0)
		return opt_exit(n);
	code = settings_cmd_code(&x, run(&x, limit, n, argv + 1, &e), &e);
	settings_cmd_close(&x);
	return code;
}
