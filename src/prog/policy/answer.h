/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a request to what Postfix is told. */
#ifndef ONUS_PROG_POLICY_ANSWER_H
#define ONUS_PROG_POLICY_ANSWER_H

#include "door/door.h"
#include "prog/policy/request.h"
#include "publication/edition.h"

#define ANSWER_BYTES_MAX (DOOR_TEXT_MAX + 64u) /* of one, with its empty line */

struct policy_counts {
	uint64_t requests, shed; /* shed ones are not in door */
	struct door_counts door;
};

/* answer_dunno - of whoever is not asked about: length written */
size_t answer_dunno(char to[ANSWER_BYTES_MAX]);

/* answer_request - judge it
 *
 * ed          may be NULL: nobody is listed
 * *prepended  of its connection, 0 to begin with: the mail (request.instance) that has its header already, as Postfix asks
 *             for each recipient and would take one for each
 * Returns the length written. */
size_t answer_request(struct door *door, const struct edition *ed, const struct policy_request *q,
    int64_t now_s, uint64_t *prepended, struct policy_counts *n, char to[ANSWER_BYTES_MAX]);

#endif
