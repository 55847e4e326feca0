/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus-policy: Postfix asks, before it takes a mail, and the newest publication answers. Requests have a thread of their
 * own (server.h); here the publication is followed and the greylist saved, and neither stops an answer. */
#include <errno.h>
#include <sys/prctl.h>

#include "prog/policy/server.h"
#include "svc/daemon.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/log.h"

#define SAVE_US	 60000000 /* between two snapshots of the greylist */
#define GREYLIST "onus-policy.greylist"

struct policy {
	struct conf *conf;
	struct door *door;
	/* The daemon keeps them: a reload forgets neither who is believed nor what is in force. */
	struct editions *editions;
	struct server *server;
	char *greylist; /* path; NULL: before it was read */
	uint64_t saved; /* its changes then */
	int64_t save_us;
	bool save_failed, none, ended; /* said */
};

static struct conf *read_conf(const struct daemon *d, struct err *e)
{
	return conf_open(d->conf_file, d->settings->v, d->settings->n, e);
}

static int policy_check(const struct daemon *d, struct err *e)
{
	struct conf *c = read_conf(d, e);
	struct door *door = NULL;
	struct editions *f = NULL;
	int r = c ? server_check(c->policy_listen, e) : -EINVAL;

	if (r == 0)
		r = door_new(c, &door, e);
	if (r == 0)
		r = editions_new(c->serve_dir, c->publication_key, c->own_networks, &f, e);
	(void)editions_free(f);
	(void)door_free(door);
	(void)conf_free(c);
	return r < 0 ? -EINVAL : 0;
}

/* --- the greylist --------------------------------------------------------------------------------------- */

static uint64_t changes(const struct policy *p)
{
	struct grey_figures f;

	grey_figures(door_grey(p->door), &f);
	return f.changes;
}

/* That it cannot be saved costs a wait after the next start, and nothing now. */
static void save(struct policy *p)
{
	uint64_t now = changes(p);
	struct err e;

	if (now == p->saved)
		return;
	if (grey_save(door_grey(p->door), p->greylist, &e) == 0) {
		p->saved = now;
		p->save_failed = false;
		return;
	}
	if (!p->save_failed)
		log_error(
		    "the greylist is not saved: %s; who waits waits anew after a restart", e.text);
	p->save_failed = true;
}

static int load(struct policy *p, struct err *e)
{
	struct clock clock = clock_system();
	struct err why;
	int r;

	if (asprintf(&p->greylist, "%s/" GREYLIST, p->conf->state_dir) < 0) {
		p->greylist = NULL;
		return err_set(e, -ENOMEM, "out of memory");
	}
	r = file_mkdirs(p->conf->state_dir, 0755, &why);
	if (r == 0)
		r = grey_load(door_grey(p->door), p->greylist, clock_now_s(&clock), &why);
	if (r < 0)
		log_error("the greylist begins anew: %s", why.text);
	p->saved = changes(p);
	p->save_us = clock_monotonic_us() + SAVE_US;
	return 0;
}

/* --- the daemon ----------------------------------------------------------------------------------------- */

static void policy_close(void *state)
{
	struct policy *p = state;

	if (!p)
		return;
	(void)server_free(p->server);
	if (p->greylist)
		save(p);
	(void)door_free(p->door);
	(void)conf_free(p->conf);
	free(p->greylist);
	free(p);
}

/* say_if - once while it is so */
static void say_if(bool is, bool *said, const char *what, const struct editions_state *s)
{
	if (is && !*said)
		log_warn("%s generation=%ju: nobody is listed", what, (uintmax_t)s->generation);
	*said = is;
}

static void look(struct policy *p)
{
	struct clock clock = clock_system();
	struct editions_state s;
	struct err e;
	int r = editions_look(p->editions, &e);

	editions_state(p->editions, &s);
	if (r > 0)
		log_info("answering by generation=%ju", (uintmax_t)s.generation);
	else if (r < 0)
		log_error("the newest publication is not used: %s; %s", e.text,
		    s.generation ? "the one before it stays until it ends"
				 : "there is none, and nobody is listed");
	say_if(s.generation && clock_now_s(&clock) >= s.expires_s, &p->ended,
	    "the newest publication has ended,", &s);
	say_if(!s.generation && r == 0, &p->none, "there is no publication yet,", &s);
}

static int take_editions(struct policy *p, struct daemon *d, struct err *e)
{
	const struct conf *c = p->conf;
	struct editions *next = NULL;
	int r;

	if (editions_is(d->kept, c->serve_dir, c->publication_key, c->own_networks)) {
		editions_again(d->kept);
	} else {
		r = editions_after(
		    d->kept, c->serve_dir, c->publication_key, c->own_networks, &next, e);
		if (r < 0)
			return r;
		(void)editions_free(d->kept);
		d->kept = next;
	}
	p->editions = d->kept;
	return 0;
}

static int open_all(struct policy *p, struct daemon *d, struct err *e)
{
	struct server_conf s;
	int r = door_new(p->conf, &p->door, e);

	if (r == 0)
		r = take_editions(p, d, e);
	if (r == 0)
		r = load(p, e);
	if (r < 0)
		return r;
	look(p);
	s = (struct server_conf){ .listen = p->conf->policy_listen,
		.connections = p->conf->policy_connections,
		.idle_s = p->conf->policy_idle_s,
		.wait_ms = p->conf->policy_wait_ms,
		.door = p->door,
		.editions = p->editions };
	return server_new(&s, &p->server, e);
}

