/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A registry file that a long-running program reads, opened anew when another file takes its place,
 * or it was written over; until then what was read stays what it was. */
#ifndef ONUS_HOLDERS_LIVE_H
#define ONUS_HOLDERS_LIVE_H

#include <sys/types.h>
#include <time.h>

#include "holders/registry.h"
#include "util/file.h"

/* struct registry_live - zeroed to begin with; sha is that of what is open, inode and mtime those of the file it was
 * read from, or of one with the same content */
struct registry_live {
	struct registry *r; /* NULL until the first good one */
	char sha[SHA256_HEX];
	ino_t inode;
	struct timespec mtime;
	bool settled; /* as far as the clock of the file system can tell */
};

/* registry_live_look - open path when it is another file than before, or was written into
 * Returns 0; a negative errno when none is open. While a new file fails its check the old one serves on:
 * that is 0 with a sentence in e (else e->text is left alone). */
MUST_USE int registry_live_look(struct registry_live *l, const char *path, struct err *e);
void registry_live_done(struct registry_live *l); /* callable twice */

#endif
