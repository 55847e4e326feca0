/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/evidence/warrants.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "holders/spread.h"
#include "prog/evidence/names.h"

/* --- how much it covers ------------------------------------------------------------------------- */

struct measuring {
	const struct addrset *never;
	struct warrant_space size;
	bool touched;
};

static uint64_t sum(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static int take_range(void *ctx, struct range range)
{
	struct measuring *m = ctx;
	uint64_t *size = addr_is_v4(range.first) ? &m->size.v4 : &m->size.v6;

	*size = sum(*size, range_units(range));
	m->touched |= range_special(range) || addrset_overlaps(m->never, range);
	return 0;
}

static void measure(struct warrant_case *x, const struct registry *r, const struct addrset *never)
{
	static const struct transfers none;
	struct measuring m = { .never = never };
	const struct entity *en = &x->w.entity;

	if (names_find(r, &none, en, &x->key, NULL) < 0 || spread_each(r, en, take_range, &m) < 0 ||
	    (m.size.v4 == 0 && m.size.v6 == 0))
		x->verdict = WARRANT_UNKNOWN;
	else if (m.touched)
		x->verdict = WARRANT_NEVER;
	x->size = m.size;
}

/* --- all of them -------------------------------------------------------------------------------- */

static void look(struct warrant_case *x, const struct operator_keys *keys, const struct registry *r,
    const struct addrset *never, int64_t now_s)
{
	char name[ENTITY_NAME_MAX];

	if (warrant_parse(span_str(x->set->text), &x->w, NULL) < 0) {
		x->verdict = WARRANT_NONE;
		return;
	}
	(void)entity_format(&x->w.entity, name);
	if (!operator_signed(keys, &x->w))
		x->verdict = WARRANT_STRANGER;
	else if (strcmp(name, x->set->entity) != 0)
		x->verdict = WARRANT_MOVED;
	else if (x->w.until_s > now_s)
		measure(x, r, never);
}

int warrants_read(struct warrants *ret, const struct settings *set, const char *keys,
    const struct registry *r, const struct addrset *never, int64_t now_s, struct err *e)
{
	struct operator_keys trusted;
	struct warrants w = { .beyond = set->warrants.beyond };
	int err = operator_keys_parse(span_str(keys), &trusted, e);

	if (err < 0)
		return err;
	w.v = calloc(set->warrants.n + 1, sizeof(*w.v));
	if (!w.v)
		return err_set(e, -ENOMEM, "out of memory");
	w.announced = (struct warrant_space){ registry_v4_addresses(r), registry_v6_blocks(r) };
	for (; w.n < set->warrants.n; w.n++) {
		w.v[w.n].set = &set->warrants.v[w.n];
		look(&w.v[w.n], &trusted, r, never, now_s);
	}
	warrants_judge(w.v, w.n, now_s, w.announced, &w.covered);
	for (size_t i = 0; i < w.n; i++)
		w.count[w.v[i].verdict]++;
	*ret = w;
	return 0;
}

void warrants_done(struct warrants *w)
{
	free(w->v);
	*w = (struct warrants){ .n = 0 };
}

/* --- asking ------------------------------------------------------------------------------------- */

static bool same_key(const struct judge_key *a, const struct judge_key *b)
{
	return a->kind == b->kind && addr_eq(a->addr, b->addr) && a->index == b->index &&
	       strcmp(a->country, b->country) == 0;
}

const struct warrant_case *warrants_of(
    const struct warrants *w, const struct registry *r, const struct entity *en)
{
	static const struct transfers none;
	struct judge_key key;

	if (w->count[WARRANT_GOOD] == 0 || names_find(r, &none, en, &key, NULL) < 0)
		return NULL;
	for (size_t i = 0; i < w->n; i++)
		if (w->v[i].verdict == WARRANT_GOOD && same_key(&w->v[i].key, &key))
			return &w->v[i];
	return NULL;
}

bool warrants_back(const struct warrants *w, const struct registry *r, const struct entity *en,
    enum level level, enum action action, int64_t until_s, int32_t episode)
{
	const struct warrant_case *x;

	if (!warrant_needed(en->kind, level, action, episode))
		return true;
	x = warrants_of(w, r, en);
	return x && x->w.until_s == until_s && (action == x->w.action || action == ACTION_TAG);
}

/* --- saying ------------------------------------------------------------------------------------- */

void warrants_said(const struct warrant_case *x, struct err *ret)
{
	struct warrant ignored;

	if (x->verdict != WARRANT_NONE || warrant_parse(span_str(x->set->text), &ignored, ret) == 0)
		(void)err_set(ret, 0, "%s", warrant_verdict_text(x->verdict));
}

void warrants_covered(struct warrant_space s, char ret[WARRANT_SPACE_TEXT])
{
	if (s.v4 && s.v6)
		(void)snprintf(ret, WARRANT_SPACE_TEXT,
		    "%" PRIu64 " addresses and %" PRIu64 " /48s", s.v4, s.v6);
	else
		(void)snprintf(ret, WARRANT_SPACE_TEXT,
		    s.v6 ? "%" PRIu64 " /48s" : "%" PRIu64 " addresses", s.v6 ? s.v6 : s.v4);
}

/* FNV-1a: only to see a change. */
static uint64_t mix(uint64_t h, const char *s)
{
	for (; *s; s++)
		h = (h ^ (uint8_t)*s) * UINT64_C(0x100000001b3);
	return h;
}

uint64_t warrants_hash(const struct warrants *w)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < w->n; i++)
		if (w->v[i].verdict > WARRANT_ENDED)
			h = mix(
			    mix(mix(h, w->v[i].set->entity), warrant_verdict_name(w->v[i].verdict)),
			    w->v[i].set->text);
	return h;
}
