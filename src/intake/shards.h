/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One log on several threads. Blocks of lines go to whichever thread is free, each with filters of its
 * own; what they find is handed out in the order of the lines, by the caller's thread. So the result is
 * that of scan.h, event for event, however many threads there are. */
#ifndef ONUS_INTAKE_SHARDS_H
#define ONUS_INTAKE_SHARDS_H

#include "intake/scan.h"

#define SHARDS_THREADS_MAX 16u

struct shards;

/* shards_new - filters by their names, as filters_load has them; o is borrowed until shards_free
 * threads   1: none besides the caller's; 0: one a processor that this process may use. They are
 *           started when an input is long enough to be worth it. Filters that remember
 *           (filters_remember) are always one thread's. */
MUST_USE int shards_new(const char *const *specs, unsigned n, const char *path,
    const struct scan_options *o, unsigned threads, struct shards **ret, struct err *e);
struct shards *shards_free(struct shards *s); /* NULL-safe, returns NULL */

/* shards_threads - how many; shards_apart - for those to whom the order of events is nothing: from now on
 * what thread i finds goes to sink with ctx[i], in that thread, whose line numbers are of no use; what
 * the caller's thread finds still goes to the sink of shards_input. Neither meets the other: give each a
 * place of its own, and add them up after shards_input. */
unsigned shards_threads(const struct shards *s);
void shards_apart(struct shards *s, scan_sink *sink, void *const ctx[]);

/* shards_weak - as scan_weak, between two inputs */
void shards_weak(struct shards *s, bool weak);

/* shards_tick - called after each block, for a progress bar */
typedef void shards_tick(void *ctx, const struct input *in);

/* shards_input - all of an input to its end; tick may be NULL, and gets ctx as the sink does
 * Returns 0; -errno of reading, after what was read before was handed out; -ENOMEM. */
MUST_USE int shards_input(struct shards *s, struct input *in, scan_sink *sink, shards_tick *tick,
    void *ctx, struct err *e);

/* shards_counts - since shards_new (of NULL: zeros); shards_first_refused - as scan_first_refused */
struct scan_counts shards_counts(const struct shards *s);
uint64_t shards_first_refused(struct shards *s, const char **why);

#endif
