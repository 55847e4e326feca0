/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus decide --replay: what decisions would have refused of one's own good traffic. */
#ifndef ONUS_PROG_ONUS_DECIDE_REPLAY_H
#define ONUS_PROG_ONUS_DECIDE_REPLAY_H

#include "core/conf.h"
#include "prog/onus/decide_walls.h"

struct decide_replay {
	const char *decisions;	 /* a file of decision lines; NULL: not out of one */
	bool published;		 /* out of what is published; else of the hub */
	const char *filter_path; /* NULL: that of the configuration */
	int64_t at_s;		 /* what has ended by then does not count */
	uint32_t limit;		 /* hosts and decisions that are named; UINT32_MAX: as usual */
	bool json;
};

/* decide_replay - with n logs (their good traffic), or none (the hub's of the last 30 days). Returns the exit code: 0; 1
 * when a rule is above the bound, or a file could not be read; 2, 3 after a message. */
int decide_replay(const struct decide_replay *o, const struct conf *conf, int n, char **files);

/* struct decide_replayed - all there is to print */
struct decide_replayed {
	const struct replay *replay;
	const struct decide_walls *walls;
	double max_loss;     /* percent */
	const char *from;    /* where the good traffic was seen */
	uint64_t unverified; /* observations in logs that clients can write into: left out */
	uint32_t limit;
};

/* decide_replay_text, decide_replay_json - to the standard output. 0; -ENOMEM */
MUST_USE int decide_replay_text(const struct decide_replayed *d);
MUST_USE int decide_replay_json(const struct decide_replayed *d);

#endif
