/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus-analyse: runs analyses, plug-ins that conclude something from what the ledger holds (doc/analysis.md). It reads the
 * hub and writes batches. What an analysis has said is known by its lines in the ledger alone: a run begins when all that
 * was said before is loaded, and of what it prints only what is new goes into the spool. So whoever is killed when, the
 * next run says what is missing, and nothing twice. */
#include <errno.h>
#include <poll.h>

#include "core/spool.h"
#include "core/spool_depth.h"
#include "prog/analyse/analyse.h"
#include "svc/daemon.h"
#include "svc/plugin.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/num.h"

#define PRINTED_MAX (8u << 20) /* bytes of one run */
#define NEWS_MAX                                                                                   \
	(64u << 20) /* of what is new in it, as it is written: with the names and escapes of all */
#define NAMES_MAX     (1u << 16) /* bytes: of all that are configured */
#define LOOK_MS	      1000
#define TEND_MS	      100 /* while one runs: for its time limit and its end; what it prints wakes us */
#define ONCE_WAIT_MS  50
#define BUSY_WAIT_MS  300 /* another writes: it will not take long */
#define BUSY_PATIENCE 100u

/* struct analysis - one source */
struct analysis {
	const struct conf_source *conf; /* borrowed */
	struct plugin plugin;
	int64_t tried_us; /* monotonic, when its last run began, or failed to; 0: none yet */
	int64_t run_s;	  /* when the last run began that is in a batch; 0: none */
	uint64_t put;	  /* batch that may hold what it said last; 0: none */
	int64_t this_run_s;
	int64_t cursor; /* of the hub at its last good run in this process; -1: none */
	bool failing;	/* its last run failed, or could not begin */
	int64_t due_us; /* monotonic, since when it is to run and does not; 0: it is not to */
};

struct counts {
	uint64_t runs, failed, events, said, known_good, refused, rows, batches;
};

struct analyse {
	struct daemon *d;
	struct conf *conf;
	struct clock clock;
	struct addrset own; /* of the configuration */
	struct known *known;
	struct spool *spool; /* NULL: a check, or --show */
	struct spool_gauge gauge;
	struct hub *hub; /* NULL until it could be opened */
	struct analysis *v;
	unsigned n, next; /* whose turn it is to be looked at first */
	struct analysis *running;
	struct shown shown; /* to that one */
	bool waits;	    /* for the loader */
	unsigned busy;	    /* turns in a row that found the hub locked */
	struct counts counts;
};

static const char *option_show; /* --show; set by the command line alone */

/* --- opening ------------------------------------------------------------------------------------- */

static void analyse_close(void *state)
{
	struct analyse *a = state;

	if (!a)
		return;
	for (unsigned i = 0; i < a->n; i++)
		plugin_done(&a->v[i].plugin);
	free(a->v);
	shown_done(&a->shown);
	a->hub = hub_free(a->hub);
	a->spool = spool_free(a->spool);
	a->known = known_free(a->known);
	addrset_done(&a->own);
	a->conf = conf_free(a->conf);
	free(a);
}

static int open_one(struct analyse *a, const struct conf_source *s, struct err *e)
{
	struct analysis *x = &a->v[a->n++];
	int r;

	*x = (struct analysis){ .conf = s, .cursor = -1 };
	r = plugin_init(&x->plugin, s->name, s->command, s->timeout_s, PRINTED_MAX, e);
	return r < 0 ? err_wrap(e, -EINVAL, "%s: source %s", s->place, s->name) : 0;
}

static int add_known(struct analyse *a, const struct conf_source *s, struct err *e)
{
	struct list_form form;
	int r = list_form_parse(span_str(s->format), &form, e);

	if (r < 0)
		return err_wrap(e, r, "%s: source %s", s->place, s->name);
	known_add(a->known, s->name, s->path, &form, s->anchor);
	return 0;
}

static int open_sources(struct analyse *a, struct err *e)
{
	int r = 0;

	a->v = calloc(a->conf->n_sources + 1, sizeof(*a->v));
	a->known = known_new();
	if (!a->v)
		abort();
	for (unsigned i = 0; i < a->conf->n_sources && r == 0; i++) {
		const struct conf_source *s = &a->conf->sources[i];

		if (strcmp(s->type, CONF_KNOWN_GOOD) == 0)
			r = add_known(a, s, e);
		else if (strcmp(s->type, CONF_ANALYSIS) == 0)
			r = open_one(a, s, e);
	}
	return r;
}

