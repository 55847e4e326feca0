/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How often which server may be asked: one question at a time, a pause after each, longer ones when it says so or
 * fails, and what it said is kept from one run to the next. No server is asked while somebody counts on its answer
 * alone: this module asks nobody and knows no clock, it is told the time.
 *
 * The file, one server a line behind "#onus-rdap-servers 1":
 *	NOT-BEFORE <tab> TROUBLES <tab> SERVER		Unix seconds; "https://host:port" */
#ifndef ONUS_HOLDERS_SERVERS_H
#define ONUS_HOLDERS_SERVERS_H

#include <stdbool.h>
#include <stdint.h>

#include "util/err.h"
#include "util/span.h"

#define SERVERS_MAX	 256u
#define SERVER_NAME_MAX	 256u	   /* bytes, with NUL */
#define SERVER_PAUSE_MAX 86400000u /* ms: no server is left alone for longer */
#define SERVER_TROUBLES	 5u	   /* in a row: not asked again in this run */
#define SERVERS_NONE	 UINT32_MAX

/* What its last answer means for the next question. */
enum server_said {
	SERVER_ANSWERED, /* whatever it answered: it works */
	SERVER_BUSY, /* 429, 503: it says when, or we wait a minute, then twice as long each time */
	SERVER_FAILED, /* silence, no connection, 5xx, garbage: two seconds, then twice as long each time */
	SERVER_FORBIDDEN, /* 401, 403: a day */
	SERVER_SAID_N
};

struct servers;

/* servers_new - pause_ms: from one question to the next */
struct servers *servers_new(uint32_t pause_ms);
struct servers *servers_free(struct servers *s); /* NULL-safe, returns NULL */

/* servers_load - what was kept; a missing file is none
 * Times are of two clocks: now_s tells days and is in the file, now_ms only goes on and is in memory.
 * Returns 0; -EBADMSG when it is another file; -errno. Lines that make no sense are left out. */
MUST_USE int servers_load(
    struct servers *s, const char *path, int64_t now_s, int64_t now_ms, struct err *e);
MUST_USE int servers_save(
    const struct servers *s, const char *path, int64_t now_s, int64_t now_ms, struct err *e);

/* servers_of - the server of that name, added when it is new; SERVERS_NONE: too many, or no name */
uint32_t servers_of(struct servers *s, struct span name);
const char *server_name(const struct servers *s, uint32_t server);

/* server_asks_ms - when it may be asked next; INT64_MAX: while an answer of it is waited for, and after
 * SERVER_TROUBLES in a row not in this run */
int64_t server_asks_ms(const struct servers *s, uint32_t server);

/* server_asked, server_said - a question has gone out; this came of it
 * retry_after_s   of SERVER_BUSY; 0: it did not say */
void server_asked(struct servers *s, uint32_t server, int64_t now_ms);
void server_said(struct servers *s, uint32_t server, enum server_said said, uint64_t retry_after_s,
    int64_t now_ms);

#endif
