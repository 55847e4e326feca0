/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Out of the hub: who did something good here, and who of them attacked as well; for the replay of decisions. */
#ifndef ONUS_PROG_EVIDENCE_KNOWN_H
#define ONUS_PROG_EVIDENCE_KNOWN_H

#include "judge/replay.h"
#include "ledger/hub.h"

#define KNOWN_DAYS 30 /* somebody is known good for so long (scoring.md, B3) */

/* known_read - good observations of days first_day … last_day, and verified attacks of the same days by the same hosts.
 * Both count only where a source that is an anchor saw them. 0; -errno */
MUST_USE int known_read(
    struct hub *h, int32_t first_day, int32_t last_day, struct replay *to, struct err *e);

#endif
