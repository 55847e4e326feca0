/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "judge/replay.h"
#include "random.h"

#define BOUND 0.001

static struct range range(const char *text)
{
	struct range r;

	assert_int_equal(range_parse(span_str(text), &r), 0);
	return r;
}

static struct addr host(const char *text)
{
	return range(text).first;
}

static void good(struct replay *r, const char *addr, enum good kind, uint64_t count)
{
	assert_int_equal(replay_good(r, host(addr), kind, count, 20000), 0);
}

static void wall(struct replay *r, enum entity_kind kind, enum level level, enum action action,
    const char *space)
{
	assert_int_equal(replay_decision(r, kind, level, action), 0);
	assert_int_equal(replay_range(r, range(space)), 0);
}

static const struct replay_rule *rule(
    const struct replay *r, enum entity_kind kind, enum action action)
{
	unsigned n;
	const struct replay_rule *v = replay_rules(r, &n);

	for (unsigned i = 0; i < n; i++)
		if (v[i].kind == kind && v[i].action == action)
			return &v[i];
	return NULL;
}

/* 10,000 messages of others, and two walls around blocks: one holds `first` messages, the other one `second`. */
static struct replay *two_blocks(uint64_t first, uint64_t second)
{
	struct replay *r = replay_new(0);

	good(r, "9.9.9.9", GOOD_DELIVERY, 10000 - first - second);
	if (first)
		good(r, "45.0.1.7", GOOD_DELIVERY, first);
	if (second)
		good(r, "45.0.2.7", GOOD_DELIVERY, second);
	wall(r, ENTITY_BLOCK, LEVEL_FRICTION, ACTION_GREYLIST, "45.0.1.0/24");
	wall(r, ENTITY_BLOCK, LEVEL_FRICTION, ACTION_GREYLIST, "45.0.2.0/24");
	return r;
}

static void bounds(void **state)
{
	static const struct {
		const char *label;
		uint64_t first, second;
		enum replay_verdict verdict;
		bool at_tag[2];
	} cases[] = {
		{ "nothing good", 0, 0, REPLAY_WITHIN, { false, false } },
		{ "at the bound", 10, 0, REPLAY_WITHIN, { false, false } },
		{ "at the bound, of both", 5, 5, REPLAY_WITHIN, { false, false } },
		{ "one past the bound", 11, 0, REPLAY_SPARED, { true, false } },
		{ "the worse one is taken back", 5, 6, REPLAY_SPARED, { false, true } },
		{ "both above", 11, 11, REPLAY_TAG, { true, true } },
	};

	for (unsigned i = 0; i < NELEM(cases); i++) {
		struct replay *r = two_blocks(cases[i].first, cases[i].second);
		const struct replay_rule *x;

		assert_int_equal(replay_run(r, BOUND), 0);
		x = rule(r, ENTITY_BLOCK, ACTION_GREYLIST);
		assert_non_null(x);
		if (x->verdict != cases[i].verdict ||
		    x->met.count[GOOD_DELIVERY] != cases[i].first + cases[i].second ||
		    x->decisions != 2)
			fail_msg("%s: verdict %s", cases[i].label, replay_verdict_name(x->verdict));
		for (unsigned k = 0; k < 2; k++)
			if (replay_decided(r, k)->at_tag != cases[i].at_tag[k])
				fail_msg("%s: decision %u", cases[i].label, k);
		(void)replay_free(r);
	}
	(void)state;
}

