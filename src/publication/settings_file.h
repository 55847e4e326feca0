/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The settings that a publication holds, for whoever reads serve/: only as its manifest names them, whole and
 * unchanged (doc/contracts/settings.md). */
#ifndef ONUS_PUBLICATION_SETTINGS_FILE_H
#define ONUS_PUBLICATION_SETTINGS_FILE_H

#include "core/settings.h"

/* settings_file_read - those of the publication in a directory (place_current)
 * Returns 1 with *ret, which settings_done ends; 0 when it has none (of an older onus); -EBADMSG when manifest or
 * file are not what they should be; -errno. */
MUST_USE int settings_file_read(const char *dir, struct settings *ret, struct err *e);

/* struct settings_file - the newest that could be read; zero it and settings_init(&f->now) to begin with */
struct settings_file {
	struct settings now;
	uint64_t generation; /* that was looked at last */
};

/* settings_file_look - the current publication's, if it is another one than at the last look
 * Returns 1 when f->now is new; 0; -errno with a sentence, once a publication: what was read before stands. */
MUST_USE int settings_file_look(struct settings_file *f, const char *serve_dir, struct err *e);
void settings_file_done(struct settings_file *f); /* callable twice */

#endif
