/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus decide - what would be decided now, and what decisions would have cost. */
#include "prog/onus/commands.h"
#include "prog/onus/decide.h"
#include "prog/onus/decide_replay.h"
#include "util/clock.h"
#include "util/opt.h"

int cmd_decide(int argc, char **argv)
{
	struct clock clock = clock_system();
	struct decide_replay o = { .at_s = clock_now_s(&clock), .limit = UINT32_MAX };
	const char *conf_file = NULL;
	struct opt_list set = { .n = 0 };
	struct decide now = { .json = false };
	bool replay = false;
	const struct opt opts[] = {
		{ "diff", 0, OPT_FLAG, &now.diff, NULL,
		    "Only what would change against what stands: + begins, ~ becomes another, - "
		    "ends." },
		{ "spared", 0, OPT_FLAG, &now.spared, NULL,
		    "Also what is left alone although its rule is met, and why." },
		{ "replay", 0, OPT_FLAG, &replay, NULL,
		    "What would the decisions have refused of one's own good traffic: of these "
		    "logs, or, without any, of the hub's last 30 days?" },
		{ "decisions", 0, OPT_TEXT, &o.decisions, "FILE",
		    "Of --replay: take decision lines (doc/contracts/decisions.md) instead of the "
		    "hub's." },
		{ "published", 0, OPT_FLAG, &o.published, NULL,
		    "Of --replay: take the newest publication's decisions instead of the hub's." },
		{ "at", 0, OPT_TIME, &o.at_s, "TIME",
		    "Of --replay: leave out what has ended by then. Default: now." },
		{ "limit", 'n', OPT_COUNT, &o.limit, "N",
		    "Of --replay: name so many decisions and hosts; 0: all. Default 10, JSON "
		    "all." },
		{ "json", 'j', OPT_FLAG, &o.json, NULL,
		    "One JSON object a decision; of --replay: one." },
		{ "filter-path", 0, OPT_TEXT, &o.filter_path, "DIR",
		    "Of --replay: look for filters here (DIR:DIR…)." },
		{ "config", 'c', OPT_TEXT, &conf_file, "FILE", "Read this configuration file." },
		{ "option", 'o', OPT_LIST, &set, "NAME=VALUE", "Set one parameter over the file." },
	};
	const struct opt_usage usage = { "onus decide", "[--diff] | --replay [LOG…|-]",
		"Tell what would be decided if the hub were judged now, and change nothing: a dry "
		"run\n"
		"of what onus-score does. One line a decision: level, action, entity, end, "
		"episode,\n"
		"reason and scope. With --diff it exits with 1 when something would change.\n\n"
		"--replay: what would the walls have refused of one's own good traffic last "
		"month:\n"
		"messages that were delivered and log-ins that succeeded, by rule, decision and "
		"host?\n"
		"Logs are read as `onus top` does; a rule above max_good_loss of the "
		"configuration\n"
		"stays at tag, and exits with 1.",
		"Examples: onus decide --diff\n"
		"          onus decide --spared --json\n"
		"          onus decide --replay /var/log/mail.log*\n"
		"          onus decide --replay --json --decisions "
		"/var/lib/onus/serve/current/decisions "
		"mail.log",
		opts, NELEM(opts) };
	int n = opt_main(&usage, argc, argv), code;
	struct conf *conf;
	struct err e;

	if (n < 0)
		return opt_exit(n);
	if (replay ? (o.decisions && o.published) || now.diff || now.spared
		   : n > 0 || o.decisions || o.published || o.filter_path) {
		(void)fprintf(stderr, "onus decide: %s\n",
		    replay ? "--replay: no --diff and --spared, and of --decisions and "
			     "--published one"
			   : "that is for --replay alone; `onus decide --help` tells more");
		return 3;
	}
	if (!replay) {
		now.json = o.json;
		return decide_now(&now, conf_file, &set);
	}
	conf = conf_open(conf_file, set.v, set.n, &e);
	if (!conf) {
		(void)fprintf(stderr, "onus decide: %s\n", e.text);
		return 3;
	}
	code = decide_replay(&o, conf, n, argv + 1);
	conf = conf_free(conf);
	return code;
}
