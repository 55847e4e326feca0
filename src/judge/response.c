/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "judge/response.h"

#include <math.h>
#include <stddef.h>

#include "util/macro.h"

#define PRIOR_CLEANED 2.0
#define PRIOR_DAYS    14.0

void response_add(struct response *r, double days, bool clean)
{
	r->cases++;
	r->cleaned += clean;
	r->at_risk += MAX_OF(days, 0);
}

double response_days(const struct response *r)
{
	return log(2) * (PRIOR_DAYS + r->at_risk) / (PRIOR_CLEANED + r->cleaned);
}

char response_grade(const struct response *r)
{
	static const double most[] = { 1, 3, 7, 14, 30 };
	size_t i = 0;

	if (!r->cases)
		return 0;
	while (i < NELEM(most) && response_days(r) > most[i])
		i++;
	return (char)('A' + i);
}
