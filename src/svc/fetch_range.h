/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A body that is taken up where it was cut: what may be kept to begin with, and whether the rest that a server sends
 * belongs to it. Source: RFC 9110 sections 8.8 (validators), 13.1.5 (If-Range), 14.4 (Content-Range), 15.3.7 (206). */
#ifndef ONUS_SVC_FETCH_RANGE_H
#define ONUS_SVC_FETCH_RANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "svc/fetch_line.h"

/* struct fetch_heads - of an answer. Texts are NULL where it has none; numbers as noted. */
struct fetch_heads {
	const char *etag, *range, *encoding, *ranges; /* ranges: Accept-Ranges */
	unsigned n_range;			      /* how many Content-Range there are */
	uint64_t modified_s, date_s;		      /* 0: none */
	int64_t length;				      /* Content-Length; -1: none */
};

/* fetch_range_keeps - may what an answer of status 200 begins be gone on with later? Only where the server names what it
 * is so that one byte's difference shows: a strong ETag, or, of a server without any, a date well before its own. */
bool fetch_range_keeps(const struct fetch_heads *h);

/* fetch_range_misfit - why an answer of status 206 is not the rest of p from byte have on; NULL: it is
 * end, total  set when it is: the answer ends before this byte, the whole has so many */
const char *fetch_range_misfit(const struct fetch_part *p, uint64_t have,
    const struct fetch_heads *h, uint64_t *end, uint64_t *total);

/* fetch_range_parse - a Content-Range "bytes FIRST-LAST/TOTAL", where TOTAL may be "*": 0
 * Returns 0; -EINVAL: another unit, no such range, or one that contradicts itself */
MUST_USE int fetch_range_parse(struct span text, uint64_t *first, uint64_t *last, uint64_t *total);

/* fetch_range_date - time_s as HTTP writes it (RFC 9110 section 5.6.7) */
#define FETCH_DATE_MAX 32
void fetch_range_date(uint64_t time_s, char ret[FETCH_DATE_MAX]);

#endif
