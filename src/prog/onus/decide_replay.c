/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/onus/decide_replay.h"

#include <errno.h>
#include <inttypes.h>

#include "prog/evidence/known.h"
#include "prog/onus/good_logs.h"
#include "util/clock.h"

#define LIMIT_TEXT 10u

/* struct replaying - one run */
struct replaying {
	const struct decide_replay *o;
	const struct conf *conf;
	struct replay *replay;
	struct hub *hub; /* NULL unless something is to be read of it */
	struct registry *registry;
	struct decide_walls walls;
	struct good_logs logs;
};

static int fail(int code, const struct err *e)
{
	(void)fprintf(stderr, "onus decide: %s\n", e->text);
	return code;
}

static int take_good(void *ctx, struct addr host, enum good kind, uint64_t count, int32_t day)
{
	return replay_good(ctx, host, kind, count, day);
}

/* --- one run ---------------------------------------------------------------------------------------- */

static int read_good(struct replaying *x, int n, char **files, struct err *e)
{
	int32_t today = day_of(x->o->at_s);

	if (n == 0)
		return known_read(x->hub, today - REPLAY_KNOWN_DAYS + 1, today, x->replay, e);
	x->logs = (struct good_logs){ .command = "onus decide",
		.filter_path = x->o->filter_path ? x->o->filter_path : x->conf->filter_path,
		.fn = take_good,
		.ctx = x->replay };
	return good_logs_read(&x->logs, x->conf, n, files, e);
}

static int read_walls(struct replaying *x, struct err *e)
{
	x->walls.to = x->replay;
	x->walls.registry = x->registry;
	x->walls.at_s = x->o->at_s;
	if (x->o->decisions)
		return decide_walls_of_file(&x->walls, x->o->decisions, e);
	return x->o->published ? decide_walls_published(&x->walls, x->conf->serve_dir, e)
			       : decide_walls_of_hub(&x->walls, x->hub, e);
}

/* The hub and the registry: the latter only knows more, and may be missing. */
static int open_inputs(struct replaying *x, int n, struct err *e)
{
	struct err why;

	x->replay = replay_new(0);
	if (!x->replay)
		return err_set(e, -ENOMEM, "out of memory");
	if (registry_open(x->conf->registry_file, &x->registry, &why) < 0)
		x->registry = NULL;
	if (n > 0 && (x->o->decisions || x->o->published))
		return 0;
	return hub_open(x->conf->hub, HUB_READ, &x->hub, e);
}

static void say_left_out(const struct replaying *x)
{
	if (x->walls.unknown)
		(void)fprintf(stderr,
		    "onus decide: %" PRIu64 " decisions are about nobody that the registry knows, "
		    "and count for nothing: %s …\n",
		    x->walls.unknown, x->walls.first_unknown);
}

static bool above_the_bound(const struct replay *r)
{
	unsigned n;
	const struct replay_rule *rules = replay_rules(r, &n);

	for (unsigned i = 0; i < n; i++)
		if (rules[i].verdict != REPLAY_WITHIN)
			return true;
	return false;
}

static int print(const struct replaying *x, int n, struct err *e)
{
	struct decide_replayed d = { .replay = x->replay,
		.walls = &x->walls,
		.max_loss = x->conf->max_good_loss,
		.from = n > 0 ? "the logs" : "the hub",
		.unverified = x->logs.unverified,
		.limit = x->o->limit };
	int r;

	if (d.limit == UINT32_MAX)
		d.limit = x->o->json ? 0 : LIMIT_TEXT;
	r = x->o->json ? decide_replay_json(&d) : decide_replay_text(&d);
	if (fflush(stdout) != 0)
		return err_set(e, -EIO, "cannot write to the standard output");
	return r < 0 ? err_set(e, r, "out of memory") : 0;
}

static int run(struct replaying *x, int n, char **files, struct err *e)
{
	int r = open_inputs(x, n, e);

	if (r == 0 && x->hub)
		r = hub_read_begin(x->hub, e);
	if (r == 0)
		r = read_good(x, n, files, e);
	if (r == 0)
		r = read_walls(x, e);
	if (x->hub)
		hub_read_end(x->hub);
	if (r < 0)
		return r;
	say_left_out(x);
	if (replay_run(x->replay, x->conf->max_good_loss / 100) < 0)
		return err_set(e, -ENOMEM, "out of memory");
	return print(x, n, e);
}

int decide_replay(const struct decide_replay *o, const struct conf *conf, int n, char **files)
{
	struct replaying x = { .o = o, .conf = conf };
	struct err e = { "" };
	int code = run(&x, n, files, &e) < 0			? fail(2, &e)
		   : x.logs.failed || above_the_bound(x.replay) ? 1
								: 0;

	decide_walls_done(&x.walls);
	x.replay = replay_free(x.replay);
	x.hub = hub_free(x.hub);
	registry_free(x.registry);
	return code;
}
