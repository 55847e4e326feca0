/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The wall: what an export may contain. It takes ranges with their expiry and lets nothing through
 * that must never be blocked: one's own networks, special-purpose space, decisions that have ended. */
#ifndef ONUS_PUBLICATION_WALL_H
#define ONUS_PUBLICATION_WALL_H

#include "core/decision.h"
#include "net/addrset.h"
#include "publication/reputation.h"
#include "util/err.h"

struct wall_entry {
	struct range range;
	int64_t until_s;
};

/* struct wall - after wall_finish: hosts are IPv4 addresses, ascending, each once; nets are disjoint
 * ranges of more than one IPv4 address or of IPv6, ascending, IPv4 first. Where several decisions
 * cover an address of nets, the latest until holds. An address may be in both. */
struct wall {
	struct wall_entry *hosts, *nets; /* owned */
	size_t n_hosts, n_nets, hosts_cap, nets_cap;
	int64_t now_s;
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

/* wall_takes - does a wall of this level stand up a decision? At least that level, more than a tag, and of blocks only what is dropped:
 * a refusal wants somebody who can tell why.
 * wall_add_reputation - every address, block and prefix under such a decision */
bool wall_takes(const struct standing_decision *d, enum level least);
MUST_USE int wall_add_reputation(struct wall *w, const struct reputation *r, enum level least);

MUST_USE int wall_finish(struct wall *w);

/* wall_union - hosts and nets of a finished wall as one set; the caller ends with addrset_done */
MUST_USE int wall_union(const struct wall *w, struct addrset *ret);

#endif
