/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON logs to events: blocks of lines through a map (intake/jmap.h), with the guards and the counts that
 * text logs have (intake/scan.h). And the choice of the map, by what the lines hold. */
#ifndef ONUS_INTAKE_JLOG_H
#define ONUS_INTAKE_JLOG_H

#include "intake/jmap.h"
#include "intake/scan.h"

#define JLOGS_MAX 64u /* maps that are tried on an input that nobody named one for */

struct jlog;

/* jlog_new - takes map, even when this fails
 * Of the options clock, own, source (empty: the map's name) and weak count. */
MUST_USE int jlog_new(
    struct jmap *map, const struct scan_options *o, struct jlog **ret, struct err *e);
struct jlog *jlog_free(struct jlog *j); /* NULL-safe, returns NULL */

/* jlog_good - from here on only good observations (core/good.h) are taken out; false: the map has no rule for any */
bool jlog_good(struct jlog *j);

/* jlog_block, jlog_counts, jlog_first_refused - as scan's. matched: a rule wanted the line; special, own: and
 * its address is never an event. Empty lines are passed over. */
MUST_USE uint64_t jlog_block(struct jlog *j, const struct block *b, scan_sink *sink, void *ctx);
const struct scan_counts *jlog_counts(const struct jlog *j);
uint64_t jlog_first_refused(struct jlog *j, const char **why);

const char *jlog_map(const struct jlog *j); /* its name */

bool jlog_fits(const struct jlog *j, struct span line); /* as jmap_fits */

/* struct jlogs - for inputs of which nobody knows yet what they are; zeroed but for the first four */
struct jlogs {
	const char *path; /* directories of maps, colon-separated */
	const char *name; /* the map to use; NULL: the one that fits most lines */
	struct scan_options options;
	bool good;		   /* as jlog_good, of all of them */
	struct jlog *v[JLOGS_MAX]; /* owned */
	unsigned n;
	bool loaded;
};

/* jlogs_ready - when a map is named: is it there and good? 0, or -errno with a message */
MUST_USE int jlogs_ready(struct jlogs *s, struct err *e);

/* jlogs_choose - the one for an input that begins with head, borrowed from s
 * Returns 0; -ENOTSUP when none fits; -errno of reading the maps, with a message. */
MUST_USE int jlogs_choose(struct jlogs *s, struct span head, struct jlog **ret, struct err *e);
struct scan_counts jlogs_counts(const struct jlogs *s); /* of all of them */
void jlogs_done(struct jlogs *s);			/* NULL-safe, callable twice */

#endif
