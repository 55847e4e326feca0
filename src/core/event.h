/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The event: a dated sighting of an address doing something, and its two written forms, the
 * tab-separated line and NDJSON. Grammar, maxima and golden files: doc/contracts/event-line.md. */
#ifndef ONUS_CORE_EVENT_H
#define ONUS_CORE_EVENT_H

#include "core/category.h"
#include "net/addr.h"
#include "util/buf.h"
#include "util/err.h"

#define EVENT_HEADER	  "#onus-events 1"
#define EVENT_SOURCE_MAX  64u
#define EVENT_SERVICE_MAX 32u
#define EVENT_DETAIL_MAX  500u
#define EVENT_LINE_MAX	  4096u /* bytes of a written line, escapes included */
#define EVENT_COUNT_MAX	  1000000000u

enum proof { PROOF_FULL = 0, PROOF_WEAK = 1 }; /* stored: never renumber */

struct event {
	int64_t time_s;	       /* UTC */
	struct prefix subject; /* a host: IPv4 /32 (len 128), IPv6 its /64 (len 64); or a prefix */
	enum category category;
	enum proof proof;
	uint32_t count;	     /* 1 … EVENT_COUNT_MAX */
	struct span source;  /* borrowed; may be empty: the reader's own source name applies */
	struct span service; /* "sshd", "smtp"; may be empty */
	struct span detail;  /* free text, any bytes but NUL; may be empty */
};

/* struct event_room - where unescaped fields live while an event borrows from it */
struct event_room {
	char text[EVENT_SOURCE_MAX + EVENT_SERVICE_MAX + EVENT_DETAIL_MAX];
};

/* event_subject - the subject of an address: IPv4 /32, IPv6 its /64 */
static inline struct prefix event_subject(struct addr a)
{
	return (struct prefix){ addr_host(a), addr_is_v4(a) ? 128 : 64 };
}

/* event_date_check - could a clock have written it? What is dated before 1990 or more than a day after now is
 * a typing error or a broken clock, and one such line would make a young ledger look old, or the evidence
 * wait for years. 0; -ERANGE with the reason. */
#define EVENT_OLDEST_S INT64_C(631152000) /* 1990-01-01 */
#define EVENT_FUTURE_S 86400
MUST_USE int event_date_check(int64_t time_s, int64_t now_s, struct err *e);

/* event_is_host - the subject is one host (IPv4 /32, IPv6 /64) and not a listed prefix */
static inline bool event_is_host(const struct event *ev)
{
	return ev->subject.len == (addr_is_v4(ev->subject.addr) ? 128 : 64);
}

/* event_is_simulated - one of `onus sim`: nobody did that */
#define EVENT_SIMULATED	       "simulated" /* its detail */
#define EVENT_SIMULATED_SOURCE "sim-"	   /* its source begins so */
bool event_is_simulated(const struct event *ev);

/* event_parse - one line (no LF), tab-separated
 *
 * time, address, category, count, proof, source, service, detail. Trailing fields may be missing;
 * empty: time → now_s, category → other, count → 1, proof → weak; the address may not.
 * room     holds what was unescaped; ev borrows from line and room
 * Returns 1 with *ret; 0 for a comment, header or empty line; -EINVAL with a reason (bad field, too
 * long, a header of another version). *ret is set only on 1. */
MUST_USE int event_parse(
    struct span line, int64_t now_s, struct event_room *room, struct event *ret, struct err *e);

/* event_format - one line with its LF, appended; detail is cut at EVENT_DETAIL_MAX bytes */
void event_format(const struct event *ev, struct buf *out);

/* event_format_json - one NDJSON object with its LF; number is the input line, 0 to leave it out
 * Names are IntelMQ's: time.source, source.ip | source.network, classification.type, feed.name,
 * protocol.application, event_description.text, extra.count, extra.proof; "line" is ours. */
void event_format_json(const struct event *ev, uint64_t number, struct buf *out);

/* event_parse_json - the same back; unknown members are ignored. As event_parse. */
MUST_USE int event_parse_json(
    struct span line, int64_t now_s, struct event_room *room, struct event *ret, struct err *e);

#endif
