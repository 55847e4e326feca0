/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reach: the space of every network, AS, organisation and country about which something is decided, as the registry had it
 * when it was published. What answers strangers knows no registry; this file tells it whom such a decision is about.
 * Grammar and golden file: doc/contracts/reach.md. */
#ifndef ONUS_PUBLICATION_REACH_H
#define ONUS_PUBLICATION_REACH_H

#include "publication/reputation.h"
#include "util/buf.h"
#include "util/err.h"

#define REACH_NAME	 "reach"
#define REACH_HEADER	 "#onus-reach 1"
#define REACH_LINE_MAX	 512u		     /* bytes, with LF */
#define REACH_RANGES_MAX 4000000u	     /* lines of one file */
#define REACH_BYTES_MAX	 (UINT32_C(1) << 29) /* of one file */
#define REACH_OVER_MAX	 64u /* decisions over one address; wider ones beyond that are left out */

/* The writer: header, a line a range in any order, `end COUNT`. */
struct reach_writer {
	struct buf *out;
	uint64_t count;
};
void reach_begin(struct reach_writer *w, struct buf *out);
void reach_put(struct reach_writer *w, const struct entity *en, struct range range);
void reach_end(struct reach_writer *w);

struct reach;

/* reach_parse - a whole file; entities without a row in from are passed over
 * Returns 0; -EBADMSG with line and reason; -E2BIG; -ENOMEM. */
MUST_USE int reach_parse(
    struct span text, const struct reputation *from, struct reach **ret, struct err *e);
struct reach *reach_free(struct reach *r); /* NULL-safe, returns NULL */

/* reach_over - rows of the entities that an address is of, narrowest kind first; returns how many */
uint32_t reach_over(const struct reach *r, struct addr a, const uint32_t **rows);

#endif
