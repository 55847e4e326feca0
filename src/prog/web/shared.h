/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The registry of a view, kept when the next publication has the very same file: to check a large one takes the
 * better part of a second, and a publication comes every few seconds. */
#ifndef ONUS_PROG_WEB_SHARED_H
#define ONUS_PROG_WEB_SHARED_H

#include <sys/stat.h>

#include "holders/registry.h"

/* struct shared_registry - one open file, however many views look at it */
struct shared_registry {
	struct registry *r;
	struct stat file; /* which one */
	unsigned views;
};

/* shared_open - the registry at path
 * before  may be NULL; if it is of the same file, it is taken once more
 * copy    read it into memory: somebody may write into the file while it is open
 * Returns 0; -errno. shared_close: NULL-safe, returns NULL; the last one closes it. */
MUST_USE int shared_open(const char *path, bool copy, struct shared_registry *before,
    struct shared_registry **ret, struct err *e);
struct shared_registry *shared_close(struct shared_registry *s);

#endif
