/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "publication/client_json.h"

#include "util/clock.h"

static void decision_json(const struct client *c, struct jout *j)
{
	char until[UTC_TEXT_MAX], name[ENTITY_NAME_MAX];

	if (!c->decided) {
		jout_null(j, "decision");
		return;
	}
	utc_format(c->until_s, until);
	(void)entity_format(&c->scope, name);
	jout_object(j, "decision");
	jout_str(j, "entity", name);
	jout_str(j, "level", level_name(c->level));
	jout_str(j, "action", action_name(c->action));
	jout_str(j, "until", until);
	jout_span(j, "reason", c->reason);
	jout_object_end(j);
}

static void score_json(
    const struct edition *ed, const struct client *c, int64_t now_s, struct jout *j)
{
	char name[ENTITY_NAME_MAX];
	struct reputation_row row;

	if (!client_graded(ed, c, now_s, &row)) {
		jout_null(j, "score");
		return;
	}
	(void)entity_format(&row.entity, name);
	jout_object(j, "score");
	jout_str(j, "entity", name);
	jout_real(j, "score", (double)row.score, 1);
	jout_str(j, "grade", (char[]){ row.grade, '\0' });
	jout_bool(j, "provisional", row.provisional);
	jout_object_end(j);
}

void client_json(const struct edition *ed, struct addr a, int64_t now_s, struct jout *j)
{
	const struct publication_head *head = edition_head(ed);
	char at[UTC_TEXT_MAX];
	struct client c;

	client_look(ed, a, now_s, &c);
	utc_format(head->created_s, at);
	jout_object(j, "published");
	jout_u64(j, "generation", head->generation);
	jout_str(j, "created", at);
	jout_bool(j, "expired", edition_stale(ed, now_s));
	jout_bool(j, "spared", c.spared);
	jout_bool(j, "carved_out", c.carved);
	decision_json(&c, j);
	score_json(ed, &c, now_s, j);
	jout_object_end(j);
}
