/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/doorway/doorway.h"

/* A country's grade says nothing of a client. */
static const enum entity_kind closest_first[] = { ENTITY_ADDR, ENTITY_BLOCK, ENTITY_NET,
	ENTITY_PREFIX, ENTITY_AS, ENTITY_ORG };

static void grade(const struct edition *ed, struct doorway *d)
{
	struct reputation_row row;

	for (unsigned i = 0; i < NELEM(closest_first); i++) {
		uint32_t at = d->client.chain.at[closest_first[i]];

		if (at == REPUTATION_NONE)
			continue;
		reputation_at(edition_reputation(ed), at, &row);
		if (!row.scored || !row.grade)
			continue;
		d->graded = row.entity;
		d->facts.grade = row.grade;
		d->facts.score = row.score;
		d->facts.graded = &d->graded;
		return;
	}
}

void doorway_look(const struct edition *ed, struct addr a, int64_t now_s, struct doorway *ret)
{
	const struct client *c = &ret->client;

	client_look(ed, a, now_s, &ret->client);
	ret->facts = (struct door_client){ .addr = a, .spared = c->spared };
	if (c->spared)
		return;
	if (c->decided) {
		ret->facts.decided = true;
		ret->facts.level = c->level;
		ret->facts.action = c->action;
		ret->facts.scope = &c->scope;
		ret->facts.until_s = c->until_s;
		ret->facts.reason = c->reason;
	}
	if (ed && !edition_stale(ed, now_s))
		grade(ed, ret);
}
