/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus level - from where on an address or a block is walled off. */
#include <errno.h>

#include "prog/onus/commands.h"
#include "prog/onus/settings_cmd.h"
#include "util/clock.h"
#include "util/jout.h"

/* struct origin - who set a threshold; texts are owned */
struct origin {
	bool set;
	int64_t rev, at_s;
	char *value, *who, *why;
};

static int take(void *ctx, const struct hub_setting *s)
{
	struct origin *o = ctx;
	enum threshold t;

	if (threshold_find((struct span){ s->name.p + strlen(SETTING_LEVEL), s->name.end }, &t) < 0)
		return 0;
	o[t] = (struct origin){ true, s->rev, s->at_s, span_dup(s->value), span_dup(s->who),
		span_dup(s->why) };
	if (!o[t].value || !o[t].who || !o[t].why)
		abort();
	return 0;
}

/* Numbers as JSON numbers, in their own text. */
static void row_json(enum threshold t, const struct origin *o, const char *value)
{
	const struct threshold_row *r = &threshold_rows[t];
	CLEANUP(buf_done) struct buf b;
	struct jout j;

	buf_init(&b, 65536);
	jout_init(&j, &b);
	jout_object(&j, NULL);
	jout_str(&j, "level", r->name);
	jout_str(&j, "value", value);
	jout_real(&j, "standard", r->standard, 2);
	jout_real(&j, "min", r->min, 2);
	jout_real(&j, "max", r->max, 2);
	jout_str(&j, "help", r->help);
	jout_bool(&j, "set", o->set);
	if (o->set)
		settings_cmd_json(&j, o->rev, o->at_s, span_str(o->who), span_str(o->why));
	jout_object_end(&j);
	(void)printf("%.*s\n", SPAN_ARG(buf_text(&b)));
}

static void row(enum threshold t, const struct origin *o, const char *value)
{
	char standard[THRESHOLD_TEXT_MAX], min[THRESHOLD_TEXT_MAX], max[THRESHOLD_TEXT_MAX],
	    day[UTC_TEXT_MAX];

	threshold_format(t, threshold_rows[t].standard, standard);
	threshold_format(t, threshold_rows[t].min, min);
	threshold_format(t, threshold_rows[t].max, max);
	(void)printf("%-12s %-8s (standard %s, %s to %s): %s\n", threshold_rows[t].name, value,
	    standard, min, max, threshold_rows[t].help);
	if (!o->set)
		return;
	utc_format_day(day_of(o->at_s), day);
	(void)printf("%-12s set by %s on %s: %s\n", "", o->who, day, o->why);
}

static int list(struct settings_cmd *x, struct err *e)
{
	struct origin o[THRESHOLD_N] = { { false, 0, 0, NULL, NULL, NULL } };
	int r = settings_cmd_open(x, false, e);

	if (r == 0)
		r = hub_each_setting(x->hub, SETTING_LEVEL, take, o, e);
	for (unsigned t = 0; t < THRESHOLD_N; t++) {
		char standard[THRESHOLD_TEXT_MAX];

		threshold_format((enum threshold)t, threshold_rows[t].standard, standard);
		if (r == 0)
			(x->json ? row_json : row)(
			    (enum threshold)t, &o[t], o[t].set ? o[t].value : standard);
		free(o[t].value);
		free(o[t].who);
		free(o[t].why);
	}
	return r;
}

static int set_one(struct settings_cmd *x, struct span arg, struct err *e)
{
	char name[HUB_SETTING_NAME_MAX + 1], value[THRESHOLD_TEXT_MAX], what[160];
	struct span text = arg, word;
	enum threshold t;
	int64_t rev = 0;
	double v = 0;
	bool back;
	int r;

	if (!span_cut(&text, '=', &word))
		return err_set(e, -EINVAL, "want NAME=VALUE, not \"%.60s\"", arg.p);
	if (threshold_find(word, &t) < 0)
		return err_set(e, -EINVAL, "no level \"%.*s\"; `onus level list` shows them",
		    (int)MIN_OF(span_len(word), (size_t)60), word.p);
	back = span_is(text, "default");
	r = back ? 0 : threshold_parse(t, text, &v, e);
	if (r < 0)
		return r;
	threshold_format(t, back ? threshold_rows[t].standard : v, value);
	(void)snprintf(name, sizeof(name), SETTING_LEVEL "%s", threshold_rows[t].name);
	(void)snprintf(what, sizeof(what), "%s to %s", threshold_rows[t].name, value);
	r = hub_setting_put(x->hub, name, back ? NULL : value, &x->by, &rev, e);
	if (r == 1)
		settings_cmd_tell(x, rev, back ? "set back" : "set", what);
	return r;
}

static int set(struct settings_cmd *x, int argc, char **argv, struct err *e)
{
	int r = settings_cmd_why(x, e);

	if (r == 0)
		r = settings_cmd_open(x, true, e);
	for (int i = 0; i < argc && r >= 0; i++)
		r = set_one(x, span_str(argv[i]), e);
	return r < 0 ? r : settings_cmd_commit(x, e);
}

static int run(struct settings_cmd *x, int argc, char **argv, struct err *e)
{
	if (argc == 1 && strcmp(argv[0], "list") == 0)
		return list(x, e);
	if (argc > 1 && strcmp(argv[0], "set") == 0)
		return set(x, argc - 1, argv + 1, e);
	return err_set(e, -EINVAL, "say list, or set NAME=VALUE…");
}

int cmd_level(int argc, char **argv)
{
	struct settings_cmd x = { .name = "onus level" };
	const struct opt opts[] = { SETTINGS_CMD_WHY(x), SETTINGS_CMD_OPTS(x) };
	const struct opt_usage usage = { "onus level", "list|set [NAME=VALUE…]",
		"The levels of the policy: from where on an address is walled off and a block "
		"slowed "
		"down. Each has\nbounds that no setting leaves, and the level at which a wall is "
		"let go "
		"moves with it; NAME=default sets\none back. In force with the next scores.",
		"Examples:\n"
		"  onus level list\n"
		"  onus level set block.hosts=6 block.peak=12 --why 'small site, few hosts'\n"
		"  onus level set block.hosts=default --why 'as it was'\n\n"
		"Exit codes: 2 the hub cannot be had, 3 it cannot be set so.",
		opts, NELEM(opts) };
	int n = opt_main(&usage, argc, argv), code;
	struct err e = { "" };

	if (n < 0)
		return opt_exit(n);
	code = settings_cmd_code(&x, run(&x, n, argv + 1, &e), &e);
	settings_cmd_close(&x);
	return code;
}
