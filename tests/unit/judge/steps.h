/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One step of the escalation, and what begins it. For tests; after cmocka.h. */
#ifndef TESTS_JUDGE_STEPS_H
#define TESTS_JUDGE_STEPS_H

#include "judge/decide.h"

/* step - what stands then, blocks refused from the second episode on; the same facts once more have to change nothing */
static inline struct decide_state step(enum entity_kind kind, const struct decide_facts *f,
    const struct decide_state *was, int64_t now_s)
{
	struct decide_state now, again;

	decide_next(kind, 2, f, was, now_s, &now);
	decide_next(kind, 2, f, &now, now_s, &again);
	assert_memory_equal(&now, &again, sizeof(now));
	return now;
}

/* attack - every rule is met, by what was verified then */
static inline struct decide_facts attack(int64_t verified_s)
{
	return (struct decide_facts){ .block = true,
		.friction = true,
		.linger = true,
		.hold = true,
		.corroborated = true,
		.verified_s = verified_s,
		.seen_s = verified_s };
}

#endif
