/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus sensor - hosts that put their batches into the hub's inbox, and may do nothing else there. */
#include <errno.h>
#include <stdlib.h>

#include "core/batch.h"
#include "ledger/hub_inbox.h"
#include "prog/onus/commands.h"
#include "prog/onus/settings_cmd.h"

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

int cmd_sensor(int argc, char **argv)
{
	struct settings_cmd x = { .name = "onus sensor" };
	const char *from = NULL;
	const struct opt opts[] = {
		{ "from", 0, OPT_TEXT, &from, "WHERE",
		    "Whence it may connect, as the engine writes it: 10.1.2.0/24 (PostgreSQL), "
		    "10.1.2.% (MariaDB); from anywhere if not said." },
		{ "config", 'c', OPT_TEXT, &x.conf_file, "FILE", "Read this configuration file." },
		{ "option", 'o', OPT_LIST, &x.set, "NAME=VALUE",
		    "Set one parameter over the file." },
	};
	const struct opt_usage usage = { "onus sensor", "grants HOST",
		"Sensors that hand their batches to the hub's inbox (load_into = inbox). `grants` "
		"prints what the\nadministrator of the database has to run once for one of them: a "
		"user of the sensor's name, with a\nnew password, who may insert batches of his "
		"own "
		"over TLS and nothing else. It changes nothing itself.\nThe name of the user is "
		"the "
		"name of the host: nobody can write under another's. How both ends are set\nup: "
		"doc/hub.md.",
		"Examples:\n"
		"  onus sensor grants mx1.example.org >mx1.sql        # keep it to yourself: the "
		"password is in it\n"
		"  onus sensor grants mx1.example.org --from 10.1.2.0/24 | sudo -u postgres psql "
		"onus\n\n"
		"Exit codes: 2 the hub cannot be had, 3 there can be no such sensor.",
		opts, NELEM(opts) };
	int n = opt_main(&usage, argc, argv), code, r;
	struct err e = { "" };

	if (n < 0)
		return opt_exit(n);
	if (n == 2 && strcmp(argv[1], "grants") == 0)
		r = grants(&x, argv[2], from, &e);
	else
		r = err_set(&e, -EINVAL, "say grants HOST");
	if (r == -EOPNOTSUPP)
		r = -EINVAL;
	code = settings_cmd_code(&x, r, &e);
	settings_cmd_close(&x);
	return code;
}
