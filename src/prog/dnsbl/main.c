/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus-dnsbl: a DNS list out of the newest publication. It reads serve_dir, writes its status file alone, and never waits:
 * a publication that is not there, or cannot be believed, lists nobody. */
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "prog/dnsbl/kept.h"
#include "prog/dnsbl/worker.h"
#include "svc/daemon.h"
#include "util/clock.h"
#include "util/log.h"

#define BESIDE 64u /* descriptors for files, publications and what the daemon waits for */
#define AT_LEAST                                                                                   \
	32u /* connections, however few descriptors there are: they are closed for one another */

struct dnsbl {
	struct daemon *d;
	struct conf *conf;
	struct zone zone;
	struct addrset allow;
	struct throttle *throttle;
	struct editions *editions; /* kept's */
	struct workers *workers;
	struct service service;
	char said[ERR_MAX];
};

static struct conf *read_conf(const struct daemon *d, struct err *e)
{
	return conf_open(d->conf_file, d->settings->v, d->settings->n, e);
}

static void release(struct dnsbl *b)
{
	b->workers = workers_stop(b->workers);
	b->throttle = throttle_free(b->throttle);
	addrset_done(&b->allow);
	zone_done(&b->zone);
	(void)conf_free(b->conf);
	free(b);
}

/* All that needs no socket and no publication. */
static int prepare(const struct daemon *d, struct dnsbl **ret, struct err *e)
{
	struct dnsbl *b = calloc(1, sizeof(*b));
	int r;

	if (!b)
		return err_set(e, -ENOMEM, "out of memory");
	b->conf = read_conf(d, e);
	r = b->conf ? zone_open(b->conf, &b->zone, e) : -EINVAL;
	if (r == 0) {
		r = addrset_parse(span_str(b->conf->dnsbl_allow), &b->allow, e);
		if (r < 0)
			(void)err_wrap(e, r, "dnsbl_allow");
	}
	if (r == 0)
		r = throttle_new(b->conf, &b->throttle, e);
	if (r == 0)
		r = sockets_check(b->conf->dnsbl_listen, e);
	if (r < 0) {
		release(b);
		return r;
	}
	*ret = b;
	return 0;
}

static unsigned threads_of(const struct conf *c)
{
	long n = c->dnsbl_threads ? (long)c->dnsbl_threads : sysconf(_SC_NPROCESSORS_ONLN);

	return (unsigned)MIN_OF(MAX_OF(n, 1), (long)SOCKETS_THREADS_MAX);
}

static int check(const struct daemon *d, struct err *e)
{
	struct dnsbl *b;
	int r = prepare(d, &b, e);

	if (r < 0)
		return r;
	r = kept_check(d->kept, b->conf, threads_of(b->conf), e);
	release(b);
	return r;
}

/* --- what outlives a reload ----------------------------------------------------------------------------- */

static void announce(const struct sockets *s)
{
	char place[SOCKETS_PLACE_MAX];

	for (unsigned i = 0; i < s->n; i++) {
		sockets_place(&s->at[i], place);
		(void)printf("onus-dnsbl: ready on %s\n", place);
	}
	(void)fflush(stdout); /* a closed stdout is no reason to end */
}

static void forget(struct daemon *d)
{
	d->kept = kept_free(d->kept);
}

/* --- following the publication -------------------------------------------------------------------------- */

/* What is in force, or why nothing is: in the status, and in the log when it is something else than before. */
static void tell(struct dnsbl *b, const struct editions_state *s, int64_t now_s)
{
	char text[ERR_MAX], at[UTC_TEXT_MAX];
	bool stale = s->generation && now_s >= s->expires_s;

	utc_format(s->expires_s, at);
	if (stale)
		(void)snprintf(text, sizeof(text),
		    "nothing is listed: the publication of generation %ju ended at %s%s%.700s",
		    (uintmax_t)s->generation, at, *s->trouble ? "; " : "", s->trouble);
	else if (!s->generation)
		(void)snprintf(text, sizeof(text), "nothing is listed: %.700s",
		    *s->trouble ? s->trouble : "nothing is published in serve_dir yet");
	else
		(void)snprintf(text, sizeof(text), "answers by generation %ju%s%.700s",
		    (uintmax_t)s->generation,
		    *s->trouble ? "; the newest publication is not used: " : "", s->trouble);
	daemon_say(b->d, "%s", text);
	if (strcmp(text, b->said) == 0)
		return;
	memcpy(b->said, text, sizeof(text));
	log_at(
	    stale || !s->generation || *s->trouble ? LOG_LEVEL_WARN : LOG_LEVEL_INFO, "%s", text);
}

