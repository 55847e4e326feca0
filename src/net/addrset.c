/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/addrset.h"

#include <errno.h>
#include <stdlib.h>

static const struct range mapped = { { 0, UINT64_C(0xffff00000000) },
	{ 0, UINT64_C(0xffffffffffff) } };

void addrset_done(struct addrset *s)
{
	if (!s)
		return;
	free(s->v);
	*s = (struct addrset){ .v = NULL };
}

static int push(struct addrset *s, struct range r)
{
	if (s->n == s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 16;
		struct range *v = reallocarray(s->v, cap, sizeof(*v));

		if (!v)
			return -ENOMEM;
		s->v = v;
		s->cap = cap;
	}
	s->v[s->n++] = r;
	return 0;
}

int addrset_add(struct addrset *s, struct range r)
{
	struct range low = { r.first, addr_prev(mapped.first) };
	struct range high = { addr_next(mapped.last), r.last };
	int code;

	if (addr_cmp(r.first, r.last) > 0 || addr_is_v4(r.first) != addr_is_v4(r.last))
		return -EINVAL;
	if (addr_is_v4(r.first) || addr_cmp(r.last, mapped.first) < 0 ||
	    addr_cmp(r.first, mapped.last) > 0)
		return push(s, r);
	code = push(s, low);
	if (code == 0 && (code = push(s, high)) < 0)
		s->n--;
	return code;
}

static int by_address(const void *pa, const void *pb)
{
	const struct range *a = pa, *b = pb;

	return addr_cmp(a->first, b->first);
}

/* Does b begin within a, or right behind it? Both of one family. a does not begin behind b. */
static bool joins(const struct range *a, const struct range *b)
{
	return addr_cmp(b->first, a->last) <= 0 || (addr_eq(b->first, addr_next(a->last)) &&
						       addr_is_v4(a->last) == addr_is_v4(b->first));
}

void addrset_settle(struct addrset *s)
{
	size_t k = 0;

	if (s->n < 2)
		return;
	qsort(s->v, s->n, sizeof(*s->v), by_address);
	for (size_t i = 1; i < s->n; i++) {
		if (!joins(&s->v[k], &s->v[i]))
			s->v[++k] = s->v[i];
		else if (addr_cmp(s->v[i].last, s->v[k].last) > 0)
			s->v[k].last = s->v[i].last;
	}
	s->n = k + 1;
}

/* Cut the next word off; false at the end. */
static bool next_word(struct span *rest, struct span *ret)
{
	static const char between[] = ", \t\r\n";
	const char *p;

	while (!span_empty(*rest) && memchr(between, *rest->p, sizeof(between) - 1))
		rest->p++;
	if (span_empty(*rest))
		return false;
	for (p = rest->p; p < rest->end && !memchr(between, *p, sizeof(between) - 1);)
		p++;
	*ret = (struct span){ rest->p, p };
	rest->p = p;
	return true;
}

/* Host bits behind a prefix are a typing error that must not become a whole network. */
static int parse_one(struct span word, struct range *ret)
{
	struct prefix p;

	if (memchr(word.p, '-', span_len(word)))
		return range_parse(word, ret);
	if (prefix_parse(word, true, &p) < 0)
		return -EINVAL;
	*ret = prefix_range(p);
	return 0;
}

int addrset_parse(struct span text, struct addrset *ret, struct err *e)
{
	struct addrset s = { .v = NULL };
	struct span word;

	while (next_word(&text, &word)) {
		struct range r;
		int code = parse_one(word, &r);

		if (code == 0)
			code = addrset_add(&s, r);
		if (code == 0)
			continue;
		addrset_done(&s);
		if (code == -ENOMEM)
			return err_set(e, code, "out of memory");
		return err_set(e, -EINVAL,
		    "\"%.*s\" is no address, prefix or range; write 192.0.2.0/24",
		    (int)MIN_OF(span_len(word), (size_t)80), word.p);
	}
	addrset_settle(&s);
	*ret = s;
	return 0;
}

int addrset_add_text(struct addrset *s, struct span text, struct err *e)
{
	struct addrset more = { .v = NULL }, all;
	int r = addrset_parse(text, &more, e);

	if (r < 0)
		return r;
	r = addrset_union(s, &more, &all);
	addrset_done(&more);
	if (r < 0)
		return err_set(e, r, "out of memory");
	addrset_done(s);
	*s = all;
	return 0;
}

