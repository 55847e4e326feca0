/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The time of a line of JSON, in the forms that its writers use. */
#ifndef ONUS_INTAKE_JTIME_H
#define ONUS_INTAKE_JTIME_H

#include <stdint.h>

#include "intake/jpick.h"

#define JTIME_FORMAT_MAX 64u
#define JTIME_TEXT_MAX	 64u /* longer ones are no time */

enum jtime_unit {
	JTIME_AUTO, /* RFC 3339, ISO 8601, the web servers' 02/Jan/2026:15:04:05 +0000, or a number whose
			 * size says what it counts */
	JTIME_SECONDS, /* since 1970, a fraction is dropped */
	JTIME_MILLI,
	JTIME_MICRO,
	JTIME_NANO,
	JTIME_FORMAT /* strptime(3)'s */
};

/* struct jtime - how it is written; zeroed: auto, and UTC where no zone is written */
struct jtime {
	enum jtime_unit unit;
	bool local; /* without a zone it is local time */
	char format[JTIME_FORMAT_MAX];
};

/* jtime_parse - "auto", "seconds", "milliseconds", "microseconds", "nanoseconds", or a format with a '%'
 * Returns 0 or -EINVAL. */
MUST_USE int jtime_parse(struct span s, struct jtime *ret);

/* jtime_read - Returns 0, or -EINVAL when it is no such time; *ret is set only on success */
MUST_USE int jtime_read(const struct jtime *t, const struct jpick_value *v, int64_t *ret);

#endif
