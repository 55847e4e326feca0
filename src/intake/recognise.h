/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an input is, by its content: most of its first lines decide, a file's name never does. */
#ifndef ONUS_INTAKE_RECOGNISE_H
#define ONUS_INTAKE_RECOGNISE_H

#include <stdbool.h>

#include "util/span.h"

enum input_kind {
	INPUT_UNKNOWN,
	INPUT_EVENTS,	   /* event lines (doc/contracts/event-line.md) */
	INPUT_EVENTS_JSON, /* the same as NDJSON */
	INPUT_JSON,	   /* JSON objects, one a line, that are no events: a log (intake/jlog.h) */
	INPUT_LIST,	   /* intake/list.h */
	INPUT_LOG,	   /* lines with a date (intake/dates.h) */
	INPUT_EMPTY,	   /* nothing, or nothing but comments: no event in it, and no error */
	INPUT_KIND_N
};

#define RECOGNISE_DAEMON_MAX 32u

struct recognised {
	enum input_kind kind;
	char daemon[RECOGNISE_DAEMON_MAX]; /* log: the program that most lines name, or "" */
	bool open_to_clients;		   /* log: recognise_open */
	const char *why;		   /* unknown: what it is not, to be shown; a constant */
};

const char *input_kind_name(enum input_kind k);

/* recognise - head is what input_peek gave */
struct recognised recognise(struct span head);

/* recognise_open - is there a line of a program's own log, one of those into which a client can make it write a whole
 * line of his own (doc/filters.md)? head may end within a line. */
bool recognise_open(struct span head);

#endif
