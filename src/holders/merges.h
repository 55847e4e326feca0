/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What somebody who knows better says of organisations, over what the rules would make of them. A text file:
 *   # why is free text
 *   apart    as:64500  as:64501           two companies of one name
 *   same     as:64500  org:RIPE/ORG-EX1   bought in May
 *   without  name                         a rule that is not to be used
 * Members are ASes, and holders by the handle that their registry gives them. */
#ifndef ONUS_HOLDERS_MERGES_H
#define ONUS_HOLDERS_MERGES_H

#include "core/entity.h"
#include "holders/org_rule.h"
#include "util/err.h"

#define MERGES_MAX     4096u /* lines */
#define MERGES_WHY_MAX 200u  /* bytes of a reason */

/* struct merge_member - an AS, or where asn is 0 a holder */
struct merge_member {
	uint32_t asn;
	char handle[ENTITY_HANDLE_MAX]; /* SOURCE/HANDLE in capitals */
};

struct merge {
	bool apart; /* else the same */
	struct merge_member a, b;
	char why[MERGES_WHY_MAX];
	uint64_t line;
};

struct merges {
	struct merge *v; /* owned */
	size_t n, cap;
	bool without[ORG_RULE_N];
	uint64_t refused;
};

/* merges_read - every line that makes sense; what does not is told and counted
 * refused  gets "line N: reason"; may be NULL
 * Returns 0 or -errno. *ret is set on success: merges_done */
MUST_USE int merges_read(const char *path,
    void (*refused)(void *ctx, uint64_t line, const char *why), void *ctx, struct merges *ret,
    struct err *e);
void merges_done(struct merges *m); /* callable twice, and on a zeroed struct */

#endif
