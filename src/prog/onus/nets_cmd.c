/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/onus/nets_cmd.h"

#include <errno.h>
#include <inttypes.h>

#include "prog/onus/settings_cmd.h"
#include "util/clock.h"
#include "util/jout.h"
#include "util/num.h"

#define NOT_GIVEN INT64_MIN

struct nets {
	const struct nets_cmd *c;
	struct settings_cmd x;
	int64_t until_s;
	struct settings before; /* what is set already, for what overlaps */
	struct addrset conf_own;
	unsigned rows;
};

/* --- changing ----------------------------------------------------------------------------------- */

static void say_one(const struct settings_nets *l, const char *is, struct prefix p)
{
	struct range r = prefix_range(p);
	char mine[PREFIX_TEXT_MAX], text[PREFIX_TEXT_MAX];

	(void)prefix_format(p, mine);
	for (size_t i = 0; i < l->n; i++) {
		struct range other = prefix_range(l->v[i].net);
		bool within =
		    addr_cmp(other.first, r.first) <= 0 && addr_cmp(r.last, other.last) <= 0;
		bool holds =
		    addr_cmp(r.first, other.first) <= 0 && addr_cmp(other.last, r.last) <= 0;

		if (!within && !holds)
			continue;
		(void)prefix_format(l->v[i].net, text);
		if (within && holds)
			(void)fprintf(stderr, "note: %s is %s already\n", mine, is);
		else
			(void)fprintf(stderr, "note: %s %s %s, which is %s\n", mine,
			    within ? "lies within" : "holds", text, is);
	}
}

/* What overlaps is no mistake, but is worth knowing. */
static void say_overlaps(const struct nets *n, struct prefix p)
{
	char text[PREFIX_TEXT_MAX];

	say_one(&n->before.own, "one's own", p);
	say_one(&n->before.allow, "allowed", p);
	if (!addrset_overlaps(&n->conf_own, prefix_range(p)))
		return;
	(void)prefix_format(p, text);
	(void)fprintf(stderr, "note: %s overlaps own_networks of the configuration\n", text);
}

static int add_one(struct nets *n, struct span arg, struct err *e)
{
	char text[PREFIX_TEXT_MAX], name[HUB_SETTING_NAME_MAX + 1], value[24] = "";
	struct prefix p;
	int64_t rev = 0;
	int r = settings_net_parse(arg, &p, e);

	if (r < 0)
		return r;
	say_overlaps(n, p);
	(void)prefix_format(p, text);
	(void)snprintf(name, sizeof(name), "%s%s", n->c->head, text);
	if (n->until_s != NOT_GIVEN)
		(void)snprintf(value, sizeof(value), "%" PRId64, n->until_s);
	r = hub_setting_put(n->x.hub, name, value, &n->x.by, &rev, e);
	if (r == 1)
		settings_cmd_tell(&n->x, rev, n->c->is, text);
	return r;
}

static int remove_one(struct nets *n, struct span arg, struct err *e)
{
	char text[PREFIX_TEXT_MAX], name[HUB_SETTING_NAME_MAX + 1], done[32];
	struct prefix p;
	int64_t rev = 0;
	int r = prefix_parse(arg, true, &p);

	if (r < 0)
		return err_set(e, -EINVAL, "\"%.60s\" is no prefix", arg.p);
	(void)prefix_format(p, text);
	(void)snprintf(name, sizeof(name), "%s%s", n->c->head, text);
	(void)snprintf(done, sizeof(done), "no longer %s", n->c->is);
	r = hub_setting_put(n->x.hub, name, NULL, &n->x.by, &rev, e);
	if (r == 0)
		return err_set(e, -ENOENT, "%s is not %s; `%s list` shows what is", text, n->c->is,
		    n->c->command);
	if (r == 1)
		settings_cmd_tell(&n->x, rev, done, text);
	return r;
}

/* All of them or none. */
static int change(struct nets *n, int argc, char **argv,
    int (*one)(struct nets *, struct span, struct err *), struct err *e)
{
	int r = n->c->why ? settings_cmd_why(&n->x, e) : 0;

	if (r == 0)
		r = settings_cmd_open(&n->x, true, e);
	if (r == 0 && n->until_s != NOT_GIVEN && n->until_s <= n->x.by.at_s)
		r = err_set(e, -EINVAL, "--until is not later than now");
	if (r == 0)
		r = hub_settings_read(n->x.hub, &n->before, e);
	if (r == 0)
		r = addrset_parse(span_str(n->x.conf->own_networks), &n->conf_own, e);
	for (int i = 0; i < argc && r >= 0; i++)
		r = one(n, span_str(argv[i]), e);
	return r < 0 ? r : settings_cmd_commit(&n->x, e);
}

