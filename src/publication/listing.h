/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a DNS list says of whom it lists: the addresses that it answers with, and the text. onus-dnsbl says it, and the
 * export for rbldnsd says the same. What the codes mean is in doc/dnsbl.md. */
#ifndef ONUS_PUBLICATION_LISTING_H
#define ONUS_PUBLICATION_LISTING_H

#include "publication/client.h"

#define LISTING_TEXT_MAX                                                                           \
	254u /* bytes, of which rbldnsd has room for in one string of a TXT record */
#define LISTING_CODES_MAX (FAMILY_SCORED_N + 1u)
#define LISTING_SHARE	  0.1	      /* a family with less of what is expected is not told of */
#define LISTING_TEST	  0x7f000002u /* 127.0.0.2: what the test entries of RFC 5782 have */
#define LISTING_TEST_TEXT "a test entry of RFC 5782: nobody is meant"

enum listing_style { LISTING_LIST, LISTING_MASK, LISTING_STYLE_N };

/* listing_takes - is somebody under such a decision listed? A refusal, or more. */
static inline bool listing_takes(enum level level, enum action action)
{
	return level == LEVEL_BLOCK && action >= ACTION_REJECT;
}

static inline bool listing_is(const struct client *c)
{
	return c->decided && !c->spared && listing_takes(c->level, c->action);
}

/* listing_codes - the addresses that tell what the entity of this row is expected to do, ascending; returns how many: 1 at
 * least, of a mask 1 */
unsigned listing_codes(
    const struct reputation_row *row, enum listing_style style, uint32_t ret[LISTING_CODES_MAX]);

/* listing_text - "REASON; scope=block until=2026-11-30T12:00:00Z URL": the reason is cut where all of it does not fit, and
 * the page is left out where even that does not help. A dollar sign takes the room of two: in a zone for rbldnsd it is
 * written twice.
 *
 * site_url  "" for no page
 * ret       not terminated
 * Returns its length. */
size_t listing_text(const struct entity *scope, struct span reason, int64_t until_s,
    const char *site_url, char ret[LISTING_TEXT_MAX]);

#endif
