/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/fetch/body.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#define AGE_MAX_S  (7 * 24 * 3600)
#define SYNC_BYTES (64ull << 20) /* a power cut costs no more than that */
/* .NAME.part and the like */
#define FILE_MAX (FETCH_NAME_MAX + 16)

/* struct names - of the files of one body */
struct names {
	char part[FILE_MAX], from[FILE_MAX], from_new[FILE_MAX];
};

static void names_of(const char *name, struct names *n)
{
	/* they have room */
	(void)snprintf(n->part, sizeof(n->part), ".%s" FETCH_PART_TAIL, name);
	(void)snprintf(n->from, sizeof(n->from), ".%s" FETCH_FROM_TAIL, name);
	(void)snprintf(n->from_new, sizeof(n->from_new), ".%s" FETCH_FROM_TAIL ".new", name);
}

/* --- what a part is of ---------------------------------------------------------------------------------- */

static bool is_file(int dir, const char *name, struct stat *st)
{
	return fstatat(dir, name, st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st->st_mode);
}

static bool from_read(int dir, const char *name, struct fetch_part *ret)
{
	CLEANUP(close_fdp) int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	char text[FETCH_LINE_MAX];
	ssize_t n = fd >= 0 ? read(fd, text, sizeof(text)) : -1;
	struct err why;

	return n > 1 && text[n - 1] == '\n' &&
	       fetch_part_parse(span_of(text, (size_t)n - 1), ret, &why) == 0;
}

static int from_write(int dir, const struct names *n, const struct fetch_part *p)
{
	CLEANUP(close_fdp) int fd = -1;
	CLEANUP(buf_done) struct buf line;
	ssize_t done;

	buf_init(&line, FETCH_LINE_MAX);
	fetch_part_put(p, &line);
	if (!buf_ok(&line))
		return -ENOMEM;
	fd = openat(dir, n->from_new, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	done = write(fd, line.p, line.len);
	if (done < 0 || (size_t)done != line.len)
		return done < 0 ? -errno : -ENOSPC;
	return renameat(dir, n->from_new, dir, n->from) < 0 ? -errno : 0;
}

/* --- the directory -------------------------------------------------------------------------------------- */

static bool too_old(const struct stat *st)
{
	time_t now = time(NULL);

	return st->st_mtime + AGE_MAX_S < now || st->st_mtime > now + AGE_MAX_S;
}

/* NAME of .NAME and tail */
static bool cut_tail(const char *file, const char *tail, char name[FETCH_NAME_MAX + 1])
{
	size_t n = strlen(file), t = strlen(tail);

	if (file[0] != '.' || n <= t + 1 || n - t - 1 > FETCH_NAME_MAX ||
	    strcmp(file + n - t, tail) != 0)
		return false;
	memcpy(name, file + 1, n - t - 1);
	name[n - t - 1] = '\0';
	return true;
}

/* Is there a beginning that can be gone on with, or a whole body that nobody took? */
static bool is_kept(int dir, const char *name, bool whole_too)
{
	struct fetch_part part;
	struct names n;
	struct stat st;

	names_of(name, &n);
	if (!is_file(dir, n.part, &st) && !(whole_too && is_file(dir, name, &st)))
		return false;
	return !too_old(&st) && from_read(dir, n.from, &part);
}

/* Of an earlier process, and of no use to this one. */
static bool is_litter(int dir, const char *file)
{
	char name[FETCH_NAME_MAX + 1];

	if (cut_tail(file, FETCH_FROM_TAIL ".new", name))
		return true;
	if (cut_tail(file, FETCH_PART_TAIL, name))
		return !is_kept(dir, name, false);
	return cut_tail(file, FETCH_FROM_TAIL, name) && !is_kept(dir, name, true);
}

static int tidy(int dir)
{
	int fd = dup(dir);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *entry;

	if (!d)
		return -errno;
	while ((entry = readdir(d)) != NULL)
		if (is_litter(dir, entry->d_name))
			(void)unlinkat(dir, entry->d_name, 0); /* else it is written over */
	(void)closedir(d);				       /* read only */
	return 0;
}

/* What was written before the system was started anew may not all be on the disk. */
static void boot_of(char ret[FETCH_BOOT_MAX + 1])
{
	CLEANUP(close_fdp) int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, ret, FETCH_BOOT_MAX) : 0;

	ret[MAX_OF(n, 0)] = '\0';
	ret[strcspn(ret, "\n")] = '\0';
}

