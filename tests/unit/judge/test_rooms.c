/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small models of all decisions together, explored completely: every small set of entities that are in each other's way, run
 * after run, whatever is seen of each and whether it is looked at or not, in every order in which they may come; and what
 * doc/decide.md promises of how much may be covered, at every state that can be reached. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "states.h"
#include "util/macro.h"

#define DAY INT64_C(86400)
#define NOW (20000 * DAY) /* of a state that is looked at */
#define STEP                                                                                       \
	(DAY / 2) /* from run to run: less than any sentence about blocks, so that some stand */
#define MOST 4	  /* entities */

#define NL  0u
#define DE  1u
#define AS1 1u /* too small for more than a block of each IP version */
#define AS2 2u /* 5 % are four blocks */
#define AS3 3u /* two */

static const uint64_t as_blocks[] = { [AS1] = 16, [AS2] = 80, [AS3] = 40 };

/* What there may be, and be twice. */
static const struct decide_case bodies[] = {
	{ .kind = ENTITY_BLOCK, .size = 256, .as = AS1, .country = NL, .arrivals = 2 },
	{ .kind = ENTITY_PREFIX, .size = 512, .as = AS2, .country = DE, .arrivals = 3 },
	{ .kind = ENTITY_BLOCK, .size = 256, .as = AS2, .country = DE, .arrivals = 9 },
	{ .kind = ENTITY_AS, .size = 768, .as = AS3, .country = NL, .arrivals = 8 },
	{ .kind = ENTITY_BLOCK, .size = 256, .as = AS1, .country = NL, .arrivals = 2, .v6 = true },
	{ .kind = ENTITY_NET, .size = 512, .as = AS3, .country = NL, .arrivals = 4, .users = 8 },
	{ .kind = ENTITY_BLOCK,
	    .size = 256,
	    .as = DECIDE_NOBODY,
	    .country = DECIDE_NOBODY,
	    .arrivals = 1 },
	{ .kind = ENTITY_PREFIX, .size = 1024, .as = AS2, .country = DECIDE_NOBODY, .arrivals = 5 },
	{ .kind = ENTITY_ADDR, .size = 1, .as = AS1, .country = NL, .arrivals = 1 },
	{ .kind = ENTITY_ORG, .size = 768, .as = DECIDE_NOBODY, .country = DE, .arrivals = 2 },
};

/* What becomes of one until the next run: it attacks; nothing new is seen, and its rule goes on being met; it cleans up; it is not
 * looked at; it attacks and is allowed. */
enum doing { ATTACKS, QUIET, CLEANS, UNSEEN, ALLOWED, DOING_N };

struct model {
	unsigned n, of, runs, budgets; /* so many entities out of the first bodies, so many times */
};

#ifdef __SANITIZE_ADDRESS__
static const struct model models[] = { { 1, 10, 5, 5 }, { 2, 6, 3, 5 }, { 3, 3, 2, 5 } };
#else
static const struct model models[] = { { 1, 10, 6, 5 }, { 2, 10, 4, 5 }, { 3, 5, 3, 3 },
	{ 4, 3, 2, 2 } };
#endif

/* In all runs but the last, and in the last: it may have been made smaller, or larger. */
static const uint64_t budgets[][2] = { { 512, 512 }, { 5120, 512 }, { 1280, 1280 }, { 5120, 5120 },
	{ 512, 5120 } };

/* --- one run -------------------------------------------------------------------------------------- */

/* struct joint - a state of all of them */
struct joint {
	struct state of[MOST];
};

struct run {
	const struct model *m;
	unsigned body[MOST]; /* which is which */
	enum doing doing[MOST];
	struct decide_conf conf;
	bool lowered;				 /* the budget is less than in the run before */
	struct decide_case v[MOST], alone[MOST]; /* the answer; each as if there was room for all */
};

static uint64_t as_size(const struct decide_case *x)
{
	return x->as == DECIDE_NOBODY ? 0 : as_blocks[x->as] * 256;
}

static bool covers(const struct decide_case *x, const struct decide_state *s)
{
	return x->kind != ENTITY_ADDR && s->level != LEVEL_CLEAR && s->action != ACTION_TAG;
}

static struct decide_case case_of(const struct run *r, unsigned i, const struct state *was)
{
	struct decide_case x = bodies[r->body[i]];
	enum doing d = r->doing[i];
	int64_t verified_s;

