/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "prog/publish/publish.h"
#include "publication/carved.h"
#include "publication/manifest.h"
#include "publication/place.h"
#include "publication/reach.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/log.h"

#define LIFE_S	      (7 * DAY_S) /* a score is a forecast of the next seven days */
#define PROVISIONAL   14	  /* days, as in scoring.md A0 */
#define REGISTRY_NAME "registry"
#define REPUTATION    "reputation"

static int join(char ret[PATH_MAX], const char *dir, const char *name, struct err *e)
{
	if ((size_t)snprintf(ret, PATH_MAX, "%s/%s", dir, name) >= PATH_MAX)
		return err_set(e, -ENAMETOOLONG, "%s/%s: name too long", dir, name);
	return 0;
}

/* --- the registry ------------------------------------------------------------------------------- */

/* A second name for the registry of the publication before, where it has the same. Never one for the file
 * that the registry was read from: whoever writes into that one must not write into a publication. */
static bool link_older(const struct publishing *p, const char *path)
{
	char current[PLACE_PATH_MAX], older[PATH_MAX], text[PATH_MAX];
	CLEANUP(buf_done) struct buf b;
	CLEANUP(free_p) struct manifest *m = malloc(sizeof(*m));

	buf_init(&b, MANIFEST_BYTES_MAX);
	if (!m || place_current(p->conf->serve_dir, current, NULL, NULL) < 0 ||
	    join(text, current, MANIFEST_NAME, NULL) < 0 ||
	    join(older, current, REGISTRY_NAME, NULL) < 0 || file_read(text, &b, NULL) < 0 ||
	    manifest_parse(buf_text(&b), m, NULL) < 0)
		return false;
	for (unsigned i = 0; i < m->n_files; i++)
		if (strcmp(m->files[i].name, REGISTRY_NAME) == 0)
			return strcmp(m->files[i].sha256, p->registry->sha) == 0 &&
			       link(older, path) == 0;
	return false;
}

/* So that onus-web, which has but one thread, opens it in milliseconds. */
static int prove_registry(const char *path, struct err *e)
{
	struct err why;
	int r = registry_prove(path, &why);

	if (r == -EBADMSG)
		*e = why;
	else if (r < 0)
		log_warn("%s; onus-web proves it itself", why.text);
	return r == -EBADMSG ? r : 0;
}

static int put_registry(struct publishing *p, const char *dir, struct err *e)
{
	char path[PATH_MAX];
	int r = join(path, dir, REGISTRY_NAME, e);

	if (r < 0 || link_older(p, path))
		return r;
	r = file_write(path, registry_bytes(p->registry->r), e);
	return r < 0 ? r : prove_registry(path, e);
}

/* --- the files ---------------------------------------------------------------------------------- */

static int put_serve(struct publishing *p, const char *dir, struct reputation **rep,
    const char **names, unsigned *n, struct err *e)
{
	char pages[PATH_MAX], reputation[PATH_MAX];
	int r;

	if ((r = join(pages, dir, PAGES_NAME, e)) < 0 ||
	    (r = join(reputation, dir, REPUTATION, e)) < 0 || (r = put_registry(p, dir, e)) < 0 ||
	    (r = p->apart ? pages_take(p, pages, e) : pages_begin(p, pages, e)) < 0 ||
	    (r = reputation_writer_new(&p->head, &p->reputation, e)) < 0 ||
	    (r = entities_write(p, e)) < 0 || (r = evidence_write(p, e)) < 0 ||
	    (r = p->apart ? 0 : pages_end(p, e)) < 0 ||
	    (r = reputation_writer_write(p->reputation, reputation, e)) < 0)
		return r;
	p->reputation = reputation_writer_free(p->reputation);
	daemon_alive(p->d);
	names[(*n)++] = REGISTRY_NAME;
	names[(*n)++] = REPUTATION;
	names[(*n)++] = PAGES_NAME;
	names[(*n)++] = SETTINGS_NAME;
	names[(*n)++] = CARVED_NAME;
	names[(*n)++] = REACH_NAME;
	r = settings_write(p, dir, e);
	if (r == 0)
		r = carve_write(p, dir, e);
	if (r < 0)
		return r;
	r = reputation_open(reputation, rep, e); /* what we could not read ourselves is not shown */
	if (r == 0)
		r = space_write(p, *rep, dir, e);
	return r < 0 ? r : lists_write(p, *rep, dir, false, names, n, e);
}

/* struct outlet - serve_dir or open_dir, and what goes into it this time */
struct outlet {
	struct place place;
	char dir[PLACE_PATH_MAX], current[PLACE_PATH_MAX]; /* current: "" where there is none */
	const char *names[MANIFEST_FILES_MAX];
	unsigned n;
};

enum { SERVE, OPEN, OUTLET_N };

static int show(struct publishing *p, struct outlet *o, struct err *e)
{
	int r = place_commit(&o->place, p->head.generation, e);

	if (r == 0)
		r = place_show(&o->place, p->head.generation, e);
	if (r == 0)
		r = place_prune(&o->place, p->conf->publish_keep + 1, e);
	return r;
}

