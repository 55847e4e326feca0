/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RDAP answers between their reader, which finds them in a file, and what makes facts of them.
 * Source: RFC 9083 (answers), RFC 7095 and 6350 (jCard), RFC 8605 (cc). */
#ifndef ONUS_HOLDERS_RDAP_H
#define ONUS_HOLDERS_RDAP_H

#include "holders/fact_text.h"
#include "holders/json_in.h"

#define RDAP_BYTES_MAX	  (1u << 20) /* of one answer */
#define RDAP_NESTING_MAX  4u	     /* entities of entities */
#define RDAP_ENTITIES_MAX 256u /* looked at in one answer; so are properties of a card and cidrs */

/* What an entity is by its card. Who does not say what it is counts as a person. */
enum rdap_party { RDAP_PERSON, RDAP_ORG, RDAP_GROUP };

/* struct rdap_card - spans and values are borrowed from the JSON */
struct rdap_card {
	enum rdap_party party;
	struct span name;
	struct span mail,
	    abuse_mail;	       /* the first one; the first one that is said to be for abuse */
	const json_t *address; /* the adr property, or NULL */
};

/* rdap_card_read - an entity's vcardArray; a person without a name when there is none */
void rdap_card_read(const json_t *entity, struct rdap_card *ret);

/* rdap_card_address - its lines and its country ("" when it names none by two letters), into room */
struct span rdap_card_address(const struct rdap_card *card, struct buf *room, char country[3]);

/* rdap_source - the registry that gives an answer: "RIPE", …; "RDAP" when neither port43 nor links tell */
struct span rdap_source(const json_t *answer);

/* rdap_host - a name that a registry is known by: what rdap_source makes that registry of; NULL for "RDAP" */
const char *rdap_host(struct span source);
bool rdap_host_known(
    struct span host); /* of the registries' servers that are known, or below such a name */

/* rdap_answer - the facts of one answer: of its holder and abuse contact first, then of itself
 * Returns 0, -ENOMEM, or what take returned. */
int rdap_answer(const json_t *answer, uint64_t line, struct buf *room, const struct fact_to *to);

#endif
