/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Organisations as rows of the file. What one is called: the handle that a registry gives it, of several the least;
 * else the name of its first AS; else an id of the statistics. Its other handles are aliases. */
#include <errno.h>

#include "core/entity.h"
#include "holders/orgs.h"
#include "util/grow.h"

#define ASNAME	 "ASNAME/"
#define SLUG_MAX 90u /* bytes; ".as" and a number come behind where two have one */

/* struct label - a handle of an organisation that is no holder's */
struct label {
	struct reg_text handle;
	uint32_t top, as; /* the member that stands for the organisation; of which AS it is */
	bool name;	  /* of its name; else an id of a claim */
};

/* struct head - of a member that stands for all */
struct head {
	uint32_t n_as, n_holder;
	uint32_t holder; /* whose handle is the organisation's; REGISTRY_NONE: nobody's */
	uint32_t label;	 /* the name of its first AS; REGISTRY_NONE: it has none */
	uint32_t row;
};

struct rows {
	struct org_work *w;
	struct head *head;   /* owned, [members] */
	struct label *label; /* owned */
	size_t n_label, cap;
	struct called *called; /* owned, [n]: in the order of the file */
	uint32_t n;
};

static int label_put(struct rows *r, uint32_t as, bool name, struct reg_text handle)
{
	if (grow(&r->label, &r->cap, r->n_label + 1, sizeof(*r->label)) < 0)
		return -ENOMEM;
	r->label[r->n_label++] = (struct label){ handle, org_join_of(&r->w->join, as), as, name };
	return 0;
}

/* --- by the names of ASes ---------------------------------------------------------------------------- */

struct slug {
	uint32_t word, as;
};

static int by_word(const void *pa, const void *pb)
{
	const struct slug *a = pa, *b = pb;

	if (a->word != b->word)
		return a->word < b->word ? -1 : 1;
	return a->as < b->as ? -1 : a->as > b->as;
}

static struct span slug_of(struct span name, char room[ENTITY_HANDLE_MAX])
{
	struct span s = span_of(room, entity_slug(name, room));

	while (span_len(s) > SLUG_MAX || (span_len(s) == SLUG_MAX && !span_utf8(s)))
		s.end--;
	return s;
}

static int slugs_take(struct rows *r, struct slug *v, size_t *n)
{
	struct org_work *w = r->w;

	*n = 0;
	for (uint32_t i = 0; i < w->n_as; i++) {
		char room[ENTITY_HANDLE_MAX];
		uint32_t word;

		if (w->member[i].name.placeholder)
			continue;
		word = words_put(&w->names.name, slug_of(org_text(w, w->t->as[i].name), room));
		if (word == WORDS_NONE)
			return -ENOMEM;
		if (word)
			v[(*n)++] = (struct slug){ word, i };
	}
	return 0;
}

/* Those with one slug: the plain one is of the first AS's organisation, others have a number behind it. */
static int slugs_label(struct rows *r, const struct slug *v, size_t n)
{
	struct org_work *w = r->w;
	uint32_t first = org_join_of(&w->join, v[0].as);
	int code = 0;

	for (size_t i = 0; code == 0 && i < n; i++) {
		struct span slug = words_at(&w->names.name, v[i].word);
		struct reg_text handle = { (uint32_t)w->t->text.len, 0 };
		bool plain = org_join_of(&w->join, v[i].as) == first;

		if (plain && i > 0)
			continue;
		buf_str(&w->t->text, ASNAME);
		buf_span(&w->t->text, slug);
		if (!plain)
			buf_fmt(&w->t->text, ".as%u", w->t->as[v[i].as].asn);
		handle.len = (uint32_t)w->t->text.len - handle.at;
		code = label_put(r, v[i].as, true, handle);
	}
	return code;
}

static int name_labels(struct rows *r)
{
	struct slug *v = calloc(r->w->n_as + 1u, sizeof(*v));
	size_t n = 0;
	int code = v ? slugs_take(r, v, &n) : -ENOMEM;

	if (code == 0)
		qsort(v, n, sizeof(*v), by_word);
	for (size_t i = 0, k; code == 0 && i < n; i = k) {
		for (k = i + 1; k < n && v[k].word == v[i].word; k++)
			;
		code = slugs_label(r, v + i, k - i);
	}
	free(v);
	return code;
}

