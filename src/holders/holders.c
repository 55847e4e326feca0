/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Handles joined, after everything was read: who holds a network or an AS, and whom to write to about it.
 * What nobody uses does not come into the file; what resolves to nothing is kept as an orphan. */
#include <errno.h>

#include "holders/build_format.h"
#include "util/grow.h"

struct joining {
	struct facts *f;
	struct tables *t;
	struct as_names *names;
	struct as_told {
		uint8_t n;
		bool opaque; /* its holder is an id of statistics */
	} * told;	     /* owned, [n_as]: records of each AS so far */
	uint32_t text_from;
	uint16_t host
	    [FACTS_LABELS_MAX]; /* of sources: where their handles may be known as well; 0: nowhere */
};

/* Objects of the guest stand in the database of the host, and refer to what is there. */
static const struct {
	const char *guest, *host;
} guests[] = {
	{ "JPNIC", "APNIC" },
	{ "KRNIC", "APNIC" },
	{ "TWNIC", "APNIC" },
	{ "CNNIC", "APNIC" },
	{ "VNNIC", "APNIC" },
	{ "IDNIC", "APNIC" },
	{ "IRINN", "APNIC" },
	{ "RIPE-NONAUTH", "RIPE" },
};

/* The label of a source; 0: nobody speaks for it. */
static uint16_t label_of(const struct joining *j, const char *source)
{
	const struct net_tables *n = &j->t->net;

	for (uint32_t i = 1; i < n->n_label; i++)
		if (span_is(span_of(j->t->text.p + n->label[i].at, n->label[i].len), source))
			return (uint16_t)i;
	return 0;
}

static void find_hosts(struct joining *j)
{
	for (size_t i = 0; i < NELEM(guests); i++) {
		uint16_t guest = label_of(j, guests[i].guest);

		if (guest)
			j->host[guest] = label_of(j, guests[i].host);
	}
}

static struct reg_text text(const struct joining *j, uint32_t word)
{
	return fact_text(j->f, j->text_from, word);
}

static int orphan(
    struct joining *j, enum registry_orphan_kind kind, uint32_t index, uint32_t handle)
{
	struct net_tables *n = &j->t->net;

	if (grow(&n->orphan, &n->orphan_cap, n->n_orphan + 1, sizeof(*n->orphan)) < 0)
		return -ENOMEM;
	n->orphan[n->n_orphan++] =
	    (struct reg_orphan){ .kind = kind, .index = index, .handle = text(j, handle) };
	return 0;
}

/* The party that a handle leads to: that of the source itself if there is a record of it, else that of its host. */
static uint32_t told_find(
    const struct joining *j, enum party_kind kind, uint16_t source, uint32_t handle)
{
	const uint16_t sources[] = { source, j->host[source] };

	for (size_t i = 0; i < NELEM(sources); i++) {
		uint32_t at =
		    sources[i] ? facts_party_find(j->f, kind, sources[i], handle) : FACTS_NONE;

		if (at != FACTS_NONE && j->f->party[at].told)
			return at;
	}
	return FACTS_NONE;
}

/* The row of a party that has an address to write to. */
static int contact_row(struct joining *j, uint32_t party, uint32_t *ret)
{
	struct party *p = &j->f->party[party];
	struct checked checked = facts_checked(j->f, p->mail);
	struct net_tables *n = &j->t->net;

	if (p->row == FACTS_NONE) {
		if (grow(&n->contact, &n->contact_cap, n->n_contact + 1, sizeof(*n->contact)) < 0)
			return -ENOMEM;
		p->row = (uint32_t)n->n_contact++;
		n->contact[p->row] =
		    (struct reg_contact){ .handle = text(j, p->kind == PARTY_MAIL ? 0 : p->handle),
			    .mail = text(j, p->mail),
			    .name = text(j, p->name),
			    .source_state =
				(uint16_t)(p->source | checked.state << REG_STATE_SHIFT),
			    .checked = checked.day };
	}
	*ret = p->row;
	return 0;
}

/* An address that stands in a record itself is a contact without a handle. */
static int contact_of_mail(struct joining *j, uint32_t mail, uint32_t *ret)
{
	uint32_t at = facts_party(j->f, PARTY_MAIL, 0, mail);

	if (at == FACTS_NONE)
		return -ENOMEM;
	j->f->party[at].mail = mail;
	return contact_row(j, at, ret);
}

/* struct asks - what a record says of its abuse contact */
struct asks {
	uint16_t source;
	uint32_t abuse, mail;
	enum registry_orphan_kind kind; /* should the handle lead nowhere */
	uint32_t index;
};

