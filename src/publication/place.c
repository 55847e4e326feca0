/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "publication/place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "util/file.h"
#include "util/num.h"

#define NAME_ROOM 40 /* twenty digits and an ending */

static void closedir_p(DIR **d)
{
	if (*d)
		(void)closedir(*d); /* was only read */
}

static DIR *read_dir(const struct place *p)
{
	int fd = openat(p->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d && fd >= 0)
		(void)close(fd); /* nothing was written */
	return d;
}

/* generation_of - the number that a directory's name is; false for other names */
static bool generation_of(const char *name, uint64_t *ret)
{
	return *name != '0' && num_u64(span_str(name), INT64_MAX, ret) == 0;
}

static bool is_leftover(const char *name)
{
	size_t n = strlen(name);

	return n > 4 && strcmp(name + n - 4, ".tmp") == 0;
}

/* remove_generation - a directory of ordinary files, or a link; there are no deeper ones */
static int remove_generation(const struct place *p, const char *name, struct err *e)
{
	CLEANUP(closedir_p) DIR *d = NULL;
	const struct dirent *de;
	int fd = openat(p->fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	if (fd >= 0) {
		d = fdopendir(fd);
		if (!d)
			(void)close(fd); /* nothing was written */
	}
	while (d && (de = readdir(d)) != NULL)
		if (strcmp(de->d_name, ".") != 0 && strcmp(de->d_name, "..") != 0)
			(void)unlinkat(dirfd(d), de->d_name, 0); /* what stays makes rmdir fail */
	if (unlinkat(p->fd, name, d ? AT_REMOVEDIR : 0) < 0)
		return err_set(e, -errno, "%s/%s: cannot remove: %m", p->dir, name);
	return 0;
}

static int clear_leftovers(const struct place *p, struct err *e)
{
	CLEANUP(closedir_p) DIR *d = read_dir(p);
	const struct dirent *de;
	int r = 0;

	if (!d)
		return err_set(e, -errno, "%s: cannot read: %m", p->dir);
	while (r == 0 && (de = readdir(d)) != NULL)
		if (is_leftover(de->d_name))
			r = remove_generation(p, de->d_name, e);
	return r;
}

int place_open(const char *dir, struct place *ret, struct err *e)
{
	struct place p = { .fd = -1, .lock = -1 };
	int r;

	if ((size_t)snprintf(p.dir, sizeof(p.dir), "%s", dir) >= sizeof(p.dir) - NAME_ROOM)
		return err_set(e, -ENAMETOOLONG, "%s: name too long", dir);
	r = file_mkdirs(dir, 0755, e);
	if (r < 0)
		return r;
	p.fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (p.fd >= 0)
		p.lock = openat(p.fd, ".lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (p.lock < 0) {
		r = err_set(e, -errno, "%s: cannot open: %m", dir);
	} else if (flock(p.lock, LOCK_EX | LOCK_NB) < 0) {
		r = errno == EWOULDBLOCK ? -EBUSY : -errno;
		r = err_set(e, r, "%s: another program is publishing there", dir);
	} else {
		r = clear_leftovers(&p, e);
	}
	if (r < 0)
		place_done(&p);
	else
		*ret = p;
	return r;
}

void place_done(struct place *p)
{
	if (!*p->dir)
		return;
	close_fdp(&p->lock);
	close_fdp(&p->fd);
	*p = (struct place){ .fd = -1, .lock = -1 };
}

/* numbers - generations that are there, descending, at most room of them */
static int numbers(const struct place *p, uint64_t *v, unsigned room, unsigned *ret, struct err *e)
{
	CLEANUP(closedir_p) DIR *d = read_dir(p);
	const struct dirent *de;
	unsigned n = 0;
	uint64_t g;

	if (!d)
		return err_set(e, -errno, "%s: cannot read: %m", p->dir);
	while ((de = readdir(d)) != NULL) {
		unsigned i;

		if (!generation_of(de->d_name, &g))
			continue;
		for (i = n; i > 0 && v[i - 1] < g; i--)
			if (i < room)
				v[i] = v[i - 1];
		if (i < room)
			v[i] = g;
		n += n < room;
	}
	*ret = n;
	return 0;
}

int place_newest(const struct place *p, uint64_t *ret, struct err *e)
{
	char target[NAME_ROOM];
	ssize_t len = readlinkat(p->fd, PLACE_CURRENT, target, sizeof(target) - 1);
	uint64_t newest = 0, shown = 0;
	unsigned n;
	int r = numbers(p, &newest, 1, &n, e);

	if (r < 0)
		return r;
	if (len > 0) {
		target[len] = '\0';
		if (generation_of(target, &shown) && shown > newest)
			newest = shown;
	}
	*ret = newest;
	return 0;
}

int place_begin(const struct place *p, uint64_t generation, char ret[PLACE_PATH_MAX], struct err *e)
{
	char name[NAME_ROOM];
	int r;

	(void)snprintf(name, sizeof(name), "%" PRIu64 ".tmp", generation);
	r = faccessat(p->fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0 ? remove_generation(p, name, e)
								   : 0;
	if (r < 0)
		return r;
	if (mkdirat(p->fd, name, 0755) < 0)
		return err_set(e, -errno, "%s/%s: cannot make: %m", p->dir, name);
	if ((size_t)snprintf(ret, PLACE_PATH_MAX, "%s/%s", p->dir, name) >= PLACE_PATH_MAX)
		return err_set(e, -ENAMETOOLONG, "%s: name too long", p->dir);
	return 0;
}

int place_commit(const struct place *p, uint64_t generation, struct err *e)
{
	char name[NAME_ROOM], tmp[NAME_ROOM + 4];
	CLEANUP(close_fdp) int fd = -1;

	(void)snprintf(name, sizeof(name), "%" PRIu64, generation);
	(void)snprintf(tmp, sizeof(tmp), "%s.tmp", name);
	fd = openat(p->fd, tmp, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) < 0 || renameat(p->fd, tmp, p->fd, name) < 0 || fsync(p->fd) < 0)
		return err_set(e, -errno, "%s/%s: cannot publish: %m", p->dir, name);
	return 0;
}

int place_show(const struct place *p, uint64_t generation, struct err *e)
{
	static const char tmp[] = PLACE_CURRENT ".tmp";
	char name[NAME_ROOM];

	(void)snprintf(name, sizeof(name), "%" PRIu64, generation);
	if ((unlinkat(p->fd, tmp, 0) < 0 && errno != ENOENT) || symlinkat(name, p->fd, tmp) < 0 ||
	    renameat(p->fd, tmp, p->fd, PLACE_CURRENT) < 0 || fsync(p->fd) < 0)
		return err_set(
		    e, -errno, "%s/" PLACE_CURRENT ": cannot point at %s: %m", p->dir, name);
	return 0;
}

int place_prune(const struct place *p, unsigned keep, struct err *e)
{
	CLEANUP(closedir_p) DIR *d = NULL;
	uint64_t kept[1001], g, shown = 0;
	char target[NAME_ROOM];
	ssize_t len = readlinkat(p->fd, PLACE_CURRENT, target, sizeof(target) - 1);
	const struct dirent *de;
	unsigned n;
	int r = numbers(p, kept, MIN_OF(MAX_OF(keep, 1u), (unsigned)NELEM(kept)), &n, e);

	if (r < 0 || n == 0)
		return r;
	if (len > 0) {
		target[len] = '\0';
		(void)generation_of(target, &shown); /* stays 0 for a link that is not ours */
	}
	d = read_dir(p);
	if (!d)
		return err_set(e, -errno, "%s: cannot read: %m", p->dir);
	while (r == 0 && (de = readdir(d)) != NULL)
		if (generation_of(de->d_name, &g) && g < kept[n - 1] && g != shown)
			r = remove_generation(p, de->d_name, e);
	return r;
}

int place_current(const char *dir, char ret[PLACE_PATH_MAX], uint64_t *generation, struct err *e)
{
	char path[PLACE_PATH_MAX], target[NAME_ROOM];
	ssize_t len;
	uint64_t g;

	if ((size_t)snprintf(path, sizeof(path), "%s/" PLACE_CURRENT, dir) >= sizeof(path))
		return err_set(e, -ENAMETOOLONG, "%s: name too long", dir);
	len = readlink(path, target, sizeof(target) - 1);
	if (len < 0)
		return err_set(e, errno == ENOTDIR ? -ENOENT : -errno,
		    "%s: nothing was published there yet (%m); start onus-publish, or say where "
		    "with "
		    "--serve or the parameter serve_dir",
		    dir);
	target[len] = '\0';
	if (!generation_of(target, &g))
		return err_set(e, -EBADMSG, "%s: points at no publication", path);
	if ((size_t)snprintf(ret, PLACE_PATH_MAX, "%s/%s", dir, target) >= PLACE_PATH_MAX)
		return err_set(e, -ENAMETOOLONG, "%s: name too long", dir);
	if (generation)
		*generation = g;
	return 0;
}
