/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "util/progress.h"

#include "util/clock.h"
#include "util/macro.h"

#define REDRAW_US 100000
#define BAR_CELLS 30

void progress_start(struct progress *p, const char *what, uint64_t total)
{
	int64_t now = clock_monotonic_us();

	*p = (struct progress){ .what = what,
		.total = total,
		.started_us = now,
		.drawn_us = now,
		.on = isatty(STDERR_FILENO) };
}

void progress_at(struct progress *p, uint64_t done, const char *item)
{
	char bar[BAR_CELLS + 1];
	int64_t now;
	double part;

	if (!p->on)
		return;
	now = clock_monotonic_us();
	if (now - p->drawn_us < REDRAW_US)
		return;
	p->drawn_us = now;
	p->shown = true;
	if (p->total == 0) {
		(void)fprintf(stderr, "\r\033[K%s %llu %s", p->what, (unsigned long long)done,
		    item ? item : "");
		return;
	}
	part = done >= p->total ? 1 : (double)done / (double)p->total;
	for (int i = 0; i < BAR_CELLS; i++)
		bar[i] = i < (int)(part * BAR_CELLS) ? '#' : '.';
	bar[BAR_CELLS] = '\0';
	(void)fprintf(stderr, "\r\033[K%s [%s] %3d%% %.1f MB/s %.40s", p->what, bar,
	    (int)(part * 100), (double)done / (double)(now - p->started_us + 1), item ? item : "");
}

void progress_end(struct progress *p)
{
	if (p->shown)
		(void)fprintf(stderr, "\r\033[K");
	p->shown = false;
}
