/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/onus/top.h"

#include <errno.h>

#include "judge/bits.h"
#include "util/clock.h"
#include "util/hash.h"

#define AHEAD 8u /* addresses: as far ahead memory is told what is wanted of a table */

int top_init(struct top *t)
{
	*t = (struct top){ .oldest_s = INT64_MAX, .newest_s = INT64_MIN };
	return addrmap_init(&t->map, 0);
}

void top_done(struct top *t)
{
	addrmap_done(&t->map);
	free(t->hosts);
	free(t->marks);
	*t = (struct top){ 0 };
}

static bool grow(struct top *t, uint32_t index)
{
	size_t cap = t->cap ? t->cap : 1024;
	struct top_host *more;

	if (index < t->cap)
		return true;
	while (cap <= index)
		cap *= 2;
	more = reallocarray(t->hosts, cap, sizeof(*more));
	if (!more)
		return false;
	t->hosts = more;
	t->cap = cap;
	return true;
}

static bool mark(struct top *t, struct top_mark m)
{
	if (t->n_marks == t->marks_cap) {
		size_t cap = t->marks_cap ? 2 * t->marks_cap : 4096;
		struct top_mark *more = reallocarray(t->marks, cap, sizeof(*more));

		if (!more)
			return false;
		t->marks = more;
		t->marks_cap = cap;
	}
	t->marks[t->n_marks++] = m;
	return true;
}

/* One sighting of a host whose place is known. */
static inline void settle(struct top *t, const struct top_pending *p, uint32_t host)
{
	struct top_host *h = &t->hosts[host];

	h->events += p->count;
	/* Events of one host come in runs: only a change of day, category, group or proof is news. The
	 * judge itself counts each of them once. */
	if (p->key == h->last_key)
		return;
	h->last_key = p->key;
	if (!mark(t, (struct top_mark){ host, (int32_t)(uint32_t)(p->key >> 32),
			 (uint8_t)(p->key >> 16), (uint8_t)(p->key >> 8), (uint8_t)p->key }))
		t->out_of_memory = true;
}

/* Hosts come in random order and their rows lie all over: the loads of many are under way at once. */
void top_settle(struct top *t)
{
	uint32_t host[TOP_PENDING_MAX];

	for (unsigned i = 0; i < t->n_pending; i++) {
		bool is_new;

		host[i] = addrmap_put(&t->map, t->pending[i].addr, &is_new);
		if (host[i] == ADDRMAP_NONE || !grow(t, host[i])) {
			t->out_of_memory = true;
			host[i] = ADDRMAP_NONE;
			continue;
		}
		if (is_new)
			t->hosts[host[i]] = (struct top_host){ 0 };
		__builtin_prefetch(&t->hosts[host[i]], 1);
	}
	for (unsigned i = 0; i < t->n_pending; i++)
		if (host[i] != ADDRMAP_NONE)
			settle(t, &t->pending[i], host[i]);
	t->n_pending = 0;
}

void top_count(struct top *t, const struct event *ev, unsigned group)
{
	t->oldest_s = MIN_OF(t->oldest_s, ev->time_s);
	t->newest_s = MAX_OF(t->newest_s, ev->time_s);
	t->events += ev->count;
	t->simulated |= event_is_simulated(ev);
	if (!event_is_host(ev)) {
		t->listed_prefixes++;
		return;
	}
	addrmap_prefetch(&t->map, ev->subject.addr);
	t->pending[t->n_pending++] = (struct top_pending){
		.addr = ev->subject.addr,
		.key = (uint64_t)(uint32_t)day_of(ev->time_s) << 32 | (uint64_t)ev->category << 16 |
		       group << 8 | ev->proof | 1u << 30,
		.count = ev->count,
	};
	if (t->n_pending == TOP_PENDING_MAX)
		top_settle(t);
}

void top_add(struct top *t, struct top *from)
{
	uint32_t *host;

	top_settle(t);
	top_settle(from);
	if (from->map.n >
	    t->map.n) { /* the smaller into the larger: most of it need not be put again */
		struct top swap = *t;

		*t = *from;
		*from = swap;
	}
	host = calloc((size_t)from->map.n + 1, sizeof(*host));
	t->out_of_memory |= !host || from->out_of_memory;
	for (uint32_t i = 0; host && i < from->map.n; i++) {
		bool is_new;

		if (from->map.n - i > AHEAD)
			addrmap_prefetch(&t->map, addrmap_key(&from->map, i + AHEAD));
		host[i] = addrmap_put(&t->map, addrmap_key(&from->map, i), &is_new);
		if (host[i] == ADDRMAP_NONE || !grow(t, host[i])) {
			t->out_of_memory = true;
			break;
		}
		if (is_new)
			t->hosts[host[i]] = (struct top_host){ 0 };
		t->hosts[host[i]].events += from->hosts[i].events;
	}
	for (size_t i = 0; i < from->n_marks && !t->out_of_memory; i++) {
		struct top_mark m = from->marks[i];

		m.host = host[m.host];
		t->out_of_memory = !mark(t, m);
	}
	t->oldest_s = MIN_OF(t->oldest_s, from->oldest_s);
	t->newest_s = MAX_OF(t->newest_s, from->newest_s);
	t->events += from->events;
	t->listed_prefixes += from->listed_prefixes;
	t->simulated |= from->simulated;
	free(host);
}

