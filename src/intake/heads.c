/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "intake/heads.h"

#include <ctype.h>
#include <stdlib.h>

_Static_assert(HEADS_N == 64, "six bits of a hash");

#define PAUSE_MIN 16u
#define PAUSE_MAX 4096u

struct heads *heads_new(struct filter *const *filters, unsigned n)
{
	struct heads *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->last = &h->head[0];
	for (unsigned i = 0; i < HEADS_N; i++)
		h->head[i].want = h->head[i].again = UINT64_MAX; /* NULs: of no line */
	for (unsigned i = 0; i < n; i++)
		h->all.of[h->all.n++] = (struct head_filter){ .f = filters[i], .filter = i };
	return h;
}

struct heads *heads_free(struct heads *h)
{
	free(h);
	return NULL;
}

/* Can none of the expressions match what begins with head? */
static bool none_matches(const struct filter *f, struct span head)
{
	struct fast_from from;

	for (unsigned i = 0; i < f->n_fail; i++)
		if (!f->fail[i]->fast || fast_after(f->fail[i]->fast, head, &from))
			return false;
	return true;
}

/* May filter f match what begins with head? Then *ret. */
static bool may_match(const struct filter *f, struct span head, struct fast_from *ret)
{
	*ret = (struct fast_from){ .op = NULL };
	if (!f->prefix)
		return !none_matches(f, head);
	return !f->prefix->fast || fast_after(f->prefix->fast, head, ret);
}

static const struct head *learn(struct heads *h, struct head *slot, struct span head)
{
	if (h->rest > 0) {
		h->rest--;
		return &h->all;
	}
	h->pause = h->hits >= h->pause ? PAUSE_MIN : MIN_OF(PAUSE_MAX, h->pause * 2);
	h->rest = h->pause;
	h->hits = 0;
	slot->want = UINT64_MAX >> (64 - span_len(head));
	memset(slot->bytes, 0, sizeof(slot->bytes));
	memcpy(slot->bytes, head.p, span_len(head));
	slot->n = 0;
	for (unsigned i = 0; i < h->all.n; i++) {
		struct head_filter *of = &slot->of[slot->n];

		*of = h->all.of[i];
		slot->n += may_match(of->f, head, &of->from);
		of->is_plain = fast_plain(&of->from, &of->plain);
	}
	slot->again = slot->n == 1 && slot->of[0].is_plain && head.p[0] == ' ' &&
			      !isdigit((unsigned char)head.p[1])
			  ? slot->want
			  : UINT64_MAX;
	h->last = slot;
	return slot;
}

/* How long the head is that the line at p begins with: up to its first '[' or ':'. 0: none is to be seen. */
static uint32_t length(const char *p, const char *end)
{
	uint64_t bits = bytes_that_are_2(p, '[', ':');
	size_t n = (size_t)__builtin_ctzll(bits | UINT64_C(1) << 63) + 1;

	return bits && n >= 8 && n < HEAD_MAX && n <= (size_t)(end - p) ? (uint32_t)n : 0;
}

const struct head *heads_look(struct heads *h, const char *p, const char *end)
{
	uint32_t len = length(p, end);
	struct head *slot;
	uint64_t a, b;

	if (len == 0)
		return &h->all;
	memcpy(&a, p, 8);
	memcpy(&b, p + len - 8, 8);
	a = (a ^ b << 7 ^ b >> 9) * UINT64_C(0x9e3779b97f4a7c15);
	slot = &h->head[a >> 58];
	if (!head_is(slot, p))
		return learn(h, slot, span_of(p, len));
	h->hits++;
	h->last = slot;
	return slot;
}
