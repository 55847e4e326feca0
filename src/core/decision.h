/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words of a decision, as the judge makes it and everybody else reads it: what is done to an
 * entity (action) and how far escalation has gone (level). Numbers are stored: never renumber. */
#ifndef ONUS_CORE_DECISION_H
#define ONUS_CORE_DECISION_H

#include "util/span.h"

enum action { ACTION_TAG = 0, ACTION_GREYLIST = 1, ACTION_REJECT = 2, ACTION_DROP = 3, ACTION_N };

enum level { /* in the order of the escalation; probation is what a block becomes before it ends */
	LEVEL_CLEAR = 0,
	LEVEL_WATCH = 1,
	LEVEL_PROBATION = 2,
	LEVEL_FRICTION = 3,
	LEVEL_BLOCK = 4,
	LEVEL_N
};

#define DECISION_REASON_MAX 500u /* bytes */

const char *action_name(enum action a);
const char *level_name(enum level l);
MUST_USE int action_parse(struct span s, enum action *ret); /* 0 or -EINVAL */
MUST_USE int level_parse(struct span s, enum level *ret);

#endif
