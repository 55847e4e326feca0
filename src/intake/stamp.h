/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The dates that nearly all logs begin their lines with, found, cut out and read, fast (all others: dates.h):
 *   Dec 10 06:55:46        syslog: local time without a year, which is taken as the latest that is
 *                          not more than a day in the future
 *   2026-11-23T18:04:05.123456+01:00, 2026-11-23 18:04:05   RFC 3339, ISO 8601; '-', '/' or '.' in
 *                          the date; without a zone it is local time
 * before it nothing, two bytes of punctuation, or syslog's <PRI>. A fraction is dropped.
 * Source: RFC 3164 section 4.1.2, RFC 3339 section 5.6, fail2ban's default date templates. */
#ifndef ONUS_INTAKE_STAMP_H
#define ONUS_INTAKE_STAMP_H

#include <endian.h>
#include <stdbool.h>

#include "util/bytes.h"
#include "util/clock.h"

/* struct stamp - the date's place in a line */
struct stamp {
	int64_t time_s;
	uint32_t begin, end; /* [begin, end) of the line is the date */
	bool inside;	     /* more than two bytes of punctuation stand before it: a <PRI> */
};

/* struct stamp_reader - remembers the last minute, since most lines are of the same one */
struct stamp_reader {
	const struct clock *clock; /* borrowed */
	char minute[16]; /* "Dec 10 06:55:" of the last syslog date, "" before the first */
	int64_t minute_s;
	char iso_minute[24];		/* "2026-11-23T18:04:" */
	int64_t iso_local_s, iso_utc_s; /* of that minute as local time and as UTC */
};

void stamp_init(struct stamp_reader *r, const struct clock *clock);

/* stamp_read - the date at the start of line (a line end may follow or not)
 * Returns true and *ret, or false when there is none. */
bool stamp_read(struct stamp_reader *r, struct span line, struct stamp *ret);

/* stamp_differs - 0: the STAMP_BYTES at p are a date of the remembered minute, unless what is behind them makes
 * them another one; 16 bytes must be readable */
#define STAMP_BYTES 15u
static inline uint32_t stamp_differs(const struct stamp_reader *r, const char *p, int64_t *time_s)
{
	uint32_t same = (uint32_t)bytes_same_16(p, r->minute), seconds;
	uint16_t two;

	memcpy(&two, p + 13, 2);
	seconds = le16toh(two) ^ 0x3030u; /* tens, and 256 times the ones */
	*time_s = r->minute_s + (seconds * (10 << 8 | 1) >> 8 & 0xff);
	/* Tens over 5 and ones over 9 reach the high bit of their byte. */
	return (~same & 0x1fff) | (((seconds + 0x767a) | seconds) & 0x8080);
}

/* stamp_again - a date of the remembered minute with a blank behind it, and no digit, as nearly all lines have it;
 * STAMP_AGAIN bytes must be readable. False says nothing about the line. */
#define STAMP_AGAIN 17u
static inline bool stamp_again(const struct stamp_reader *r, const char *p, int64_t *time_s)
{
	return stamp_differs(r, p, time_s) == 0 && p[15] == ' ' &&
	       (unsigned)(unsigned char)p[16] - '0' > 9;
}

#endif
