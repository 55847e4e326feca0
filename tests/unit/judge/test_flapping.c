/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How often can walls begin, whoever attacks in whatever rhythm? What a sentence is as it begins depends on nothing but
 * its episode and its length. So it is enough to know of each how soon which may follow, which is looked at for
 * whatever facts and at every instant at which they may matter; the rhythm with the most sentences in 180 days is then the
 * quickest way through them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "states.h"
#include "util/grow.h"
#include "util/macro.h"

#define DAY    INT64_C(86400)
#define NOW    (20000 * DAY)
#define WINDOW (180 * DAY)
#define NEVER  INT64_MAX
#define MOST   64 /* sentences in a row */

struct who {
	const char *label;
	enum entity_kind kind;
	bool shared;
	int64_t lease_s;
	int64_t window_s;
	unsigned most; /* sentences that begin within it, as doc/decide.md says */
};

static const struct who everybody[] = {
	{ "address", ENTITY_ADDR, false, 0, WINDOW, 15 },
	{ "shared address", ENTITY_ADDR, true, 0, WINDOW, 15 },
	{ "address of a pool, in a lease", ENTITY_ADDR, false, DAY, DAY, 9 },
	{ "block", ENTITY_BLOCK, false, 0, WINDOW, 16 },
	{ "prefix", ENTITY_PREFIX, false, 0, WINDOW, 29 },
	{ "network", ENTITY_NET, false, 0, WINDOW, 29 },
	{ "shared network", ENTITY_NET, true, 0, WINDOW, 29 },
	{ "AS", ENTITY_AS, false, 0, WINDOW, 29 },
	{ "organisation", ENTITY_ORG, false, 0, WINDOW, 29 },
};

/* --- births --------------------------------------------------------------------------------------- */

/* A birth: episode 1 to 16, by hits alone or corroborated. */
#define BIRTHS (2 * DECIDE_EPISODES_MAX)

static unsigned birth_of(int32_t episode, bool corroborated)
{
	return (unsigned)(episode - 1) * 2 + corroborated;
}

static struct decide_facts facts_of(const struct who *w, bool block, bool hold, bool corroborated)
{
	return (struct decide_facts){ .block = block,
		.hold = hold,
		.corroborated = corroborated || w->kind != ENTITY_ADDR,
		.shared = w->shared,
		.lease_s = w->lease_s };
}

static struct state birth(const struct who *w, unsigned i)
{
	const struct decide_state was = {
		.episode = (int32_t)i / 2, .after_s = NOW - 1, .clean_s = NOW - 1
	};
	struct decide_facts f = facts_of(w, true, true, i & 1);
	struct decide_state s;

	f.verified_s = NOW;
	decide_next(w->kind, 2, &f, &was, NOW, &s);
	return state_of(w->kind, &s, NOW, NOW);
}

/* --- from a birth to the next --------------------------------------------------------------------- */

/* struct life - states after a birth, before the next, each with how soon it can be reached */
struct life {
	const struct who *who;
	struct set states;
	int64_t *soonest; /* [n] */
	uint32_t n, cap;
	int64_t *next; /* [BIRTHS]: how soon each may follow */
};

static void reach(struct life *l, const struct state *x, int64_t at_s, uint32_t *todo)
{
	uint32_t i = set_put(&l->states, x);

	assert_int_equal(grow_u32(&l->soonest, &l->cap, l->states.n, sizeof(*l->soonest)), 0);
	while (l->n < l->states.n)
		l->soonest[l->n++] = NEVER;
	if (at_s >= l->soonest[i])
		return;
	l->soonest[i] = at_s;
	*todo = MIN_OF(*todo, i);
}

static void live(struct life *l, uint32_t from, int64_t step_s, const struct decide_facts *facts,
    bool hit, uint32_t *todo)
{
	int64_t at_s = l->soonest[from] + step_s, t = NOW + step_s, verified_s;
	struct decide_facts f = *facts;
	struct decide_state was, now;
	struct state x;

	if (step_s <= 0 || at_s > WINDOW)
		return;
	state_at(state_in(&l->states, from), NOW, &was, &verified_s);
	f.verified_s = hit ? t : verified_s;
	decide_next(l->who->kind, 2, &f, &was, t, &now);
	if (decide_sentence(l->who->kind, now.level) && now.since_s == t) {
		int64_t *next = &l->next[birth_of(now.episode, f.corroborated)];

		*next = MIN_OF(*next, at_s);
		return;
	}
	x = state_of(l->who->kind, &now, f.verified_s, t);
	reach(l, &x, at_s, todo);
}

