/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One file to its events, whatever it is: a log, a list, event lines. What the front door's commands
 * share; onus-collect follows files instead. */
#ifndef ONUS_INTAKE_READER_H
#define ONUS_INTAKE_READER_H

#include "core/event.h"
#include "intake/filter.h"
#include "intake/list.h"
#include "intake/own.h"
#include "intake/recognise.h"
#include "intake/scan.h"
#include "util/clock.h"

/* struct reader - all borrowed; ctx goes to the callbacks */
struct reader {
	const struct clock *clock;
	const struct own *own;	       /* may be NULL */
	struct filter *const *filters; /* for logs */
	unsigned n_filters;
	enum category list_category; /* of a list's entries */
	void (*event)(void *ctx, const struct event *ev, uint64_t number);
	void (*refused)(
	    void *ctx, const char *path, uint64_t number, const char *why); /* or NULL */
	void (*progress)(void *ctx, const struct input *in);		    /* or NULL */
	void *ctx;
};

struct reader_counts {
	uint64_t lines, events, refused;
	struct scan_counts scan; /* of logs */
};

/* reader_file - all of path ("-": stdin) to r->event
 * kind   set to what it was; INPUT_EMPTY is no error
 * counts are added to
 * Returns 0; -EINVAL when it is nothing that is read here (e says what); -errno of reading, after the
 * events before the trouble were handed over. */
MUST_USE int reader_file(const struct reader *r, const char *path, enum input_kind *kind,
    struct reader_counts *counts, struct err *e);

#endif
