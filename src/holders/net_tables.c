/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From nested networks to the sections of the file. */
#include <errno.h>

#include "holders/build_format.h"
#include "util/grow.h"

/* --- address to network --------------------------------------------------------------------------- */

/* struct cutting - where the narrowest network changes, told in ascending order */
struct cutting {
	struct net_tables *t;
	struct lpm_entry *entry; /* owned; IPv6: a stretch whose last address is not known yet */
	size_t n_entry, entry_cap;
};

static int cut4(struct cutting *c, uint32_t first, uint32_t network)
{
	struct net_tables *t = c->t;

	if (t->n_cut4 && t->cut4[t->n_cut4 - 1] == first) {
		t->cut4_at[t->n_cut4 - 1] = network;
		return 0;
	}
	if (grow(&t->cut4, &t->cut4_cap, t->n_cut4 + 1, sizeof(*t->cut4)) < 0 ||
	    grow(&t->cut4_at, &t->cut4_at_cap, t->n_cut4 + 1, sizeof(*t->cut4_at)) < 0)
		return -ENOMEM;
	t->cut4[t->n_cut4] = first;
	t->cut4_at[t->n_cut4++] = network;
	return 0;
}

static int cut6(struct cutting *c, struct addr first, uint32_t network)
{
	struct lpm_entry *last = c->n_entry ? &c->entry[c->n_entry - 1] : NULL;

	if (last && addr_eq(last->range.first, first)) {
		last->value = network;
		return 0;
	}
	if (last)
		last->range.last = addr_prev(first);
	if (grow(&c->entry, &c->entry_cap, c->n_entry + 1, sizeof(*c->entry)) < 0)
		return -ENOMEM;
	c->entry[c->n_entry++] = (struct lpm_entry){ { first, first }, network };
	return 0;
}

static int cut(struct cutting *c, struct addr first, uint32_t network)
{
	return addr_is_v4(first) ? cut4(c, addr_v4(first), network) : cut6(c, first, network);
}

/* Behind the end of network at the one around it goes on. */
static int cut_end(struct cutting *c, const struct facts *f, uint32_t at)
{
	struct addr last = f->net[at].range.last;

	if (addr_is_v4(last) && addr_v4(last) == UINT32_MAX)
		return 0;
	return cut(c, addr_next(last), f->net[at].parent);
}

static int sweep(struct cutting *c, const struct facts *f)
{
	uint32_t open = FACTS_NONE; /* the narrowest network at the place of the sweep */
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < f->n_net; i++) {
		const struct net_fact *n = &f->net[i];

		if (n->flags & NET_SAME)
			continue;
		for (; r == 0 && open != n->parent; open = f->net[open].parent)
			r = cut_end(c, f, open);
		if (r == 0)
			r = cut(c, n->range.first, i);
		open = i;
	}
	for (; r == 0 && open != FACTS_NONE; open = f->net[open].parent)
		r = cut_end(c, f, open);
	return r;
}

/* The cut in force where each /20 begins. */
static int make_top4(struct net_tables *t)
{
	uint32_t k = 0;

	t->top4 = calloc(REG_TOP4_ROWS, sizeof(*t->top4));
	if (!t->top4)
		return -ENOMEM;
	for (uint32_t i = 0; i < REG_TOP4_ROWS - 1; i++) {
		while (k + 1 < t->n_cut4 && t->cut4[k + 1] <= i << REG_TOP4_SHIFT)
			k++;
		t->top4[i] = k;
	}
	t->top4[REG_TOP4_ROWS - 1] = (uint32_t)t->n_cut4 - 1;
	return 0;
}

static int make_lpm6(struct cutting *c)
{
	struct buf *out = &c->t->lpm6;
	size_t n = 0;
	int r;

	for (size_t i = 0; i < c->n_entry; i++)
		if (c->entry[i].value != FACTS_NONE)
			c->entry[n++] = c->entry[i];
	r = lpm_build(c->entry, n, out);
	if (r == 0)
		buf_put(out, (char[64]){ 0 }, (64 - out->len % 64) % 64);
	return r == 0 && !buf_ok(out) ? -ENOMEM : r;
}

int cuts_make(const struct facts *f, struct net_tables *t)
{
	struct cutting c = { .t = t };
	bool v4 = f->n_net && addr_is_v4(f->net[0].range.first);
	int r = v4 ? cut4(&c, 0, FACTS_NONE) : 0;

	if (r == 0)
		r = sweep(&c, f);
	if (r == 0 && v4)
		r = make_top4(t);
	if (r == 0 && c.n_entry)
		r = make_lpm6(&c);
	free(c.entry);
	return r;
}

/* --- rows ----------------------------------------------------------------------------------------- */

