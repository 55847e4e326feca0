/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Children of `onus run`: find the programs, run them to the end one after the other, or keep them
 * running and start them again when they die, until a signal says stop. */
#ifndef ONUS_PROG_ONUS_SUPERVISE_H
#define ONUS_PROG_ONUS_SUPERVISE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/err.h"

#define SUPERVISE_MAX 8

/* struct child - one program; argv borrows */
struct child {
	const char *name;  /* "onus-load" */
	const char *path;  /* of the executable */
	char *const *argv; /* NULL-terminated, argv[0] included */
	bool wants_ready;  /* its first line on stdout says that it is ready, and where */
	pid_t pid;	   /* 0: not running */
	int out;	   /* read end of its stdout, -1: none */
	int64_t started_us, restart_us;
	unsigned deaths;
	int code; /* of its last death */
};

/* supervise_run - one child to its end; log_fd receives its stderr
 * Returns its exit code, 128 + signal, -ECANCELED when a stop signal came meanwhile, -errno. */
MUST_USE int supervise_run(struct child *c, int signal_fd, int log_fd, struct err *e);

/* supervise_signals - block SIGINT, SIGTERM and SIGCHLD and return a descriptor that tells of them */
MUST_USE int supervise_signals(struct err *e);

/* supervise_loop - keep n children running until a stop signal, then end them (SIGTERM, and SIGKILL
 * for what is left after ten seconds)
 * ready    called once with the ready line of the child that wants_ready
 * Returns 0 after a stop signal; -ECHILD when that child died before it was ready; -errno. */
typedef void ready_fn(void *ctx, const char *line);
MUST_USE int supervise_loop(struct child *c, unsigned n, int signal_fd, int log_fd, ready_fn *ready,
    void *ctx, struct err *e);

#endif
