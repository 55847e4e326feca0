/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a warrant: what is taken could be signed as it is; and what is signed reads the same. And as the keys that a
 * configuration trusts. */
#include "fuzz.h"

#include <sodium.h>
#include <string.h>

#include "core/warrant.h"
#include "util/macro.h"

#define TAIL                                                                                       \
	(2 + 2 * WARRANT_KEY + 2 * crypto_sign_BYTES) /* key and signature of those in the corpus */

static void sign_again(const struct warrant *w)
{
	uint8_t seed[crypto_sign_SEEDBYTES] = { 7 }, key[WARRANT_KEY], secret[WARRANT_SECRET];
	char text[WARRANT_TEXT_MAX];
	struct warrant back;
	struct err e;

	(void)crypto_sign_seed_keypair(key, secret, seed);
	if (warrant_sign(w, secret, text, &e) < 0 || warrant_parse(span_str(text), &back, &e) < 0)
		abort();
	if (memcmp(back.key, key, sizeof(key)) != 0 || back.since_s != w->since_s ||
	    back.until_s != w->until_s || back.until_s - back.since_s > WARRANT_LONGEST_S ||
	    strcmp(back.by, w->by) != 0 || strcmp(back.why, w->why) != 0)
		abort();
	*strchr(text, ' ') = '-';
	if (warrant_parse(span_str(text), &back, &e) == 0)
		abort();
}

/* The signature is in the way of every input that is not in the corpus: what stands before it is signed here. */
static void sealed(struct span body)
{
	static const uint8_t seed[crypto_sign_SEEDBYTES] = { 7 };
	uint8_t key[WARRANT_KEY], secret[WARRANT_SECRET], signature[crypto_sign_BYTES];
	char text[2 * WARRANT_TEXT_MAX], hex[2 * crypto_sign_BYTES + 1];
	size_t n = MIN_OF(span_len(body), (size_t)WARRANT_TEXT_MAX);
	struct warrant w;
	struct err e;

	(void)crypto_sign_seed_keypair(key, secret, seed);
	(void)crypto_sign_detached(signature, NULL, (const uint8_t *)body.p, n, secret);
	memcpy(text, body.p, n);
	text[n++] = ' ';
	(void)sodium_bin2hex(hex, sizeof(hex), key, sizeof(key));
	memcpy(text + n, hex, 2 * sizeof(key));
	n += 2 * sizeof(key);
	text[n++] = ' ';
	(void)sodium_bin2hex(hex, sizeof(hex), signature, sizeof(signature));
	memcpy(text + n, hex, 2 * sizeof(signature));
	n += 2 * sizeof(signature);
	if (warrant_parse(span_of(text, n), &w, &e) == 0)
		sign_again(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = span_of((const char *)data, size);
	struct operator_keys keys;
	struct warrant w;
	struct err e;

	if (sodium_init() < 0)
		abort();
	if (warrant_parse(text, &w, &e) == 0)
		sign_again(&w);
	if (size > 0)
		sealed(text);
	if (size > TAIL)
		sealed(span_of(text.p, size - TAIL));
	if (operator_keys_parse(text, &keys, &e) == 0 && keys.n > OPERATOR_KEYS_MAX)
		abort();
	return 0;
}
