/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus conf - the configuration in force, or all there is to configure. */
#include "core/conf.h"
#include "prog/onus/commands.h"
#include "util/opt.h"

int cmd_conf(int argc, char **argv)
{
	const char *file = NULL;
	struct opt_list set = { 0 };
	bool all = false;
	const struct opt opts[] = {
		{ "config", 'c', OPT_TEXT, &file, "FILE", "Read this configuration file." },
		{ "option", 'o', OPT_LIST, &set, "NAME=VALUE", "Set one parameter over the file." },
		{ "describe", 'd', OPT_FLAG, &all, NULL, "Print every parameter with its help." },
	};
	const struct opt_usage usage = { "onus conf", "",
		"Check the configuration and print what is in force.", NULL, opts, NELEM(opts) };
	int n = opt_main(&usage, argc, argv);
	struct conf *c;
	struct err e;

	if (n < 0)
		return opt_exit(n);
	if (all) {
		conf_describe(stdout);
		return 0;
	}
	c = conf_open(file, set.v, set.n, &e);
	if (!c) {
		(void)fprintf(stderr, "onus conf: %s\n", e.text);
		return 2;
	}
	conf_print(c, stdout);
	(void)conf_free(c);
	return 0;
}
