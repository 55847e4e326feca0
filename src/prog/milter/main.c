/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus-milter: what onus-policy does, for whoever speaks the milter protocol (Sendmail, Postfix). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/un.h>

#include "prog/milter/server.h"
#include "svc/daemon.h"
#include "util/clock.h"
#include "util/log.h"

/* struct milter - kept over reloads, as sessions are */
struct milter {
	struct porter *porter;
	struct streams *server;
	struct where where;
	bool stale; /* said once */
};

static struct conf *read_conf(const struct daemon *d, struct where *where, struct err *e)
{
	struct conf *c = conf_open(d->conf_file, d->settings->v, d->settings->n, e);

	if (c && where_parse(c->milter_listen, where, e) < 0)
		return conf_free(c);
	return c;
}

static int milter_check(const struct daemon *d, struct err *e)
{
	struct where where;
	struct conf *c = read_conf(d, &where, e);
	struct door *door = NULL;
	struct editions *f = NULL;
	int r = c ? door_new(c, &door, e) : -EINVAL;

	if (r == 0)
		r = editions_new(c->serve_dir, c->publication_key, c->own_networks, &f, e);
	(void)editions_free(f);
	(void)door_free(door);
	(void)conf_free(c);
	return r < 0 ? -EINVAL : 0;
}

static int begin(struct milter *m, const struct where *where, uint32_t connections, struct err *e)
{
	int r;

	if (m->server) {
		(void)server_room(m->server, connections);
		if (strcmp(where->text, m->where.text) != 0)
			log_warn("milter_listen is %s until a restart", m->where.text);
		return 0;
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		log_warn("no_new_privs: %s", strerror(errno));
	r = server_new(where, connections, m->porter, &m->server, e);
	if (r < 0)
		return r;
	m->where = *where;
	(void)printf("onus-milter: ready on %s\n", where->text);
	(void)fflush(stdout); /* a closed stdout is no reason to end */
	return 0;
}

/* The status is not what mail waits for. */
static void tell_where(struct daemon *d, const struct conf *c)
{
	struct err why = { "" };

	if (daemon_status_dir(d, c->status_dir, &why) < 0)
		log_warn("no status is told: %s", why.text);
}

static int milter_open(struct daemon *d, void **state, struct err *e)
{
	struct milter *m = d->kept ? d->kept : calloc(1, sizeof(*m));
	struct where where;
	struct conf *c = m ? read_conf(d, &where, e) : NULL;
	uint32_t connections = c ? c->milter_connections : 0;
	int r = m ? -EINVAL : err_set(e, -ENOMEM, "out of memory");

	if (c && !m->porter)
		m->porter = porter_new();
	if (c) {
		tell_where(d, c);
		r = m->porter ? porter_take(m->porter, c, e) : err_set(e, -ENOMEM, "out of memory");
		if (r < 0)
			(void)conf_free(c);
	}
	if (r == 0)
		r = begin(m, &where, connections, e);
	if (r < 0 && m && !d->kept) {
		(void)porter_free(m->porter);
		free(m);
	}
	if (r == 0)
		d->kept = *state = m;
	return r;
}

static void count(struct daemon *d, const struct porter_figures *f, const struct streams_figures *n)
{
	daemon_count(d, "connections", f->connections);
	daemon_count(d, "shed", f->shed);
	daemon_count(d, "passed", f->answers.verdict[DOOR_PASS]);
	daemon_count(d, "tagged", f->answers.verdict[DOOR_TAG]);
	daemon_count(d, "greylisted", f->answers.verdict[DOOR_GREYLIST]);
	daemon_count(d, "refused", f->answers.verdict[DOOR_REFUSE]);
	daemon_count(d, "exempt", f->answers.exempt);
	daemon_count(d, "greylist_back", f->answers.back);
	daemon_count(d, "greylist_full", f->answers.full);
	daemon_count(d, "forged_headers", f->forged);
	daemon_count(d, "faults", f->faults);
	daemon_count(d, "malformed", n->malformed);
	daemon_count(d, "closed_idle", n->closed_idle);
	daemon_count(d, "closed_full", n->closed_full);
	daemon_gauge(d, "sessions", f->sessions);
	daemon_gauge(d, "greylist_waiting", f->grey.waiting);
	daemon_gauge(d, "greylist_passed", f->grey.passed);
	daemon_gauge(d, "greylist_networks", f->grey.networks);
	daemon_gauge(d, "generation", f->publication.generation);
	daemon_time(d, "published", f->publication.created_s);
	daemon_time(d, "expires", f->publication.expires_s);
}

static void say(struct daemon *d, struct milter *m, const struct editions_state *s)
{
	struct clock clock = clock_system();
	bool stale = s->generation && clock_now_s(&clock) >= s->expires_s;

	if (stale && !m->stale)
		log_error("generation=%llu has ended: nobody is listed",
		    (unsigned long long)s->generation);
	m->stale = stale;
	if (stale)
		daemon_say(d, "generation %ju has ended: nobody is listed%s%s",
		    (uintmax_t)s->generation, *s->trouble ? "; " : "", s->trouble);
	else if (!s->generation)
		daemon_say(
		    d, "no publication: nobody is listed%s%s", *s->trouble ? "; " : "", s->trouble);
	else
		daemon_say(d, "answers by generation %ju%s%s", (uintmax_t)s->generation,
		    *s->trouble ? ", the newest cannot be read: " : "", s->trouble);
}

static int milter_turn(struct daemon *d, void *state, int *wait_ms, struct err *e)
{
	struct milter *m = state;
	struct porter_figures f;
	struct streams_figures n;

	porter_look(m->porter);
	porter_figures(m->porter, &f);
	streams_figures(m->server, &n);
	count(d, &f, &n);
	say(d, m, &f.publication);
	*wait_ms = d->once ? DAEMON_DONE : EDITIONS_EVERY_MS;
	return 0;
}

/* The end alone: over a reload everything goes on. */
static void milter_forget(struct daemon *d)
{
	struct milter *m = d->kept;

	if (!m)
		return;
	m->server = streams_free(m->server);
	if (m->where.at.how == LISTEN_UNIX_STREAM)
		(void)unlink(((const struct sockaddr_un *)&m->where.at.at)->sun_path);
	porter_close(m->porter);
	(void)porter_free(m->porter);
	free(m);
	d->kept = NULL;
}

static const struct daemon_def def = {
	.name = "onus-milter",
	.about =
	    "Answer the milter protocol of Sendmail and Postfix out of the newest publication in\n"
	    "serve_dir: refuse, greylist or tag mail by its client's address, before it is taken.\n"
	    "It decides as onus-policy does, by the same rules of the configuration. Whatever "
	    "goes\n"
	    "wrong on its side, the mail passes.",
	.more = "  onus-milter -o milter_listen=inet:10032@127.0.0.1\n"
		"  onus-milter -o milter_listen=unix:/run/onus/milter\n"
		"  doc/milter.md: what to write into main.cf and sendmail.mc\n",
	.check = milter_check,
	.open = milter_open,
	.turn = milter_turn,
	.forget = milter_forget,
};

int main(int argc, char **argv)
{
	return daemon_main(&def, argc, argv);
}
