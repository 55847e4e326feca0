/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus-collect: turns what servers write into events. It keeps no state of its own but the spool: its
 * newest batch says how far every file was read. */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/spool_depth.h"
#include "prog/collect/collect.h"
#include "svc/daemon.h"
#include "util/file.h"
#include "util/log.h"

#define POLL_MS	 500
#define SLICE_US 2000000 /* one turn: then the status is written */
#define BYTES_PER_BATCH                                                                            \
	(64u << 20)	 /* read without any event: still worth a batch, for its positions */
#define LIST_SETTLED_S 2 /* a list that was written less than this ago may be half */
#define ORPHANS_MAX    50000u

/* --- batches ------------------------------------------------------------------------------------ */

int collect_flush(struct collect *c, struct err *e)
{
	uint64_t events = c->writer.count, refused = c->writer.refused;
	int r;

	if (!c->moved && events == 0 && refused == 0)
		return 0;
	buf_reset(&c->positions);
	for (unsigned i = 0; i < c->n_sources; i++)
		source_positions(&c->sources[i], &c->positions);
	if (c->orphans.len)
		buf_span(&c->positions, buf_text(&c->orphans));
	if (!buf_ok(&c->positions))
		return err_set(e, -E2BIG,
		    "more files are followed than a batch can tell of; narrow the "
		    "paths of your sources");
	r = spool_put(c->spool, &c->writer, c->good ? BATCH_GOOD : BATCH_EVENTS,
	    clock_now_s(&c->clock), c->positions.len ? buf_text(&c->positions) : SPAN(""), e);
	if (r < 0)
		return r;
	for (unsigned i = 0; i < c->n_sources; i++)
		source_durable(&c->sources[i]);
	c->batches++;
	c->events += events;
	c->refused += refused;
	c->moved = false;
	c->read_bytes = 0;
	c->flushed_us = clock_monotonic_us();
	return 0;
}

static bool flush_is_due(const struct collect *c)
{
	bool something = c->writer.count || c->writer.refused || c->read_bytes >= BYTES_PER_BATCH;
	int64_t age_us = clock_monotonic_us() - c->flushed_us;

	return something &&
	       (c->flushed_us == 0 || age_us >= (int64_t)c->conf->collect_interval_s * 1000000);
}

/* --- opening ------------------------------------------------------------------------------------ */

static void collect_close(struct collect *c)
{
	struct err e;

	if (!c)
		return;
	if (c->spool && collect_flush(c, &e) < 0)
		log_error("%s; what was read since the last batch will be read again", e.text);
	for (unsigned i = 0; i < c->n_sources; i++) {
		source_keep(&c->sources[i]);
		source_done(&c->sources[i]);
	}
	free(c->sources);
	c->known = known_free(c->known);
	free(c->list_dir);
	close_fdp(&c->wake);
	c->spool = spool_free(c->spool);
	c->conf = conf_free(c->conf);
	addrset_done(&c->own);
	settings_file_done(&c->settings);
	batch_writer_done(&c->writer);
	buf_done(&c->orphans);
	buf_done(&c->text);
	buf_done(&c->positions);
	buf_done(&c->line);
	free(c->found);
	free(c);
}

static bool is_read(const struct collect *c, const struct conf_source *s)
{
	return c->good ? s->anchor && source_gives_good(s->type)
		       : conf_is_evidence(s) && strcmp(s->type, CONF_SENSOR) != 0 &&
			     strcmp(s->type, CONF_ANALYSIS) != 0;
}

static int add_known(struct collect *c, const struct conf_source *s, struct err *e)
{
	struct list_form form;
	int r = list_form_parse(span_str(s->format), &form, e);

	if (r < 0)
		return err_wrap(e, r, "source %s", s->name);
	known_add(c->known, s->name, s->path, &form, s->anchor);
	return 0;
}

/* Is there nothing good to be had of it? What could be spoofed would let anybody wash himself clean; a JSON log's map
 * may know of nothing good. */
static bool is_idle(const struct source *s)
{
	return s->to->good && (s->weak || (s->json && !jlog_good(s->json)));
}

static int open_one(struct collect *c, const struct conf_source *conf, struct err *e)
{
	struct source *s = &c->sources[c->n_sources++];
	int r = source_open(s, c, conf, e);

	if (r == 0 && is_idle(s)) {
		source_done(s);
		c->n_sources--;
	}
	return r;
}

