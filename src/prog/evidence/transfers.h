/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Space that changed hands, as the hub's tenures tell of it, for those who judge over a registry: to the judge, and
 * whose the evidence of an address and day is.
 *
 * A transfer between two whom the registry has as one organisation is none, nor is one that was undone: who holds the
 * space now as he did then keeps what was seen there. Who announces the space starts over with it only if he is the new
 * holder; else he is somebody who may have been there all the time. */
#ifndef ONUS_PROG_EVIDENCE_TRANSFERS_H
#define ONUS_PROG_EVIDENCE_TRANSFERS_H

#include "core/entity.h"
#include "holders/registry.h"
#include "judge/judge.h"
#include "ledger/hub.h"

/* struct transfer_party - somebody who held something, or does
 * org  of the registry; where that knows no organisation by his name, a number beyond all of these, or CHAIN_NONE where
 *      his name is none of an entity: nobody then has what was his */
struct transfer_party {
	char name[ENTITY_HANDLE_MAX]; /* SOURCE/HANDLE; cut */
	uint32_t org;
};

/* struct transfer - one of transfers.former: who held it then, and who from `until` on; party numbers */
struct transfer {
	uint32_t was, is;
};

/* struct transfers - zeroed to begin with */
struct transfers {
	struct judge_former *former; /* owned, as all; in the judge's order */
	struct transfer *told;	     /* [n] the same */
	size_t n, cap_former, cap_told;
	struct transfer_party *party;
	uint32_t n_party, n_org; /* of the registry */
	uint64_t narrow;	 /* ranges of IPv6 that hold no whole block: left out */
};

/* transfers_read - those up to a day that is judged; the registry must stay. 0 or -errno */
MUST_USE int transfers_read(
    struct hub *h, const struct registry *r, int32_t today, struct transfers *ret, struct err *e);
void transfers_done(struct transfers *t); /* callable twice */

/* transfers_judge - read them and tell the judge, whose judge_run must follow */
MUST_USE int transfers_judge(struct hub *h, const struct registry *r, int32_t today,
    struct judge *j, struct transfers *ret, struct err *e);

/* transfers_hash - of what the hub says: to see a change */
MUST_USE int transfers_hash(struct hub *h, uint64_t *ret, struct err *e);

/* transfers_at - of the evidence of an address on a day: a number in transfers.former, or SIZE_MAX */
size_t transfers_at(const struct transfers *t, struct addr a, int32_t day);

/* transfers_org - the entity of an organisation's number, of the registry or beyond
 * transfers_find_org - that number; REGISTRY_NONE: nobody of that name held anything */
struct entity transfers_org(const struct transfers *t, const struct registry *r, uint32_t org);
uint32_t transfers_find_org(
    const struct transfers *t, const struct registry *r, struct span handle);

/* transfers_side - what the i-th of them is to an entity */
enum transfer_side {
	TRANSFER_APART,	   /* nothing */
	TRANSFER_LEFT_OUT, /* what was seen there then is not held against it */
	TRANSFER_KEPT,	   /* it is held against it, who held the space then */
};
enum transfer_side transfers_side(
    const struct transfers *t, const struct registry *r, size_t i, const struct entity *en);

#endif