static int put_all(struct publishing *p, struct outlet *o, struct err *e)
{
	struct reputation *rep = NULL;
	struct sign_key key;
	int r = put_serve(p, o[SERVE].dir, &rep, o[SERVE].names, &o[SERVE].n, e);

	if (r == 0)
		r = lists_write(p, rep, o[OPEN].dir, true, o[OPEN].names, &o[OPEN].n, e);
	rep = reputation_free(rep);
	daemon_alive(p->d);
	if (r == 0)
		r = sign_key_open(p->conf->state_dir, &key, e);
	if (r < 0)
		return r;
	for (unsigned i = 0; i < OUTLET_N && r == 0; i++)
		r = manifest_write(o[i].dir, o[i].current, &p->head, o[i].names, o[i].n, &key, e);
	sign_key_done(&key);
	for (unsigned i = 0; i < OUTLET_N && r == 0; i++)
		r = show(p, &o[i], e);
	return r;
}

static int into_outlets(struct publishing *p, struct err *e)
{
	struct outlet o[OUTLET_N] = { [SERVE] = { .n = 0 } };
	const char *const dirs[OUTLET_N] = { p->conf->serve_dir, p->conf->open_dir };
	uint64_t newest = 0;
	int r = 0;

	for (unsigned i = 0; i < OUTLET_N && r == 0; i++) {
		uint64_t g = 0;

		r = place_open(dirs[i], &o[i].place, e);
		if (place_current(dirs[i], o[i].current, NULL, NULL) < 0)
			*o[i].current = '\0';
		if (r == 0)
			r = place_newest(&o[i].place, &g, e);
		newest = MAX_OF(newest, g);
	}
	p->head.generation = newest + 1;
	for (unsigned i = 0; i < OUTLET_N && r == 0; i++)
		r = place_begin(&o[i].place, p->head.generation, o[i].dir, e);
	if (r == 0)
		r = put_all(p, o, e);
	for (unsigned i = 0; i < OUTLET_N; i++)
		place_done(&o[i].place);
	return r;
}

/* --- from one state of the hub ------------------------------------------------------------------ */

static int read_head(struct publishing *p, struct err *e)
{
	const struct registry *reg = p->registry->r;
	int r = hub_newest_run(p->hub, &p->run, e);

	if (r < 0)
		return r;
	if (r == 0) {
		(void)err_set(e, 0, "no scores yet: onus-score has not run on this hub");
		return 0;
	}
	if (strcmp(p->run.registry_sha, p->registry->sha) != 0) {
		(void)err_set(e, 0,
		    "the newest scores were computed with another registry than %s: "
		    "waiting for onus-score",
		    p->conf->registry_file);
		return 0;
	}
	r = hub_totals(p->hub, &p->totals, e);
	if (r < 0)
		return r;
	if (p->totals.rows == 0)
		p->totals.first_day = day_of(p->run.at_s);
	p->head = (struct publication_head){ .created_s = p->now_s,
		.expires_s = p->now_s + LIFE_S,
		.as_of_s = p->run.at_s,
		.registry_date_s = registry_date_s(reg),
		.simulated = p->conf->simulated,
		.provisional = day_of(p->run.at_s) - p->totals.first_day + 1 < PROVISIONAL,
		.formula = span_str(p->run.formula),
		.site = span_str(p->conf->site_name),
		.attribution = registry_attribution(reg) };
	return 1;
}

static void forget(struct publishing *p)
{
	p->site = site_db_free(p->site);
	p->reputation = reputation_writer_free(p->reputation);
	verdicts_free(&p->verdicts);
	transfers_done(&p->transfers);
	free(p->known.addrs.v);
	free(p->known.blocks.v);
	free(p->known.prefixes.v);
	free(p->known.as);
	free(p->known.org);
	free(p->known.net);
	p->known = (struct known){ .as = NULL };
	warrants_done(&p->warrants);
	settings_done(&p->settings);
	addrset_done(&p->never);
	addrset_done(&p->carved);
}

/* All that one state of the hub says, and what is made of it. */
static int publish(
    struct publishing *p, int (*make)(struct publishing *p, struct err *e), struct err *e)
{
	int r = hub_read_begin(p->hub, e);

	if (r < 0)
		return r;
	r = read_head(p, e);
	if (r > 0) {
		int made = settings_gather(p, e);

		if (made == 0)
			made = verdicts_read(p, e);
		if (made == 0)
			made = transfers_read(
			    p->hub, p->registry->r, day_of(p->run.at_s), &p->transfers, e);
		if (made == 0)
			made = make(p, e);
		if (made < 0)
			r = made;
	}
	hub_read_end(p->hub);
	forget(p);
	return r;
}

static int make_all(struct publishing *p, struct err *e)
{
	int r = carve_gather(p, e);

	return r < 0 ? r : into_outlets(p, e);
}

int publish_make(struct publishing *p, struct err *e)
{
	return publish(p, make_all, e);
}

int publish_pages(struct publishing *p, struct err *e)
{
	return publish(p, pages_make, e);
}
