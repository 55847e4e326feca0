/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kind of source that runs a program now and then and takes the event lines that it prints
 * (doc/contracts/plugins.md). A run counts whole, in one batch with the position that says so, or not at all: what a
 * run printed that failed, was killed or took too long is thrown away. */
#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>

#include "prog/collect/collect.h"
#include "svc/plugin.h"
#include "util/log.h"
#include "util/num.h"

#define PRINTED_MAX  (1u << 20) /* bytes of one run: more than any batch holds */
#define ONCE_WAIT_MS 50

struct run {
	struct plugin plugin;
	int64_t run_s; /* when the last run began that is in a batch; 0: none */
	int64_t this_run_s;
	bool ready; /* what it printed is a whole run, waiting for its batch */
	uint64_t failed;
};

/* --- opening, closing, running ------------------------------------------------------------------- */

static int open_plugin(struct source *s, struct err *e)
{
	struct run *in = calloc(1, sizeof(*in));
	int r;

	if (!in)
		abort();
	s->in = in;
	r = plugin_init(
	    &in->plugin, s->conf->name, s->conf->command, s->conf->timeout_s, PRINTED_MAX, e);
	return r < 0 ? err_wrap(e, -EINVAL, "source %s", s->conf->name) : 0;
}

static void done(struct source *s)
{
	struct run *in = s->in;

	plugin_done(&in->plugin);
	free(in);
	s->in = NULL;
}

static void run(struct source *s)
{
	struct run *in = s->in;
	struct epoll_event ev = { .events = EPOLLIN };
	struct err why;

	in->this_run_s = clock_now_s(&s->to->clock);
	if (plugin_start(&in->plugin, 0, &why) < 0) {
		in->failed++;
		log_warn("source=%s %s", s->conf->name, why.text);
		return;
	}
	if (epoll_ctl(s->to->wake, EPOLL_CTL_ADD, plugin_out(&in->plugin), &ev) < 0)
		plugin_kill(&in->plugin, "it could not be listened to");
}

static void tend(struct source *s)
{
	struct run *in = s->in;

	switch (plugin_tend(&in->plugin)) {
	case PLUGIN_GOOD:
		in->ready = true;
		break;
	case PLUGIN_FAILED:
		in->failed++;
		break;
	default:
		break;
	}
}

/* --- the kind ------------------------------------------------------------------------------------ */

static bool is_due(const struct source *s, const struct run *in)
{
	int64_t now_s = clock_now_s(&s->to->clock);

	if (in->plugin.running || in->ready)
		return false;
	if (in->plugin.started_us)
		return clock_monotonic_us() - in->plugin.started_us >=
		       (int64_t)s->conf->interval_s * 1000000;
	/* a clock that was set back is no reason never to run again */
	return in->run_s > now_s || now_s - in->run_s >= (int64_t)s->conf->interval_s;
}

static bool poll_plugin(struct source *s, int64_t settled_s)
{
	struct run *in = s->in;

	if (is_due(s, in))
		run(s);
	if (in->plugin.running && settled_s == 0) { /* --once: nothing but to wait for it */
		(void)poll(NULL, 0, ONCE_WAIT_MS);
		tend(s);
	}
	return in->plugin.running;
}

static int pump(struct source *s, struct err *e)
{
	struct run *in = s->in;
	struct block b = { .text = buf_text(&in->plugin.printed), .first_number = 1 };
	int r;

	if (!in->ready)
		return 0;
	r = lines_take(s, &b, e);
	if (r >= 0)
		in->ready = false;
	return r;
}

/* A run is taken as a whole (whole, below). */
static void take(struct source *s, uint64_t lines)
{
	struct run *in = s->in;

	(void)lines;
	in->run_s = in->this_run_s;
}

static void positions(struct source *s, struct buf *out)
{
	const struct run *in = s->in;

	if (in->run_s)
		buf_fmt(out, "#plugin %s %jd\n", s->conf->name, (intmax_t)in->run_s);
}

static int restore(struct source *s, struct span line, struct err *e)
{
	struct run *in = s->in;
	struct span rest = line, word;

	if (!span_cut(&rest, ' ', &word) || !span_is(word, "#plugin") ||
	    !span_cut(&rest, ' ', &word) || !span_is(word, s->conf->name))
		return 0;
	if (num_i64(rest, 0, INT64_MAX, &in->run_s) < 0)
		return err_set(e, -EINVAL, "source %s: cannot go on from \"%.*s\"", s->conf->name,
		    (int)MIN_OF(span_len(line), (size_t)200), line.p);
	return 1;
}

static const char *where(const struct source *s)
{
	const struct run *in = s->in;

	return in->plugin.argv[0];
}

static void count(const struct source *s, struct source_counts *to)
{
	const struct run *in = s->in;

	to->plugin_failed += in->failed;
}

const struct source_kind kind_plugin = { .type = "plugin",
	.whole = true,
	.open = open_plugin,
	.done = done,
	.restore = restore,
	.tend = tend,
	.poll = poll_plugin,
	.pump = pump,
	.take = take,
	.positions = positions,
	.where = where,
	.count = count };
