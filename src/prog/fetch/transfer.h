/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One request on its way: hop by hop, so that each redirect is looked at before it is followed. */
#ifndef ONUS_PROG_FETCH_TRANSFER_H
#define ONUS_PROG_FETCH_TRANSFER_H

#include <curl/curl.h>

#include "prog/fetch/body.h"

/* struct transfers - what all have in common; strings borrowed */
struct transfers {
	CURLM *multi;
	struct body_dir dir;
	const char *agent, *ca; /* ca NULL: the system's */
};

struct transfer;

/* transfer_start - begin; *ret is then in multi. When it cannot, the answer says why and -1 is returned. */
MUST_USE int transfer_start(struct transfers *all, const struct fetch_request *q,
    struct transfer **ret, struct fetch_answer *a);

/* transfer_of - whose easy handle it is */
struct transfer *transfer_of(CURL *h);

/* transfer_done - one hop has ended with code
 * Returns true with the answer set: the transfer is over and freed; false: it goes on to where it was sent. */
MUST_USE bool transfer_done(
    struct transfers *all, struct transfer *t, CURLcode code, struct fetch_answer *a);

#endif
