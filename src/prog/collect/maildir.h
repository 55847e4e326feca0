/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A directory of messages that are taken one by one: a maildir (new/, cur/), or files as they lie. What was read goes
 * to done/, what was refused to bad/, both within it; there they stay a while. A message is known by its name up to the
 * first ':', as a mail reader changes what is behind it. */
#ifndef ONUS_PROG_COLLECT_MAILDIR_H
#define ONUS_PROG_COLLECT_MAILDIR_H

#include <stdbool.h>
#include <stdint.h>

#include "util/err.h"

#define MAILDIR_NAME_MAX                                                                           \
	200u /* bytes of a message's name that can be told again; longer ones are refused */
#define MAILDIR_QUEUE 1000u /* messages looked up at a time */

enum maildir_place { MAILDIR_NEW, MAILDIR_CUR, MAILDIR_DONE, MAILDIR_BAD, MAILDIR_PLACE_N };

/* struct maildir_message */
struct maildir_message {
	char *name; /* owned; of its file */
	enum maildir_place place;
};

struct maildir {
	int fd[MAILDIR_PLACE_N]; /* of a plain directory new is the directory itself, and cur -1 */
	bool plain;
	struct maildir_message *queue; /* [n], oldest names first, from next on */
	unsigned n, next;
	int64_t pruned_us; /* monotonic */
};

void maildir_init(struct maildir *m);
void maildir_done(struct maildir *m); /* callable twice */

/* maildir_check - could path be opened? It need not be there. */
MUST_USE int maildir_check(const char *path, struct err *e);

/* maildir_open - what is missing is made: a maildir, where there is nothing at all */
MUST_USE int maildir_open(struct maildir *m, const char *path, struct err *e);

/* maildir_look - fill the queue, which must be empty
 * skip       is it told already? Asked for each name, up to its ':'
 * settled_s  files of a plain directory that were written less than this ago may be half, and wait
 * Returns 0 or -errno. Messages whose names cannot be told of again go to bad/, counted in *refused. */
typedef bool maildir_skip_fn(const void *ctx, const char *name, size_t len);
MUST_USE int maildir_look(struct maildir *m, maildir_skip_fn *skip, const void *ctx, int64_t now_s,
    int64_t settled_s, uint64_t *refused, struct err *e);

/* maildir_read - of a message at most max bytes into to: how many there are, which may be more (the rest is not read);
 * -ENOENT: it has gone; -errno. *time_s is when it was written. */
MUST_USE ssize_t maildir_read(
    struct maildir *m, const struct maildir_message *msg, char *to, size_t max, int64_t *time_s);

/* maildir_move - a message to done/ or bad/, wherever it is by now; its name there ends before the ':'
 * Returns 0, also when it has gone; -errno. maildir_sync makes moves last. */
MUST_USE int maildir_move(
    struct maildir *m, const char *name, enum maildir_place to, struct err *e);
MUST_USE int maildir_sync(struct maildir *m, struct err *e);

/* maildir_prune - at most once an hour: what was written more than so many days ago leaves done/ and bad/, and
 * what was begun more than 36 hours ago and never delivered leaves tmp/ */
void maildir_prune(struct maildir *m, int64_t now_s, uint32_t keep_days);

/* maildir_key - length of the name up to its ':' */
size_t maildir_key(const char *name);

#endif
