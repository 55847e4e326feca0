/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What records say of ASes and holders and does not hold: kept while inputs are read, and what of it is a conflict
 * in the end written down. */
#include <errno.h>

#include "holders/build_format.h"
#include "util/grow.h"

/* --- the same but for spelling --------------------------------------------------------------------- */

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (unsigned char)c >= 0x80;
}

/* The next letter of a text as it is compared, ' ' for a run of what is none, -1 at the end. Dots are nothing: B.V., BV. */
static int next_letter(struct span *s, bool begun)
{
	bool gap = false;
	char c;

	while (s->p < s->end && !is_word(*s->p)) {
		gap |= *s->p != '.';
		s->p++;
	}
	if (s->p == s->end)
		return -1;
	if (gap && begun)
		return ' ';
	c = *s->p++;
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

bool said_agree(struct span a, struct span b)
{
	int x = 0, y = 0;

	for (bool begun = false; x >= 0 && x == y; begun = true) {
		x = next_letter(&a, begun);
		y = next_letter(&b, begun);
	}
	return x == y;
}

/* --- kept while inputs are read --------------------------------------------------------------------- */

/* Names and addresses are in words as long as inputs are read; the rest is told apart by number at any time. */
static bool same_value(const struct facts *f, const struct saying *a, const struct saying *b)
{
	if (a->field != b->field)
		return false;
	if (a->value == b->value || (a->field != SAID_NAME && a->field != SAID_ADDRESS))
		return a->value == b->value && (a->field != SAID_HOLDER || a->source == b->source);
	return said_agree(words_at(&f->words, a->value), words_at(&f->words, b->value));
}

int said_put(struct facts *f, uint32_t *list, struct saying s)
{
	uint32_t last = 0, of_field = 0;

	for (uint32_t i = *list; i; i = f->said[i - 1].next) {
		struct saying *other = &f->said[i - 1];

		last = i;
		of_field += other->field == s.field;
		if (!same_value(f, other, &s))
			continue;
		s.next = other->next;
		if (s.regard > other->regard)
			*other = s;
		return 0;
	}
	if (of_field == SAID_MAX)
		return 0;
	if (f->n_said == UINT32_MAX - 1 ||
	    grow(&f->said, &f->said_cap, f->n_said + 1, sizeof(*f->said)) < 0)
		return -ENOMEM;
	s.next = 0;
	f->said[f->n_said++] = s;
	if (last)
		f->said[last - 1].next = (uint32_t)f->n_said;
	else
		*list = (uint32_t)f->n_said;
	return 0;
}

/* --- written down ----------------------------------------------------------------------------------- */

struct writing {
	const struct facts *f;
	struct tables *t;
	uint32_t text_from;
	struct reg_text country[26 * 26]; /* where their letters stand */
};

/* struct holding - what holds of an AS or a holder */
struct held {
	struct reg_text name, address, mail;
	reg_country_code country;
};

static struct span text_in(const struct writing *y, struct reg_text at)
{
	return span_of(y->t->text.p + at.at, at.len);
}

static struct reg_text country_text_of(struct writing *y, reg_country_code code)
{
	struct reg_text *at = &y->country[country_index(code)];

	if (at->len == 0) {
		*at = (struct reg_text){ (uint32_t)y->t->text.len, 2 };
		buf_byte(&y->t->text, (char)(code & 255));
		buf_byte(&y->t->text, (char)(code >> 8));
	}
	return *at;
}

/* The mailbox, or that of the contact, where there is one. */
static struct reg_text mailbox_of(
    const struct writing *y, const struct saying *s, const struct held *h)
{
	struct reg_text value = { 0, 0 };
	uint32_t mail = s->value, at;

	if (s->field == SAID_CONTACT) {
		at = facts_party_find(y->f, PARTY_CONTACT, s->source, s->value);
		mail = at == FACTS_NONE ? 0 : y->f->party[at].mail;
	}
	if (mail)
		value = fact_text(y->f, y->text_from, mail);
	if (span_eq(text_in(y, value), text_in(y, h->mail)))
		value.len = 0;
	return value;
}

/* The value, where it is another one than that which holds; nothing where it is not. */
static struct reg_text value_of(struct writing *y, const struct saying *s, const struct held *h)
{
	struct reg_text value = { 0, 0 };

	if (s->field == SAID_COUNTRY)
		return s->value == h->country ? value : country_text_of(y, s->value);
	if (s->field == SAID_ABUSE || s->field == SAID_CONTACT)
		return mailbox_of(y, s, h);
	value = fact_text(y->f, y->text_from, s->value);
	if (s->field != SAID_HOLDER &&
	    said_agree(text_in(y, value), text_in(y, s->field == SAID_NAME ? h->name : h->address)))
		value.len = 0;
	return value;
}

/* struct row_of - one row, and by what it is in order among those of one AS or holder */
struct row_of {
	struct reg_said row;
	uint8_t regard;
};

static bool before(const struct row_of *a, const struct row_of *b)
{
	return a->row.field != b->row.field ? a->row.field < b->row.field : a->regard > b->regard;
}

/* struct rows - of one AS or holder, in order */
struct rows {
	struct row_of
	    v[2 * SAID_MAX * (SAID_FIELD_N + 1)]; /* two lists, SAID_CONTACT among the fields */
	unsigned n;
};

/* Two ways to one mailbox are one. */
static bool has(const struct writing *y, const struct rows *rows, const struct reg_said *row)
{
	for (unsigned i = 0; i < rows->n; i++)
		if (rows->v[i].row.field == row->field && row->field == SAID_ABUSE &&
		    span_eq(text_in(y, rows->v[i].row.value), text_in(y, row->value)))
			return true;
	return false;
}

static void take_saying(
    struct writing *y, const struct saying *s, uint32_t of, const struct held *h, struct rows *rows)
{
	uint16_t field = s->field == SAID_CONTACT ? SAID_ABUSE : s->field;
	struct row_of r = { { of, field, s->source, s->input, value_of(y, s, h) }, s->regard };
	unsigned at;

	if (r.row.value.len == 0 || rows->n == NELEM(rows->v) || has(y, rows, &r.row))
		return;
	for (at = rows->n++; at > 0 && before(&r, &rows->v[at - 1]); at--)
		rows->v[at] = rows->v[at - 1];
	rows->v[at] = r;
}

static void take_list(
    struct writing *y, uint32_t list, uint32_t of, const struct held *h, struct rows *rows)
{
	for (uint32_t i = list; i; i = y->f->said[i - 1].next)
		take_saying(y, &y->f->said[i - 1], of, h, rows);
}

static int write_rows(
    const struct writing *y, const struct rows *rows, struct reg_said **v, size_t *n, size_t *cap)
{
	if (grow(v, cap, *n + rows->n, sizeof(**v)) < 0)
		return -ENOMEM;
	for (unsigned i = 0; i < rows->n; i++)
		(*v)[(*n)++] = rows->v[i].row;
	return buf_ok(&y->t->text) ? 0 : -ENOMEM;
}

static int said_of_ases(struct writing *y, const struct as_names *names)
{
	struct tables *t = y->t;
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < t->n_as; i++) {
		const struct reg_as *as = &t->as[i];
		struct held h = { .name = as->name, .country = as->country };
		uint32_t at = addrmap_find(&names->map, (struct addr){ 1, as->asn });
		struct rows rows = { .n = 0 };

		if (at == ADDRMAP_NONE || !names->name[at].said)
			continue;
		take_list(y, names->name[at].said, i, &h, &rows);
		r = write_rows(y, &rows, &t->as_said, &t->n_as_said, &t->as_said_cap);
	}
	return r;
}

