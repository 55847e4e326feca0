/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Decisions for the replay, wherever they are: in the hub, in what is published, in a file of decision lines. */
#ifndef ONUS_PROG_ONUS_DECIDE_WALLS_H
#define ONUS_PROG_ONUS_DECIDE_WALLS_H

#include "holders/registry.h"
#include "judge/replay.h"
#include "ledger/hub.h"
#include "util/buf.h"

struct decide_wall {
	size_t name, reason; /* offsets in text, where both end with NUL */
	int64_t until_s;
};

/* struct decide_walls - text by number of a decision of the replay; zeroed but for the first three */
struct decide_walls {
	struct replay *to;		 /* borrowed */
	const struct registry *registry; /* borrowed; NULL: there is none */
	int64_t at_s;			 /* decisions that have ended by then are left out */
	struct decide_wall *v;		 /* owned */
	uint32_t n, cap;
	struct buf text;
	uint64_t ended;	  /* left out */
	uint64_t unknown; /* left out: the registry does not know whom they are about */
	char first_unknown[ENTITY_NAME_MAX];
};

/* Each returns 0, or -errno with a sentence. Of decision lines, which have no level, it is the usual one of the
 * action: tag is watch, greylist is friction, reject and drop are block. */
MUST_USE int decide_walls_of_hub(struct decide_walls *w, struct hub *h, struct err *e);
MUST_USE int decide_walls_published(struct decide_walls *w, const char *serve_dir, struct err *e);
MUST_USE int decide_walls_of_file(struct decide_walls *w, const char *path, struct err *e);
void decide_walls_done(struct decide_walls *w); /* callable twice */

/* Of the decision with that number. */
const char *decide_wall_name(const struct decide_walls *w, uint32_t number);
const char *decide_wall_reason(const struct decide_walls *w, uint32_t number);

#endif