/* The configuration and what follows from it, without touching hub and spool. */
static struct analyse *analyse_new(const struct daemon *d, struct err *e)
{
	struct analyse *a = calloc(1, sizeof(*a));

	if (!a)
		abort();
	a->clock = clock_system();
	a->shown.fd = -1;
	a->conf = conf_open(d->conf_file, d->settings->v, d->settings->n, e);
	if (a->conf && addrset_parse(span_str(a->conf->own_networks), &a->own, e) == 0 &&
	    open_sources(a, e) == 0)
		return a;
	analyse_close(a);
	return NULL;
}

static int analyse_check(const struct daemon *d, struct err *e)
{
	struct analyse *a = analyse_new(d, e);

	if (!a)
		return -EINVAL;
	analyse_close(a);
	return 0;
}

/* "#analysis NAME TIME": when the last run began that is in a batch. */
static int restore_line(struct analyse *a, struct span line, struct err *e)
{
	struct span rest = line, word, name;

	if (!span_cut(&rest, ' ', &word) || !span_is(word, "#analysis") ||
	    !span_cut(&rest, ' ', &name))
		return 0;
	for (unsigned i = 0; i < a->n; i++)
		if (span_is(name, a->v[i].conf->name) &&
		    num_i64(rest, 0, INT64_MAX, &a->v[i].run_s) < 0)
			return err_set(e, -EINVAL, "cannot go on from \"%.*s\"",
			    (int)MIN_OF(span_len(line), (size_t)200), line.p);
	return 0;
}

static int restore(struct analyse *a, struct err *e)
{
	CLEANUP(buf_done) struct buf b;
	struct span rest, line;
	int r;

	buf_init(&b, BATCH_TEXT_MAX);
	r = spool_positions(a->spool, &b, e);
	rest = b.len ? buf_text(&b) : SPAN("");
	while (r >= 0 && !span_empty(rest)) {
		(void)span_cut(&rest, '\n', &line);
		r = restore_line(a, line, e);
	}
	return MIN_OF(r, 0);
}

static int open_spool(struct analyse *a, struct err *e)
{
	char host[BATCH_HOST_MAX + 1];
	int r;

	conf_host_name(a->conf, host);
	r = spool_open(a->conf->spool_dir, host, ANALYSE_PRODUCER,
	    (uint64_t)a->conf->spool_max_mib << 20, &a->spool, e);
	for (unsigned i = 0; i < a->n && r == 0; i++)
		a->v[i].put = spool_last_sequence(a->spool); /* for all that is known */
	return r < 0 ? r : restore(a, e);
}

static int analyse_open(struct daemon *d, void **state, struct err *e)
{
	struct analyse *a;
	int r = 0;

	if (option_show && !d->once)
		return err_set(e, -EINVAL, "--show goes with --once");
	a = analyse_new(d, e);
	if (!a)
		return -EINVAL;
	a->d = d;
	if (!option_show)
		r = daemon_status_dir(d, a->conf->status_dir, e);
	if (r == 0 && !option_show)
		r = open_spool(a, e);
	if (r < 0) {
		analyse_close(a);
		return r;
	}
	if (a->n == 0)
		log_warn("no [source NAME] with type = " CONF_ANALYSIS ": nothing to run");
	*state = a;
	return 0;
}

/* --- a run begins --------------------------------------------------------------------------------- */

static void alive(void *ctx)
{
	daemon_alive(ctx);
}

static bool is_due(const struct analyse *a, const struct analysis *x, int64_t cursor)
{
	int64_t now_s = clock_now_s(&a->clock);

	if (a->d->once)
		return x->tried_us == 0;
	if (x->cursor == cursor)
		return false; /* it would see what it has seen */
	if (x->tried_us)
		return clock_monotonic_us() - x->tried_us >= (int64_t)x->conf->interval_s * 1000000;
	/* a clock that was set back is no reason never to run again */
	return x->run_s > now_s || now_s - x->run_s >= (int64_t)x->conf->interval_s;
}

static void note_due(struct analyse *a, int64_t cursor)
{
	for (unsigned i = 0; i < a->n; i++) {
		struct analysis *x = &a->v[i];

		if (!is_due(a, x, cursor))
			x->due_us = 0;
		else if (!x->due_us)
			x->due_us = clock_monotonic_us();
	}
}

