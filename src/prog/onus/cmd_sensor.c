/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus sensor - hosts that put their batches into the hub's inbox, and may do nothing else there; who of them is shut out. */
#include <errno.h>
#include <stdlib.h>

#include "core/batch.h"
#include "ledger/hub_inbox.h"
#include "prog/onus/commands.h"
#include "prog/onus/settings_cmd.h"
#include "util/clock.h"
#include "util/jout.h"

#define PASSWORD_N 32u

static void make_password(char ret[PASSWORD_N + 1])
{
	static const char signs[] = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";

	for (unsigned i = 0; i < PASSWORD_N; i++)
		ret[i] = signs[arc4random_uniform(sizeof(signs) - 1)];
	ret[PASSWORD_N] = '\0';
}

static int grants(struct settings_cmd *x, const char *host, const char *from, struct err *e)
{
	CLEANUP(buf_done) struct buf out = { 0 };
	char password[PASSWORD_N + 1], own[BATCH_HOST_MAX + 1];
	int r = settings_cmd_open(x, false, e);

	if (r < 0)
		return r;
	conf_host_name(x->conf, own);
	if (strcmp(host, own) == 0)
		return err_set(e, -EINVAL,
		    "%s is this host, whose own batches bear that name: a sensor wants another one",
		    host);
	make_password(password);
	buf_init(&out, 65536);
	r = hub_inbox_grants(x->hub, host, from, password, &out, e);
	if (r == 0)
		(void)fwrite(out.p, 1, out.len, stdout);
	return r;
}

/* --- shut out ------------------------------------------------------------------------------------ */

static int change(struct settings_cmd *x, const char *host, bool shut, struct err *e)
{
	char name[HUB_SETTING_NAME_MAX + 1];
	struct batch_name valid;
	int64_t rev = 0;
	int r = batch_name_make(host, "p", 1, &valid, e);

	if (r == 0)
		r = settings_cmd_why(x, e);
	if (r == 0)
		r = settings_cmd_open(x, true, e);
	if (r < 0)
		return r;
	(void)snprintf(name, sizeof(name), SETTING_SENSOR "%s", host); /* fits */
	r = hub_setting_put(x->hub, name, shut ? "shut" : NULL, &x->by, &rev, e);
	if (r == 0 && !shut)
		return err_set(
		    e, -ENOENT, "%s is not shut out; `onus sensor list` shows who is", host);
	if (r == 1)
		settings_cmd_tell(x, rev, shut ? "shut out" : "let in again", host);
	return r < 0 ? r : settings_cmd_commit(x, e);
}

static void row_json(const struct hub_setting *s, struct span host)
{
	CLEANUP(buf_done) struct buf b;
	struct jout j;

	buf_init(&b, 65536);
	jout_init(&j, &b);
	jout_object(&j, NULL);
	jout_span(&j, "sensor", host);
	settings_cmd_json(&j, s->rev, s->at_s, s->who, s->why);
	jout_object_end(&j);
	(void)printf("%.*s\n", SPAN_ARG(buf_text(&b)));
}

static int row(void *ctx, const struct hub_setting *s)
{
	const struct settings_cmd *x = ctx;
	struct span host = { s->name.p + strlen(SETTING_SENSOR), s->name.end };
	char day[UTC_TEXT_MAX];

	if (x->json) {
		row_json(s, host);
		return 0;
	}
	utc_format_day(day_of(s->at_s), day);
	(void)printf("%-30.*s shut out on %s by %.*s: %.*s\n", SPAN_ARG(host), day,
	    SPAN_ARG(s->who), SPAN_ARG(s->why));
	return 0;
}

static int list(struct settings_cmd *x, struct err *e)
{
	int r = settings_cmd_open(x, false, e);

	return r < 0 ? r : hub_each_setting(x->hub, SETTING_SENSOR, row, x, e);
}

static int run(struct settings_cmd *x, int argc, char **argv, const char *from, struct err *e)
{
	if (argc == 1 && strcmp(argv[0], "list") == 0)
		return list(x, e);
	if (argc == 2 && strcmp(argv[0], "grants") == 0)
		return grants(x, argv[1], from, e);
	if (argc == 2 && strcmp(argv[0], "shut") == 0)
		return change(x, argv[1], true, e);
	if (argc == 2 && strcmp(argv[0], "open") == 0)
		return change(x, argv[1], false, e);
	return err_set(e, -EINVAL, "say list, or grants, shut or open HOST");
}

int cmd_sensor(int argc, char **argv)
{
	struct settings_cmd x = { .name = "onus sensor" };
	const char *from = NULL;
	const struct opt opts[] = {
		{ "from", 0, OPT_TEXT, &from, "WHERE",
		    "Whence it may connect, as the engine writes it: 10.1.2.0/24 (PostgreSQL), "
		    "10.1.2.% (MariaDB); from anywhere if not said." },
		SETTINGS_CMD_WHY(x),
		SETTINGS_CMD_OPTS(x),
	};
	const struct opt_usage usage = { "onus sensor", "list|grants|shut|open [HOST]",
		"Sensors that hand their batches to the hub's inbox (load_into = inbox). `grants` "
		"prints what the\nadministrator of the database has to run once for one of them: a "
		"user of the sensor's name, with a\nnew password, who may insert batches of his "
		"own "
		"over TLS and nothing else. It changes nothing itself.\nThe name of the user is "
		"the "
		"name of the host: nobody can write under another's. How both ends are set\nup: "
		"doc/hub.md.\n\nWhat a sensor that is `shut` out puts into the inbox is dropped "
		"unread, until it is let in again (`open`):\nwhat bounds a flood before the "
		"database's administrator has taken its rights. `list` shows who is shut out.",
		"Examples:\n"
		"  onus sensor grants mx1.example.org >mx1.sql        # keep it to yourself: the "
		"password is in it\n"
		"  onus sensor grants mx1.example.org --from 10.1.2.0/24 | sudo -u postgres psql "
		"onus\n"
		"  onus sensor shut mx1.example.org --why 'floods the inbox, ticket 17'\n\n"
		"Exit codes: 1 it was not shut out, 2 the hub cannot be had, 3 there can be no "
		"such "
		"sensor.",
		opts, NELEM(opts) };
	int n = opt_main(&usage, argc, argv), code, r;
	struct err e = { "" };

	if (n < 0)
		return opt_exit(n);
	r = run(&x, n, argv + 1, from, &e);
	if (r == -EOPNOTSUPP)
		r = -EINVAL;
	code = settings_cmd_code(&x, r, &e);
	settings_cmd_close(&x);
	return code;
}
