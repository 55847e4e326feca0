/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the readers of registry inputs share: texts made fit for a fact, countries, dates, and the way a
 * record goes when it is not taken. */
#ifndef ONUS_HOLDERS_FACT_TEXT_H
#define ONUS_HOLDERS_FACT_TEXT_H

#include "holders/fact.h"
#include "util/buf.h"

/* Bytes kept of one text; what is longer is cut between two characters. A key that is longer is no key. */
#define FACT_KEY_MAX	 128u /* handles, sources, opaque ids */
#define FACT_TEXT_MAX	 512u /* names, descriptions, status, mail */
#define FACT_ADDRESS_MAX 2048u
#define FACT_ROOM_BYTES	 16384u /* the texts of one fact together */

/* fact_room_init - room for the texts of a fact; false when out of memory. fact_room_reset before each
 * fact: its memory never moves, so that spans into it stay. buf_done frees it. */
MUST_USE bool fact_room_init(struct buf *room);
void fact_room_reset(struct buf *room);

/* fact_text - one line: trimmed, UTF-8 (what is none is read as Latin-1), line ends and tabs as blanks, other
 * control characters as '?', at most max bytes. Returns a span in room, empty when there is no text. */
struct span fact_text(struct buf *room, struct span s, size_t max);

/* fact_lines - the same for several lines, which stay apart by '\n'; empty ones are dropped */
struct span fact_lines(struct buf *room, struct span s, size_t max);

/* fact_key - as fact_text, but a key is whole or not there: longer than FACT_KEY_MAX, or control characters or
 * broken UTF-8 in it, and it is empty */
struct span fact_key(struct buf *room, struct span s);

/* fact_mail - the address when s is one by its looks (one '@', no blanks, brackets or quotes); else empty */
struct span fact_mail(struct buf *room, struct span s);

/* fact_head - the first bytes of s, at most max, no character of UTF-8 cut in two */
struct span fact_head(struct span s, size_t max);

/* fact_source - the first word, in capitals: letters, digits, '-'; else empty */
struct span fact_source(struct buf *room, struct span s);

/* fact_country - two letters into capitals, ZZ and an empty text into ""; false when it is neither, and ret is ""
 * then as well */
bool fact_country(struct span s, char ret[3]);

/* fact_date - "20131029" or what utc_parse reads that begins with a date; 0 when it is none, or before 1970 */
int64_t fact_date(struct span s);

/* fact_date8 - eight digits that are a day; false when they are not. Days before 1970 are 0. */
bool fact_date8(struct span s, int64_t *ret);

/* fact_geofeed - whether a remark names a geofeed: "Geofeed https://example.net/geofeed.csv" (RFC 9632) */
bool fact_geofeed(struct span remark);

/* fact_addr - an address, also one of decimal quads that are all padded to three digits */
bool fact_addr(struct span s, struct addr *ret);

static inline void fact_refuse(const struct fact_to *to, uint64_t line, const char *why)
{
	to->refuse(to->ctx, line, why);
}

static inline void fact_leave(const struct fact_to *to, uint64_t line, const char *why)
{
	if (to->leave)
		to->leave(to->ctx, line, why);
}

#endif
