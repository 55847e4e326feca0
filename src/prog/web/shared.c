/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/web/shared.h"

#include <errno.h>

static bool same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

int shared_open(const char *path, bool copy, struct shared_registry *before,
    struct shared_registry **ret, struct err *e)
{
	struct shared_registry *s;
	struct stat st;
	int r;

	if (stat(path, &st) < 0)
		return err_set(e, -errno, "cannot look at %s: %s", path, strerror(errno));
	if (before && same(&before->file, &st)) {
		before->views++;
		*ret = before;
		return 0;
	}
	s = calloc(1, sizeof(*s));
	if (!s)
		return err_set(e, -ENOMEM, "out of memory");
	*s = (struct shared_registry){ .file = st, .views = 1 };
	r = copy ? registry_open_copy(path, &s->r, e) : registry_open(path, &s->r, e);
	if (r < 0)
		free(s);
	else
		*ret = s;
	return r;
}

struct shared_registry *shared_close(struct shared_registry *s)
{
	if (!s || --s->views)
		return NULL;
	s->r = registry_free(s->r);
	free(s);
	return NULL;
}
