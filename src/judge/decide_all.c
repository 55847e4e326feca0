/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The part of the escalation in which one entity is in another's way: B3. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "judge/decide.h"
#include "util/hash.h"
#include "util/macro.h"

#define AS_SHARE      20 /* of its addresses: one in … */
#define COUNTRY_SHARE 5	 /* of the budget: one in … */

static const char *const spared_names[] = {
	[DECIDE_SPARED_NOT] = "",
	[DECIDE_SPARED_NEVER] = "never",
	[DECIDE_SPARED_BUDGET] = "budget",
	[DECIDE_SPARED_AS] = "as",
	[DECIDE_SPARED_COUNTRY] = "country",
};
_Static_assert(NELEM(spared_names) == DECIDE_SPARED_N, "spared_names out of step");

const char *decide_spared_name(enum decide_spared s)
{
	return spared_names[s];
}

/* struct taken - addresses that are covered of one AS in one IP version, or of one country */
struct taken {
	uint64_t key;
	uint64_t size;
	UT_hash_handle hh;
};

struct room {
	uint64_t left, of_country;
	struct taken *as, *country;
};

static void taken_done(struct taken **list)
{
	struct taken *t, *next;

	HASH_ITER (hh, *list, t, next) {
		HASH_DEL(*list, t);
		free(t);
	}
}

static struct taken *taken_of(struct taken **list, uint64_t key)
{
	struct taken *t;

	HASH_FIND(hh, *list, &key, sizeof(key), t);
	if (t)
		return t;
	t = calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	t->key = key;
	HASH_ADD(hh, *list, key, sizeof(t->key), t);
	return t;
}

static uint64_t at_least_one(uint64_t addresses)
{
	return addresses > DECIDE_BLOCK_SIZE ? addresses : DECIDE_BLOCK_SIZE;
}

static enum decide_spared full_for(const struct room *room, const struct decide_case *x,
    const struct taken *as, const struct taken *country)
{
	if (x->size > room->left)
		return DECIDE_SPARED_BUDGET;
	if (as && as->size + x->size > at_least_one(x->as_size / AS_SHARE))
		return DECIDE_SPARED_AS;
	if (country && country->size + x->size > room->of_country)
		return DECIDE_SPARED_COUNTRY;
	return DECIDE_SPARED_NOT;
}

/* Room for a case, which then is taken; or why there is none. What stands whatever is said here takes it all the same. */
static int take_room(struct room *room, const struct decide_case *x, enum decide_spared *ret)
{
	struct taken *as = NULL, *country = NULL;

	*ret = DECIDE_SPARED_NOT;
	if (decide_rule(x->kind)->of_as && x->as != DECIDE_NOBODY) {
		as = taken_of(&room->as, (uint64_t)x->as << 1 | x->v6);
		if (!as)
			return -ENOMEM;
	}
	if (x->country != DECIDE_NOBODY) {
		country = taken_of(&room->country, x->country);
		if (!country)
			return -ENOMEM;
	}
	if (!x->stands)
		*ret = full_for(room, x, as, country);
	if (*ret != DECIDE_SPARED_NOT)
		return 0;
	if (as)
		as->size += x->size;
	if (country)
		country->size += x->size;
	room->left -= MIN_OF(x->size, room->left);
	return 0;
}

static bool takes_room(const struct decide_case *x)
{
	return decide_room(x->kind, &x->now);
}

static bool had_room(const struct decide_case *x)
{
	return decide_room(x->kind, &x->was);
}

static double density(const struct decide_case *x)
{
	return x->arrivals / ((double)(x->size ? x->size : 1) * (x->users ? x->users : 1));
}

static int cmp_u64(uint64_t a, uint64_t b)
{
	return a == b ? 0 : a < b ? -1 : 1;
}

/* What has its room before what is new, the densest first. */
static int by_rank(const void *a, const void *b)
{
	const struct decide_case *x = *(const struct decide_case *const *)a,
				 *y = *(const struct decide_case *const *)b;
	double dx = density(x), dy = density(y);

	if (x->stands != y->stands) /* it cannot be lifted now */
		return x->stands ? -1 : 1;
	if (had_room(x) != had_room(y))
		return had_room(x) ? -1 : 1;
	if (dx > dy || dx < dy)
		return dx > dy ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return cmp_u64(x->key, y->key);
}

/* What it is without anything that begins now. */
static void begin_nothing(const struct decide_conf *c, struct decide_case *x)
{
	struct decide_facts f = x->facts;

	f.full = true;
	decide_next(x->kind, c->block_from, &f, &x->was, c->at_s, &x->now);
	if (takes_room(x))
		decide_lift(&x->now, c->at_s, &x->now);
}

/* What is allowed has no past either: should it not be allowed any more, it begins with the evidence there is then. */
static void decide_one(const struct decide_conf *c, struct decide_case *x)
{
	x->spared = DECIDE_SPARED_NOT;
	x->now = x->was;
	if (x->stands)
		return;
	decide_next(x->kind, c->block_from, &x->facts, &x->was, c->at_s, &x->now);
	if (!x->never)
		return;
	if (x->now.level > LEVEL_WATCH)
		x->spared = DECIDE_SPARED_NEVER;
	x->now = (struct decide_state){ 0 };
}

static int fit(const struct decide_conf *c, struct decide_case **v, size_t n)
{
	struct room room = { c->budget, at_least_one(c->budget / COUNTRY_SHARE), NULL, NULL };
	int r = 0;

	qsort(v, n, sizeof(*v), by_rank);
	for (size_t i = 0; i < n && r == 0; i++) {
		enum decide_spared why;

		r = take_room(&room, v[i], &why);
		if (why == DECIDE_SPARED_NOT)
			continue;
		v[i]->spared = why;
		begin_nothing(c, v[i]);
	}
	taken_done(&room.as);
	taken_done(&room.country);
	return r;
}

int decide_all(const struct decide_conf *c, struct decide_case *v, size_t n)
{
	struct decide_case **take = NULL;
	size_t n_take = 0;
	int r;

	for (size_t i = 0; i < n; i++) {
		assert(decide_rule(v[i].kind));
		decide_one(c, &v[i]);
		n_take += takes_room(&v[i]);
	}
	if (n_take == 0)
		return 0;
	take = calloc(n_take, sizeof(*take));
	if (!take)
		return -ENOMEM;
	n_take = 0;
	for (size_t i = 0; i < n; i++)
		if (takes_room(&v[i]))
			take[n_take++] = &v[i];
	r = fit(c, take, n_take);
	free(take);
	return r;
}
