/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/evidence/walls.h"

#include <errno.h>

#include "holders/spread.h"

static const enum entity_kind kinds[] = { ENTITY_NET, ENTITY_AS, ENTITY_ORG, ENTITY_COUNTRY };

bool walls_of_holders(const struct wall *w, const struct reputation *from, enum level least)
{
	for (unsigned k = 0; k < NELEM(kinds); k++) {
		uint32_t first, n = reputation_rows(from, kinds[k], &first);

		for (uint32_t i = first; i < first + n; i++) {
			struct reputation_row row;

			reputation_at(from, i, &row);
			if (wall_wants(w, &row.decision, least))
				return true;
		}
	}
	return false;
}

struct adding {
	struct wall *w;
	const struct reputation_row *row;
	uint32_t index;
};

static int add_range(void *ctx, struct range range)
{
	const struct adding *a = ctx;

	return wall_add_decided(a->w, a->row, a->index, range);
}

int walls_add_holders(
    struct wall *w, const struct reputation *from, enum level least, const struct registry *r)
{
	int err = 0;

	for (unsigned k = 0; k < NELEM(kinds); k++) {
		uint32_t first, n = reputation_rows(from, kinds[k], &first);

		for (uint32_t i = first; i < first + n && err == 0; i++) {
			struct reputation_row row;

			reputation_at(from, i, &row);
			if (!wall_wants(w, &row.decision, least))
				continue;
			err =
			    spread_each(r, &row.entity, add_range, &(struct adding){ w, &row, i });
			if (err == -ENOENT)
				err = 0;
		}
	}
	return err;
}
