/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus allow and onus own: two lists of networks, changed alike. */
#ifndef ONUS_PROG_ONUS_NETS_CMD_H
#define ONUS_PROG_ONUS_NETS_CMD_H

#include "util/opt.h"

struct nets_cmd {
	const char *command; /* "onus allow" */
	const char *head;    /* of its settings' names */
	const char *is;	     /* "allowed" */
	bool ends, why;	     /* may it end by itself; must a change have a reason */
	const char *about, *more;
};

int nets_cmd(const struct nets_cmd *c, int argc, char **argv);

#endif
