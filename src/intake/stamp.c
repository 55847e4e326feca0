/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "intake/stamp.h"

#include <ctype.h>

#include "intake/calendar.h"

static const char month_names[] = CALENDAR_MONTHS;

void stamp_init(struct stamp_reader *r, const struct clock *clock)
{
	*r = (struct stamp_reader){ .clock = clock };
}

static bool word_byte(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* Exactly n digits. */
static bool digits(const char *p, const char *end, unsigned n, int *ret)
{
	int v = 0;

	if (end - p < (ptrdiff_t)n)
		return false;
	for (unsigned i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return false;
		v = v * 10 + (p[i] - '0');
	}
	*ret = v;
	return true;
}

/* "06:55:46": hours 0-23, minutes 0-59, seconds 0-61 as strptime has them */
static bool clock_time(const char *p, const char *end, int ret[3])
{
	return digits(p, end, 2, &ret[0]) && ret[0] < 24 && end - p >= 8 && p[2] == ':' &&
	       p[5] == ':' && digits(p + 3, end, 2, &ret[1]) && ret[1] < 60 &&
	       digits(p + 6, end, 2, &ret[2]) && ret[2] < 62;
}

/* Seconds ".123", ",123456": at most six digits, as fail2ban's %f; returns where it ends. */
static const char *fraction(const char *p, const char *end, bool comma)
{
	const char *q = p;

	if (q < end && (*q == '.' || (comma && *q == ',')) && q + 1 < end &&
	    isdigit((unsigned char)q[1])) {
		q += 2;
		while (q < end && q - p < 7 && isdigit((unsigned char)*q))
			q++;
		return q;
	}
	return p;
}

static bool ends(const char *p, const char *end)
{
	return p >= end || !word_byte(*p);
}

/* Behind a syslog date: the end of the word, and no year, with which it would be asctime's. */
static bool syslog_ends(const char *p, const char *end)
{
	int year;

	return ends(p, end) && !(end - p >= 5 && *p == ' ' && digits(p + 1, end, 4, &year) &&
				   year >= 1990 && year < 2100 && ends(p + 5, end));
}

/* "Dec 10 06:55:46", "Dec  1 …", "Dec 1 …"; p is at the month */
static bool syslog_date(
    struct stamp_reader *r, const char *p, const char *end, int64_t *time_s, const char **after)
{
	const char *s = p, *m;
	struct civil c;
	int hms[3];
	int64_t limit_s;

	/* The last minute again: only the seconds differ. */
	if (end - p >= 15 && memcmp(p, r->minute, 13) == 0 && r->minute[0] &&
	    (unsigned)(p[13] - '0') < 6 && (unsigned)(p[14] - '0') < 10) {
		*time_s = r->minute_s + (p[13] - '0') * 10 + (p[14] - '0');
		*after = fraction(p + 15, end, false);
		return syslog_ends(*after, end);
	}
	if (end - p < 14)
		return false;
	for (m = month_names; *m; m += 3)
		if (strncasecmp(m, p, 3) == 0)
			break;
	if (!*m || p[3] != ' ')
		return false;
	p += 4;
	if (p[1] == ' ' || p[0] == ' ') {
		p += *p == ' ';
		if (!digits(p, end, 1, &c.day) || p + 1 >= end)
			return false;
		p++;
	} else {
		if (!digits(p, end, 2, &c.day))
			return false;
		p += 2;
	}
	if (c.day < 1 || c.day > 31 || p >= end || *p++ != ' ' || !clock_time(p, end, hms))
		return false;
	c.month = (int)(m - month_names) / 3 + 1;
	c.hour = hms[0];
	c.minute = hms[1];
	c.second = hms[2];
	if (!calendar_year(&c, NULL, clock_now_s(r->clock), time_s))
		return false;
	p += 8;
	/* The whole minute must be of that year: neither its end too late for it, nor its beginning early
	 * enough to be of the next. */
	limit_s = clock_now_s(r->clock) + DAY_S;
	if (p - s == 15 && hms[2] < 60 && *time_s + 60 <= limit_s &&
	    *time_s + 364 * DAY_S > limit_s) {
		memcpy(r->minute, s, 13);
		r->minute_s = *time_s - hms[2];
	}
	*after = fraction(p, end, false);
	return syslog_ends(*after, end);
}

/* "Z", "+01:00", "-0330", "+01" after optional blanks; false when there is none */
static bool zone(const char *p, const char *end, int *offset_s, const char **after)
{
	int h, m = 0, sign;

	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	if (p < end && *p == 'Z') {
		*offset_s = 0;
		*after = p + 1;
		return ends(*after, end);
	}
	if (end - p >= 3 && (memcmp(p, "UTC", 3) == 0 || memcmp(p, "GMT", 3) == 0)) {
		*offset_s = 0;
		*after = p + 3;
		return ends(*after, end);
	}
	if (p >= end || (*p != '+' && *p != '-'))
		return false;
	sign = *p++ == '-' ? -1 : 1;
	if (!digits(p, end, 2, &h) || h > 19)
		return false;
	p += 2;
	if (p < end && *p == ':' && digits(p + 1, end, 2, &m))
		p += 3;
	else if (digits(p, end, 2, &m))
		p += 2;
	if (m > 59 || !ends(p, end))
		return false;
	*offset_s = sign * (h * 3600 + m * 60);
	*after = p;
	return true;
}

/* The calendar part, by a memory of the last minute: "2026-11-23T18:04:" as local time and UTC */
static bool iso_minute(struct stamp_reader *r, const char *p, const char *end)
{
	struct civil c;
	int hms[3];

	if (memcmp(p, r->iso_minute, 17) == 0)
		return true;
	if (!digits(p, end, 4, &c.year) || c.year < 1970 || c.year > 2099 ||
	    !digits(p + 5, end, 2, &c.month) || c.month < 1 || c.month > 12 ||
	    !digits(p + 8, end, 2, &c.day) || c.day < 1 || c.day > calendar_days(c.year, c.month) ||
	    !strchr("-/.", p[4]) || p[4] == '\0' || p[7] != p[4] ||
	    (p[10] != 'T' && p[10] != ' ') || !clock_time(p + 11, end, hms))
		return false;
	c.hour = hms[0];
	c.minute = hms[1];
	c.second = 0;
	r->iso_utc_s = calendar_utc(&c);
	r->iso_local_s = calendar_local(&c);
	memcpy(r->iso_minute, p, 17);
	return true;
}

static bool iso_date(
    struct stamp_reader *r, const char *p, const char *end, int64_t *time_s, const char **after)
{
	const char *q;
	int seconds, offset_s;

	if (end - p < 19 || !iso_minute(r, p, end) || !digits(p + 17, end, 2, &seconds) ||
	    seconds > 61)
		return false;
	q = fraction(p + 19, end, true);
	if (zone(q, end, &offset_s, after)) {
		*time_s = r->iso_utc_s + seconds - offset_s;
		return true;
	}
	*time_s = r->iso_local_s + seconds;
	*after = q;
	return ends(q, end);
}

/* "<38>": 0-191 in at most three digits; returns what follows, or p */
static const char *skip_pri(const char *p, const char *end)
{
	const char *q = p + 1;

	while (q < end && q - p < 4 && isdigit((unsigned char)*q))
		q++;
	return q > p + 1 && q < end && *q == '>' ? q + 1 : p;
}

bool stamp_read(struct stamp_reader *r, struct span line, struct stamp *ret)
{
	const char *p = line.p, *after;
	bool pri = false, found;

	if (p < line.end && !isalnum((unsigned char)*p)) {
		if (*p == '<') {
			p = skip_pri(p, line.end);
			pri = p > line.p;
		}
		for (unsigned i = 0; !pri && i < 2 && p < line.end && !word_byte(*p); i++)
			p++;
	}
	if (p >= line.end)
		return false;
	found = isdigit((unsigned char)*p) ? iso_date(r, p, line.end, &ret->time_s, &after)
					   : syslog_date(r, p, line.end, &ret->time_s, &after);
	if (!found)
		return false;
	ret->begin = (uint32_t)(p - line.p);
	ret->end = (uint32_t)(after - line.p);
	ret->inside = pri;
	return true;
}
