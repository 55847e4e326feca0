/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>

uint64_t random_state;

uint32_t random_below(uint32_t n)
{
	random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint32_t)((random_state >> 33) % n);
}

struct sighting sighting_random(void)
{
	struct sighting s = {
		.category = (enum category)random_below(CATEGORY_N),
		.proof = random_below(4) ? PROOF_FULL : PROOF_WEAK,
		.day = TODAY - (int32_t)random_below(random_below(2) ? 30 : 420),
		.group = random_below(4),
		.count = 1 + random_below(5),
	};

	if (random_below(5) == 0) /* 2001:db8:: is special, but the judge does not care */
		s.host = (struct addr){ UINT64_C(0x20010db800000000) + random_below(8) * 0x10000 +
					    random_below(3),
			random_below(100) };
	else
		s.host = addr_of_v4(0x14000000 + (random_below(40) << 8) * (1 + random_below(60)) +
				    random_below(8));
	return s;
}

/* Half a block; what lies in two prefixes; networks, and what is around them; what nobody announces, in part; IPv6. */
static const char *const handed[] = { "20.0.1.128-20.0.1.255", "20.0.2.0/23",
	"20.0.19.0-20.0.20.255", "20.0.30.0-20.0.40.255", "20.1.0.0-20.4.100.255", "30.0.5.0/24",
	"2001:db8::/47", "2001:db8:4::/46" };
static struct judge_former formers[NELEM(handed) * JUDGE_FORMER_MAX];
static size_t n_formers;

void formers_none(void)
{
	n_formers = 0;
}

void formers_random(unsigned ahead)
{
	formers_none();
	for (unsigned i = 0; i < NELEM(handed); i++) {
		int32_t until =
		    TODAY + (int32_t)ahead - (int32_t)random_below(random_below(2) ? 40 : 450);
		struct judge_former f = { .until = until };

		assert_int_equal(range_parse(span_str(handed[i]), &f.range), 0);
		for (unsigned n = random_below(JUDGE_FORMER_MAX + 1); n > 0; n--) {
			f.from = n == 1 ? INT32_MIN : f.until - 1 - (int32_t)random_below(30);
			f.org[0] = random_below(4) ? HANDED_FIRST + random_below(8) : CHAIN_NONE;
			f.org[1] = random_below(2) ? CHAIN_NONE : HANDED_FIRST + random_below(8);
			f.network = random_below(2) ? 1 + random_below(8) : 0;
			f.moved = random_below(2);
			formers[n_formers++] = f;
			int32_t gap = (int32_t)random_below(2) * 3;

			f.until = n > 1 ? f.from - gap : INT32_MIN;
		}
	}
}

void groups(struct judge *j)
{
	assert_int_equal(judge_formers(j, formers, n_formers), 0);
	judge_group(j, 1, 0.8, false);
	judge_group(j, 2, 0.1, false);
	judge_group(j, 3, 0, false);
}

void add(struct judge *j, const struct sighting *s)
{
	assert_int_equal(
	    judge_add(j, s->host, s->category, s->proof, s->day, s->group, s->count), 0);
}

void world_make(struct world *w)
{
	*w = (struct world){ 0 };
	world_put(w, "20.0.0.0-20.0.19.77", 0, 0);
	world_put(w, "20.0.19.78-20.0.23.255", 1, 1);
	world_put(w, "20.0.24.0-20.3.255.255", 2, 0);
	world_put(w, "30.0.0.0/8", 3, 2);
	world_put(w, "2001:db8::/32", 4, 1);
	world_put(w, "2001:dc0::/29", 5, 3);
	world_give(
	    w, "20.0.30.0-20.0.40.255"); /* a network, others within it, and one within those */
	world_give(w, "20.0.31.0-20.0.35.255");
	world_give(w, "20.0.33.0/24");
	world_give(w, "20.0.39.0-20.0.40.255");
	world_give(w, "20.0.2.0/23");
	world_give(w, "20.1.250.0-20.2.3.255"); /* across two /16s */
	world_give(w, "20.2.0.0/24");
	world_give(w, "2001:db8:2::/47");
	w->v[2].country[0] = 'D';
	w->v[5].org = CHAIN_NONE;
	w->v[3].country[0] = '\0';
}

void assert_same(const struct judgement *a, const struct judgement *b)
{
	assert_memory_equal(&a->key, &b->key, sizeof(a->key));
	assert_true(memcmp(a->part, b->part, sizeof(a->part)) == 0);
	assert_true(memcmp(&a->score, &b->score, sizeof(a->score)) == 0);
	assert_true(memcmp(&a->low, &b->low, sizeof(a->low)) == 0);
	assert_true(memcmp(&a->guilt, &b->guilt, sizeof(a->guilt)) == 0);
	assert_int_equal(a->hosts, b->hosts);
	assert_int_equal(a->events, b->events);
	assert_int_equal(a->group_mask, b->group_mask);
	assert_int_equal(a->grade, b->grade);
	assert_int_equal(a->first_day, b->first_day);
	assert_int_equal(a->last_day, b->last_day);
}

void assert_sound(const struct judgement *g)
{
	assert_true(isfinite(g->score) && g->score > 0 && g->score <= 100);
	assert_true(g->low <= g->score && g->score <= g->high);
	assert_true(g->trimmed >= g->score - 1e-9);
	assert_true(isfinite(g->guilt) && g->guilt >= 0);
	assert_true(g->m >= 0 && g->m_low <= g->m && g->m <= g->m_high * (1 + 1e-9));
	assert_true(g->hosts > 0 && g->first_day <= g->last_day && g->last_day <= TODAY);
	assert_true((g->grade != 0) == (g->reason == JUDGE_GRADED));
}

const enum entity_kind kinds[KINDS] = { ENTITY_ADDR, ENTITY_BLOCK, ENTITY_NET, ENTITY_PREFIX,
	ENTITY_AS, ENTITY_ORG, ENTITY_COUNTRY };

void assert_all(const struct judge *a, const struct judge *b,
    void check(const struct judgement *, const struct judgement *))
{
	for (unsigned k = 0; k < NELEM(kinds); k++) {
		uint32_t n = judge_n(a, kinds[k]);

		for (uint32_t i = 0; i < n; i++) {
			struct judgement x, y;

			judge_at(a, kinds[k], i, &x);
			assert_sound(&x);
			assert_true(judge_find(b, &x.key, &y));
			check(&x, &y);
		}
	}
}
