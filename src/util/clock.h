/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Time comes from a clock that is passed in, so that tests can move it. Calendar text is UTC. */
#ifndef ONUS_UTIL_CLOCK_H
#define ONUS_UTIL_CLOCK_H

#include <stdint.h>

#include "util/span.h"

#define DAY_S 86400

struct clock {
	int64_t (*now_s)(const struct clock *c); /* Unix seconds */
	int64_t fixed_s;			 /* used by clock_fixed */
};

struct clock clock_system(void);
struct clock clock_fixed(int64_t now_s);

static inline int64_t clock_now_s(const struct clock *c)
{
	return c->now_s(c);
}

/* clock_monotonic_us - for durations only */
int64_t clock_monotonic_us(void);

/* Days since 1970-01-01, floor. */
static inline int32_t day_of(int64_t time_s)
{
	return (int32_t)((time_s >= 0 ? time_s : time_s - (DAY_S - 1)) / DAY_S);
}

/* utc_days - days since 1970-01-01 of a civil date (proleptic Gregorian); month 1-12, day 1-31 */
int32_t utc_days(int32_t year, int month, int day);

/* utc_format - "2026-11-23T18:04:05Z" / utc_format_day - "2026-11-23" */
#define UTC_TEXT_MAX 32
void utc_format(int64_t time_s, char ret[UTC_TEXT_MAX]);
void utc_format_day(int32_t day, char ret[UTC_TEXT_MAX]);

/* utc_parse - Unix seconds ("1700000000", optional fraction dropped), RFC 3339 date-time (any
 * offset, 'T', 't' or blank between, fraction dropped) or a bare date (midnight UTC). Years
 * 1970-9999. Returns 0 or -EINVAL; *ret is set only on success. Source: RFC 3339 section 5.6. */
MUST_USE int utc_parse(struct span s, int64_t *ret);

#endif