/* --- by handles and ids -------------------------------------------------------------------------------- */

/* SOURCE/HANDLE; false when that can be no name of an entity. */
static bool handle_of(
    const struct org_work *w, uint32_t source, struct reg_text handle, char room[ENTITY_NAME_MAX])
{
	struct span name = org_source(w, source);
	struct entity en;
	int n = snprintf(
	    room, ENTITY_NAME_MAX, "org:%.*s/%.*s", SPAN_ARG(name), SPAN_ARG(org_text(w, handle)));

	if (n < 0 || (size_t)n >= ENTITY_NAME_MAX || span_is(name, "ASNAME") ||
	    entity_parse(span_str(room), &en, NULL) < 0)
		return false;
	memmove(room, room + 4, (size_t)n - 4 + 1);
	return true;
}

static int claim_labels(struct rows *r)
{
	struct org_work *w = r->w;
	const struct facts *f = &w->b->facts;
	int code = 0;

	for (size_t i = 0; code == 0 && i < f->n_claim; i++) {
		const struct claim *c = &f->claim[i];
		uint32_t as = tables_find_as(w->t, c->asn);
		char room[ENTITY_NAME_MAX];

		if (as != REGISTRY_NONE &&
		    handle_of(w, c->source, fact_text(f, w->text_from, c->org), room))
			code = label_put(r, as, false, org_text_put(w, room, SPAN("")));
	}
	return code;
}

/* Of holders that the registry knows by a handle that one which is less; those known by an id last. */
static bool speaks_before(const struct org_work *w, uint32_t a, uint32_t b)
{
	char x[ENTITY_NAME_MAX], y[ENTITY_NAME_MAX];
	const struct reg_holder *h = &w->t->net.holder[a], *g = &w->t->net.holder[b];

	if ((h->told == HOLDER_OPAQUE) != (g->told == HOLDER_OPAQUE))
		return g->told == HOLDER_OPAQUE;
	return handle_of(w, h->source, h->handle, x) && handle_of(w, g->source, g->handle, y) &&
	       strcmp(x, y) < 0;
}

/* Organisations are all with an AS, and those of several holders: one holder alone is itself. */
static bool is_several(const struct head *h)
{
	return h->n_as > 0 || h->n_holder > 1;
}

/* Who is in which organisation, and which holder may give it its handle. */
static int heads_make(struct rows *r)
{
	struct org_work *w = r->w;
	char room[ENTITY_NAME_MAX];

	r->head = calloc(w->n + 1u, sizeof(*r->head));
	if (!r->head)
		return -ENOMEM;
	for (uint32_t i = 0; i < w->n; i++)
		r->head[i].holder = r->head[i].label = r->head[i].row = REGISTRY_NONE;
	for (uint32_t i = 0; i < w->n; i++) {
		struct head *h = &r->head[org_join_of(&w->join, i)];

		h->n_as += i < w->n_as;
		h->n_holder += i >= w->n_as;
	}
	for (uint32_t i = w->n_as; i < w->n; i++) {
		struct head *h = &r->head[org_join_of(&w->join, i)];

		if (!is_several(h) ||
		    !handle_of(w, org_holder(w, i)->source, org_holder(w, i)->handle, room))
			continue;
		if (h->holder == REGISTRY_NONE || speaks_before(w, i - w->n_as, h->holder))
			h->holder = i - w->n_as;
	}
	for (size_t i = 0; i < r->n_label; i++) {
		struct head *h = &r->head[r->label[i].top];

		if (r->label[i].name &&
		    (h->label == REGISTRY_NONE || r->label[i].as < r->label[h->label].as))
			h->label = (uint32_t)i;
	}
	return 0;
}

/* --- rows ----------------------------------------------------------------------------------------------- */

/* struct called - an organisation by its handle */
struct called {
	const struct org_work *w; /* for those who compare */
	struct reg_text handle;
	uint32_t top;
};

static int by_handle(const void *pa, const void *pb)
{
	const struct called *a = pa, *b = pb;
	return span_cmp(org_text(a->w, a->handle), org_text(b->w, b->handle));
}

/* Does the registry's handle speak for it, not the name of an AS? */
static bool by_registry(const struct org_work *w, const struct head *h)
{
	return h->holder != REGISTRY_NONE &&
	       (h->label == REGISTRY_NONE || w->t->net.holder[h->holder].told != HOLDER_OPAQUE);
}

