/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which entities are part of which, as the registry has them. */
#ifndef ONUS_PROG_EVIDENCE_WITHIN_H
#define ONUS_PROG_EVIDENCE_WITHIN_H

#include "core/entity.h"
#include "holders/registry.h"

/* entity_is_space - an address, a block or a prefix: its range is set */
bool entity_is_space(const struct entity *en);

/* entity_within - is a all of `of`, or a part of it? An AS or organisation has what it announces. */
bool entity_within(const struct registry *r, const struct entity *a, const struct entity *of);

#endif
