/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "util/grow.h"
#include "util/macro.h"

static int32_t from_now(int64_t at_s, int64_t now_s, int64_t longest_s)
{
	return (int32_t)MAX_OF(at_s - now_s, -longest_s);
}

/* Evidence, and up to when it is of the past: after 48 hours it begins nothing; where something stands, for 30 days an address
 * may be slowed down for it. */
static int32_t known(
    enum entity_kind kind, const struct decide_state *s, int64_t at_s, int64_t now_s)
{
	int32_t x = from_now(at_s, now_s, DECIDE_SLOW_S);

	if (kind == ENTITY_ADDR && s->level > LEVEL_WATCH)
		return x;
	return x <= -DECIDE_FRESH_S ? -(int32_t)DECIDE_SLOW_S : x;
}

/* What is too old to mean anything is equally old: also 180 days of what was decided, 30 days for each episode of those
 * without evidence. */
struct state state_of(
    enum entity_kind kind, const struct decide_state *s, int64_t verified_s, int64_t now_s)
{
	bool lesser = s->level != LEVEL_CLEAR && s->level != LEVEL_PROBATION &&
		      !decide_sentence(kind, s->level);
	struct state x = {
		.level = (int8_t)s->level,
		.action = (int8_t)s->action,
		.episode = (int16_t)s->episode,
		.verified = STATE_UNSEEN,
		.after = s->episode ? from_now(s->after_s, now_s, DECIDE_EPISODES_S)
				    : known(kind, s, s->after_s, now_s),
		.clean = s->episode
			     ? from_now(s->clean_s, now_s, DECIDE_EPISODES_MAX * DECIDE_CLEAN_S)
			     : 0,
	};

	if (s->level != LEVEL_CLEAR) {
		x.until = (int32_t)(s->until_s - now_s);
		x.since = lesser ? x.until - (int32_t)DECIDE_SLOW_S : (int32_t)(s->since_s - now_s);
	}
	if (verified_s != DECIDE_NEVER)
		x.verified = s->episode && verified_s > s->clean_s
				 ? from_now(verified_s, now_s, INT32_MAX)
				 : known(kind, s, verified_s, now_s);
	return x;
}

void state_at(
    const struct state *x, int64_t now_s, struct decide_state *ret, int64_t *ret_verified_s)
{
	*ret = (struct decide_state){ .level = (enum level)x->level,
		.action = (enum action)x->action,
		.episode = x->episode,
		.after_s = now_s + x->after,
		.clean_s = x->episode ? now_s + x->clean : 0 };
	if (ret->level != LEVEL_CLEAR) {
		ret->since_s = now_s + x->since;
		ret->until_s = now_s + x->until;
	}
	*ret_verified_s = x->verified == STATE_UNSEEN ? DECIDE_NEVER : now_s + x->verified;
}

static uint32_t hash_of(const struct set *s, const void *item)
{
	const uint64_t odd = UINT64_C(0x9e3779b97f4a7c15);
	uint64_t part, h = 0;

	for (size_t i = 0; i < s->size; i += sizeof(part)) {
		memcpy(&part, (const uint8_t *)item + i, sizeof(part));
		h = (h ^ part) * odd;
		h ^= h >> 29;
	}
	return (uint32_t)(h >> 32);
}

const void *set_at(const struct set *s, uint32_t i)
{
	return s->v + i * s->size;
}

static uint32_t *slot_of(const struct set *s, const void *item)
{
	uint32_t i = hash_of(s, item) & (s->n_slot - 1);

	while (s->slot[i] && memcmp(set_at(s, s->slot[i] - 1), item, s->size) != 0)
		i = (i + 1) & (s->n_slot - 1);
	return &s->slot[i];
}

static void more_slots(struct set *s)
{
	s->n_slot = s->n_slot ? 2 * s->n_slot : 1024;
	free(s->slot);
	s->slot = calloc(s->n_slot, sizeof(*s->slot));
	assert_non_null(s->slot);
	for (uint32_t i = 0; i < s->n; i++)
		*slot_of(s, set_at(s, i)) = i + 1;
}

uint32_t set_put(struct set *s, const void *item)
{
	uint32_t *slot;

	if (s->n >= s->n_slot / 2)
		more_slots(s);
	slot = slot_of(s, item);
	if (*slot == 0) {
		assert_int_equal(grow_u32(&s->v, &s->cap, (uint64_t)s->n + 1, s->size), 0);
		memcpy(s->v + s->n * s->size, item, s->size);
		*slot = ++s->n;
	}
	return *slot - 1;
}

void set_done(struct set *s)
{
	free(s->v);
	free(s->slot);
	*s = (struct set){ .size = s->size };
}