static int orgs_call(struct rows *r)
{
	struct org_work *w = r->w;

	r->called = calloc(w->n + 1u, sizeof(*r->called));
	if (!r->called)
		return -ENOMEM;
	for (uint32_t i = 0; i < w->n; i++) {
		const struct head *h = &r->head[i];
		struct called *c = &r->called[r->n];
		char room[ENTITY_NAME_MAX];

		if (!is_several(h))
			continue;
		*c = (struct called){ .w = w, .top = i };
		if (by_registry(w, h)) {
			(void)handle_of(w, w->t->net.holder[h->holder].source,
			    w->t->net.holder[h->holder].handle,
			    room); /* it may be a name: heads_make */
			c->handle = org_text_put(w, room, SPAN(""));
		} else if (h->label != REGISTRY_NONE) {
			c->handle = r->label[h->label].handle;
		} else {
			continue;
		}
		r->n++;
	}
	if (!buf_ok(&w->t->text))
		return -ENOMEM;
	qsort(r->called, r->n, sizeof(*r->called), by_handle);
	for (uint32_t i = 0; i < r->n; i++)
		r->head[r->called[i].top].row = i;
	return 0;
}

/* Members, grouped by organisation: where each group begins, then each in its place. */
static int members_group(struct rows *r)
{
	struct org_work *w = r->w;
	struct tables *t = w->t;

	t->org_as = calloc(w->n_as + 1u, sizeof(*t->org_as));
	t->org_holder = calloc(w->n - w->n_as + 1u, sizeof(*t->org_holder));
	t->org = calloc(r->n + 1u, sizeof(*t->org));
	if (!t->org_as || !t->org_holder || !t->org)
		return -ENOMEM;
	for (uint32_t i = 0; i < r->n; i++) {
		const struct head *h = &r->head[r->called[i].top];

		t->org[i] = (struct reg_org){ .handle = r->called[i].handle,
			.first_as = t->n_org_as,
			.first_holder = t->n_org_holder };
		t->n_org_as += h->n_as;
		t->n_org_holder += h->n_holder;
	}
	t->n_org = r->n;
	for (uint32_t i = 0; i < w->n; i++) {
		uint32_t row = r->head[org_join_of(&w->join, i)].row;
		struct reg_org *o = &t->org[row];

		if (row == REGISTRY_NONE)
			continue;
		if (i < w->n_as) {
			t->as[i].org = row;
			t->org_as[o->first_as + o->n_as++] = i;
		} else {
			org_holder(w, i)->org = row;
			t->org_holder[o->first_holder + o->n_holder++] = i - w->n_as;
		}
	}
	return 0;
}

/* Joins and those kept apart, grouped by organisation in the order in which they were made. */
static int links_group(struct rows *r)
{
	struct org_work *w = r->w;
	const struct org_join *j = &w->join;
	struct tables *t = w->t;
	const struct {
		const struct reg_org_link *v;
		uint32_t n;
	} lists[] = { { j->link, j->n_link }, { j->apart, j->n_apart } };

	t->org_link = calloc(j->n_link + j->n_apart + 1u, sizeof(*t->org_link));
	if (!t->org_link)
		return -ENOMEM;
	for (size_t k = 0; k < NELEM(lists); k++)
		for (uint32_t i = 0; i < lists[k].n; i++) {
			uint32_t row = r->head[org_join_of(&w->join, lists[k].v[i].a)].row;

			if (row != REGISTRY_NONE)
				t->org[row].n_link++;
		}
	for (uint32_t i = 0; i < t->n_org; i++) {
		t->org[i].first_link = t->n_org_link;
		t->n_org_link += t->org[i].n_link;
		t->org[i].n_link = 0;
	}
	for (size_t k = 0; k < NELEM(lists); k++)
		for (uint32_t i = 0; i < lists[k].n; i++) {
			uint32_t row = r->head[org_join_of(&w->join, lists[k].v[i].a)].row;

			if (row != REGISTRY_NONE)
				t->org_link[t->org[row].first_link + t->org[row].n_link++] =
				    lists[k].v[i];
		}
	return 0;
}

