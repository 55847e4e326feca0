/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who answers, as the registries say: an entity's place among the networks of the registry file, whom to
 * write to, and the chain of networks with their holders, for pages and API. */
#ifndef ONUS_WEB_NETWORKS_H
#define ONUS_WEB_NETWORKS_H

#include "prog/web/site.h"

/* struct seat - where an entity stands in the registry file; indexes, or REGISTRY_NONE */
struct seat {
	uint32_t network; /* the narrowest that holds all of it */
	uint32_t
	    as; /* itself, or the one that announces it; of an organisation: its first with a contact */
};

/* seat_find - of a subject that was loaded for this entity; for an address, exactly that address */
struct seat seat_find(const struct view *v, const struct entity *en, const struct subject *s);

/* say_answer - "answer" of the page of a subject: "whom", "networks", "inside", "contacts", or why there are none */
void say_answer(struct view *v, struct model *m, const struct entity *en, const struct subject *s);

#endif
