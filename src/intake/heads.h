/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the heads of lines mean to a set of filters. Behind its date a syslog line says a host and a program, "mx1
 * postfix/smtpd[", and a log has few of these: which filters cannot match a line of that program at all, and where in
 * a filter's prefregex one is behind the head, is found out once and remembered. A log with ever new heads costs
 * little more than one without: the less is remembered in vain, the rarer it is tried. */
#ifndef ONUS_INTAKE_HEADS_H
#define ONUS_INTAKE_HEADS_H

#include "intake/fast.h"
#include "intake/filter.h"
#include "util/bytes.h"
#include "util/macro.h"

#define HEAD_MAX FAST_AFTER_MAX
#define HEADS_N	 64u /* remembered at once; a power of two */

/* struct head_filter - one that may match */
struct head_filter {
	const struct filter *f;
	unsigned filter;       /* its index among those of heads_new */
	struct fast_from from; /* where its prefregex goes on */
	bool is_plain;	       /* with what follows there */
	struct fast_plain plain;
};

struct head {
	char bytes[HEAD_MAX]; /* NULs behind them, one at least */
	uint64_t want;	      /* a bit for each of its bytes; 0: none is remembered */
	uint64_t
	    again; /* the same where a plain filter is all that may match, and it can follow a date at once:
			   a blank and no digit; or else all bits, which no line has */
	uint32_t n;
	struct head_filter of[FILTERS_MAX]; /* in their order */
};

/* struct heads - private, but for the inline functions below */
struct heads {
	struct head *last;    /* the one that was found last */
	struct head all;      /* all filters, each from its beginning */
	uint32_t hits;	      /* since one was learnt */
	uint32_t rest, pause; /* lines to go before one is learnt again, and how many those were */
	struct head head[HEADS_N];
};

/* heads_new - of n <= FILTERS_MAX filters, borrowed; NULL: out of memory */
struct heads *heads_new(struct filter *const *filters, unsigned n);
struct heads *heads_free(struct heads *h); /* NULL-safe, returns NULL */

/* A bit for each of its bytes that the line at p begins with, and maybe others. Where the line is shorter, its LF is none
 * of the head's bytes. */
static inline uint64_t head_same(const struct head *head, const char *p)
{
	uint64_t same = bytes_same_16(p, head->bytes) | bytes_same_16(p + 16, head->bytes + 16)
							    << 16;

	if (UNLIKELY(head->want >> 32))
		same |= bytes_same_16(p + 32, head->bytes + 32) << 32 |
			bytes_same_16(p + 48, head->bytes + 48) << 48;
	return same;
}

/* Does the line at p begin with it? */
static inline bool head_is(const struct head *head, const char *p)
{
	return (~head_same(head, p) & head->want) == 0;
}

/* heads_look - heads_find where it is not the same as for the line before */
const struct head *heads_look(struct heads *h, const char *p, const char *end);

/* heads_find - for the line [p, end) without its date, up to its LF; 64 bytes at p must be readable. Until the next
 * call. */
static inline const struct head *heads_find(struct heads *h, const char *p, const char *end)
{
	if (UNLIKELY(!head_is(h->last, p)))
		return heads_look(h, p, end);
	h->hits++;
	return h->last;
}

#endif