/* One rule's loss is nothing to the others, and what is tagged only is no loss. */
static void rules_apart(void **state)
{
	struct replay *r = replay_new(0);
	struct replay_totals t;
	struct replay_host h;

	good(r, "45.0.1.7", GOOD_DELIVERY, 50);
	good(r, "45.0.1.8", GOOD_LOGIN, 3);
	good(r, "9.9.9.9", GOOD_DELIVERY, 50);
	good(r, "2a00:1:2:3::4", GOOD_LOGIN, 1);
	good(r, "2a00:1:2:3::5", GOOD_LOGIN, 2); /* the same host */
	wall(r, ENTITY_AS, LEVEL_FRICTION, ACTION_GREYLIST, "45.0.0.0/16");
	assert_int_equal(replay_range(r, range("2a00:1::/32")), 0);
	wall(r, ENTITY_ADDR, LEVEL_BLOCK, ACTION_DROP, "45.0.1.7");
	wall(r, ENTITY_PREFIX, LEVEL_WATCH, ACTION_TAG, "0.0.0.0/1");
	assert_int_equal(replay_run(r, 0.5), 0);
	replay_totals(r, &t);
	assert_int_equal(t.good.hosts, 4);
	assert_int_equal(t.met[ACTION_DROP].count[GOOD_DELIVERY], 50);
	assert_int_equal(t.met[ACTION_GREYLIST].count[GOOD_LOGIN], 6);
	assert_int_equal(t.met[ACTION_GREYLIST].hosts, 2);
	assert_int_equal(t.met[ACTION_TAG].count[GOOD_DELIVERY], 50);
	assert_int_equal(rule(r, ENTITY_AS, ACTION_GREYLIST)->met.hosts, 3);
	assert_int_equal(rule(r, ENTITY_AS, ACTION_GREYLIST)->verdict, REPLAY_TAG);
	assert_int_equal(rule(r, ENTITY_ADDR, ACTION_DROP)->verdict, REPLAY_WITHIN);
	assert_int_equal(rule(r, ENTITY_PREFIX, ACTION_TAG)->verdict, REPLAY_WITHIN);
	assert_int_equal(rule(r, ENTITY_PREFIX, ACTION_TAG)->met.hosts, 3);
	/* whom a decision alone is about is not carved out of the wider wall */
	assert_int_equal(rule(r, ENTITY_AS, ACTION_GREYLIST)->carved.hosts, 2);
	assert_int_equal(t.carved.hosts, 2);
	replay_host(r, 0, &h);
	assert_int_equal(h.decision, 1);
	assert_false(h.carved);
	(void)replay_free(r);
	(void)state;
}

/* Who attacks as often as he is good is asked for nothing, and asks for nothing. */
static void doubtful(void **state)
{
	struct replay *r = two_blocks(100, 100);
	struct replay_totals t;

	replay_attack(r, host("45.0.1.7"), 99);
	replay_attack(r, host("45.0.1.7"), 1);
	replay_attack(r, host("45.0.2.7"), 99);
	replay_attack(r, host("45.0.2.8"), 1000); /* of whom nothing good is known */
	assert_int_equal(replay_run(r, BOUND), 0);
	replay_totals(r, &t);
	assert_int_equal(t.doubtful.count[GOOD_DELIVERY], 100);
	assert_int_equal(t.doubtful.hosts, 1);
	assert_int_equal(t.good.count[GOOD_DELIVERY], 9900);
	assert_int_equal(t.met[ACTION_GREYLIST].count[GOOD_DELIVERY], 100);
	assert_int_equal(t.carved.hosts, 0);
	assert_false(replay_decided(r, 0)->at_tag);
	assert_true(replay_decided(r, 1)->at_tag);
	(void)replay_free(r);
	(void)state;
}

/* Of a hundred walls up to five are taken back; where more cost too much, it is the rule that is wrong. */
static void spared(void **state)
{
	for (unsigned costly = 1; costly <= 7; costly++) {
		struct replay *r = replay_new(0);
		const struct replay_rule *x;
		unsigned at_tag = 0;

		good(r, "9.9.9.9", GOOD_DELIVERY, 1000);
		for (unsigned i = 0; i < 100; i++) {
			char text[32];

			(void)snprintf(text, sizeof(text), "45.0.%u.0/24", i);
			wall(r, ENTITY_BLOCK, LEVEL_BLOCK, ACTION_REJECT, text);
			(void)snprintf(text, sizeof(text), "45.0.%u.1", i);
			if (i < costly)
				good(r, text, GOOD_DELIVERY, 10);
		}
		assert_int_equal(replay_run(r, BOUND), 0);
		x = rule(r, ENTITY_BLOCK, ACTION_REJECT);
		for (unsigned i = 0; i < 100; i++)
			at_tag += replay_decided(r, i)->at_tag;
		assert_int_equal(x->at_tag, at_tag);
		assert_int_equal(at_tag, costly <= 5 ? costly : 100);
		assert_int_equal(x->verdict, costly <= 5 ? REPLAY_SPARED : REPLAY_TAG);
		(void)replay_free(r);
	}
	(void)state;
}

