/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Local dates to Unix time, as logs have them. */
#ifndef ONUS_INTAKE_CALENDAR_H
#define ONUS_INTAKE_CALENDAR_H

#include <stdbool.h>

#include "util/clock.h"

/* struct civil - a date and a time of day; month 1-12, day 1-31, second 0-61 */
struct civil {
	int year, month, day, hour, minute, second;
};

#define CALENDAR_MONTHS "JanFebMarAprMayJunJulAugSepOctNovDec"

/* calendar_days - in a month */
int calendar_days(int year, int month);

/* calendar_local - local time to Unix seconds; in the hour that a clock change repeats or skips, mktime decides */
int64_t calendar_local(const struct civil *c);

/* calendar_utc - the same of UTC */
int64_t calendar_utc(const struct civil *c);

/* calendar_year - the latest year that puts the date not more than a day after now_s
 *
 * c        its year is not looked at
 * offset_s the zone: seconds east of UTC, or NULL for local time
 * Returns true and the Unix time; false when there is no such day. */
bool calendar_year(const struct civil *c, const int *offset_s, int64_t now_s, int64_t *ret);

#endif
