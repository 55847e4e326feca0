/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus-graph: round-robin files of onus's own flows, and their pictures. It reads what the other programs leave (status
 * files, the spool, the manifest) and asks none of them. */
#include <errno.h>

#include "prog/graph/graph.h"
#include "publication/standing_now.h"
#include "svc/daemon.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/log.h"

struct graph {
	struct daemon *d;
	struct conf *conf;
	struct clock clock;
	int64_t drawn_s[PERIOD_N]; /* 0: not yet */
	uint64_t recorded, drawn;
};

static int graph_check(const struct daemon *d, struct err *e)
{
	return conf_valid(d->conf_file, d->settings->v, d->settings->n, e);
}

static void graph_close(void *state)
{
	struct graph *g = state;

	g->conf = conf_free(g->conf);
	free(g);
}

static int graph_open(struct daemon *d, void **state, struct err *e)
{
	struct graph *g = calloc(1, sizeof(*g));
	int r = -EINVAL;

	if (!g)
		abort();
	g->d = d;
	g->clock = clock_system();
	g->conf = conf_open(d->conf_file, d->settings->v, d->settings->n, e);
	if (g->conf)
		r = daemon_status_dir(d, g->conf->status_dir, e);
	if (r == 0)
		r = file_mkdirs(g->conf->graph_dir, 0755, e);
	if (r < 0) {
		graph_close(g);
		return r;
	}
	*state = g;
	return 0;
}

/* One file that cannot be written holds up none of the others: the last trouble is told. */
static int record_all(struct graph *g, int64_t now_s, struct err *e)
{
	struct health h = { .now_s = now_s };
	int r = health_gather(&h, g->conf, now_s, e);

	if (r < 0)
		return r;
	standing_now(&h, g->conf->serve_dir);
	for (unsigned i = 0; i < PICTURE_N; i++) {
		int one = record(g->conf->graph_dir, (enum picture)i, &h, g->conf->graph_step_s, e);

		if (one < 0)
			r = one;
		else
			g->recorded++;
	}
	health_done(&h);
	return r;
}

static int draw_due(struct graph *g, int64_t now_s, struct err *e)
{
	unsigned due = 0, drawn;
	int r;

	for (unsigned k = 0; k < PERIOD_N; k++) {
		int64_t since_s = now_s - g->drawn_s[k];

		if (g->drawn_s[k] && since_s >= 0 && since_s < periods[k].every_s)
			continue;
		g->drawn_s[k] = now_s;
		due |= 1u << k;
	}
	if (!due)
		return 0;
	r = draw(g->conf->graph_dir, due, now_s, "svg", &drawn, e);
	g->drawn += drawn;
	return r;
}

static int graph_turn(struct daemon *d, void *state, int *wait_ms, struct err *e)
{
	struct graph *g = state;
	int64_t now_s = clock_now_s(&g->clock);
	struct err why = { "" };
	int r = record_all(g, now_s, e), drawn = draw_due(g, now_s, &why);

	daemon_count(d, "recorded", g->recorded);
	daemon_count(d, "drawn", g->drawn);
	daemon_say(d, "%ju values recorded, %ju pictures drawn", (uintmax_t)g->recorded,
	    (uintmax_t)g->drawn);
	*wait_ms = d->once ? DAEMON_DONE : (int)g->conf->graph_step_s * 1000;
	if (r == 0 && drawn < 0)
		*e = why;
	return r < 0 ? r : drawn;
}

int main(int argc, char **argv)
{
	static const struct daemon_def def = {
		.name = "onus-graph",
		.about = "Keep round-robin files of onus's own flows (events, refused, queue, "
			 "load, publication) in graph_dir,\n"
			 "and draw each for a day, a week, a month and a year, as NAME-PERIOD.svg. "
			 "It reads what the other\n"
			 "programs leave in status_dir, the spool where it may, and the manifest "
			 "in serve_dir. Files are of\n"
			 "one size from birth on; where no value came it is unknown, and the "
			 "picture is grey.",
		.more =
		    "  onus-graph --once                      record and draw once, as from cron\n"
		    "  rrdtool fetch /var/lib/onus/graph/queue.rrd MAX     the figures\n",
		.check = graph_check,
		.open = graph_open,
		.turn = graph_turn,
		.close = graph_close,
	};

	if (setenv("TZ", "UTC", 1) < 0) /* pictures say that they are of UTC */
		abort();
	return daemon_main(&def, argc, argv);
}
