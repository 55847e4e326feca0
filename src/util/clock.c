/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "util/clock.h"

#include <errno.h>
#include <time.h>

#include "util/num.h"

static int64_t system_now(const struct clock *c)
{
	return (int64_t)time(NULL);
}

static int64_t fixed_now(const struct clock *c)
{
	return c->fixed_s;
}

struct clock clock_system(void)
{
	return (struct clock){ .now_s = system_now };
}

struct clock clock_fixed(int64_t now_s)
{
	return (struct clock){ .now_s = fixed_now, .fixed_s = now_s };
}

int64_t clock_monotonic_us(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail on Linux */
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int32_t utc_days(int32_t year, int month, int day)
{
	/* Count from 1 March of year 0, so that the leap day is the last of its year. */
	int32_t y = year - (month <= 2);
	int32_t era = (y >= 0 ? y : y - 399) / 400;
	int32_t yoe = y - era * 400;
	int32_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static void civil(int32_t days, int *year, int *month, int *day)
{
	int32_t z = days + 719468;
	int32_t era = (z >= 0 ? z : z - 146096) / 146097;
	int32_t doe = z - era * 146097;
	int32_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int32_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int32_t mp = (5 * doy + 2) / 153;

	*day = doy - (153 * mp + 2) / 5 + 1;
	*month = mp < 10 ? mp + 3 : mp - 9;
	*year = yoe + era * 400 + (*month <= 2);
}

void utc_format_day(int32_t day, char ret[UTC_TEXT_MAX])
{
	int y, m, d;

	civil(day, &y, &m, &d);
	(void)snprintf(ret, UTC_TEXT_MAX, "%04d-%02d-%02d", y, m, d); /* 32 bytes hold any int */
}

void utc_format(int64_t time_s, char ret[UTC_TEXT_MAX])
{
	int32_t day = day_of(time_s);
	int s = (int)(time_s - (int64_t)day * DAY_S);
	int y, m, d;

	civil(day, &y, &m, &d);
	(void)snprintf(ret, UTC_TEXT_MAX, "%04d-%02d-%02dT%02d:%02d:%02dZ", y, m, d, s / 3600,
	    s / 60 % 60, s % 60);
}

/* Exactly n digits at the head of *s, within [lo, hi]. */
static int digits(struct span *s, size_t n, uint32_t lo, uint32_t hi, int *ret)
{
	uint32_t v;

	if (span_len(*s) < n || num_u32(span_of(s->p, n), hi, &v) < 0 || v < lo)
		return -EINVAL;
	s->p += n;
	*ret = (int)v;
	return 0;
}

static bool eat(struct span *s, const char *any)
{
	if (span_empty(*s) || !strchr(any, *s->p) || *s->p == '\0')
		return false;
	s->p++;
	return true;
}

static int month_days(int year, int month)
{
	static const uint8_t n[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return n[month - 1] + (month == 2 && leap);
}

static int offset(struct span *s, int *ret_s)
{
	int sign, h, m;

	*ret_s = 0;
	if (eat(s, "Zz"))
		return 0;
	sign = span_empty(*s) || *s->p != '-' ? 1 : -1;
	if (!eat(s, "+-") || digits(s, 2, 0, 23, &h) < 0)
		return -EINVAL;
	(void)eat(s, ":"); /* ISO 8601 basic form has none */
	if (digits(s, 2, 0, 59, &m) < 0)
		return -EINVAL;
	*ret_s = sign * (h * 3600 + m * 60);
	return 0;
}

static void fraction(struct span *s)
{
	if (!eat(s, "."))
		return;
	while (!span_empty(*s) && *s->p >= '0' && *s->p <= '9')
		s->p++;
}

static int parse_unix(struct span s, int64_t *ret)
{
	struct span whole, rest = s;
	uint64_t v, f;

	if (span_cut(&rest, '.', &whole) && num_u64(rest, UINT64_MAX, &f) == -EINVAL)
		return -EINVAL;
	if (num_u64(whole, 253402300799u, &v) < 0) /* 9999-12-31T23:59:59Z */
		return -EINVAL;
	*ret = (int64_t)v;
	return 0;
}

int utc_parse(struct span s, int64_t *ret)
{
	int y, mo, d, h, mi, sec, off;

	if (span_len(s) < 10 || s.p[4] != '-')
		return parse_unix(s, ret);
	if (digits(&s, 4, 1970, 9999, &y) < 0 || !eat(&s, "-") || digits(&s, 2, 1, 12, &mo) < 0 ||
	    !eat(&s, "-") || digits(&s, 2, 1, 31, &d) < 0 || d > month_days(y, mo))
		return -EINVAL;
	if (span_empty(s)) {
		*ret = (int64_t)utc_days(y, mo, d) * DAY_S;
		return 0;
	}
	if (!eat(&s, "Tt ") || digits(&s, 2, 0, 23, &h) < 0 || !eat(&s, ":") ||
	    digits(&s, 2, 0, 59, &mi) < 0 || !eat(&s, ":") || digits(&s, 2, 0, 60, &sec) < 0)
		return -EINVAL;
	fraction(&s);
	if (offset(&s, &off) < 0 || !span_empty(s))
		return -EINVAL;
	*ret = (int64_t)utc_days(y, mo, d) * DAY_S + h * 3600 + mi * 60 + sec - off;
	return 0;
}
