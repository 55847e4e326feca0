/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What changed hands from build to build, written into the hub. */
#ifndef ONUS_PROG_ONUS_REGISTRY_TENURE_H
#define ONUS_PROG_ONUS_REGISTRY_TENURE_H

#include <stdint.h>

#include "ledger/hub.h"

struct tenure_count {
	uint64_t builds;
	uint64_t same_day; /* builds that no input is newer in than in the one before: left out */
	uint64_t recorded;
	uint64_t known;	  /* recorded before, or older than what is */
	uint64_t waiting; /* seen in the last build only: the next one decides */
	uint64_t
	    unconfirmed; /* the next build did not say so again, or it was back to what it had been */
	uint64_t otherwise; /* another voice has told of that range before */
};

/* tenure_record - read builds in order of time and write each transfer that is confirmed, all or nothing
 *
 * A transfer (holders/diff.h) between two builds stands when the build after them says so too: its
 * record of the same voice names the same new holder. What one build alone said, between two that agree,
 * is no tenure. Doing it again writes nothing new.
 * bad  is told of a build that cannot be used; returns 0 to go on without it
 * Returns 0; -errno. */
typedef int tenure_bad_fn(void *ctx, const struct err *why);
MUST_USE int tenure_record(struct hub *h, char *const *paths, size_t n, tenure_bad_fn *bad,
    void *ctx, struct tenure_count *ret, struct err *e);

#endif