static int by_number(const void *pa, const void *pb)
{
	uint32_t a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;

	return a < b ? -1 : a > b;
}

/* /48s of all its ASes, each once: their IPv6 prefixes in ascending order. */
static int v6_blocks(const struct tables *t, const struct reg_org *o, uint64_t *ret)
{
	struct blocks own = { 0, 0 };
	uint32_t n = 0, *p;

	for (uint32_t k = 0; k < o->n_as; k++)
		n += t->as[t->org_as[o->first_as + k]].n_prefix;
	p = calloc(n + 1u, sizeof(*p));
	if (!p)
		return -ENOMEM;
	n = 0;
	for (uint32_t k = 0; k < o->n_as; k++) {
		const struct reg_as *as = &t->as[t->org_as[o->first_as + k]];

		for (uint32_t i = as->n_prefix4; i < as->n_prefix; i++)
			p[n++] = t->as_prefix[as->first_prefix + i];
	}
	qsort(p, n, sizeof(*p), by_number);
	for (uint32_t i = 0; i < n; i++) {
		const struct reg_prefix6 *q = &t->prefix6[p[i] - t->n_prefix4];

		blocks_add(&own, q->first_hi, q->last_hi);
	}
	free(p);
	*ret = own.n;
	return 0;
}

/* Name and country as the registry has them whose handle it is, else as its largest AS. */
static int org_describe(struct rows *r, uint32_t row)
{
	struct tables *t = r->w->t;
	struct reg_org *o = &t->org[row];
	const struct head *h = &r->head[r->called[row].top];
	const struct reg_as *largest = NULL;

	for (uint32_t k = 0; k < o->n_as; k++) {
		const struct reg_as *as = &t->as[t->org_as[o->first_as + k]];

		o->v4_addresses += as->v4_addresses;
		if (!largest || as->v4_addresses > largest->v4_addresses)
			largest = as;
	}
	if (by_registry(r->w, h)) {
		o->name = t->net.holder[h->holder].name;
		o->country = t->net.holder[h->holder].country;
	}
	if (largest && !o->name.len)
		o->name = largest->name;
	if (largest && !o->country)
		o->country = largest->country;
	return v6_blocks(t, o, &o->v6_blocks);
}

struct alias {
	struct called as; /* top: the organisation's row */
	uint32_t order;
};

static int by_alias(const void *pa, const void *pb)
{
	const struct alias *a = pa, *b = pb;
	int c = by_handle(&a->as, &b->as);

	return c ? c : a->order < b->order ? -1 : a->order > b->order;
}

/* Names and ids that are not the handle itself; of an id that two have, who was told of first. */
static int aliases_make(struct rows *r)
{
	struct tables *t = r->w->t;
	struct alias *v = calloc(r->n_label + 1, sizeof(*v));
	size_t n = 0;

	t->org_alias = calloc(r->n_label + 1, sizeof(*t->org_alias));
	if (!v || !t->org_alias) {
		free(v);
		return -ENOMEM;
	}
	for (size_t i = 0; i < r->n_label; i++) {
		const struct label *l = &r->label[i];
		uint32_t row = r->head[l->top].row;

		if (row == REGISTRY_NONE ||
		    (r->head[l->top].label == i && !by_registry(r->w, &r->head[l->top])))
			continue;
		v[n] = (struct alias){ { r->w, l->handle, row }, (uint32_t)n };
		n++;
	}
	qsort(v, n, sizeof(*v), by_alias);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || by_handle(&v[i - 1].as, &v[i].as) != 0)
			t->org_alias[t->n_org_alias++] =
			    (struct reg_org_alias){ v[i].as.handle, v[i].as.top };
	free(v);
	return 0;
}

int orgs_rows(struct org_work *w)
{
	struct rows r = { .w = w };
	int code = name_labels(&r);

	if (code == 0)
		code = claim_labels(&r);
	if (code == 0)
		code = heads_make(&r);
	if (code == 0)
		code = orgs_call(&r);
	if (code == 0)
		code = members_group(&r);
	if (code == 0)
		code = links_group(&r);
	for (uint32_t i = 0; code == 0 && i < r.n; i++)
		code = org_describe(&r, i);
	if (code == 0)
		code = aliases_make(&r);
	free(r.head);
	free(r.label);
	free(r.called);
	return code;
}
