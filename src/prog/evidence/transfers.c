/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/evidence/transfers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "holders/tell.h"
#include "util/grow.h"
#include "util/hash.h"

/* struct holding - a range with its holders, one after the other, up to today; the first one held it always */
struct holding {
	unsigned version;
	uint64_t first, last; /* units: addresses, or /48s */
	uint32_t tenure, n;
};

struct tenure {
	int32_t from;
	uint32_t party;
};

/* struct known - a party by name, while they are read */
struct known {
	uint32_t party;
	UT_hash_handle hh;
	char name[]; /* key */
};

struct reader {
	struct transfers *to;
	const struct registry *r;
	int32_t today;
	struct known *known;
	size_t cap_party;
	struct holding *holding; /* as hub_each_tenure orders them */
	size_t n_holding, cap_holding;
	struct tenure *tenure;
	uint32_t n_tenure;
	size_t cap_tenure;
	struct range before; /* of the row before */
	bool any, skip;
};

/* --- who ----------------------------------------------------------------------------------------- */

/* What onus can call him: his organisation, or himself where he has a name. */
static uint32_t org_of(const struct registry *r, struct span name, uint32_t party)
{
	char text[ENTITY_NAME_MAX];
	struct entity en;
	struct err ignored;
	uint32_t org = registry_find_org(r, name);

	if (org != REGISTRY_NONE)
		return org;
	if (span_len(name) >= ENTITY_HANDLE_MAX)
		return CHAIN_NONE;
	(void)snprintf(text, sizeof(text), "org:%.*s", SPAN_ARG(name));
	if (entity_parse(span_str(text), &en, &ignored) < 0)
		return CHAIN_NONE;
	return registry_n_org(r) + party;
}

static int party_of(struct reader *d, struct span name, uint32_t *ret)
{
	struct transfers *t = d->to;
	struct transfer_party *p;
	struct known *k;
	size_t len = span_len(name);

	HASH_FIND(hh, d->known, name.p, len, k);
	if (k) {
		*ret = k->party;
		return 0;
	}
	k = calloc(1, sizeof(*k) + len + 1);
	if (!k || grow(&t->party, &d->cap_party, (size_t)t->n_party + 1, sizeof(*t->party)) < 0) {
		free(k);
		return -ENOMEM;
	}
	memcpy(k->name, name.p, len);
	k->party = *ret = t->n_party;
	HASH_ADD_KEYPTR(hh, d->known, k->name, len, k);
	p = &t->party[t->n_party];
	(void)snprintf(p->name, sizeof(p->name), "%.*s", SPAN_ARG(name));
	p->org = org_of(d->r, name, t->n_party++);
	return 0;
}

static bool same_holder(const struct transfers *t, uint32_t a, uint32_t b)
{
	return a == b || (t->party[a].org != CHAIN_NONE && t->party[a].org == t->party[b].org);
}

/* --- what the hub says --------------------------------------------------------------------------- */

/* False: a range of IPv6 that is no sum of blocks. */
static bool units_of(struct range r, struct holding *ret)
{
	*ret = (struct holding){ .version = !addr_is_v4(r.first) };
	if (ret->version == 0) {
		ret->first = addr_v4(r.first);
		ret->last = addr_v4(r.last);
		return addr_is_v4(r.last);
	}
	ret->first = r.first.hi >> 16;
	ret->last = r.last.hi >> 16;
	return !addr_is_v4(r.last) && (r.first.hi & 0xffff) == 0 && r.first.lo == 0 &&
	       (r.last.hi & 0xffff) == 0xffff && r.last.lo == UINT64_MAX;
}

static struct addr addr_of_unit(unsigned version, uint64_t unit, bool last)
{
	if (version == 0)
		return addr_of_v4((uint32_t)unit);
	return last ? (struct addr){ unit << 16 | 0xffff, UINT64_MAX }
		    : (struct addr){ unit << 16, 0 };
}