/* More hosts than are remembered are told of; those that are known go on. */
static void bounded(void **state)
{
	struct replay *r = replay_new(2);
	struct replay_totals t;

	good(r, "45.0.1.1", GOOD_DELIVERY, 1);
	good(r, "45.0.1.2", GOOD_DELIVERY, 1);
	good(r, "45.0.1.3", GOOD_DELIVERY, 5);
	good(r, "45.0.1.1", GOOD_DELIVERY, 1);
	assert_int_equal(replay_run(r, BOUND), 0);
	replay_totals(r, &t);
	assert_int_equal(replay_n_hosts(r), 2);
	assert_int_equal(t.beyond, 5);
	assert_int_equal(t.good.count[GOOD_DELIVERY], 3);
	(void)replay_free(r);
	(void)state;
}

/* --- against the definition ------------------------------------------------------------------------ */

#define HOSTS 60u
#define WALLS 40u

struct made {
	struct addr host[HOSTS];
	uint64_t good[HOSTS][GOOD_N], attacks[HOSTS];
	struct range wall[WALLS];
	enum entity_kind kind[WALLS];
	enum level level[WALLS];
	enum action action[WALLS];
};

/* A small space, so that much overlaps; half of it IPv6. */
static struct addr any_host(void)
{
	struct addr v4 = addr_of_v4(UINT32_C(0x2d000000) + random_below(1024));
	struct addr v6 = { UINT64_C(0x2a00000100000000) + random_below(1024), 0 };

	return random_below(2) ? v4 : v6;
}

static struct range any_range(void)
{
	struct addr a = any_host(), b = any_host();

	while (addr_is_v4(a) != addr_is_v4(b))
		b = any_host();
	if (random_below(2))
		return prefix_range(prefix_make(a, (addr_is_v4(a) ? 118 : 54) + random_below(10)));
	return addr_cmp(a, b) <= 0 ? (struct range){ a, b } : (struct range){ b, a };
}

static struct replay *make(struct made *m)
{
	struct replay *r = replay_new(0);

	*m = (struct made){ .attacks = { 0 } };
	for (unsigned i = 0; i < HOSTS; i++) {
		m->host[i] = any_host();
		for (unsigned k = 0; k < i; k++)
			if (addr_eq(m->host[k], m->host[i]))
				m->host[i] = any_host(), k = UINT32_MAX;
	}
	for (unsigned i = 0; i < 4 * HOSTS; i++) {
		unsigned h = i < HOSTS ? i : random_below(HOSTS);
		enum good kind = random_below(4) ? GOOD_DELIVERY : GOOD_LOGIN;
		uint64_t count = 1 + random_below(20);

		m->good[h][kind] += count;
		assert_int_equal(replay_good(r, m->host[h], kind, count, 20000), 0);
	}
	for (unsigned i = 0; i < HOSTS / 4; i++) {
		unsigned h = random_below(HOSTS);
		uint64_t count = random_below(30);

		m->attacks[h] += count;
		replay_attack(r, m->host[h], count);
	}
	for (unsigned i = 0; i < WALLS; i++) {
		m->kind[i] = (enum entity_kind)random_below(ENTITY_KIND_N);
		m->wall[i] = any_range();
		if (m->kind[i] == ENTITY_ADDR)
			m->wall[i].last = m->wall[i].first = any_host();
		m->action[i] = (enum action)random_below(ACTION_N);
		m->level[i] = (enum level)(LEVEL_FRICTION + random_below(2));
		assert_int_equal(replay_decision(r, m->kind[i], m->level[i], m->action[i]), 0);
		assert_int_equal(replay_range(r, m->wall[i]), 0);
	}
	return r;
}

static bool is_doubtful(const struct made *m, unsigned h)
{
	return m->attacks[h] >= m->good[h][GOOD_DELIVERY] + m->good[h][GOOD_LOGIN];
}

static bool under(const struct made *m, unsigned h, unsigned w)
{
	return range_has(m->wall[w], m->host[h]) &&
	       addr_is_v4(m->wall[w].first) == addr_is_v4(m->host[h]);
}

static void add_host(struct replay_sum *s, const struct made *m, unsigned h)
{
	s->count[GOOD_DELIVERY] += m->good[h][GOOD_DELIVERY];
	s->count[GOOD_LOGIN] += m->good[h][GOOD_LOGIN];
	s->hosts++;
}

