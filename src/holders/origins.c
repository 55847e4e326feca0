/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who announces what, out of tables of BGP: which announcements are believed, which of several origins holds, and
 * what a table of ranges says where no table of BGP says anything. doc/registry.md has the rules in words. */
#include <errno.h>

#include "holders/build_format.h"
#include "util/grow.h"

/* Lengths of IPv4 and IPv6 prefixes that are believed. The widest real ones are /8 and 2002::/16; longer ones than
 * these are not passed on from network to network. */
#define WIDEST4	 8u
#define WIDEST6	 16u
#define LONGEST4 24u
#define LONGEST6 48u

/* An announcement is believed when a tenth of the peers see it that see most, or this many. Source: the default of
 * min_peers_seeing in RIPEstat, "excludes low-visibility/localized announcements". */
#define PEERS_ENOUGH 10u
#define PEERS_SHARE  10u

#define RIVALS_MAX 16u /* of one prefix that are kept beside the origin that holds */

/* Which tables are heard first about one prefix; 0: a kind of input that has no routes. Those of one number are
 * one table in parts. */
enum { CLASS_NONE, CLASS_RIS, CLASS_TABLE, CLASS_PFX2AS, CLASS_N };
static const uint8_t class_of[KIND_N] = {
	[KIND_RIS] = CLASS_RIS,
	[KIND_MRT] = CLASS_TABLE,
	[KIND_BGP_LINES] = CLASS_TABLE,
	[KIND_PFX2AS] = CLASS_PFX2AS,
};

/* Numbers that are no AS of the Internet. Source: IANA's registries "Autonomous System (AS) Numbers" and
 * "Special-Purpose AS Numbers". */
static const struct {
	uint32_t first, last;
	const char *why;
} special[] = {
	{ 0, 0, "AS0, which announces nothing" },
	{ 23456, 23456, "AS_TRANS, which stands for another AS" },
	{ 64496, 64511, "an AS number for documentation" },
	{ 64512, 65534, "a private AS number" },
	{ 65535, 65535, "a reserved AS number" },
	{ 65536, 65551, "an AS number for documentation" },
	{ 65552, 131071, "a reserved AS number" },
	{ 4200000000, 4294967294, "a private AS number" },
	{ 4294967295, 4294967295, "a reserved AS number" },
};

bool build_kind_origins(enum input_kind k)
{
	return k == KIND_ASN || class_of[k] != CLASS_NONE;
}

/* --- taking --------------------------------------------------------------------------------------- */

static const char *as_wrong(uint32_t as)
{
	for (size_t i = 0; i < NELEM(special); i++)
		if (as >= special[i].first && as <= special[i].last)
			return special[i].why;
	return NULL;
}

static const char *range_wrong(struct range r)
{
	bool v4 = addr_is_v4(r.first);
	struct prefix p;
	unsigned len;

	if (!range_prefix(r, &p))
		return "not a prefix";
	len = v4 ? p.len - 96u : p.len;
	if (len == 0)
		return "a default route";
	if (len < (v4 ? WIDEST4 : WIDEST6))
		return "a prefix too wide to be true";
	return len > (v4 ? LONGEST4 : LONGEST6) ? "a prefix longer than networks take from others"
						: NULL;
}

static int route_add(struct registry_build *b, unsigned input, const struct fact *f, uint32_t name,
    struct range part)
{
	struct routes *all = &b->routes;

	if (grow(&all->v, &all->cap, all->n + 1, sizeof(*all->v)) < 0)
		return -ENOMEM;
	all->v[all->n++] = (struct route){ .range = part,
		.name = name,
		.seen = f->seen,
		.seq = b->seq++,
		.line = (uint32_t)MIN_OF(f->line, (uint64_t)UINT32_MAX),
		.input = (uint16_t)input,
		.class = class_of[b->input[input].kind] };
	return 0;
}

int route_put(struct registry_build *b, unsigned input, const struct fact *f, const char **why)
{
	struct range rest = f->range, part;
	uint32_t name;
	bool any = false;

	*why = range_wrong(f->range);
	if (!*why)
		*why = as_wrong(f->as[0]);
	if (*why)
		return 0;
	name = as_name_put(b, input, 0, f->as[0], SPAN(""));
	if (name == ADDRMAP_NONE)
		return -ENOMEM;
	for (; space_take(&rest, &part); any = true)
		if (route_add(b, input, f, name, part) < 0)
			return -ENOMEM;
	if (!any)
		*why = range_special(f->range);
	return 0;
}

/* --- one origin for each prefix ------------------------------------------------------------------- */

static bool same_range(const struct route *a, const struct route *b)
{
	return addr_eq(a->range.first, b->range.first) && addr_eq(a->range.last, b->range.last);
}

