/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The file a body goes into: written under another name, and there under its own only when it is whole. */
#ifndef ONUS_PROG_FETCH_BODY_H
#define ONUS_PROG_FETCH_BODY_H

#include <stdbool.h>
#include <stdint.h>

#include "svc/fetch_line.h"

/* struct body - zeroed with fd -1: none */
struct body {
	int dir, fd;
	uint64_t bytes;
	char name[FETCH_NAME_MAX + 1];
};

/* body_dir - the directory of all bodies: locked for this process, and what an earlier one left unfinished is
 * removed. Returns its descriptor; -EBUSY: another process has it; -errno. */
MUST_USE int body_dir(const char *path, struct err *e);

/* body_open - begin .NAME.part in dir; body_write - more of it; body_commit - synced and renamed over NAME.
 * Each returns 0 or -errno. body_drop - forget it, and the file, if it was not committed; callable twice. */
MUST_USE int body_open(struct body *b, int dir, const char *name);
MUST_USE int body_write(struct body *b, const void *p, size_t n);
MUST_USE int body_commit(struct body *b);
void body_drop(struct body *b);

#endif
