/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What onus backup and onus restore have in common. */
#ifndef ONUS_PROG_ONUS_BACKUP_H
#define ONUS_PROG_ONUS_BACKUP_H

#include "core/conf.h"
#include "ledger/hub_backup.h"
#include "util/opt.h"

/* struct backup - zeroed to begin with but for its name */
struct backup {
	const char *name, *conf_file;
	struct opt_list set;
	bool json;
	struct conf *conf;
	struct hub *hub;
	struct hub_contents contents;
};

#define BACKUP_OPTS(x)                                                                             \
	{ "json", 'j', OPT_FLAG, &(x).json, NULL, "Say what was done as JSON." },                  \
	    { "config", 'c', OPT_TEXT, &(x).conf_file, "FILE", "Read this configuration file." },  \
	{                                                                                          \
		"option", 'o', OPT_LIST, &(x).set, "NAME=VALUE",                                   \
		    "Set one parameter over the file."                                             \
	}

MUST_USE int backup_open(struct backup *x, bool write, struct err *e);
void backup_close(struct backup *x);

/* backup_code - the exit code of a result, and what is to be said of it: every table with rows and checksum on
 * stdout, or on stderr where stdout is the backup */
int backup_code(
    const struct backup *x, int r, const char *done, bool to_stderr, const struct err *e);

#endif
