/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/onus/published.h"

#include "publication/client.h"
#include "publication/place.h"
#include "util/clock.h"

int published_open(const struct conf *conf, struct edition **ret, struct err *e)
{
	CLEANUP(addrset_done) struct addrset own = { .v = NULL };
	char dir[PLACE_PATH_MAX];
	int r = addrset_parse(span_str(conf->own_networks), &own, e);

	if (r == 0)
		r = place_current(conf->serve_dir, dir, NULL, e);
	return r < 0 ? r : edition_open(dir, NULL, &own, ret, e);
}

/* The narrowest entity of the chain that has a score. */
static bool scored(const struct edition *ed, const struct client *c, struct reputation_row *ret)
{
	for (unsigned k = 0; k < ENTITY_KIND_N; k++) {
		if (c->chain.at[k] == REPUTATION_NONE)
			continue;
		reputation_at(edition_reputation(ed), c->chain.at[k], ret);
		if (ret->scored)
			return true;
	}
	return false;
}

static void decision_text(const struct client *c, struct buf *out)
{
	char until[UTC_TEXT_MAX], name[ENTITY_NAME_MAX];

	if (c->spared) {
		buf_str(
		    out, "  decided   nothing ever: own network, allow list or special space\n");
	} else if (!c->decided) {
		buf_fmt(out, "  decided   nothing%s\n", c->carved ? "; known good here" : "");
	} else {
		utc_format(c->until_s, until);
		(void)entity_format(&c->scope, name);
		buf_fmt(out, "  decided   %s, until %s, about %s: %.*s\n", action_name(c->action),
		    until, name, SPAN_ARG(c->reason));
	}
}

void published_text(const struct edition *ed, struct addr a, int64_t now_s, struct buf *out)
{
	const struct publication_head *head = edition_head(ed);
	char at[UTC_TEXT_MAX], name[ENTITY_NAME_MAX];
	struct reputation_row row;
	struct client c;

	client_look(ed, a, now_s, &c);
	decision_text(&c, out);
	if (scored(ed, &c, &row)) {
		(void)entity_format(&row.entity, name);
		buf_fmt(out, "  score     %.0f", (double)row.score);
		if (row.grade)
			buf_fmt(out, " (%c%s)", row.grade, row.provisional ? ", provisional" : "");
		else
			buf_fmt(out, " (no grade: %.*s)", SPAN_ARG(row.reason));
		buf_fmt(out, ", of %s, as seen by %.*s\n", name, SPAN_ARG(head->site));
	}
	utc_format(head->created_s, at);
	buf_fmt(out, "  published %s%s\n", at,
	    edition_stale(ed, now_s) ? ", which is too old to act on: is onus-publish running?"
				     : "");
}

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

static void score_json(const struct edition *ed, const struct client *c, struct jout *j)
{
	char name[ENTITY_NAME_MAX];
	struct reputation_row row;

	if (!scored(ed, c, &row)) {
		jout_null(j, "score");
		return;
	}
	(void)entity_format(&row.entity, name);
	jout_object(j, "score");
	jout_str(j, "entity", name);
	jout_real(j, "score", (double)row.score, 1);
	jout_str(j, "grade", row.grade ? (char[]){ row.grade, '\0' } : NULL);
	jout_bool(j, "provisional", row.provisional);
	jout_object_end(j);
}

void published_json(const struct edition *ed, struct addr a, int64_t now_s, struct jout *j)
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
	score_json(ed, &c, j);
	jout_object_end(j);
}