static int take(void *ctx, const struct hub_tenure *row)
{
	struct reader *d = ctx;
	struct holding h;
	uint32_t party;

	if (!d->any || !addr_eq(row->range.first, d->before.first) ||
	    !addr_eq(row->range.last, d->before.last)) {
		d->any = true;
		d->before = row->range;
		d->skip = !units_of(row->range, &h);
		d->to->narrow += d->skip;
		h.tenure = d->n_tenure;
		if (!d->skip) {
			if (grow(&d->holding, &d->cap_holding, d->n_holding + 1, sizeof(h)) < 0)
				return -ENOMEM;
			d->holding[d->n_holding++] = h;
		}
	}
	if (d->skip || row->from_day > d->today)
		return 0;
	if (party_of(d, row->holder, &party) < 0 ||
	    grow(&d->tenure, &d->cap_tenure, (size_t)d->n_tenure + 1, sizeof(*d->tenure)) < 0)
		return -ENOMEM;
	d->tenure[d->n_tenure++] = (struct tenure){ row->from_day, party };
	d->holding[d->n_holding - 1].n++;
	return 0;
}

/* --- of one stretch of addresses ----------------------------------------------------------------- */

/* struct around - the ranges around a stretch that changed hands, the widest first */
#define AROUND_MAX 64u
struct around {
	const struct holding *v[AROUND_MAX];
	unsigned n;
};

/* Who held a range on a day. */
static uint32_t holder_on(const struct reader *d, const struct holding *h, int64_t day)
{
	const struct tenure *v = &d->tenure[h->tenure];
	uint32_t i = h->n - 1;

	while (i > 0 && v[i].from > day)
		i--;
	return v[i].party;
}

/* The last day before `before` on which one of them changed hands, within the window; INT32_MIN: none. */
static int32_t change_before(const struct reader *d, const struct around *a, int32_t before)
{
	int32_t last = INT32_MIN;

	for (unsigned i = 0; i < a->n; i++) {
		const struct tenure *v = &d->tenure[a->v[i]->tenure];

		for (uint32_t k = 1; k < a->v[i]->n; k++)
			if (v[k].from < before && v[k].from > d->today - JUDGE_WINDOW_DAYS)
				last = MAX_OF(last, v[k].from);
	}
	return last;
}

/* Has it been his since a day: did he, who announces it, get it then or later? org: his. */
static bool came_since(const struct reader *d, const struct holding *h, int32_t day, uint32_t org)
{
	const struct tenure *v = &d->tenure[h->tenure];

	if (org == REGISTRY_NONE || d->to->party[holder_on(d, h, (int64_t)day - 1)].org == org)
		return false;
	for (uint32_t k = 1; k < h->n; k++)
		if (v[k].from >= day && d->to->party[v[k].party].org == org)
			return true;
	return false;
}

/* 1 + the narrowest network of whole blocks around more than a range; 0: none. */
static uint32_t network_around(const struct registry *r, const struct holding *h)
{
	struct addr first = addr_of_unit(h->version, h->first, false);
	struct addr last = addr_of_unit(h->version, h->last, true);
	struct addr end = first;
	uint32_t n = registry_whole(r, first, &end);

	for (; n; n = registry_whole_above(r, n - 1)) {
		struct range of = registry_network_at(r, n - 1).range;

		if (range_has(of, first) && range_has(of, last) &&
		    !(addr_eq(of.first, first) && addr_eq(of.last, last)))
			break;
	}
	return n;
}

/* Does an organisation hold one of the networks from this one on upwards? Nothing is told of these: it did then, too.
 * net: 1 + its index; 0: none */
static bool holds_around(const struct registry *r, uint32_t net, uint32_t org)
{
	for (; net; net = registry_whole_above(r, net - 1)) {
		uint32_t holder = registry_network_at(r, net - 1).holder;

		if (holder != REGISTRY_NONE && registry_holder_at(r, holder).org == org)
			return true;
	}
	return false;
}

/* struct era - one stretch between two changes of hands */
struct era {
	struct judge_former f;
	struct transfer told;
};

