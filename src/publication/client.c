/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "publication/client.h"

#include "publication/edition_parts.h"

static void nobody(struct addr a, struct client *c)
{
	*c = (struct client){ .spared = addr_special(a), .row = REPUTATION_NONE };
	for (unsigned k = 0; k < ENTITY_KIND_N; k++)
		c->chain.at[k] = REPUTATION_NONE;
}

/* Rows come narrowest first, so that of equal actions the first one stays. */
static void weigh(const struct reputation *r, uint32_t row, int64_t now_s, struct client *c)
{
	struct standing_decision d;
	struct entity scope;

	if (row == REPUTATION_NONE || !reputation_decides(r, row))
		return;
	reputation_decision(r, row, &scope, &d);
	if (now_s >= d.until_s || (c->decided && d.action <= c->action))
		return;
	if ((scope.kind == ENTITY_BLOCK || scope.kind == ENTITY_PREFIX) &&
	    range_special(scope.range)) /* as a wall, which is left out whole then */
		return;
	c->decided = true;
	c->row = row;
	c->scope = scope;
	c->level = d.level;
	c->action = d.action;
	c->until_s = d.until_s;
	c->reason = d.reason;
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

/* What is decided, of those rows that were found. */
static void decide(const struct edition *ed, struct addr a, int64_t now_s, struct client *c)
{
	const struct edition_parts *p = edition_parts(ed);

	c->spared |= addrset_has(&p->never, a);
	c->carved = addrset_has(&p->carved, a);
	if (c->spared || edition_stale(ed, now_s))
		return;
	weigh(p->reputation, c->chain.at[ENTITY_ADDR], now_s, c);
	if (c->carved)
		return;
	weigh(p->reputation, c->chain.at[ENTITY_BLOCK], now_s, c);
	weigh_reach(p, a, true, now_s, c);
	weigh(p->reputation, c->chain.at[ENTITY_PREFIX], now_s, c);
	weigh_reach(p, a, false, now_s, c);
}

void client_look(const struct edition *ed, struct addr a, int64_t now_s, struct client *ret)
{
	nobody(a, ret);
	if (!ed)
		return;
	reputation_lookup(edition_reputation(ed), a, &ret->chain);
	decide(ed, a, now_s, ret);
}

void client_decided(const struct edition *ed, struct addr a, int64_t now_s, struct client *ret)
{
	nobody(a, ret);
	if (!ed)
		return;
	reputation_lookup_near(edition_reputation(ed), a, &ret->chain);
	decide(ed, a, now_s, ret);
}

bool client_graded(
    const struct edition *ed, const struct client *c, int64_t now_s, struct reputation_row *ret)
{
	if (!ed || c->spared || edition_stale(ed, now_s))
		return false;
	for (unsigned k = 0; k < ENTITY_COUNTRY; k++) {
		if (c->chain.at[k] == REPUTATION_NONE)
			continue;
		reputation_at(edition_reputation(ed), c->chain.at[k], ret);
		if (ret->scored && ret->grade)
			return true;
	}
	return false;
}
