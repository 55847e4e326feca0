/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The porter asks the door for sessions, whichever thread they run in: he follows the publications, keeps the greylist's
 * snapshot, counts, and takes a new configuration while sessions go on. He knows no milter. */
#ifndef ONUS_PROG_MILTER_PORTER_H
#define ONUS_PROG_MILTER_PORTER_H

#include "core/conf.h"
#include "door/door.h"
#include "publication/editions.h"

struct porter;

struct porter_figures {
	struct door_counts answers;
	uint64_t connections, sessions, shed; /* ever; now; let through since there were too many */
	uint64_t forged;		      /* headers of ours that clients brought along */
	uint64_t faults; /* answers that could not be given: the client passed */
	struct grey_figures grey;
	struct editions_state publication;
};

/* porter_new - without a configuration: everybody passes; NULL when out of memory
 * porter_free - NULL-safe, returns NULL; sessions have ended */
struct porter *porter_new(void);
struct porter *porter_free(struct porter *p);

/* The three that follow are for one thread. They log what is wrong with publications and the greylist's snapshot, without
 * which work goes on.
 *
 * porter_take - a configuration, which it takes, in place of the one before, which stands when this fails; the greylist goes
 * on where its snapshot ends. 0; -EINVAL, -ENOMEM with a sentence: c is still the caller's
 * porter_look - every EDITIONS_EVERY_MS: the newest publication, the snapshot when it is time
 * porter_close - keep the greylist; from here on everybody passes */
MUST_USE int porter_take(struct porter *p, struct conf *c, struct err *e);
void porter_look(struct porter *p);
void porter_close(struct porter *p);
void porter_figures(struct porter *p, struct porter_figures *ret);

/* porter_admit - one session more; false: there are too many, let it through. porter_leave - it has ended */
bool porter_admit(struct porter *p);
void porter_leave(struct porter *p);

/* porter_judge - one recipient of a mail from addr; any thread
 *
 * *spared  the client is one's own, on an allow list, or at no place that strangers come from */
void porter_judge(struct porter *p, struct addr addr, const struct door_mail *m,
    struct door_answer *ret, bool *spared);

void porter_fault(struct porter *p);		  /* count one */
void porter_forged(struct porter *p, unsigned n); /* count n */

#endif
