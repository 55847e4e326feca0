/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The date of a Received line. Source: RFC 5322 section 3.3; zones by name of section 4.3, of which those that say
 * nothing are UTC there. */
#include "intake/received.h"

#include <strings.h>

#include "intake/calendar.h"
#include "util/num.h"

static const struct {
	const char *name;
	int hours;
} zones[] = {
	{ "UT", 0 },
	{ "GMT", 0 },
	{ "UTC", 0 },
	{ "Z", 0 },
	{ "EST", -5 },
	{ "EDT", -4 },
	{ "CST", -6 },
	{ "CDT", -5 },
	{ "MST", -7 },
	{ "MDT", -6 },
	{ "PST", -8 },
	{ "PDT", -7 },
};

/* The next word between blanks. */
static bool word(struct span *rest, struct span *ret)
{
	*rest = span_trim(*rest);
	ret->p = ret->end = rest->p;
	while (ret->end < rest->end && *ret->end != ' ' && *ret->end != '\t' && *ret->end != '\r' &&
	       *ret->end != '\n')
		ret->end++;
	rest->p = ret->end;
	return !span_empty(*ret);
}

static bool number(struct span s, uint32_t max, int *ret)
{
	uint32_t v;

	if (num_u32(s, max, &v) < 0)
		return false;
	*ret = (int)v;
	return true;
}

static bool read_day(struct span *rest, struct civil *c)
{
	static const char months[] = CALENDAR_MONTHS;
	struct span s;

	if (!word(rest, &s))
		return false;
	if (s.end[-1] == ',' && !word(rest, &s))
		return false;
	if (!number(s, 31, &c->day) || !word(rest, &s) || span_len(s) != 3)
		return false;
	c->month = 0;
	for (int i = 0; i < 12; i++)
		if (strncasecmp(s.p, months + (ptrdiff_t)i * 3, 3) == 0)
			c->month = i + 1;
	if (c->month == 0 || !word(rest, &s) || span_len(s) != 4 || !number(s, 9999, &c->year))
		return false;
	return c->year >= 1900 && c->day >= 1 && c->day <= calendar_days(c->year, c->month);
}

static bool read_clock(struct span *rest, struct civil *c)
{
	struct span s, part;

	if (!word(rest, &s) || !span_cut(&s, ':', &part) || !number(part, 23, &c->hour))
		return false;
	c->second = 0;
	if (!span_cut(&s, ':', &part))
		return number(part, 59, &c->minute);
	return number(part, 59, &c->minute) && number(s, 60, &c->second);
}

/* "+0100", or a name; seconds east of UTC */
static bool read_zone(struct span s, int *ret)
{
	int v;

	if (span_len(s) == 5 && (*s.p == '+' || *s.p == '-') &&
	    number((struct span){ s.p + 1, s.end }, 9959, &v) && v % 100 < 60) {
		*ret = (v / 100 * 3600 + v % 100 * 60) * (*s.p == '-' ? -1 : 1);
		return true;
	}
	for (size_t i = 0; i < NELEM(zones); i++) {
		size_t n = strlen(zones[i].name);

		if (span_len(s) == n && strncasecmp(s.p, zones[i].name, n) == 0) {
			*ret = zones[i].hours * 3600;
			return true;
		}
	}
	return false;
}

bool received_time(struct span value, int64_t *ret)
{
	const char *semi = span_empty(value) ? NULL : memrchr(value.p, ';', span_len(value));
	struct span rest, zone;
	struct civil c;
	int east;

	if (!semi)
		return false;
	rest = (struct span){ semi + 1, value.end };
	if (!read_day(&rest, &c) || !read_clock(&rest, &c) || !word(&rest, &zone) ||
	    !read_zone(zone, &east))
		return false;
	*ret = calendar_utc(&c) - east;
	return true;
}
