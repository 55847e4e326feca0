/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "holders/words.h"

#include "util/grow.h"
#include "util/hash.h"

#define BITS_FIRST 12

int words_init(struct words *w, size_t max_bytes)
{
	*w = (struct words){ .bits = BITS_FIRST };
	buf_init(&w->text, MIN_OF(max_bytes, (size_t)UINT32_MAX));
	w->slot = calloc((size_t)1 << w->bits, sizeof(*w->slot));
	if (!w->slot || !buf_room(&w->text, 1) || grow(&w->at, &w->at_cap, 2, sizeof(*w->at)) < 0) {
		words_done(w);
		return -ENOMEM;
	}
	w->at[0] = w->at[1] = 0;
	w->n = 1;
	return 0;
}

void words_done(struct words *w)
{
	free(w->slot);
	free(w->at);
	buf_done(&w->text);
	*w = (struct words){ .n = 0 };
}

/* The upper half of a hash is in its slot: growing reads no text. */
static int slots_grow(struct words *w)
{
	size_t mask = ((size_t)2 << w->bits) - 1;
	uint64_t *bigger = w->bits < WORDS_BITS ? calloc(mask + 1, sizeof(*bigger)) : NULL;

	if (!bigger)
		return -ENOMEM;
	w->bits++;
	for (size_t i = 0; i < (mask + 1) / 2; i++) {
		size_t at = (size_t)(w->slot[i] >> (64 - w->bits));

		if (w->slot[i] == 0)
			continue;
		while (bigger[at])
			at = (at + 1) & mask;
		bigger[at] = w->slot[i];
	}
	free(w->slot);
	w->slot = bigger;
	return 0;
}

static uint32_t add(struct words *w, struct span s, uint64_t *slot, uint64_t tag)
{
	if (grow(&w->at, &w->at_cap, (size_t)w->n + 2, sizeof(*w->at)) < 0)
		return WORDS_NONE;
	buf_span(&w->text, s);
	if (!buf_ok(&w->text))
		return WORDS_NONE;
	w->at[w->n + 1] = (uint32_t)w->text.len;
	*slot = tag | (w->n + 1);
	return w->n++;
}

/* Where s is, or the free slot where it would be. */
static uint64_t *slot_of(const struct words *w, struct span s, uint64_t *ret_tag)
{
	uint64_t hash = hash_bytes(s.p, span_len(s)), tag = hash & ~(uint64_t)UINT32_MAX;
	size_t mask = ((size_t)1 << w->bits) - 1, at;

	*ret_tag = tag;
	for (at = (size_t)(hash >> (64 - w->bits)); w->slot[at]; at = (at + 1) & mask)
		if ((w->slot[at] & ~(uint64_t)UINT32_MAX) == tag &&
		    span_eq(words_at(w, (uint32_t)w->slot[at] - 1), s))
			break;
	return &w->slot[at];
}

uint32_t words_put(struct words *w, struct span s)
{
	uint64_t tag, *slot;

	if (span_empty(s))
		return 0;
	if (w->n >= (uint64_t)3 << (w->bits - 2) && slots_grow(w) < 0)
		return WORDS_NONE;
	slot = slot_of(w, s, &tag);
	return *slot ? (uint32_t)*slot - 1 : add(w, s, slot, tag);
}

uint32_t words_find(const struct words *w, struct span s)
{
	uint64_t tag, *slot;

	if (span_empty(s))
		return 0;
	slot = slot_of(w, s, &tag);
	return *slot ? (uint32_t)*slot - 1 : WORDS_NONE;
}
