/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a message to the answer: everything but the sockets. It allocates nothing and takes no lock. */
#ifndef ONUS_PROG_DNSBL_ANSWER_H
#define ONUS_PROG_DNSBL_ANSWER_H

#include <stdatomic.h>

#include "net/dns_answer.h"
#include "prog/dnsbl/zone.h"
#include "publication/edition.h"

#define ANSWER_MAX 1536u /* bytes of the longest answer there is */

enum count {
	COUNT_QUERIES,
	COUNT_TCP,    /* of them, over TCP */
	COUNT_LISTED, /* answered with who is listed: neither test entries nor scores */
	COUNT_NXDOMAIN,
	COUNT_REFUSED,	 /* no zone of ours, or no client of ours */
	COUNT_MALFORMED, /* no message of DNS, or none that can be understood */
	COUNT_TRUNCATED,
	COUNT_DROPPED, /* left unanswered, or only in brief: too many to one network */
	COUNT_LOST,    /* answers that the kernel did not take */
	COUNT_SHED, /* questions that had waited too long when their turn came, of none of the above */
	COUNT_N
};
extern const char *const count_name[COUNT_N];

/* struct counts - by one thread, read by others */
struct counts {
	_Atomic uint64_t v[COUNT_N];
};

static inline uint64_t counted(const struct counts *c, enum count what)
{
	return atomic_load_explicit(&c->v[what], memory_order_relaxed);
}

static inline void count(struct counts *c, enum count what)
{
	atomic_store_explicit(&c->v[what], counted(c, what) + 1, memory_order_relaxed);
}

/* struct asked - what holds for a message besides its bytes */
struct asked {
	const struct zone *zone;
	const struct edition *edition; /* NULL: nothing is listed */
	int64_t now_s;
	bool tcp;
	bool refused; /* not one of those who may ask */
};

/* answer_make - to a message
 *
 * out     [ANSWER_MAX]
 * brief   nothing but the question, truncated: whoever is real comes back over TCP
 * Returns the answer's bytes; 0: say nothing. */
size_t answer_make(
    const struct asked *a, struct rd message, bool brief, uint8_t *out, struct counts *c);

#endif
