/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A request of Postfix's policy delegation protocol: lines `name=value`, an empty line at its end
 * (SMTPD_POLICY_README; attributes up to Postfix 3.12). What is not needed here is passed over, known or not. */
#ifndef ONUS_PROG_POLICY_REQUEST_H
#define ONUS_PROG_POLICY_REQUEST_H

#include <stdbool.h>

#include "util/err.h"
#include "util/span.h"

#define REQUEST_BYTES_MAX 16384u

/* struct policy_request - texts borrow from what was parsed; an attribute that is not there, or empty, is empty */
struct policy_request {
	struct span request;
	struct span client_address;
	struct span sender, recipient;
	struct span instance; /* of the mail, and of nothing else on its connection */
	struct span sasl_username;
	struct span ccert_subject; /* only of certificates that are trusted */
};

/* request_take - the first request off the head of *rest; of an attribute that comes twice the last one counts
 * Returns 1 with *ret; 0: it has not come to its end yet, *rest is as it was; -EBADMSG with what is wrong. */
MUST_USE int request_take(struct span *rest, struct policy_request *ret, struct err *e);

#endif
