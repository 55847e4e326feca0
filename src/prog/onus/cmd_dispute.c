/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus dispute - what owners say against lines of evidence, and what an operator makes of it. */
#include <errno.h>

#include "prog/onus/commands.h"
#include "prog/onus/settings_cmd.h"
#include "util/clock.h"
#include "util/jout.h"

#define ID_LEAST 6u /* digits of an identifier that may stand for the whole */

/* --- showing ------------------------------------------------------------------------------------ */

struct listing {
	struct settings_cmd *x;
	bool open; /* only these */
	struct err *e;
};

struct naming {
	int32_t id;
	char name[EVENT_SOURCE_MAX + 1];
};

static int name_source(void *ctx, const struct hub_source *s)
{
	struct naming *n = ctx;

	if (s->id == n->id)
		(void)snprintf(n->name, sizeof(n->name), "%s", s->name);
	return 0;
}

static void row_json(const struct hub_dispute *d, const char *id, const char *source)
{
	CLEANUP(buf_done) struct buf b;
	char subject[PREFIX_TEXT_MAX], day[UTC_TEXT_MAX], opened[UTC_TEXT_MAX], due[UTC_TEXT_MAX],
	    closed[UTC_TEXT_MAX];
	struct jout j;

	buf_init(&b, 65536);
	jout_init(&j, &b);
	(void)prefix_format(d->subject, subject);
	utc_format_day(d->day, day);
	utc_format(d->opened_s, opened);
	utc_format(d->due_s, due);
	utc_format(d->closed_s, closed);
	jout_object(&j, NULL);
	jout_str(&j, "line", id);
	jout_str(&j, "state", settings_dispute_state(d->state));
	jout_str(&j, "subject", subject);
	jout_str(&j, "day", day);
	jout_str(&j, "category", category_name(d->category));
	jout_str(&j, "source", source);
	jout_str(&j, "opened", opened);
	jout_str(&j, "due", due);
	jout_str(&j, "closed", d->closed_s ? closed : NULL);
	jout_object_end(&j);
	(void)printf("%.*s\n", SPAN_ARG(buf_text(&b)));
}

static int row(void *ctx, const struct hub_dispute *d)
{
	struct listing *l = ctx;
	struct naming n = { .id = d->source };
	char id[SETTINGS_DISPUTE_ID + 1], subject[PREFIX_TEXT_MAX], day[UTC_TEXT_MAX],
	    due[UTC_TEXT_MAX];
	bool late = d->state == HUB_DISPUTE_OPEN && d->due_s <= l->x->by.at_s;
	int r;

	if (l->open && d->state != HUB_DISPUTE_OPEN)
		return 0;
	r = hub_each_source(l->x->hub, name_source, &n, l->e);
	if (r < 0)
		return r;
	settings_dispute_id(d, id);
	if (l->x->json) {
		row_json(d, id, n.name);
		return 0;
	}
	(void)prefix_format(d->subject, subject);
	utc_format_day(d->day, day);
	utc_format(d->due_s, due);
	(void)printf("%s %-8s %-20s %s %-14s %-16s due %s%s\n", id,
	    settings_dispute_state(d->state), subject, day, category_name(d->category), n.name, due,
	    late ? ", which is over" : "");
	return 0;
}

static int list(struct settings_cmd *x, bool open, struct err *e)
{
	int r = settings_cmd_open(x, false, e);

	return r < 0 ? r : hub_each_dispute(x->hub, row, &(struct listing){ x, open, e }, e);
}

/* --- deciding ----------------------------------------------------------------------------------- */

struct finding {
	struct span wanted;
	char id[SETTINGS_DISPUTE_ID + 1];
	enum hub_dispute_state state;
	unsigned n;
};

static int find(void *ctx, const struct hub_dispute *d)
{
	struct finding *f = ctx;
	char id[SETTINGS_DISPUTE_ID + 1];

	settings_dispute_id(d, id);
	if (strncmp(id, f->wanted.p, span_len(f->wanted)) != 0)
		return 0;
	memcpy(f->id, id, sizeof(id));
	f->state = d->state;
	f->n++;
	return 0;
}