int body_dir_open(const char *path, struct body_dir *ret, struct err *e)
{
	CLEANUP(close_fdp) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return err_set(e, -errno, "cannot open %s: %s", path, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return err_set(e, errno == EWOULDBLOCK ? -EBUSY : -errno, "%s: %s", path,
		    errno == EWOULDBLOCK ? "another onus-fetch is at work there" : strerror(errno));
	r = tidy(fd);
	if (r < 0)
		return err_set(e, r, "cannot read %s: %s", path, strerror(-r));
	boot_of(ret->boot);
	ret->fd = take_fd(&fd);
	return 0;
}

void body_dir_close(struct body_dir *d)
{
	close_fdp(&d->fd);
	d->fd = -1;
}

/* --- begin ---------------------------------------------------------------------------------------------- */

static void body_init(struct body *b, const struct body_dir *dir, const char *name)
{
	*b = (struct body){ .dir = dir, .fd = -1 };
	(void)snprintf(b->name, sizeof(b->name), "%s", name); /* as long as a request's */
}

void body_forget(const struct body_dir *dir, const char *name)
{
	struct names n;
	int r;

	names_of(name, &n);
	r = unlinkat(dir->fd, n.from, 0);
	(void)unlinkat(dir->fd, n.part, 0); /* without the other it says nothing */
	if (r == 0)
		(void)fsync(dir->fd); /* nor after a power cut, with another body */
}

int body_open(struct body *b, const struct body_dir *dir, const char *name)
{
	struct names n;

	body_init(b, dir, name);
	names_of(name, &n);
	body_forget(dir, name);
	b->fd = openat(dir->fd, n.part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	return b->fd < 0 ? -errno : 0;
}

void body_keep(struct body *b, const struct fetch_part *p)
{
	struct names n;

	names_of(b->name, &n);
	b->part = *p;
	memcpy(b->part.boot, b->dir->boot, sizeof(b->part.boot));
	b->part.synced = MIN_OF(p->synced, b->bytes);
	b->keeps = from_write(b->dir->fd, &n, &b->part) == 0;
}

uint64_t body_kept(const struct body_dir *dir, const char *name, struct fetch_part *ret)
{
	uint64_t have, sure;
	struct names n;
	struct stat st;

	names_of(name, &n);
	if (!from_read(dir->fd, n.from, ret))
		return 0;
	if (!is_file(dir->fd, n.part, &st) && !is_file(dir->fd, name, &st))
		return 0;
	have = (uint64_t)st.st_size;
	sure = dir->boot[0] && strcmp(dir->boot, ret->boot) == 0 ? have : ret->synced;
	have = MIN_OF(have, sure);
	if (ret->total && have > ret->total)
		return 0;
	return have && have == ret->total ? have - 1 : have;
}

int body_resume(struct body *b, const struct body_dir *dir, const char *name,
    const struct fetch_part *p, uint64_t bytes)
{
	struct names n;
	struct stat st;

	body_init(b, dir, name);
	names_of(name, &n);
	if (!is_file(dir->fd, n.part, &st) && renameat(dir->fd, name, dir->fd, n.part) < 0)
		return -errno;
	b->fd = openat(dir->fd, n.part, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	if (b->fd < 0 || ftruncate(b->fd, (off_t)bytes) < 0 ||
	    lseek(b->fd, (off_t)bytes, SEEK_SET) < 0)
		return -errno;
	b->bytes = bytes;
	body_keep(b, p);
	return 0;
}

/* --- more ----------------------------------------------------------------------------------------------- */

static int body_sync(struct body *b)
{
	if (fsync(b->fd) < 0)
		return -errno;
	b->part.synced = b->bytes;
	if (b->keeps)
		body_keep(b, &b->part);
	return 0;
}

int body_write(struct body *b, const void *p, size_t n)
{
	const char *at = p;

	while (n) {
		ssize_t done = write(b->fd, at, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		at += done;
		n -= (size_t)done;
		b->bytes += (size_t)done;
	}
	return b->keeps && b->bytes - b->part.synced >= SYNC_BYTES ? body_sync(b) : 0;
}

/* --- end ------------------------------------------------------------------------------------------------ */

int body_commit(struct body *b)
{
	struct names n;
	int fd, r;

	b->part.total = b->bytes;
	r = body_sync(b);
	fd = take_fd(&b->fd);
	if (close(fd) < 0 && r == 0)
		r = -errno;
	names_of(b->name, &n);
	if (r == 0 && renameat(b->dir->fd, n.part, b->dir->fd, b->name) < 0)
		r = -errno;
	if (r == 0 && fsync(b->dir->fd) < 0)
		r = -errno;
	if (r < 0)
		body_forget(b->dir, b->name);
	return r;
}

void body_leave(struct body *b)
{
	int r = b->fd >= 0 && b->keeps ? body_sync(b) : -1;

	if (r < 0) {
		body_drop(b);
		return;
	}
	(void)close(b->fd); /* it is on the disk */
	b->fd = -1;
}

void body_drop(struct body *b)
{
	if (b->fd < 0)
		return;
	(void)close(b->fd); /* not wanted */
	b->fd = -1;
	body_forget(b->dir, b->name);
}
