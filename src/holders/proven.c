/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "holders/proven.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <time.h>

#include "holders/registry_check.h"
#include "util/clock.h"
#include "util/file.h"

#define STAMP_MAX 512u
#define TICK_S	  3 /* no file system has a coarser clock */

/* Hidden, so that registry-* means the files of days and nothing else. */
char *registry_stamp(const char *path)
{
	const char *slash = strrchr(path, '/');
	int dir = slash ? (int)(slash + 1 - path) : 0;
	char *ret = NULL;

	return asprintf(&ret, "%.*s.%s.proven", dir, path, path + dir) < 0 ? NULL : ret;
}

/* All that a file system tells of a file when it was written into, put elsewhere, or another one took its place.
 * Nobody can set the time of the last change but by changing the clock. */
static size_t stamp_text(const struct stat *file, char ret[STAMP_MAX])
{
	int n = snprintf(ret, STAMP_MAX,
	    "#onus-proven 1\n"
	    "by onus %s, registry file version %u, check %u\n"
	    "device %ju inode %ju size %jd\n"
	    "written %jd.%09ld changed %jd.%09ld\n",
	    ONUS_VERSION, REG_VERSION, REG_CHECK, (uintmax_t)file->st_dev, (uintmax_t)file->st_ino,
	    (intmax_t)file->st_size, (intmax_t)file->st_mtim.tv_sec, file->st_mtim.tv_nsec,
	    (intmax_t)file->st_ctim.tv_sec, file->st_ctim.tv_nsec);

	return n < 0 ? 0 : MIN_OF((size_t)n, STAMP_MAX - 1);
}

/* A link to it, a fifo, one that somebody else made or could write: nothing that says the owner's word. */
static bool is_owners(const struct stat *stamp, const struct stat *file)
{
	return S_ISREG(stamp->st_mode) && stamp->st_nlink == 1 && stamp->st_uid == file->st_uid &&
	       (stamp->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

enum registry_proof proven_look(const char *path, const struct stat *file)
{
	CLEANUP(free_p) char *name = registry_stamp(path);
	CLEANUP(close_fdp)
	int fd = name ? open(name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) : -1;
	char want[STAMP_MAX], got[STAMP_MAX];
	size_t n = stamp_text(file, want);
	struct stat stamp;

	if (fd < 0)
		return errno == ELOOP ? PROOF_UNSAFE_STAMP : PROOF_NO_STAMP;
	if (fstat(fd, &stamp) < 0 || !is_owners(&stamp, file))
		return PROOF_UNSAFE_STAMP;
	if (read(fd, got, sizeof(got)) != (ssize_t)n || memcmp(got, want, n) != 0)
		return PROOF_OTHER_STAMP;
	return PROOF_STAMP;
}

static bool later(struct timespec a, struct timespec b)
{
	return a.tv_sec > b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec > b.tv_nsec);
}

/* Whoever writes twice within a tick of the file system's clock leaves one time for two contents. Once that clock,
 * read off the new stamp, is past the file's last change, what is proven from now on and changed then is seen. */
static int wait_tick(int stamp_fd, const struct stat *file)
{
	const struct timespec nap = { 0, 1000000 };
	int64_t began = clock_monotonic_us();
	struct stat stamp;

	for (;;) {
		if (futimens(stamp_fd, NULL) < 0 || fstat(stamp_fd, &stamp) < 0)
			return -errno;
		if (later(stamp.st_ctim, file->st_ctim))
			return 0;
		if (clock_monotonic_us() - began > TICK_S * INT64_C(1000000))
			return -ETIME;
		(void)nanosleep(&nap, NULL); /* woken early it looks early */
	}
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	char x[STAMP_MAX], y[STAMP_MAX];
	size_t n = stamp_text(a, x), m = stamp_text(b, y);

	return n == m && memcmp(x, y, n) == 0;
}

/* Checked between two looks at it that see one file. */
static int prove(const char *path, const struct stat *file, const struct file_map *map, FILE *stamp,
    struct err *e)
{
	char text[STAMP_MAX];
	struct registry *r;
	struct stat after;
	int code = wait_tick(fileno(stamp), file);

	if (code < 0)
		return err_set(e, code,
		    "%s: no stamp: it was changed later than it is now by the clock of its file "
		    "system",
		    path);
	code = registry_of_bytes(map->p, map->len, &r, e);
	if (code < 0)
		return err_wrap(e, code, "%s", path);
	r = registry_free(r);
	if (stat(path, &after) < 0 || !is_same(file, &after))
		return err_set(e, -EAGAIN,
		    "%s: no stamp: another one took its place, or it was written into, while it "
		    "was "
		    "checked",
		    path);
	(void)fwrite(text, 1, stamp_text(file, text), stamp); /* committing tells */
	return 0;
}

int registry_prove(const char *path, struct err *e)
{
	CLEANUP(file_new_done) struct file_new stamp = { 0 };
	CLEANUP(file_unmap) struct file_map map = { 0 };
	CLEANUP(free_p) char *name = registry_stamp(path);
	struct stat file;
	int r;

	if (!name)
		return err_set(e, -ENOMEM, "out of memory");
	r = registry_map(path, &map, &file, e);
	if (r == 0)
		r = file_new_open(name, &stamp, e);
	if (r == 0)
		r = prove(path, &file, &map, stamp.f, e);
	return r == 0 ? file_new_commit(&stamp, e) : r;
}

const char *registry_proof_text(enum registry_proof p)
{
	static const char *const text[] = {
		[PROOF_STAMP] = "proven before, as its stamp says",
		[PROOF_NO_STAMP] = "proven just now: it has no stamp",
		[PROOF_OTHER_STAMP] = "proven just now: its stamp does not fit",
		[PROOF_UNSAFE_STAMP] = "proven just now: its stamp is not its owner's alone",
	};

	_Static_assert(NELEM(text) == PROOF_N, "a text for each");
	return text[p];
}
