/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keyed hashing for tables whose keys strangers choose: SipHash-2-4 under a key drawn once per
 * process. Include this instead of <uthash.h>: its default hash has a fixed seed and it exits when
 * memory runs out; here both are replaced (abort: daemons restart, state is on disk). */
#ifndef ONUS_UTIL_HASH_H
#define ONUS_UTIL_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

uint64_t hash_bytes(const void *p, size_t n);

#define HASH_FUNCTION(keyptr, keylen, hashv) ((hashv) = (unsigned)hash_bytes((keyptr), (keylen)))
#define uthash_fatal(msg)		     abort()
#include <uthash.h>

#endif
