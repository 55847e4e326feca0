/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The wall: what an export may contain. It takes ranges with their expiry and lets nothing through
 * that must never be blocked: one's own networks, special-purpose space, decisions that have ended.
 * A listing is a wall for who can say why: refusals are in it too, and each range of it is one that client_look tells the same
 * decision of. */
#ifndef ONUS_PUBLICATION_WALL_H
#define ONUS_PUBLICATION_WALL_H

#include "core/decision.h"
#include "net/addrset.h"
#include "publication/reputation.h"
#include "util/err.h"

struct wall_entry {
	struct range range;
	int64_t until_s;
	int64_t rank; /* of several over an address the highest holds */
	uint32_t row; /* of a listing: whom it is about; else REPUTATION_NONE */
};

/* struct wall - after wall_finish: hosts are IPv4 addresses, ascending, each once; nets are disjoint
 * ranges of more than one IPv4 address or of IPv6, ascending, IPv4 first. Where several decisions
 * cover an address of nets, the latest until holds. An address may be in both. A listing has nets alone, IPv4 addresses
 * among them, and of several decisions the severest action holds, of equal ones the narrowest scope. */
struct wall {
	struct wall_entry *hosts, *nets; /* owned */
	size_t n_hosts, n_nets, hosts_cap, nets_cap;
	int64_t now_s;
	bool listing;
	const struct addrset *never; /* borrowed */
	const struct addrset *
	    carved; /* borrowed, as never; NULL: nobody. Hosts that walls around more than a host leave out */
	uint64_t expired, special, own; /* left out, and why */
};

/* wall_init - never: what no entry may touch; borrowed until wall_finish, NULL for nothing */
void wall_init(struct wall *w, int64_t now_s, const struct addrset *never);
void wall_done(struct wall *w); /* callable twice */

/* wall_add - one range, IPv4 or IPv6, in force until until_s; what must not be blocked is left out:
 * own networks are cut out of it, any overlap with special space drops it whole. 0; -ENOMEM. */
MUST_USE int wall_add(struct wall *w, struct range r, int64_t until_s);

/* wall_add_decided - the same of what is decided about a row of a reputation file; range: of its space */
MUST_USE int wall_add_decided(
    struct wall *w, const struct reputation_row *row, uint32_t index, struct range range);

/* wall_wants - is a decision one for this wall? As wall_takes; of a listing as listing_takes, whatever the level
 * wall_takes - does a wall of this level stand up a decision? At least that level, more than a tag, and of blocks only what is dropped:
 * a refusal wants somebody who can tell why.
 * wall_add_reputation - every address, block and prefix under such a decision */
bool wall_wants(const struct wall *w, const struct standing_decision *d, enum level least);
bool wall_takes(const struct standing_decision *d, enum level least);
MUST_USE int wall_add_reputation(struct wall *w, const struct reputation *r, enum level least);

MUST_USE int wall_finish(struct wall *w);

/* wall_union - hosts and nets of a finished wall as one set; the caller ends with addrset_done */
MUST_USE int wall_union(const struct wall *w, struct addrset *ret);

#endif
