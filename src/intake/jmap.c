/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "intake/jmap.h"

#include <errno.h>

#include "intake/jmap_priv.h"
#include "util/num.h"

const char *jmap_name(const struct jmap *m)
{
	return m->name;
}

struct jmap *jmap_free(struct jmap *m)
{
	if (!m)
		return NULL;
	for (unsigned i = 0; i < m->n_texts; i++)
		free(m->texts[i]);
	free(m->texts);
	(void)ini_free(m->ini);
	(void)jpick_free(m->pick);
	free(m);
	return NULL;
}

/* --- conditions --- */

static bool text_holds(enum jmap_op op, struct span text, struct span want)
{
	size_t n = span_len(text), k = span_len(want);

	if (n < k)
		return false;
	switch (op) {
	case JMAP_BEGINS:
		return memcmp(text.p, want.p, k) == 0;
	case JMAP_ENDS:
		return memcmp(text.end - k, want.p, k) == 0;
	case JMAP_CONTAINS:
		return memmem(text.p, n, want.p, k) != NULL;
	default:
		return n == k && memcmp(text.p, want.p, k) == 0;
	}
}

static bool any_text(const struct jmap *m, const struct jmap_test *t, const struct jpick_value *v)
{
	if (v->kind == JPICK_NONE || v->kind == JPICK_WHOLE)
		return false;
	for (unsigned i = 0; i < t->values.n; i++)
		if (text_holds(t->op, v->text, m->values[t->values.first + i]))
			return true;
	return false;
}

static bool number_holds(const struct jmap_test *t, const struct jpick_value *v)
{
	double n;

	if (!jpick_number(v, &n))
		return false;
	switch (t->op) {
	case JMAP_LESS:
		return n < t->number;
	case JMAP_LEAST:
		return n >= t->number;
	case JMAP_MORE:
		return n > t->number;
	default:
		return n <= t->number;
	}
}

static bool holds(const struct jmap *m, const struct jmap_test *t)
{
	const struct jpick_value *v = &m->v[t->slot];

	if (t->op == JMAP_GIVEN)
		return (v->kind != JPICK_NONE) != t->not ;
	return (t->op > JMAP_GIVEN ? number_holds(t, v) : any_text(m, t, v)) != t->not ;
}

static bool all_hold(const struct jmap *m, struct jmap_few tests)
{
	for (unsigned i = 0; i < tests.n; i++)
		if (!holds(m, &m->tests[tests.first + i]))
			return false;
	return true;
}

/* --- what a rule takes out of a line --- */

static const struct jpick_value *at(const struct jmap *m, uint8_t slot)
{
	static const struct jpick_value none = { .kind = JPICK_NONE };

	return slot == JMAP_UNSET ? &none : &m->v[slot];
}

/* Without ":port", which must be there; an IPv6 address stands in brackets then. */
static bool cut_port(struct span *s)
{
	const char *colon = memrchr(s->p, ':', span_len(*s));
	uint32_t port;

	if (!colon || num_u32((struct span){ colon + 1, s->end }, 65535, &port) < 0)
		return false;
	s->end = colon;
	if (span_starts(*s, "[") && s->end[-1] == ']') {
		s->p++;
		s->end--;
		return true;
	}
	return !memchr(s->p, ':', span_len(*s));
}

static const char *address(const struct jmap *m, const struct jmap_rule *r, struct event *ev)
{
	const struct jpick_value *v = at(m, r->address);
	struct span s = v->text;
	struct addr a;

	if (v->kind == JPICK_NONE)
		return "the address is missing";
	if (v->kind != JPICK_TEXT || (r->with_port && !cut_port(&s)) || addr_parse(s, &a) < 0)
		return "what stands where the address should be is none";
	ev->subject = event_subject(a);
	return NULL;
}

/* False: the member's value is in no class, and there is no other category. */
static bool category(const struct jmap *m, const struct jmap_rule *r, struct event *ev)
{
	const struct jpick_value *v = at(m, r->category_from);

	for (unsigned i = 0; i < r->n_classes; i++) {
		struct jmap_test t = { .op = JMAP_IS, .values = r->classes[i].values };

		if (any_text(m, &t, v)) {
			ev->category = r->classes[i].category;
			return true;
		}
	}
	ev->category = r->category;
	return r->has_category;
}

static bool has_text(const struct jpick_value *v)
{
	return v->kind != JPICK_NONE && v->kind != JPICK_WHOLE;
}

static struct span detail(struct jmap *m, const struct jmap_rule *r)
{
	size_t n = 0;

	for (unsigned i = 0; i < r->n_detail; i++) {
		const struct jpick_value *v = at(m, r->detail[i]);
		size_t k = span_len(v->text);

		if (!has_text(v) || k == 0)
			continue;
		if (r->n_detail == 1)
			return v->text;
		if (n > 0 && n < sizeof(m->detail))
			m->detail[n++] = ' ';
		k = MIN_OF(k, sizeof(m->detail) - n);
		memcpy(m->detail + n, v->text.p, k);
		n += k;
	}
	return span_of(m->detail, n);
}

/* A number of times that is none, or absurd, is once. */
static uint32_t count(const struct jpick_value *v)
{
	uint32_t n = 1;

	if (!has_text(v) || num_u32(v->text, JMAP_COUNT_MAX, &n) < 0 || n == 0)
		return 1;
	return n;
}

static int apply(struct jmap *m, const struct jmap_rule *r, struct event *ev, const char **why)
{
	const struct jpick_value *service = at(m, r->service_from);

	*ev = (struct event){ .proof = r->proof };
	if (r->good)
		ev->category = CATEGORY_OTHER;
	else if (!category(m, r, ev))
		return 0;
	*why = address(m, r, ev);
	if (!*why && jtime_read(&r->form, at(m, r->time), &ev->time_s) < 0)
		*why = "the time is missing, or not written as the map says";
	if (*why)
		return -EINVAL;
	if (r->full_when.n > 0 && all_hold(m, r->full_when))
		ev->proof = PROOF_FULL;
	ev->count = count(at(m, r->count));
	ev->service = r->service;
	if (has_text(service) && !service->odd && span_len(service->text) > 0 &&
	    span_len(service->text) <= EVENT_SERVICE_MAX)
		ev->service = service->text;
	ev->detail = r->good ? span_str(good_name(r->good)) : detail(m, r);
	return 1;
}

bool jmap_has_good(const struct jmap *m)
{
	for (unsigned i = 0; i < m->n_rules; i++)
		if (m->rules[i].good)
			return true;
	return false;
}

int jmap_line(struct jmap *m, struct span line, bool good, struct event *ret, const char **why)
{
	*why = jpick_line(m->pick, line, m->v);
	if (*why)
		return -EINVAL;
	for (unsigned i = 0; i < m->n_rules; i++) {
		const struct jmap_rule *r = &m->rules[i];

		if (all_hold(m, r->when))
			return r->ignore || (r->good != GOOD_NONE) != good ? 0
									   : apply(m, r, ret, why);
	}
	return 0;
}

bool jmap_fits(struct jmap *m, struct span line)
{
	return m->recognise.n > 0 && !jpick_line(m->pick, line, m->v) && all_hold(m, m->recognise);
}
