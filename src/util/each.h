/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The same work on many things, in parts that do not touch each other, on several threads (util/lanes.h) where
 * there is enough of it. */
#ifndef ONUS_UTIL_EACH_H
#define ONUS_UTIL_EACH_H

#include <stddef.h>

#include "util/lanes.h"
#include "util/macro.h"

/* each_work - do the things [from, end) on a lane, which is below LANES_MAX: what belongs to it needs no lock.
 * 0 or -errno. */
typedef int each_work(void *ctx, unsigned lane, size_t from, size_t end);

/* each - work on [0, n) in parts of at most `part`, in any order
 * threads  0: one a processor. The caller's own does all where one part is all there is, or no other is to be had.
 * Returns 0, or the first error in the order of the things; the other parts may have been done all the same. */
MUST_USE int each(unsigned threads, size_t n, size_t part, each_work *work, void *ctx);

#endif
