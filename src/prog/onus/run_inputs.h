/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `onus run` reads: files named, the machine's own logs, or a simulation. */
#ifndef ONUS_PROG_ONUS_RUN_INPUTS_H
#define ONUS_PROG_ONUS_RUN_INPUTS_H

#include <stdbool.h>

#include "util/buf.h"
#include "util/err.h"

#define RUN_INPUTS_MAX 64

struct run_inputs {
	struct {
		char *path;	  /* absolute, owned for the program's life */
		char name[64];	  /* of its source */
		const char *type; /* log, json, list, events */
		char *map;	  /* json: as path */
		bool weak;	  /* log: clients can write lines into it */
	} in[RUN_INPUTS_MAX];
	unsigned n;
	const char *json_path; /* where maps of JSON logs are; set before run_inputs_find */
	bool simulated;
	char *dir;	/* where this run keeps everything, owned for the program's life */
	char what[128]; /* for the ready line */
};

/* run_inputs_find - files named; else own logs; else a simulation
 * base    each set of inputs has a directory of its own below it, so that what was read or made up for
 *         one never shows with another: files-XXXXXXXX, logs, simulated-DATE */
MUST_USE int run_inputs_find(struct run_inputs *r, int n_files, char **files, bool simulate,
    const char *base, const char *registry, struct err *e);

/* run_inputs_conf - the [source NAME] sections */
void run_inputs_conf(const struct run_inputs *r, struct buf *out);

#endif
