/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An edition: one publication, proven and opened for those who answer strangers (onus-dnsbl, onus-policy, onus-milter).
 * It never changes; many threads read it without a lock while a newer one is opened beside it (publication/editions.h).
 * What it takes from a publication: reputation, settings, carve-outs, reach. */
#ifndef ONUS_PUBLICATION_EDITION_H
#define ONUS_PUBLICATION_EDITION_H

#include "net/addrset.h"
#include "publication/manifest.h"
#include "publication/reputation.h"

struct edition;

/* edition_open - a publication's directory (place_current)
 *
 * key  who must have signed it; NULL: anybody (then edition_key tells who did)
 * own  one's own networks as the configuration has them, copied; NULL for none
 * Each file that is read must be the one that the manifest names, to the byte.
 * Returns 0 with one hold on *ret; -EBADMSG and -EKEYREJECTED with what is wrong; -ENOENT: not there (pruned meanwhile?);
 * -errno. */
MUST_USE int edition_open(const char *dir, const uint8_t *key, const struct addrset *own,
    struct edition **ret, struct err *e);

/* edition_hold - one hold more; edition_free - let go of one, NULL-safe, returns NULL. Any thread. */
struct edition *edition_hold(struct edition *ed);
struct edition *edition_free(struct edition *ed);

const struct reputation *edition_reputation(const struct edition *ed);
const struct publication_head *edition_head(const struct edition *ed);
const uint8_t *edition_key(const struct edition *ed); /* [SIGN_KEY_BYTES] */

/* edition_stale - its time is over: whoever answers by it answers as if nothing were listed */
static inline bool edition_stale(const struct edition *ed, int64_t now_s)
{
	return now_s >= edition_head(ed)->expires_s;
}

#endif
