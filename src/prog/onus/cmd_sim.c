/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus sim - event lines of made-up attackers in real networks, to see what onus does before there is
 * evidence of one's own. */
#include <errno.h>

#include "prog/onus/attribute.h"
#include "prog/onus/commands.h"
#include "prog/onus/sim.h"
#include "util/clock.h"
#include "util/opt.h"

#define OUT_BYTES (1u << 20)

static int spill(struct buf *b)
{
	bool ok = buf_ok(b) && fwrite(b->p, 1, b->len, stdout) == b->len;

	buf_reset(b);
	return ok ? 0 : -EIO;
}

static int print(const struct sim_conf *c, const struct event *v, size_t n, const char *only)
{
	CLEANUP(buf_done) struct buf b;
	char until[UTC_TEXT_MAX];
	int r = 0;

	buf_init(&b, 2 * OUT_BYTES);
	utc_format(c->until_s, until);
	buf_fmt(&b,
	    "%s\n# SIMULATED: made-up attackers in real networks; nobody named here did anything.\n"
	    "# onus sim --seed %llu --hosts %u --days %u --until %s\n",
	    EVENT_HEADER, (unsigned long long)c->seed, c->hosts, c->days, until);
	for (size_t i = 0; i < n && r == 0; i++) {
		if (only && !span_is(v[i].source, only))
			continue;
		event_format(&v[i], &b);
		if (b.len > OUT_BYTES)
			r = spill(&b);
	}
	if (r == 0)
		r = spill(&b);
	return r == 0 && fflush(stdout) == 0 ? 0 : -EIO;
}

int cmd_sim(int argc, char **argv)
{
	const char *conf_file = NULL, *registry = NULL, *only = NULL;
	struct opt_list set = { .n = 0 };
	struct clock clock = clock_system();
	struct attributor from;
	uint32_t seed = 1;
	struct sim_conf c = { .hosts = 4000, .days = 28, .until_s = clock_now_s(&clock) };
	const struct opt opts[] = {
		{ "seed", 's', OPT_COUNT, &seed, "N", "Another world (default 1)." },
		{ "hosts", 0, OPT_COUNT, &c.hosts, "N", "Attackers (default 4000)." },
		{ "days", 0, OPT_COUNT, &c.days, "N", "How long (default 28)." },
		{ "until", 0, OPT_TIME, &c.until_s, "TIME", "When the last day ends (now)." },
		{ "source", 0, OPT_TEXT, &only, "NAME",
		    "Only what this group saw: sim-a or sim-b (default both)." },
		{ "registry", 'r', OPT_TEXT, &registry, "FILE", "The registry file." },
		{ "config", 'c', OPT_TEXT, &conf_file, "FILE", "Read this configuration file." },
		{ "option", 'o', OPT_LIST, &set, "NAME=VALUE", "Set one parameter over the file." },
	};
	const struct opt_usage usage = { "onus sim", "",
		"Write event lines of made-up attackers in real networks, as two independent "
		"groups\n"
		"of sensors would have seen them. The same seed, options and registry give the "
		"same\n"
		"lines. Never mix them with real evidence.",
		"Example: onus sim --days 7 --until 2026-06-01 | onus top -", opts, NELEM(opts) };
	int n = opt_main(&usage, argc, argv), r;
	struct event *v = NULL;
	struct err e = { "" };
	size_t n_events = 0;

	if (n < 0)
		return opt_exit(n);
	if (n > 0 || c.hosts < 1 || c.hosts > SIM_HOSTS_MAX || c.days < 1 ||
	    c.days > SIM_DAYS_MAX) {
		(void)fprintf(stderr,
		    "onus sim: 1 to %u hosts, 1 to %u days, and no file names; see --help\n",
		    SIM_HOSTS_MAX, SIM_DAYS_MAX);
		return 3;
	}
	if (attribute_open(&from, "onus sim", conf_file, set.v, set.n, registry) < 0)
		return 3;
	c.registry = from.registry;
	c.seed = seed;
	r = sim_run(&c, &v, &n_events, &e);
	if (r == 0 && print(&c, v, n_events, only) < 0)
		r = err_set(&e, -EIO, "cannot write to the standard output");
	if (r < 0)
		(void)fprintf(stderr, "onus sim: %s\n", e.text);
	free(v);
	attribute_done(&from);
	return r < 0 ? 2 : 0;
}