	state_at(was, NOW, &x.was, &verified_s);
	if (x.was.level == LEVEL_CLEAR && x.was.episode == 0)
		x.was = (struct decide_state){ 0 };
	x.key = i;
	x.arrivals += i & 1; /* of two of a body one is denser, of three two are alike */
	x.as_size = as_size(&x);
	x.stands = d == UNSEEN;
	x.never = d == ALLOWED;
	x.facts = (struct decide_facts){ .block = d != CLEANS,
		.friction = d == ATTACKS,
		.linger = d != CLEANS && d != UNSEEN,
		.hold = d != CLEANS && d != UNSEEN,
		.corroborated = true,
		.verified_s = d == ATTACKS || d == ALLOWED ? r->conf.at_s : verified_s };
	return x;
}

/* Only what takes room and goes on standing need not be looked at. */
static bool possible(const struct run *r, const struct joint *was)
{
	for (unsigned i = 0; i < r->m->n; i++) {
		const struct state *s = &was->of[i];
		struct decide_state st = { .level = (enum level)s->level,
			.action = (enum action)s->action };

		if (r->doing[i] == UNSEEN &&
		    (!covers(&bodies[r->body[i]], &st) || s->until <= STEP))
			return false;
	}
	return true;
}

/* --- what is promised ----------------------------------------------------------------------------- */

enum scope { ALL, OF_AS, OF_COUNTRY, SCOPE_N };

static bool in_scope(enum scope s, const struct decide_case *x, const struct decide_case *y)
{
	bool of_as = y->kind != ENTITY_AS && y->kind != ENTITY_ORG;

	if (s == OF_AS)
		return of_as && x->as == y->as && x->v6 == y->v6;
	return s == ALL || x->country == y->country;
}

static uint64_t cap_of(const struct run *r, enum scope s, const struct decide_case *x)
{
	uint64_t cap = s == ALL	    ? r->conf.budget
		       : s == OF_AS ? as_size(x) / 20
				    : r->conf.budget / 5;

	return s == ALL ? cap : MAX_OF(cap, 256u);
}

static bool has_scope(enum scope s, const struct decide_case *x)
{
	if (x->kind == ENTITY_ADDR)
		return false;
	if (s == OF_AS)
		return x->kind != ENTITY_AS && x->kind != ENTITY_ORG && x->as != DECIDE_NOBODY;
	return s == ALL || x->country != DECIDE_NOBODY;
}

/* Addresses that are covered of what x is in; of those alone that were not looked at. */
static uint64_t covered(const struct run *r, enum scope s, const struct decide_case *x, bool unseen)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < r->m->n; i++)
		if (in_scope(s, x, &r->v[i]) && covers(&r->v[i], &r->v[i].now) &&
		    (!unseen || r->v[i].stands))
			sum += r->v[i].size;
	return sum;
}

/* What was not looked at cannot be lifted; where the budget was made smaller it alone may be above it. */
static bool within_the_caps(const struct run *r, unsigned i)
{
	for (unsigned s = 0; s < SCOPE_N; s++) {
		const struct decide_case *x = &r->v[i];
		uint64_t cap = cap_of(r, s, x);

		if (r->lowered)
			cap = MAX_OF(cap, covered(r, s, x, true));
		if (has_scope(s, x) && covered(r, s, x, false) > cap)
			return false;
	}
	return true;
}

static bool what_stands_keeps_its_room(const struct run *r, unsigned i)
{
	const struct decide_case *x = &r->v[i];

	if (r->lowered || !covers(x, &x->was) || x->never)
		return true;
	return x->spared == DECIDE_SPARED_NOT;
}

static enum scope scope_of(enum decide_spared s)
{
	return s == DECIDE_SPARED_BUDGET ? ALL : s == DECIDE_SPARED_AS ? OF_AS : OF_COUNTRY;
}

/* Nobody is left alone where there is room, and nobody who covers nothing. */
static bool spared_for_want_of_room(const struct run *r, unsigned i)
{
	const struct decide_case *x = &r->v[i];
	enum scope s = scope_of(x->spared);

	if (x->spared <= DECIDE_SPARED_NEVER)
		return true;
	return has_scope(s, x) && covers(x, &r->alone[i].now) && !covers(x, &x->now) &&
	       covered(r, s, x, false) + x->size > cap_of(r, s, x);
}

static bool never_is_never(const struct run *r, unsigned i)
{
	const struct decide_case *x = &r->v[i];
	const struct decide_state nothing = { 0 };

	if (!x->never || x->stands)
		return x->spared != DECIDE_SPARED_NEVER;
	return memcmp(&x->now, &nothing, sizeof(nothing)) == 0 &&
	       (x->spared == DECIDE_SPARED_NEVER) == (r->alone[i].now.level > LEVEL_WATCH);
}

static bool with_room_as_if_alone(const struct run *r, unsigned i)
{
	const struct decide_case *x = &r->v[i];
	const struct decide_state *want = x->stands ? &x->was : &r->alone[i].now;

	if (x->never || x->spared != DECIDE_SPARED_NOT)
		return true;
	return memcmp(&x->now, want, sizeof(*want)) == 0;
}

