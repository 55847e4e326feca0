/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `onus decide`, its parts: decide_now.c judges and decides, decide_print.c says what came out; what
 * decisions cost is in decide_replay.h. */
#ifndef ONUS_PROG_ONUS_DECIDE_H
#define ONUS_PROG_ONUS_DECIDE_H

#include "core/settings.h"
#include "prog/evidence/deciding.h"
#include "prog/evidence/evidence.h"
#include "prog/evidence/known.h"
#include "prog/evidence/warrants.h"
#include "prog/onus/attribute.h"
#include "util/opt.h"

/* struct decide - options first, and what is known once it is decided; zeroed to begin with */
struct decide {
	bool json, diff, spared;
	struct attributor from; /* configuration and registry */
	struct hub *hub;
	int64_t now_s;
	struct settings settings;
	struct addrset never;
	struct warrants warrants;
	struct evidence evidence;
	struct transfers transfers;
	struct deciding deciding;
	struct known_good good;
	struct policy_list list;
	uint64_t changes; /* that were printed */
};

/* decide_now - decide and print; the exit code: with diff 1 when something would change, 2 after a message */
int decide_now(struct decide *x, const char *conf_file, const struct opt_list *set);

/* decide_print - the list, or with diff what changes */
void decide_print(struct decide *x);

#endif
