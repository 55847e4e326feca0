/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who answers, as the registries say: an entity's place among the networks of the registry file, whom to
 * write to, and the chain of networks with their holders, for pages and API. */
#ifndef ONUS_WEB_NETWORKS_H
#define ONUS_WEB_NETWORKS_H

#include "prog/web/site.h"
#include "util/jout.h"

#define SEAT_ASES_MAX 256u /* of an organisation: looked at, the others are not */

/* struct seat - where an entity stands in the registry file; indexes, or REGISTRY_NONE
 * network  the narrowest that holds all of it
 * as       itself, or the one that announces it; of an organisation, its first with a contact */
struct seat {
	uint32_t network, as;
};

/* seat_entity - the entity whose page shows a range: the host that it lies in, else a prefix */
struct entity seat_entity(struct range range);

/* seat_ranged - whether it is a range of addresses, which networks may be around */
static inline bool seat_ranged(const struct entity *en)
{
	return en->kind <= ENTITY_PREFIX; /* a network has a range when seat_network gave it one */
}

/* seat_find - of a subject that was loaded for this entity; for an address, exactly that address */
struct seat seat_find(const struct view *v, const struct entity *en, const struct subject *s);

/* seat_network - the page of a network of which nothing is reported is that of its range
 * en   net:SOURCE/HANDLE, as it is called, with its range; or it becomes the entity of that range
 * Returns true for the latter; false, and en may be as it was, for all else. */
bool seat_network(struct view *v, struct entity *en);

/* seat_org - an organisation asked for by another of its handles becomes the one it is called by
 * Returns whether en is another entity now. */
bool seat_org(struct view *v, struct entity *en);

/* say_joins - "joins": which ASes and holders make an organisation, and what joined them; nothing where it is
 * one AS or holder */
void say_joins(
    struct model *m, struct value *to, const struct registry *r, const struct entity *en);

/* say_tenure - "tenure": the ranges around one that changed hands, the nearest first, each with who held it when
 * put_tenure - the same as an array */
void say_tenure(struct view *v, struct model *m, struct value *to, struct range range);
void put_tenure(struct jout *j, struct view *v, struct range range);

/* say_answer - "answer" of the page of a subject: "whom" to write to, the "networks" around it and "inside" it,
 * the holders of its "ases", or that "nothing" of that is known. Countries have no answer. */
void say_answer(struct view *v, struct model *m, const struct entity *en, const struct subject *s);

#endif
