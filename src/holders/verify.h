/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How good a registry is: what of the announced space somebody answers for, and where its sources
 * disagree or lead nowhere. */
#ifndef ONUS_HOLDERS_VERIFY_H
#define ONUS_HOLDERS_VERIFY_H

#include "holders/registry.h"

/* What an address has when its narrowest network has it, or one around that. */
enum verify_has { HAS_NETWORK, HAS_HOLDER, HAS_NAMED_HOLDER, HAS_COUNTRY, HAS_ABUSE, HAS_N };

struct verdict_space {
	uint64_t v4_addresses, v6_blocks; /* announced, each counted once */
};

struct registry_verdict {
	struct verdict_space announced, has[HAS_N];
	struct verdict_space several_origins; /* tables of BGP name several ASes for it */
	struct verdict_space outdone;	      /* a table of ranges names another AS than those */
	uint64_t records, ranges;	      /* of networks */
	uint64_t crossing; /* refused when the file was made: they crossed a wider network */
	uint64_t several;  /* ranges with several records; and those among them … */
	uint64_t countries_differ; /* … that tell different countries, */
	uint64_t holders_differ;   /* … different names of holders */
	uint64_t orphans[ORPHAN_KIND_N];
	uint64_t contacts, checked,
	    dead;	/* abuse contacts; those that were checked; nobody is reached there */
	bool arin_bulk; /* ARIN's bulk whois is among the inputs; and of what ARIN told: */
	uint64_t arin_networks, arin_named,
	    arin_abuse;	       /* records; with a holder's name; an abuse contact */
	uint64_t orgs, joined; /* organisations, and those among them of several ASes or holders */
	uint64_t joins[ORG_RULE_N + 1]; /* by each rule; the last: pairs that are kept apart */
};

/* registry_verify - walks through all of it; 0 or -ENOMEM */
MUST_USE int registry_verify(const struct registry *r, struct registry_verdict *ret);

#endif
