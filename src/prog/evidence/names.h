/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The judge's keys and the names of entities, each from the other: a registry has what is between. */
#ifndef ONUS_PROG_EVIDENCE_NAMES_H
#define ONUS_PROG_EVIDENCE_NAMES_H

#include "prog/evidence/transfers.h"

/* names_of - the entity of a key */
struct entity names_of(
    const struct registry *r, const struct transfers *t, const struct judge_key *k);

/* names_find - the key of an entity. 0; -ENOENT with a message: the registry does not have it */
MUST_USE int names_find(const struct registry *r, const struct transfers *t,
    const struct entity *en, struct judge_key *ret, struct err *e);

#endif
