/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What records say of ASes and holders besides what holds, read and checked. */
#include "holders/registry_check.h"

/* struct sayings - one of the two sections */
struct sayings {
	const struct reg_said *v;
	uint32_t n;
};

static struct sayings of_ases(const struct registry *r)
{
	return (struct sayings){ r->as_said, r->n_as_said };
}

static struct sayings of_holders(const struct registry *r)
{
	return (struct sayings){ r->holder_said, r->n_holder_said };
}

#define OF(field) (1u << (field))

static bool value_ok(const struct registry *r, const struct reg_said *s)
{
	const char *p = r->text + s->value.at;

	if (!text_ok(r, s->value) || s->value.len == 0)
		return false;
	return s->field != SAID_COUNTRY ||
	       (s->value.len == 2 && p[0] >= 'A' && p[0] <= 'Z' && p[1] >= 'A' && p[1] <= 'Z');
}

/* fields: those there may be; rows: of what they are said */
static bool all_ok(const struct registry *r, struct sayings all, unsigned fields, uint32_t rows)
{
	for (uint32_t i = 0; i < all.n; i++) {
		const struct reg_said *s = &all.v[i];

		if (s->of >= rows || s->field >= SAID_FIELD_N || !(fields & OF(s->field)) ||
		    s->source >= r->n_label || s->input >= r->n_input || !value_ok(r, s))
			return false;
		if (i > 0 && (s[-1].of > s->of || (s[-1].of == s->of && s[-1].field > s->field)))
			return false;
	}
	return true;
}

bool registry_said_ok(const struct registry *r)
{
	return all_ok(r, of_ases(r), OF(SAID_NAME) | OF(SAID_COUNTRY) | OF(SAID_HOLDER), r->n_as) &&
	       all_ok(r, of_holders(r),
		   OF(SAID_NAME) | OF(SAID_COUNTRY) | OF(SAID_ADDRESS) | OF(SAID_ABUSE),
		   r->n_holder);
}

/* The first row that is of that one or a later one. */
static uint32_t first_of(struct sayings all, uint32_t of)
{
	uint32_t lo = 0, hi = all.n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (all.v[mid].of < of)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static struct registry_said said_at(const struct registry *r, struct sayings all, uint32_t index)
{
	const struct reg_said *s = &all.v[index];

	return (struct registry_said){ .field = (enum registry_said_field)s->field,
		.value = text_of(r, s->value),
		.source = text_of(r, r->label[s->source]),
		.input = s->input };
}

uint32_t registry_as_said(const struct registry *r, uint32_t as, uint32_t *first)
{
	*first = first_of(of_ases(r), as);
	return first_of(of_ases(r), as + 1) - *first;
}

uint32_t registry_holder_said(const struct registry *r, uint32_t holder, uint32_t *first)
{
	*first = first_of(of_holders(r), holder);
	return first_of(of_holders(r), holder + 1) - *first;
}

struct registry_said registry_as_said_at(const struct registry *r, uint32_t index)
{
	return said_at(r, of_ases(r), index);
}

struct registry_said registry_holder_said_at(const struct registry *r, uint32_t index)
{
	return said_at(r, of_holders(r), index);
}

uint32_t registry_n_as_said(const struct registry *r)
{
	return r->n_as_said;
}

uint32_t registry_n_holder_said(const struct registry *r)
{
	return r->n_holder_said;
}