/* No room is neither a sentence nor a clean day, and takes no past away. Days are counted from the end of what stands. */
static bool spared_changes_no_past(const struct run *r, unsigned i)
{
	const struct decide_case *x = &r->v[i];

	if (x->spared <= DECIDE_SPARED_NEVER)
		return true;
	return x->now.episode == x->was.episode &&
	       (x->now.episode == 0 || x->was.level >= LEVEL_FRICTION ||
		   x->now.clean_s >= x->facts.verified_s);
}

/* What is lifted goes at once, and what was seen of it until then begins nothing. */
static bool lifted_is_over(const struct run *r, unsigned i)
{
	const struct decide_case *x = &r->v[i];

	if (x->spared <= DECIDE_SPARED_NEVER || !covers(x, &x->was) ||
	    x->was.until_s <= r->conf.at_s)
		return true;
	return x->now.level == LEVEL_CLEAR && x->now.after_s == r->conf.at_s;
}

static double density(const struct decide_case *x)
{
	return x->arrivals / (double)x->size / (x->users ? x->users : 1);
}

/* Of what is new and would take the same room, the denser one comes first. */
static bool densest_first(const struct run *r, unsigned i)
{
	const struct decide_case *x = &r->v[i];

	for (unsigned k = 0; k < r->m->n && x->spared > DECIDE_SPARED_NEVER; k++) {
		const struct decide_case *y = &r->v[k];

		if (covers(x, &x->was) || covers(y, &y->was) || !covers(y, &y->now))
			continue;
		if (x->size == y->size && in_scope(OF_AS, x, y) && in_scope(OF_COUNTRY, x, y) &&
		    has_scope(OF_AS, x) && density(x) > density(y))
			return false;
	}
	return true;
}

static const struct property {
	const char *name;
	bool (*of)(const struct run *, unsigned i);
} properties[] = {
	{ "never above the caps", within_the_caps },
	{ "what stands keeps its room", what_stands_keeps_its_room },
	{ "spared only where there is no room", spared_for_want_of_room },
	{ "what is allowed is never touched", never_is_never },
	{ "with room as if alone", with_room_as_if_alone },
	{ "who is spared keeps his past", spared_changes_no_past },
	{ "what is lifted is over", lifted_is_over },
	{ "the densest first", densest_first },
};

/* --- every order ---------------------------------------------------------------------------------- */

static void decide_in(const struct run *r, const unsigned order[MOST], struct decide_case ret[MOST])
{
	for (unsigned i = 0; i < r->m->n; i++)
		ret[i] = r->v[order[i]];
	assert_int_equal(decide_all(&r->conf, ret, r->m->n), 0);
}

static bool next_order(unsigned order[MOST], unsigned n)
{
	unsigned i = n - 1, k = n - 1, x;

	while (i > 0 && order[i - 1] > order[i])
		i--;
	if (i == 0)
		return false;
	while (order[k] < order[i - 1])
		k--;
	x = order[i - 1];
	order[i - 1] = order[k];
	order[k] = x;
	for (k = n - 1; i < k; i++, k--) {
		x = order[i];
		order[i] = order[k];
		order[k] = x;
	}
	return true;
}

/* The answer to the cases as they are in v, which must be the same in every order. */
static bool decide_in_every_order(struct run *r, uint64_t *orders)
{
	struct decide_case v[MOST], first[MOST] = { 0 };
	unsigned order[MOST] = { 0, 1, 2, 3 };
	bool same = true;

	decide_in(r, order, first);
	while (next_order(order, r->m->n)) {
		decide_in(r, order, v);
		for (unsigned i = 0; i < r->m->n; i++)
			same = same && v[i].spared == first[order[i]].spared &&
			       memcmp(&v[i].now, &first[order[i]].now, sizeof(v[i].now)) == 0;
		(*orders)++;
	}
	memcpy(r->v, first, sizeof(first));
	return same;
}

/* --- exploration ---------------------------------------------------------------------------------- */

struct exploration {
	struct set states;
	uint64_t n_states, runs, orders, spared[DECIDE_SPARED_N], broken[NELEM(properties)],
	    not_same;
	struct run example[NELEM(properties)];
};

static void check(struct exploration *x, const struct run *r)
{
	for (unsigned i = 0; i < r->m->n; i++) {
		x->spared[r->v[i].spared]++;
		for (unsigned k = 0; k < NELEM(properties); k++)
			if (!properties[k].of(r, i) && x->broken[k]++ == 0)
				x->example[k] = *r;
	}
}

