/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any input, recognised by its content, to events: a log through filters, a JSON log through a map, a list,
 * event lines, events as JSON. What `onus top` and `onus extract` read. */
#ifndef ONUS_INTAKE_ANY_H
#define ONUS_INTAKE_ANY_H

#include "intake/jlog.h"
#include "intake/list.h"
#include "intake/recognise.h"
#include "intake/scan.h"
#include "intake/shards.h"
#include "util/progress.h"

/* The category of a list that nobody has said anything about. */
#define ANY_LIST_CATEGORY CATEGORY_SCANNER

/* struct any_options - all borrowed */
struct any_options {
	/* for logs, with its own options; counts go on over many inputs. One of the two: scan hands out
	 * what it finds at once, shards when it suits them. Neither where filters that nobody named could
	 * not be had: no_scan says why when an input turns out to be a log. */
	struct scan *scan;
	struct shards *shards;
	struct err no_scan;
	struct jlogs *json;	   /* for JSON logs; may be NULL: there are no maps */
	const struct clock *clock; /* the time of list entries, and of events that have none */
	struct list_options list;  /* time_s is set from clock; source "" is the file's base name */
	const struct addrset *own; /* for event lines; may be NULL */
	struct progress *progress; /* or NULL */
	bool is_log;  /* filters were asked for by name: it is a log, whatever it looks like */
	bool is_json; /* a map was asked for by name: do not recognise */
};

/* any_missing - filters could not be had, r and e say why. That is no error where nobody named any: a list
 * needs none. Returns 0 or r. */
int any_missing(struct any_options *o, unsigned n_named, int r, const struct err *e);

/* struct any_result - what one input was and held */
struct any_result {
	struct recognised as; /* open_to_clients: what was found is of weak proof */
	uint64_t lines, events;
	uint64_t refused;      /* lines and entries; of a log those that scan.h calls refused */
	uint64_t first_number; /* the first refused one, 0 for none */
	char first_why[160];   /* and why, printable */
};

/* any_input - to the end of in
 *
 * sink     as scan_sink; the event and what it borrows live until it returns
 * Returns 0; -ENOTSUP when it is nothing that we read, with file and reason; -errno of reading. */
MUST_USE int any_input(struct input *in, const struct any_options *o, scan_sink *sink, void *ctx,
    struct any_result *ret, struct err *e);

#endif
