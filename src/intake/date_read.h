/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the parts of a date, as an expression found them, to Unix time. */
#ifndef ONUS_INTAKE_DATE_READ_H
#define ONUS_INTAKE_DATE_READ_H

#include "intake/calendar.h"

/* The parts: groups named by their directive of strptime(3), and three of ours. */
enum date_part {
	DATE_YEAR,
	DATE_YEAR2, /* of this century */
	DATE_MONTH,
	DATE_MON_NAME,
	DATE_MONTH_NAME,
	DATE_DAY,
	DATE_YEARDAY,
	DATE_WEEK_SUN, /* of the year, the first begins with a Sunday */
	DATE_WEEK_MON,
	DATE_WEEKDAY, /* 0 Sunday */
	DATE_DAY_NAME,
	DATE_WEEKDAY_NAME,
	DATE_HOUR,
	DATE_HOUR12,
	DATE_HALF, /* AM, PM */
	DATE_MINUTE,
	DATE_SECOND,
	DATE_OFFSET,
	DATE_ZONE,
	DATE_EPOCH,  /* Unix seconds, perhaps with a fraction */
	DATE_LEPOCH, /* the same, or milliseconds, or microseconds */
	DATE_TAI,    /* @ and 24 hexadecimal digits */
	DATE_PART_N
};
extern const char *const date_part_names[DATE_PART_N];

/* struct date_memory - of the last minute with a year: mktime is slow */
struct date_memory {
	struct civil minute;
	int64_t local_s;
};

/* date_read
 *
 * part     .p NULL where it took no part
 * now_s    decides the year of a date without one: the latest that is not more than a day ahead; and the day of
 *          a time without one: today's, or yesterday's when that is ahead
 * Returns 0; -EINVAL for what is no date (30 February, an unknown zone, too few parts). */
MUST_USE int date_read(
    const struct span part[DATE_PART_N], int64_t now_s, struct date_memory *m, int64_t *ret);

#endif