static void same_sum(const struct replay_sum *a, const struct replay_sum *b)
{
	assert_int_equal(a->count[GOOD_DELIVERY], b->count[GOOD_DELIVERY]);
	assert_int_equal(a->count[GOOD_LOGIN], b->count[GOOD_LOGIN]);
	assert_int_equal(a->hosts, b->hosts);
}

static void check_totals(const struct made *m, const struct replay *r)
{
	struct replay_sum all = { .hosts = 0 }, doubt = { .hosts = 0 }, met[ACTION_N] = { 0 };
	struct replay_totals t;

	for (unsigned h = 0; h < HOSTS; h++) {
		int worst = -1;

		for (unsigned w = 0; w < WALLS; w++)
			if (under(m, h, w))
				worst = MAX_OF(worst, (int)m->action[w]);
		add_host(is_doubtful(m, h) ? &doubt : &all, m, h);
		if (!is_doubtful(m, h) && worst >= 0)
			add_host(&met[worst], m, h);
	}
	replay_totals(r, &t);
	same_sum(&t.good, &all);
	same_sum(&t.doubtful, &doubt);
	for (unsigned a = 0; a < ACTION_N; a++)
		same_sum(&t.met[a], &met[a]);
}

static void check_rule(const struct made *m, const struct replay_rule *x)
{
	struct replay_sum met = { .hosts = 0 }, carved = { .hosts = 0 };

	for (unsigned h = 0; h < HOSTS; h++) {
		bool hit = false, alone = false;

		for (unsigned w = 0; w < WALLS; w++) {
			hit |= under(m, h, w) && m->kind[w] == x->kind && m->level[w] == x->level &&
			       m->action[w] == x->action;
			alone |= under(m, h, w) && m->kind[w] == ENTITY_ADDR &&
				 m->action[w] > ACTION_TAG;
		}
		if (!hit || is_doubtful(m, h))
			continue;
		add_host(&met, m, h);
		if (!alone && m->attacks[h] == 0 && x->kind != ENTITY_ADDR)
			add_host(&carved, m, h);
	}
	same_sum(&x->met, &met);
	same_sum(&x->carved, &carved);
}

/* What stays in force of a rule keeps the bound. */
static void check_bound(const struct made *m, const struct replay *r, const struct replay_rule *x)
{
	struct replay_sum met = { .hosts = 0 };
	struct replay_totals t;

	for (unsigned h = 0; h < HOSTS; h++) {
		bool hit = false;

		for (unsigned w = 0; w < WALLS; w++)
			hit |= under(m, h, w) && m->kind[w] == x->kind && m->level[w] == x->level &&
			       m->action[w] == x->action && !replay_decided(r, w)->at_tag;
		if (hit && !is_doubtful(m, h))
			add_host(&met, m, h);
	}
	replay_totals(r, &t);
	assert_true(x->action == ACTION_TAG || replay_share(&met, &t.good) <= 0.05);
}

static void against_the_definition(void **state)
{
	for (unsigned round = 0; round < 300; round++) {
		struct made m;
		struct replay *r;
		const struct replay_rule *v;
		unsigned n;

		random_state = 1000 + round;
		r = make(&m);
		assert_int_equal(replay_run(r, 0.05), 0);
		assert_int_equal(replay_run(r, 0.05), 0); /* once more is the same */
		check_totals(&m, r);
		v = replay_rules(r, &n);
		for (unsigned i = 0; i < n; i++) {
			check_rule(&m, &v[i]);
			check_bound(&m, r, &v[i]);
		}
		for (unsigned w = 0; w < WALLS; w++) {
			struct replay_sum met = { .hosts = 0 };

			for (unsigned h = 0; h < HOSTS; h++)
				if (under(&m, h, w) && !is_doubtful(&m, h))
					add_host(&met, &m, h);
			same_sum(&replay_decided(r, w)->met, &met);
		}
		(void)replay_free(r);
	}
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bounds),
		cmocka_unit_test(rules_apart),
		cmocka_unit_test(doubtful),
		cmocka_unit_test(spared),
		cmocka_unit_test(bounded),
		cmocka_unit_test(against_the_definition),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
