/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "publication/client.h"

#include "publication/edition_parts.h"

static void nobody(struct client *c)
{
	*c = (struct client){ .row = REPUTATION_NONE };
	for (unsigned k = 0; k < ENTITY_KIND_N; k++)
		c->chain.at[k] = REPUTATION_NONE;
}

/* Rows come narrowest first, so that of equal actions the first one stays. */
static void weigh(const struct reputation *r, uint32_t row, int64_t now_s, struct client *c)
{
	struct reputation_row x;

	if (row == REPUTATION_NONE)
		return;
	reputation_at(r, row, &x);
	if (!reputation_in_force(&x, now_s) || (c->decided && x.decision.action <= c->action))
		return;
	if ((x.entity.kind == ENTITY_BLOCK || x.entity.kind == ENTITY_PREFIX) &&
	    range_special(x.entity.range)) /* as a wall, which is left out whole then */
		return;
	c->decided = true;
	c->row = row;
	c->scope = x.entity;
	c->level = x.decision.level;
	c->action = x.decision.action;
	c->until_s = x.decision.until_s;
	c->reason = x.decision.reason;
}

static void weigh_reach(
    const struct edition_parts *p, struct addr a, bool nets, int64_t now_s, struct client *c)
{
	const uint32_t *rows;
	uint32_t n = p->reach ? reach_over(p->reach, a, &rows) : 0;

	for (uint32_t i = 0; i < n; i++)
		if ((reputation_kind(p->reputation, rows[i]) == ENTITY_NET) == nets)
			weigh(p->reputation, rows[i], now_s, c);
}

void client_look(const struct edition *ed, struct addr a, int64_t now_s, struct client *ret)
{
	const struct edition_parts *p;

	nobody(ret);
	if (!ed)
		return;
	p = edition_parts(ed);
	reputation_lookup(p->reputation, a, &ret->chain);
	ret->spared = addr_special(a) || addrset_has(&p->never, a);
	ret->carved = addrset_has(&p->carved, a);
	if (ret->spared || edition_stale(ed, now_s))
		return;
	weigh(p->reputation, ret->chain.at[ENTITY_ADDR], now_s, ret);
	if (ret->carved)
		return;
	weigh(p->reputation, ret->chain.at[ENTITY_BLOCK], now_s, ret);
	weigh_reach(p, a, true, now_s, ret);
	weigh(p->reputation, ret->chain.at[ENTITY_PREFIX], now_s, ret);
	weigh_reach(p, a, false, now_s, ret);
}
