/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Limits as Nagios plug-ins take them. Source: Nagios plug-in development guidelines, "Threshold and ranges":
 * `10` alert below 0 or above 10; `10:` below 10; `~:10` above 10; `10:20` outside of both; `@10:20` within, ends
 * included. */
#ifndef ONUS_CORE_LIMIT_H
#define ONUS_CORE_LIMIT_H

#include <stdbool.h>

#include "util/err.h"
#include "util/span.h"

#define LIMIT_TEXT_MAX 64u

struct limit {
	bool set; /* false: it never alerts */
	bool inside;
	double low, high; /* low <= high; may be infinite */
	char text[LIMIT_TEXT_MAX];
};

/* limit_parse - empty text: none; -EINVAL with what is wrong */
MUST_USE int limit_parse(struct span s, struct limit *ret, struct err *e);

/* limit_alert - is the value one to alert on? */
bool limit_alert(const struct limit *l, double value);

#endif
