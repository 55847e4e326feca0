/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus-graph, its parts: one round-robin file a picture (record.c), what is in it and how it looks (flows.c), the
 * picture (draw.c). Only record.c and draw.c know librrd. */
#ifndef ONUS_PROG_GRAPH_GRAPH_H
#define ONUS_PROG_GRAPH_GRAPH_H

#include "core/health.h"
#include "core/picture.h"

#define SERIES_MAX 3u

/* struct series - one line of a picture, one data source of its file */
struct series {
	const char *ds;	   /* its name in the file: at most 19 of [a-z0-9_]; never to be renamed */
	const char *label; /* in the legend */
	const char *color; /* RRGGBB */
	bool counter;	   /* only grows: its slope a second is kept */
	const char *program, *key;			 /* of a status file; else: */
	bool (*of)(const struct health *h, double *ret); /* false: not known now */
};

struct flow {
	const char *unit; /* beside the axis */
	struct series series[SERIES_MAX];
	unsigned n;
};
extern const struct flow flows[PICTURE_N];

/* series_value - what it is now; false: not known */
bool series_value(const struct series *s, const struct health *h, double *ret);

/* record - put what is known now into DIR/NAME.rrd, which is made when it is missing: a step is step_s long, what is not
 * known, or was not recorded for three steps, is unknown
 * Returns 0, also when the file has something of now already; -EIO with what librrd says. */
MUST_USE int record(
    const char *dir, enum picture p, const struct health *h, uint32_t step_s, struct err *e);

/* draw - DIR/NAME-PERIOD.FORMAT of all pictures of the periods in due (bits 1 << PERIOD_…), out of DIR/NAME.rrd, each
 * replaced whole; in a process of its own, for librrd and fontconfig leak some hundred bytes a picture
 * format   "svg", where onus-web looks for it, or "png"
 * Returns 0; -errno with the last trouble, *ret_drawn of them are drawn nevertheless. */
MUST_USE int draw(const char *dir, unsigned due, int64_t now_s, const char *format,
    unsigned *ret_drawn, struct err *e);

#endif
