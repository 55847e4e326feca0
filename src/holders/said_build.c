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
	if (a->value == b->value || a->field == SAID_COUNTRY || a->field == SAID_HOLDER)
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
	struct reg_text name, address;
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

/* The value, where it is another one than that which holds; nothing where it is not. */
static struct reg_text value_of(struct writing *y, const struct saying *s, const struct held *h)
{
	struct reg_text value = { 0, 0 };

	if (s->field == SAID_COUNTRY)
		return s->value == h->country ? value : country_text_of(y, s->value);
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

static int write_list(struct writing *y, uint32_t list, uint32_t of, const struct held *h,
    struct reg_said **v, size_t *n, size_t *cap)
{
	struct row_of row[SAID_MAX * SAID_FIELD_N];
	unsigned k = 0, at;

	for (uint32_t i = list; i && k < NELEM(row); i = y->f->said[i - 1].next) {
		const struct saying *s = &y->f->said[i - 1];
		struct row_of r = { { of, s->field, s->source, s->input, value_of(y, s, h) },
			s->regard };

		if (r.row.value.len == 0)
			continue;
		for (at = k++; at > 0 && before(&r, &row[at - 1]); at--)
			row[at] = row[at - 1];
		row[at] = r;
	}
	if (grow(v, cap, *n + k, sizeof(**v)) < 0)
		return -ENOMEM;
	for (unsigned i = 0; i < k; i++)
		(*v)[(*n)++] = row[i].row;
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

		if (at != ADDRMAP_NONE && names->name[at].said)
			r = write_list(y, names->name[at].said, i, &h, &t->as_said, &t->n_as_said,
			    &t->as_said_cap);
	}
	return r;
}

struct spoken_of {
	uint32_t row, said;
};

static int by_row(const void *pa, const void *pb)
{
	const struct spoken_of *a = pa, *b = pb;

	return a->row < b->row ? -1 : a->row > b->row;
}

/* Holders of whom anything is said are few, and parties are not in their order. */
static int said_of_holders(struct writing *y)
{
	const struct facts *f = y->f;
	struct tables *t = y->t;
	struct spoken_of *v = NULL;
	size_t n = 0, cap = 0;
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < f->party_of.n; i++) {
		const struct party *p = &f->party[i];

		if (!p->said || p->row == FACTS_NONE || p->kind != PARTY_ORG)
			continue;
		r = grow(&v, &cap, n + 1, sizeof(*v));
		if (r == 0)
			v[n++] = (struct spoken_of){ p->row, p->said };
	}
	if (n)
		qsort(v, n, sizeof(*v), by_row);
	for (size_t i = 0; r == 0 && i < n; i++) {
		const struct reg_holder *row = &t->net.holder[v[i].row];
		struct held h = { row->name, row->address, row->country };

		r = write_list(y, v[i].said, v[i].row, &h, &t->holder_said, &t->n_holder_said,
		    &t->holder_said_cap);
	}
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
