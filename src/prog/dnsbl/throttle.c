/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/dnsbl/throttle.h"

#include <errno.h>
#include <stdatomic.h>

#include "util/hash.h"

#define SLOTS	     65536u /* networks a second; 512 KiB */
#define WAYS	     4u	    /* places where one may be */
#define V4_LEN	     120u   /* /24 */
#define V6_LEN	     56u
#define TAG_SHIFT    40
#define SECOND_SHIFT 24
#define SECONDS	     UINT64_C(0xffff)
#define COUNT_MAX    UINT64_C(0xffffff)

/* A slot is one word: which network (24 bits of its hash), the second (16 bits), questions in it (24 bits). Threads that
 * meet in one may lose a count: a limit is no ledger. */
struct throttle {
	uint32_t rate, slip;
	struct addrset unlimited;
	_Atomic uint64_t slot[SLOTS];
};

int throttle_new(const struct conf *c, struct throttle **ret, struct err *e)
{
	struct throttle *t = calloc(1, sizeof(*t));
	int r;

	if (!t)
		return err_set(e, -ENOMEM, "out of memory");
	t->rate = c->dnsbl_rate;
	t->slip = c->dnsbl_slip;
	r = addrset_parse(span_str(c->dnsbl_unlimited), &t->unlimited, e);
	if (r < 0) {
		(void)throttle_free(t);
		return err_wrap(e, r, "dnsbl_unlimited");
	}
	*ret = t;
	return 0;
}

struct throttle *throttle_free(struct throttle *t)
{
	if (t)
		addrset_done(&t->unlimited);
	free(t);
	return NULL;
}

static uint64_t second_of(uint64_t word)
{
	return word >> SECOND_SHIFT & SECONDS;
}

/* The network's slot, else one of another second, else the one with the fewest questions. */
static _Atomic uint64_t *slot_of(struct throttle *t, uint64_t hash, uint64_t second)
{
	_Atomic uint64_t *best = NULL;
	uint64_t least = UINT64_MAX;

	for (unsigned i = 0; i < WAYS; i++) {
		_Atomic uint64_t *s = &t->slot[(hash + i) % SLOTS];
		uint64_t w = atomic_load_explicit(s, memory_order_relaxed), n = w & COUNT_MAX;

		if (w >> TAG_SHIFT == hash >> TAG_SHIFT)
			return s;
		if (second_of(w) != second)
			n = 0;
		if (n < least) {
			least = n;
			best = s;
		}
	}
	return best;
}

uint64_t throttle_network(struct addr a)
{
	struct prefix p = prefix_make(a, addr_is_v4(a) ? V4_LEN : V6_LEN);

	return hash_bytes(&p.addr, sizeof(p.addr));
}

/* How many this second, with this one. */
static uint64_t one_more(struct throttle *t, struct addr a, int64_t now_s)
{
	uint64_t hash = throttle_network(a), second = (uint64_t)now_s & SECONDS;
	_Atomic uint64_t *s = slot_of(t, hash, second);
	uint64_t w = atomic_load_explicit(s, memory_order_relaxed), n = 1;

	if (w >> TAG_SHIFT == hash >> TAG_SHIFT && second_of(w) == second)
		n = MIN_OF((w & COUNT_MAX) + 1, COUNT_MAX);
	atomic_store_explicit(
	    s, hash >> TAG_SHIFT << TAG_SHIFT | second << SECOND_SHIFT | n, memory_order_relaxed);
	return n;
}

enum throttle_says throttle_ask(struct throttle *t, struct addr a, int64_t now_s)
{
	uint64_t n;

	if (t->rate == 0 || addrset_has(&t->unlimited, a))
		return THROTTLE_ANSWER;
	n = one_more(t, a, now_s);
	if (n <= t->rate)
		return THROTTLE_ANSWER;
	return t->slip && (n - t->rate) % t->slip == 0 ? THROTTLE_BRIEF : THROTTLE_SILENCE;
}
