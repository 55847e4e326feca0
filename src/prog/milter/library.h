/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libmilter, running in threads of its own beside the daemon's loop. There is one in a process, and once it has stopped it
 * does not start again: a reload changes what its callbacks see, not the library. */
#ifndef ONUS_PROG_MILTER_LIBRARY_H
#define ONUS_PROG_MILTER_LIBRARY_H

#include <libmilter/mfapi.h>

#include "prog/milter/where.h"

struct library;

/* library_start - listen, and call back from now on
 *
 * calls  copied by the library
 * Call it with the signals blocked that the daemon's loop reads.
 * Returns 0; -EADDRINUSE; -errno; -EIO: the library says why in the system's log. */
MUST_USE int library_start(
    const struct where *w, const struct smfiDesc *calls, struct library **ret, struct err *e);

/* library_fd - becomes readable when the library has ended by itself */
int library_fd(const struct library *l);
bool library_ended(const struct library *l);

/* library_stop - no client is taken any more; callbacks of those that are there may still come, until the process ends */
struct library *library_stop(struct library *l); /* NULL-safe, returns NULL */

#endif
