/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What has to be true of the networks of a registry file before a lookup may trust them. */
#include <errno.h>

#include "holders/mailbox.h"
#include "holders/registry_check.h"

static bool index_ok(uint32_t i, uint32_t n)
{
	return i == REGISTRY_NONE || i < n;
}

static bool label_ok(const struct registry *r, uint32_t i)
{
	return i < r->n_label && text_ok(r, r->label[i]);
}

/* Stretches from the first address on, and which of them is in force where each /20 begins. */
static bool cuts_ok(const struct registry *r)
{
	if (r->n_cut4_at != r->n_cut4 || (r->n_cut4 == 0) != (r->n_top4 == 0) ||
	    (r->n_cut4 == 0) != (r->n_net4 == 0))
		return false;
	if (r->n_cut4 == 0)
		return true;
	if (r->n_top4 != REG_TOP4_ROWS || r->cut4[0] != 0)
		return false;
	for (uint32_t i = 0; i < r->n_cut4; i++)
		if (!index_ok(r->cut4_at[i], r->n_net4) || (i > 0 && r->cut4[i - 1] >= r->cut4[i]))
			return false;
	for (uint32_t i = 0; i < REG_TOP4_ROWS - 1; i++) {
		uint32_t at = r->top4[i], first = i << REG_TOP4_SHIFT;

		if (at >= r->n_cut4 || r->cut4[at] > first ||
		    (at + 1 < r->n_cut4 && r->cut4[at + 1] <= first))
			return false;
	}
	return r->top4[REG_TOP4_ROWS - 1] == r->n_cut4 - 1;
}

static bool range_ok(const struct registry *r, uint32_t i)
{
	struct range n = registry_net_range(r, i);

	if (i >= r->n_net4 && (n.first.hi >> 61 != 1 || n.last.hi >> 61 != 1))
		return false;
	return addr_cmp(n.first, n.last) <= 0;
}

/* Behind the one before it: starts later, or is narrower, or is of the same range and nests the same. */
static bool order_ok(const struct registry *r, uint32_t i)
{
	struct range n = registry_net_range(r, i), before;
	int c;

	if (i == 0 || i == r->n_net4)
		return true;
	before = registry_net_range(r, i - 1);
	c = addr_cmp(before.first, n.first);
	if (c == 0)
		c = addr_cmp(n.last, before.last);
	return c < 0 || (c == 0 && r->network[i - 1].parent == r->network[i].parent);
}

/* The parent is an earlier row around this one: every walk up ends, after depth steps. */
static bool parent_ok(const struct registry *r, uint32_t i)
{
	const struct reg_network *n = &r->network[i];
	struct range in, out;

	if (n->parent == REGISTRY_NONE)
		return n->depth == 0;
	if (n->parent >= i || (n->parent < r->n_net4) != (i < r->n_net4) ||
	    n->depth != r->network[n->parent].depth + 1 || n->depth > REG_DEPTH_MAX)
		return false;
	in = registry_net_range(r, i);
	out = registry_net_range(r, n->parent);
	return range_has(out, in.first) && range_has(out, in.last);
}

static bool networks_ok(const struct registry *r)
{
	if (r->n_network != (uint64_t)r->n_net4 + r->n_net6 ||
	    (r->n_lpm6 == 0) != (r->n_net6 == 0) || r->n_net_told != r->n_network)
		return false;
	for (uint32_t i = 0; i < r->n_network; i++) {
		const struct reg_network *n = &r->network[i];
		const struct reg_net_told *told = &r->net_told[i];

		if (!range_ok(r, i) || !order_ok(r, i) || !parent_ok(r, i) ||
		    !index_ok(n->holder, r->n_holder) || !index_ok(n->abuse, r->n_contact) ||
		    !country_ok(n->country) || told->source >= r->n_label ||
		    told->status >= r->n_label || !text_ok(r, told->handle) ||
		    !text_ok(r, told->name))
			return false;
	}
	for (uint32_t i = 0; i < r->n_net_key; i++)
		if ((uint32_t)r->net_key[i] >= r->n_network ||
		    (i > 0 && r->net_key[i - 1] >= r->net_key[i]))
			return false;
	return true;
}

static bool parties_ok(const struct registry *r)
{
	for (uint32_t i = 0; i < r->n_label; i++)
		if (!label_ok(r, i))
			return false;
	for (uint32_t i = 0; i < r->n_holder; i++) {
		const struct reg_holder *h = &r->holder[i];

		if (!text_ok(r, h->handle) || !text_ok(r, h->name) || !text_ok(r, h->address) ||
		    !index_ok(h->abuse, r->n_contact) || !country_ok(h->country) ||
		    h->source >= r->n_label || h->told >= HOLDER_TOLD_N)
			return false;
	}
	if (r->n_holder_key != r->n_holder)
		return false;
	for (uint32_t i = 0; i < r->n_holder_key; i++)
		if ((uint32_t)r->holder_key[i] >= r->n_holder ||
		    (i > 0 && r->holder_key[i - 1] >= r->holder_key[i]))
			return false;
	for (uint32_t i = 0; i < r->n_contact; i++) {
		const struct reg_contact *c = &r->contact[i];

		if (!text_ok(r, c->handle) || !text_ok(r, c->mail) || c->mail.len == 0 ||
		    !text_ok(r, c->name) || (c->source_state & REG_SOURCE_MASK) >= r->n_label ||
		    c->source_state >> REG_STATE_SHIFT >= MAILBOX_STATE_N)
			return false;
	}
	return true;
}

static bool orphans_ok(const struct registry *r)
{
	const uint32_t rows[ORPHAN_KIND_N] = {
		[ORPHAN_NETWORK_HOLDER] = r->n_network,
		[ORPHAN_NETWORK_ABUSE] = r->n_network,
		[ORPHAN_HOLDER_ABUSE] = r->n_holder,
		[ORPHAN_AS_HOLDER] = r->n_as,
		[ORPHAN_AS_ABUSE] = r->n_as,
	};

	for (uint32_t i = 0; i < r->n_orphan; i++)
		if (r->orphan[i].kind >= ORPHAN_KIND_N ||
		    r->orphan[i].index >= rows[r->orphan[i].kind] ||
		    !text_ok(r, r->orphan[i].handle))
			return false;
	return true;
}

static bool geofeeds_ok(const struct registry *r)
{
	for (uint32_t i = 0; i < r->n_geofeed; i++) {
		const struct reg_geofeed *g = &r->geofeed[i];
		struct addr first = { g->first_hi, g->first_lo }, last = { g->last_hi, g->last_lo };

		if (addr_is_v4(first) != addr_is_v4(last) || addr_cmp(first, last) > 0 ||
		    (i > 0 &&
			addr_cmp((struct addr){ g[-1].last_hi, g[-1].last_lo }, first) >= 0) ||
		    g->country == 0 || !country_ok(g->country) || g->zero)
			return false;
	}
	return true;
}

int registry_check_networks(struct registry *r, struct err *e)
{
	const struct reg_extent *x = &r->head->section[REG_LPM6];
	const char *lpm = (const char *)r->head + x->offset;
	int code = 0;

	if (!networks_ok(r) || !cuts_ok(r) || !parties_ok(r) || !orphans_ok(r) || !geofeeds_ok(r))
		return err_set(e, -EBADMSG,
		    "the registry file is damaged (its networks are out of order); build it again "
		    "with `onus registry build`");
	if (r->n_lpm6)
		code = lpm_open(lpm, (size_t)r->n_lpm6 * 64, r->n_network, &r->lpm6, e);
	return code < 0 ? err_wrap(e, code, "the registry file is damaged") : 0;
}
