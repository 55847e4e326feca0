/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus-collect's parts: what is collected (one batch at a time), and the sources it comes from. */
#ifndef ONUS_PROG_COLLECT_H
#define ONUS_PROG_COLLECT_H

#include "core/conf.h"
#include "core/event.h"
#include "core/spool.h"
#include "intake/filter.h"
#include "intake/follow.h"
#include "intake/known.h"
#include "intake/jlog.h"
#include "net/addrset.h"
#include "intake/scan.h"
#include "intake/watch.h"
#include "util/clock.h"

/* struct found - an event of the block in hand, formatted, with its line */
struct found {
	size_t end;	 /* of its text in collect.text; it begins where the one before ends */
	uint64_t number; /* of its line */
};

struct source {
	const struct conf_source *conf; /* borrowed */
	struct collect *to;		/* borrowed */
	struct follow *follow;		/* log, json, events */
	struct watch *watch;		/* list */
	struct filters filters;
	struct scan *scan; /* log */
	struct jlog *json;
	uint64_t refused; /* lines not told of yet */
	int64_t told_us;  /* monotonic; 0: never */
};

/* struct collect - everything that a running collector has */
struct collect {
	struct conf *conf;
	struct clock clock;
	struct addrset own;
	struct known *known; /* what is good, and no event */
	char *list_dir;	     /* snapshots of lists */
	struct spool *spool;
	struct batch_writer writer;
	struct source *sources;
	unsigned n_sources;
	struct buf orphans; /* positions of sources that the configuration does not have now */
	struct buf text, positions, line;
	struct found *found;
	size_t n_found, found_cap;
	uint64_t read_bytes; /* since the last batch: worth a batch even without events */
	bool moved;	     /* any position moved since the last batch */
	uint64_t batches, events, refused, known_good;
	uint64_t begun;	    /* files begun by all sources, when that was last looked at */
	int64_t flushed_us; /* monotonic; 0: not yet */
};

/* collect_flush - what was collected, with the positions that belong to it, into the spool; nothing when
 * nothing moved. On an error all is as it was, to be tried again. */
MUST_USE int collect_flush(struct collect *c, struct err *e);

/* source_open - as the configuration says; source_done is callable twice */
MUST_USE int source_open(struct source *s, struct collect *c, const struct conf_source *conf,
    const char *list_dir, struct err *e);
void source_done(struct source *s);

MUST_USE int source_restore(
    struct source *s, struct span line, struct err *e); /* as follow_restore */

/* source_poll - look for new and changed files; true: some have to wait, look again when nothing is left
 * source_pump - a piece of what there is into the writer, which is flushed when it is full
 * Returns 1 when there may be more, 0 when there is nothing, -errno of flushing. */
bool source_poll(struct source *s, struct collect *c, int64_t settled_s);
MUST_USE int source_pump(struct source *s, struct collect *c, struct err *e);

void source_positions(struct source *s, struct buf *out);
uint64_t source_begun(const struct source *s); /* files that nobody knew, so far */
const char *source_trouble(struct source *s);  /* told once; NULL: none */

#endif
