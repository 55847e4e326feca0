/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ledger comes by address, so the cells of an address, a block and a prefix are complete when the
 * next one begins; those of an AS, an organisation and a country are kept to the end. Those of a network, of
 * which the narrowest around an address tells, are complete when another network begins, or go on behind one
 * within: they are added up in the publication. */
#include <errno.h>
#include <string.h>

#include "prog/publish/publish.h"
#include "util/clock.h"

#define ALIVE_EVERY  65536u
#define ANY_CATEGORY CATEGORY_N /* in the cells of a whole day */
#define ANY_SOURCE   INT32_C(-1)

struct cell_key {
	int64_t entity;
	int32_t day, source;
	uint32_t category;
	uint32_t zero; /* no padding: the key is hashed by its bytes */
};

struct cell {
	struct cell_key key;
	struct addr newest; /* host that was counted last */
	bool any;
	uint64_t hosts, events;
	UT_hash_handle hh;
};

enum tier { T_ADDR, T_BLOCK, T_NET, T_PREFIX, T_AS, T_ORG, T_COUNTRY, TIER_N };
#define T_PASSING T_AS /* tiers before this one come and go */

struct teller {
	char name[EVENT_SOURCE_MAX + 1], group[EVENT_SOURCE_MAX + 1];
	bool redistribute, spoke;
};

struct walk {
	struct publishing *p;
	struct teller *tellers; /* by id */
	size_t n_tellers;
	struct cell *cells[TIER_N];
	int64_t at[TIER_N]; /* row of each tier around the subject, 0: none */
	struct placed *held[2];
	struct prefix subject; /* that at belongs to */
	bool started, host, known;
	bool counted; /* the host, among all */
	int32_t last_day;
	uint8_t last_hour;
	uint64_t rows;
	struct err *e;
};

static int flush(struct walk *w, enum tier t)
{
	struct cell *c, *next;
	int r = 0;

	HASH_ITER (hh, w->cells[t], c, next) {
		struct site_evidence ev = { .entity = c->key.entity,
			.day = c->key.day,
			.category = (enum category)c->key.category,
			.hosts = c->hosts,
			.events = c->events };

		if (r < 0) {
			; /* only freed */
		} else if (c->key.source == ANY_SOURCE) {
			r = site_db_history_hosts(w->p->site, ev.entity, ev.day, c->hosts, w->e);
		} else {
			ev.source = span_str(w->tellers[c->key.source].name);
			r = site_db_evidence(w->p->site, &ev, w->e);
		}
		HASH_DEL(w->cells[t], c);
		free(c);
	}
	return r;
}

static int count(struct walk *w, enum tier t, struct cell_key key, const struct hub_ledger_row *row)
{
	struct cell *c;

	HASH_FIND(hh, w->cells[t], &key, sizeof(key), c);
	if (!c) {
		c = calloc(1, sizeof(*c));
		if (!c)
			return err_set(w->e, -ENOMEM, "out of memory");
		c->key = key;
		HASH_ADD(hh, w->cells[t], key, sizeof(key), c);
	}
	if (w->host && (!c->any || !addr_eq(c->newest, row->subject.addr)))
		c->hosts++;
	c->newest = row->subject.addr;
	c->any = true;
	c->events += row->count;
	return 0;
}

/* The rows of the chain around a subject; a host that the run does not know came after it, or there is nothing of
 * it but what others are to answer for. */
static void place(struct walk *w, const struct hub_ledger_row *row, int64_t at[TIER_N])
{
	struct publishing *p = w->p;
	struct known *k = &p->known;
	struct attribution as;
	struct placed *found = NULL;
	const int64_t *cc;

	w->held[0] = w->held[1] = NULL;
	w->known = true;
	memset(at, 0, TIER_N * sizeof(*at));
	if (w->host) {
		w->held[0] = found = placed_find(&k->addrs, row->subject.addr);
		at[T_ADDR] = found ? found->id : 0;
		w->known = found != NULL;
		w->held[1] = found = placed_find(&k->blocks, addr_block(row->subject.addr).addr);
		at[T_BLOCK] = found ? found->id : 0;
	}
	registry_lookup(p->registry->r, row->subject.addr, &as);
	if (as.prefix != REGISTRY_NONE) {
		found = placed_find(
		    &k->prefixes, registry_prefix_at(p->registry->r, as.prefix).range.first);
		at[T_PREFIX] = found ? found->id : 0;
	}
	at[T_NET] = entities_net(p, registry_network(p->registry->r, row->subject.addr));
	at[T_AS] = as.as != REGISTRY_NONE ? k->as[as.as] : 0;
	at[T_ORG] = as.org != REGISTRY_NONE ? k->org[as.org] : 0;
	cc = as.prefix != REGISTRY_NONE ? known_country(k, as.country) : NULL;
	at[T_COUNTRY] = cc ? *cc : 0;
}

/* Is it of what the run has seen? */
static bool is_of_run(struct walk *w, const struct hub_ledger_row *row)
{
	if (++w->rows % ALIVE_EVERY == 0)
		daemon_alive(w->p->d);
	return row->source >= 0 && (size_t)row->source < w->n_tellers &&
	       (row->day != w->last_day || row->hour == HUB_HOUR_DAY || row->hour <= w->last_hour);
}

static bool is_host(struct prefix subject)
{
	return subject.len == 128 || (!addr_is_v4(subject.addr) && subject.len >= 64);
}

static int move(struct walk *w, const struct hub_ledger_row *row)
{
	int64_t at[TIER_N];
	int r = 0;

	w->started = true;
	w->subject = row->subject;
	w->host = is_host(row->subject);
	place(w, row, at);
	for (unsigned t = 0; t < TIER_N; t++) {
		if (t < T_PASSING && at[t] != w->at[t] && r == 0)
			r = flush(w, t);
		w->at[t] = at[t];
	}
	w->counted = false;
	return r;
}

