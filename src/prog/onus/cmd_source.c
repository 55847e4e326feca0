/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus source - who says so, and how far he is believed. */
#include <errno.h>

#include "core/param.h"
#include "prog/onus/commands.h"
#include "prog/onus/settings_cmd.h"
#include "util/clock.h"
#include "util/jout.h"

/* --- showing ------------------------------------------------------------------------------------ */

struct listing {
	struct settings_cmd *x;
	struct err *e;
};

static void row_json(const struct hub_source *s, const char *set)
{
	CLEANUP(buf_done) struct buf b;
	char day[UTC_TEXT_MAX];
	struct jout j;

	buf_init(&b, 65536);
	jout_init(&j, &b);
	utc_format_day(s->first_day, day);
	jout_object(&j, NULL);
	jout_str(&j, "source", s->name);
	jout_str(&j, "kind", hub_source_kind_name[s->kind]);
	jout_bool(&j, "anchor", s->anchor);
	jout_str(&j, "group", s->group);
	jout_real(&j, "trust", s->trust, 6);
	jout_bool(&j, "redistribute", s->redistribute);
	jout_str(&j, "first_day", day);
	jout_str(&j, "set", *set ? set : NULL);
	jout_object_end(&j);
	(void)printf("%.*s\n", SPAN_ARG(buf_text(&b)));
}

static int row(void *ctx, const struct hub_source *s)
{
	const struct listing *l = ctx;
	char set[SETTINGS_SOURCE_TEXT_MAX];
	struct settings_source over;
	int r = hub_settings_source(l->x->hub, s->name, &over, l->e);

	if (r < 0)
		return r;
	settings_source_format(&over, set);
	if (l->x->json) {
		row_json(s, set);
		return 0;
	}
	(void)printf("%-20s %-8s %-6s %-20s %-8g %-3s %s\n", s->name, hub_source_kind_name[s->kind],
	    s->anchor ? "yes" : "no", s->group, s->trust, s->redistribute ? "yes" : "no", set);
	return 0;
}

static int list(struct settings_cmd *x, struct err *e)
{
	int r = settings_cmd_open(x, false, e);

	if (r < 0)
		return r;
	if (!x->json)
		(void)printf("%-20s %-8s %-6s %-20s %-8s %-3s %s\n", "SOURCE", "KIND", "ANCHOR",
		    "GROUP", "TRUST", "PUB", "SET");
	return hub_each_source(x->hub, row, &(struct listing){ x, e }, e);
}

/* --- changing ----------------------------------------------------------------------------------- */

struct known {
	const char *name;
	bool found, anchor;
};

static int is_it(void *ctx, const struct hub_source *s)
{
	struct known *k = ctx;

	if (strcmp(s->name, k->name) == 0) {
		k->found = true;
		k->anchor = s->anchor;
	}
	return 0;
}

/* Is there such a source, and can that be said of it? */
static int check(struct settings_cmd *x, const char *name, bool trust, struct err *e)
{
	struct known k = { .name = name };
	int r = hub_each_source(x->hub, is_it, &k, e);

	for (unsigned i = 0; i < x->conf->n_sources && r == 0; i++) {
		const struct conf_source *c = &x->conf->sources[i];

		if (strcmp(c->name, name) != 0)
			continue;
		if (!conf_is_evidence(c))
			return err_set(e, -EINVAL, "%s says nothing of anybody", name);
		k.found = true;
		k.anchor = c->anchor;
	}
	if (r < 0)
		return r;
	if (!k.found)
		return err_set(e, -ENOENT,
		    "no source \"%.60s\" in the configuration, nor among those that have said "
		    "something; `onus source list` shows them",
		    name);
	if (trust && k.anchor)
		return err_set(e, -EINVAL,
		    "%s is a source of your own (anchor = yes), which is believed in full", name);
	return 0;
}

static int put(struct settings_cmd *x, const char *source, const struct settings_source *was,
    const struct settings_source *now, struct err *e)
{
	char name[HUB_SETTING_NAME_MAX + 1], value[SETTINGS_SOURCE_TEXT_MAX], what[400];
	int64_t rev = 0;
	int r;

	settings_source_format(now, value);
	(void)snprintf(name, sizeof(name), SETTING_SOURCE "%s", source);
	(void)snprintf(what, sizeof(what), "%s: %s", source, *value ? value : "as configured");
	r = hub_setting_put(x->hub, name, *value ? value : NULL, &x->by, &rev, e);
	if (r == 1) {
		settings_cmd_tell(x, rev, "set", what);
		r = settings_cmd_source(x, source, was, e);
	}
	return r;
}

static int set(struct settings_cmd *x, int argc, char **argv, struct err *e)
{
	struct settings_source was, now;
	bool trust = false;
	int r = 0;

	for (int i = 1; i < argc; i++)
		trust |= span_starts(span_str(argv[i]), "trust=");
	if (trust)
		r = settings_cmd_why(x, e);
	if (r == 0 && strlen(argv[0]) > EVENT_SOURCE_MAX)
		r = err_set(e, -EINVAL, "a source's name has at most %u bytes", EVENT_SOURCE_MAX);
	if (r == 0)
		r = settings_cmd_open(x, true, e);
	if (r == 0)
		r = check(x, argv[0], trust, e);
	if (r == 0)
		r = hub_settings_source(x->hub, argv[0], &was, e);
	if (r == 0)
		now = was;
	for (int i = 1; i < argc && r == 0; i++)
		r = settings_source_parse(span_str(argv[i]), &now, e);
	if (r == 0)
		r = put(x, argv[0], &was, &now, e);
	return r < 0 ? r : settings_cmd_commit(x, e);
}

static int run(struct settings_cmd *x, int argc, char **argv, struct err *e)
{
	if (argc == 1 && strcmp(argv[0], "list") == 0)
		return list(x, e);
	if (argc > 2 && strcmp(argv[0], "set") == 0)
		return set(x, argc - 1, argv + 1, e);
	return err_set(
	    e, -EINVAL, "say list, or set NAME trust=… group=… redistribute=yes|no (or =default)");
}

int cmd_source(int argc, char **argv)
{
	struct settings_cmd x = { .name = "onus source" };
	const struct opt opts[] = { SETTINGS_CMD_WHY(x), SETTINGS_CMD_OPTS(x) };
	const struct opt_usage usage = { "onus source", "list|set [NAME SETTING…]",
		"Who tells of attackers, and how far each is believed: trust (0 to 1, of sources "
		"that are "
		"not your\nown), group (sources of one operator count as one) and redistribute "
		"(may its "
		"evidence be given away).\nWhat is set here stands over the configuration, until "
		"it is set "
		"back with =default. In force with the\nnext scores.",
		"Examples:\n"
		"  onus source list\n"
		"  onus source set blocklist-de trust=0.3 --why 'wrong twice in May'\n"
		"  onus source set blocklist-de group=blocklist redistribute=no\n"
		"  onus source set blocklist-de trust=default --why 'as it was'\n\n"
		"Exit codes: 1 there is no such source, 2 the hub cannot be had, 3 it cannot be "
		"set so.",
		opts, NELEM(opts) };
	int n = opt_main(&usage, argc, argv), code;
	struct err e = { "" };

	if (n < 0)
		return opt_exit(n);
	code = settings_cmd_code(&x, run(&x, n, argv + 1, &e), &e);
	settings_cmd_close(&x);
	return code;
}
