/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "intake/jtime.h"

#include <errno.h>
#include <time.h>

#include "util/clock.h"
#include "util/num.h"

/* What a number without a unit counts: no clock says 5138, and none of a server said 1973. */
#define MOST_SECONDS 100000000000.0
#define WEB_FORMAT   "%d/%b/%Y:%H:%M:%S %z"

int jtime_parse(struct span s, struct jtime *ret)
{
	static const char *const units[] = { [JTIME_AUTO] = "auto",
		[JTIME_SECONDS] = "seconds",
		[JTIME_MILLI] = "milliseconds",
		[JTIME_MICRO] = "microseconds",
		[JTIME_NANO] = "nanoseconds" };

	for (size_t i = 0; i < NELEM(units); i++)
		if (span_is(s, units[i])) {
			ret->unit = (enum jtime_unit)i;
			return 0;
		}
	if (!memchr(s.p, '%', span_len(s)) || span_len(s) >= JTIME_FORMAT_MAX)
		return -EINVAL;
	ret->unit = JTIME_FORMAT;
	memcpy(ret->format, s.p, span_len(s));
	ret->format[span_len(s)] = '\0';
	return 0;
}

static int from_number(enum jtime_unit unit, double n, int64_t *ret)
{
	static const double per_s[] = {
		[JTIME_SECONDS] = 1, [JTIME_MILLI] = 1e3, [JTIME_MICRO] = 1e6, [JTIME_NANO] = 1e9
	};

	if (unit == JTIME_AUTO)
		for (unit = JTIME_SECONDS; unit < JTIME_NANO && n / per_s[unit] >= MOST_SECONDS;)
			unit++;
	n /= per_s[unit];
	if (!(n >= 0 && n < MOST_SECONDS))
		return -EINVAL;
	*ret = (int64_t)n;
	return 0;
}

/* Seconds that were read as if of UTC, of a clock that shows local time. */
static int64_t as_local(int64_t utc_s)
{
	time_t t = (time_t)utc_s;
	struct tm tm;

	if (!gmtime_r(&t, &tm))
		return utc_s;
	tm.tm_isdst = -1;
	t = mktime(&tm);
	return t == (time_t)-1 ? utc_s : (int64_t)t;
}

static int from_format(const char *format, bool local, const char *text, int64_t *ret)
{
	struct tm tm = { .tm_mday = 1 };
	const char *end = strptime(text, format, &tm);
	long off_s = tm.tm_gmtoff;
	time_t t;

	if (!end || *end)
		return -EINVAL;
	tm.tm_isdst = 0;
	t = timegm(&tm);
	*ret = (int64_t)t - off_s;
	if (local && off_s == 0 && !strstr(format, "%z"))
		*ret = as_local(*ret);
	return 0;
}

/* The zone at the end of an ISO 8601 date and time: its place, or the end where there is none. */
static const char *zone(const char *text, size_t n)
{
	if (n > 0 && (text[n - 1] | 0x20) == 'z')
		return text + n - 1;
	if (n >= 19 + 5 && (text[n - 5] == '+' || text[n - 5] == '-'))
		return text + n - 5;
	if (n >= 19 + 6 && (text[n - 6] == '+' || text[n - 6] == '-'))
		return text + n - 6;
	return text + n;
}

/* ISO 8601 beyond RFC 3339: +0100 without a colon, a comma before the fraction, or no zone at all. */
static int from_iso(const char *text, size_t n, bool local, int64_t *ret)
{
	char copy[JTIME_TEXT_MAX + 8];
	const char *z = zone(text, n);
	size_t head = (size_t)(z - text);
	int r, len;

	if (n < 19 || (text[10] != 'T' && text[10] != 't' && text[10] != ' '))
		return -EINVAL;
	if (text + n - z == 1 && text[19] != ',')
		return utc_parse(span_of(text, n), ret);
	if (text + n - z == 5)
		len = snprintf(copy, sizeof(copy), "%.*s%.3s:%.2s", (int)head, text, z, z + 3);
	else
		len = snprintf(copy, sizeof(copy), "%.*s%s", (int)head, text, *z ? z : "Z");
	if (len < 0 || (size_t)len >= sizeof(copy))
		return -EINVAL;
	if (head > 19 && copy[19] == ',')
		copy[19] = '.';
	r = utc_parse(span_of(copy, (size_t)len), ret);
	if (r == 0 && !*z && local)
		*ret = as_local(*ret);
	return r;
}

int jtime_read(const struct jtime *t, const struct jpick_value *v, int64_t *ret)
{
	char text[JTIME_TEXT_MAX + 1];
	size_t n = span_len(v->text);
	double number;

	if (n == 0 || n > JTIME_TEXT_MAX || v->odd)
		return -EINVAL;
	if (t->unit != JTIME_FORMAT && jpick_number(v, &number))
		return from_number(t->unit, number, ret);
	memcpy(text, v->text.p, n);
	text[n] = '\0';
	if (t->unit == JTIME_FORMAT)
		return from_format(t->format, t->local, text, ret);
	if (t->unit != JTIME_AUTO || v->kind != JPICK_TEXT)
		return -EINVAL;
	if (from_iso(text, n, t->local, ret) == 0)
		return 0;
	return from_format(WEB_FORMAT, false, text, ret);
}
