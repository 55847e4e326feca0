/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A registry opened while its caller does something else: where the file has no stamp, to check all of it
 * takes longer (50 ms) than many a log takes to read, and nobody asks about holders before the log is read. */
#ifndef ONUS_HOLDERS_OPENING_H
#define ONUS_HOLDERS_OPENING_H

#include "holders/registry.h"

struct opening;

/* opening_start - registry_open on a thread of its own
 * Returns 0; -errno as registry_open for what the file's name and head tell; -ENOMEM. */
MUST_USE int opening_start(const char *path, struct opening **ret, struct err *e);

/* opening_end - waits; frees o, which must not be NULL
 * Returns as registry_open. */
MUST_USE int opening_end(struct opening *o, struct registry **ret, struct err *e);

#endif