/* One's own networks, of the configuration and as set by command. The scanners have c->own by reference. */
static int read_own(struct collect *c, struct err *e)
{
	CLEANUP(addrset_done) struct addrset conf = { .v = NULL };
	struct addrset own;
	struct err why = { "" };
	int r = settings_file_look(&c->settings, c->conf->serve_dir, &why);

	if (r < 0 && !c->good)
		log_warn("%s; settings read before stay in force", why.text);
	if (r != 1 && c->own_known)
		return 0;
	r = addrset_parse(span_str(c->conf->own_networks), &conf, e);
	if (r < 0)
		return r;
	c->own_known = true;
	if (settings_own(&c->settings.now, &conf, &own) < 0)
		abort();
	addrset_done(&c->own);
	c->own = own;
	return 0;
}

/* The configuration and all that follows from it, without touching the spool. */
static struct collect *collect_new(const struct daemon *d, bool good, struct err *e)
{
	struct collect *c = calloc(1, sizeof(*c));
	int r = 0;

	if (!c)
		abort();
	c->good = good;
	c->clock = clock_system();
	c->wake = -1;
	batch_writer_init(&c->writer);
	buf_init(&c->orphans, ORPHANS_MAX);
	buf_init(&c->text, 64u << 20);
	buf_init(&c->positions, BATCH_POSITION_ROOM);
	buf_init(&c->line, 2 * BATCH_LINE_MAX);
	c->conf = conf_open(d->conf_file, d->settings->v, d->settings->n, e);
	settings_init(&c->settings.now);
	if (!c->conf || read_own(c, e) < 0) {
		collect_close(c);
		return NULL;
	}
	c->wake = epoll_create1(EPOLL_CLOEXEC);
	if (c->wake < 0) {
		(void)err_set(e, -errno, "epoll: %s", strerror(errno));
		collect_close(c);
		return NULL;
	}
	c->sources = calloc(c->conf->n_sources + 1, sizeof(*c->sources));
	if (!c->sources || asprintf(&c->list_dir, "%s/lists", c->conf->state_dir) < 0)
		abort();
	c->known = known_new();
	for (unsigned i = 0; i < c->conf->n_sources && r == 0; i++) {
		const struct conf_source *s = &c->conf->sources[i];

		if (strcmp(s->type, CONF_KNOWN_GOOD) == 0 && !good)
			r = add_known(c, s, e);
		else if (is_read(c, s))
			r = open_one(c, s, e);
	}
	if (r < 0) {
		collect_close(c);
		return NULL;
	}
	return c;
}

/* struct gathering - both; good is NULL where it is not wanted, or there is nothing to read */
struct gathering {
	struct collect *events, *good;
	struct daemon *d; /* NULL: a check */
	struct spool_gauge spool;
};

static void gathering_close(void *state)
{
	struct gathering *g = state;

	struct kept *kept = g && g->d ? g->d->kept : NULL;

	if (!g)
		return;
	if (g->d && daemon_reopens(g->d))
		g->events->kept = &kept;
	collect_close(g->events);
	collect_close(g->good);
	if (g->d)
		g->d->kept = kept;
	free(g);
}

/* Where only one can receive, it hands on what came. */
static void hand_on(const struct gathering *g)
{
	for (unsigned i = 0; i < g->events->n_sources; i++)
		for (unsigned k = 0; k < g->good->n_sources; k++) {
			struct source *s = &g->events->sources[i], *to = &g->good->sources[k];

			if (s->kind->handed && strcmp(s->conf->name, to->conf->name) == 0)
				s->also = to;
		}
}

static struct gathering *gathering_new(const struct daemon *d, struct err *e)
{
	struct gathering *g = calloc(1, sizeof(*g));
	struct err why;
	bool wanted;

	if (!g)
		abort();
	g->events = collect_new(d, false, e);
	if (!g->events) {
		gathering_close(g);
		return NULL;
	}
	wanted = g->events->conf->collect_good;
	g->good = wanted ? collect_new(d, true, &why) : NULL;
	if (wanted && !g->good) /* older filters beside newer programs are no reason to stop */
		log_warn("good observations are not collected: %s", why.text);
	if (g->good && g->good->n_sources == 0) {
		collect_close(g->good);
		g->good = NULL;
	}
	if (g->good)
		hand_on(g);
	return g;
}

static int gathering_check(const struct daemon *d, struct err *e)
{
	struct gathering *g = gathering_new(d, e);

	if (!g)
		return -EINVAL;
	gathering_close(g);
	return 0;
}

/* Positions of a source that is not configured any more are carried along: it may come back. */
static int restore(struct collect *c, struct err *e)
{
	CLEANUP(buf_done) struct buf b;
	struct span rest, line;
	int r;

	buf_init(&b, BATCH_TEXT_MAX);
	r = spool_positions(c->spool, &b, e);
	rest = b.len ? buf_text(&b) : SPAN("");
	while (r >= 0 && !span_empty(rest)) {
		(void)span_cut(&rest, '\n', &line);
		r = 0;
		for (unsigned i = 0; i < c->n_sources && r == 0; i++)
			r = source_restore(&c->sources[i], line, e);
		if (r == 0 && c->orphans.len + span_len(line) + 1 <= c->orphans.max) {
			buf_span(&c->orphans, line);
			buf_byte(&c->orphans, '\n');
		}
	}
	return r < 0 ? r : 0;
}

