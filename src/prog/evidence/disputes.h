/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines of evidence that do not count, as their owner disputes them (scoring.md A0 and D): from the day on which
 * the dispute was opened, unless the source has shown its record. What a source of one's own saw in full counts all
 * the same. */
#ifndef ONUS_PROG_EVIDENCE_DISPUTES_H
#define ONUS_PROG_EVIDENCE_DISPUTES_H

#include "ledger/hub.h"

struct disputed {
	struct prefix subject;
	int32_t day, source;
	enum category category;
	bool upheld;
};

/* struct disputes - zeroed to begin with */
struct disputes {
	struct disputed *v; /* owned; as hub_each_dispute orders them */
	size_t n, cap;
	int64_t at_s; /* of disputes_read */
};

/* disputes_read - those that silence a line at an instant */
MUST_USE int disputes_read(struct hub *h, int64_t at_s, struct disputes *ret, struct err *e);
void disputes_done(struct disputes *d);

/* disputes_silence - whether the row is of such a line */
bool disputes_silence(const struct disputes *d, const struct hub_ledger_row *row);

#endif