/* What of the days before `until` is whose; false: still that of who holds it. org: of who announces it. */
static bool era_make(const struct reader *d, const struct around *a, int32_t from, int32_t until,
    uint32_t org, struct era *ret)
{
	const struct transfers *t = d->to;
	const struct holding *wide = NULL;
	bool told = false;

	*ret = (struct era){ .f = { .from = from, .until = until } };
	for (unsigned i = 0; i < a->n; i++) {
		const struct holding *h = a->v[i];
		uint32_t was = holder_on(d, h, (int64_t)until - 1), is = holder_on(d, h, d->today);
		uint32_t next = holder_on(d, h, until);

		if (same_holder(t, was, is))
			continue;
		if (!wide) {
			wide = h;
			ret->f.org[1] = t->party[was].org;
		}
		ret->f.org[0] = t->party[was].org;
		if (next != was ||
		    !told) /* the narrowest of those that changed hands on that day */
			ret->told = (struct transfer){ was, next != was ? next : is };
		told |= next != was;
		ret->f.moved |= came_since(d, h, until, org);
	}
	if (!wide)
		return false;
	if (ret->f.org[1] == ret->f.org[0])
		ret->f.org[1] = CHAIN_NONE;
	ret->f.network = network_around(d->r, wide);
	ret->f.moved = ret->f.moved && !holds_around(d->r, ret->f.network, org);
	return true;
}

/* All of a stretch, the newest first. More than the judge tells apart are the oldest holder's of those, as far back as
 * it was not his who holds it today. */
static unsigned eras_make(
    const struct reader *d, const struct around *a, uint32_t org, struct era v[JUDGE_FORMER_MAX])
{
	int32_t until = change_before(d, a, INT32_MAX);
	unsigned n = 0;

	while (until != INT32_MIN) {
		int32_t from = change_before(d, a, until);
		struct era one;

		if (era_make(d, a, from, until, org, &one)) {
			if (n < JUDGE_FORMER_MAX)
				v[n++] = one;
			else if (v[n - 1].f.from == until)
				v[n - 1].f.from = from;
		}
		until = from;
	}
	return n;
}

/* --- all of them --------------------------------------------------------------------------------- */

/* struct pieces - stretches on their way out */
struct pieces {
	struct reader *d;
	struct era last[JUDGE_FORMER_MAX]; /* of the stretch put before … */
	unsigned n_last;
	uint32_t as;
	unsigned version;
	uint64_t end; /* … and the unit behind it */
};

static bool era_eq(const struct era *a, const struct era *b)
{
	return a->f.from == b->f.from && a->f.until == b->f.until &&
	       memcmp(a->f.org, b->f.org, sizeof(a->f.org)) == 0 && a->f.network == b->f.network &&
	       a->f.moved == b->f.moved && a->told.was == b->told.was && a->told.is == b->told.is;
}

static bool goes_on(const struct pieces *p, unsigned version, uint64_t first, uint32_t as,
    const struct era *v, unsigned n)
{
	if (n == 0 || n != p->n_last || p->version != version || p->end != first || p->as != as)
		return false;
	for (unsigned i = 0; i < n; i++)
		if (!era_eq(&v[i], &p->last[i]))
			return false;
	return true;
}

/* A stretch that one AS announces (REGISTRY_NONE: nobody does). */
static int piece_put(struct pieces *p, const struct around *a, unsigned version, uint64_t first,
    uint64_t last, uint32_t as)
{
	struct transfers *t = p->d->to;
	uint32_t org = as == REGISTRY_NONE ? REGISTRY_NONE : registry_as_at(p->d->r, as).org;
	struct era v[JUDGE_FORMER_MAX];
	unsigned n = eras_make(p->d, a, org, v);
	bool on = goes_on(p, version, first, as, v, n);

	if (grow(&t->former, &t->cap_former, t->n + n, sizeof(*t->former)) < 0 ||
	    grow(&t->told, &t->cap_told, t->n + n, sizeof(*t->told)) < 0)
		return -ENOMEM;
	for (unsigned i = 0; i < n; i++) {
		if (on) {
			t->former[t->n - n + i].range.last = addr_of_unit(version, last, true);
			continue;
		}
		v[i].f.range = (struct range){ addr_of_unit(version, first, false),
			addr_of_unit(version, last, true) };
		t->told[t->n] = v[i].told;
		t->former[t->n++] = v[i].f;
	}
	memcpy(p->last, v, n * sizeof(*v));
	p->n_last = n;
	p->as = as;
	p->version = version;
	p->end = last + 1;
	return 0;
}

