/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "holders/stale.h"

#include "util/clock.h"

bool registry_date_stale(
    int64_t date_s, int64_t now_s, uint32_t max_age_days, char ret[STALE_TEXT_MAX])
{
	int64_t age_days = (now_s - date_s) / DAY_S;
	char day[UTC_TEXT_MAX];

	if (age_days <= (int64_t)max_age_days)
		return false;
	utc_format_day(day_of(date_s), day);
	if (ret)
		(void)snprintf(ret, STALE_TEXT_MAX,
		    "the registry is %lld days old (%s): holders may have changed since; "
		    "build a new one with `onus registry build`",
		    (long long)age_days, day);
	return true;
}

bool registry_stale(
    const struct registry *r, int64_t now_s, uint32_t max_age_days, char ret[STALE_TEXT_MAX])
{
	return registry_date_stale(registry_date_s(r), now_s, max_age_days, ret);
}
