/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus - the front door: one table of commands. */
#include <stdbool.h>
#include <string.h>

#include "prog/onus/commands.h"
#include "util/log.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
	{ "top", cmd_top, "who answers for the addresses in logs, lists or events" },
	{ "lookup", cmd_lookup, "who holds an address" },
	{ "annotate", cmd_annotate, "append the holder to every line of a stream" },
	{ "registry", cmd_registry, "compile who holds which address" },
	{ "feed", cmd_feed, "the lists that others publish: fetch them, look at them" },
	{ "export", cmd_export, "print a wall out of the newest publication" },
	{ "allow", cmd_allow, "networks that are never on a wall" },
	{ "own", cmd_own, "one's own networks: never an event, never on a wall" },
	{ "source", cmd_source, "who tells of attackers, and how far each is believed" },
	{ "sensor", cmd_sensor, "hosts that hand their batches to the hub's inbox" },
	{ "level", cmd_level, "from where on an address or a block is walled off" },
	{ "warrant", cmd_warrant,
	    "wall off a whole AS, organisation or country, by an operator's signature" },
	{ "decide", cmd_decide,
	    "what would be decided now, and what walls cost one's good traffic" },
	{ "dispute", cmd_dispute,
	    "what owners say against lines of evidence; uphold or reject it" },
	{ "settings", cmd_settings, "who changed what of those that are set, and back again" },
	{ "backup", cmd_backup, "all that the hub holds, in one file" },
	{ "restore", cmd_restore, "a backup into an empty hub" },
	{ "conf", cmd_conf, "show or check the configuration" },
	{ "extract", cmd_extract, "turn logs into event lines" },
	{ "relay", cmd_relay, "which host outside handed a mail over" },
	{ "run", cmd_run, "the whole road on this machine, with pages, until Ctrl-C" },
	{ "status", cmd_status, "how this host's onus is doing, in one screen" },
	{ "explain", cmd_explain, "a score, term by term, and what would clear it" },
	{ "eval", cmd_eval, "how well the score foretells, beside other ways to rank" },
	{ "sim", cmd_sim, "made-up events over the real routing table" },
};

static void usage(FILE *to)
{
	(void)fprintf(to,
	    "Usage: onus COMMAND [OPTION…]\n\n"
	    "Who answers for the addresses that attack you, and what to do about it.\n\n"
	    "Commands:\n");
	for (size_t i = 0; i < NELEM(commands); i++)
		(void)fprintf(to, "  %-10s %s\n", commands[i].name, commands[i].help);
	(void)fprintf(
	    to, "\n`onus COMMAND --help` tells more, e.g. `onus top /var/log/auth.log*`.\n");
}

static int run(const char *name, int argc, char **argv)
{
	for (size_t i = 0; i < NELEM(commands); i++)
		if (strcmp(name, commands[i].name) == 0)
			return commands[i].run(argc, argv);
	(void)fprintf(stderr, "onus: no command \"%s\"; `onus help` lists them\n", name);
	return 3;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "help";
	bool help =
	    strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0;

	log_open("onus", LOG_LEVEL_INFO);
	if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
		(void)printf("onus %s\n", ONUS_VERSION);
		return 0;
	}
	if (help && argc > 2)
		return run(argv[2], 2, (char *[]){ argv[2], (char[]){ "--help" }, NULL });
	if (help) {
		usage(stdout);
		return argc > 1 ? 0 : 3;
	}
	return run(name, argc - 1, argv + 1);
}
