/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The simulation: made-up attackers in real networks, seen by two independent groups of made-up
 * sensors. The same seed, options and registry give the same events. It knows nothing of the judge.
 *
 * What it takes from the world (scoring.md, part A): networks differ far more than their sizes do (a
 * log-normal rate for each AS, spread SIM_SPREAD), attackers of a network sit together in few blocks,
 * most are seen on one day only, the others come back for days, and no sensor sees all of them. */
#ifndef ONUS_PROG_ONUS_SIM_H
#define ONUS_PROG_ONUS_SIM_H

#include "core/event.h"
#include "holders/registry.h"

#define SIM_HOSTS_MAX 1000000u
#define SIM_DAYS_MAX  400u
#define SIM_SPREAD    1.7 /* standard deviation of the logarithm of an AS's rate */

struct sim_conf {
	const struct registry *registry; /* borrowed */
	uint64_t seed;
	uint32_t hosts; /* 1 … SIM_HOSTS_MAX; one that no sensor happens to see leaves no event */
	uint32_t days;	/* 1 … SIM_DAYS_MAX, the last of them that of until_s */
	int64_t until_s; /* no event is later */
};

/* sim_run - all events, by time; their texts are literals
 * *ret is owned by the caller (free). Returns 0; -ENOMEM; -ENODATA when nobody announces anything. */
MUST_USE int sim_run(const struct sim_conf *c, struct event **ret, size_t *ret_n, struct err *e);

#endif
