/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "svc/program.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* true: there is such a program, and *path is its */
static bool is_there(char **path, const char *dir, const char *between, const char *name)
{
	if (asprintf(path, "%s/%s/%s", dir, between, name) < 0)
		*path = NULL;
	if (*path && access(*path, X_OK) == 0)
		return true;
	free(*path);
	*path = NULL;
	return false;
}

int program_find(const char *dir, const char *name, char **ret, struct err *e)
{
	const char *in_tree = name + strlen("onus-"); /* onus-load is built as load/onus-load */
	CLEANUP(free_p) char *self = realpath("/proc/self/exe", NULL), *tree = NULL;
	char *slash = self ? strrchr(self, '/') : NULL;

	if (dir && is_there(ret, dir, in_tree, name))
		return 0;
	if (dir)
		return err_set(e, -ENOENT, "no %s under %s; is everything built?", name, dir);
	if (slash)
		*slash = '\0';
	if (asprintf(&tree, "../%s", in_tree) < 0) {
		tree = NULL;
		return err_set(e, -ENOMEM, "out of memory");
	}
	if ((slash && (is_there(ret, self, ".", name) || is_there(ret, self, "../sbin", name) ||
			  is_there(ret, self, tree, name))) ||
	    is_there(ret, "/usr", "sbin", name))
		return 0;
	return err_set(e, -ENOENT,
	    "%s is not beside this program, in ../sbin or in /usr/sbin; name its "
	    "place with --program-dir",
	    name);
}
