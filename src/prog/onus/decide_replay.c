/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/onus/decide_replay.h"

#include <errno.h>
#include <inttypes.h>

#include "core/good.h"
#include "intake/any.h"
#include "prog/evidence/known.h"
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
	uint64_t unverified;
	bool out_of_memory;
	unsigned failed; /* files */
};

static int fail(int code, const struct err *e)
{
	(void)fprintf(stderr, "onus decide: %s\n", e->text);
	return code;
}

/* --- good traffic, out of logs ---------------------------------------------------------------------- */

/* What filters and maps say of somebody who is good, also where it comes as event lines: other events are none. */
static void on_event(void *ctx, const struct event *ev, uint64_t number)
{
	struct replaying *x = ctx;
	enum good kind;

	(void)number;
	if (ev->category != CATEGORY_OTHER || good_parse(ev->detail, &kind) < 0 ||
	    !event_is_host(ev))
		return;
	if (ev->proof == PROOF_WEAK)
		x->unverified += ev->count;
	else if (replay_good(x->replay, ev->subject.addr, kind, ev->count, day_of(ev->time_s)) < 0)
		x->out_of_memory = true;
}

static void say_refused(const char *path, const struct any_result *got)
{
	if (got->refused == 0)
		return;
	(void)fprintf(stderr, "onus decide: %s: %" PRIu64 " of %" PRIu64 " lines refused", path,
	    got->refused, got->lines);
	if (got->first_number)
		(void)fprintf(stderr, ", the first in line %" PRIu64 ": %s", got->first_number,
		    got->first_why);
	(void)fprintf(stderr, "\n");
}

static int read_one(
    struct replaying *x, const struct any_options *options, const char *path, struct err *e)
{
	struct any_options o = *options;
	struct any_result got = { .refused = 0 };
	struct progress bar;
	struct input *in;
	int r = input_open(path, &in, e);

	if (r < 0)
		return r;
	progress_start(&bar, "reading", input_size(in));
	o.progress = &bar;
	r = any_input(in, &o, on_event, x, &got, e);
	progress_end(&bar);
	(void)input_free(in);
	say_refused(path, &got);
	if (r == 0 && got.as.kind == INPUT_LIST)
		r = err_set(e, -ENOTSUP, "%s is a list: it tells of nothing good", path);
	return r;
}

static int read_logs(struct replaying *x, int n, char **files, struct err *e)
{
	const char *path = x->o->filter_path ? x->o->filter_path : x->conf->filter_path;
	struct clock clock = clock_system();
	CLEANUP(addrset_done) struct addrset own = { .v = NULL };
	CLEANUP(filters_done) struct filters filters = { .n = 0 };
	struct scan_options so = { .clock = &clock, .own = &own };
	struct jlogs json = { .path = x->conf->json_path, .options = so, .good = true };
	struct any_options any = { .clock = &clock, .own = &own, .json = &json };
	int r = addrset_parse(span_str(x->conf->own_networks), &own, e);

	if (r == 0 && (r = filters_load_good(&filters, path, e)) == 0)
		r = scan_new(filters.v, filters.n, &so, &any.scan, e);
	for (int i = 0; i < n && r == 0; i++)
		if (read_one(x, &any, files[i], e) < 0) {
			(void)fail(0, e);
			x->failed++;
		}
	(void)scan_free(any.scan);
	jlogs_done(&json);
	if (r == 0 && x->out_of_memory)
		return err_set(e, -ENOMEM, "out of memory");
	if (r == 0 && n > 0 && x->failed == (unsigned)n)
		return err_set(e, -EIO, "nothing could be read");
	return r;
}

/* --- one run ---------------------------------------------------------------------------------------- */

static int read_good(struct replaying *x, int n, char **files, struct err *e)
{
	int32_t today = day_of(x->o->at_s);

	return n > 0 ? read_logs(x, n, files, e)
		     : known_read(x->hub, today - KNOWN_DAYS + 1, today, x->replay, e);
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
		.unverified = x->unverified,
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
	int code = run(&x, n, files, &e) < 0		   ? fail(2, &e)
		   : x.failed || above_the_bound(x.replay) ? 1
							   : 0;

	decide_walls_done(&x.walls);
	x.replay = replay_free(x.replay);
	x.hub = hub_free(x.hub);
	registry_free(x.registry);
	return code;
}
