/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reputation.sqlite, what pages and the API show. Where it is large, it takes several times as long as all else of a
 * publication, and is made apart: by a process of its own (onus-publish --pages) into serve_dir/pages, of which the next
 * publications take it, as they take the one before it until then. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "holders/stale.h"
#include "prog/publish/publish.h"
#include "publication/place.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/log.h"

#define MADE "pages"	 /* in serve_dir */
#define NEW  MADE ".new" /* while it is being made, by who has the lock */
#define LOCK "." MADE ".lock"

static int join(char ret[PATH_MAX], const char *dir, const char *name, struct err *e)
{
	if ((size_t)snprintf(ret, PATH_MAX, "%s/%s", dir, name) >= PATH_MAX)
		return err_set(e, -ENAMETOOLONG, "%s/%s: name too long", dir, name);
	return 0;
}

/* Those of the current publication. 0; -ENOENT */
static int current_pages(const struct conf *c, char ret[PATH_MAX])
{
	char current[PLACE_PATH_MAX];

	if (place_current(c->serve_dir, current, NULL, NULL) < 0 ||
	    join(ret, current, PAGES_NAME, NULL) < 0 || access(ret, R_OK) < 0)
		return -ENOENT;
	return 0;
}

int pages_begin(struct publishing *p, const char *path, struct err *e)
{
	char older[PATH_MAX];
	struct err why = { "" };
	int r = -ENOENT;

	if (current_pages(p->conf, older) == 0) {
		r = site_db_new(path, older, &p->site, &why);
		if (r == -EBADMSG)
			log_warn("%s; histories begin anew", why.text);
		else if (r < 0)
			*e = why;
	}
	return r == -ENOENT || r == -EBADMSG ? site_db_new(path, NULL, &p->site, e) : r;
}

static int put_meta(struct publishing *p, struct err *e)
{
	const struct publication_head *h = &p->head;
	int32_t today = day_of(h->as_of_s);
	const struct {
		const char *key;
		int64_t value;
	} numbers[] = {
		{ "generation", (int64_t)h->generation },
		{ "created", h->created_s },
		{ "as_of", h->as_of_s },
		{ "simulated", h->simulated },
		{ "groups", p->groups },
		{ "sources", p->sources },
		{ "registry_date", h->registry_date_s },
		{ "registry_stale", registry_stale(p->registry->r, p->now_s,
					p->conf->registry_max_age_days, NULL) },
		{ "first_day", p->totals.first_day },
		{ "days", today - p->totals.first_day + 1 },
		{ "provisional", h->provisional },
		{ "events", (int64_t)p->events },
		{ "hosts", (int64_t)p->hosts },
	};
	const struct {
		const char *key;
		struct span value;
	} texts[] = {
		{ "formula", h->formula },
		{ "site_name", h->site },
		{ "attribution", h->attribution },
	};
	int r = 0;

	for (unsigned i = 0; i < NELEM(numbers) && r == 0; i++)
		r = site_db_meta_i64(p->site, numbers[i].key, numbers[i].value, e);
	for (unsigned i = 0; i < NELEM(texts) && r == 0; i++)
		r = site_db_meta(p->site, texts[i].key, texts[i].value, e);
	return r;
}

static int put_history(struct publishing *p, struct err *e)
{
	int32_t today = day_of(p->run.at_s);

	return site_db_history_older(
	    p->site, today - ((int32_t)p->conf->retention_days - 1), today, e);
}

struct tenure_to {
	struct site_db *site;
	struct err *e;
};

static int take_tenure(void *ctx, const struct hub_tenure *t)
{
	const struct tenure_to *to = ctx;

	return site_db_tenure(
	    to->site, &(struct site_tenure){ t->range, t->holder, t->from_day, t->to_day }, to->e);
}

static int put_tenure(struct publishing *p, struct err *e)
{
	return hub_each_tenure(p->hub, take_tenure, &(struct tenure_to){ p->site, e }, e);
}

int pages_end(struct publishing *p, struct err *e)
{
	int r = factors_write(p, e);

	if (r == 0)
		r = put_meta(p, e);
	if (r == 0)
		r = put_history(p, e);
	if (r == 0)
		r = put_tenure(p, e);
	return r < 0 ? r : site_db_finish(p->site, e);
}

/* --- made apart --------------------------------------------------------------------------------- */

bool pages_large(const struct conf *c)
{
	char path[PATH_MAX];
	struct stat st;

	return current_pages(c, path) == 0 && stat(path, &st) == 0 &&
	       (uint64_t)st.st_size >= (uint64_t)c->pages_apart_mib << 20 &&
	       site_db_generation(path) >= 0;
}

int pages_take(struct publishing *p, const char *path, struct err *e)
{
	char made[PATH_MAX], current[PATH_MAX];
	int r = join(made, p->conf->serve_dir, MADE, e);

	if (r < 0)
		return r;
	if (current_pages(p->conf, current) < 0)
		return err_set(e, -ENOENT, "%s: no publication has any", PAGES_NAME);
	if (site_db_generation(made) > site_db_generation(current) && link(made, path) == 0)
		return 0;
	if (link(current, path) < 0)
		return err_set(e, -errno, "%s: cannot be a second name of %s: %m", path, current);
	return 0;
}

static int write_new(struct publishing *p, const char *path, struct err *e)
{
	uint64_t generation = 0;
	char current[PLACE_PATH_MAX];
	int r;

	if (unlink(path) < 0 && errno != ENOENT)
		return err_set(e, -errno, "%s: cannot remove: %m", path);
	if (place_current(p->conf->serve_dir, current, &generation, NULL) < 0)
		generation = 0;
	p->head.generation = generation + 1; /* the first that it can be in */
	r = pages_begin(p, path, e);
	if (r == 0)
		r = entities_write(p, e);
	if (r == 0)
		r = evidence_write(p, e);
	return r < 0 ? r : pages_end(p, e);
}

int pages_make(struct publishing *p, struct err *e)
{
	CLEANUP(close_fdp) int lock = -1;
	char path[PATH_MAX], made[PATH_MAX], lock_path[PATH_MAX];
	int r;

	if ((r = join(path, p->conf->serve_dir, NEW, e)) < 0 ||
	    (r = join(made, p->conf->serve_dir, MADE, e)) < 0 ||
	    (r = join(lock_path, p->conf->serve_dir, LOCK, e)) < 0 ||
	    (r = file_mkdirs(p->conf->serve_dir, 0755, e)) < 0)
		return r;
	lock = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (lock < 0 || flock(lock, LOCK_EX | LOCK_NB) < 0)
		return err_set(
		    e, errno == EWOULDBLOCK ? -EBUSY : -errno, "cannot lock %s: %m", lock_path);
	r = write_new(p, path, e);
	if (r == 0 && rename(path, made) < 0)
		r = err_set(e, -errno, "%s: cannot be named: %m", made);
	return r;
}