/* For longer than it takes until all others have had their turn. */
static bool is_late(const struct analyse *a, const struct analysis *x)
{
	int64_t patience_s = x->conf->interval_s;

	for (unsigned i = 0; i < a->n; i++)
		patience_s += a->v[i].conf->timeout_s;
	return x->due_us && clock_monotonic_us() - x->due_us > patience_s * 1000000;
}

/* Each gets its turn: the search goes on behind the one that was found last. What one has said is to be in the ledger
 * before it runs again. */
static struct analysis *find_due(struct analyse *a, int64_t cursor, uint64_t waits)
{
	for (unsigned i = 0; i < a->n; i++) {
		struct analysis *x = &a->v[(a->next + i) % a->n];

		if (!is_due(a, x, cursor))
			continue;
		a->waits |= x->put >= waits;
		if (x->put >= waits)
			continue;
		a->next = (a->next + i + 1) % a->n;
		return x;
	}
	return NULL;
}

/* Trouble that is of this one alone holds up none of the others. */
static int not_run(
    struct analyse *a, struct analysis *x, int r, const struct err *why, struct err *e)
{
	shown_done(&a->shown);
	if (r != -ENOENT && r != -E2BIG) {
		*e = *why;
		return r;
	}
	a->counts.failed++;
	x->failing = true;
	log_warn("source=%s not run: %s", x->conf->name, why->text);
	return 0;
}

static int begin(struct analyse *a, struct analysis *x, uint64_t loaded, struct err *e)
{
	const struct shown_of of = { .conf = a->conf,
		.source = x->conf,
		.own = &a->own,
		.loaded = loaded,
		.now_s = clock_now_s(&a->clock),
		.alive = alive,
		.ctx = a->d };
	struct err why = { "" };
	int r = shown_read(a->hub, &of, &a->shown, &why);

	if (r == 0 || r == -ENOENT || r == -E2BIG) {
		x->tried_us = clock_monotonic_us();
		x->due_us = 0;
	}
	x->this_run_s = of.now_s;
	if (r == 0 && plugin_start(&x->plugin, a->shown.fd, &why) < 0)
		r = -ENOENT;
	if (r < 0)
		return not_run(a, x, r, &why, e);
	a->counts.rows += a->shown.rows;
	a->running = x;
	return 0;
}

/* *idle: nothing runs, and nothing will before something else happens */
static int begin_next(struct analyse *a, bool *idle, struct err *e)
{
	struct analysis *x = NULL;
	uint64_t waits, loaded;
	int64_t cursor = 0;
	int r = spool_loaded(a->spool, &waits, &loaded, e);

	*idle = true;
	a->waits = spool_full(a->spool);
	if (r < 0 || a->n == 0 || a->waits)
		return r;
	r = a->hub ? 0 : hub_open(a->conf->hub, HUB_READ, &a->hub, e);
	if (r == 0)
		r = hub_cursor(a->hub, &cursor, e);
	if (r == 0) {
		note_due(a, cursor);
		x = find_due(a, cursor, waits);
	}
	*idle = !x;
	return x ? begin(a, x, loaded, e) : r;
}

/* --- a run has ended ------------------------------------------------------------------------------ */

static int put_batch(struct analyse *a, struct batch_writer *w, struct err *e)
{
	CLEANUP(buf_done) struct buf positions;
	int r;

	buf_init(&positions, BATCH_POSITION_ROOM);
	for (unsigned i = 0; i < a->n; i++)
		if (a->v[i].run_s)
			buf_fmt(&positions, "#analysis %s %jd\n", a->v[i].conf->name,
			    (intmax_t)a->v[i].run_s);
	if (!buf_ok(&positions)) /* there are not so many sources */
		abort();
	r = spool_put(a->spool, w, BATCH_EVENTS, clock_now_s(&a->clock),
	    positions.len ? buf_text(&positions) : SPAN(""), e);
	if (r == 0)
		a->counts.batches++;
	return r;
}

/* What is new, in as many batches as it takes; the last one says that the run is over. */
static int put_all(
    struct analyse *a, struct analysis *x, struct span news, uint64_t refused, struct err *e)
{
	CLEANUP(batch_writer_done) struct batch_writer w;
	struct span rest = news;
	int r = 0;

