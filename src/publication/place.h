/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where publications lie: a directory with one directory a generation, named by its number, and the
 * symbolic link `current`. A publication appears whole or not at all, whichever instant its writer is
 * killed at (doc/contracts/manifest.md, "Directories"). */
#ifndef ONUS_PUBLICATION_PLACE_H
#define ONUS_PUBLICATION_PLACE_H

#include <stdint.h>

#include "util/err.h"

#define PLACE_PATH_MAX 4096u
#define PLACE_CURRENT  "current"

/* struct place - open for writing by this process alone; place_done lets go */
struct place {
	char dir[PLACE_PATH_MAX];
	int fd, lock;
};

/* place_open - make the directory when it is missing, lock it, clear away what a killed writer left
 * Returns 0; -EBUSY when another process publishes there; -errno. */
MUST_USE int place_open(const char *dir, struct place *ret, struct err *e);
void place_done(struct place *p); /* callable twice, and on a zeroed struct */

/* place_newest - the highest generation ever made here that can still be seen; 0: none */
MUST_USE int place_newest(const struct place *p, uint64_t *ret, struct err *e);

/* place_begin - an empty DIR/GENERATION.tmp, whose path is written to ret */
MUST_USE int place_begin(
    const struct place *p, uint64_t generation, char ret[PLACE_PATH_MAX], struct err *e);

/* place_commit - sync it and give it its name; place_show - point `current` at it */
MUST_USE int place_commit(const struct place *p, uint64_t generation, struct err *e);
MUST_USE int place_show(const struct place *p, uint64_t generation, struct err *e);

/* place_prune - remove all but the newest `keep` and the one that is current */
MUST_USE int place_prune(const struct place *p, unsigned keep, struct err *e);

/* place_current - for readers: where `current` points now, as a path that stays the same directory
 * generation   may be NULL
 * Returns 0; -ENOENT when nothing was published yet; -EBADMSG when it points nowhere sensible. */
MUST_USE int place_current(
    const char *dir, char ret[PLACE_PATH_MAX], uint64_t *generation, struct err *e);

#endif
