/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Abuse reports, as they come by mail: ARF (RFC 5965), X-ARF (its mails of the years before 2012, JSON of versions 1
 * to 3 and 4), DMARC aggregate reports (RFC 7489 appendix C, RFC 9990). What a report says becomes events; who says
 * it is hearsay, so an event is weak unless the mail is from a listed reporter and a receiver of one's own says that
 * it is authentic (doc/reports.md). Reads what strangers send through gmime, expat, libzip, libyaml and jansson: call
 * it only in a process without rights (prog/reports). No address of a recipient, or of anybody else, is kept.
 *
 * Not for two threads at once. */
#ifndef ONUS_INTAKE_REPORT_H
#define ONUS_INTAKE_REPORT_H

#include "intake/sender.h"
#include "util/buf.h"
#include "util/err.h"

#define REPORT_BYTES_MAX    (10u << 20) /* of one message */
#define REPORT_UNPACKED_MAX (24u << 20) /* of what is packed in it */
#define REPORT_EVENTS_MAX   4000u	/* of one message: what one batch holds */
#define REPORT_COUNT_MAX                                                                           \
	10000u /* of one event: one report is one witness, whatever number it names */

/* struct report_options - borrowed while report_read runs */
struct report_options {
	int64_t now_s;		      /* when it came: the date of what names none */
	struct sender_options sender; /* who is believed */
	const struct addrset *
	    reporter_hosts; /* networks of hosts whose Received lines are true in what is reported; NULL
			     * or empty: none are */
};

/* report_init - once, before rights are given up and before report_read */
void report_init(void);

/* report_read - one message, or a bare report (JSON, XML, XML in gzip or zip)
 *
 * out  event lines are appended, without a source; as it was when the report is refused: it counts whole or not at all
 * Returns how many; 0: a report that accuses nobody; -EINVAL with the reason in words. */
MUST_USE int report_read(
    struct span bytes, const struct report_options *o, struct buf *out, struct err *why);

#endif
