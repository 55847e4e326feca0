/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Work on several threads whose results come back in the order in which it was given: the caller fills
 * jobs and empties them, oldest first, threads do what lies between. Jobs are numbers; what they stand
 * for is the caller's. One caller's thread.
 *
 *	while (there is more) {
 *		if (lanes_full(l))
 *			empty(lanes_oldest(l)), lanes_emptied(l);
 *		fill(lanes_next(l)), lanes_go(l);
 *	}
 *	while (lanes_busy(l))
 *		empty(lanes_oldest(l)), lanes_emptied(l);
 */
#ifndef ONUS_UTIL_LANES_H
#define ONUS_UTIL_LANES_H

#include <stdbool.h>
#include <stdint.h>

#define LANES_MAX      16u
#define LANES_JOBS_MAX (2 * LANES_MAX)

struct lanes;

/* lanes_work - do job on lane: one of each lane at a time, so what belongs to a lane needs no lock */
typedef void lanes_work(void *ctx, unsigned lane, unsigned job);

/* lanes_new - n threads (0: one a processor that this process may use), not started yet; NULL: no memory
 * lanes_free - after the last job was emptied; NULL-safe, returns NULL */
struct lanes *lanes_new(unsigned n, lanes_work *work, void *ctx);
struct lanes *lanes_free(struct lanes *l);

unsigned lanes_n(const struct lanes *l);
unsigned lanes_n_jobs(const struct lanes *l);

/* lanes_start - start what is not started; false when not one thread is to be had */
bool lanes_start(struct lanes *l);

bool lanes_full(const struct lanes *l); /* no job is free: empty one first */
bool lanes_busy(const struct lanes *l); /* some are not emptied */
unsigned lanes_next(const struct lanes *l);
void lanes_go(struct lanes *l);		/* the job of lanes_next is filled */
unsigned lanes_oldest(struct lanes *l); /* waits until it is done */
void lanes_emptied(struct lanes *l);

#endif