/* By handle, else the address beside it. */
static int contact_find(struct joining *j, const struct asks *a, uint32_t *ret)
{
	uint32_t at = FACTS_NONE;
	int r = 0;

	*ret = REGISTRY_NONE;
	if (a->abuse) {
		at = told_find(j, PARTY_CONTACT, a->source, a->abuse);
		if (at != FACTS_NONE && j->f->party[at].mail)
			return contact_row(j, at, ret);
		r = orphan(j, a->kind, a->index, a->abuse);
	}
	return r == 0 && a->mail ? contact_of_mail(j, a->mail, ret) : r;
}

static int holder_add(struct joining *j, uint32_t party, uint32_t *ret)
{
	struct party p = j->f->party[party];
	struct net_tables *n = &j->t->net;
	struct asks asks = { p.source, p.abuse, p.mail, ORPHAN_HOLDER_ABUSE, 0 };
	struct reg_holder h = { .handle = text(j, p.handle),
		.name = text(j, p.name),
		.address = text(j, p.address),
		.country = p.country,
		.source = p.source,
		.told = p.opaque && !p.told ? HOLDER_OPAQUE
			: p.told	    ? HOLDER_TOLD
					    : HOLDER_NAMED,
		.org = REGISTRY_NONE };
	int r;

	if (grow(&n->holder, &n->holder_cap, n->n_holder + 1, sizeof(*n->holder)) < 0)
		return -ENOMEM;
	*ret = asks.index = (uint32_t)n->n_holder++;
	j->f->party[party].row = *ret;
	r = contact_find(j, &asks, &h.abuse);
	n->holder[*ret] = h;
	return r;
}

/* struct holding - what a record says of its holder */
struct holding {
	uint16_t source;
	uint32_t org;
	bool opaque;
	struct asks asks;
	enum registry_orphan_kind kind;
};

/* Its holder, and its contact: its own, else that of the holder. */
static int holding_find(
    struct joining *j, const struct holding *h, uint32_t *ret_holder, uint32_t *ret_abuse)
{
	uint32_t at;
	int r = 0;

	*ret_holder = REGISTRY_NONE;
	if (h->org) {
		at = h->opaque ? FACTS_NONE : told_find(j, PARTY_ORG, h->source, h->org);
		if (at == FACTS_NONE)
			at = facts_party(j->f, PARTY_ORG, h->source, h->org);
		if (at == FACTS_NONE)
			return -ENOMEM;
		j->f->party[at].opaque |= h->opaque;
		*ret_holder = j->f->party[at].row;
		if (*ret_holder == FACTS_NONE)
			r = holder_add(j, at, ret_holder);
		if (r == 0 && !h->opaque && !j->f->party[at].told)
			r = orphan(j, h->kind, h->asks.index, h->org);
	}
	if (r == 0)
		r = contact_find(j, &h->asks, ret_abuse);
	if (r == 0 && *ret_abuse == REGISTRY_NONE && *ret_holder != REGISTRY_NONE)
		*ret_abuse = j->t->net.holder[*ret_holder].abuse;
	return r;
}

static int join_networks(struct joining *j)
{
	struct facts *f = j->f;
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < f->n_net; i++) {
		const struct net_fact *n = &f->net[i];
		struct holding h = { .source = n->source,
			.org = n->org,
			.opaque = n->flags & NET_OPAQUE,
			.asks = { n->source, n->abuse, n->mail, ORPHAN_NETWORK_ABUSE, i },
			.kind = ORPHAN_NETWORK_HOLDER };
		struct reg_network *row = &j->t->net.network[i];

		r = holding_find(j, &h, &row->holder, &row->abuse);
	}
	return r;
}

/* --- ASes ----------------------------------------------------------------------------------------- */

/* The narrowest run first; of equally wide ones that of an object before that of statistics, and one
 * that names a holder before one that names none. */
static int by_run(const void *pa, const void *pb)
{
	const struct as_fact *a = pa, *b = pb;
	uint32_t wa = a->last - a->first, wb = b->last - b->first;

	if (wa != wb)
		return wa < wb ? -1 : 1;
	if (a->opaque != b->opaque)
		return a->opaque ? 1 : -1;
	if (!a->org != !b->org)
		return a->org ? -1 : 1;
	return a->seq < b->seq ? -1 : a->seq > b->seq;
}

