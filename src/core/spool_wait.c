/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The loader's end of the spool. */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/spool_priv.h"
#include "util/file.h"

/* struct scan - of each producer no more than twice max are held at any time, however many wait */
struct scan {
	struct spool_list *list;
	const char *dir; /* SPOOL */
	char *producer;	 /* SPOOL/PRODUCER, while its new/ is walked */
	size_t first;	 /* its first in the list */
	size_t max, cap;
	bool cut; /* v[first + max - 1] is the newest that can still belong to the first max */
	struct err *e;
};

/* Away from new/; gone is well too. Where both are names of one file, rename() does nothing and says that it did. */
static int move(const char *from, const char *to, const char *verb, struct err *e)
{
	if (rename(from, to) < 0 && errno != ENOENT)
		return spool_say(e, verb, from);
	return unlink(from) < 0 && errno != ENOENT ? spool_say(e, "remove", from) : 0;
}

static int reject(const char *dir, const char *file, const char *reason, struct err *e)
{
	CLEANUP(free_p)
	char *from = spool_join(dir, "new", file), *to = spool_join(dir, "bad", file);
	CLEANUP(free_p) char *why = NULL, *half = NULL;
	CLEANUP(free_p) char *bad_dir = spool_join(dir, "bad", NULL);
	CLEANUP(buf_done) struct buf b = { 0 };
	int r = file_mkdirs(bad_dir, SPOOL_DIR_MODE, e);

	if (r < 0)
		return r;
	buf_init(&b, 4096);
	buf_fmt(&b, "%s\n", reason);
	if (asprintf(&why, "%s.reason", to) < 0 || asprintf(&half, "%s/.%s", bad_dir, file) < 0)
		abort();
	r = file_write_by(why, half, buf_text(&b), e); /* killed here, we come again */
	if (r == -ENAMETOOLONG)
		r = 0; /* the file itself still goes */
	return r < 0 ? r : move(from, to, "move to bad/", e);
}

static int name_cmp(const struct batch_name *a, const struct batch_name *b)
{
	int c = strcmp(a->host, b->host);

	if (c == 0)
		c = strcmp(a->producer, b->producer);
	if (c == 0)
		c = a->sequence < b->sequence ? -1 : a->sequence > b->sequence;
	return c;
}

static int item_cmp(const void *pa, const void *pb)
{
	const struct spool_item *a = pa, *b = pb;

	return name_cmp(&a->name, &b->name);
}

/* The oldest of each producer, then the second of each, and so on: nobody waits for another's backlog to end. */
static int turn_cmp(const void *pa, const void *pb)
{
	const struct spool_item *a = pa, *b = pb;

	if (a->before != b->before)
		return a->before < b->before ? -1 : 1;
	return strcmp(a->dir, b->dir);
}

static void drop_last(struct spool_list *l)
{
	free(l->v[--l->n].dir);
}

/* Of this producer's, the oldest max, in order. */
static void cut(struct scan *sc)
{
	struct spool_list *l = sc->list;

	if (l->n > sc->first)
		qsort(l->v + sc->first, l->n - sc->first, sizeof(*l->v), item_cmp);
	for (; l->n - sc->first > sc->max; sc->cut = true)
		drop_last(l);
}

static bool too_new(const struct scan *sc, const struct batch_name *name)
{
	return sc->cut &&
	       (sc->max == 0 || name_cmp(name, &sc->list->v[sc->first + sc->max - 1].name) > 0);
}

static struct spool_item *add_item(struct scan *sc)
{
	struct spool_list *l = sc->list;

	if (sc->max <= SIZE_MAX / 2 && l->n - sc->first >= 2 * sc->max)
		cut(sc);
	if (l->n == sc->cap) {
		sc->cap = sc->cap ? 2 * sc->cap : 64;
		l->v = reallocarray(l->v, sc->cap, sizeof(*l->v));
		if (!l->v)
			abort();
	}
	return &l->v[l->n++];
}

