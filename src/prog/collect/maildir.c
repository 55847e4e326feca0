/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/collect/maildir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "util/clock.h"
#include "util/file.h"
#include "util/macro.h"
#include "util/span.h"

#define PRUNE_EVERY_US (3600 * INT64_C(1000000))
#define HALF_MAIL_S    (36 * 3600) /* a delivery that takes longer was killed: maildir(5) */

static const char *const place_names[] = {
	[MAILDIR_NEW] = "new", [MAILDIR_CUR] = "cur", [MAILDIR_DONE] = "done", [MAILDIR_BAD] = "bad"
};
_Static_assert(NELEM(place_names) == MAILDIR_PLACE_N, "place_names out of step");

void maildir_init(struct maildir *m)
{
	*m = (struct maildir){ .fd = { -1, -1, -1, -1 } };
}

static void empty(struct maildir *m)
{
	for (unsigned i = 0; i < m->n; i++)
		free(m->queue[i].name);
	m->n = m->next = 0;
}

void maildir_done(struct maildir *m)
{
	empty(m);
	free(m->queue);
	m->queue = NULL;
	for (unsigned i = 0; i < MAILDIR_PLACE_N; i++) {
		close_fdp(&m->fd[i]);
		m->fd[i] = -1;
	}
}

size_t maildir_key(const char *name)
{
	return strcspn(name, ":");
}

/* --- opening -------------------------------------------------------------------------------------------------- */

