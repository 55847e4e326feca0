/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers out of untrusted text. */
#ifndef ONUS_UTIL_NUM_H
#define ONUS_UTIL_NUM_H

#include "util/span.h"

/* num_u32, num_u64 - parse an unsigned decimal number
 *
 * s        text, not NUL-terminated, untrusted
 * max      largest accepted value, inclusive
 * ret      set only on success
 * Returns 0; -EINVAL (empty or not all digits); -ERANGE (above max).
 * Source: none; no sign, space, locale or base prefix is accepted. */
MUST_USE int num_u32(struct span s, uint32_t max, uint32_t *ret);
MUST_USE int num_u64(struct span s, uint64_t max, uint64_t *ret);

/* num_i64 - the same with an optional leading '-', within [min, max] */
MUST_USE int num_i64(struct span s, int64_t min, int64_t max, int64_t *ret);

/* num_real - digits, optional point and digits, no exponent; at most 17 characters. -EINVAL. */
MUST_USE int num_real(struct span s, double *ret);

#endif
