/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A progress bar on stderr, only when that is a terminal; redrawn at most ten times a second. */
#ifndef ONUS_UTIL_PROGRESS_H
#define ONUS_UTIL_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	const char *what; /* borrowed: "reading", "building" */
	uint64_t total;	  /* 0: not known, the bar counts instead */
	int64_t started_us, drawn_us;
	bool on, shown;
};

void progress_start(struct progress *p, const char *what, uint64_t total);
void progress_at(struct progress *p, uint64_t done, const char *item); /* item may be NULL */
void progress_end(struct progress *p);				       /* wipes the bar */

#endif
