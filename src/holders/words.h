/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Texts kept once each, as numbers in the order in which they came: what registries say millions of times
 * (names, handles, states) costs four bytes a time. The hash is keyed: strangers choose the texts. */
#ifndef ONUS_HOLDERS_WORDS_H
#define ONUS_HOLDERS_WORDS_H

#include "util/buf.h"

#define WORDS_NONE UINT32_MAX
#define WORDS_BITS 28 /* at most 2^28 slots */

struct words {
	uint64_t *slot; /* owned; upper half of the hash << 32 | number + 1; 0: free */
	uint32_t *at;	/* owned; [n + 1]: where each begins in text */
	size_t at_cap;
	uint32_t n; /* at least 1: number 0 is the empty text */
	unsigned bits;
	struct buf text;
};

/* words_init - 0 or -ENOMEM; words_done frees, callable twice and on a zeroed struct */
MUST_USE int words_init(struct words *w, size_t max_bytes);
void words_done(struct words *w);

/* words_put - the number of s; WORDS_NONE when memory or max_bytes is exhausted */
uint32_t words_put(struct words *w, struct span s);

/* words_find - the same; WORDS_NONE when it is not there */
uint32_t words_find(const struct words *w, struct span s);

static inline struct span words_at(const struct words *w, uint32_t word) /* word < w->n */
{
	return span_of(w->text.p + w->at[word], w->at[word + 1] - w->at[word]);
}

#endif
