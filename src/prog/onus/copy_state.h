/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is remembered of a file that was fetched, in FILE.state beside it: `name = value` lines. The two are
 * written one after the other, so each state says which file it is of, by size and time; of another it says nothing. */
#ifndef ONUS_PROG_ONUS_COPY_STATE_H
#define ONUS_PROG_ONUS_COPY_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "util/err.h"

/* struct copy_state - texts owned */
struct copy_state {
	char *url;		/* as asked for */
	char *etag;		/* as the server gave it */
	char *why;		/* held back: why */
	uint64_t modified_s;	/* Last-Modified; 0: not told */
	uint64_t fetched_s;	/* this copy came */
	uint64_t checked_s;	/* the server last said that there is no other */
	uint64_t bytes, time_s; /* of the file */
	uint64_t records, refused;
};

/* copy_state_read - of the file at path
 * there  set: is there such a file at all
 * known  set: what is remembered is of that file; else *ret is all defaults
 * Returns 0 or -ENOMEM. copy_state_done: NULL-safe. */
MUST_USE int copy_state_read(const char *path, struct copy_state *ret, bool *there, bool *known);
void copy_state_done(struct copy_state *s);

/* copy_state_write - bytes and time_s are taken from the file, which must be there. 0 or -errno. */
MUST_USE int copy_state_write(const char *path, struct copy_state *s, struct err *e);

/* copy_state_text - replace a text of the state; v may be NULL. 0 or -ENOMEM. */
MUST_USE int copy_state_text(char **text, const char *v);

#endif