static int by_range(const void *pa, const void *pb)
{
	const struct route *a = pa, *b = pb;
	int c = addr_cmp(a->range.first, b->range.first);

	if (c == 0)
		c = addr_cmp(a->range.last, b->range.last);
	if (c == 0)
		c = (a->class > b->class) - (a->class < b->class);
	if (c == 0)
		c = (a->name > b->name) - (a->name < b->name);
	return c ? c : a->seq < b->seq ? -1 : a->seq > b->seq;
}

/* The parts of one table told of a prefix and an origin each: their peers add up. */
static void fold(struct routes *all)
{
	size_t n = 0;

	for (size_t i = 0; i < all->n; i++) {
		struct route *last = n ? &all->v[n - 1] : NULL, *now = &all->v[i];

		if (!last || !same_range(last, now) || last->class != now->class ||
		    last->name != now->name)
			all->v[n++] = *now;
		else if (__builtin_add_overflow(last->seen, now->seen, &last->seen))
			last->seen = UINT32_MAX;
	}
	all->n = n;
}

/* What fewer peers see than are enough goes. */
static void drop_unseen(struct registry_build *b)
{
	struct routes *all = &b->routes;
	uint32_t most[CLASS_N][2] = { { 0 } };
	size_t n = 0;

	for (size_t i = 0; i < all->n; i++) {
		uint32_t *m = &most[all->v[i].class][addr_is_v4(all->v[i].range.first)];

		*m = MAX_OF(*m, all->v[i].seen);
	}
	for (size_t i = 0; i < all->n; i++) {
		struct route now = all->v[i];
		uint32_t m = most[now.class][addr_is_v4(now.range.first)];
		uint32_t enough = MIN_OF(m / PEERS_SHARE + (m % PEERS_SHARE != 0), PEERS_ENOUGH);

		if (now.seen >= enough) {
			all->v[n++] = now;
			continue;
		}
		b->input[now.input].records--;
		build_refuse(b, now.input, now.line, "seen by too few peers to be believed");
	}
	all->n = n;
}

/* Does a hold where both are origins of one prefix? */
static bool holds(const struct route *a, const struct route *b)
{
	if (a->class != b->class)
		return a->class < b->class;
	return a->seen != b->seen ? a->seen > b->seen : a->seq < b->seq;
}

/* One record for each prefix, its value the route that holds; routes of one prefix stay side by side. */
static int choose(struct registry_build *b, struct records *ret)
{
	const struct routes *all = &b->routes;

	*ret = (struct records){ .v = calloc(all->n + 1, sizeof(*ret->v)) };
	if (!ret->v)
		return -ENOMEM;
	for (size_t i = 0, k; i < all->n; i = k) {
		size_t best = i;
		bool several = false;

		for (k = i + 1; k < all->n && same_range(&all->v[i], &all->v[k]); k++) {
			several |= all->v[k].name != all->v[i].name;
			best = holds(&all->v[k], &all->v[best]) ? k : best;
		}
		b->contest.prefixes += several;
		ret->v[ret->n++] = (struct record){ .range = all->v[i].range,
			.value = (uint32_t)best,
			.seq = all->v[best].seq,
			.line = all->v[best].line,
			.input = all->v[best].input };
	}
	return 0;
}

/* --- tables of BGP over tables of ranges ---------------------------------------------------------- */

/* struct laying - two layers on their way into one; base stretches are used up from the front */
struct laying {
	struct registry_build *b;
	struct layer *to;
	const struct layer *base;
	size_t k;
	struct range rest;   /* of base->v[k], where there is one */
	uint32_t base_input; /* the first table of ranges */
};

static void next_base(struct laying *l)
{
	if (++l->k < l->base->n)
		l->rest = l->base->v[l->k].range;
}

/* What the base has up to an address, exclusive, where nothing is above it. */
static int base_before(struct laying *l, const struct addr *end)
{
	int r = 0;

	while (r == 0 && l->k < l->base->n && (!end || addr_cmp(l->rest.first, *end) < 0)) {
		struct range piece = l->rest;
		bool cut = end && addr_cmp(piece.last, *end) >= 0;

		if (cut)
			piece.last = addr_prev(*end);
		r = layer_put(l->to, piece, l->base->v[l->k].value);
		if (cut)
			l->rest.first = *end;
		else
			next_base(l);
	}
	return r;
}

static int rival_put(
    struct registry_build *b, struct range r, uint32_t name, uint32_t seen, uint32_t input)
{
	struct rivals *all = &b->rivals;

	if (grow(&all->v, &all->cap, all->n + 1, sizeof(*all->v)) < 0)
		return -ENOMEM;
	all->v[all->n++] = (struct reg_rival){ .first_hi = r.first.hi,
		.first_lo = r.first.lo,
		.last_hi = r.last.hi,
		.last_lo = r.last.lo,
		.asn = (uint32_t)addrmap_key(&b->names.map, name).lo,
		.seen = seen,
		.input = input };
	return 0;
}

