/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/load/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/file.h"

static char *join(const char *a, const char *b, const char *c)
{
	char *path;

	if (asprintf(&path, "%s/%s/%s", a, b, c) < 0)
		abort();
	return path;
}

/* DIR/PRODUCER/new of the archive for a batch of SPOOL/PRODUCER. */
static char *room_of(const char *dir, const struct spool_item *it)
{
	const char *slash = strrchr(it->dir, '/');

	return join(dir, slash ? slash + 1 : it->dir, "new");
}

/* Killed halfway, the next copy is made under the same name. */
static int copy(const char *from, const char *room, const char *file, struct err *e)
{
	CLEANUP(free_p) char *half = NULL, *to = NULL;
	CLEANUP(buf_done) struct buf b;
	int r;

	if (asprintf(&to, "%s/%s", room, file) < 0 || asprintf(&half, "%s/.%s", room, file) < 0)
		abort();
	buf_init(&b, BATCH_FILE_MAX);
	r = file_read(from, &b, e);
	return r < 0 ? r : file_write_by(to, half, buf_text(&b), e);
}

int archive_keep(const char *dir, const struct spool_item *it, int64_t received_s, struct err *e)
{
	CLEANUP(free_p) char *room = room_of(dir, it);
	CLEANUP(free_p) char *from = join(it->dir, "new", it->file), *to = NULL;
	const struct timespec times[2] = { { .tv_sec = received_s }, { .tv_sec = received_s } };
	int r = file_mkdirs(room, 0750, e);

	if (r < 0)
		return r;
	if (asprintf(&to, "%s/%s", room, it->file) < 0)
		abort();
	/* its time first: whoever is killed between the two has not kept it yet */
	if (utimensat(AT_FDCWD, from, times, 0) == 0 && link(from, to) == 0)
		return 0;
	if (errno == EEXIST) /* we were killed just behind this, and did it before */
		return 0;
	if (errno != EXDEV && errno != EPERM)
		return err_set(e, -errno, "cannot keep %s in %s: %m", it->file, room);
	r = copy(from, room, it->file, e);
	if (r == 0 && utimensat(AT_FDCWD, to, times, 0) < 0)
		r = err_set(e, -errno, "%s: cannot set its time: %m", to);
	return r;
}

int archive_put(const char *dir, const char *producer, const struct batch_name *name,
    struct span bytes, int64_t received_s, struct err *e)
{
	CLEANUP(free_p) char *room = join(dir, producer, "new"), *to = NULL;
	const struct timespec times[2] = { { .tv_sec = received_s }, { .tv_sec = received_s } };
	char file[BATCH_NAME_MAX];
	int r = file_mkdirs(room, 0750, e);

	batch_name_format(name, file);
	if (asprintf(&to, "%s/%s", room, file) < 0)
		abort();
	if (r < 0 || access(to, F_OK) == 0) /* it was folded before */
		return r;
	r = file_write(to, bytes, e);
	if (r == 0 && utimensat(AT_FDCWD, to, times, 0) < 0)
		r = err_set(e, -errno, "%s: cannot set its time: %m", to);
	return r;
}

bool archive_of_sensor(const struct spool_item *it)
{
	const char *slash = strrchr(it->dir, '/');

	return strcmp(slash ? slash + 1 : it->dir, ARCHIVE_INBOX) == 0;
}

int archive_sync(const char *dir, const struct spool_item *it, struct err *e)
{
	CLEANUP(free_p) char *room = room_of(dir, it);

	return file_sync_dir(room, e);
}

static int time_of(const struct spool_item *it, int64_t *ret, struct err *e)
{
	CLEANUP(free_p) char *path = join(it->dir, "new", it->file);
	struct stat st;

	if (stat(path, &st) < 0)
		return err_set(e, -errno, "%s: %m", path);
	*ret = (int64_t)st.st_mtim.tv_sec;
	return 0;
}

int archive_prune(const char *dir, int64_t before_s, struct err *e)
{
	struct spool_list l;
	int r = spool_scan(dir, SIZE_MAX, &l, e);

	if (r < 0)
		return r;
	for (size_t i = 0; i < l.n && r == 0; i++) {
		int64_t at_s = before_s;

		r = time_of(&l.v[i], &at_s, e);
		if (r == 0 && at_s < before_s) {
			CLEANUP(free_p) char *path = join(l.v[i].dir, "new", l.v[i].file);

			(void)unlink(path); /* tried again tomorrow */
		}
	}
	spool_list_done(&l);
	return r;
}

/* struct dated - an item and its receipt, for sorting: as a loader came by them, earlier ones first, and of one second
 * in the order of the spool */
struct dated {
	int64_t at_s;
	size_t rank;
	struct spool_item it;
};

static int cmp(const void *a, const void *b)
{
	const struct dated *x = a, *y = b;

	if (x->at_s != y->at_s)
		return x->at_s < y->at_s ? -1 : 1;
	return x->rank < y->rank ? -1 : x->rank > y->rank;
}

static int sort(struct spool_list *l, int64_t *received, struct err *e)
{
	struct dated *v = calloc(l->n + 1, sizeof(*v));
	int r = 0;

	if (!v)
		abort();
	for (size_t i = 0; i < l->n && r == 0; i++) {
		v[i] = (struct dated){ .rank = i, .it = l->v[i] };
		r = time_of(&l->v[i], &v[i].at_s, e);
	}
	if (r == 0) {
		qsort(v, l->n, sizeof(*v), cmp);
		for (size_t i = 0; i < l->n; i++) {
			l->v[i] = v[i].it;
			received[i] = v[i].at_s;
		}
	}
	free(v);
	return r;
}

int archive_list(const char *dir, struct spool_list *ret, int64_t **received, struct err *e)
{
	struct spool_list l = { .v = NULL };
	int64_t *at = NULL;
	int r = access(dir, R_OK | X_OK) < 0 ? err_set(e, -errno, "%s: %m", dir)
					     : spool_scan(dir, SIZE_MAX, &l, e);

	if (r < 0)
		return r;
	at = calloc(l.n + 1, sizeof(*at));
	if (!at)
		abort();
	r = sort(&l, at, e);
	if (r < 0) {
		spool_list_done(&l);
		free(at);
		return r;
	}
	*ret = l;
	*received = at;
	return 0;
}
