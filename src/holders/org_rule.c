/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "holders/org_rule.h"

#include "util/macro.h"

static const struct {
	const char *name, *words;
	bool free;
} rules[] = {
	[ORG_BY_HAND] = { "hand", "the list of merges says so", false },
	[ORG_REGISTRY] = { "registry", "the registry names this holder", true },
	[ORG_STATISTICS] = { "statistics", "one id in the registry's statistics", true },
	[ORG_RECORD] = { "record", "all records of what the id has name this holder", true },
	[ORG_AS2ORG] = { "as2org", "one organisation by CAIDA", true },
	[ORG_PEERINGDB] = { "peeringdb", "one organisation by PeeringDB", true },
	[ORG_ID_NAME] = { "id-name", "one id in the statistics and one name", true },
	[ORG_MAILBOX] = { "mailbox", "abuse mailboxes of one domain and one name", true },
	[ORG_NAME] = { "name", "one name that is distinctive", true },
	[ORG_APART] = { "apart", "kept apart by the list of merges", false },
};
_Static_assert(NELEM(rules) == ORG_RULE_N + 1, "rules out of step");

const char *org_rule_name(enum org_rule r)
{
	return rules[r].name;
}

const char *org_rule_words(enum org_rule r)
{
	return rules[r].words;
}

bool org_rule_free(enum org_rule r)
{
	return rules[r].free;
}
