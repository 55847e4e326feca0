/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/spool_depth.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "util/clock.h"
#include "util/file.h"

#define LOOK_US	   3000000
#define REST	   100 /* times as long as a look took */
#define REASON	   ".reason"
#define REASON_LEN (sizeof(REASON) - 1)

static void closedir_p(DIR **d)
{
	if (*d)
		(void)closedir(*d); /* read only */
}

/* dir_at - NULL with errno; what is there but is no directory is as if it were not there */
static DIR *dir_at(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d && fd >= 0)
		(void)close(fd); /* read only */
	if (!d && errno == ENOTDIR)
		errno = ENOENT;
	return d;
}

static int add_room(int producer, const char *name, struct spool_room *to)
{
	CLEANUP(closedir_p) DIR *d = dir_at(producer, name);
	const struct dirent *de;
	struct stat st;

	if (!d)
		return errno == ENOENT ? 0 : -errno;
	while ((de = readdir(d)) != NULL) {
		size_t n = strlen(de->d_name);

		if (de->d_name[0] == '.' ||
		    (n > REASON_LEN && strcmp(de->d_name + n - REASON_LEN, REASON) == 0))
			continue;
		if (fstatat(dirfd(d), de->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue; /* it was loaded meanwhile */
		to->batches++;
		to->bytes += (uint64_t)st.st_size;
		if (!to->oldest_s || st.st_mtim.tv_sec < to->oldest_s)
			to->oldest_s = st.st_mtim.tv_sec;
	}
	return 0;
}

int spool_depth(const char *dir, struct spool_depth *ret, struct err *e)
{
	CLEANUP(closedir_p) DIR *d = opendir(dir);
	struct spool_depth sum = { .waiting = { 0 } };
	const struct dirent *de;
	int r = 0;

	if (!d && errno != ENOENT)
		return err_set(e, -errno, "cannot list %s: %s", dir, strerror(errno));
	while (d && r == 0 && (de = readdir(d)) != NULL) {
		CLEANUP(close_fdp) int producer = -1;

		if (de->d_name[0] == '.')
			continue;
		producer = openat(dirfd(d), de->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (producer < 0 && (errno == ENOTDIR || errno == ENOENT))
			continue;
		r = producer < 0 ? -errno : add_room(producer, "new", &sum.waiting);
		if (r == 0)
			r = add_room(producer, "bad", &sum.bad);
		if (r < 0)
			return err_set(
			    e, r, "cannot list %s/%s: %s", dir, de->d_name, strerror(-r));
	}
	*ret = sum;
	return 0;
}

const struct spool_depth *spool_gauge(struct spool_gauge *g, const char *dir)
{
	int64_t now_us = clock_monotonic_us(), took_us;
	struct spool_depth look;

	if (now_us < g->again_us)
		return &g->depth;
	/* trouble with the spool is told by who works on it */
	if (spool_depth(dir, &look, NULL) == 0)
		g->depth = look;
	took_us = clock_monotonic_us() - now_us;
	g->again_us = now_us + MAX_OF(LOOK_US, took_us * REST);
	return &g->depth;
}
