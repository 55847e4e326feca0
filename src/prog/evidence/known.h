/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Out of the hub: who did something good here, and who of them attacked as well; for the replay of decisions. */
#ifndef ONUS_PROG_EVIDENCE_KNOWN_H
#define ONUS_PROG_EVIDENCE_KNOWN_H

#include "judge/replay.h"
#include "ledger/hub.h"
#include "ledger/hub_good.h"
#include "prog/evidence/voices.h"

#define KNOWN_EVERY_S 3600 /* how old what known_fresh has read may be */

/* known_each - good observations of days first_day … last_day, of sources that are anchors. 0; -errno; what fn returned */
MUST_USE int known_each(struct hub *h, const struct voices *voices, int32_t first_day,
    int32_t last_day, hub_good_fn *fn, void *ctx, struct err *e);

/* known_read - good observations of days first_day … last_day, and verified attacks of the same days by the same hosts.
 * Both count only where a source that is an anchor saw them. Within a view that the caller has begun (hub_read_begin).
 * 0; -errno */
MUST_USE int known_read(
    struct hub *h, int32_t first_day, int32_t last_day, struct replay *to, struct err *e);

/* struct known_good - zeroed to begin with */
struct known_good {
	struct replay *replay; /* owned; NULL until it was read; without decisions */
	int64_t read_s;
};

/* known_fresh - the last REPLAY_KNOWN_DAYS days, read again where that is due, and no decisions. 0; -errno: as it was */
MUST_USE int known_fresh(struct known_good *k, struct hub *h, int64_t now_s, struct err *e);
bool known_nobody(
    const struct known_good *k);       /* nothing good is known, so nothing costs anything */
void known_done(struct known_good *k); /* callable twice */

#endif
