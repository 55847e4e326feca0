/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus-web: pages and API out of the newest publication. It reads serve_dir (and the pictures in graph_dir), writes
 * nothing but wishes (wish.h) and its status file, and never waits for SQL: the publication is a file. */
#include <errno.h>
#include <limits.h>
#include <sys/prctl.h>

#include "prog/web/standing.h"
#include "prog/web/wish.h"
#include "svc/daemon.h"
#include "util/log.h"

#define LOOK_MS 1000 /* between two looks at serve_dir/current */

struct web {
	struct conf *conf;
	struct site *site;
	struct http *http;
	char *shown; /* what `current` pointed to when it was last opened, or refused */
	int64_t look_us;
	bool waiting; /* said once that nothing is published */
};

static struct conf *read_conf(const struct daemon *d, struct err *e)
{
	return conf_open(d->conf_file, d->settings->v, d->settings->n, e);
}

static int web_check(const struct daemon *d, struct err *e)
{
	struct conf *c = read_conf(d, e);
	struct site *s = NULL;
	int r;

	if (!c)
		return -EINVAL;
	r = standings_check(c, e);
	if (r == 0)
		r = site_open(c, &s, e);
	(void)site_free(s);
	(void)conf_free(c);
	return r < 0 ? -EINVAL : 0;
}

static void web_close(void *state)
{
	struct web *w = state;

	if (!w)
		return;
	(void)http_free(w->http);
	if (w->site)
		w->site->standings = standings_free(w->site->standings);
	(void)site_free(w->site);
	(void)conf_free(w->conf);
	free(w->shown);
	free(w);
}

/* ---- following the publication ---- */

static void show(struct web *w, struct view *v)
{
	struct site *s = w->site;

	(void)view_free(s->view);
	s->view = v;
	s->trouble = NULL;
	buf_reset(&s->map);
	map_draw(v, &s->map);
	if (!buf_ok(&s->map))
		buf_reset(&s->map);
	http_forget(w->http);
	log_info("showing generation=%llu from %s", (unsigned long long)v->meta.generation, v->dir);
}

static void refuse(struct web *w, struct view *v, const char *why)
{
	(void)view_free(v);
	w->site->trouble =
	    "The newest publication cannot be read; this page shows the one before it.";
	http_forget(w->http);
	log_error("the newest publication is not shown: %s; %s", why,
	    w->site->view ? "the one before it stays" : "there is none to show instead");
}

static void open_newest(struct web *w, const char *dir)
{
	struct view *v = NULL;
	struct err e = { "" };

	if (view_open(dir, w->conf->registry_file, w->site->view, &v, &e) < 0) {
		refuse(w, NULL, e.text);
		return;
	}
	if (w->site->view && v->meta.generation < w->site->view->meta.generation) {
		refuse(w, v, "its generation is older than the one that is shown");
		return;
	}
	show(w, v);
}

/* `current` is a link to a directory; all files are opened in that directory, so a change between two
 * of them cannot mix publications. */
static void look(struct web *w)
{
	CLEANUP(free_p) char *dir = NULL;
	CLEANUP(buf_done) struct buf path;

	buf_init(&path, PATH_MAX);
	buf_fmt(&path, "%s/current", w->conf->serve_dir);
	dir = buf_ok(&path) ? realpath(path.p, NULL) : NULL;
	if (!dir) {
		if (!w->site->view && !w->waiting)
			log_info("nothing is published in %s yet; waiting", w->conf->serve_dir);
		w->waiting = true;
		return;
	}
	if (w->shown && strcmp(w->shown, dir) == 0)
		return;
	free(w->shown);
	w->shown = take_ptr(&dir);
	open_newest(w, w->shown);
}

/* ---- the daemon ---- */

static int web_open(struct daemon *d, void **state, struct err *e)
{
	struct web *w = calloc(1, sizeof(*w));
	struct err why = { "" };
	int r;

	if (!w)
		return err_set(e, -ENOMEM, "out of memory");
	w->conf = read_conf(d, e);
	r = w->conf ? site_open(w->conf, &w->site, e) : -EINVAL;
	if (r == 0)
		r = http_open(w->conf->web_listen, w->conf->web_public, site_answer, site_news,
		    w->site, &w->http, e);
	if (r == 0)
		r = standings_new(w->conf, &w->site->standings, e);
	if (r < 0) {
		web_close(w);
		return r;
	}
	if (daemon_status_dir(d, w->conf->status_dir, &why) < 0) /* pages need none */
		log_warn("no status is told: %s", why.text);
	/* nothing that is ever started from here gains rights */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		log_warn("no_new_privs: %s", strerror(errno));
	look(w);
	w->look_us = clock_monotonic_us() + LOOK_MS * 1000;
	daemon_watch(d, http_fd(w->http));
	(void)printf("onus-web: ready on %s\n", http_url(w->http));
	(void)fflush(stdout); /* a closed stdout is no reason to end */
	*state = w;
	return 0;
}

static void count(struct daemon *d, const struct web *w)
{
	struct http_stats s = http_stats(w->http);

	daemon_count(d, "requests", s.requests);
	daemon_count(d, "refused", s.refused);
	daemon_count(d, "from_cache", s.kept);
	daemon_count(d, "closed_slow", s.closed_slow);
	if (w->site->trouble || !w->site->view)
		daemon_say(
		    d, "%s", w->site->trouble ? w->site->trouble : "nothing is published yet");
	else
		daemon_say(d, "shows generation %ju", (uintmax_t)w->site->view->meta.generation);
	daemon_gauge(d, "connections", s.connections);
	daemon_gauge(d, "generation", w->site->view ? w->site->view->meta.generation : 0);
}

static int web_turn(struct daemon *d, void *state, int *wait_ms, struct err *e)
{
	struct web *w = state;
	int64_t now_us = clock_monotonic_us();
	int r = http_run(w->http, wait_ms, e);

	if (r < 0)
		return r;
	if (now_us >= w->look_us) {
		look(w);
		count(d, w);
		wishes_keep(w->site);
		w->look_us = now_us + LOOK_MS * 1000;
	}
	*wait_ms = MIN_OF(*wait_ms, LOOK_MS);
	return 0;
}

static const struct daemon_def def = {
	.name = "onus-web",
	.about =
	    "Serve pages and the API out of the newest publication in serve_dir. It listens on\n"
	    "web_listen (loopback by default; put a proxy with TLS in front to make it public)\n"
	    "and says on every page that it is a private view unless web_public = yes.",
	.more = "  onus-web -o web_listen=127.0.0.1:0     any free port, announced on stdout\n"
		"  curl http://127.0.0.1:8025/api/v1/lookup?q=192.0.2.1\n",
	.check = web_check,
	.open = web_open,
	.turn = web_turn,
	.close = web_close,
};

int main(int argc, char **argv)
{
	return daemon_main(&def, argc, argv);
}
