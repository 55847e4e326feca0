/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Words for librrd, which takes what its command line takes. */
#ifndef ONUS_PROG_GRAPH_ARGS_H
#define ONUS_PROG_GRAPH_ARGS_H

#include "util/macro.h"

#define ARGS_MAX 96u

struct args {
	char *v[ARGS_MAX + 1]; /* NULL-terminated, owned */
	unsigned n;
};

void args_add(struct args *a, const char *fmt, ...) PRINTF(2, 3);
void args_done(struct args *a); /* callable twice */

#endif
