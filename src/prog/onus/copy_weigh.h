/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is in a file that was fetched: read to its end by a process of its own that has no network, can open nothing
 * else and write nowhere, and tells how much it found. */
#ifndef ONUS_PROG_ONUS_COPY_WEIGH_H
#define ONUS_PROG_ONUS_COPY_WEIGH_H

#include <stdint.h>

#include "holders/inputs.h"

/* struct copy_weight */
struct copy_weight {
	uint64_t records; /* facts taken, or lines of what no reader knows */
	uint64_t refused; /* records that were not */
};

/* copy_weigh - read path as what `in` says it is
 * Returns 0; -EINVAL with why it is not that: of another kind, damaged, nothing in it; -errno when it cannot be told. */
MUST_USE int copy_weigh(
    const char *path, const struct reg_input *in, struct copy_weight *ret, struct err *e);

/* copy_index - the URL that the index in path speaks of, found by such a process too. 0 or -errno. */
MUST_USE int copy_index(
    const char *path, const struct reg_input *in, char ret[INPUT_URL_MAX + 1], struct err *e);

#endif
