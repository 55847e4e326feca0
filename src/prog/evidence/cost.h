/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What decisions cost (judge/replay.h), before they are written: those that would have refused too much of the good
 * traffic that the hub knows of become tags; when they cost less again they become what they would have been. */
#ifndef ONUS_PROG_EVIDENCE_COST_H
#define ONUS_PROG_EVIDENCE_COST_H

#include "prog/evidence/deciding.h"
#include "prog/evidence/known.h"

/* cost_apply - after policy_decide, within no view or transaction of the hub
 *
 * good      read again where that is due
 * max_loss  of a rule, 0 to 1
 * list      actions and reasons change; of what stands and was not looked at (`changed`), what changes is added to it
 * at_tag    set to how many decisions stay at tag
 * 0; -errno */
MUST_USE int cost_apply(struct known_good *good, double max_loss, const struct deciding *d,
    struct policy_list *list, uint64_t *at_tag, struct err *e);

#endif
