/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The file a body goes into: written under another name, and there under its own only when it is whole. What came of
 * one that was cut may be kept for the next request, with what it is the beginning of (struct fetch_part). */
#ifndef ONUS_PROG_FETCH_BODY_H
#define ONUS_PROG_FETCH_BODY_H

#include <stdbool.h>
#include <stdint.h>

#include "svc/fetch_line.h"

/* struct body_dir - the directory of all bodies */
struct body_dir {
	int fd;
	char boot[FETCH_BOOT_MAX +
		  1]; /* which start of the system this is; "" when it cannot be told */
};

/* struct body - zeroed with fd -1: none */
struct body {
	const struct body_dir *dir; /* borrowed */
	int fd;
	uint64_t bytes;
	char name[FETCH_NAME_MAX + 1];
	bool keeps; /* what has come is worth keeping */
	struct fetch_part part;
};

/* body_dir_open - locked for this process; what earlier ones left unfinished is removed, but for what was kept in the last
 * week. Returns 0; -EBUSY: another process has it; -errno. */
MUST_USE int body_dir_open(const char *path, struct body_dir *ret, struct err *e);
void body_dir_close(struct body_dir *d);

/* body_open - begin .NAME.part; what was kept under that name is gone
 * body_keep - what it is the beginning of: from here on it survives this process, unless that cannot be
 *	written. boot and synced are ours.
 * body_write - more of it; body_commit - synced and renamed over NAME
 * body_leave - no more of it for now: it is kept when body_keep said of what, else dropped
 * body_drop - forget it, and the file, if it was not committed; callable twice
 * Each returns 0 or -errno. */
MUST_USE int body_open(struct body *b, const struct body_dir *dir, const char *name);
MUST_USE int body_write(struct body *b, const void *p, size_t n);
MUST_USE int body_commit(struct body *b);
void body_keep(struct body *b, const struct fetch_part *p);
void body_leave(struct body *b);
void body_drop(struct body *b);

/* body_kept - how many bytes of NAME are kept that can be gone on with, and of what; at least one is missing, or is
 * asked for again, so that the server says whether the rest is still what it was. 0: none.
 * body_resume - go on behind the first `bytes` of them; body_forget - let go of them */
uint64_t body_kept(const struct body_dir *dir, const char *name, struct fetch_part *ret);
MUST_USE int body_resume(struct body *b, const struct body_dir *dir, const char *name,
    const struct fetch_part *p, uint64_t bytes);
void body_forget(const struct body_dir *dir, const char *name);

#endif
