/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The status file of a program: what it is doing, for `onus status`, check_onus and onus-graph. Contract, and the
 * file as it is read: doc/contracts/status-file.md; core/status_file.h reads it. */
#ifndef ONUS_SVC_STATUS_H
#define ONUS_SVC_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "util/buf.h"
#include "util/err.h"

#define STATUS_FORMAT	"onus-status 1"
#define STATUS_EVERY_US 1000000 /* written no more often than this, but at an end */
#define STATUS_FIGURES	96u	/* kept at most; more are not told */

enum status_kind {
	STATUS_COUNTER, /* only grows while the program runs; has a rate */
	STATUS_GAUGE,	/* goes up and down */
	STATUS_TIME,	/* Unix seconds; 0: never */
	STATUS_KIND_N
};

struct status;

/* status_new - program is kept by pointer; now_us monotonic; NULL when out of memory. status_free: NULL-safe */
struct status *status_new(const char *program, bool once, int64_t now_s, int64_t now_us);
struct status *status_free(struct status *s);

/* status_to - where PROGRAM.status is kept; the directory is made. Before that nothing is written. */
MUST_USE int status_to(struct status *s, const char *dir, struct err *e);

/* status_set - one figure; key is kept by pointer. A counter that falls has begun anew. */
void status_set(
    struct status *s, enum status_kind kind, const char *key, int64_t value, int64_t now_us);

/* status_error - the last trouble and its time; it stays until another one comes */
void status_error(struct status *s, const char *text, int64_t now_s);

/* status_text - the file's text, appended; state is one word of the contract */
void status_text(struct status *s, const char *state, const char *message, int64_t now_s,
    int64_t now_us, struct buf *out);

/* status_write - replace the file whole, when it is due or `now`; 0, also when there is nothing to do, or -errno.
 * Not synced: after a power cut it is stale anyway. */
MUST_USE int status_write(
    struct status *s, const char *state, const char *message, bool now, struct err *e);

#endif
