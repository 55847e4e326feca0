/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/web/standing.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "publication/client_json.h"
#include "publication/editions.h"
#include "util/log.h"

#define STEP_MS 100 /* how soon the thread ends when it is told to */

struct standings {
	struct editions *editions;
	pthread_t thread;
	atomic_bool ended;
	uint64_t generation; /* as standings_news saw it */
	bool stale;
};

static void *run(void *arg)
{
	struct standings *s = arg;
	struct timespec step = { 0, STEP_MS * 1000000L };

	for (unsigned i = 0; !atomic_load(&s->ended); i++) {
		struct err e = { "" };
		int r = i % (EDITIONS_EVERY_MS / STEP_MS) == 0 ? editions_look(s->editions, &e) : 0;

		if (r < 0)
			log_error("what is decided over addresses stays as it was: %s", e.text);
		(void)nanosleep(&step, NULL);
	}
	return NULL;
}

int standings_new(const struct conf *conf, struct standings **ret, struct err *e)
{
	struct standings *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return err_set(e, -ENOMEM, "out of memory");
	r = editions_new(
	    conf->serve_dir, conf->publication_key, conf->own_networks, &s->editions, e);
	if (r == 0) {
		int code = pthread_create(&s->thread, NULL, run, s);

		if (code != 0)
			r = err_set(e, -code, "no thread: %s", strerror(code));
	}
	if (r < 0) {
		(void)editions_free(s->editions);
		free(s);
	} else {
		*ret = s;
	}
	return r;
}

struct standings *standings_free(struct standings *s)
{
	if (s) {
		atomic_store(&s->ended, true);
		(void)pthread_join(s->thread, NULL);
		(void)editions_free(s->editions);
		free(s);
	}
	return NULL;
}

int standings_check(const struct conf *conf, struct err *e)
{
	struct editions *f = NULL;
	int r = editions_new(conf->serve_dir, conf->publication_key, conf->own_networks, &f, e);

	(void)editions_free(f);
	return r;
}

bool standings_news(struct standings *s, int64_t now_s)
{
	struct edition *ed = s ? editions_take(s->editions) : NULL;
	uint64_t generation;
	bool stale, news;

	if (!ed)
		return false;
	generation = edition_head(ed)->generation;
	stale = edition_stale(ed, now_s);
	(void)edition_free(ed);
	news = generation != s->generation || stale != s->stale;
	s->generation = generation;
	s->stale = stale;
	return news;
}

bool standing_json(const struct site *site, struct addr a, struct jout *j)
{
	struct edition *ed = site->standings ? editions_take(site->standings->editions) : NULL;
	int64_t now_s = clock_now_s(&site->clock);
	struct client c;

	if (!ed) {
		jout_null(j, "published");
		return true;
	}
	client_look(ed, a, now_s, &c);
	client_json(ed, a, now_s, j);
	(void)edition_free(ed);
	return c.decided;
}

static void say(struct model *m, struct value *list, const struct client *c)
{
	char until[UTC_TEXT_MAX], name[ENTITY_NAME_MAX], url[ENTITY_PATH_MAX];
	struct value *d = model_object(m, list, NULL);

	utc_format(c->until_s, until);
	(void)entity_format(&c->scope, name);
	(void)entity_path(name, url);
	model_str(m, d, "action", action_name(c->action));
	model_str(m, d, "about", name);
	model_str(m, d, "about_url", url);
	model_str(m, d, "until", until);
	model_span(m, d, "reason", c->reason);
}

bool standing_say(const struct site *site, struct model *m, struct value *to, struct addr a)
{
	struct edition *ed = site->standings ? editions_take(site->standings->editions) : NULL;
	struct client c;

	client_look(ed, a, clock_now_s(&site->clock), &c);
	if (c.decided && c.scope.kind != ENTITY_ADDR)
		say(m, model_list(m, to, "over"), &c);
	(void)edition_free(ed);
	return c.decided;
}