size_t addrset_from(const struct addrset *s, struct addr a)
{
	size_t lo = 0, hi = s->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (addr_cmp(s->v[mid].last, a) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

bool addrset_has(const struct addrset *s, struct addr a)
{
	size_t i = addrset_from(s, a);

	return i < s->n && addr_cmp(s->v[i].first, a) <= 0;
}

bool addrset_covers(const struct addrset *s, struct range r)
{
	size_t i = addrset_from(s, r.first);

	return i < s->n && addr_cmp(s->v[i].first, r.first) <= 0 &&
	       addr_cmp(s->v[i].last, r.last) >= 0;
}

bool addrset_overlaps(const struct addrset *s, struct range r)
{
	bool v4 = addr_is_v4(r.first);

	for (size_t i = addrset_from(s, r.first); i < s->n; i++) {
		if (addr_cmp(s->v[i].first, r.last) > 0)
			return false;
		if (addr_is_v4(s->v[i].first) == v4)
			return true;
	}
	return false;
}

bool addrset_eq(const struct addrset *a, const struct addrset *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!addr_eq(a->v[i].first, b->v[i].first) || !addr_eq(a->v[i].last, b->v[i].last))
			return false;
	return true;
}

/* --- algebra ------------------------------------------------------------------------------------ */

int addrset_union(const struct addrset *a, const struct addrset *b, struct addrset *ret)
{
	struct addrset s = { .v = NULL };
	size_t i = 0, k = 0;

	while (i < a->n || k < b->n) {
		bool of_a = k == b->n || (i < a->n && by_address(&a->v[i], &b->v[k]) <= 0);
		struct range r = of_a ? a->v[i++] : b->v[k++];
		struct range *last = s.n ? &s.v[s.n - 1] : NULL;

		if (last && joins(last, &r)) {
			if (addr_cmp(r.last, last->last) > 0)
				last->last = r.last;
		} else if (push(&s, r) < 0) {
			addrset_done(&s);
			return -ENOMEM;
		}
	}
	*ret = s;
	return 0;
}

int addrset_intersect(const struct addrset *a, const struct addrset *b, struct addrset *ret)
{
	struct addrset s = { .v = NULL };
	size_t i = 0, k = 0;

	while (i < a->n && k < b->n) {
		const struct range *x = &a->v[i], *y = &b->v[k];
		struct range both = { addr_cmp(x->first, y->first) > 0 ? x->first : y->first,
			addr_cmp(x->last, y->last) < 0 ? x->last : y->last };

		if (addr_cmp(both.first, both.last) <= 0 && push(&s, both) < 0) {
			addrset_done(&s);
			return -ENOMEM;
		}
		if (addr_cmp(x->last, y->last) <= 0)
			i++;
		else
			k++;
	}
	*ret = s;
	return 0;
}

int addrset_subtract(const struct addrset *a, const struct addrset *b, struct addrset *ret)
{
	struct addrset s = { .v = NULL };

	for (size_t i = 0; i < a->n; i++) {
		struct range left = a->v[i], piece;

		while (addrset_take_outside(b, &left, &piece))
			if (push(&s, piece) < 0) {
				addrset_done(&s);
				return -ENOMEM;
			}
	}
	*ret = s;
	return 0;
}

/* addrset_take_outside for a range that does not run over the other family */
static bool take_outside(const struct addrset *s, struct range *r, struct range *ret)
{
	static const struct range nothing = { { 0, 1 }, { 0, 0 } };

	for (size_t i = addrset_from(s, r->first); addr_cmp(r->first, r->last) <= 0; i++) {
		struct range left = *r;

		if (i == s->n || addr_cmp(s->v[i].first, left.last) > 0) {
			*r = nothing;
			*ret = left;
			return true;
		}
		*r = nothing;
		if (addr_cmp(s->v[i].last, left.last) < 0)
			*r = (struct range){ addr_next(s->v[i].last), left.last };
		if (addr_cmp(left.first, s->v[i].first) < 0) {
			*ret = (struct range){ left.first, addr_prev(s->v[i].first) };
			return true;
		}
	}
	return false;
}

bool addrset_take_outside(const struct addrset *s, struct range *r, struct range *ret)
{
	struct range low = { r->first, addr_prev(mapped.first) };
	struct range high = { addr_next(mapped.last), r->last };
	bool found;

	if (addr_cmp(r->first, mapped.first) >= 0 || addr_cmp(r->last, mapped.last) <= 0)
		return take_outside(s, r, ret);
	found = take_outside(s, &low, ret);
	*r = found && addr_cmp(low.first, low.last) <= 0 ? (struct range){ low.first, high.last }
							 : high;
	return found || take_outside(s, r, ret);
}

/* --- sizes and prefixes --------------------------------------------------------------------------- */

uint64_t addrset_v4_addresses(const struct addrset *s)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		if (addr_is_v4(s->v[i].first))
			n += range_units(s->v[i]);
	return n;
}

uint64_t addrset_v6_blocks(const struct addrset *s)
{
	uint64_t n = 0, next = 0; /* next: the first /48 that is not counted yet */

	for (size_t i = 0; i < s->n; i++) {
		uint64_t first = s->v[i].first.hi >> 16, last = s->v[i].last.hi >> 16;

		if (addr_is_v4(s->v[i].first))
			continue;
		first = MAX_OF(first, next);
		if (first <= last) {
			n += last - first + 1;
			next = last + 1;
		}
	}
	return n;
}

bool addrset_next_prefix(const struct addrset *s, struct addrset_walk *w, struct prefix *ret)
{
	if (!w->within) {
		if (w->i == s->n)
			return false;
		w->left = s->v[w->i++];
	}
	w->within = range_take_prefix(&w->left, ret);
	return true;
}
