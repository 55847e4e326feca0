/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/onus/good_logs.h"

#include <errno.h>
#include <inttypes.h>

#include "intake/any.h"
#include "util/clock.h"

enum good good_of(const struct event *ev)
{
	enum good kind;

	if (ev->category != CATEGORY_OTHER || good_parse(ev->detail, &kind) < 0 ||
	    !event_is_host(ev))
		return GOOD_NONE;
	return kind;
}

static void on_event(void *ctx, const struct event *ev, uint64_t number)
{
	struct good_logs *g = ctx;
	enum good kind = good_of(ev);

	(void)number;
	if (kind == GOOD_NONE)
		return;
	if (ev->proof == PROOF_WEAK)
		g->unverified += ev->count;
	else if (g->fn(g->ctx, ev->subject.addr, kind, ev->count, day_of(ev->time_s)) < 0)
		g->out_of_memory = true;
}

static void say_refused(const struct good_logs *g, const char *path, const struct any_result *got)
{
	if (got->refused == 0)
		return;
	(void)fprintf(stderr, "%s: %s: %" PRIu64 " of %" PRIu64 " lines refused", g->command, path,
	    got->refused, got->lines);
	if (got->first_number)
		(void)fprintf(stderr, ", the first in line %" PRIu64 ": %s", got->first_number,
		    got->first_why);
	(void)fprintf(stderr, "\n");
}

static int read_one(
    struct good_logs *g, const struct any_options *options, const char *path, struct err *e)
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
	r = any_input(in, &o, on_event, g, &got, e);
	progress_end(&bar);
	(void)input_free(in);
	say_refused(g, path, &got);
	if (r == 0 && got.as.kind == INPUT_LIST)
		r = err_set(e, -ENOTSUP, "%s is a list: it tells of nothing good", path);
	return r;
}

int good_logs_read(struct good_logs *g, const struct conf *conf, int n, char **files, struct err *e)
{
	struct clock clock = clock_system();
	CLEANUP(addrset_done) struct addrset own = { .v = NULL };
	CLEANUP(filters_done) struct filters filters = { .n = 0 };
	struct scan_options so = { .clock = &clock, .own = &own };
	struct jlogs json = { .path = conf->json_path, .options = so, .good = true };
	struct any_options any = { .clock = &clock, .own = &own, .json = &json };
	int r = addrset_parse(span_str(conf->own_networks), &own, e);

	if (r == 0 && (r = filters_load_good(&filters, g->filter_path, e)) == 0)
		r = scan_new(filters.v, filters.n, &so, &any.scan, e);
	for (int i = 0; i < n && r == 0; i++)
		if (read_one(g, &any, files[i], e) < 0) {
			(void)fprintf(stderr, "%s: %s\n", g->command, e->text);
			g->failed++;
		}
	(void)scan_free(any.scan);
	jlogs_done(&json);
	if (r == 0 && g->out_of_memory)
		return err_set(e, -ENOMEM, "out of memory");
	if (r == 0 && n > 0 && g->failed == (unsigned)n)
		return err_set(e, -EIO, "nothing could be read");
	return r;
}
