/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What holders were told (the hub's notices), for those who judge: to the judge, for whom an incident of which
 * somebody was told is older sooner, and as the response of one holder. */
#ifndef ONUS_PROG_EVIDENCE_NOTICES_H
#define ONUS_PROG_EVIDENCE_NOTICES_H

#include "holders/registry.h"
#include "judge/judge.h"
#include "judge/response.h"
#include "ledger/hub.h"

struct notice {
	struct entity about;
	int64_t sent_s, end_s; /* end: of the incident, or the instant that is judged */
	bool clean;
};

/* struct notices - zeroed to begin with */
struct notices {
	struct notice *v; /* owned; by number */
	size_t n, cap;
	int64_t at_s;
	uint64_t unread; /* about something that is no entity */
};

/* notices_read - those that were sent by an instant, as they stood then */
MUST_USE int notices_read(struct hub *h, int64_t at_s, struct notices *ret, struct err *e);
void notices_done(struct notices *n);

/* notices_tell - to a judge who judges over this registry */
MUST_USE int notices_tell(
    const struct notices *n, const struct registry *r, struct judge *j, struct err *e);

/* notices_response - of an entity: of all cases about it, or about what is within it */
struct response notices_response(
    const struct notices *n, const struct registry *r, const struct entity *of);

#endif