struct spoken_of {
	uint32_t row, party, contact; /* contact: its own, FACTS_NONE: none */
};

static int by_row(const void *pa, const void *pb)
{
	const struct spoken_of *a = pa, *b = pb;

	return a->row < b->row ? -1 : a->row > b->row;
}

static uint32_t contact_of(const struct facts *f, const struct party *p)
{
	return p->abuse ? facts_party_find(f, PARTY_CONTACT, p->source, p->abuse) : FACTS_NONE;
}

static int said_of_holder(struct writing *y, const struct spoken_of *v)
{
	struct tables *t = y->t;
	const struct party *p = &y->f->party[v->party];
	const struct reg_holder *row = &t->net.holder[v->row];
	struct held h = { .name = row->name, .address = row->address, .country = row->country };
	struct saying own = { .value = p->mail,
		.source = p->source,
		.input = p->by[PARTY_MAILBOX],
		.field = SAID_ABUSE };
	struct rows rows = { .n = 0 };

	if (row->abuse != REGISTRY_NONE)
		h.mail = t->net.contact[row->abuse].mail;
	take_list(y, p->said, v->row, &h, &rows);
	if (p->mail)
		take_saying(y, &own, v->row, &h, &rows);
	if (v->contact != FACTS_NONE)
		take_list(y, y->f->party[v->contact].said, v->row, &h, &rows);
	return write_rows(y, &rows, &t->holder_said, &t->n_holder_said, &t->holder_said_cap);
}

/* Holders of whom anything is said are few, and parties are not in their order. */
static int said_of_holders(struct writing *y)
{
	const struct facts *f = y->f;
	struct spoken_of *v = NULL;
	size_t n = 0, cap = 0;
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < f->party_of.n; i++) {
		const struct party *p = &f->party[i];
		uint32_t contact;

		if (p->row == FACTS_NONE || p->kind != PARTY_ORG)
			continue;
		contact = contact_of(f, p);
		if (!p->said && !(p->abuse && p->mail) &&
		    (contact == FACTS_NONE || !f->party[contact].said))
			continue;
		r = grow(&v, &cap, n + 1, sizeof(*v));
		if (r == 0)
			v[n++] = (struct spoken_of){ p->row, i, contact };
	}
	if (n)
		qsort(v, n, sizeof(*v), by_row);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = said_of_holder(y, &v[i]);
	free(v);
	return r;
}

int tables_said(struct registry_build *b, struct tables *t, uint32_t text_from)
{
	struct writing *y = calloc(1, sizeof(*y));
	int r = y ? 0 : -ENOMEM;

	if (r == 0) {
		*y = (struct writing){ .f = &b->facts, .t = t, .text_from = text_from };
		r = said_of_ases(y, &b->names);
	}
	if (r == 0)
		r = said_of_holders(y);
	free(y);
	return r;
}
