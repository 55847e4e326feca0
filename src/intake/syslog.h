/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Syslog messages, out of datagrams and streams, as lines of a log: date in UTC, host, tag, text, as rsyslog
 * writes them into files; so the same filters read both. What a sender writes stays on one line: control
 * characters become #ooo, three octal digits, as rsyslog does it.
 *
 * Two forms, told apart by what follows <PRI>:
 *   RFC 5424  "1 " date host app procid msgid structured-data text; structured data is checked and left out
 *   RFC 3164  the rest: a date of either kind, or none; a host, or none; tag and text
 * The date is believed when it is at most SYSLOG_OLD_S old and SYSLOG_AHEAD_S ahead; else it is when the
 * message came. It knows nothing of sockets. */
#ifndef ONUS_INTAKE_SYSLOG_H
#define ONUS_INTAKE_SYSLOG_H

#include "intake/stamp.h"
#include "util/buf.h"
#include "util/err.h"

#define SYSLOG_MESSAGE_MAX 8192u /* bytes of one message; RFC 5424 section 6.1 wants 2048 */
#define SYSLOG_LINE_MAX	   (4 * SYSLOG_MESSAGE_MAX + 512u)
#define SYSLOG_OLD_S	   (30 * DAY_S)
#define SYSLOG_AHEAD_S	   300

/* syslog_line - one message, without what framed it, as one line with its LF, appended to out
 * dates  its clock says when the message came
 * from   stands for the host where the message names none
 * Returns 0; -EINVAL with *why, a literal: nothing was appended. */
MUST_USE int syslog_line(struct stamp_reader *dates, struct span message, struct span from,
    struct buf *out, const char **why);

/* struct syslog_entry - what a line is made of; app, pid: empty where there is none; text of at most SYSLOG_MESSAGE_MAX */
struct syslog_entry {
	int64_t time_s;
	struct span host, app, pid, text;
};

/* syslog_compose - a line of such parts, wherever they are from, appended */
void syslog_compose(const struct syslog_entry *m, struct buf *out);

/* --- messages of a stream (RFC 6587) ------------------------------------------------------------
 * Each is framed in one of two ways: "LENGTH SP" before it, or LF behind it. */

#define SYSLOG_FRAME_ROOM (SYSLOG_MESSAGE_MAX + 16u) /* of a stream must fit in memory */

/* struct syslog_cut - what of a message that is too long is still to come; zeroed to begin with */
struct syslog_cut {
	uint64_t bytes;
	bool line;
};

/* syslog_frame - the next message off the head of *rest
 * Returns 1 with *ret (borrowed from *rest); 0: more bytes are needed, at most SYSLOG_FRAME_ROOM together;
 * -EMSGSIZE: one is too long, and is passed over; -EBADMSG: no way to tell where the next one begins. */
MUST_USE int syslog_frame(struct syslog_cut *c, struct span *rest, struct span *ret);

#endif
