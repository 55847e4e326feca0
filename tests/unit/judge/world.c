/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "world.h"

#include <assert.h>

bool world_space(const void *ctx, uint32_t index, struct space *ret)
{
	const struct world *w = ctx;

	if (index >= w->n)
		return false;
	*ret = w->v[index];
	return true;
}

/* The narrowest of them; every border ends a stretch. */
uint32_t world_delegation(const void *ctx, struct addr a, struct addr *last)
{
	const struct world *w = ctx;
	uint32_t best = 0;

	*last = (struct addr){ UINT64_MAX, UINT64_MAX };
	for (uint32_t i = 0; i < w->n_d; i++) {
		const struct range *r = &w->d[i];

		if (addr_cmp(a, r->first) < 0) {
			if (addr_cmp(r->first, *last) <= 0)
				*last = addr_prev(r->first);
		} else if (addr_cmp(a, r->last) > 0)
			continue;
		else {
			if (addr_cmp(r->last, *last) < 0)
				*last = r->last;
			if (!best || range_units(*r) < range_units(w->d[best - 1]))
				best = i + 1;
		}
	}
	return best;
}

uint32_t world_network(const void *ctx, struct addr a, struct addr *last)
{
	struct addr end;
	uint32_t network = world_delegation(ctx, a, &end);

	if (addr_cmp(end, *last) < 0)
		*last = end;
	return network;
}

uint32_t world_above(const void *ctx, uint32_t network)
{
	const struct world *w = ctx;
	const struct range *own = &w->d[network];
	uint32_t best = 0;

	for (uint32_t i = 0; i < w->n_d; i++)
		if (i != network && addr_cmp(w->d[i].first, own->first) <= 0 &&
		    addr_cmp(own->last, w->d[i].last) <= 0 &&
		    (!best || range_units(w->d[i]) < range_units(w->d[best - 1])))
			best = i + 1;
	return best;
}

void world_give(struct world *w, const char *range)
{
	assert(w->n_d < NELEM(w->d));
	assert(range_parse(span_str(range), &w->d[w->n_d]) == 0);
	w->n_d++;
}

struct addr at(const char *text)
{
	struct addr a;

	assert(addr_parse(span_str(text), &a) == 0);
	return a;
}

void world_put(struct world *w, const char *range, uint32_t prefix, uint32_t as)
{
	struct space s = { .prefix = prefix, .as = as, .org = as + 1000, .country = "NL" };

	assert(range_parse(span_str(range), &s.range) == 0);
	assert(w->n < NELEM(w->v));
	w->v[w->n++] = s;
}

struct judge *world_judge(void)
{
	struct judge *j = judge_new(&(struct judge_conf){ .today = TODAY,
	    .first_day = TODAY - 800,
	    .l0 = 6e-7,
	    .m0 = 6e-6,
	    .fixed = true,
	    WORLD_NETWORKS });

	assert(j);
	judge_group(j, 0, 1, true);
	return j;
}

void see_as(
    struct judge *j, uint32_t host, enum category c, enum proof p, unsigned lag, unsigned group)
{
	assert(judge_add(j, addr_of_v4(host), c, p, TODAY - (int32_t)lag, group, 1) == 0);
}

void see(struct judge *j, uint32_t host, const unsigned *lags, unsigned n, unsigned group)
{
	for (unsigned i = 0; i < n; i++)
		see_as(j, host, CATEGORY_BRUTE_FORCE, PROOF_FULL, lags[i], group);
}

void run(struct judge *j, const struct world *w)
{
	struct err e;

	if (judge_run(j, world_space, w, &e) != 0) {
		(void)fprintf(stderr, "%s\n", e.text);
		abort();
	}
}

struct judgement find_addr(const struct judge *j, enum entity_kind kind, const char *addr)
{
	struct judge_key key = { .kind = kind, .addr = at(addr) };
	struct judgement r;

	assert(judge_find(j, &key, &r));
	return r;
}

struct judgement find_index(const struct judge *j, enum entity_kind kind, uint32_t index)
{
	struct judge_key key = { .kind = kind, .index = index };
	struct judgement r;

	assert(judge_find(j, &key, &r));
	return r;
}