/* --- rows ---------------------------------------------------------------------------------------- */

/* A row while it is summed, keyed by whom it stands for. */
struct slot {
	uint64_t key[2];
	struct top_row row;
	uint32_t as_seen; /* hosts of main_as, by majority vote */
	UT_hash_handle hh;
};

/* The narrowest network around a host that holds whole blocks. */
static uint32_t network_of(const struct registry *r, struct addr a)
{
	uint32_t n = registry_whole(r, a, &(struct addr){ a.hi, a.lo });

	return n ? n - 1 : REGISTRY_NONE;
}

/* Which row a host belongs to. */
static void key_of(const struct registry *r, enum entity_kind by, struct addr a,
    const struct attribution *at, uint64_t key[2])
{
	struct addr blk = addr_block(a).addr;
	const uint32_t index[] = {
		[ENTITY_PREFIX] = at->prefix, [ENTITY_AS] = at->as, [ENTITY_ORG] = at->org
	};

	key[0] = 0;
	switch (by) {
	case ENTITY_ADDR:
		key[0] = a.hi;
		key[1] = a.lo;
		return;
	case ENTITY_BLOCK:
		key[0] = blk.hi;
		key[1] = blk.lo;
		return;
	case ENTITY_NET:
		key[1] = network_of(r, a);
		return;
	case ENTITY_COUNTRY: /* of announced space: what nobody announces is a row of its own */
		key[1] = at->prefix == REGISTRY_NONE
			     ? 0
			     : (uint64_t)(unsigned char)at->country[0] << 8 |
				   (unsigned char)at->country[1];
		return;
	default:
		key[1] = index[by];
	}
}

static void describe(const struct registry *r, enum entity_kind by, struct addr a,
    const struct attribution *at, struct top_row *row)
{
	*row = (struct top_row){ .kind = by, .main_as = at->as };
	memcpy(row->country, at->country, sizeof(row->country));
	row->addr = by == ENTITY_BLOCK ? addr_block(a).addr : a;
	if (by == ENTITY_ADDR || by == ENTITY_BLOCK) {
		bool v4 = addr_is_v4(a);

		row->announced = v4 ? (by == ENTITY_ADDR ? 1 : 256) : 0;
		row->announced_v6 = v4 ? 0 : 1;
	} else if (by == ENTITY_NET && network_of(r, a) != REGISTRY_NONE) {
		row->index = network_of(r, a); /* its announced space: top_judge */
		memcpy(
		    row->country, registry_network_at(r, row->index).country, sizeof(row->country));
	} else if (by == ENTITY_PREFIX && at->prefix != REGISTRY_NONE) {
		struct registry_prefix p = registry_prefix_at(r, at->prefix);

		row->index = at->prefix;
		*(addr_is_v4(p.range.first) ? &row->announced : &row->announced_v6) =
		    range_units(p.range);
		memcpy(row->country, p.country, sizeof(row->country));
	} else if (by == ENTITY_AS && at->as != REGISTRY_NONE) {
		struct registry_as as = registry_as_at(r, at->as);

		row->index = at->as;
		row->announced = as.v4_addresses;
		row->announced_v6 = as.v6_blocks;
		memcpy(row->country, as.country, sizeof(row->country));
	} else if (by == ENTITY_ORG && at->org != REGISTRY_NONE) {
		struct registry_org o = registry_org_at(r, at->org);

		row->index = at->org;
		row->announced = o.v4_addresses;
		row->announced_v6 = o.v6_blocks;
		memcpy(row->country, o.country, sizeof(row->country));
	} else if (by == ENTITY_COUNTRY && *at->country && at->prefix != REGISTRY_NONE) {
		registry_country_size(r, at->country, &row->announced, &row->announced_v6);
	} else {
		row->unannounced = true;
		memset(row->country, 0, sizeof(row->country));
	}
}

