/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/fetch/body.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

#define PART ".part"
/* .NAME.part */
#define PART_MAX (FETCH_NAME_MAX + sizeof("." PART))

static void part_name(const char *name, char ret[PART_MAX])
{
	(void)snprintf(ret, PART_MAX, ".%s" PART, name); /* it has room */
}

static bool is_part(const char *name)
{
	size_t n = strlen(name), tail = strlen(PART);

	return name[0] == '.' && n > tail && strcmp(name + n - tail, PART) == 0;
}

static int tidy(int dir)
{
	int fd = dup(dir);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *entry;

	if (!d)
		return -errno;
	while ((entry = readdir(d)) != NULL)
		if (is_part(entry->d_name))
			(void)unlinkat(dir, entry->d_name, 0); /* else it is written over */
	(void)closedir(d);				       /* read only */
	return 0;
}

int body_dir(const char *path, struct err *e)
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
	return take_fd(&fd);
}

int body_open(struct body *b, int dir, const char *name)
{
	char part[PART_MAX];

	*b = (struct body){ .dir = dir, .fd = -1 };
	(void)snprintf(b->name, sizeof(b->name), "%s", name); /* as long as a request's */
	part_name(name, part);
	b->fd = openat(dir, part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	return b->fd < 0 ? -errno : 0;
}

int body_write(struct body *b, const void *p, size_t n)
{
	const char *at = p;

	b->bytes += n;
	while (n) {
		ssize_t done = write(b->fd, at, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		at += done;
		n -= (size_t)done;
	}
	return 0;
}

int body_commit(struct body *b)
{
	char part[PART_MAX];
	int fd = take_fd(&b->fd);
	int r = fsync(fd) < 0 ? -errno : 0;

	if (close(fd) < 0 && r == 0)
		r = -errno;
	part_name(b->name, part);
	if (r == 0 && renameat(b->dir, part, b->dir, b->name) < 0)
		r = -errno;
	if (r == 0 && fsync(b->dir) < 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(b->dir, part, 0); /* the next start removes it as well */
	return r;
}

void body_drop(struct body *b)
{
	char part[PART_MAX];

	if (b->fd < 0)
		return;
	(void)close(b->fd); /* not wanted */
	b->fd = -1;
	part_name(b->name, part);
	(void)unlinkat(b->dir, part, 0); /* the next start removes it as well */
}
