/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "holders/live.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static bool same(const struct registry_live *l, const struct stat *st)
{
	return l->r && st->st_ino == l->inode && st->st_mtim.tv_sec == l->mtime.tv_sec &&
	       st->st_mtim.tv_nsec == l->mtime.tv_nsec;
}

int registry_live_look(struct registry_live *l, const char *path, struct err *e)
{
	struct registry *fresh = NULL;
	char sha[SHA256_HEX];
	struct stat st, after;
	int r = stat(path, &st) < 0 ? -errno : 0;

	if (r == 0 && same(l, &st))
		return 0;
	if (r < 0)
		(void)err_set(e, r,
		    "no registry %s: %s; make one: onus registry build -o %s INPUT…", path,
		    strerror(-r), path);
	if (r == 0)
		r = registry_open_copy(path, &fresh, e);
	if (r == 0)
		r = file_sha256(path, sha, e);
	/* What was looked at, opened and summed must be one file. */
	if (r == 0 &&
	    (stat(path, &after) < 0 || after.st_ino != st.st_ino || after.st_size != st.st_size ||
		after.st_mtim.tv_sec != st.st_mtim.tv_sec ||
		after.st_mtim.tv_nsec != st.st_mtim.tv_nsec))
		r = err_set(e, -EAGAIN, "%s is being replaced", path);
	if (r < 0) {
		fresh = registry_free(fresh);
		return l->r ? 0 : r;
	}
	registry_live_done(l);
	l->r = fresh;
	l->inode = st.st_ino;
	l->mtime = st.st_mtim;
	memcpy(l->sha, sha, sizeof(sha));
	return 0;
}

void registry_live_done(struct registry_live *l)
{
	l->r = registry_free(l->r);
}