static int policy_open(struct daemon *d, void **state, struct err *e)
{
	struct policy *p = calloc(1, sizeof(*p));
	CLEANUP(buf_done) struct buf places = { 0 };
	struct err why;
	int r;

	if (!p)
		return err_set(e, -ENOMEM, "out of memory");
	p->conf = read_conf(d, e);
	r = p->conf ? open_all(p, d, e) : -EINVAL;
	if (r < 0) {
		policy_close(p);
		return r;
	}
	if (daemon_status_dir(d, p->conf->status_dir, &why) < 0) /* answers need none */
		log_warn("no status is told: %s", why.text);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		log_warn("no_new_privs: %s", strerror(errno));
	buf_init(&places, 4096);
	server_places(p->server, &places);
	(void)printf("onus-policy: ready on %s\n", buf_ok(&places) ? places.p : "");
	(void)fflush(stdout); /* a closed stdout is no reason to end */
	*state = p;
	return 0;
}

static void tell_publication(struct daemon *d, const struct policy *p)
{
	struct clock clock = clock_system();
	struct editions_state s;

	editions_state(p->editions, &s);
	daemon_gauge(d, "generation", s.generation);
	daemon_time(d, "published", s.created_s);
	daemon_time(d, "expires", s.expires_s);
	if (s.generation && clock_now_s(&clock) >= s.expires_s)
		daemon_say(d, "generation %ju has ended: nobody is listed%s%s",
		    (uintmax_t)s.generation, *s.trouble ? "; " : "", s.trouble);
	else if (!s.generation)
		daemon_say(
		    d, "no publication: nobody is listed%s%s", *s.trouble ? "; " : "", s.trouble);
	else
		daemon_say(d, "answers by generation %ju%s%s", (uintmax_t)s.generation,
		    *s.trouble ? ", the newest cannot be read: " : "", s.trouble);
}

static void tell(struct daemon *d, struct policy *p)
{
	struct server_figures f;
	struct grey_figures g;
	const struct door_counts *n = &f.n.door;

	server_figures(p->server, &f);
	grey_figures(door_grey(p->door), &g);
	daemon_count(d, "requests", f.n.requests);
	daemon_count(d, "dunno", n->verdict[DOOR_PASS]);
	daemon_count(d, "prepended", n->verdict[DOOR_TAG]);
	daemon_count(d, "greylisted", n->verdict[DOOR_GREYLIST]);
	daemon_count(d, "greylist_back", n->back);
	daemon_count(d, "greylist_full", n->full);
	daemon_count(d, "refused", n->verdict[DOOR_REFUSE]);
	daemon_count(d, "exempt", n->exempt);
	daemon_count(d, "shed", f.n.shed);
	daemon_count(d, "malformed", f.streams.malformed);
	daemon_count(d, "accepted", f.streams.accepted);
	daemon_count(d, "closed_idle", f.streams.closed_idle);
	daemon_count(d, "closed_full", f.streams.closed_full);
	daemon_gauge(d, "connections", f.streams.connections);
	daemon_gauge(d, "greylist_waiting", g.waiting);
	daemon_gauge(d, "greylist_passed", g.passed);
	daemon_gauge(d, "greylist_networks", g.networks);
	tell_publication(d, p);
}

static void policy_forget(struct daemon *d)
{
	d->kept = editions_free(d->kept);
}

static int policy_turn(struct daemon *d, void *state, int *wait_ms, struct err *e)
{
	struct policy *p = state;
	int64_t now_us;

	look(p);
	now_us = clock_monotonic_us();
	if (now_us >= p->save_us) {
		save(p);
		p->save_us = clock_monotonic_us() + SAVE_US;
	}
	tell(d, p);
	*wait_ms = d->once ? DAEMON_DONE : EDITIONS_EVERY_MS;
	return 0;
}

static const struct daemon_def def = {
	.name = "onus-policy",
	.about =
	    "Answer Postfix, before it takes a mail, by the newest publication in serve_dir: let "
	    "it\n"
	    "pass (DUNNO), give it a header (PREPEND), greylist it (DEFER_IF_PERMIT) or refuse it\n"
	    "(REJECT, with reason and page). In main.cf, behind reject_unauth_destination:\n\n"
	    "  check_policy_service { inet:127.0.0.1:10031, timeout=10s, default_action=DUNNO }\n\n"
	    "Where it has no publication, or too much to do, mail passes. Rules of one's own are\n"
	    "[rule NAME] sections of the configuration.",
	.more = "  onus-policy -o policy_listen=tcp:127.0.0.1:0     any free port, announced on "
		"stdout\n"
		"  onus-policy -t                                  check the configuration and its "
		"rules\n",
	.check = policy_check,
	.open = policy_open,
	.turn = policy_turn,
	.close = policy_close,
	.forget = policy_forget,
};

int main(int argc, char **argv)
{
	return daemon_main(&def, argc, argv);
}
