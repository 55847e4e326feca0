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
#include "publication/settings_file.h"
#include "util/clock.h"

/* struct found - an event of the block in hand, formatted, with its line */
struct found {
	size_t end;	 /* of its text in collect.text; it begins where the one before ends */
	uint64_t number; /* of its line */
};

struct collect;
struct source;

/* struct source_counts - of all sources; each kind adds what it knows */
struct source_counts {
	uint64_t begun; /* files that nobody knew, so far */
	uint64_t files, truncated, lost, unfollowed;
	uint64_t held;		       /* lists */
	uint64_t plugin_failed;	       /* runs */
	uint64_t mails, mails_refused; /* messages; of which no relay could be told */
	uint64_t reports, reports_refused, reports_died; /* messages; the last: of their reader */
	uint64_t callers, uninvited, turned_away, datagrams_lost; /* syslog */
};

/* struct source_kind - a way in. It keeps its own in source.in, which open sets and done frees. What may be
 * NULL is marked so. */
struct source_kind {
	const char *type; /* as the configuration has it */
	bool whole;	  /* a block goes into one batch, or nowhere */
	bool again;	  /* several can read it, each at its own pace */
	bool handed;	  /* only one can; source.also is handed what came */
	/* open - as s->conf says; -errno with a message, after which done may be called */
	int (*open)(struct source *s, struct err *e);
	/* start - sockets and the like, when the daemon runs; open alone is a check. May be NULL. */
	int (*start)(struct source *s, struct err *e);
	void (*done)(struct source *s);
	/* keep - before done, when the same configuration or another one is opened after that: what its next source
	 * goes on with, into s->to->kept. May be NULL. */
	void (*keep)(struct source *s);
	/* restore - one position line: 1; 0 when it belongs to another source; -EINVAL when broken. May be NULL. */
	int (*restore)(struct source *s, struct span line, struct err *e);
	/* tend - once a turn, also while the spool is full and nothing else is called. May be NULL. */
	void (*tend)(struct source *s);
	/* poll - look for what is new; true: some have to wait, look again when nothing is left. May be NULL.
	 * settled_s  what was written less than this long ago may be half */
	bool (*poll)(struct source *s, int64_t settled_s);
	/* pump - a piece of what there is into the batch, which is flushed when it is full: 1 when there may be
	 * more, 0 when there is nothing, -errno of flushing */
	int (*pump)(struct source *s, struct err *e);
	/* take - so many lines of the block in hand are in the batch. Of kinds that use lines_take. */
	void (*take)(struct source *s, uint64_t lines);
	/* positions - a line for each thing that is read, appended. May be NULL. */
	void (*positions)(struct source *s, struct buf *out);
	/* durable - what positions wrote last is in the spool. May be NULL. */
	void (*durable)(struct source *s);
	/* trouble - a sentence, told once; NULL: none. May be NULL. */
	const char *(*trouble)(struct source *s);
	/* vet - may this event, of a line that the source was handed, be counted as it is? It may be changed, its
	 * source too; false with the reason. Of kinds that take event lines; may be NULL. */
	bool (*vet)(struct source *s, struct event *ev, struct err *why);
	/* where - what the block in hand is from, for messages. Of kinds that use lines_take. */
	const char *(*where)(const struct source *s);
	void (*count)(const struct source *s, struct source_counts *to); /* may be NULL */
};

extern const struct source_kind kind_log, kind_json, kind_list, kind_events, kind_syslog,
    kind_journal, kind_plugin, kind_reports, kind_mail;

struct source {
	const struct source_kind *kind;
	const struct conf_source *conf; /* borrowed */
	struct collect *to;		/* borrowed */
	void *in;			/* the kind's own */
	struct source *also; /* of this name, for good observations; borrowed; NULL: none */
	bool weak;	     /* what it says could be spoofed */
	bool open;	     /* the block in hand is of a file that clients can write lines into */
	struct filters filters; /* lines.c, from here */
	struct scan *scan;	/* by filters */
	struct jlog *json;	/* by a map; neither: event lines */
	uint64_t refused;	/* lines not told of yet */
	int64_t told_us;	/* monotonic; 0: never */
};

/* struct collect - one of the two things that a running collector gathers: events, or good observations (core/good.h)
 * out of the logs of one's own servers. Each has a spool, and so positions, of its own. */
struct collect {
	bool good;
	struct conf *conf;
	struct clock clock;
	struct addrset own; /* of the configuration, and as set by command: settings */
	struct settings_file settings;
	bool own_known;	     /* own was read */
	struct known *known; /* what is good, and no event */
	char *list_dir;	     /* snapshots of lists */
	struct spool *spool;
	struct kept **kept; /* while it opens, and closes for a reload; else NULL */
	int wake; /* epoll: a descriptor in it that is readable ends the sleep between turns */
	struct batch_writer writer;
	struct source *sources;
	unsigned n_sources;
	struct buf orphans; /* positions of sources that the configuration does not have now */
	struct buf text, positions, line;
	struct found *found;
	size_t n_found, found_cap;
	uint64_t read_bytes; /* since the last batch: worth a batch even without events */
	bool moved;	     /* any position moved since the last batch */
	bool full;	     /* the spool, when it was last looked at */
	uint64_t batches, events, refused, known_good;
	uint64_t begun;	    /* files begun by all sources, when that was last looked at */
	int64_t flushed_us; /* monotonic; 0: not yet */
	int64_t polled_us;  /* monotonic; when the file system was looked at last */
};

/* collect_flush - what was collected, with the positions that belong to it, into the spool; nothing when
 * nothing moved. On an error all is as it was, to be tried again. */
MUST_USE int collect_flush(struct collect *c, struct err *e);

/* struct kept - sockets over a reload, with who is connected to them (kind_syslog.c)
 *
 * kept_prune - let go of those that no source of c listens on */
struct kept;
void kept_prune(struct kept **list, const struct collect *c);
void kept_free(struct kept *list); /* NULL-safe */

/* source_gives_good - can good observations be had of a source of this type, beside its events? */
bool source_gives_good(const char *type);

/* source_open - as the configuration says; source_done is callable twice */
MUST_USE int source_open(
    struct source *s, struct collect *c, const struct conf_source *conf, struct err *e);
void source_done(struct source *s);

/* What the kind does, or nothing where it has nothing to do. */
void source_keep(struct source *s); /* nothing without a place for it, too */
MUST_USE int source_start(struct source *s, struct err *e);
MUST_USE int source_restore(struct source *s, struct span line, struct err *e);
void source_tend(struct source *s);
bool source_poll(struct source *s, int64_t settled_s);
MUST_USE int source_pump(struct source *s, struct err *e);
void source_positions(struct source *s, struct buf *out);
void source_durable(struct source *s);
const char *source_trouble(struct source *s);
void source_count(const struct source *s, struct source_counts *to);

/* source_knows - is it about somebody who is known to be good? Then it is counted, and no event. */
bool source_knows(const struct source *s, const struct event *ev);

/* lines_open_filters, lines_open_map - how the source's lines are read; neither: they are event lines */
MUST_USE int lines_open_filters(struct source *s, struct err *e);
MUST_USE int lines_open_map(struct source *s, struct err *e);
void lines_done(struct source *s);

/* lines_refused - so many of its lines were refused, the first of them (0: it has no number) for this reason */
void lines_refused(struct source *s, uint64_t number, const char *why, uint64_t refused);

/* lines_take - the events of a block into the batch, kind.take told of each line whose events are in it
 * Returns 1; -errno of flushing: what was not taken has to come again. */
MUST_USE int lines_take(struct source *s, const struct block *b, struct err *e);

#endif
