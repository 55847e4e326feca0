/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus-milter: what onus-policy does, for whoever speaks the milter protocol (Sendmail, Postfix).
 *
 * Additional permission under GNU GPL version 3 section 7: if you modify this program, or any covered work, by linking or
 * combining it with libmilter of the Sendmail distribution (or a modified version of that library), containing parts covered
 * by the terms of the Sendmail License, the licensors of this program grant you additional permission to convey the resulting
 * work. It holds for the files of this directory and for those of onus that are linked with them. No code of others under the
 * GNU GPL may get in here: its licensors have granted nothing of the kind. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/un.h>

#include "prog/milter/library.h"
#include "prog/milter/session.h"
#include "svc/daemon.h"
#include "util/clock.h"
#include "util/log.h"

#define EXIT_TROUBLE 2
#define BESIDE	     1024u /* descriptors for clients that are let through, and for files */

/* struct milter - kept over reloads, since libmilter cannot be started twice */
struct milter {
	struct porter *porter;
	struct library *library;
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
	struct follow *f = NULL;
	int r = c ? door_new(c, &door, e) : -EINVAL;

	if (r == 0)
		r = follow_new(c->serve_dir, c->publication_key, c->own_networks, &f, e);
	(void)follow_free(f);
	(void)door_free(door);
	(void)conf_free(c);
	return r < 0 ? -EINVAL : 0;
}

/* libmilter takes clients up to the last descriptor, and then none until one is free. */
static void room_for(uint32_t connections)
{
	struct rlimit room;
	rlim_t want = (rlim_t)connections + BESIDE;

	if (getrlimit(RLIMIT_NOFILE, &room) < 0)
		return;
	room.rlim_cur = room.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &room) < 0 || room.rlim_max < want)
		log_warn("milter_connections = %u wants %ju file descriptors (LimitNOFILE= of the "
			 "unit); without them mail servers wait",
		    connections, (uintmax_t)want);
}

static int begin(struct milter *m, const struct where *where, struct err *e)
{
	struct smfiDesc calls;
	int r;

	if (m->library) {
		if (strcmp(where->text, m->where.text) != 0)
			log_warn("milter_listen is %s until a restart", m->where.text);
		return 0;
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		log_warn("no_new_privs: %s", strerror(errno));
	calls = session_calls(m->porter);
	r = library_start(where, &calls, &m->library, e);
	if (r < 0)
		return r;
	m->where = *where;
	(void)printf("onus-milter: ready on %s\n", where->text);
	(void)fflush(stdout); /* a closed stdout is no reason to end */
	return 0;
}

/* The status and the room for clients are not what mail waits for. */
static void surround(struct daemon *d, const struct conf *c)
{
	struct err why = { "" };

	room_for(c->milter_connections);
	if (daemon_status_dir(d, c->status_dir, &why) < 0)
		log_warn("no status is told: %s", why.text);
}

static int milter_open(struct daemon *d, void **state, struct err *e)
{
	struct milter *m = d->kept ? d->kept : calloc(1, sizeof(*m));
	struct where where;
	struct conf *c = m ? read_conf(d, &where, e) : NULL;
	int r = m ? -EINVAL : err_set(e, -ENOMEM, "out of memory");

	if (c && !m->porter)
		m->porter = porter_new();
	if (c) {
		surround(d, c);
		r = m->porter ? porter_take(m->porter, c, e) : err_set(e, -ENOMEM, "out of memory");
		if (r < 0)
			(void)conf_free(c);
	}
	if (r == 0)
		r = begin(m, &where, e);
	if (r < 0 && m && !d->kept) {
		(void)porter_free(m->porter);
		free(m);
	}
	if (r == 0) {
		daemon_watch(d, library_fd(m->library));
		d->kept = *state = m;
	}
	return r;
}

static void count(struct daemon *d, const struct porter_figures *f)
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
	daemon_gauge(d, "sessions", f->sessions);
	daemon_gauge(d, "greylist_waiting", f->grey.waiting);
	daemon_gauge(d, "greylist_passed", f->grey.passed);
	daemon_gauge(d, "greylist_networks", f->grey.networks);
	daemon_gauge(d, "generation", f->publication.generation);
	daemon_time(d, "published", f->publication.created_s);
	daemon_time(d, "expires", f->publication.expires_s);
}

static void say(struct daemon *d, struct milter *m, const struct follow_state *s)
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

	if (library_ended(m->library)) {
		log_error("libmilter has ended by itself, the system's log says why; only a new "
			  "process can begin again");
		porter_close(m->porter);
		_exit(EXIT_TROUBLE); /* its threads still run: nothing may be torn down */
	}
	porter_look(m->porter);
	porter_figures(m->porter, &f);
	count(d, &f);
	say(d, m, &f.publication);
	*wait_ms = d->once ? DAEMON_DONE : FOLLOW_EVERY_MS;
	return 0;
}

/* The end alone: over a reload everything goes on. */
static void milter_forget(struct daemon *d)
{
	struct milter *m = d->kept;

	if (!m)
		return;
	m->library = library_stop(m->library);
	if (m->where.path) /* root's stays otherwise */
		(void)unlink(((const struct sockaddr_un *)&m->where.at)->sun_path);
	porter_close(m->porter); /* it stays, for sessions that still ask */
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
