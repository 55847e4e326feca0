/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What changed between two builds of the registry file: networks, their holders, who announces what.
 *
 * Records are compared with records of the same voice: of the same range, registry and handle, both
 * objects of a database or both lines of statistics. Such a pair is a transfer when both records name a
 * holder, and not the same one; and so is a record beside what it was split from or joined to. What a new
 * source says, or a record that came to stand beside another, appeared or vanished and is never a transfer. */
#ifndef ONUS_HOLDERS_DIFF_H
#define ONUS_HOLDERS_DIFF_H

#include "holders/registry.h"

enum diff_kind {
	DIFF_TRANSFER, /* one voice names another holder than before */
	DIFF_HOLDER,   /* told now, or no more; or its source numbered its holders anew */
	DIFF_APPEARED,
	DIFF_VANISHED,
	DIFF_COUNTRY,
	DIFF_ABUSE, /* another mailbox */
	DIFF_STATUS,
	DIFF_ORIGIN, /* announced in both, by another AS */
	DIFF_KIND_N
};

/* struct diff_change - one change. was, is: networks of the old and the new file (DIFF_ORIGIN: prefixes),
 * or REGISTRY_NONE. range: that of both, or of the part which was split off or joined (DIFF_TRANSFER) */
struct diff_change {
	enum diff_kind kind;
	struct range range;
	uint32_t was, is;
};
typedef int diff_fn(void *ctx, const struct diff_change *c); /* not 0: ends the walk */

/* A source where more than a tenth of at least so many networks change hands at once has numbered its
 * holders anew: none of it is a transfer. */
#define DIFF_ANEW_MIN 100u

struct diff_source {
	struct span name; /* borrows from the file it stands in */
	uint64_t both;	  /* pairs of records of one voice with a holder each */
	uint64_t was, is; /* records */
	uint64_t n[DIFF_KIND_N];
	bool anew; /* numbered anew */
};

struct diff {
	struct diff_source *source; /* owned; those that speak of networks in either file */
	uint32_t n_source;
	uint64_t origins, v4_addresses,
	    v6_blocks; /* stretches of another origin, and what they hold */
};

/* diff_registries - compare; fn may be NULL. Networks in order of address, then prefixes.
 * ret  counts; done with diff_done, whatever is returned
 * Returns 0, -ENOMEM, or what fn returned. */
MUST_USE int diff_registries(const struct registry *was, const struct registry *is, diff_fn *fn,
    void *ctx, struct diff *ret);
void diff_done(struct diff *d);

/* diff_same_voice - the record of another file that speaks of the range of this one with its voice; or NONE */
uint32_t diff_same_voice(const struct registry *r, uint32_t network, const struct registry *other);

/* diff_part_of - the record of another file out of which this one was split, or into which it was joined: the
 * narrowest one around it of its source and kind (object, statistics), of a range of which this file has no such
 * record; and this one is no part of another part of that range. Or NONE. */
uint32_t diff_part_of(const struct registry *r, uint32_t network, const struct registry *other);

/* diff_same_holder - do two records name the same holder? False where one names none. */
bool diff_same_holder(
    const struct registry *a, uint32_t network_a, const struct registry *b, uint32_t network_b);

/* diff_object - is a network told by an object of a database? Else by a line of statistics, which has
 * neither handle nor name. */
bool diff_object(const struct registry *r, uint32_t network);

/* diff_told_day - the day of a build: that of its newest input that speaks of networks, else its date */
int32_t diff_told_day(const struct registry *r);

/* diff_transfer_day - when a transfer happened: the day on which the new record was changed, else created,
 * if that is after the day of the old build and not after that of the new one; else the day of the new
 * build */
int32_t diff_transfer_day(
    const struct registry *was, const struct registry *is, const struct diff_change *c);

#endif
