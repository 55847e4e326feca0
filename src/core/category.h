/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an address was seen doing. Names are RSIT/IntelMQ types where they exist; a family holds the
 * categories that predict each other (doc/contracts/event-line.md). */
#ifndef ONUS_CORE_CATEGORY_H
#define ONUS_CORE_CATEGORY_H

#include "util/span.h"

enum category { /* stored in SQL and files: never renumber */
	CATEGORY_BRUTE_FORCE = 0,
	CATEGORY_SCANNER = 1,
	CATEGORY_EXPLOIT = 2,
	CATEGORY_DDOS = 3,
	CATEGORY_INFECTED_SYSTEM = 4,
	CATEGORY_SPAM = 5,
	CATEGORY_MALWARE_DISTRIBUTION = 6,
	CATEGORY_C2_SERVER = 7,
	CATEGORY_PHISHING = 8,
	CATEGORY_PROXY = 9,
	CATEGORY_BOT = 10,
	CATEGORY_POLICY = 11,
	CATEGORY_RESEARCH_SCANNER = 12,
	CATEGORY_OTHER = 13,
	CATEGORY_N
};

enum family { /* stored too */
	FAMILY_ATTACK = 0,
	FAMILY_MAIL = 1,
	FAMILY_HOSTING = 2,
	FAMILY_ABUSE_OF_SERVICE = 3,
	FAMILY_SCORED_N = 4,
	FAMILY_RESEARCH = 4,
	FAMILY_UNSCORED = 5,
	FAMILY_N
};

const char *category_name(enum category c);
const char *family_name(enum family f);
enum family category_family(enum category c);
MUST_USE int category_parse(struct span s, enum category *ret); /* 0 or -EINVAL */
MUST_USE int family_parse(struct span s, enum family *ret);

#endif
