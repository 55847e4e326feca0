/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Watches the lists of one source: an entry is an event when it *appears*, once, however often the list
 * is fetched again. What a list held is kept as a snapshot file, named by its content; a position (see
 * doc/contracts/batch.md) names two of them, old and new, and how many of the entries that only the new
 * one has were handed out. A snapshot is durable before any position names it, and is removed only when
 * positions that do not name it are durable; so one who is killed at any instant finds both sides of the
 * change again, in the same order, and goes on where he was: nothing twice, nothing left out.
 *
 * Seen again after it was gone, an entry appears again. A list that became empty is taken for a broken
 * fetch and changes nothing; one that list_guard.h does not believe is held back and changes nothing until it is
 * another again, or until somebody has accepted it: a file STATE_DIR/SOURCE.accept that is no older than the list
 * (`onus feed accept SOURCE`). If a snapshot was lost (the state directory was wiped), the list as it is
 * becomes the new start and nothing of it is told: better late than twice.
 *
 * Not for two threads at once. Out of memory aborts. */
#ifndef ONUS_INTAKE_WATCH_H
#define ONUS_INTAKE_WATCH_H

#include "intake/list.h"
#include "util/buf.h"

#define WATCH_LISTS_MAX	  64u	   /* files of one source */
#define WATCH_ENTRIES_MAX 8000000u /* of one list */
#define WATCH_PATH_MAX	  300u

struct watch;

/* struct watch_options - all borrowed until watch_free */
struct watch_options {
	const char *source;    /* [A-Za-z0-9._-], at most 64 */
	const char *pattern;   /* a path, or a glob(7) pattern */
	const char *state_dir; /* must exist; snapshots are kept in it */
	enum category category;
	enum proof proof;
	const struct addrset *own; /* may be NULL */
	struct list_form form;
};

struct watch *watch_new(const struct watch_options *o);
struct watch *watch_free(struct watch *w); /* NULL-safe, returns NULL */

/* watch_restore - one position line: 1; 0 when it belongs to another source; -EINVAL when broken */
MUST_USE int watch_restore(struct watch *w, struct span line, struct err *e);

/* watch_poll - look for lists that changed
 * settled_s  leave those alone that were written less than this long ago: they may be half
 * Returns true when some list was left for later, as its last change is still being handed out. */
bool watch_poll(struct watch *w, int64_t now_s, int64_t settled_s);

/* watch_next - the next entry that appeared, as an event; it stays the next one until watch_take */
bool watch_next(struct watch *w, struct event *ret);
void watch_take(struct watch *w);

/* watch_positions - a line for each list, appended
 * watch_durable - what watch_positions wrote last is durable: snapshots that it does not name go */
void watch_positions(struct watch *w, struct buf *out);
void watch_durable(struct watch *w);

/* watch_held - lists that are held back now */
unsigned watch_held(const struct watch *w);

/* watch_refused - entries refused since the last call; watch_trouble - the last thing that went wrong,
 * or NULL; a sentence, told once */
uint64_t watch_refused(struct watch *w);
const char *watch_trouble(struct watch *w);

#endif
