/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `onus run` reads: files named, the machine's own logs, or a simulation. */
#ifndef ONUS_PROG_ONUS_RUN_INPUTS_H
#define ONUS_PROG_ONUS_RUN_INPUTS_H

#include "util/buf.h"
#include "util/err.h"

#define RUN_INPUTS_MAX 64

struct run_inputs {
	struct {
		char *path;	  /* absolute, owned for the program's life */
		char name[64];	  /* of its source */
		const char *type; /* log, list, events */
	} in[RUN_INPUTS_MAX];
	unsigned n;
	bool simulated;
	char what[128]; /* for the ready line */
};

/* run_inputs_find - files named; else own logs; else a simulation written below dir */
MUST_USE int run_inputs_find(struct run_inputs *r, int n_files, char **files, bool simulate,
    const char *dir, const char *registry, struct err *e);

/* run_inputs_conf - the [source NAME] sections */
void run_inputs_conf(const struct run_inputs *r, struct buf *out);

#endif