static int count_both(struct walk *w, enum tier t, int64_t id, const struct hub_ledger_row *row)
{
	int r = 0;

	if (id)
		r = count(
		    w, t, (struct cell_key){ id, row->day, row->source, row->category, 0 }, row);
	if (id && r == 0)
		r = count(
		    w, t, (struct cell_key){ id, row->day, ANY_SOURCE, ANY_CATEGORY, 0 }, row);
	return r;
}

/* Whose a row is that was seen while somebody else held the address: at is of who answers for it then as now. */
static int count_former(struct walk *w, const struct judge_former *f, int64_t at[TIER_N],
    const struct hub_ledger_row *row)
{
	const struct publishing *p = w->p;
	const int64_t own = f->moved ? 0 : at[T_ORG];
	int r = 0;

	at[T_ADDR] = at[T_BLOCK] = 0;
	at[T_NET] = f->network ? entities_net(p, f->network - 1) : 0;
	if (f->moved)
		at[T_PREFIX] = at[T_AS] = at[T_ORG] = 0;
	for (unsigned i = 0; i < JUDGE_FORMER_ORGS && r == 0; i++)
		if (f->org[i] != CHAIN_NONE && p->known.org[f->org[i]] != own)
			r = count_both(w, T_ORG, p->known.org[f->org[i]], row);
	return r;
}

static int take_row(void *ctx, const struct hub_ledger_row *row)
{
	struct walk *w = ctx;
	int64_t at[TIER_N];
	struct teller *teller;
	size_t former;
	int r = 0;

	if (!is_of_run(w, row))
		return 0;
	if (!w->started || !addr_eq(w->subject.addr, row->subject.addr) ||
	    w->subject.len != row->subject.len)
		r = move(w, row);
	if (r < 0)
		return r;
	former = w->host ? transfers_at(&w->p->transfers, row->subject.addr, row->day) : SIZE_MAX;
	if (!w->known && former == SIZE_MAX)
		return 0;
	teller = &w->tellers[row->source];
	teller->spoke = true;
	w->p->events += row->count;
	w->p->hosts += w->host && !w->counted;
	w->counted = true;
	memcpy(at, w->at, sizeof(at));
	if (former != SIZE_MAX)
		r = count_former(w, &w->p->transfers.former[former], at, row);
	for (unsigned i = 0; i < NELEM(w->held) && former == SIZE_MAX; i++)
		if (w->held[i] && !teller->redistribute)
			w->held[i]->held = true;
	for (unsigned t = 0; t < TIER_N && r == 0; t++)
		r = count_both(w, t, at[t], row);
	return r;
}

/* Where there are no pages to be written: who spoke, and what is held. */
static int take_told(void *ctx, const struct hub_ledger_row *row)
{
	struct walk *w = ctx;
	struct known *k = &w->p->known;
	struct placed *at;

	if (!is_of_run(w, row))
		return 0;
	w->tellers[row->source].spoke = true;
	if (w->tellers[row->source].redistribute || !is_host(row->subject) ||
	    transfers_at(&w->p->transfers, row->subject.addr, row->day) != SIZE_MAX)
		return 0;
	at = placed_find(&k->addrs, row->subject.addr);
	if (at)
		at->held = true;
	at = placed_find(&k->blocks, addr_block(row->subject.addr).addr);
	if (at)
		at->held = true;
	return 0;
}

static int take_source(void *ctx, const struct hub_source *s)
{
	struct walk *w = ctx;
	struct teller *t;

	if (s->id < 0)
		return 0;
	if ((size_t)s->id >= w->n_tellers) {
		size_t n = (size_t)s->id + 1;

		t = reallocarray(w->tellers, n, sizeof(*t));
		if (!t)
			return err_set(w->e, -ENOMEM, "out of memory");
		memset(t + w->n_tellers, 0, (n - w->n_tellers) * sizeof(*t));
		w->tellers = t;
		w->n_tellers = n;
	}
	t = &w->tellers[s->id];
	(void)snprintf(t->name, sizeof(t->name), "%s", s->name);
	(void)snprintf(t->group, sizeof(t->group), "%s", s->group);
	t->redistribute = s->redistribute;
	return 0;
}

static void count_tellers(struct walk *w)
{
	for (size_t i = 0; i < w->n_tellers; i++) {
		size_t k = 0;

		if (!w->tellers[i].spoke)
			continue;
		while (k < i && (!w->tellers[k].spoke ||
				    strcmp(w->tellers[k].group, w->tellers[i].group) != 0))
			k++;
		w->p->sources++;
		w->p->groups += k == i;
	}
}

int evidence_write(struct publishing *p, struct err *e)
{
	struct walk w = { .p = p, .last_day = day_of(p->run.at_s), .e = e };
	int32_t first_day = w.last_day - ((int32_t)p->conf->retention_days - 1);
	struct err later;
	int r;

	w.last_hour = (uint8_t)((p->run.at_s - (int64_t)w.last_day * DAY_S) / 3600);
	r = hub_each_source(p->hub, take_source, &w, e);
	if (r == 0 && p->site)
		r = hub_each_ledger(p->hub, first_day, w.last_day, NULL, take_row, &w, e);
	else if (r == 0)
		r = hub_scan_ledger(p->hub, first_day, w.last_day, take_told, &w, e);
	for (unsigned t = 0; t < TIER_N; t++) {
		int flushed;

		if (r < 0)
			w.e = &later; /* the first one is told */
		flushed = flush(&w, t);
		if (r == 0)
			r = flushed;
	}
	if (r == 0)
		count_tellers(&w);
	free(w.tellers);
	return r;
}
