/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Why two are one organisation. Identifiers come first, names last; the earlier rule joins. */
#ifndef ONUS_HOLDERS_ORG_RULE_H
#define ONUS_HOLDERS_ORG_RULE_H

#include <stdbool.h>

/* Numbers are in registry files: their meaning never changes. */
enum org_rule {
	ORG_BY_HAND,	/* the list of merges says so */
	ORG_REGISTRY,	/* the registry's record of an AS names the holder */
	ORG_STATISTICS, /* one id in the statistics of a registry that gives each holder its own */
	ORG_RECORD,	/* all records of what an id of the statistics has name that one holder */
	ORG_AS2ORG,	/* one id of CAIDA's */
	ORG_PEERINGDB,	/* one id of PeeringDB's */
	ORG_ID_NAME,	/* one id in any registry's statistics, and one name */
	ORG_MAILBOX,	/* one domain of the abuse mailboxes, and one name */
	ORG_NAME,	/* one name that is distinctive, with one legal form or none */
	ORG_RULE_N,
	ORG_APART = ORG_RULE_N, /* no rule: the list of merges keeps the two apart */
};

const char *org_rule_name(enum org_rule r);  /* "registry"; of ORG_APART "apart" */
const char *org_rule_words(enum org_rule r); /* "the registry names the holder" */
bool org_rule_free(enum org_rule r);	     /* may a list of merges do without it */

#endif