/* The first prefix that does not end before a unit. */
static uint32_t prefix_from(const struct registry *r, unsigned version, uint64_t unit)
{
	struct addr a = addr_of_unit(version, unit, false);
	uint32_t lo = 0, hi = registry_n_prefix(r);

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		struct range of = registry_prefix_at(r, mid).range;
		bool v6 = !addr_is_v4(of.first);

		if (v6 < version || (v6 == version && addr_cmp(of.last, a) < 0))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* A stretch in which the same ranges changed hands, AS by AS. */
static int stretch_put(
    struct pieces *p, const struct around *a, unsigned version, uint64_t first, uint64_t last)
{
	const struct registry *r = p->d->r;
	uint32_t i = prefix_from(r, version, first);
	int err = 0;

	for (; first <= last && err == 0; i++) {
		struct holding h = { .first = UINT64_MAX };
		uint32_t as = REGISTRY_NONE;
		uint64_t end = last;

		if (i < registry_n_prefix(r)) {
			struct registry_prefix at = registry_prefix_at(r, i);

			if (addr_is_v4(at.range.first) == (version == 0)) {
				(void)units_of(at.range, &h);
				as = at.as;
			}
		}
		if (first < h.first) {
			end = MIN_OF(last, h.first - 1);
			err = piece_put(p, a, version, first, end, REGISTRY_NONE);
			first = end + 1;
		}
		if (err == 0 && first <= last && h.last >= first) {
			end = MIN_OF(last, h.last);
			err = piece_put(p, a, version, first, end, as);
			first = end + 1;
		}
	}
	return err;
}

static bool changed_within(const struct reader *d, const struct holding *h)
{
	const struct around one = { .v = { h }, .n = 1 };

	return h->n > 1 && change_before(d, &one, INT32_MAX) != INT32_MIN;
}

/* Where the stretch that begins at a unit ends: where one of those around it does, or the next one begins. */
static uint64_t stretch_end(const struct around *a, const struct holding *next)
{
	uint64_t end = UINT64_MAX;

	for (unsigned i = 0; i < a->n; i++)
		end = MIN_OF(end, a->v[i]->last);
	if (next && next->version == a->v[0]->version)
		end = MIN_OF(end, next->first - 1);
	return end;
}

static void drop_ended(struct around *a, unsigned version, uint64_t unit)
{
	unsigned n = 0;

	for (unsigned i = 0; i < a->n; i++)
		if (a->v[i]->version == version && a->v[i]->last >= unit)
			a->v[n++] = a->v[i];
	a->n = n;
}

/* One sweep over the address space. */
static int sweep(struct reader *d)
{
	struct pieces p = { .d = d };
	struct around a = { .n = 0 };
	unsigned version = 0;
	uint64_t at = 0;
	size_t i = 0;
	int r = 0;

	while (r == 0) {
		const struct holding *next = i < d->n_holding ? &d->holding[i] : NULL;

		drop_ended(&a, version, at);
		if (a.n == 0 && !next)
			return 0;
		if (a.n == 0) {
			version = next->version;
			at = next->first;
		}
		if (next && next->version == version && next->first <= at) {
			if (a.n < AROUND_MAX && changed_within(d, next))
				a.v[a.n++] = next;
			i++;
			continue;
		}
		if (a.n == 0)
			continue;
		r = stretch_put(&p, &a, version, at, stretch_end(&a, next));
		at = stretch_end(&a, next) + 1;
	}
	return r;
}

static void reader_done(struct reader *d)
{
	struct known *k, *next;

	HASH_ITER (hh, d->known, k, next) {
		HASH_DEL(d->known, k);
		free(k);
	}
	free(d->holding);
	free(d->tenure);
}

int transfers_read(
    struct hub *h, const struct registry *r, int32_t today, struct transfers *ret, struct err *e)
{
	struct reader d = { .to = ret, .r = r, .today = today };
	int err;

	*ret = (struct transfers){ .n_org = registry_n_org(r) };
	err = hub_each_tenure(h, take, &d, e);
	if (err == 0)
		err = sweep(&d);
	reader_done(&d);
	if (err < 0)
		transfers_done(ret);
	return err == -ENOMEM ? err_set(e, err, "out of memory") : err;
}

int transfers_judge(struct hub *h, const struct registry *r, int32_t today, struct judge *j,
    struct transfers *ret, struct err *e)
{
	int err = transfers_read(h, r, today, ret, e);

	if (err == 0 && (err = judge_formers(j, ret->former, ret->n)) < 0) {
		transfers_done(ret);
		return err_set(
		    e, err, err == -ENOMEM ? "out of memory" : "the hub's tenures are in no order");
	}
	return err;
}

void transfers_done(struct transfers *t)
{
	free(t->former);
	free(t->told);
	free(t->party);
	*t = (struct transfers){ .n = 0 };
}

static int hash_row(void *ctx, const struct hub_tenure *t)
{
	uint64_t *h = ctx;
	const struct {
		const void *p;
		size_t n;
	} parts[] = { { &t->range, sizeof(t->range) }, { t->holder.p, span_len(t->holder) },
		{ &t->from_day, sizeof(t->from_day) } };

	for (size_t i = 0; i < NELEM(parts); i++)
		for (size_t k = 0; k < parts[i].n; k++)
			*h = (*h ^ ((const uint8_t *)parts[i].p)[k]) * UINT64_C(0x100000001b3);
	return 0;
}

int transfers_hash(struct hub *h, uint64_t *ret, struct err *e)
{
	*ret = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
	return hub_each_tenure(h, hash_row, ret, e);
}

/* --- whose it is --------------------------------------------------------------------------------- */

size_t transfers_at(const struct transfers *t, struct addr a, int32_t day)
{
	size_t lo = 0, hi = t->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (addr_cmp(t->former[mid].range.last, a) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < t->n && range_has(t->former[lo].range, a); lo++)
		if (day >= t->former[lo].from && day < t->former[lo].until)
			return lo;
	return SIZE_MAX;
}

struct entity transfers_org(const struct transfers *t, const struct registry *r, uint32_t org)
{
	struct entity en = { .kind = ENTITY_ORG };
	struct span handle = org < t->n_org ? registry_org_at(r, org).handle
					    : span_str(t->party[org - t->n_org].name);

	memcpy(en.handle, handle.p, MIN_OF(span_len(handle), sizeof(en.handle) - 1));
	return en;
}

uint32_t transfers_find_org(const struct transfers *t, const struct registry *r, struct span handle)
{
	uint32_t org = registry_find_org(r, handle);

	for (uint32_t i = 0; i < t->n_party && org == REGISTRY_NONE; i++)
		if (t->party[i].org == t->n_org + i && span_is(handle, t->party[i].name))
			org = t->n_org + i;
	return org;
}

static bool overlap(struct range a, struct range b)
{
	return addr_cmp(a.first, b.last) <= 0 && addr_cmp(b.first, a.last) <= 0;
}

/* Is the network one of those that have been the same holder's all the time? */
static bool net_keeps(const struct registry *r, const struct judge_former *f, uint32_t net)
{
	for (uint32_t n = f->network; n; n = registry_whole_above(r, n - 1))
		if (n - 1 == net)
			return true;
	return false;
}

static enum transfer_side net_side(
    const struct registry *r, const struct judge_former *f, const struct entity *en)
{
	struct entity name = *en;
	uint32_t net = tell_find(r, &name);

	if (net == REGISTRY_NONE || !overlap(registry_network_at(r, net).range, f->range) ||
	    net_keeps(r, f, net))
		return TRANSFER_APART;
	return TRANSFER_LEFT_OUT;
}

enum transfer_side transfers_side(
    const struct transfers *t, const struct registry *r, size_t i, const struct entity *en)
{
	const struct judge_former *f = &t->former[i];
	struct attribution at;
	bool out = false;
	uint32_t org;

	registry_lookup(r, f->range.first, &at); /* one AS announces all of it, or nobody */
	switch (en->kind) {
	case ENTITY_ADDR:
	case ENTITY_BLOCK:
		out = overlap(en->range, f->range);
		break;
	case ENTITY_PREFIX:
		out = f->moved && overlap(en->range, f->range);
		break;
	case ENTITY_NET:
		return net_side(r, f, en);
	case ENTITY_AS:
		out = f->moved && at.as != REGISTRY_NONE && registry_asn(r, at.as) == en->asn;
		break;
	case ENTITY_ORG:
		org = transfers_find_org(t, r, span_str(en->handle));
		if (org != REGISTRY_NONE && (f->org[0] == org || f->org[1] == org))
			return TRANSFER_KEPT;
		out = f->moved && org != REGISTRY_NONE && at.org == org;
		break;
	default:
		break;
	}
	return out ? TRANSFER_LEFT_OUT : TRANSFER_APART;
}