static int open_spool(struct collect *c, struct err *e)
{
	char host[BATCH_HOST_MAX + 1];
	int r = file_mkdirs(c->list_dir, 0750, e);

	conf_host_name(c->conf, host);
	if (r == 0)
		r = spool_open(c->conf->spool_dir, host, c->good ? "good" : "collect",
		    (uint64_t)c->conf->spool_max_mib << 20, &c->spool, e);
	if (r == 0)
		r = restore(c, e);
	for (unsigned i = 0; i < c->n_sources && r == 0; i++)
		r = source_start(&c->sources[i], e);
	if (r < 0)
		c->spool = spool_free(c->spool); /* nothing was read: nothing to flush */
	return r;
}

/* Sockets that were kept over a reload are gone on with, or closed, before others are made in their place. */
static int open_events(struct gathering *g, struct err *e)
{
	struct kept *kept = g->d->kept;
	int r;

	kept_prune(&kept, g->events);
	g->events->kept = &kept;
	r = open_spool(g->events, e);
	g->events->kept = NULL;
	kept_free(kept);
	g->d->kept = NULL;
	return r;
}

static void gathering_forget(struct daemon *d)
{
	kept_free(d->kept);
	d->kept = NULL;
}

static int gathering_open(struct daemon *d, void **state, struct err *e)
{
	struct gathering *g = gathering_new(d, e);
	struct rlimit files;
	int r;

	if (!g)
		return -EINVAL;
	if (g->events->conf->n_sources == 0)
		log_warn("no [source NAME] in the configuration: nothing to collect");
	if (getrlimit(RLIMIT_NOFILE, &files) ==
	    0) { /* a descriptor for each file that is followed */
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files); /* else fewer can be followed */
	}
	g->d = d;
	r = daemon_status_dir(d, g->events->conf->status_dir, e);
	if (r == 0)
		r = open_events(g, e);
	if (r == 0 && g->good)
		r = open_spool(g->good, e);
	if (r < 0) {
		gathering_close(g);
		return r;
	}
	*state = g;
	return 0;
}

/* --- a turn ------------------------------------------------------------------------------------- */

/* Every source in turn, until none has more, the time is over or the spool is full. 1: there is more. */
static int pump_all(struct collect *c, struct daemon *d, struct err *e)
{
	int64_t until_us = clock_monotonic_us() + SLICE_US;
	uint64_t batches = c->batches;
	bool more = true;

	while (more && clock_monotonic_us() < until_us) {
		more = false;
		for (unsigned i = 0; i < c->n_sources; i++) {
			int r = source_pump(&c->sources[i], e);

			if (r < 0)
				return r;
			more = more || r == 1;
		}
		daemon_alive(d);
		if (daemon_stopping(d))
			break;
		if (c->batches != batches && spool_full(c->spool))
			break;
		batches = c->batches;
		if (flush_is_due(c) && c->flushed_us) {
			int r = collect_flush(c, e);

			if (r < 0)
				return r;
		}
	}
	return more;
}

static struct source_counts count_all(const struct collect *c)
{
	struct source_counts n = { 0 };

	for (unsigned i = 0; i < c->n_sources; i++)
		source_count(&c->sources[i], &n);
	return n;
}

/* New files are told of at once in a batch: one that is renamed before anything of it was read is then
 * missed, and sought, also by who comes after us. */
static int note_begun(struct collect *c, struct err *e)
{
	int64_t flushed_us = c->flushed_us;
	struct source_counts n = count_all(c);
	int r;

	if (n.begun == c->begun)
		return 0;
	c->moved = true;
	r = collect_flush(c, e);
	if (r < 0)
		return r;
	c->begun = n.begun;
	c->flushed_us = flushed_us; /* the first events of a run still go out at once */
	return 0;
}

static void tell_spool(struct gathering *g, struct daemon *d)
{
	const struct spool_depth *spool = spool_gauge(&g->spool, g->events->conf->spool_dir);

	daemon_gauge(d, "queue_batches", spool->waiting.batches);
	daemon_gauge(d, "queue_bytes", spool->waiting.bytes);
	daemon_gauge(d, "bad_batches", spool->bad.batches);
	daemon_time(d, "queue_oldest", spool->waiting.oldest_s);
	daemon_time(d, "bad_oldest", spool->bad.oldest_s);
}