	batch_writer_init(&w);
	while (r == 0 && !span_empty(rest)) {
		struct span line = rest, text;

		(void)span_cut(&rest, '\n', &text);
		line.end = rest.p;
		r = batch_writer_add(&w, line);
		if (r != -ENOSPC)
			continue;
		r = put_batch(a, &w, e);
		rest = (struct span){ line.p, rest.end };
	}
	if (r < 0)
		return r;
	w.refused = refused;
	x->run_s = x->this_run_s;
	return put_batch(a, &w, e);
}

static void tell_taken(struct analyse *a, const struct analysis *x, const struct taken *t)
{
	a->counts.said += t->said;
	a->counts.known_good += t->known_good;
	a->counts.refused += t->refused;
	if (t->refused)
		log_warn("source=%s file=%s line=%ju refused: %s; refused in this run: %ju",
		    x->conf->name, x->plugin.argv[0], (uintmax_t)t->first_refused, t->why.text,
		    (uintmax_t)t->refused);
}

static int take(struct analyse *a, struct analysis *x, struct err *e)
{
	CLEANUP(buf_done) struct buf news;
	const char *trouble;
	struct taken t;
	int r;

	buf_init(&news, NEWS_MAX);
	known_poll(a->known);
	trouble = known_trouble(a->known);
	if (trouble)
		log_warn("source=%s", trouble);
	r = taken_read(buf_text(&x->plugin.printed), x->conf->name, x->conf->weak, &a->shown,
	    a->known, clock_now_s(&a->clock), &news, &t);
	if (r < 0)
		return err_set(e, r, "source %s: out of memory", x->conf->name);
	tell_taken(a, x, &t);
	if (t.fresh) {
		r = put_all(a, x, buf_text(&news), t.refused, e);
		x->put = spool_last_sequence(a->spool); /* of a part, at least */
	}
	if (r < 0)
		return r;
	x->cursor = a->shown.cursor;
	a->counts.runs++;
	a->counts.events += t.fresh;
	return 0;
}

static int tend(struct analyse *a, struct err *e)
{
	struct analysis *x = a->running;
	enum plugin_turn turn = plugin_tend(&x->plugin);
	int r = 0;

	if (turn == PLUGIN_RUNS)
		return 0;
	if (turn == PLUGIN_GOOD)
		r = take(a, x, e);
	x->failing = turn != PLUGIN_GOOD || r < 0;
	a->counts.failed += x->failing;
	shown_done(&a->shown);
	a->running = NULL;
	return r;
}

/* --- --show --------------------------------------------------------------------------------------- */

static int copy_out(int fd, struct err *e)
{
	char room[65536];
	ssize_t n;

	while ((n = read(fd, room, sizeof(room))) > 0)
		if (fwrite(room, 1, (size_t)n, stdout) != (size_t)n)
			break;
	if (n != 0 || fflush(stdout) != 0)
		return err_set(e, -EIO, "cannot write to the standard output");
	return 0;
}

static int show(struct analyse *a, struct err *e)
{
	struct shown_of of = { .conf = a->conf,
		.own = &a->own,
		.now_s = clock_now_s(&a->clock),
		.alive = alive,
		.ctx = a->d };
	int r;

	for (unsigned i = 0; i < a->n && !of.source; i++)
		if (strcmp(a->v[i].conf->name, option_show) == 0)
			of.source = a->v[i].conf;
	if (!of.source)
		return err_set(
		    e, -EINVAL, "no [source %.60s] with type = " CONF_ANALYSIS, option_show);
	r = a->hub ? 0 : hub_open(a->conf->hub, HUB_READ, &a->hub, e);
	if (r == 0)
		r = shown_read(a->hub, &of, &a->shown, e);
	return r == 0 ? copy_out(a->shown.fd, e) : r;
}

/* --- a turn --------------------------------------------------------------------------------------- */

/* Those that are not well, for who reads the status. */
static void report_each(struct analyse *a, struct buf *names)
{
	uint64_t failing = 0, late = 0;

	for (unsigned i = 0; i < a->n; i++) {
		const struct analysis *x = &a->v[i];

		failing += x->failing;
		late += !x->failing && is_late(a, x);
		if (x->failing || is_late(a, x))
			buf_fmt(names, "%s %s; ", x->conf->name, x->failing ? "fails" : "waits");
	}
	daemon_gauge(a->d, "analyses", a->n);
	daemon_gauge(a->d, "analyses_failing", failing);
	daemon_gauge(a->d, "analyses_late", late);
}

