/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Many inputs at once, and of each server one at a time. */
#ifndef ONUS_PROG_ONUS_FETCH_RUN_H
#define ONUS_PROG_ONUS_FETCH_RUN_H

#include "prog/onus/fetch_job.h"
#include "svc/fetch.h"

/* fetch_run - ask for all n jobs through f until each has an outcome
 * A server that says when to come again is let alone until then, for all its inputs.
 * Returns 0; -errno when something of our own went wrong: the outcomes say of what. */
MUST_USE int fetch_run(struct fetch *f, struct fetch_job *jobs, unsigned n, struct err *e);

#endif