static int make_networks(struct facts *f, struct net_tables *t, uint32_t text_from)
{
	size_t n6 = 0;

	t->network = calloc(f->n_net + 1, sizeof(*t->network));
	t->told = calloc(f->n_net + 1, sizeof(*t->told));
	for (size_t i = 0; i < f->n_net; i++)
		n6 += !addr_is_v4(f->net[i].range.first);
	t->net4 = calloc(f->n_net - n6 + 1, sizeof(*t->net4));
	t->net6 = calloc(n6 + 1, sizeof(*t->net6));
	if (!t->network || !t->told || !t->net4 || !t->net6)
		return -ENOMEM;
	for (size_t i = 0; i < f->n_net; i++) {
		const struct net_fact *n = &f->net[i];
		struct range r = n->range;

		t->network[i] = (struct reg_network){
			.parent = n->parent, .country = n->country, .depth = n->depth
		};
		t->told[i] = (struct reg_net_told){ .handle = fact_text(f, text_from, n->handle),
			.name = fact_text(f, text_from, n->name),
			.created = n->created,
			.changed = n->changed,
			.source = n->source,
			.status = n->status };
		if (addr_is_v4(r.first))
			t->net4[t->n_net4++] =
			    (struct reg_net4){ addr_v4(r.first), addr_v4(r.last) };
		else
			t->net6[t->n_net6++] =
			    (struct reg_net6){ r.first.hi, r.first.lo, r.last.hi, r.last.lo };
	}
	return 0;
}

static int by_number(const void *pa, const void *pb)
{
	uint64_t a = *(const uint64_t *)pa, b = *(const uint64_t *)pb;

	return a < b ? -1 : a > b;
}

static struct span span_of_text(const struct tables *t, struct reg_text at)
{
	return span_of(t->text.p + at.at, at.len);
}

static uint64_t key_of(const struct tables *t, uint16_t source, struct reg_text handle, size_t row)
{
	uint64_t key = registry_key(span_of_text(t, t->net.label[source]), span_of_text(t, handle));

	return (key & ~(uint64_t)UINT32_MAX) | row;
}

static int make_keys(struct tables *t, size_t n)
{
	struct net_tables *net = &t->net;

	net->key = calloc(n + 1, sizeof(*net->key));
	if (!net->key)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const struct reg_net_told *row = &net->told[i];

		if (row->handle.len)
			net->key[net->n_key++] = key_of(t, row->source, row->handle, i);
	}
	qsort(net->key, net->n_key, sizeof(*net->key), by_number);
	return 0;
}

static int make_holder_keys(struct tables *t)
{
	struct net_tables *net = &t->net;

	net->holder_key = calloc(net->n_holder + 1, sizeof(*net->holder_key));
	if (!net->holder_key)
		return -ENOMEM;
	for (size_t i = 0; i < net->n_holder; i++)
		net->holder_key[i] = key_of(t, net->holder[i].source, net->holder[i].handle, i);
	qsort(net->holder_key, net->n_holder, sizeof(*net->holder_key), by_number);
	return 0;
}

static int make_labels(const struct facts *f, struct net_tables *t, uint32_t text_from)
{
	t->label = calloc(f->label_of.n, sizeof(*t->label));
	if (!t->label)
		return -ENOMEM;
	for (uint32_t i = 0; i < f->label_of.n; i++)
		t->label[t->n_label++] = fact_text(f, text_from, f->label[i]);
	return 0;
}

int tables_networks(struct registry_build *b, struct tables *t, uint32_t *ret_text_from)
{
	struct facts *f = &b->facts;
	uint32_t text_from = (uint32_t)t->text.len;
	int r;

	*ret_text_from = text_from;
	buf_span(&t->text, span_of(f->words.text.p, f->words.text.len));
	buf_done(&f->words.text);
	if (!buf_ok(&t->text))
		return -ENOMEM;
	r = cuts_make(f, &t->net);
	if (r == 0)
		r = make_labels(f, &t->net, text_from);
	if (r == 0)
		r = make_networks(f, &t->net, text_from);
	if (r == 0)
		r = holders_resolve(b, t, text_from);
	if (r == 0)
		r = make_keys(t, f->n_net);
	facts_done_networks(f);
	return r == 0 ? make_holder_keys(t) : r;
}

void net_tables_done(struct net_tables *t)
{
	void *owned[] = { t->top4, t->cut4, t->cut4_at, t->net4, t->net6, t->network, t->told,
		t->key, t->holder, t->holder_key, t->contact, t->orphan, t->label };

	for (size_t i = 0; i < NELEM(owned); i++)
		free(owned[i]);
	buf_done(&t->lpm6);
}
