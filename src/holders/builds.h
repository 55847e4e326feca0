/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Registry files of other days: beside the registry file, under its name with -YYYYMMDD behind. */
#ifndef ONUS_HOLDERS_BUILDS_H
#define ONUS_HOLDERS_BUILDS_H

#include <stddef.h>
#include <stdint.h>

#include "holders/registry.h"
#include "util/buf.h"
#include "util/err.h"

#define BUILDS_MAX 10000u /* the newest ones count */

struct builds {
	int32_t *day; /* owned; ascending */
	size_t n;
};

/* builds_find - the days of which there are files; none is no error
 * Returns 0, -ENOMEM, -errno of the directory. */
MUST_USE int builds_find(const char *registry_file, struct builds *ret, struct err *e);
void builds_done(struct builds *b);

/* builds_upto - index of the newest one not later than a day; n where there is none */
size_t builds_upto(const struct builds *b, int32_t day);

/* builds_open - the newest build that is not later than a day; -ENOENT when none was kept */
MUST_USE int builds_open(
    const char *registry_file, int32_t day, struct registry **ret, struct err *e);

/* builds_keep - the registry file as it is becomes the build of a day, in place of another one of that day; builds
 * that are more than keep_days older go. 0 or -errno. */
MUST_USE int builds_keep(const char *registry_file, int32_t day, uint32_t keep_days, struct err *e);

/* builds_tidy - what builds that were killed left beside the registry file: parts of it, of its stamp, of builds of days */
void builds_tidy(const char *registry_file);

/* builds_path - the file of a day, NUL-terminated, owned by the caller; NULL when out of memory */
char *builds_path(const char *registry_file, int32_t day);

#endif
