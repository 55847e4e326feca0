/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/onus/published.h"

#include <errno.h>

#include "publication/client_json.h"
#include "publication/place.h"
#include "util/clock.h"

int published_open(const struct conf *conf, struct edition **ret, struct err *e)
{
	CLEANUP(addrset_done) struct addrset own = { .v = NULL };
	char dir[PLACE_PATH_MAX];
	uint8_t key[SIGN_KEY_BYTES];
	bool keyed = *conf->publication_key;
	int r = addrset_parse(span_str(conf->own_networks), &own, e);

	if (r == 0 && keyed && sign_key_parse(span_str(conf->publication_key), key) < 0)
		r = err_set(e, -EINVAL, "publication_key is no key");
	if (r == 0)
		r = place_current(conf->serve_dir, dir, NULL, e);
	return r < 0 ? r : edition_open(dir, keyed ? key : NULL, &own, ret, e);
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
	if (client_graded(ed, &c, now_s, &row)) {
		(void)entity_format(&row.entity, name);
		buf_fmt(out, "  grade     %c%s, score %.0f, of %s, as seen by %.*s\n", row.grade,
		    row.provisional ? " (provisional)" : "", (double)row.score, name,
		    SPAN_ARG(head->site));
	}
	utc_format(head->created_s, at);
	buf_fmt(out, "  published %s%s\n", at,
	    edition_stale(ed, now_s) ? ", which is too old to act on: is onus-publish running?"
				     : "");
}
