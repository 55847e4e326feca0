/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the name of an organisation says about which one it is: spelling taken out, legal forms apart, and how much
 * is left that only one can be called. Pure; private to the build.
 *   "OOO \"Kvant-Telecom\"", "KVANT TELECOM LLC" → "kvant telecom", limited, 20 bits */
#ifndef ONUS_HOLDERS_ORG_NAME_H
#define ONUS_HOLDERS_ORG_NAME_H

#include "holders/words.h"

#define ORG_NAME_MAX 256u /* bytes of a name; a longer one says nothing */

/* Legal forms that are translations of each other, or kinds of one: two of different groups are two companies. */
enum org_form {
	FORM_NONE,
	FORM_LIMITED = 1, /* Ltd, LLC, GmbH, S.r.l., OOO, … */
	FORM_STOCK = 2,	  /* JSC, S.A., AG, PLC, PAO, … */
	FORM_INC = 4,
	FORM_SIMPLE = 8, /* S.A.S. */
};

struct org_name {
	uint32_t text;	  /* as it stands: a number of the words */
	uint32_t core;	  /* its words without its legal form */
	uint32_t whole;	  /* with its legal form, wherever that stands in it */
	uint16_t bits;	  /* what the core says, summed up over its words that say anything */
	uint8_t best;	  /* the most that one of its words says */
	uint8_t form;	  /* of enum org_form, or-ed */
	bool national;	  /* its legal form is that of one country, or a few */
	bool institution; /* a town, a school, a hospital: names that many have */
	bool
	    placeholder; /* has words, and stands for no holder: nobody's, or a registry's for its members */
};

/* struct org_names - the words that say little or mean something, and the names that were read */
struct org_names {
	struct words common, name;
	struct org_word {
		uint8_t bits, form, kind; /* kind: of org_name.c */
	} * word;			  /* owned, [common.n] */
	size_t word_cap;
};

MUST_USE int org_names_init(struct org_names *n); /* 0 or -ENOMEM */
void org_names_done(struct org_names *n);	  /* callable twice, and on a zeroed struct */

/* org_name_read - 0; -ENOMEM. What has no words but a legal form, or is too long, has core 0. */
MUST_USE int org_name_read(struct org_names *n, struct span name, struct org_name *ret);

#endif
