/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/doorway/doorway.h"

static void grade(const struct edition *ed, int64_t now_s, struct doorway *d)
{
	struct reputation_row row;

	if (!client_graded(ed, &d->client, now_s, &row))
		return;
	d->graded = row.entity;
	d->facts.grade = row.grade;
	d->facts.score = row.score;
	d->facts.graded = &d->graded;
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
	grade(ed, now_s, ret);
}
