/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A plug-in that is run for what it prints (doc/contracts/plugins.md), with bounds of time and bytes. What it prints
 * counts whole, once it has ended well, or not at all; what it says on stderr is logged. Nobody waits for it: plugin_tend
 * is called again and again. */
#ifndef ONUS_SVC_PLUGIN_H
#define ONUS_SVC_PLUGIN_H

#include <stdbool.h>
#include <stdint.h>

#include "util/buf.h"
#include "util/child.h"
#include "util/err.h"

#define PLUGIN_ARGS_MAX 32u

struct plugin {
	struct buf printed; /* by its last run; each line has its LF */
	bool running;
	int64_t started_us; /* monotonic, of the last run; 0: none */
	const char *killed; /* why, or NULL */
	const char *name;   /* whose words they are, in the log; borrowed */
	uint32_t timeout_s;
	struct child child;
	char *words; /* of its command, each with its NUL */
	char *argv[PLUGIN_ARGS_MAX + 1];
};

/* plugin_init - a command: its program's whole path, and arguments, with blanks between; no shell
 * printed_max  bytes of one run
 * Returns 0; -E2BIG, -EINVAL, -errno (there is no such program), with plugin_done in any case. */
MUST_USE int plugin_init(struct plugin *p, const char *name, const char *command,
    uint32_t timeout_s, size_t printed_max, struct err *e);
void plugin_done(struct plugin *p); /* a run that goes on is killed; callable twice */

/* plugin_start - a run; what the last one printed is forgotten
 * in  a file that is its stdin, borrowed; 0: it is told nothing
 * Returns 0; -errno, and it does not run. */
MUST_USE int plugin_start(struct plugin *p, int in, struct err *e);

/* plugin_kill - the run, with its children, for a reason (a literal); its end is seen by plugin_tend */
void plugin_kill(struct plugin *p, const char *why);

/* plugin_out - the descriptor that it prints to, for epoll; -1: it has closed it */
static inline int plugin_out(const struct plugin *p)
{
	return p->running ? p->child.out : -1;
}

/* plugin_tend - take what it has printed by now; kill it when it is over a bound
 * Returns PLUGIN_RUNS while it does, and at its end once whether the run counts; PLUGIN_IDLE when it does not run. */
enum plugin_turn { PLUGIN_IDLE, PLUGIN_RUNS, PLUGIN_GOOD, PLUGIN_FAILED };
enum plugin_turn plugin_tend(struct plugin *p);

#endif
