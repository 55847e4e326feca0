/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The chain is computed AS by AS; most of the announced space belongs to ASes of which there is no
 * evidence. They matter to the sums of their organisation, country and networks alone. */
#include "judge/run.h"

#include <errno.h>
#include <string.h>

/* Every AS of an organisation that has one that is wanted. */
static int widen_to_orgs(struct judge *j, uint32_t n_org)
{
	uint8_t *org = calloc((size_t)n_org + 1, 1);

	if (!org)
		return -ENOMEM;
	for (uint32_t i = 0; i < j->n_own_rows; i++)
		if (j->rows[i].org != CHAIN_NONE && j->as_wanted[j->rows[i].as])
			org[j->rows[i].org] = 1;
	for (uint32_t i = 0; i < j->n_own_rows; i++)
		if (j->rows[i].org != CHAIN_NONE && org[j->rows[i].org])
			j->as_wanted[j->rows[i].as] = 1;
	free(org);
	return 0;
}

int wanted_build(struct judge *j)
{
	uint32_t n_as = 0, n_org = 0;

	if (wants_kind(j, ENTITY_COUNTRY) || wants_nets(j) || j->map_arrivals)
		return 0;
	for (uint32_t i = 0; i < j->n_own_rows; i++) {
		n_as = MAX_OF(n_as, j->rows[i].as + 1);
		if (j->rows[i].org != CHAIN_NONE)
			n_org = MAX_OF(n_org, j->rows[i].org + 1);
	}
	j->as_wanted = calloc((size_t)n_as + 1, 1);
	if (!j->as_wanted)
		return -ENOMEM;
	for (uint32_t i = 0; i < j->n_rows; i++)
		if (j->rows[i].as != CHAIN_NONE && (j->rows[i].n_leaf || j->rows[i].listed) &&
		    may_be_asked(j, j->rows[i].as))
			j->as_wanted[j->rows[i].as] = 1;
	return wants_kind(j, ENTITY_ORG) ? widen_to_orgs(j, n_org) : 0;
}
