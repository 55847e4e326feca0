/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/milter/porter.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "prog/doorway/doorway.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/log.h"

#define SAVE_US	 60000000 /* between two snapshots of the greylist */
#define GREYLIST "onus-milter.greylist"

struct porter {
	struct conf *conf;
	pthread_rwlock_t lock; /* over what a configuration made; who asks holds it for reading */
	struct editions *editions;
	struct door *door; /* NULL: everybody passes */
	char grey_path[PATH_MAX];
	int64_t save_us;
	uint64_t saved;	  /* the greylist's changes then */
	bool save_failed; /* said */

	_Atomic uint32_t connections_max;
	pthread_mutex_t counting;
	struct door_counts answers;
	_Atomic uint64_t connections, sessions, shed, forged, faults;
};

static int64_t now_s(void)
{
	struct clock clock = clock_system();

	return clock_now_s(&clock);
}

struct porter *porter_new(void)
{
	struct porter *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	/* with default attributes neither allocates nor fails */
	(void)pthread_rwlock_init(&p->lock, NULL);
	(void)pthread_mutex_init(&p->counting, NULL);
	return p;
}

struct porter *porter_free(struct porter *p)
{
	if (!p)
		return NULL;
	(void)editions_free(p->editions);
	(void)door_free(p->door);
	(void)conf_free(p->conf);
	free(p);
	return NULL;
}

static void look(struct editions *f)
{
	struct editions_state s;
	struct err e = { "" };
	int r = editions_look(f, &e);

	editions_state(f, &s);
	if (r < 0)
		log_error("the newest publication is not used: %s; %s", e.text,
		    s.generation ? "the one before it stays until it ends"
				 : "there is none, and nobody is listed");
	else if (r > 0)
		log_info("answering by generation=%llu", (unsigned long long)s.generation);
}

static uint64_t changes(struct grey *g)
{
	struct grey_figures f;

	grey_figures(g, &f);
	return f.changes;
}

/* That it cannot be saved costs a wait after the next start, and nothing now. */
static void save(struct porter *p, struct grey *g)
{
	uint64_t now = changes(g);
	struct err e = { "" };

	if (now == p->saved)
		return;
	if (grey_save(g, p->grey_path, &e) == 0) {
		p->saved = now;
		p->save_failed = false;
		return;
	}
	if (!p->save_failed)
		log_error(
		    "the greylist is not saved: %s; who waits waits anew after a restart", e.text);
	p->save_failed = true;
}

static void load(const struct conf *c, struct grey *g, const char *path)
{
	struct err e = { "" };
	int r = file_mkdirs(c->state_dir, 0755, &e);

	if (r == 0)
		r = grey_load(g, path, now_s(), &e);
	if (r < 0)
		log_error("the greylist begins anew: %s", e.text);
}

/* What a configuration makes, beside what is in force. */
struct next {
	struct editions *editions;
	struct door *door;
	char grey_path[PATH_MAX];
};

/* Where publications are followed as before, the one that is in force stays, and whose key is trusted. */
static int next_open(const struct porter *p, const struct conf *c, struct next *n, struct err *e)
{
	int r = door_new(c, &n->door, e);

	if (r < 0)
		return r;
	r = snprintf(n->grey_path, sizeof(n->grey_path), "%s/" GREYLIST, c->state_dir);
	if (r < 0 || (size_t)r >= sizeof(n->grey_path))
		return err_set(e, -EINVAL, "state_dir = %s: too long", c->state_dir);
	if (editions_is(p->editions, c->serve_dir, c->publication_key, c->own_networks)) {
		n->editions = p->editions;
		editions_again(n->editions);
		return 0;
	}
	r = editions_after(
	    p->editions, c->serve_dir, c->publication_key, c->own_networks, &n->editions, e);
	if (r == 0)
		look(n->editions);
	return r;
}

/* What the greylist learns between its snapshot and the exchange is forgotten: better than to have everybody wait. */
int porter_take(struct porter *p, struct conf *c, struct err *e)
{
	struct next n = { .editions = NULL };
	struct editions *before = p->editions;
	struct door *door = p->door;
	int r = next_open(p, c, &n, e);

	if (r < 0) {
		(void)door_free(n.door);
		return r;
	}
	if (door)
		save(p, door_grey(door));
	load(c, door_grey(n.door), n.grey_path);
	(void)pthread_rwlock_wrlock(
	    &p->lock); /* this thread holds it nowhere else: it cannot fail */
	p->editions = n.editions;
	p->door = n.door;
	(void)pthread_rwlock_unlock(&p->lock);
	memcpy(p->grey_path, n.grey_path, sizeof(p->grey_path));
	p->connections_max = c->milter_connections;
	p->save_us = clock_monotonic_us() + SAVE_US;
	p->saved = changes(door_grey(n.door));
	(void)conf_free(p->conf);
	p->conf = c;
	if (before != n.editions)
		(void)editions_free(before);
	(void)door_free(door);
	return 0;
}

void porter_look(struct porter *p)
{
	int64_t now_us = clock_monotonic_us();

	look(p->editions);
	if (now_us < p->save_us)
		return;
	p->save_us = now_us + SAVE_US;
	save(p, door_grey(p->door));
}

void porter_close(struct porter *p)
{
	struct door *door = p->door;
	struct editions *editions = p->editions;

	(void)pthread_rwlock_wrlock(&p->lock);
	p->door = NULL;
	p->editions = NULL;
	(void)pthread_rwlock_unlock(&p->lock);
	if (door)
		save(p, door_grey(door));
	(void)door_free(door);
	(void)editions_free(editions);
	p->conf = conf_free(p->conf);
}

void porter_figures(struct porter *p, struct porter_figures *ret)
{
	(void)pthread_mutex_lock(&p->counting);
	ret->answers = p->answers;
	(void)pthread_mutex_unlock(&p->counting);
	ret->connections = p->connections;
	ret->sessions = p->sessions;
	ret->shed = p->shed;
	ret->forged = p->forged;
	ret->faults = p->faults;
	grey_figures(door_grey(p->door), &ret->grey);
	editions_state(p->editions, &ret->publication);
}

bool porter_admit(struct porter *p)
{
	p->connections++;
	if (p->sessions++ < p->connections_max)
		return true;
	p->sessions--;
	p->shed++;
	return false;
}

void porter_leave(struct porter *p)
{
	p->sessions--;
}

void porter_judge(struct porter *p, struct addr addr, const struct door_mail *m,
    struct door_answer *ret, bool *spared)
{
	struct edition *ed;
	struct doorway way;
	int64_t now = now_s();

	(void)pthread_rwlock_rdlock(&p->lock);
	if (!p->door) {
		*ret = (struct door_answer){ .verdict = DOOR_PASS };
		*spared = true;
	} else {
		ed = editions_take(p->editions);
		doorway_look(ed, addr, now, &way);
		door_judge(p->door, &way.facts, m, now, ret);
		*spared = ret->spared;
		(void)edition_free(ed);
	}
	(void)pthread_rwlock_unlock(&p->lock);
	(void)pthread_mutex_lock(&p->counting);
	door_count(&p->answers, ret);
	(void)pthread_mutex_unlock(&p->counting);
}

void porter_fault(struct porter *p)
{
	p->faults++;
}

void porter_forged(struct porter *p, unsigned n)
{
	p->forged += n;
}
