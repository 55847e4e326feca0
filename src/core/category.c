/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/category.h"

#include <errno.h>

static const struct {
	const char *name;
	enum family family;
} categories[] = {
	[CATEGORY_BRUTE_FORCE] = { "brute-force", FAMILY_ATTACK },
	[CATEGORY_SCANNER] = { "scanner", FAMILY_ATTACK },
	[CATEGORY_EXPLOIT] = { "exploit", FAMILY_ATTACK },
	[CATEGORY_DDOS] = { "ddos", FAMILY_ATTACK },
	[CATEGORY_INFECTED_SYSTEM] = { "infected-system", FAMILY_ATTACK },
	[CATEGORY_SPAM] = { "spam", FAMILY_MAIL },
	[CATEGORY_MALWARE_DISTRIBUTION] = { "malware-distribution", FAMILY_HOSTING },
	[CATEGORY_C2_SERVER] = { "c2-server", FAMILY_HOSTING },
	[CATEGORY_PHISHING] = { "phishing", FAMILY_HOSTING },
	[CATEGORY_PROXY] = { "proxy", FAMILY_ABUSE_OF_SERVICE },
	[CATEGORY_BOT] = { "bot", FAMILY_ABUSE_OF_SERVICE },
	[CATEGORY_POLICY] = { "policy", FAMILY_ABUSE_OF_SERVICE },
	[CATEGORY_RESEARCH_SCANNER] = { "research-scanner", FAMILY_RESEARCH },
	[CATEGORY_OTHER] = { "other", FAMILY_UNSCORED },
};
_Static_assert(NELEM(categories) == CATEGORY_N, "categories out of step");

static const char *const family_names[] = {
	[FAMILY_ATTACK] = "attack",
	[FAMILY_MAIL] = "mail",
	[FAMILY_HOSTING] = "hosting",
	[FAMILY_ABUSE_OF_SERVICE] = "abuse-of-service",
	[FAMILY_RESEARCH] = "research",
	[FAMILY_UNSCORED] = "unscored",
};
_Static_assert(NELEM(family_names) == FAMILY_N, "family_names out of step");

const char *category_name(enum category c)
{
	return (unsigned)c < CATEGORY_N ? categories[c].name : "other";
}

const char *family_name(enum family f)
{
	return (unsigned)f < FAMILY_N ? family_names[f] : "unscored";
}

enum family category_family(enum category c)
{
	return (unsigned)c < CATEGORY_N ? categories[c].family : FAMILY_UNSCORED;
}

int category_parse(struct span s, enum category *ret)
{
	for (unsigned i = 0; i < CATEGORY_N; i++) {
		if (!span_is(s, categories[i].name))
			continue;
		*ret = (enum category)i;
		return 0;
	}
	return -EINVAL;
}

int family_parse(struct span s, enum family *ret)
{
	for (unsigned i = 0; i < FAMILY_N; i++) {
		if (!span_is(s, family_names[i]))
			continue;
		*ret = (enum family)i;
		return 0;
	}
	return -EINVAL;
}
