/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An event line that somebody else's file or program says: what of it is believed, whoever reads it. It speaks for its
 * source and no other, whatever name it carries, and never of one's own, private or special address space. */
#ifndef ONUS_CORE_EVENT_SAID_H
#define ONUS_CORE_EVENT_SAID_H

#include "core/event.h"
#include "net/addrset.h"

/* struct event_said_by - whose lines they are; all of it is borrowed */
struct event_said_by {
	const char *source;
	const struct addrset *own; /* one's own space */
	bool weak;		   /* what it says counts as spoofable, whatever it says */
	bool dated;		   /* a line without a time is refused; else it is of now */
};

/* event_said - one line (no LF; a CR at its end is passed over), tab-separated or, beginning with a brace, NDJSON
 * Returns 1 with *ret, which borrows from line, room and by; 0: a comment, header or empty line; -EINVAL, -ERANGE with a
 * reason. */
MUST_USE int event_said(struct span line, const struct event_said_by *by, int64_t now_s,
    struct event_room *room, struct event *ret, struct err *e);

#endif
