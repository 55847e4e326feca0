/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Members joined to organisations, each join with what it rests on. A member is an AS (its row in the file) or, from
 * n_as on, a holder. Private to the build. */
#ifndef ONUS_HOLDERS_ORG_JOIN_H
#define ONUS_HOLDERS_ORG_JOIN_H

#include "holders/org_rule.h"
#include "holders/registry_format.h"

/* struct org_seal - who a registry says somebody is: of one scheme there is one value for one organisation
 * scheme  0: no registry says anything */
struct org_seal {
	uint32_t scheme, value;
};
#define ORG_SEALS_MAX 4u

struct org_join {
	uint32_t n, n_link, n_apart;
	uint32_t *up;	       /* owned, as all; [n]: towards the member that stands for all */
	struct org_seal *seal; /* [n]: of the one that stands for all, ORG_SEALS_MAX … */
	bool *kept;	       /* [n]: … whether one of them is to be kept apart from somebody */
	struct reg_org_link
	    *link; /* [n]: the joins that were made, members as above; then those kept apart */
	size_t apart_cap;
	struct reg_org_link *apart;
};

MUST_USE int org_join_init(struct org_join *j, uint32_t n); /* 0 or -ENOMEM */
void org_join_done(struct org_join *j);			    /* callable twice */

/* org_join_seal - before anything is joined */
void org_join_seal(struct org_join *j, uint32_t member, struct org_seal seal);

/* org_join_apart - from now on a and b are never joined; 0 or -ENOMEM */
MUST_USE int org_join_apart(struct org_join *j, uint32_t a, uint32_t b, struct reg_text why);

/* org_join_put - a and b are one organisation, unless they are kept apart, or `names` only say so and their
 * seals contradict each other. Returns whether they are one now. */
bool org_join_put(struct org_join *j, uint32_t a, uint32_t b, enum org_rule rule,
    struct reg_text why, bool names);

/* org_join_agrees - add the seals of a member's organisation to a sum of others; false when they contradict it, or are
 * more than there is room for */
bool org_join_agrees(struct org_join *j, uint32_t member, struct org_seal sum[ORG_SEALS_MAX]);

/* org_join_of - the member that stands for all of the organisation; only after the last join the lowest one */
uint32_t org_join_of(struct org_join *j, uint32_t member);

#endif
