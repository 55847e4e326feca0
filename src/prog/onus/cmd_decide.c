/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus decide - what is decided, and what it would cost. */
#include "prog/onus/commands.h"
#include "prog/onus/decide_replay.h"
#include "util/clock.h"
#include "util/opt.h"

int cmd_decide(int argc, char **argv)
{
	struct clock clock = clock_system();
	struct decide_replay o = { .at_s = clock_now_s(&clock), .limit = UINT32_MAX };
	const char *conf_file = NULL;
	struct opt_list set = { .n = 0 };
	bool replay = false;
	const struct opt opts[] = {
		{ "replay", 0, OPT_FLAG, &replay, NULL,
		    "What would the decisions have refused of one's own good traffic: of these "
		    "logs, or, without any, of the hub's last 30 days?" },
		{ "decisions", 0, OPT_TEXT, &o.decisions, "FILE",
		    "Take decision lines (doc/contracts/decisions.md) instead of the hub's." },
		{ "published", 0, OPT_FLAG, &o.published, NULL,
		    "Take the newest publication's decisions instead of the hub's." },
		{ "at", 0, OPT_TIME, &o.at_s, "TIME",
		    "Leave out what has ended by then. Default: now." },
		{ "limit", 'n', OPT_COUNT, &o.limit, "N",
		    "Name so many decisions and hosts; 0: all. Default 10, JSON all." },
		{ "json", 'j', OPT_FLAG, &o.json, NULL, "One JSON object." },
		{ "filter-path", 0, OPT_TEXT, &o.filter_path, "DIR",
		    "Look for filters here (DIR:DIR…)." },
		{ "config", 'c', OPT_TEXT, &conf_file, "FILE", "Read this configuration file." },
		{ "option", 'o', OPT_LIST, &set, "NAME=VALUE", "Set one parameter over the file." },
	};
	const struct opt_usage usage = { "onus decide", "--replay [LOG…|-]",
		"What would the walls have refused of one's own good traffic last month: "
		"messages that\n"
		"were delivered and log-ins that succeeded, by rule, decision and host? Logs are "
		"read as\n"
		"`onus top` does; a rule above max_good_loss of the configuration stays at tag, "
		"and exits with 1.",
		"Examples: onus decide --replay /var/log/mail.log*\n"
		"          onus decide --replay --json --decisions "
		"/var/lib/onus/serve/current/decisions "
		"mail.log",
		opts, NELEM(opts) };
	int n = opt_main(&usage, argc, argv), code;
	struct conf *conf;
	struct err e;

	if (n < 0)
		return opt_exit(n);
	if (!replay || (o.decisions && o.published)) {
		(void)fprintf(stderr, "onus decide: %s\n",
		    replay ? "--decisions and --published: take one of them"
			   : "say --replay; `onus decide --help` tells more");
		return 3;
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
