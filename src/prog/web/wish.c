/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/web/wish.h"

#include "holders/tell.h"
#include "util/log.h"

static bool holder_told(const struct registry *r, const struct seat *seat)
{
	uint32_t holder = REGISTRY_NONE;

	if (seat->network != REGISTRY_NONE)
		holder = registry_network_at(r, seat->network).holder;
	else if (seat->as != REGISTRY_NONE)
		holder = registry_as_at(r, seat->as).holder;
	return holder != REGISTRY_NONE && registry_holder_at(r, holder).told;
}

void wish(const struct site *site, const struct entity *en, const struct subject *s)
{
	const struct view *v = site->view;
	struct seat seat = seat_find(v, en, s);
	struct whom whom;

	if (!site->wishes || !s->known || s->special)
		return;
	if (v->registry && holder_told(v->registry, &seat) &&
	    tell_whom(v->registry, seat.network, seat.as, &whom))
		return;
	wishes_add(site->wishes, en, clock_now_s(&site->clock));
}

void wishes_keep(struct site *site)
{
	struct err e;

	if (!site->wishes ||
	    wishes_save(site->wishes, site->conf->wish_file, clock_now_s(&site->clock), &e) == 0)
		return;
	log_warn("what is looked up is not left for onus registry enrich: %s", e.text);
	site->wishes = wishes_free(site->wishes);
}
