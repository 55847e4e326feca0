/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bytes out of a file descriptor, unpacked on the way when they are gzip, zstd, xz or bzip2 (recognised
 * by their first bytes; concatenated members are read through). Output is capped: INPUT_RATIO_MAX. */
#ifndef ONUS_UTIL_UNPACK_H
#define ONUS_UTIL_UNPACK_H

#include <stdbool.h>
#include <stdint.h>

#include "util/err.h"

struct unpack;

/* unpack_new - takes fd, which unpack_free closes; NULL when out of memory (fd stays the caller's)
 */
struct unpack *unpack_new(int fd);
struct unpack *unpack_free(struct unpack *u); /* NULL-safe, returns NULL */

/* unpack_read - up to n bytes into to
 * Returns how many (> 0), 0 at the end, -errno; -EBADMSG for a damaged or cut archive, -EFBIG for
 * one that unpacks to more than INPUT_RATIO_MAX times its size. */
MUST_USE ssize_t unpack_read(struct unpack *u, char *to, size_t n, struct err *e);

/* unpack_is_packed - would a file be unpacked that begins with these n bytes? */
bool unpack_is_packed(const void *head, size_t n);

uint64_t unpack_taken(const struct unpack *u); /* packed bytes read so far */

#endif
