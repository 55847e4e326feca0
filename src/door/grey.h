/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The greylist: who came back. A triplet (client's /24 or /64, sender, recipient) that was put off and comes again after
 * delay_s, within window_s, passes, and passes for keep_s from its last mail on; a client's network of which `known`
 * triplets have come back passes without a wait for as long.
 *
 * It keeps hashes only, under a key of its own, in a table of fixed size. A network has at most two entries that wait in each
 * corner of eight: the older one makes room for a third, so that no network alone fills the table. In a full corner these make
 * room, in this order: one whose time is over; of those that never came back although they had GREY_CHANCE_S for it beside the
 * delay, the one that waits longest; one of the same network that waits; of those that passed, but not within
 * GREY_RECENT_S, the one that was seen least recently. Where there is none of these the newcomer passes: nobody is put off whom
 * we could not remember.
 *
 * Any thread. Snapshot: doc/contracts/greylist-file.md. */
#ifndef ONUS_DOOR_GREY_H
#define ONUS_DOOR_GREY_H

#include "net/addr.h"
#include "util/buf.h"
#include "util/clock.h"
#include "util/err.h"
#include "util/span.h"

#define GREY_CHANCE_S	 3600
#define GREY_RECENT_S	 (7 * DAY_S)
#define GREY_ENTRIES_MAX (1u << 24)

struct grey;

struct grey_conf {
	uint32_t delay_s, window_s, keep_s; /* window_s > delay_s */
	uint32_t known;			    /* 0: no network passes for the sake of others */
	uint32_t entries; /* at most; rounded up to a power of two, at most GREY_ENTRIES_MAX */
};

enum grey_word {
	GREY_WAIT,  /* to be put off */
	GREY_BACK,  /* it waited, and passes for the first time */
	GREY_PASS,  /* it passed before */
	GREY_KNOWN, /* others of its network did, often enough */
	GREY_FULL,  /* it could not be remembered, and passes */
	GREY_WORD_N
};

/* grey_new - empty, with a new key; NULL when out of memory. grey_free - NULL-safe, returns NULL */
struct grey *grey_new(const struct grey_conf *c);
struct grey *grey_free(struct grey *g);

/* grey_ask - of one try
 *
 * sender, recipient  untrusted; case does not count, nor what a sender makes up anew for each mail: digits, and what follows
 *                    a '+'
 * *s   GREY_WAIT: seconds left; GREY_BACK: seconds it waited; else 0 */
enum grey_word grey_ask(struct grey *g, struct addr client, struct span sender,
    struct span recipient, int64_t now_s, uint32_t *s);

struct grey_figures {
	uint64_t waiting, passed, networks; /* entries, those whose time is over among them */
	uint64_t evicted;		    /* before their time was over */
	uint64_t changes;		    /* grows whenever a snapshot would be another one */
};
void grey_figures(struct grey *g, struct grey_figures *ret);

/* grey_write - the snapshot, appended; others wait for no longer than it takes to copy the table */
void grey_write(struct grey *g, struct buf *out);
size_t grey_write_max(const struct grey *g); /* bytes at most */

/* grey_read - all that a snapshot holds and whose time is not over, and its key, in place of what is there; what finds no
 * room is left out. Before anybody asks. 0; -EBADMSG with what is wrong: nothing has changed */
MUST_USE int grey_read(struct grey *g, struct span snapshot, int64_t now_s, struct err *e);

/* grey_save - grey_write through a file beside path, readable by its owner alone, synced and renamed
 * grey_load - 1: read; 0: there is none; -EBADMSG: it is none of ours, or cut, and now called PATH.bad; -errno */
MUST_USE int grey_save(struct grey *g, const char *path, struct err *e);
MUST_USE int grey_load(struct grey *g, const char *path, int64_t now_s, struct err *e);

#endif
