/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/evidence/sources.h"

#include <string.h>

static enum hub_source_kind kind_of(const char *type)
{
	static const struct {
		const char *type;
		enum hub_source_kind kind;
	} kinds[] = { { "list", HUB_SOURCE_LIST }, { "reports", HUB_SOURCE_REPORT },
		{ CONF_ANALYSIS, HUB_SOURCE_ANALYSIS } };

	for (size_t i = 0; i < NELEM(kinds); i++)
		if (type && strcmp(type, kinds[i].type) == 0)
			return kinds[i].kind;
	return HUB_SOURCE_SENSOR;
}

void source_of_conf(const struct conf_source *c, struct hub_source *ret)
{
	*ret = (struct hub_source){
		.name = c->name,
		.kind = kind_of(c->type),
		.anchor = c->anchor,
		.redistribute = c->redistribute,
		.group = c->group && *c->group ? c->group : c->name,
		.trust = c->anchor ? 1 : c->trust,
	};
}

void source_newcomer(const char *name, struct hub_source *ret)
{
	*ret = (struct hub_source){
		.name = name, .group = name, .kind = HUB_SOURCE_LIST, .trust = HUB_NEWCOMER_TRUST
	};
}

void source_override(const struct settings_source *over, struct hub_source *s)
{
	if (over->has_trust && !s->anchor)
		s->trust = over->trust;
	if (over->group[0])
		s->group = over->group;
	if (over->has_redistribute)
		s->redistribute = over->redistribute;
}
