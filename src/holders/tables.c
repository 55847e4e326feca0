/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the settled layers to the rows of the file: prefixes, places, ASes and countries. */
#include <errno.h>

#include "holders/build_format.h"

/* Room for one more row in a growing array; false when out of memory. */
static bool room(void *pp, size_t *cap, size_t n, size_t row_bytes)
{
	void **p = pp;

	if (n < *cap)
		return true;
	size_t more = *cap ? 2 * *cap : 4096;
	void *v = reallocarray(*p, more, row_bytes);

	if (!v)
		return false;
	*p = v;
	*cap = more;
	return true;
}

/* Sums per country while something is walked in ascending order. */
struct census {
	uint64_t v4[26 * 26];
	struct blocks v6[26 * 26];
	uint16_t touched[26 * 26];
	unsigned n;
};

static void census_add(struct census *c, struct range r, reg_country_code code)
{
	uint32_t i;

	if (!code)
		return;
	i = country_index(code);
	if (c->v4[i] == 0 && c->v6[i].n == 0)
		c->touched[c->n++] = (uint16_t)i;
	if (addr_is_v4(r.first))
		c->v4[i] += (uint64_t)addr_v4(r.last) - addr_v4(r.first) + 1;
	else
		blocks_add(&c->v6[i], r.first.hi, r.last.hi);
}

/* The country with most IPv4 space, or IPv6 space where there is no other; empties the census. */
static reg_country_code census_largest(struct census *c)
{
	uint32_t best = UINT32_MAX;

	for (unsigned k = 0; k < c->n; k++) {
		uint32_t i = c->touched[k];

		if (best == UINT32_MAX || c->v4[i] > c->v4[best] ||
		    (c->v4[i] == c->v4[best] &&
			(c->v6[i].n > c->v6[best].n || (c->v6[i].n == c->v6[best].n && i < best))))
			best = i;
	}
	for (unsigned k = 0; k < c->n; k++) {
		c->v4[c->touched[k]] = 0;
		c->v6[c->touched[k]] = (struct blocks){ 0, 0 };
	}
	c->n = 0;
	return best == UINT32_MAX ? 0 : country_code(best);
}

static int entry_put(struct tables *t, struct range r, uint32_t place)
{
	if (!room(&t->entry, &t->entry_cap, t->n_entry, sizeof(*t->entry)))
		return -ENOMEM;
	t->entry[t->n_entry++] = (struct lpm_entry){ r, place };
	return 0;
}

/* The next piece of a place: where it begins, and what it is. */
static int place_put(struct tables *t, struct addr first, struct reg_place p)
{
	size_t cap = t->place_cap;

	if (!room(&t->place, &t->place_cap, t->n_place, sizeof(*t->place)) ||
	    !room(&t->first, &cap, t->n_place, sizeof(*t->first)))
		return -ENOMEM;
	t->first[t->n_place] = (struct reg_first6){ first.hi, first.lo };
	t->place[t->n_place++] = p;
	return 0;
}

/* One prefix cut by country; *k is the first stretch of the country layer that may matter. */
static int prefix_places(struct tables *t, struct range r, uint32_t prefix,
    const struct layer *country, size_t *k, struct census *c)
{
	struct addr pos = r.first;
	reg_country_code was = 0;
	bool open = false;
	int err = 0;

	while (*k < country->n && addr_cmp(country->v[*k].range.last, r.first) < 0)
		(*k)++;
	for (size_t i = *k; err == 0 && addr_cmp(pos, r.last) <= 0;) {
		bool inside = i < country->n && addr_cmp(country->v[i].range.first, pos) <= 0;
		struct range piece = { pos, r.last };
		reg_country_code code = inside ? country->v[i].value : 0;

		if (inside && addr_cmp(country->v[i].range.last, r.last) < 0)
			piece.last = country->v[i++].range.last;
		else if (!inside && i < country->n &&
			 addr_cmp(country->v[i].range.first, r.last) <= 0)
			piece.last = addr_prev(country->v[i].range.first);
		census_add(c, piece, code);
		if (open && code == was) {
			t->entry[t->n_entry - 1].range.last = piece.last;
		} else {
			err = place_put(
			    t, pos, (struct reg_place){ .prefix = prefix, .country = code });
			if (err == 0)
				err = entry_put(t, piece, (uint32_t)t->n_place - 1);
		}
		open = true;
		was = code;
		if (addr_eq(piece.last, r.last))
			break;
		pos = addr_next(piece.last);
	}
	return err;
}

/* Prefixes and their places, IPv4 first as the layer has them. */
static int make_prefixes(
    struct tables *t, const struct layer *origin, const struct layer *country, struct census *c)
{
	size_t k = 0, n = origin->n;

