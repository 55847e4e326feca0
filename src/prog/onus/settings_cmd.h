/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the commands that change settings have in common (doc/settings.md): the hub, who is at the keyboard, and
 * exit codes: 0 done, or so before; 1 nothing like that is set; 2 the hub cannot be had; 3 it cannot be set so. */
#ifndef ONUS_PROG_ONUS_SETTINGS_CMD_H
#define ONUS_PROG_ONUS_SETTINGS_CMD_H

#include "core/conf.h"
#include "ledger/hub_setting.h"
#include "util/opt.h"

/* struct settings_cmd - zeroed to begin with; the first four are for options */
struct settings_cmd {
	const char *conf_file, *why;
	struct opt_list set;
	bool json;
	const char *name; /* "onus allow" */
	struct conf *conf;
	struct hub *hub;
	struct hub_author by;
	char who[HUB_SETTING_WHO_MAX + 1];
	struct buf told; /* what is said once the changes are there to stay */
};

#define SETTINGS_CMD_OPTS(x)                                                                       \
	{ "json", 'j', OPT_FLAG, &(x).json, NULL, "One JSON object a row." },                      \
	    { "config", 'c', OPT_TEXT, &(x).conf_file, "FILE", "Read this configuration file." },  \
	{                                                                                          \
		"option", 'o', OPT_LIST, &(x).set, "NAME=VALUE",                                   \
		    "Set one parameter over the file."                                             \
	}
#define SETTINGS_CMD_WHY(x)                                                                        \
	{                                                                                          \
		"why", 'w', OPT_TEXT, &(x).why, "TEXT", "The reason; it is kept with the change."  \
	}

/* settings_cmd_conf - the configuration alone, and who it is.
 * settings_cmd_open - configuration and hub; write: to change something. The hub must be there: onus-load makes it.
 * settings_cmd_close ends it, also after a failure. */
MUST_USE int settings_cmd_conf(struct settings_cmd *x, struct err *e);
MUST_USE int settings_cmd_open(struct settings_cmd *x, bool write, struct err *e);
void settings_cmd_close(struct settings_cmd *x);

/* settings_cmd_commit - all changes or none, and what was told of them */
MUST_USE int settings_cmd_commit(struct settings_cmd *x, struct err *e);

/* settings_cmd_why - 0 when a reason was given; -EINVAL with a sentence */
MUST_USE int settings_cmd_why(const struct settings_cmd *x, struct err *e);

/* settings_cmd_code - exit code of a result, whose sentence goes to stderr: 0 and more is 0; -ENOENT 1; -EINVAL, -ESTALE
 * and -E2BIG 3; all others 2 */
int settings_cmd_code(const struct settings_cmd *x, int r, const struct err *e);

/* settings_cmd_tell - a change that was made, for stdout when all of them are committed */
void settings_cmd_tell(struct settings_cmd *x, int64_t rev, const char *verb, const char *what);

/* settings_cmd_source - what is believed of a source follows from configuration and settings again: written to the
 * ledger's table, in the caller's transaction. Nothing for one that neither knows.
 * was  what was set of it before */
MUST_USE int settings_cmd_source(
    struct settings_cmd *x, const char *name, const struct settings_source *was, struct err *e);

/* A dispute: its line as text, and its state in a word. settings_cmd_dispute - what was decided of it, or that
 * nothing is, written to the ledger's table. */
#define SETTINGS_DISPUTE_ID 32u
void settings_dispute_id(const struct hub_dispute *d, char ret[SETTINGS_DISPUTE_ID + 1]);
const char *settings_dispute_state(enum hub_dispute_state s);
MUST_USE int settings_cmd_dispute(struct settings_cmd *x, const char *id, struct err *e);

/* A row of JSON: who, when (Unix seconds 0: not known), why. */
struct jout;
void settings_cmd_json(struct jout *j, int64_t rev, int64_t at_s, struct span who, struct span why);

#endif