static int decide_one(
    struct settings_cmd *x, struct span arg, enum hub_dispute_state state, struct err *e)
{
	struct finding f = { .wanted = arg };
	char name[HUB_SETTING_NAME_MAX + 1];
	int64_t rev = 0;
	int r;

	if (span_len(arg) < ID_LEAST || span_len(arg) > SETTINGS_DISPUTE_ID)
		return err_set(e, -EINVAL,
		    "\"%.60s\": name a line by its identifier, or the first %u or more digits of "
		    "it",
		    arg.p, ID_LEAST);
	r = hub_each_dispute(x->hub, find, &f, e);
	if (r < 0)
		return r;
	if (f.n == 0)
		return err_set(
		    e, -ENOENT, "no dispute of line %s; `onus dispute list` shows them", arg.p);
	if (f.n > 1)
		return err_set(e, -EINVAL, "%u disputed lines begin with %s", f.n, arg.p);
	if (f.state == state) {
		(void)fprintf(
		    stderr, "note: %s is %s already\n", f.id, settings_dispute_state(state));
		return 0;
	}
	(void)snprintf(name, sizeof(name), SETTING_DISPUTE "%s", f.id);
	r = hub_setting_put(x->hub, name, settings_dispute_state(state), &x->by, &rev, e);
	if (r == 0) /* it was decided so, and something else came after that */
		rev = 0;
	if (r >= 0) {
		settings_cmd_tell(x, rev, settings_dispute_state(state), f.id);
		r = settings_cmd_dispute(x, f.id, e);
	}
	return r;
}

static int decide(
    struct settings_cmd *x, int argc, char **argv, enum hub_dispute_state state, struct err *e)
{
	int r = settings_cmd_why(x, e);

	if (r == 0)
		r = settings_cmd_open(x, true, e);
	for (int i = 0; i < argc && r >= 0; i++)
		r = decide_one(x, span_str(argv[i]), state, e);
	return r < 0 ? r : settings_cmd_commit(x, e);
}

static int run(struct settings_cmd *x, bool open, int argc, char **argv, struct err *e)
{
	if (argc == 1 && strcmp(argv[0], "list") == 0)
		return list(x, open, e);
	if (argc > 1 && strcmp(argv[0], "uphold") == 0)
		return decide(x, argc - 1, argv + 1, HUB_DISPUTE_UPHELD, e);
	if (argc > 1 && strcmp(argv[0], "reject") == 0)
		return decide(x, argc - 1, argv + 1, HUB_DISPUTE_REJECTED, e);
	return err_set(e, -EINVAL, "say list, uphold LINE… or reject LINE…");
}

int cmd_dispute(int argc, char **argv)
{
	struct settings_cmd x = { .name = "onus dispute" };
	bool open = false;
	const struct opt opts[] = { SETTINGS_CMD_WHY(x), SETTINGS_CMD_OPTS(x),
		{ "open", 0, OPT_FLAG, &open, NULL, "Of list: only those that are open." } };
	const struct opt_usage usage = { "onus dispute", "list|uphold|reject [LINE…]",
		"Lines of evidence that their owners dispute. A disputed line does not count while "
		"it is "
		"open. `uphold`:\nits source could not show the record; it is gone for good, and "
		"the source "
		"is believed less. `reject`: it\ncould; the line counts again. What an anchor saw "
		"in full "
		"counts all the same. Every decision is recorded\n(onus settings log), and undone "
		"by `onus "
		"settings undo`: then the dispute is open again.",
		"Examples:\n"
		"  onus dispute list --open\n"
		"  onus dispute reject 3f2a9c --why 'log excerpt of the sensor, ticket 31'\n\n"
		"Exit codes: 1 there is no such dispute, 2 the hub cannot be had, 3 it cannot be "
		"done so.",
		opts, NELEM(opts) };
	int n = opt_main(&usage, argc, argv), code;
	struct err e = { "" };

	if (n < 0)
		return opt_exit(n);
	code = settings_cmd_code(&x, run(&x, open, n, argv + 1, &e), &e);
	settings_cmd_close(&x);
	return code;
}