static void look(struct dnsbl *b)
{
	struct clock clock = clock_system();
	struct editions_state s;
	struct err e = { "" };

	if (editions_look(b->editions, &e) < 0) /* its state has it, too */
		log_debug("%s", e.text);
	editions_state(b->editions, &s);
	tell(b, &s, clock_now_s(&clock));
	daemon_gauge(b->d, "generation", s.generation);
	daemon_time(b->d, "created", s.created_s);
	daemon_time(b->d, "expires", s.expires_s);
	daemon_count(b->d, "publications", s.opened);
	daemon_count(b->d, "publications_refused", s.refused);
}

static int turn(struct daemon *d, void *state, int *wait_ms, struct err *e)
{
	struct dnsbl *b = state;

	look(b);
	for (unsigned i = 0; i < COUNT_N; i++)
		daemon_count(d, count_name[i], workers_count(b->workers, (enum count)i));
	daemon_gauge(d, "connections", workers_connections(b->workers));
	*wait_ms = d->once ? DAEMON_DONE : EDITIONS_EVERY_MS;
	return 0;
}

/* --- the daemon ----------------------------------------------------------------------------------------- */

/* Over TCP, of all threads: as many as are wanted, or as there may be descriptors for. */
static unsigned connections_of(const struct conf *c, const struct sockets *s)
{
	rlim_t beside = s->threads * (2 * s->n + 1) + BESIDE, want = beside + c->dnsbl_connections;
	struct rlimit l, more;
	unsigned n;

	if (getrlimit(RLIMIT_NOFILE, &l) < 0 || l.rlim_cur >= want)
		return c->dnsbl_connections;
	more = (struct rlimit){ MIN_OF(want, l.rlim_max), l.rlim_max };
	if (setrlimit(RLIMIT_NOFILE, &more) == 0)
		l = more;
	if (l.rlim_cur >= want)
		return c->dnsbl_connections;
	n = (unsigned)MAX_OF(l.rlim_cur, beside + AT_LEAST) - (unsigned)beside;
	n = MIN_OF(n, c->dnsbl_connections);
	log_warn("dnsbl_connections = %u wants %ju open files, and %ju are allowed "
		 "(LimitNOFILE=): there will be %u at most",
	    c->dnsbl_connections, (uintmax_t)want, (uintmax_t)l.rlim_cur, n);
	return n;
}

static int start(struct dnsbl *b, struct err *e)
{
	struct sockets *s = NULL;
	unsigned connections;
	int r = kept_editions(b->d->kept, b->conf, &b->editions, e);

	if (r == 0)
		r = kept_sockets(b->d->kept, b->conf, threads_of(b->conf), &s, e);
	if (r < 0)
		return r;
	connections = connections_of(b->conf, s);
	b->service = (struct service){ .zone = &b->zone,
		.allow = &b->allow,
		.throttle = b->throttle,
		.editions = b->editions,
		.connections = MAX_OF(connections / s->threads, 1u) };
	r = workers_start(&b->service, s, &b->workers, e);
	if (r == 0)
		announce(s);
	return r;
}

static int dnsbl_open(struct daemon *d, void **state, struct err *e)
{
	struct dnsbl *b = NULL;
	struct err why = { "" };
	int r;

	if (!d->kept)
		d->kept = kept_new();
	r = d->kept ? prepare(d, &b, e) : err_set(e, -ENOMEM, "out of memory");
	if (r < 0)
		return r;
	b->d = d;
	if (daemon_status_dir(d, b->conf->status_dir, &why) < 0) /* answers need none */
		log_warn("no status is told: %s", why.text);
	/* nothing that is ever started from here gains rights */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		log_warn("no_new_privs: %s", strerror(errno));
	r = start(b, e);
	if (r < 0) {
		release(b);
		return r;
	}
	*state = b;
	return 0;
}

static void dnsbl_close(void *state)
{
	release(state);
}

static const struct daemon_def def = {
	.name = "onus-dnsbl",
	.about = "Answer DNS queries out of the newest publication in serve_dir, as DNS lists do\n"
		 "(RFC 5782): the zone dnsbl_zone lists addresses, and below it are the zones of\n"
		 "scores, ASes and organisations. UDP and TCP, IPv4 and IPv6, on dnsbl_listen. A\n"
		 "publication that is not there, has ended or is not what was signed lists nobody.",
	.more = "  onus-dnsbl -o dnsbl_zone=bl.example.org -o dnsbl_listen=127.0.0.1:5300\n"
		"  dig -p 5300 @127.0.0.1 2.0.0.127.bl.example.org txt   # the test entry\n",
	.check = check,
	.open = dnsbl_open,
	.turn = turn,
	.close = dnsbl_close,
	.forget = forget,
};

int main(int argc, char **argv)
{
	return daemon_main(&def, argc, argv);
}