static int see_waiting(void *ctx, const char *file)
{
	struct scan *sc = ctx;
	struct spool_item *it;
	struct batch_name name;

	if (batch_name_parse(span_str(file), &name) < 0)
		return reject(sc->producer, file, "its name is not that of a batch", sc->e);
	sc->list->waiting++;
	if (too_new(sc, &name))
		return 0;
	it = add_item(sc);
	*it = (struct spool_item){ .dir = strdup(sc->producer), .name = name };
	if (!it->dir)
		abort();
	batch_name_format(&name, it->file);
	return 0;
}

static int see_producer(void *ctx, const char *name)
{
	struct scan *sc = ctx;
	struct stat st;
	int r;

	sc->producer = spool_join(sc->dir, name, NULL);
	sc->first = sc->list->n;
	sc->cut = false;
	r = stat(sc->producer, &st) == 0 && S_ISDIR(st.st_mode)
		? spool_each_name(sc->producer, "new", see_waiting, sc, sc->e)
		: 0;
	cut(sc);
	for (size_t i = sc->first; i < sc->list->n; i++)
		sc->list->v[i].before = i - sc->first;
	sc->list->producers += sc->list->n > sc->first;
	free(sc->producer);
	sc->producer = NULL;
	return r;
}

void spool_list_done(struct spool_list *l)
{
	while (l->n)
		drop_last(l);
	free(l->v);
	*l = (struct spool_list){ .v = NULL };
}

int spool_scan(const char *dir, size_t max, struct spool_list *ret, struct err *e)
{
	struct spool_list list = { .v = NULL };
	struct scan sc = { .list = &list, .dir = dir, .max = max, .e = e };
	int r = spool_each_name(dir, ".", see_producer, &sc, e);

	if (r < 0) {
		spool_list_done(&list);
		return r;
	}
	if (list.n)
		qsort(list.v, list.n, sizeof(*list.v), turn_cmp);
	while (list.n > max)
		drop_last(&list);
	*ret = list;
	return 0;
}

int spool_read(const struct spool_item *it, struct batch *ret, struct err *e)
{
	CLEANUP(buf_done) struct buf packed = { 0 };

	return spool_read_packed(it, &packed, ret, e);
}

int spool_read_packed(
    const struct spool_item *it, struct buf *packed, struct batch *ret, struct err *e)
{
	CLEANUP(free_p) char *path = spool_join(it->dir, "new", it->file);

	return spool_read_file(path, &it->name, packed, ret, e);
}

struct prune {
	const struct spool_item *it;
	uint64_t newest;
	bool drop; /* false: look for the newest; true: unlink what is older */
};

static int see_done(void *ctx, const char *file)
{
	struct prune *p = ctx;
	struct batch_name n;

	if (batch_name_parse(span_str(file), &n) < 0 || strcmp(n.host, p->it->name.host) != 0 ||
	    strcmp(n.producer, p->it->name.producer) != 0)
		return 0;
	if (!p->drop) {
		p->newest = MAX_OF(p->newest, n.sequence);
	} else if (n.sequence < p->newest) {
		CLEANUP(free_p) char *path = spool_join(p->it->dir, "done", file);

		(void)unlink(path); /* tried again when the next one is done */
	}
	return 0;
}

int spool_finish(const struct spool_item *it, struct err *e)
{
	CLEANUP(free_p)
	char *from = spool_join(it->dir, "new", it->file),
	     *to = spool_join(it->dir, "done", it->file);
	CLEANUP(free_p) char *done_dir = spool_join(it->dir, "done", NULL);
	struct prune p = { .it = it };
	int r = file_mkdirs(done_dir, SPOOL_DIR_MODE, e);

	if (r == 0)
		r = move(from, to, "move to done/", e);
	if (r == 0)
		r = spool_each_name(it->dir, "done", see_done, &p, e);
	p.drop = true;
	return r < 0 ? r : spool_each_name(it->dir, "done", see_done, &p, e);
}

int spool_reject(const struct spool_item *it, const char *reason, struct err *e)
{
	return reject(it->dir, it->file, reason, e);
}
