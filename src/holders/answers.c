/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who answers for many addresses at a time, in two texts: each step is taken for all of some, and what the next one
 * reads is asked for meanwhile, as in registry_networks. */
#include "holders/registry_check.h"

/* The first holder from a network on upwards; NONE: nobody is named. */
static uint32_t holder_up(const struct registry *r, uint32_t *network)
{
	while (*network != REGISTRY_NONE) {
		uint32_t holder = r->network[*network].holder;

		*network = r->network[*network].parent;
		if (holder != REGISTRY_NONE)
			return holder;
	}
	return REGISTRY_NONE;
}

/* Of at most REGISTRY_AT_ONCE addresses. */
static void answers(
    const struct registry *r, const struct addr *v, uint32_t n, struct registry_answer *ret)
{
	uint32_t above[REGISTRY_AT_ONCE], holder[REGISTRY_AT_ONCE], abuse[REGISTRY_AT_ONCE];

	registry_networks(r, v, n, above);
	for (uint32_t i = 0; i < n; i++) {
		abuse[i] = registry_network_abuse(r, above[i], NULL);
		holder[i] = holder_up(r, &above[i]);
		if (holder[i] != REGISTRY_NONE)
			__builtin_prefetch(&r->holder[holder[i]]);
		if (abuse[i] != REGISTRY_NONE)
			__builtin_prefetch(&r->contact[abuse[i]]);
	}
	for (uint32_t i = 0; i < n; i++) {
		ret[i] = (struct registry_answer){ SPAN(""), SPAN("") };
		for (; holder[i] != REGISTRY_NONE && span_empty(ret[i].holder);
		     holder[i] = holder_up(r, &above[i]))
			ret[i].holder = text_of(r, r->holder[holder[i]].name);
		if (abuse[i] != REGISTRY_NONE)
			ret[i].mail = text_of(r, r->contact[abuse[i]].mail);
		__builtin_prefetch(ret[i].holder.p);
		__builtin_prefetch(ret[i].mail.p);
	}
}

void registry_answers(
    const struct registry *r, const struct addr *v, uint32_t n, struct registry_answer *ret)
{
	for (uint32_t from = 0, some; from < n; from += some) {
		some = MIN_OF(n - from, REGISTRY_AT_ONCE);
		answers(r, v + from, some, ret + from);
	}
}