	t->prefix4 = calloc(n + 1, sizeof(*t->prefix4));
	t->prefix6 = calloc(n + 1, sizeof(*t->prefix6));
	t->first_place = calloc(n + 1, sizeof(*t->first_place));
	if (!t->prefix4 || !t->prefix6 || !t->first_place)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		struct range r = origin->v[i].range;
		uint32_t as = t->as_index[origin->v[i].value], p = t->n_prefix;
		reg_country_code code;

		t->first_place[p] = (uint32_t)t->n_place;
		if (prefix_places(t, r, p, country, &k, c) < 0)
			return -ENOMEM;
		code = census_largest(c);
		if (addr_is_v4(r.first)) {
			t->prefix4[t->n_prefix4++] =
			    (struct reg_prefix4){ addr_v4(r.first), addr_v4(r.last), as, code };
			t->n_space4 = (uint32_t)t->n_place;
		} else {
			t->prefix6[p - t->n_prefix4] = (struct reg_prefix6){ r.first.hi, r.first.lo,
				r.last.hi, r.last.lo, as, code };
		}
		t->n_prefix++;
	}
	t->first_place[t->n_prefix] = (uint32_t)t->n_place;
	t->n_space6 = (uint32_t)t->n_place - t->n_space4;
	return 0;
}

struct as_key {
	uint32_t asn, name;
};

static int by_asn(const void *pa, const void *pb)
{
	const struct as_key *a = pa, *b = pb;

	return a->asn < b->asn ? -1 : a->asn > b->asn;
}

/* AS rows, ascending, of those that announce something. */
static int make_as(const struct registry_build *b, struct tables *t, const struct layer *origin)
{
	uint32_t n = b->names.map.n;
	struct as_key *key = calloc(n + 1u, sizeof(*key));
	bool *used = calloc(n + 1u, sizeof(*used));

	t->as = calloc(n + 1u, sizeof(*t->as));
	t->as_index = calloc(n + 1u, sizeof(*t->as_index));
	t->as_country = calloc(n + 1u, sizeof(*t->as_country));
	if (!key || !used || !t->as || !t->as_index || !t->as_country) {
		free(key);
		free(used);
		return -ENOMEM;
	}
	for (size_t i = 0; i < origin->n; i++)
		used[origin->v[i].value] = true;
	for (uint32_t i = 0; i < n; i++)
		if (used[i])
			key[t->n_as++] =
			    (struct as_key){ (uint32_t)addrmap_key(&b->names.map, i).lo, i };
	qsort(key, t->n_as, sizeof(*key), by_asn);
	for (uint32_t i = 0; i < t->n_as; i++) {
		struct reg_text name = b->names.name[key[i].name].text;

		t->as[i] = (struct reg_as){ .asn = key[i].asn,
			.org = REGISTRY_NONE,
			.holder = REGISTRY_NONE,
			.abuse = REGISTRY_NONE,
			.name = { (uint32_t)t->text.len, name.len } };
		buf_put(&t->text, b->names.text.p + name.at, name.len);
		t->as_index[key[i].name] = i;
	}
	free(key);
	free(used);
	return buf_ok(&t->text) ? 0 : -ENOMEM;
}

static uint32_t prefix_as(const struct tables *t, uint32_t p)
{
	return p < t->n_prefix4 ? t->prefix4[p].as : t->prefix6[p - t->n_prefix4].as;
}

static struct range prefix_range_of(const struct tables *t, uint32_t p)
{
	const struct reg_prefix6 *q;

	if (p < t->n_prefix4)
		return (struct range){ addr_of_v4(t->prefix4[p].first),
			addr_of_v4(t->prefix4[p].last) };
	q = &t->prefix6[p - t->n_prefix4];
	return (struct range){ { q->first_hi, q->first_lo }, { q->last_hi, q->last_lo } };
}

/* Group the prefixes by AS: counting sort, so they stay in ascending order. */
static int group_prefixes(struct tables *t)
{
	uint32_t at = 0;

	t->as_prefix = calloc(t->n_prefix + 1u, sizeof(*t->as_prefix));
	if (!t->as_prefix)
		return -ENOMEM;
	for (uint32_t p = 0; p < t->n_prefix; p++)
		t->as[prefix_as(t, p)].n_prefix++;
	for (uint32_t i = 0; i < t->n_as; i++) {
		t->as[i].first_prefix = at;
		at += t->as[i].n_prefix;
		t->as[i].n_prefix = 0;
	}
	for (uint32_t p = 0; p < t->n_prefix; p++) {
		struct reg_as *as = &t->as[prefix_as(t, p)];

		t->as_prefix[as->first_prefix + as->n_prefix++] = p;
		as->n_prefix4 += p < t->n_prefix4;
	}
	return 0;
}

