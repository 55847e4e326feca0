/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Random evidence over a small world, the same for the same random_state, and what any judgement must be. */
#ifndef TESTS_JUDGE_RANDOM_H
#define TESTS_JUDGE_RANDOM_H

#include "world.h"

extern uint64_t random_state;
uint32_t random_below(uint32_t n);

struct sighting {
	struct addr host;
	enum category category;
	enum proof proof;
	int32_t day;
	unsigned group;
	uint64_t count;
};

#define SIGHTINGS 400

struct sighting sighting_random(void);
void groups(struct judge
	*j); /* trust of groups 1 to 3, 0 is the anchor of world_judge; and what follows: */

/* formers_random - from now on, spaces of world_make that changed hands; formers_none - as it begins */
#define HANDED_FIRST 998u	     /* organisations from here to 1005 have held them */
void formers_random(unsigned ahead); /* days that the last may be ahead */
void formers_none(void);
void add(struct judge *j, const struct sighting *s);
void world_make(struct world *w);

#define KINDS 7
extern const enum entity_kind kinds[KINDS];

void assert_same(const struct judgement *a, const struct judgement *b);
void assert_sound(const struct judgement *g);

/* assert_all - every result of a is sound, is in b, and passes the check with b's */
void assert_all(const struct judge *a, const struct judge *b,
    void check(const struct judgement *, const struct judgement *));

#endif