/* The AS with most hosts of a row: exact where one has the majority (Boyer and Moore). */
static void vote(struct slot *s, uint32_t as)
{
	if (s->as_seen == 0)
		s->row.main_as = as;
	s->as_seen += s->row.main_as == as ? 1u : -1u;
}

/* Ties: AS by number, addresses by value, the rest by handle. */
static int tie(const struct registry *r, const struct top_row *a, const struct top_row *b)
{
	struct span x, y;
	uint32_t m, n;
	int c;

	switch (a->kind) {
	case ENTITY_AS:
		m = registry_as_at(r, a->index).asn;
		n = registry_as_at(r, b->index).asn;
		return m < n ? -1 : m > n;
	case ENTITY_NET:
		return a->index < b->index ? -1 : a->index > b->index;
	case ENTITY_PREFIX:
		return addr_cmp(registry_prefix_at(r, a->index).range.first,
		    registry_prefix_at(r, b->index).range.first);
	case ENTITY_ORG:
		x = registry_org_at(r, a->index).handle;
		y = registry_org_at(r, b->index).handle;
		c = memcmp(x.p, y.p, MIN_OF(span_len(x), span_len(y)));
		return c ? c : span_len(x) < span_len(y) ? -1 : span_len(x) > span_len(y);
	case ENTITY_COUNTRY:
		return strcmp(a->country, b->country);
	default:
		return addr_cmp(a->addr, b->addr);
	}
}

static int worse_first(const void *pa, const void *pb, void *registry)
{
	const struct top_row *a = pa, *b = pb;

	if (a->unannounced != b->unannounced)
		return a->unannounced ? 1 : -1;
	if (a->addresses != b->addresses)
		return a->addresses > b->addresses ? -1 : 1;
	if (a->events != b->events)
		return a->events > b->events ? -1 : 1;
	return a->unannounced ? 0 : tie(registry, a, b);
}

/* Hosts by address: the order in which they were met is that of the threads. */
static struct keyed *by_address(const struct addrmap *map)
{
	struct keyed *v = calloc((size_t)map->n + 1, sizeof(*v));
	int r = v ? 0 : -ENOMEM;

	for (uint32_t i = 0; i < map->n && r == 0; i++)
		v[i] = (struct keyed){ addrmap_key(map, i).lo, i };
	if (r == 0)
		r = sort_by_key(v, map->n);
	for (uint32_t i = 0; i < map->n && r == 0; i++)
		v[i].key = addrmap_key(map, (uint32_t)v[i].value).hi;
	if (r == 0)
		r = sort_by_key(v, map->n);
	if (r == 0)
		return v;
	free(v);
	return NULL;
}

static int add_host(const struct top *t, enum entity_kind by, uint32_t i, struct slot **slots)
{
	struct addr a = addrmap_key(&t->map, i);
	struct attribution at;
	struct slot *s;
	uint64_t key[2];

	registry_lookup(t->registry, a, &at);
	key_of(t->registry, by, a, &at, key);
	HASH_FIND(hh, *slots, key, sizeof(key), s);
	if (!s) {
		s = calloc(1, sizeof(*s));
		if (!s)
			return -ENOMEM;
		memcpy(s->key, key, sizeof(key));
		describe(t->registry, by, a, &at, &s->row);
		HASH_ADD(hh, *slots, key, sizeof(s->key), s);
	}
	s->row.addresses++;
	s->row.v4_addresses += addr_is_v4(a);
	s->row.events += t->hosts[i].events;
	vote(s, at.as);
	return 0;
}

int top_rows(
    const struct top *t, enum entity_kind by, struct top_row **ret, size_t *ret_n, struct err *e)
{
	CLEANUP(free_p) struct keyed *hosts = by_address(&t->map);
	struct slot *slots = NULL, *s, *next;
	struct top_row *rows = NULL;
	size_t n = 0;
	int r = hosts ? 0 : -ENOMEM;

	for (uint32_t i = 0; i < t->map.n && r == 0; i++)
		r = add_host(t, by, (uint32_t)hosts[i].value, &slots);
	if (r == 0)
		rows = calloc(MAX_OF((size_t)HASH_COUNT(slots), (size_t)1), sizeof(*rows));
	HASH_ITER (hh, slots, s, next) {
		HASH_DEL(slots, s);
		if (rows)
			rows[n++] = s->row;
		free(s);
	}
	if (!rows)
		return err_set(e, -ENOMEM, "out of memory");
	/* qsort_r takes the context without const; it is only read. */
	qsort_r(rows, n, sizeof(*rows), worse_first, (void *)(uintptr_t)t->registry);
	*ret = rows;
	*ret_n = n;
	return 0;
}
