/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "intake/calendar.h"

#include <time.h>

int calendar_days(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

int64_t calendar_local(const struct civil *c)
{
	struct tm tm = { .tm_year = c->year - 1900,
		.tm_mon = c->month - 1,
		.tm_mday = c->day,
		.tm_hour = c->hour,
		.tm_min = c->minute,
		.tm_sec = c->second,
		.tm_isdst = -1 };

	return (int64_t)mktime(&tm);
}

int64_t calendar_utc(const struct civil *c)
{
	return (int64_t)utc_days(c->year, c->month, c->day) * DAY_S + c->hour * 3600 +
	       c->minute * 60 + c->second;
}

bool calendar_year(const struct civil *c, const int *offset_s, int64_t now_s, int64_t *ret)
{
	time_t now = (time_t)now_s;
	struct civil at = *c;
	struct tm tm;

	if (!localtime_r(&now, &tm))
		return false;
	/* 29 February: the last leap year is at most eight back. */
	for (at.year = tm.tm_year + 1901; at.year >= tm.tm_year + 1900 - 8; at.year--) {
		int64_t t;

		if (at.day > calendar_days(at.year, at.month))
			continue;
		t = offset_s ? calendar_utc(&at) - *offset_s : calendar_local(&at);
		if (t <= now_s + DAY_S) {
			*ret = t;
			return true;
		}
	}
	return false;
}
