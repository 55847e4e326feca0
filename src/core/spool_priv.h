/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What both ends of the spool share (core/spool.c, core/spool_wait.c); nobody else includes it. */
#ifndef ONUS_CORE_SPOOL_PRIV_H
#define ONUS_CORE_SPOOL_PRIV_H

#include "core/spool.h"

#define SPOOL_DIR_MODE 0750

/* spool_say - the last system call failed: "cannot VERB PATH: why"; returns -errno */
int spool_say(struct err *e, const char *verb, const char *path);

/* spool_join - DIR/SUB or DIR/SUB/NAME; owned by the caller, never NULL */
char *spool_join(const char *dir, const char *sub, const char *name);

/* spool_each_name - call fn with every name in dir/sub that does not start with a dot; a missing directory is an empty
 * one; fn's nonzero result ends the walk and is returned */
typedef int spool_name_fn(void *ctx, const char *name);
MUST_USE int spool_each_name(
    const char *dir, const char *sub, spool_name_fn *fn, void *ctx, struct err *e);

/* spool_read_file - a batch's file, checked; its bytes in packed, which buf_done ends in any case */
MUST_USE int spool_read_file(const char *path, const struct batch_name *name, struct buf *packed,
    struct batch *ret, struct err *e);

#endif
