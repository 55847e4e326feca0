/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What makes an organisation one, for its page. */
#include "holders/tell.h"
#include "prog/web/networks.h"

#define JOINS_SHOWN 12u

/* "AS64500", or "RIPE/HANDLE". */
static void say_member(struct model *m, struct value *to, const char *key, const struct registry *r,
    struct registry_member member)
{
	char text[TELL_MEMBER_MAX];

	tell_member(r, member, text);
	model_str(m, to, key, text);
}

static void say_link(
    struct model *m, struct value *list, const struct registry *r, struct registry_org_link l)
{
	struct value *o = model_object(m, list, NULL);

	say_member(m, o, "a", r, l.a);
	say_member(m, o, "b", r, l.b);
	model_bool(m, o, "apart", l.rule == ORG_APART);
	model_str(m, o, "words", org_rule_words(l.rule));
	model_span(m, o, "why", l.why);
}

void say_joins(struct model *m, struct value *to, const struct registry *r, const struct entity *en)
{
	uint32_t org = registry_find_org(r, span_str(en->handle)), first, n;
	struct value *o, *list;

	if (org == REGISTRY_NONE)
		return;
	n = registry_org_links(r, org, &first);
	if (n == 0)
		return;
	o = model_object(m, to, "joins");
	model_count(m, o, "n", n);
	model_bool(m, o, "more", n > JOINS_SHOWN);
	list = model_list(m, o, "records");
	for (uint32_t i = 0; i < MIN_OF(n, JOINS_SHOWN); i++)
		say_link(m, list, r, registry_org_link_at(r, first + i));
}
