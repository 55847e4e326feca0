/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is told of the chain of accountability, by whichever program is asked: whom to write to, and the
 * networks as JSON. Names of the JSON: doc/contracts/web-api.md. */
#ifndef ONUS_HOLDERS_TELL_H
#define ONUS_HOLDERS_TELL_H

#include "core/entity.h"
#include "holders/registry.h"
#include "util/jout.h"

#define TELL_SAID_MAX 1408u
#define TELL_FROM_MAX 64u

/* struct whom - whom to write to about abuse, and for what; texts borrow from the registry */
struct whom {
	struct span mail, name;	 /* the name may be empty */
	uint32_t contact;	 /* who that is, of the registry's contacts */
	uint32_t network;	 /* whose contact it is; REGISTRY_NONE: the AS's */
	char of[RANGE_TEXT_MAX]; /* the range of that network, or "AS64500" */
};

/* tell_whom - the contact of the narrowest network that has one, else of the AS
 *
 * r        may be NULL when both others are REGISTRY_NONE
 * network  the narrowest one; may be REGISTRY_NONE
 * as       may be REGISTRY_NONE
 * Returns false when no contact is known; *ret is set on true. */
bool tell_whom(const struct registry *r, uint32_t network, uint32_t as, struct whom *ret);

/* tell_name - what a network is called: by its handle, or by its ends where it has none that is its alone */
void tell_name(const struct registry *r, uint32_t network, struct entity *ret);

/* tell_find - the network that net:SOURCE/HANDLE names, in whatever case, or by its ends
 * en   an entity of that kind; afterwards as tell_name has it, when it is found
 * Returns its index, or REGISTRY_NONE. */
uint32_t tell_find(const struct registry *r, struct entity *en);

/* tell_find_org - the organisation that org:SOURCE/HANDLE names, in whatever case: by any of its handles
 * en   an entity of that kind; its handle is afterwards as the registry file may have it
 * Returns its index, or REGISTRY_NONE. */
uint32_t tell_find_org(const struct registry *r, struct entity *en);

/* tell_member - "AS64500", or "RIPE/HANDLE" */
#define TELL_MEMBER_MAX 160u
void tell_member(const struct registry *r, struct registry_member m, char ret[TELL_MEMBER_MAX]);

/* tell_contact - "abuse", "abuse_state", "abuse_reason" and "abuse_checked" as members of the object that is open
 * contact  REGISTRY_NONE: all are null */
void tell_contact(const struct registry *r, uint32_t contact, struct jout *j);

/* tell_json - "as_holder", those of tell_contact, "abuse_of" and "networks" as members of the object that is open, null
 * and empty where nothing is known; arguments as in tell_whom. Allocates nothing but what it writes. */
void tell_json(const struct registry *r, uint32_t network, uint32_t as, struct jout *j);

/* tell_origins - "other_origins": who announces an address besides the AS that holds, as an array */
void tell_origins(const struct registry *r, struct addr a, struct jout *j);

/* tell_as_said - "as_said": what records say of an AS besides what holds, as an array */
void tell_as_said(const struct registry *r, uint32_t as, struct jout *j);

/* tell_said - one of what records say besides, in words: how ("called", "in", "held by", "at"), what (an address in one
 * line), and who says so ("rpsl, RIPE") */
struct said_words {
	const char *how;
	char what[TELL_SAID_MAX], from[TELL_FROM_MAX];
};
void tell_said(const struct registry *r, const struct registry_said *s, struct said_words *ret);

/* tell_network, tell_holder - one of them as an object, as in "networks" and "as_holder" above
 * key    NULL in an array
 * index  tell_holder: REGISTRY_NONE is null */
void tell_network(const struct registry *r, uint32_t index, struct jout *j);
void tell_holder(const struct registry *r, const char *key, uint32_t index, struct jout *j);

#endif