/* Is the AS told of among the rivals from that row on? */
static bool is_told(const struct registry_build *b, size_t from, uint32_t name)
{
	uint32_t asn = (uint32_t)addrmap_key(&b->names.map, name).lo;

	while (from < b->rivals.n && b->rivals.v[from].asn != asn)
		from++;
	return from < b->rivals.n;
}

/* The route of [from, to) that would hold if it were not for AS `held` and those told of from that row on. */
static const struct route *next_best(
    const struct registry_build *b, size_t from, size_t to, size_t row, uint32_t held)
{
	const struct route *best = NULL;

	for (const struct route *v = b->routes.v + from; v < b->routes.v + to; v++)
		if (v->name != held && (!best || holds(v, best)) && !is_told(b, row, v->name))
			best = v;
	return best;
}

/* All who announce a piece besides the route that holds there: each AS once, the one held in highest regard first;
 * last, the one that a table of ranges names. */
static int rivals_put(struct laying *l, struct range piece, size_t held, uint32_t base)
{
	struct registry_build *b = l->b;
	const struct route *v = b->routes.v, *rival;
	size_t from = held, to = held + 1, row = b->rivals.n;
	int r = 0;

	while (from > 0 && same_range(&v[from - 1], &v[held]))
		from--;
	while (to < b->routes.n && same_range(&v[to], &v[held]))
		to++;
	while (r == 0 && b->rivals.n - row < RIVALS_MAX &&
	       (rival = next_best(b, from, to, row, v[held].name)) != NULL)
		r = rival_put(b, piece, rival->name, rival->seen, rival->input);
	if (r == 0 && base != v[held].name && base != ADDRMAP_NONE && !is_told(b, row, base))
		r = rival_put(b, piece, base, 0, l->base_input);
	return r;
}

static void outdone(struct registry_build *b, struct range piece)
{
	if (addr_is_v4(piece.first))
		b->contest.v4_addresses += range_units(piece);
	else
		b->contest.v6_blocks += range_units(piece);
}

/* What the base has within a range that a route holds is covered. */
static int base_under(struct laying *l, struct range r, size_t held)
{
	uint32_t name = l->b->routes.v[held].name;
	int code = 0;

	for (bool last = false; code == 0 && !last;) {
		bool any = l->k < l->base->n && addr_cmp(l->rest.first, r.last) <= 0;
		bool here = any && addr_cmp(l->rest.first, r.first) <= 0;
		uint32_t base = here ? l->base->v[l->k].value : ADDRMAP_NONE;
		struct range piece = r;

		if (here && addr_cmp(l->rest.last, r.last) < 0)
			piece.last = l->rest.last;
		else if (any && !here)
			piece.last = addr_prev(l->rest.first);
		if (here && base != name)
			outdone(l->b, piece);
		code = rivals_put(l, piece, held, base);
		last = addr_eq(piece.last, r.last);
		r.first = addr_next(piece.last);
		if (here && addr_eq(piece.last, l->rest.last))
			next_base(l);
		else if (here)
			l->rest.first = r.first;
	}
	return code;
}

static int lay(struct laying *l, const struct layer *top)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < top->n; i++) {
		struct range piece = top->v[i].range;
		size_t held = top->v[i].value;

		r = base_before(l, &piece.first);
		if (r == 0)
			r = base_under(l, piece, held);
		if (r == 0)
			r = layer_put(l->to, piece, l->b->routes.v[held].name);
	}
	return r == 0 ? base_before(l, NULL) : r;
}

static uint32_t first_table(const struct registry_build *b)
{
	uint32_t i = 0;

	while (i < b->n_input && b->input[i].kind != KIND_ASN)
		i++;
	return i;
}

int origins_settle(struct registry_build *b, struct layer *ret)
{
	struct layer top = { .v = NULL }, base = { .v = NULL };
	struct laying l = { .b = b, .to = ret, .base = &base, .base_input = first_table(b) };
	struct records chosen = { .v = NULL };
	struct routes *all = &b->routes;
	int r = 0;

	if (all->n)
		qsort(all->v, all->n, sizeof(*all->v), by_range);
	fold(all);
	drop_unseen(b);
	r = choose(b, &chosen);
	if (r == 0)
		r = settle(b, &chosen, &top);
	if (r == 0)
		r = settle(b, &b->records[KIND_ASN], &base);
	if (r == 0) {
		l.rest = base.n ? base.v[0].range : l.rest;
		r = lay(&l, &top);
	}
	free(chosen.v);
	free(top.v);
	free(base.v);
	return r;
}