static void run_once(struct exploration *x, struct run *r, const struct joint *was)
{
	struct joint now = { 0 };

	for (unsigned i = 0; i < r->m->n; i++) {
		r->v[i] = r->alone[i] = case_of(r, i, &was->of[i]);
		if (!r->v[i].stands)
			decide_next(r->v[i].kind, r->conf.block_from, &r->v[i].facts, &r->v[i].was,
			    r->conf.at_s, &r->alone[i].now);
	}
	x->not_same += !decide_in_every_order(r, &x->orders);
	x->runs++;
	check(x, r);
	for (unsigned i = 0; i < r->m->n; i++)
		now.of[i] =
		    state_of(r->v[i].kind, &r->v[i].now, r->v[i].facts.verified_s, r->conf.at_s);
	(void)set_put(&x->states, &now);
}

static void run_each(struct exploration *x, struct run *r, const struct joint *was)
{
	unsigned combinations = 1;

	for (unsigned i = 0; i < r->m->n; i++)
		combinations *= DOING_N;
	for (unsigned c = 0; c < combinations; c++) {
		for (unsigned i = 0, rest = c; i < r->m->n; i++, rest /= DOING_N)
			r->doing[i] = (enum doing)(rest % DOING_N);
		if (possible(r, was))
			run_once(x, r, was);
	}
}

static void explore(struct exploration *x, struct run *r, const uint64_t budget[2])
{
	const struct decide_state nothing = { 0 };
	struct joint start = { 0 };
	uint32_t i = 0, end;

	for (unsigned k = 0; k < r->m->n; k++)
		start.of[k] = state_of(bodies[r->body[k]].kind, &nothing, DECIDE_NEVER, NOW);
	(void)set_put(&x->states, &start);
	for (unsigned k = 1; k <= r->m->runs; k++) {
		r->conf = (struct decide_conf){ NOW + STEP, 2, budget[k == r->m->runs] };
		r->lowered = k == r->m->runs && budget[1] < budget[0];
		for (end = x->states.n; i < end; i++) {
			const struct joint was = *(const struct joint *)set_at(&x->states, i);

			run_each(x, r, &was);
		}
	}
	x->n_states += x->states.n;
	set_done(&x->states);
}

/* Every set, some of them twice, in one order. */
static bool next_bodies(struct run *r)
{
	unsigned i = r->m->n;

	while (i > 0 && r->body[i - 1] + 1 == r->m->of)
		i--;
	if (i == 0)
		return false;
	r->body[i - 1]++;
	for (; i < r->m->n; i++)
		r->body[i] = r->body[i - 1];
	return true;
}

static void tell(const struct exploration *x, unsigned k)
{
	static const char *const doing[] = { "attacks", "quiet", "cleans", "unseen", "allowed" };
	const struct run *r = &x->example[k];

	print_message("not so, %ju times: %s; budget %ju\n", (uintmax_t)x->broken[k],
	    properties[k].name, (uintmax_t)r->conf.budget);
	for (unsigned i = 0; i < r->m->n; i++)
		print_message(
		    "  %s of %ju, %s: %s %s, episode %d -> %s %s, episode %d, spared '%s'\n",
		    entity_kind_name(r->v[i].kind), (uintmax_t)r->v[i].size, doing[r->doing[i]],
		    level_name(r->v[i].was.level), action_name(r->v[i].was.action),
		    r->v[i].was.episode, level_name(r->v[i].now.level),
		    action_name(r->v[i].now.action), r->v[i].now.episode,
		    decide_spared_name(r->v[i].spared));
}

static void all_rooms(void **state)
{
	static struct exploration x = { .states.size = sizeof(struct joint) };
	uint64_t broken = 0;

	for (unsigned m = 0; m < NELEM(models); m++) {
		uint64_t n_states = x.n_states, runs = x.runs, orders = x.orders;

		for (unsigned b = 0; b < models[m].budgets; b++) {
			struct run r = { .m = &models[m] };

			do
				explore(&x, &r, budgets[b]);
			while (next_bodies(&r));
		}
		print_message("%u of %u, %u runs: %ju states, %ju runs, %ju more in other orders\n",
		    models[m].n, models[m].of, models[m].runs, (uintmax_t)(x.n_states - n_states),
		    (uintmax_t)(x.runs - runs), (uintmax_t)(x.orders - orders));
	}
	for (unsigned k = 0; k < NELEM(properties); k++) {
		if (x.broken[k])
			tell(&x, k);
		broken += x.broken[k];
	}
	for (unsigned i = 0; i < DECIDE_SPARED_N; i++)
		if (!x.spared[i])
			fail_msg("nothing was spared for '%s'",
			    decide_spared_name((enum decide_spared)i));
	if (x.not_same)
		fail_msg("not so, %ju times: the order changes nothing", (uintmax_t)x.not_same);
	assert_int_equal(broken, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_rooms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
