/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "intake/date_read.h"

#include <errno.h>
#include <time.h>

#include "intake/date_zone.h"
#include "util/num.h"

const char *const date_part_names[DATE_PART_N] = {
	[DATE_YEAR] = "Y",
	[DATE_YEAR2] = "y",
	[DATE_MONTH] = "m",
	[DATE_MON_NAME] = "b",
	[DATE_MONTH_NAME] = "B",
	[DATE_DAY] = "d",
	[DATE_YEARDAY] = "j",
	[DATE_WEEK_SUN] = "U",
	[DATE_WEEK_MON] = "W",
	[DATE_WEEKDAY] = "w",
	[DATE_DAY_NAME] = "a",
	[DATE_WEEKDAY_NAME] = "A",
	[DATE_HOUR] = "H",
	[DATE_HOUR12] = "I",
	[DATE_HALF] = "p",
	[DATE_MINUTE] = "M",
	[DATE_SECOND] = "S",
	[DATE_OFFSET] = "z",
	[DATE_ZONE] = "Z",
	[DATE_EPOCH] = "_epoch",
	[DATE_LEPOCH] = "_lepoch",
	[DATE_TAI] = "_tai",
};

#define ABSENT (-1)

/* A number within bounds, blanks before it; *ret stays when the part is absent. */
static int number(struct span s, uint32_t least, uint32_t most, int *ret)
{
	uint32_t n;

	if (!s.p)
		return 0;
	while (!span_empty(s) && *s.p == ' ')
		s.p++;
	if (num_u32(s, most, &n) < 0 || n < least)
		return -EINVAL;
	*ret = (int)n;
	return 0;
}

/* Which of a list of three-letter names s begins with. */
static int name(struct span s, const char *names, int first, int *ret)
{
	if (!s.p)
		return 0;
	for (const char *p = names; span_len(s) >= 3 && *p; p += 3)
		if (strncasecmp(p, s.p, 3) == 0) {
			*ret = (int)(p - names) / 3 + first;
			return 0;
		}
	return -EINVAL;
}

/* --- Unix time and TAI --- */

#define LONGEST_EPOCH 16u /* digits: microseconds */

static int epoch(struct span s, bool any_unit, int64_t *ret)
{
	const char *point = memchr(s.p, '.', span_len(s));
	size_t whole = (size_t)((point ? point : s.end) - s.p);
	int64_t per_s = 1;

	if (any_unit && whole >= 13)
		per_s = whole >= LONGEST_EPOCH ? 1000000 : 1000;
	if (whole > LONGEST_EPOCH || num_i64(span_of(s.p, whole), 0, INT64_MAX, ret) < 0)
		return -EINVAL;
	*ret /= per_s;
	return 0;
}

/* "@4000000041f1c4bd" and nanoseconds: without its first digit, the seconds, as fail2ban takes them. */
static int tai(struct span s, int64_t *ret)
{
	int64_t v = 0;

	if (span_len(s) != 25)
		return -EINVAL;
	for (const char *p = s.p + 2; p < s.p + 17; p++) {
		int d = *p >= '0' && *p <= '9' ? *p - '0' : (*p | 0x20) - 'a' + 10;

		if (d < 0 || d > 15)
			return -EINVAL;
		v = v * 16 + d;
	}
	*ret = v;
	return 0;
}

/* --- calendar dates --- */

/* The day of the year that the given weekday (0 Sunday) of a week has. */
static int day_of_week(int year, int week, int weekday, bool from_monday)
{
	int first = (int)((utc_days(year, 1, 1) + 4) % 7); /* 1970-01-01 was a Thursday */
	int start = from_monday ? 1 : 0, before;

	weekday = (weekday - start + 7) % 7;
	before = (first - start + 7) % 7;
	return week * 7 - before + weekday + 1 + (before == 0 ? -7 : 0);
}

/* The month and day of a day of the year. */
static int from_yearday(struct civil *c, int yearday)
{
	if (yearday < 1)
		return -EINVAL;
	for (c->month = 1; yearday > calendar_days(c->year, c->month); c->month++) {
		yearday -= calendar_days(c->year, c->month);
		if (c->month == 12)
			return -EINVAL;
	}
	c->day = yearday;
	return 0;
}

