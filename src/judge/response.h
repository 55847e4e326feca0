/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How soon somebody cleans up who was told (A8): pure arithmetic over the cases that the hub's notices are.
 * It is shown beside a score and enters none. */
#ifndef ONUS_JUDGE_RESPONSE_H
#define ONUS_JUDGE_RESPONSE_H

#include <stdbool.h>

/* struct response - of one holder, zeroed to begin with */
struct response {
	unsigned cases, cleaned;
	double at_risk; /* days from being told to the last sighting, or to now */
};

/* response_add - one case more: days from the notice to the end of the incident, or so far */
void response_add(struct response *r, double days, bool clean);

/* response_days - median days to clean: ln 2 / hazard, hazard = (2 + cleaned) / (14 + at risk). About 5 for those
 * who were never told.
 * response_grade - of that: 'A' up to 1 day, 'B' 3, 'C' 7, 'D' 14, 'E' 30, 'F'; 0 for those who were never told */
double response_days(const struct response *r);
char response_grade(const struct response *r);

#endif