static uint32_t first_as(const struct tables *t, uint32_t asn)
{
	uint32_t lo = 0, hi = t->n_as;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (t->as[mid].asn < asn)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

uint32_t tables_find_as(const struct tables *t, uint32_t asn)
{
	uint32_t i = first_as(t, asn);

	return i < t->n_as && t->as[i].asn == asn ? i : REGISTRY_NONE;
}

#define AS_TOLD_MAX 16u /* records of one AS that are looked at */

/* The first AS from i on of which not so many runs were told yet; what was gone over is gone over once. */
static uint32_t next_free(uint32_t *next, uint32_t i)
{
	uint32_t end = i;

	while (next[end] != end)
		end = next[end];
	while (next[i] != end) {
		uint32_t on = next[i];

		next[i] = end;
		i = on;
	}
	return end;
}

/* The first record of an AS holds. */
static int join_as(struct joining *j, const struct as_fact *a, uint32_t i)
{
	struct reg_as *as = &j->t->as[i];
	struct holding h = { .source = a->source,
		.org = a->org,
		.opaque = a->opaque,
		.asks = { a->source, a->abuse, a->mail, ORPHAN_AS_ABUSE, i },
		.kind = ORPHAN_AS_HOLDER };

	j->t->as_country[i] = a->country;
	j->told[i].opaque = a->opaque;
	return holding_find(j, &h, &as->holder, &as->abuse);
}

/* Where a handle is, and that of whom: with a record of it, or as it was told. */
struct named {
	uint32_t handle;
	uint16_t source;
	struct reg_text name;
};

static struct named named_by(const struct joining *j, const struct as_fact *a)
{
	uint32_t at = a->opaque ? FACTS_NONE : told_find(j, PARTY_ORG, a->source, a->org);

	if (at == FACTS_NONE)
		return (struct named){ a->org, a->source, { 0, 0 } };
	return (struct named){ j->f->party[at].handle, j->f->party[at].source,
		text(j, j->f->party[at].name) };
}

static struct span span_of_text(const struct joining *j, struct reg_text at)
{
	return span_of(j->t->text.p + at.at, at.len);
}

/* A later record's holder is another one, unless it has the name of the one that holds. */
static bool holder_differs(const struct joining *j, uint32_t i, const struct named *other)
{
	const struct reg_holder *h;

	if (j->t->as[i].holder == REGISTRY_NONE)
		return true;
	h = &j->t->net.holder[j->t->as[i].holder];
	if (h->source == other->source &&
	    span_eq(span_of_text(j, h->handle), span_of_text(j, text(j, other->handle))))
		return false;
	return other->name.len == 0 ||
	       !said_agree(span_of_text(j, h->name), span_of_text(j, other->name));
}

/* Country and holder of one of its records. An id of statistics is no handle, and contradicts none. */
static int say_of_as(struct joining *j, const struct as_fact *a, uint32_t i)
{
	uint32_t at = addrmap_find(&j->names->map, (struct addr){ 1, j->t->as[i].asn });
	struct saying s = { .value = a->country,
		.source = a->source,
		.input = (uint8_t)a->input,
		.field = SAID_COUNTRY,
		.regard = AS_REGARD_RECORD };
	int r = a->country ? said_put(j->f, &j->names->name[at].said, s) : 0;
	struct named other;

	if (r < 0 || j->told[i].n == 0 || a->org == 0 || (a->opaque && !j->told[i].opaque))
		return r;
	other = named_by(j, a);
	if (!holder_differs(j, i, &other))
		return 0;
	s.field = SAID_HOLDER;
	s.value = other.handle;
	s.source = other.source;
	return said_put(j->f, &j->names->name[at].said, s);
}

static int join_run(struct joining *j, const struct as_fact *a, uint32_t *next)
{
	struct tables *t = j->t;
	uint32_t i = next_free(next, first_as(t, a->first));
	int r = 0;

	for (; r == 0 && i < t->n_as && t->as[i].asn <= a->last; i = next_free(next, i + 1)) {
		if (j->told[i].n == 0)
			r = join_as(j, a, i);
		if (r == 0)
			r = say_of_as(j, a, i);
		if (++j->told[i].n == AS_TOLD_MAX)
			next[i] = i + 1;
	}
	return r;
}

static int join_ases(struct joining *j)
{
	struct facts *f = j->f;
	uint32_t *next = calloc(j->t->n_as + 1u, sizeof(*next));
	int r;

	j->told = calloc(j->t->n_as + 1u, sizeof(*j->told));
	r = next && j->told ? 0 : -ENOMEM;

	for (uint32_t i = 0; r == 0 && i <= j->t->n_as; i++)
		next[i] = i;
	if (f->n_as)
		qsort(f->as, f->n_as, sizeof(*f->as), by_run);
	for (size_t i = 0; r == 0 && i < f->n_as; i++)
		r = join_run(j, &f->as[i], next);
	free(next);
	free(j->told);
	return r;
}

int holders_resolve(struct registry_build *b, struct tables *t, uint32_t text_from)
{
	struct joining j = { .f = &b->facts, .t = t, .names = &b->names, .text_from = text_from };
	int r;

	find_hosts(&j);
	r = join_networks(&j);
	return r == 0 ? join_ases(&j) : r;
}
