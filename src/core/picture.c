/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/picture.h"

#include <stdio.h>

#include "util/clock.h"
#include "util/macro.h"

const struct picture_row pictures[PICTURE_N] = {
	[PICTURE_EVENTS] = { "events", "Events accepted" },
	[PICTURE_REFUSED] = { "refused", "Refused and lost" },
	[PICTURE_QUEUE] = { "queue", "Batches in the spool" },
	[PICTURE_LAG] = { "lag", "How long the oldest batch has waited" },
	[PICTURE_LOAD] = { "load", "Loaded into the hub" },
	[PICTURE_PUBLICATION] = { "publication", "Age of the newest publication" },
};

const struct period_row periods[PERIOD_N] = {
	[PERIOD_DAY] = { "day", DAY_S, 60 },
	[PERIOD_WEEK] = { "week", 7 * DAY_S, 1800 },
	[PERIOD_MONTH] = { "month", 31 * DAY_S, 7200 },
	[PERIOD_YEAR] = { "year", 366 * DAY_S, 86400 },
};

void picture_file(enum picture p, enum picture_period period, char ret[PICTURE_FILE_MAX])
{
	(void)snprintf(ret, PICTURE_FILE_MAX, "%s-%s.svg", pictures[p].name,
	    periods[period].name); /* it fits */
}

bool picture_known(struct span file)
{
	for (unsigned i = 0; i < PICTURE_N * PERIOD_N; i++) {
		char name[PICTURE_FILE_MAX];

		picture_file(
		    (enum picture)(i / PERIOD_N), (enum picture_period)(i % PERIOD_N), name);
		if (span_is(file, name))
			return true;
	}
	return false;
}
