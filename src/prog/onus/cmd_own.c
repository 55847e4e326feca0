/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus own - one's own networks. */
#include "core/settings.h"
#include "prog/onus/commands.h"
#include "prog/onus/nets_cmd.h"

int cmd_own(int argc, char **argv)
{
	static const struct nets_cmd c = { .command = "onus own",
		.head = SETTING_OWN,
		.is = "one's own",
		.about =
		    "One's own networks: never an event, never on a wall. They are added to "
		    "own_networks of the\nconfiguration; what either of them names is one's own. A "
		    "change is in force with the next publication.",
		.more = "Examples:\n"
			"  onus own add 20.1.0.0/16 2a02:1::/32\n"
			"  onus own list --json\n\n"
			"Exit codes: 1 it was not one's own, 2 the hub cannot be had, 3 it cannot "
			"be set so." };

	return nets_cmd(&c, argc, argv);
}
