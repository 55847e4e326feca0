/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A client's address as an edition sees it at an instant: the one answer that DNSBL, policy, milter and exports share. */
#ifndef ONUS_PUBLICATION_CLIENT_H
#define ONUS_PUBLICATION_CLIENT_H

#include "publication/edition.h"

/* struct client - texts borrow from the edition */
struct client {
	struct reputation_chain
	    chain; /* rows about it and around it, for scores; parents as the most specific has them */
	bool
	    spared; /* own network, allow list or special space: nothing is done to it, and no decision is told */
	bool carved;  /* known good here: only decisions about the address itself hold */
	bool decided; /* one is in force; else what follows means nothing */
	uint32_t row; /* of the entity that it is about */
	struct entity
	    scope; /* that entity: address, block, prefix, network, AS, organisation or country */
	enum level level;
	enum action action;
	int64_t until_s;
	struct span reason;
};

/* client_look - of the decisions in force over an address the severest action, of equal ones the narrowest scope
 *
 * An IPv6 address counts as its /64, an IPv4-mapped one as IPv4. A stale edition decides nothing. Allocates nothing,
 * takes no lock; ed may be NULL: nothing is known, but special space is spared. */
void client_look(const struct edition *ed, struct addr a, int64_t now_s, struct client *ret);

/* client_decided - the same for those who want no score: its chain ends with the prefix, and rows about which nothing is
 * decided are not read, so that it waits for less memory */
void client_decided(const struct edition *ed, struct addr a, int64_t now_s, struct client *ret);

/* client_graded - the row of the closest entity that has a grade: address, block, network, prefix, AS or organisation; the
 * grade of a country says nothing of a client. false: none has, the client is spared, or the edition stale or NULL */
bool client_graded(
    const struct edition *ed, const struct client *c, int64_t now_s, struct reputation_row *ret);

#endif