static void report(struct gathering *g, struct daemon *d, bool full)
{
	struct collect *c = g->events;
	const char *known = known_trouble(c->known);
	struct source_counts n = count_all(c);

	for (unsigned i = 0; i < c->n_sources; i++) {
		const char *trouble = source_trouble(&c->sources[i]);

		if (trouble)
			log_warn("source=%s %s", c->sources[i].conf->name, trouble);
	}
	if (known)
		log_warn("source=%s", known);
	daemon_count(d, "batches", c->batches);
	daemon_count(d, "known_good", c->known_good);
	daemon_count(d, "good", g->good ? g->good->events : 0);
	daemon_count(d, "events", c->events);
	daemon_count(d, "refused", c->refused);
	daemon_gauge(d, "files", n.files);
	daemon_count(d, "truncated", n.truncated);
	daemon_count(d, "lost", n.lost);
	daemon_count(d, "unfollowed", n.unfollowed);
	daemon_gauge(d, "connections", n.callers);
	daemon_count(d, "uninvited", n.uninvited);
	daemon_count(d, "turned_away", n.turned_away);
	daemon_count(d, "datagrams_lost", n.datagrams_lost);
	daemon_count(d, "plugin_failed", n.plugin_failed);
	daemon_count(d, "mails", n.mails);
	daemon_count(d, "mails_refused", n.mails_refused);
	daemon_count(d, "reports", n.reports);
	daemon_count(d, "reports_refused", n.reports_refused);
	daemon_count(d, "reports_died", n.reports_died);
	daemon_gauge(d, "lists_held", n.held);
	daemon_gauge(d, "spool_full", full);
	tell_spool(g, d);
	daemon_say(d, "%s%ju events of %u sources in %ju batches",
	    full ? "spool is full, reading waits; " : "", (uintmax_t)c->events, c->n_sources,
	    (uintmax_t)c->batches);
}

/* What one of the two has done in a turn. */
struct turned {
	bool full; /* its spool */
	bool more, waits;
};

/* What is new in the file system; not with every message that comes in between. */
static bool poll_due(struct collect *c, const struct daemon *d)
{
	int64_t now_us = clock_monotonic_us();
	bool waits = false;

	if (!d->once && c->polled_us && now_us - c->polled_us < POLL_MS * 1000)
		return false;
	c->polled_us = now_us;
	known_poll(c->known);
	(void)read_own(c, NULL); /* the configuration's part was read before */
	for (unsigned i = 0; i < c->n_sources; i++)
		waits = source_poll(&c->sources[i], d->once ? 0 : LIST_SETTLED_S) || waits;
	return waits;
}

static int collect_turn(struct collect *c, struct daemon *d, struct turned *ret, struct err *e)
{
	int more = 0, r = 0;

	c->full = spool_full(c->spool);
	*ret = (struct turned){ .full = c->full };
	for (unsigned i = 0; i < c->n_sources; i++)
		source_tend(&c->sources[i]);
	if (!ret->full) {
		ret->waits = poll_due(c, d);
		more = note_begun(c, e);
		if (more == 0)
			more = pump_all(c, d, e);
	}
	if (more < 0)
		return more;
	ret->more = more > 0;
	if (flush_is_due(c) || (d->once && !more))
		r = collect_flush(c, e);
	return r;
}

static int gathering_turn(struct daemon *d, void *state, int *wait_ms, struct err *e)
{
	struct gathering *g = state;
	struct turned t, good = { false, false, false };
	int r = collect_turn(g->events, d, &t, e);

	if (r == 0 && g->good)
		r = collect_turn(g->good, d, &good, e);
	if (r < 0)
		return r;
	report(g, d, t.full || good.full);
	daemon_watch(d, t.full ? -1 : g->events->wake); /* while it is full who sends has to wait */
	if (d->once && (t.full || good.full))
		log_warn("the spool is full: start onus-load, then collect the rest");
	*wait_ms = t.more || good.more || (d->once && (t.waits || good.waits)) ? 0 : POLL_MS;
	if (d->once && (t.full || !(t.more || t.waits)) &&
	    (good.full || !(good.more || good.waits)))
		*wait_ms = DAEMON_DONE;
	return 0;
}

int main(int argc, char **argv)
{
	static const struct daemon_def def = {
		.name = "onus-collect",
		.about =
		    "Read what the [source NAME] sections name (logs, JSON logs, lists, event "
		    "files, "
		    "the journal,\nplug-ins, abuse reports, unwanted mail, what others send as "
		    "syslog) and put "
		    "what they "
		    "say of attackers into the spool as events.\nFiles are followed across rename, "
		    "truncation and compression; killed at any instant, it goes on\nexactly where "
		    "it was. What is received over the network cannot be asked for again.",
		.more = "onus-collect --once reads everything there is to its end and exits.",
		.check = gathering_check,
		.open = gathering_open,
		.turn = gathering_turn,
		.close = gathering_close,
		.forget = gathering_forget,
	};

	return daemon_main(&def, argc, argv);
}
