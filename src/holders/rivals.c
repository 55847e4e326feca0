/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Origins of announced space besides the one that holds, read and checked. */
#include "holders/registry_check.h"

static struct range range_of(const struct reg_rival *v)
{
	return (struct range){ { v->first_hi, v->first_lo }, { v->last_hi, v->last_lo } };
}

static bool family_ok(struct range r)
{
	if (addr_is_v4(r.first))
		return addr_is_v4(r.last);
	return r.first.hi >> 61 == 1 && r.last.hi >> 61 == 1;
}

bool registry_rivals_ok(const struct registry *r)
{
	for (uint32_t i = 0; i < r->n_rival; i++) {
		const struct reg_rival *v = &r->rival[i];
		struct range mine = range_of(v), before;

		if (!family_ok(mine) || addr_cmp(mine.first, mine.last) > 0 || v->asn == 0 ||
		    v->input >= r->n_input || v->zero)
			return false;
		if (i == 0)
			continue;
		before = range_of(v - 1);
		if (addr_cmp(before.last, mine.first) >= 0 &&
		    (!addr_eq(before.first, mine.first) || !addr_eq(before.last, mine.last)))
			return false;
	}
	return true;
}

uint32_t registry_n_rival(const struct registry *r)
{
	return r->n_rival;
}

struct registry_rival registry_rival_at(const struct registry *r, uint32_t index)
{
	const struct reg_rival *v = &r->rival[index];

	return (struct registry_rival){
		.range = range_of(v), .asn = v->asn, .seen = v->seen, .input = v->input
	};
}

/* The first row that begins behind an address. */
static uint32_t behind(const struct registry *r, struct addr a)
{
	uint32_t lo = 0, hi = r->n_rival;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (addr_cmp(range_of(&r->rival[mid]).first, a) <= 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

uint32_t registry_rivals(const struct registry *r, struct addr a, uint32_t *first)
{
	uint32_t end = behind(r, a);

	*first = end;
	while (*first > 0 && range_has(range_of(&r->rival[*first - 1]), a))
		--*first;
	return end - *first;
}
