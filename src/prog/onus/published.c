/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/onus/published.h"

#include "publication/client_json.h"
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
	if (client_scored(ed, &c, &row)) {
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