/* Every instant at which facts may matter: a second later where something has just become of it, when what stands
 * ends, when an episode is forgiven, when what is slowed down or leased is free again. */
static void look_on(struct life *l, uint32_t i, uint32_t *todo)
{
	const struct state s = *state_in(&l->states, i);
	const int64_t steps[] = { s.after >= -1 || (s.level && s.since >= -1), s.until,
		s.clean + DECIDE_CLEAN_S, s.after + DECIDE_EPISODES_S,
		s.after + (s.until - s.since), s.after + l->who->lease_s };

	for (unsigned k = 0; k < NELEM(steps); k++)
		for (unsigned bits = 0; bits < 16; bits++) {
			bool block = bits & 1, hold = bits & 2, corroborated = bits & 4;
			struct decide_facts f = facts_of(l->who, block, hold, corroborated);

			if (hold || !block)
				live(l, i, steps[k], &f, bits & 8, todo);
		}
}

static uint64_t follow(const struct who *w, unsigned from, int64_t next[BIRTHS])
{
	struct life l = { .who = w, .next = next, .states.size = sizeof(struct state) };
	struct state x = birth(w, from);
	int64_t *done = NULL;
	uint32_t todo = 0, n_done = 0, cap = 0;
	uint64_t n;

	reach(&l, &x, 0, &todo);
	for (uint32_t i = 0; i < l.states.n; i = MIN_OF(todo, i + 1)) {
		assert_int_equal(grow_u32(&done, &cap, l.states.n, sizeof(*done)), 0);
		while (n_done < l.states.n)
			done[n_done++] = NEVER;
		todo = UINT32_MAX;
		if (l.soonest[i] < done[i]) {
			done[i] = l.soonest[i];
			look_on(&l, i, &todo);
		}
	}
	n = l.states.n;
	set_done(&l.states);
	free(l.soonest);
	free(done);
	return n;
}

/* --- the most ------------------------------------------------------------------------------------- */

/* struct rhythm - how soon the k-th sentence may begin as which birth, and after which other */
struct rhythm {
	int64_t at_s[MOST][BIRTHS];
	unsigned before[MOST][BIRTHS];
};

static void quickest(struct rhythm *r, int64_t next[BIRTHS][BIRTHS])
{
	for (unsigned k = 0; k < MOST; k++)
		for (unsigned to = 0; to < BIRTHS; to++) {
			r->at_s[k][to] = k ? NEVER : 0;
			for (unsigned from = 0; k && from < BIRTHS; from++) {
				int64_t at_s = r->at_s[k - 1][from];

				if (at_s == NEVER || next[from][to] == NEVER ||
				    at_s + next[from][to] >= r->at_s[k][to])
					continue;
				r->at_s[k][to] = at_s + next[from][to];
				r->before[k][to] = from;
			}
		}
}

/* Of so many, the last of the quickest. */
static unsigned soonest(const struct rhythm *r, unsigned k)
{
	unsigned best = 0;

	for (unsigned i = 1; i < BIRTHS; i++)
		if (r->at_s[k][i] < r->at_s[k][best])
			best = i;
	return best;
}

static void tell(const struct who *w, const struct rhythm *r, unsigned n, uint64_t states)
{
	unsigned birth[MOST];

	birth[n - 1] = soonest(r, n - 1);
	for (unsigned k = n - 1; k > 0; k--)
		birth[k - 1] = r->before[k][birth[k]];
	print_message("%s: %ju states, %u in %jd days: episode and day", w->label,
	    (uintmax_t)states, n, (intmax_t)(w->window_s / DAY));
	for (unsigned k = 0; k < n; k++)
		print_message(" %u:%.1f", birth[k] / 2 + 1, (double)r->at_s[k][birth[k]] / DAY);
	print_message("\n");
}

static void worst_rhythm(void **state)
{
	static int64_t next[BIRTHS][BIRTHS];
	static struct rhythm r;

	for (unsigned w = 0; w < NELEM(everybody); w++) {
		uint64_t states = 0;
		unsigned n = 0;

		for (unsigned i = 0; i < BIRTHS; i++)
			for (unsigned k = 0; k < BIRTHS; k++)
				next[i][k] = NEVER;
		for (unsigned i = 0; i < BIRTHS; i++)
			states += follow(&everybody[w], i, next[i]);
		quickest(&r, next);
		while (n < MOST && r.at_s[n][soonest(&r, n)] < everybody[w].window_s)
			n++;
		tell(&everybody[w], &r, n, states);
		if (n != everybody[w].most)
			fail_msg("%s: %u, not %u", everybody[w].label, n, everybody[w].most);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(worst_rhythm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
