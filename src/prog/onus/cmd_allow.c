/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus allow - what must never be on a wall. */
#include "core/settings.h"
#include "prog/onus/commands.h"
#include "prog/onus/nets_cmd.h"

int cmd_allow(int argc, char **argv)
{
	static const struct nets_cmd c = { .command = "onus allow",
		.head = SETTING_ALLOW,
		.is = "allowed",
		.ends = true,
		.why = true,
		.about =
		    "The allow list: networks that are never on a wall, whatever is seen of them. "
		    "What is seen still\ncounts for scores. A change is in force with the next "
		    "publication, within seconds; a wall that stands\nis lifted then. Networks "
		    "wider "
		    "than IPv4 /8 or IPv6 /19 are refused.",
		.more =
		    "Examples:\n"
		    "  onus allow add 20.1.7.0/24 --until 2027-01-01 --why 'partner, ticket 17'\n"
		    "  onus allow list\n"
		    "  onus allow remove 20.1.7.0/24 --why 'contract ended'\n\n"
		    "Exit codes: 1 it was not allowed, 2 the hub cannot be had, 3 it cannot be set "
		    "so." };

	return nets_cmd(&c, argc, argv);
}
