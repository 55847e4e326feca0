/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which network that holds whole blocks an address is in, within a prefix or not (core/chain.h: delegation_fn,
 * network_fn, above_fn). */
#include "holders/registry_check.h"

/* What stands in is finer than anything wider; measured, too: doc/scoring.md A3. */
#define WIDEST4 UINT64_C(0xfff) /* addresses of a /20, but one … */
#define WIDEST6 UINT64_C(0xf)	/* … and /48s of a /44 */

static bool is_between_blocks(struct addr a)
{
	return addr_is_v4(a) ? (addr_v4(a) & 0xff) == 0 : (a.hi & 0xffff) == 0 && a.lo == 0;
}

static bool is_whole(struct range n)
{
	return is_between_blocks(n.first) && is_between_blocks(addr_next(n.last));
}

/* Does it begin and end where blocks do, and is it a part of the prefix, but not all of it? Without a prefix the
 * first is enough. */
static bool is_part(struct range n, const struct range *prefix)
{
	bool v4 = addr_is_v4(n.first);
	uint64_t wide = v4 ? (uint64_t)addr_v4(n.last) - addr_v4(n.first)
			   : (n.last.hi >> 16) - (n.first.hi >> 16);

	if (!prefix)
		return is_whole(n);
	return is_whole(n) && wide <= (v4 ? WIDEST4 : WIDEST6) &&
	       addr_cmp(n.first, prefix->first) >= 0 && addr_cmp(n.last, prefix->last) <= 0 &&
	       (addr_cmp(n.first, prefix->first) > 0 || addr_cmp(n.last, prefix->last) < 0);
}

static uint32_t part_of(const struct registry *r, struct addr a, const struct range *prefix)
{
	uint32_t n = registry_network(r, a);

	while (n != REGISTRY_NONE && !is_part(registry_net_range(r, n), prefix))
		n = r->network[n].parent;
	return n;
}

/* The first network that begins behind an address, or the end of those of its version. */
static uint32_t next_network(const struct registry *r, struct addr a)
{
	uint32_t lo = addr_is_v4(a) ? 0 : r->n_net4;
	uint32_t hi = addr_is_v4(a) ? r->n_net4 : r->n_network;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (addr_cmp(registry_net_range(r, mid).first, a) <= 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* The last address from a on, up to stop, up to which no network begins or ends. next: the first network that begins
 * behind a. */
static struct addr undisturbed(
    const struct registry *r, struct addr a, struct addr stop, uint32_t next)
{
	uint32_t in = registry_network(r, a);
	struct addr last = stop;

	if (in != REGISTRY_NONE && addr_cmp(registry_net_range(r, in).last, last) < 0)
		last = registry_net_range(r, in).last;
	if (next < (addr_is_v4(a) ? r->n_net4 : r->n_network)) {
		struct addr before = addr_prev(registry_net_range(r, next).first);

		if (addr_cmp(before, last) < 0)
			last = before;
	}
	return last;
}

/* The last address up to stop of which the same is true as of a: what begins or ends within a block, or is no
 * part, changes nothing. */
static struct addr same_until(const struct registry *r, struct addr a, struct addr stop,
    const struct range *prefix, uint32_t part)
{
	uint32_t next = next_network(r, a), end = addr_is_v4(a) ? r->n_net4 : r->n_network;
	struct addr last = a;

	for (;;) {
		while (next < end && addr_cmp(registry_net_range(r, next).first, last) <= 0)
			next++;
		last = undisturbed(r, last, stop, next);
		if (addr_eq(last, stop))
			return last;
		a = addr_next(last);
		if (is_between_blocks(a) && part_of(r, a, prefix) != part)
			return last;
		last = a;
	}
}

uint32_t registry_delegation(const void *ctx, struct addr a, struct addr *last)
{
	const struct registry *r = ctx;
	struct attribution at;
	struct range prefix;
	uint32_t part;

	*last = a;
	if (r->n_network)
		registry_lookup(r, a, &at);
	else
		*last = (struct addr){ UINT64_MAX, UINT64_MAX };
	if (!r->n_network || at.prefix == REGISTRY_NONE)
		return 0;
	prefix = registry_prefix_at(r, at.prefix).range;
	part = part_of(r, a, &prefix);
	*last = same_until(r, a, prefix.last, &prefix, part);
	return part == REGISTRY_NONE ? 0 : part + 1;
}

uint32_t registry_whole(const void *ctx, struct addr a, struct addr *last)
{
	const struct registry *r = ctx;
	uint32_t part;

	if (!r->n_network)
		return 0;
	part = part_of(r, a, NULL);
	*last = same_until(r, a, *last, NULL, part);
	return part == REGISTRY_NONE ? 0 : part + 1;
}

uint32_t registry_whole_above(const void *ctx, uint32_t network)
{
	const struct registry *r = ctx;
	uint32_t n = r->network[network].parent;

	while (n != REGISTRY_NONE && !is_whole(registry_net_range(r, n)))
		n = r->network[n].parent;
	return n == REGISTRY_NONE ? 0 : n + 1;
}
