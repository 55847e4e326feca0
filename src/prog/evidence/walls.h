/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Walls around networks, ASes, organisations and countries, whose space the registry knows. */
#ifndef ONUS_PROG_EVIDENCE_WALLS_H
#define ONUS_PROG_EVIDENCE_WALLS_H

#include "holders/registry.h"
#include "publication/wall.h"

/* walls_of_holders - does a wall of that level stand up a decision about any of them?
 * walls_add_holders - the space of each; of whom the registry knows nothing, nothing. 0 or -ENOMEM */
bool walls_of_holders(const struct wall *w, const struct reputation *from, enum level least);
MUST_USE int walls_add_holders(
    struct wall *w, const struct reputation *from, enum level least, const struct registry *r);

#endif