static void report(struct analyse *a)
{
	const struct spool_depth *spool = spool_gauge(&a->gauge, a->conf->spool_dir);
	const struct counts *n = &a->counts;
	CLEANUP(buf_done) struct buf names;

	buf_init(&names, NAMES_MAX);
	report_each(a, &names);
	daemon_count(a->d, "runs", n->runs);
	daemon_count(a->d, "failed", n->failed);
	daemon_count(a->d, "events", n->events);
	daemon_count(a->d, "said_before", n->said);
	daemon_count(a->d, "known_good", n->known_good);
	daemon_count(a->d, "refused", n->refused);
	daemon_count(a->d, "rows", n->rows);
	daemon_count(a->d, "batches", n->batches);
	daemon_gauge(a->d, "queue_batches", spool->waiting.batches);
	daemon_gauge(a->d, "queue_bytes", spool->waiting.bytes);
	daemon_gauge(a->d, "bad_batches", spool->bad.batches);
	daemon_time(a->d, "queue_oldest", spool->waiting.oldest_s);
	daemon_time(a->d, "bad_oldest", spool->bad.oldest_s);
	daemon_say(a->d, "%s%s%.*s%ju events of %ju runs of %u analyses, %ju runs failed",
	    a->waits ? "waits for onus-load; " : "", names.len ? "not well: " : "", (int)names.len,
	    names.len ? names.p : "", (uintmax_t)n->events, (uintmax_t)n->runs, a->n,
	    (uintmax_t)n->failed);
}

static int work(struct analyse *a, bool *idle, struct err *e)
{
	int r;

	*idle = false;
	if (!a->running)
		return begin_next(a, idle, e);
	if (a->d->once) /* nothing but to wait for it */
		(void)poll(NULL, 0, ONCE_WAIT_MS);
	r = tend(a, e);
	daemon_alive(a->d);
	return r;
}

static int analyse_turn(struct daemon *d, void *state, int *wait_ms, struct err *e)
{
	struct analyse *a = state;
	bool idle = true;
	int r = option_show ? show(a, e) : work(a, &idle, e);

	if (r == -EAGAIN &&
	    a->busy++ < BUSY_PATIENCE) { /* another writer's transaction: no trouble */
		*wait_ms = BUSY_WAIT_MS;
		return 0;
	}
	if (r < 0) { /* a fresh connection next time */
		a->hub = hub_free(a->hub);
		return r;
	}
	a->busy = 0;
	if (!option_show)
		report(a);
	if (d->once && idle && a->waits)
		log_warn("batches wait to be loaded: start onus-load, then analyse");
	daemon_watch(d, a->running ? plugin_out(&a->running->plugin) : -1);
	*wait_ms = d->once ? (idle ? DAEMON_DONE : 0) : a->running ? TEND_MS : idle ? LOOK_MS : 0;
	return 0;
}

int main(int argc, char **argv)
{
	static const struct opt opts[] = {
		{ "show", 0, OPT_TEXT, &option_show, "NAME",
		    "With --once: print what the analysis NAME would be shown, and run nothing." },
	};
	static const struct daemon_def def = {
		.name = "onus-analyse",
		.about = "Run what concludes something from the ledger: programs of [source NAME] "
			 "sections "
			 "with\ntype = analysis. Each reads rows of the ledger as event lines and "
			 "prints event "
			 "lines, which go\ninto the spool as those of a source of its own that is "
			 "no anchor. "
			 "It runs after something was\nloaded, has a time limit, and a run that "
			 "fails counts "
			 "for nothing; what was said before is not\nsaid again.",
		.more =
		    "  onus-analyse --once                     run each of them once, and exit\n"
		    "  onus-analyse --once --show scans        what it would be shown:\n"
		    "  onus-analyse --once --show scans | /usr/share/onus/analysis.d/neighbours",
		.opts = opts,
		.n_opts = NELEM(opts),
		.check = analyse_check,
		.open = analyse_open,
		.turn = analyse_turn,
		.close = analyse_close,
	};

	return daemon_main(&def, argc, argv);
}
