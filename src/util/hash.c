/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "util/hash.h"

#include <pthread.h>
#include <sodium.h>

static unsigned char hash_key[crypto_shorthash_KEYBYTES];
static pthread_once_t hash_once = PTHREAD_ONCE_INIT;

static void draw_key(void)
{
	if (sodium_init() < 0)
		abort();
	crypto_shorthash_keygen(hash_key);
}

uint64_t hash_bytes(const void *p, size_t n)
{
	uint64_t h;

	(void)pthread_once(&hash_once, draw_key);
	_Static_assert(sizeof(h) == crypto_shorthash_BYTES, "SipHash is 64 bits");
	(void)crypto_shorthash((unsigned char *)&h, p, n, hash_key);
	return h;
}