/* --- showing ------------------------------------------------------------------------------------ */

static void row_json(
    const struct nets *n, const struct hub_setting *s, struct span net, int64_t until_s)
{
	CLEANUP(buf_done) struct buf b;
	char until[UTC_TEXT_MAX] = "";
	struct jout j;

	buf_init(&b, 65536);
	jout_init(&j, &b);
	jout_object(&j, NULL);
	jout_span(&j, "prefix", net);
	if (n->c->ends) {
		if (until_s)
			utc_format(until_s, until);
		jout_str(&j, "until", until_s ? until : NULL);
		jout_bool(&j, "in_force", !until_s || until_s > n->x.by.at_s);
	}
	settings_cmd_json(&j, s->rev, s->at_s, s->who, s->why);
	jout_object_end(&j);
	(void)printf("%.*s\n", SPAN_ARG(buf_text(&b)));
}

static int row(void *ctx, const struct hub_setting *s)
{
	struct nets *n = ctx;
	struct span net = { s->name.p + strlen(n->c->head), s->name.end };
	char until[UTC_TEXT_MAX] = "-", at[UTC_TEXT_MAX];
	int64_t until_s = 0;

	n->rows++;
	if (num_i64(s->value, 1, INT64_MAX, &until_s) == 0)
		utc_format(until_s, until);
	if (n->x.json) {
		row_json(n, s, net, until_s);
		return 0;
	}
	utc_format_day(day_of(s->at_s), at);
	(void)printf("%-20.*s ", SPAN_ARG(net));
	if (n->c->ends)
		(void)printf(
		    "%-20s %s ", until, until_s && until_s <= n->x.by.at_s ? "ended " : "      ");
	(void)printf("%s %-12.*s %.*s\n", at, SPAN_ARG(s->who), SPAN_ARG(s->why));
	return 0;
}

static int list(struct nets *n, struct err *e)
{
	int r = settings_cmd_open(&n->x, false, e);

	if (r < 0)
		return r;
	if (!n->x.json && n->c->ends)
		(void)printf("%-20s %-20s        %-10s %-12s %s\n", "PREFIX", "UNTIL", "SINCE",
		    "WHO", "WHY");
	else if (!n->x.json)
		(void)printf("%-20s %-10s %-12s %s\n", "PREFIX", "SINCE", "WHO", "WHY");
	r = hub_each_setting(n->x.hub, n->c->head, row, n, e);
	if (r == 0 && !n->x.json && !n->c->ends && *n->x.conf->own_networks)
		(void)printf("# and of the configuration: %s\n", n->x.conf->own_networks);
	return r;
}

static int run(struct nets *n, int argc, char **argv, struct err *e)
{
	if (argc > 1 && strcmp(argv[0], "add") == 0)
		return change(n, argc - 1, argv + 1, add_one, e);
	if (argc > 1 && strcmp(argv[0], "remove") == 0)
		return n->until_s != NOT_GIVEN ? err_set(e, -EINVAL, "--until belongs to add")
					       : change(n, argc - 1, argv + 1, remove_one, e);
	if (argc == 1 && strcmp(argv[0], "list") == 0)
		return list(n, e);
	return err_set(e, -EINVAL, "say add PREFIX…, remove PREFIX… or list");
}

int nets_cmd(const struct nets_cmd *c, int argc, char **argv)
{
	struct nets n = { .c = c, .until_s = NOT_GIVEN, .x = { .name = c->command } };
	const struct opt opts[] = {
		SETTINGS_CMD_WHY(n.x),
		SETTINGS_CMD_OPTS(n.x),
		{ "until", 'u', OPT_TIME, &n.until_s, "DATE", "It ends by itself then (UTC)." },
	};
	const struct opt_usage usage = { c->command, "add|remove|list [PREFIX…]", c->about, c->more,
		opts, NELEM(opts) - !c->ends };
	int argn = opt_main(&usage, argc, argv), code;
	struct err e = { "" };

	if (argn < 0)
		return opt_exit(argn);
	settings_init(&n.before);
	code = settings_cmd_code(&n.x, run(&n, argn, argv + 1, &e), &e);
	settings_cmd_close(&n.x);
	settings_done(&n.before);
	addrset_done(&n.conf_own);
	return code;
}
