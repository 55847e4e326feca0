/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A program run for its output: what it prints comes through a pipe, what it complains of is kept up to a
 * bound. No shell. */
#ifndef ONUS_UTIL_CHILD_H
#define ONUS_UTIL_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "util/err.h"

#define CHILD_SAID_MAX 4096u

struct child {
	pid_t pid;
	int in; /* our end of its stdin: a socket, written to with MSG_NOSIGNAL; -1: it reads a file */
	int out, said; /* our ends of its stdout and stderr */
};

/* struct child_how - zeroed: as its parent is */
struct child_how {
	char *const *env; /* its environment; NULL: the parent's */
	const char *dir;  /* its working directory; NULL: the parent's */
	bool
	    group; /* a process group of its own, numbered as it is, to be killed with its children */
	int in;	   /* what its stdin is, borrowed, read from where it stands; 0: a socket of ours */
};

/* struct child_end - how it ended */
struct child_end {
	bool signalled;
	int status;		   /* its exit code, or the signal that killed it */
	char said[CHILD_SAID_MAX]; /* the beginning of its stderr, not NUL-terminated */
	size_t said_len;
};

/* child_start - run argv[0], found along PATH
 *
 * Call child_end for each one that was started. What it writes to stderr beyond a pipe's room is lost and never
 * stops it.
 * Returns 0; -errno, of -ENOENT when there is no such program. */
MUST_USE int child_start(char *const argv[], struct child *ret, struct err *e);

/* child_start_as - the same, in surroundings of its own */
MUST_USE int child_start_as(
    char *const argv[], const struct child_how *how, struct child *ret, struct err *e);

/* child_take_in, child_take_out - the descriptor, which is the caller's from here */
int child_take_in(struct child *c);
int child_take_out(struct child *c);

/* child_end - wait until it ends: what was taken is closed or read to the end before */
void child_end(struct child *c, struct child_end *ret);

#endif