int maildir_check(const char *path, struct err *e)
{
	struct stat st;

	if (path[0] != '/')
		return err_set(e, -EINVAL, "%s: give the whole path, from / on", path);
	if (stat(path, &st) < 0)
		return errno == ENOENT ? 0 : err_set(e, -errno, "%s: %s", path, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return err_set(e, -ENOTDIR, "%s is no directory", path);
	if (access(path, R_OK | W_OK | X_OK) < 0)
		return err_set(e, -errno,
		    "%s: %s; messages that were read are moved within it, so it has to be the "
		    "collector's",
		    path, strerror(errno));
	return 0;
}

static int open_place(int at, const char *name, bool make, struct err *e)
{
	int fd;

	if (make && mkdirat(at, name, 0770) < 0 && errno != EEXIST)
		return err_set(e, -errno, "cannot make %s: %s", name, strerror(errno));
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_set(e, -errno, "cannot open %s: %s", name, strerror(errno)) : fd;
}

int maildir_open(struct maildir *m, const char *path, struct err *e)
{
	bool fresh = access(path, F_OK) < 0;
	int at, r = fresh ? file_mkdirs(path, 0770, e) : 0;

	if (r < 0)
		return r;
	at = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (at < 0)
		return err_set(e, -errno, "%s: %s", path, strerror(errno));
	m->plain = !fresh && faccessat(at, "new", F_OK, 0) < 0;
	for (unsigned i = m->plain ? MAILDIR_DONE : 0; i < MAILDIR_PLACE_N && r >= 0; i++)
		r = m->fd[i] = open_place(at, place_names[i], true, e);
	if (r >= 0 && !m->plain) /* who delivers needs it */
		r = mkdirat(at, "tmp", 0770) < 0 && errno != EEXIST
			? err_set(e, -errno, "cannot make tmp: %s", strerror(errno))
			: 0;
	if (m->plain)
		m->fd[MAILDIR_NEW] = at;
	else
		(void)close(at); /* only read */
	return r < 0 ? err_wrap(e, r, "%s", path) : 0;
}

/* --- looking ---------------------------------------------------------------------------------------------------- */

/* A name that a line of a batch can hold. */
static bool name_ok(const char *name)
{
	size_t n = strlen(name);

	for (const char *p = name; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return false;
	return n <= MAILDIR_NAME_MAX && span_utf8(span_of(name, n));
}

static int by_name(const void *a, const void *b)
{
	const struct maildir_message *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static DIR *list(int fd)
{
	int copy = openat(
	    fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* a place of its own in the list */
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);

	if (!dir)
		close_fdp(&copy);
	return dir;
}

struct looking {
	maildir_skip_fn *skip;
	const void *ctx;
	int64_t before_s; /* of a plain directory: younger ones wait */
	uint64_t *refused;
};

/* A name that was seen: into the queue, or to bad/, or left. */
static void found(
    struct maildir *m, enum maildir_place place, const char *name, const struct looking *l)
{
	struct stat st;

	if (fstatat(m->fd[place], name, &st, AT_SYMLINK_NOFOLLOW) < 0 || S_ISDIR(st.st_mode))
		return;
	if (!name_ok(name) || !S_ISREG(st.st_mode)) {
		char aside[64];

		(void)snprintf(aside, sizeof(aside), "unnamed-%jx-%jx", (uintmax_t)st.st_dev,
		    (uintmax_t)st.st_ino);
		if (renameat(
			m->fd[place], name, m->fd[MAILDIR_BAD], name_ok(name) ? name : aside) == 0)
			++*l->refused;
		return;
	}
	if (l->skip(l->ctx, name, maildir_key(name)) || (m->plain && st.st_mtime > l->before_s))
		return;
	m->queue[m->n].name = strdup(name);
	m->queue[m->n].place = place;
	if (!m->queue[m->n++].name)
		abort();
}

int maildir_look(struct maildir *m, maildir_skip_fn *skip, const void *ctx, int64_t now_s,
    int64_t settled_s, uint64_t *refused, struct err *e)
{
	const struct looking l = { skip, ctx, now_s - settled_s, refused };

	empty(m);
	if (!m->queue)
		m->queue = calloc(MAILDIR_QUEUE, sizeof(*m->queue));
	if (!m->queue)
		abort();
	for (unsigned place = MAILDIR_NEW; place <= MAILDIR_CUR; place++) {
		DIR *dir = m->fd[place] < 0 ? NULL : list(m->fd[place]);
		struct dirent *entry;

		if (!dir && m->fd[place] >= 0)
			return err_set(
			    e, -errno, "cannot list %s: %s", place_names[place], strerror(errno));
		while (dir && m->n < MAILDIR_QUEUE && (entry = readdir(dir)) != NULL)
			if (entry->d_name[0] != '.')
				found(m, (enum maildir_place)place, entry->d_name, &l);
		if (dir)
			(void)closedir(dir);
	}
	qsort(m->queue, m->n, sizeof(*m->queue), by_name);
	return 0;
}

/* --- reading ---------------------------------------------------------------------------------------------------- */

ssize_t maildir_read(
    struct maildir *m, const struct maildir_message *msg, char *to, size_t max, int64_t *time_s)
{
	CLEANUP(close_fdp)
	int fd =
	    openat(m->fd[msg->place], msg->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;
	size_t done = 0;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	*time_s = st.st_mtime;
	if (st.st_size > (off_t)max)
		return st.st_size;
	while (done < max) {
		ssize_t n = read(fd, to + done, max - done);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			break;
		done += n > 0 ? (size_t)n : 0;
	}
	return (ssize_t)done;
}

/* --- moving ----------------------------------------------------------------------------------------------------- */

/* The file's name of a message whose name up to the ':' this is; false when it is in none of the two places. */
static bool seek(
    struct maildir *m, const char *name, char ret[NAME_MAX + 1], enum maildir_place *place)
{
	size_t n = maildir_key(name);
	bool is = false;

	for (unsigned i = MAILDIR_NEW; i <= MAILDIR_CUR && !is; i++) {
		DIR *dir = m->fd[i] < 0 ? NULL : list(m->fd[i]);
		struct dirent *entry;

		while (dir && !is && (entry = readdir(dir)) != NULL)
			if (maildir_key(entry->d_name) == n &&
			    memcmp(entry->d_name, name, n) == 0) {
				(void)snprintf(
				    ret, NAME_MAX + 1, "%s", entry->d_name); /* it has room */
				*place = (enum maildir_place)i;
				is = true;
			}
		if (dir)
			(void)closedir(dir);
	}
	return is;
}

int maildir_move(struct maildir *m, const char *name, enum maildir_place to, struct err *e)
{
	char file[NAME_MAX + 1], key[NAME_MAX + 1];
	enum maildir_place place = MAILDIR_NEW;

	(void)snprintf(
	    key, sizeof(key), "%.*s", (int)maildir_key(name), name); /* names of files fit */
	for (unsigned i = MAILDIR_NEW; i <= MAILDIR_CUR; i++)
		if (m->fd[i] >= 0 && renameat(m->fd[i], name, m->fd[to], key) == 0)
			return 0;
	if (!seek(m, name, file, &place))
		return 0;
	if (renameat(m->fd[place], file, m->fd[to], key) == 0 || errno == ENOENT)
		return 0;
	return err_set(
	    e, -errno, "cannot move %s to %s: %s", file, place_names[to], strerror(errno));
}

int maildir_sync(struct maildir *m, struct err *e)
{
	for (unsigned i = MAILDIR_PLACE_N; i-- > 0;) /* where they are now before where they were */
		if (m->fd[i] >= 0 && fsync(m->fd[i]) < 0)
			return err_set(
			    e, -errno, "cannot sync %s: %s", place_names[i], strerror(errno));
	return 0;
}

static void prune(int fd, int64_t before_s)
{
	DIR *dir = fd < 0 ? NULL : list(fd);
	struct dirent *entry;
	struct stat st;

	while (dir && (entry = readdir(dir)) != NULL)
		if (fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    !S_ISDIR(st.st_mode) && st.st_mtime < before_s)
			(void)unlinkat(fd, entry->d_name, 0); /* the next hour tries again */
	if (dir)
		(void)closedir(dir);
}

void maildir_prune(struct maildir *m, int64_t now_s, uint32_t keep_days)
{
	int64_t now_us = clock_monotonic_us();
	CLEANUP(close_fdp) int tmp = -1;

	if (m->pruned_us && now_us - m->pruned_us < PRUNE_EVERY_US)
		return;
	m->pruned_us = now_us;
	for (unsigned i = MAILDIR_DONE; i <= MAILDIR_BAD; i++)
		prune(m->fd[i], now_s - (int64_t)keep_days * DAY_S);
	if (!m->plain)
		tmp = openat(m->fd[MAILDIR_NEW], "../tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	prune(tmp, now_s - HALF_MAIL_S);
}
