/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Log lines through filters: events come out. Blocks of many lines go in (util/input.h); what cannot
 * be judged safely is refused and counted, never guessed. */
#ifndef ONUS_INTAKE_SCAN_H
#define ONUS_INTAKE_SCAN_H

#include "core/event.h"
#include "intake/filter.h"
#include "net/addrset.h"
#include "util/clock.h"
#include "util/input.h"

struct scan;

/* What becomes of a line that a failregex matched. */
enum scan_outcome {
	SCAN_EVENT,   /* handed to the sink */
	SCAN_IGNORED, /* an ignoreregex matches too */
	SCAN_NOFAIL,  /* <F-NOFAIL>: no failure by itself */
	SCAN_PENDING, /* of whom, another line of this <F-MLFID> will say, or none */
	SCAN_ID,      /* <F-ID>, and no address */
	SCAN_NAME,    /* a host name, or what looks like one, stands where the address should */
	SCAN_SPECIAL, /* private or reserved space, in part or in whole */
	SCAN_WIDE, /* a network wider than SCAN_BITS_4 or SCAN_BITS_6: no line is believed so much */
	SCAN_OWN,  /* our own networks */
	SCAN_OUTCOME_N
};

/* <CIDR>, <SUBNET>: the widest network that a line of a log is believed about. */
#define SCAN_BITS_4 24u
#define SCAN_BITS_6 48u

/* scan_outcome_name - one word, for people and programs */
const char *scan_outcome_name(enum scan_outcome o);

/* struct scan_match - a match, whatever becomes of it; found is what stands where the address should, .p NULL
 * where nothing does */
struct scan_match {
	const struct filter *filter;
	enum scan_outcome outcome;
	int64_t time_s;
	struct span found;
	uint64_t number; /* the line's */
};

/* scan_match_sink - m and what it borrows live until it returns */
typedef void scan_match_sink(void *ctx, const struct scan_match *m);

/* struct scan_options - all borrowed until scan_free */
struct scan_options {
	const struct clock *clock; /* for dates without a year */
	const struct addrset *own; /* own networks, never an event; or NULL */
	struct span source;	   /* of the events; empty: the filter's name */
	bool pcre2;		   /* PCRE2 alone decides: slower, and the measure of the rest */
	bool weak;		   /* what this log says could be spoofed: proof is weak */
	scan_match_sink *matches;  /* is told of every match before the sink of events; or NULL */
	void *matches_ctx;
};

/* struct scan_counts - since scan_new; a line that several filters match counts for each */
struct scan_counts {
	uint64_t lines;
	uint64_t matched; /* lines that a failregex matched and no ignoreregex */
	uint64_t events;  /* of these, handed to the sink */
	uint64_t ignored; /* matched, and an ignoreregex too */
	uint64_t nofail;  /* matched by <F-NOFAIL>: no failure by itself */
	uint64_t pending; /* matched, and whom it is about is not known */
	uint64_t ids;	  /* matched, but it is about an id and no address */
	uint64_t names;	  /* matched, but a host name stands where the address should be */
	uint64_t special; /* matched, but private or reserved space */
	uint64_t wide;	  /* matched, but a network too wide to be believed */
	uint64_t own;	  /* matched, but our own networks */
	uint64_t undated; /* lines without a date */
	uint64_t
	    refused; /* lines cut at INPUT_LINE_MAX, with NUL bytes, past a match limit, or wrongly dated */
};

/* scan_new - filters are borrowed, and are this scan's alone while it lives */
MUST_USE int scan_new(struct filter *const *filters, unsigned n, const struct scan_options *o,
    struct scan **ret, struct err *e);
struct scan *scan_free(struct scan *s); /* NULL-safe, returns NULL */

/* scan_time - lines from here on carry no date, and are of this time: a journal says it apart from the message */
void scan_time(struct scan *s, int64_t time_s);

/* scan_weak - lines from here on are of a log that could be spoofed; or are not, unless the options say so */
void scan_weak(struct scan *s, bool weak);

/* scan_sink - ev and what it borrows live until the sink returns; number is the line's */
typedef void scan_sink(void *ctx, const struct event *ev, uint64_t number);

/* scan_block - every line of a block
 * Returns the number of lines, for input_block_lines. */
MUST_USE uint64_t scan_block(struct scan *s, const struct block *b, scan_sink *sink, void *ctx);

/* scan_line - one line without its LF */
void scan_line(struct scan *s, const struct line *line, scan_sink *sink, void *ctx);

/* scan_input - all of an input to its end
 * Returns 0, or -errno of reading. */
MUST_USE int scan_input(
    struct scan *s, struct input *in, scan_sink *sink, void *ctx, struct err *e);

const struct scan_counts *scan_counts(const struct scan *s); /* of NULL: nothing but zeros */

/* scan_first_refused - the first line refused since this was asked last: its number and the reason (a
 * literal); 0 when none was */
uint64_t scan_first_refused(struct scan *s, const char **why);

#endif
