/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pictures of onus's own flows: their names, as onus-graph draws them into graph_dir and onus-web shows them. */
#ifndef ONUS_CORE_PICTURE_H
#define ONUS_CORE_PICTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "util/span.h"

enum picture {
	PICTURE_EVENTS,
	PICTURE_REFUSED,
	PICTURE_QUEUE,
	PICTURE_LAG,
	PICTURE_LOAD,
	PICTURE_PUBLICATION,
	PICTURE_N
};
extern const struct picture_row {
	const char *name, *title;
} pictures[PICTURE_N];

enum picture_period { PERIOD_DAY, PERIOD_WEEK, PERIOD_MONTH, PERIOD_YEAR, PERIOD_N };
extern const struct period_row {
	const char *name;
	int64_t length_s;
	int64_t every_s; /* it is drawn anew */
} periods[PERIOD_N];

#define PICTURE_FILE_MAX 40u

/* picture_file - "NAME-PERIOD.svg" */
void picture_file(enum picture p, enum picture_period period, char ret[PICTURE_FILE_MAX]);

/* picture_known - is it the name of one of them? */
bool picture_known(struct span file);

#endif