/* Sizes and countries of ASes; the world's and each country's totals. */
static void measure(struct tables *t, struct census *c)
{
	struct blocks world = { 0, 0 };

	for (uint32_t i = 0; i < t->n_as; i++) {
		struct reg_as *as = &t->as[i];
		struct blocks own = { 0, 0 };

		for (uint32_t k = 0; k < as->n_prefix; k++) {
			uint32_t p = t->as_prefix[as->first_prefix + k];
			struct range r = prefix_range_of(t, p);

			if (p < t->n_prefix4)
				as->v4_addresses += range_units(r);
			else
				blocks_add(&own, r.first.hi, r.last.hi);
			for (uint32_t e = t->first_place[p]; e < t->first_place[p + 1]; e++)
				census_add(c, t->entry[e].range, t->place[e].country);
		}
		as->v6_blocks = own.n;
		as->country = census_largest(c);
	}
	for (uint32_t p = 0; p < t->n_prefix; p++) {
		struct range r = prefix_range_of(t, p);

		if (p < t->n_prefix4)
			t->head.v4_addresses += range_units(r);
		else
			blocks_add(&world, r.first.hi, r.last.hi);
		for (uint32_t e = t->first_place[p]; e < t->first_place[p + 1]; e++)
			census_add(c, t->entry[e].range, t->place[e].country);
	}
	t->head.v6_blocks = world.n;
}

static int by_code(const void *pa, const void *pb)
{
	const struct reg_country *a = pa, *b = pb;

	return a->code < b->code ? -1 : a->code > b->code;
}

static void make_countries(struct tables *t, struct census *c)
{
	for (unsigned k = 0; k < c->n; k++) {
		uint32_t i = c->touched[k];

		t->country[t->n_country++] = (struct reg_country){
			.code = country_code(i), .v4_addresses = c->v4[i], .v6_blocks = c->v6[i].n
		};
	}
	qsort(t->country, t->n_country, sizeof(t->country[0]), by_code);
}

static int by_entry(const void *pa, const void *pb)
{
	const struct lpm_entry *a = pa, *b = pb;

	return addr_cmp(a->range.first, b->range.first);
}

/* Space that is registered somewhere and announced by nobody: one place a country. */
static int unannounced(struct tables *t, const struct layer *origin, const struct layer *country)
{
	uint32_t place[26 * 26];
	size_t k = 0;

	memset(place, 0xff, sizeof(place));
	for (size_t i = 0; i < country->n; i++) {
		struct range r = country->v[i].range;
		uint32_t *at = &place[country_index(country->v[i].value)];
		bool done = false;

		while (k < origin->n && addr_cmp(origin->v[k].range.last, r.first) < 0)
			k++;
		for (size_t m = k; !done; m++) {
			bool hit = m < origin->n && addr_cmp(origin->v[m].range.first, r.last) <= 0;
			struct range gap = { r.first,
				hit ? addr_prev(origin->v[m].range.first) : r.last };

			if (!(hit && addr_cmp(origin->v[m].range.first, r.first) <= 0)) {
				if (*at == UINT32_MAX &&
				    place_put(t, (struct addr){ 0, 0 },
					(struct reg_place){ REGISTRY_NONE, REGISTRY_NONE,
					    REGISTRY_NONE, country->v[i].value }) < 0)
					return -ENOMEM;
				if (*at == UINT32_MAX)
					*at = (uint32_t)t->n_place - 1;
				if (entry_put(t, gap, *at) < 0)
					return -ENOMEM;
			}
			done = !hit || addr_cmp(origin->v[m].range.last, r.last) >= 0;
			if (!done)
				r.first = addr_next(origin->v[m].range.last);
		}
	}
	if (t->n_entry)
		qsort(t->entry, t->n_entry, sizeof(*t->entry), by_entry);
	return 0;
}

int tables_make(const struct registry_build *b, const struct layer *origin,
    const struct layer *country, struct tables *t)
{
	struct census *c = calloc(1, sizeof(*c));
	int r = c ? make_as(b, t, origin) : -ENOMEM;

	if (r == 0)
		r = make_prefixes(t, origin, country, c);
	if (r == 0)
		r = group_prefixes(t);
	if (r == 0) {
		measure(t, c);
		make_countries(t, c);
	}
	for (uint32_t i = 0; r == 0 && i < t->n_place; i++)
		t->place[i].as = prefix_as(t, t->place[i].prefix);
	if (r == 0)
		r = unannounced(t, origin, country);
	free(c);
	return r;
}

void tables_done(struct tables *t)
{
	void *owned[] = { t->entry, t->place, t->first, t->first_place, t->prefix4, t->prefix6,
		t->as, t->as_index, t->as_country, t->org, t->as_prefix, t->org_as, t->org_holder,
		t->org_link, t->org_alias, t->geofeed, t->as_said, t->holder_said };

	for (size_t i = 0; i < NELEM(owned); i++)
		free(owned[i]);
	buf_done(&t->text);
	net_tables_done(&t->net);
}