static int read_day(const struct span part[DATE_PART_N], struct civil *c)
{
	int yearday = ABSENT, sunday = ABSENT, monday = ABSENT, weekday = ABSENT;
	int r = number(part[DATE_YEAR2], 0, 99, &c->year);

	if (c->year != ABSENT)
		c->year += 2000;
	r |= number(part[DATE_YEAR], 1, 9999, &c->year);
	r |= number(part[DATE_MONTH], 1, 12, &c->month);
	r |= name(part[DATE_MON_NAME], CALENDAR_MONTHS, 1, &c->month);
	r |= name(part[DATE_MONTH_NAME], CALENDAR_MONTHS, 1, &c->month);
	r |= number(part[DATE_DAY], 1, 31, &c->day);
	r |= number(part[DATE_YEARDAY], 1, 366, &yearday);
	r |= number(part[DATE_WEEK_SUN], 0, 53, &sunday);
	r |= number(part[DATE_WEEK_MON], 0, 53, &monday);
	r |= number(part[DATE_WEEKDAY], 0, 6, &weekday);
	r |= name(part[DATE_DAY_NAME], "SunMonTueWedThuFriSat", 0, &weekday);
	r |= name(part[DATE_WEEKDAY_NAME], "SunMonTueWedThuFriSat", 0, &weekday);
	if (r < 0)
		return -EINVAL;
	if ((c->month != ABSENT && c->day != ABSENT) || c->year == ABSENT)
		return 0;
	if (yearday == ABSENT && sunday != ABSENT && weekday != ABSENT)
		yearday = day_of_week(c->year, sunday, weekday, false);
	if (yearday == ABSENT && monday != ABSENT && weekday != ABSENT)
		yearday = day_of_week(c->year, monday, weekday, true);
	return yearday == ABSENT ? 0 : from_yearday(c, yearday);
}

static int read_clock(const struct span part[DATE_PART_N], struct civil *c)
{
	int hour12 = ABSENT;
	bool pm =
	    part[DATE_HALF].p && !span_empty(part[DATE_HALF]) && (*part[DATE_HALF].p | 0x20) == 'p';
	int r = number(part[DATE_HOUR], 0, 23, &c->hour);

	r |= number(part[DATE_HOUR12], 0, 12, &hour12);
	r |= number(part[DATE_MINUTE], 0, 59, &c->minute);
	r |= number(part[DATE_SECOND], 0, 61, &c->second);
	if (r < 0)
		return -EINVAL;
	if (hour12 != ABSENT)
		c->hour = hour12 % 12 + (pm ? 12 : 0);
	return 0;
}

/* The zone's offset; *zone stays NULL for local time. */
static int read_zone(const struct span part[DATE_PART_N], int *offset_s, const int **zone)
{
	struct span s = part[DATE_OFFSET].p ? part[DATE_OFFSET] : part[DATE_ZONE];

	if (!s.p || span_empty(s))
		return 0;
	if (!date_zone(s, offset_s))
		return -EINVAL;
	*zone = offset_s;
	return 0;
}

static int64_t local_time(const struct civil *c, struct date_memory *m)
{
	struct civil minute = *c;

	minute.second = 0;
	if (memcmp(&minute, &m->minute, sizeof(minute)) != 0) {
		m->local_s = calendar_local(&minute);
		m->minute = minute;
	}
	return m->local_s + c->second;
}

/* A time of day alone. */
static int today(struct civil *c, const int *zone, int64_t now_s, int64_t *ret)
{
	time_t now = (time_t)now_s;
	struct tm tm;

	if (!localtime_r(&now, &tm))
		return -EINVAL;
	c->year = tm.tm_year + 1900;
	c->month = tm.tm_mon + 1;
	c->day = tm.tm_mday;
	*ret = zone ? calendar_utc(c) - *zone : calendar_local(c);
	if (*ret <= now_s)
		return 0;
	c->day--; /* mktime knows what day 0 is, and where a clock change was */
	*ret = zone ? *ret - DAY_S : calendar_local(c);
	return 0;
}

int date_read(
    const struct span part[DATE_PART_N], int64_t now_s, struct date_memory *m, int64_t *ret)
{
	struct civil c = { ABSENT, ABSENT, ABSENT, 0, 0, 0 };
	const int *zone = NULL;
	int offset_s;

	if (part[DATE_EPOCH].p)
		return epoch(part[DATE_EPOCH], false, ret);
	if (part[DATE_LEPOCH].p)
		return epoch(part[DATE_LEPOCH], true, ret);
	if (part[DATE_TAI].p)
		return tai(part[DATE_TAI], ret);
	if (read_day(part, &c) < 0 || read_clock(part, &c) < 0 ||
	    read_zone(part, &offset_s, &zone) < 0)
		return -EINVAL;
	if (c.year == ABSENT && c.month == ABSENT && c.day == ABSENT)
		return today(&c, zone, now_s, ret);
	if (c.month == ABSENT || c.day == ABSENT)
		return -EINVAL;
	if (c.year == ABSENT)
		return calendar_year(&c, zone, now_s, ret) ? 0 : -EINVAL;
	if (c.day > calendar_days(c.year, c.month))
		return -EINVAL;
	*ret = zone ? calendar_utc(&c) - *zone : local_time(&c, m);
	return 0;
}
