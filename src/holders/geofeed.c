/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where holders say that their addresses are used, as far as they are theirs to speak of. */
#include <errno.h>

#include "holders/build_format.h"
#include "util/grow.h"

int geofeed_put(struct registry_build *b, unsigned input, const struct fact *f)
{
	struct records *all = &b->places;

	if (grow(&all->v, &all->cap, all->n + 1, sizeof(*all->v)) < 0)
		return -ENOMEM;
	all->v[all->n++] = (struct record){ .range = f->range,
		.value = (uint32_t)(unsigned char)f->country[0] |
			 (uint32_t)(unsigned char)f->country[1] << 8,
		.seq = b->seq++,
		.line = (uint32_t)MIN_OF(f->line, (uint64_t)UINT32_MAX),
		.input = (uint16_t)input };
	return 0;
}

/* The last network that begins at or before an address: it, or one around it, holds what any network there does. */
static uint32_t network_before(const struct facts *f, struct addr a)
{
	size_t lo = 0, hi = f->n_net;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (addr_cmp(f->net[mid].range.first, a) <= 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo ? (uint32_t)lo - 1 : FACTS_NONE;
}

/* Is it within a network, one record of which names a geofeed? */
static bool is_spoken_for(const struct facts *f, struct range r)
{
	uint32_t at = network_before(f, r.first);

	for (; at != FACTS_NONE; at = f->net[at].parent) {
		if (addr_cmp(f->net[at].range.last, r.last) < 0)
			continue;
		while (f->net[at].flags & NET_SAME)
			at--;
		for (uint32_t k = at; k < f->n_net && (k == at || f->net[k].flags & NET_SAME); k++)
			if (f->net[k].flags & NET_GEOFEED)
				return true;
	}
	return false;
}

/* Takes out what nobody says who may. */
static void keep_spoken_for(struct registry_build *b)
{
	struct records *all = &b->places;
	size_t n = 0;

	for (size_t i = 0; i < all->n; i++) {
		if (is_spoken_for(&b->facts, all->v[i].range)) {
			all->v[n++] = all->v[i];
			continue;
		}
		b->input[all->v[i].input].records--;
		build_refuse(b, all->v[i].input, all->v[i].line,
		    "in no network whose holder names a geofeed");
	}
	all->n = n;
}

int tables_geofeed(struct registry_build *b, struct tables *t)
{
	struct layer said;
	int r;

	keep_spoken_for(b);
	r = settle(b, &b->places, &said);
	if (r == 0) {
		t->geofeed = calloc(said.n + 1, sizeof(*t->geofeed));
		r = t->geofeed ? 0 : -ENOMEM;
	}
	for (size_t i = 0; r == 0 && i < said.n; i++) {
		const struct range *s = &said.v[i].range;

		if (said.v[i].value == 0)
			continue;
		t->geofeed[t->n_geofeed++] = (struct reg_geofeed){ s->first.hi, s->first.lo,
			s->last.hi, s->last.lo, said.v[i].value, 0 };
	}
	free(said.v);
	return r;
}
