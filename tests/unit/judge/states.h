/* SPDX-License-Identifier: GPL-3.0-or-later */
/* States of the escalation (judge/decide.h) as they are seen from the instant at which they are, and sets: equal states
 * are those of which the same comes, whatever comes. */
#ifndef TESTS_JUDGE_STATES_H
#define TESTS_JUDGE_STATES_H

#include <stdint.h>

#include "judge/decide.h"

#define STATE_UNSEEN INT32_MIN /* no verified evidence */

struct state {
	int32_t since, until, after, clean, verified; /* seconds from now on */
	int16_t episode;
	int8_t level, action;
};

/* state_of - verified_s: of the newest verified evidence, DECIDE_NEVER; state_at - the other way round */
struct state state_of(
    enum entity_kind kind, const struct decide_state *s, int64_t verified_s, int64_t now_s);
void state_at(
    const struct state *x, int64_t now_s, struct decide_state *ret, int64_t *ret_verified_s);

/* struct set - of items of a size, a multiple of 8 bytes without holes; zeroed but for it: none. Memory that fails is a test
 * that fails. */
struct set {
	size_t size;
	uint8_t *v;
	uint32_t n, cap;
	uint32_t *slot; /* [n_slot], a power of two: index + 1 */
	uint32_t n_slot;
};

/* set_put - the index of an item, which is put in where it is not; set_at - borrowed until the next is put */
uint32_t set_put(struct set *s, const void *item);
const void *set_at(const struct set *s, uint32_t i);
void set_done(struct set *s);

/* state_in - of a set of states; borrowed as by set_at */
static inline const struct state *state_in(const struct set *s, uint32_t i)
{
	return set_at(s, i);
}

#endif
