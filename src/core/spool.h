/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The spool: the queue between producers and the loader, made of directories. Each producer has its own,
 * SPOOL/PRODUCER/{tmp,new,done,bad}: a batch is written and synced in tmp/, renamed into new/ and the
 * directory synced; the loader moves it to done/ once it is in the database, or to bad/ beside a file
 * that says why. Whoever is killed at whichever instant: a batch is in new/ whole or not at all. */
#ifndef ONUS_CORE_SPOOL_H
#define ONUS_CORE_SPOOL_H

#include "core/batch.h"

struct spool;

/* spool_open - the producer's end; makes the directories, takes the lock, empties tmp/
 * dir        the spool directory of the host (parameter spool_dir)
 * max_bytes  of new/; over it spool_full() is true
 * Returns 0; -EBUSY (another process is this producer); -errno. */
MUST_USE int spool_open(const char *dir, const char *host, const char *producer, uint64_t max_bytes,
    struct spool **ret, struct err *e);
struct spool *spool_free(struct spool *s); /* NULL-safe, returns NULL */

/* spool_positions - the positions in this producer's newest readable batch: where it goes on
 * Appended to ret, which stays empty when there was never a batch. */
MUST_USE int spool_positions(struct spool *s, struct buf *ret, struct err *e);

/* spool_put - make a batch durable and reset the writer
 * Returns 0; -ENOSPC (the spool or the disk is full), -errno: nothing was written, w is as it was. */
MUST_USE int spool_put(struct spool *s, struct batch_writer *w, enum batch_type type, int64_t now_s,
    struct span positions, struct err *e);

/* spool_full - true while new/ holds more than it may: readers of files stop reading */
bool spool_full(struct spool *s);
uint64_t spool_last_sequence(const struct spool *s); /* 0: none yet */

/* spool_loaded - how far the loader is with this producer's batches
 * ret_waits   the oldest that it has not dealt with; UINT64_MAX: none
 * ret_loaded  the newest that it has loaded; 0: none */
MUST_USE int spool_loaded(
    struct spool *s, uint64_t *ret_waits, uint64_t *ret_loaded, struct err *e);

/* --- the loader's end --------------------------------------------------------------------------- */

/* struct spool_item - one waiting batch */
struct spool_item {
	char *dir; /* SPOOL/PRODUCER */
	char file[BATCH_NAME_MAX];
	struct batch_name name;
	size_t before; /* how many of its directory are older: by host, producer, sequence */
};

struct spool_list {
	struct spool_item *v; /* the oldest of each directory, then the second of each, and so on */
	size_t n;
	size_t producers; /* of whom something waits */
	uint64_t waiting; /* number of all that wait, listed or not */
};

/* spool_scan - at most max of the batches that wait, in turns: nobody waits for the end of another's backlog. What it
 * holds in memory does not grow with what waits.
 * Files in new/ whose name is no batch's are moved to bad/. */
MUST_USE int spool_scan(const char *dir, size_t max, struct spool_list *ret, struct err *e);
void spool_list_done(struct spool_list *l); /* callable twice */

/* spool_read - the batch, checked; -EBADMSG: spool_reject it with the reason */
MUST_USE int spool_read(const struct spool_item *it, struct batch *ret, struct err *e);
/* spool_read_packed - and the bytes of its file, in packed, which buf_done ends in any case */
MUST_USE int spool_read_packed(
    const struct spool_item *it, struct buf *packed, struct batch *ret, struct err *e);

/* spool_finish - new/ → done/; older ones of the same host and producer leave done/, the newest stays */
MUST_USE int spool_finish(const struct spool_item *it, struct err *e);
/* spool_reject - new/ → bad/, with FILE.reason beside it */
MUST_USE int spool_reject(const struct spool_item *it, const char *reason, struct err *e);

#endif
