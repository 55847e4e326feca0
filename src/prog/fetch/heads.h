/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a server says before the body, as curl has it: into answers, and into what is kept of a body that was cut. */
#ifndef ONUS_PROG_FETCH_HEADS_H
#define ONUS_PROG_FETCH_HEADS_H

#include <curl/curl.h>

#include "svc/fetch_range.h"

/* heads_of - texts are curl's, until the next hop. heads_status - 0 when there is none */
void heads_of(CURL *h, struct fetch_heads *ret);
long heads_status(CURL *h);

/* heads_keep - text that goes back on the line, or with the next request: printable ASCII that fits, or none of it */
void heads_keep(const char *from, char *to, size_t room);

/* heads_answer - all that an answer tells of them. heads_part - what a body from url begins; total is set, what is the
 * file's is not */
void heads_answer(CURL *h, const char *url, struct fetch_answer *a);
void heads_part(CURL *h, const char *url, struct fetch_part *ret);

#endif
