/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A warrant: a decision that an operator signs with a key of his own (ed25519), as whole holders are walled off by
 * nothing less. What it says, its text and its signature; what becomes of it is in judge/warranted.h. Grammar, example
 * and golden file: doc/contracts/warrant.md. */
#ifndef ONUS_CORE_WARRANT_H
#define ONUS_CORE_WARRANT_H

#include "core/decision.h"
#include "core/entity.h"
#include "core/param.h"

#define WARRANT_HEADER	  "onus-warrant-1"
#define WARRANT_LONGEST_S INT64_C(604800)
#define WARRANT_WHY_MAX	  200u	/* bytes */
#define WARRANT_TEXT_MAX  1024u /* bytes of one with its signature, with NUL */
#define WARRANT_KEY	  32u	/* bytes of a public key */
#define WARRANT_SECRET	  64u	/* of a secret one */
#define WARRANT_KEY_HEX	  65u	/* with NUL */

struct warrant {
	struct entity entity;
	enum action action;
	int64_t since_s, until_s;
	bool forced; /* it may cover more than judge/warranted.h lets others */
	char by[PARAM_NAME_MAX + 1];
	char why[WARRANT_WHY_MAX + 1];
	uint8_t key[WARRANT_KEY]; /* that signed it */
};

/* warrant_action - what is done to such an entity where nobody says otherwise */
enum action warrant_action(enum entity_kind kind);

/* warrant_check - can it be signed? It ends, at most WARRANT_LONGEST_S after it begins; what is done is a refusal, or of an
 * address or block a drop; names and reasons are clean text. 0; -EINVAL with a sentence */
MUST_USE int warrant_check(const struct warrant *w, struct err *e);

/* warrant_sign - one line, with the key's signature
 * w       as warrant_check wants it; its key is that which belongs to secret
 * Returns 0; -EINVAL with a sentence. */
MUST_USE int warrant_sign(const struct warrant *w, const uint8_t secret[WARRANT_SECRET],
    char ret[WARRANT_TEXT_MAX], struct err *e);

/* warrant_parse - one line that nobody vouches for. It is of the key that it names and no byte of it was changed; whose
 * key that is, and whether it is the time, is for others to ask. 0; -EBADMSG with a sentence */
MUST_USE int warrant_parse(struct span text, struct warrant *ret, struct err *e);

/* --- whose word counts -------------------------------------------------------------------------- */

#define OPERATOR_KEYS_MAX 32u

struct operator_key {
	char name[PARAM_NAME_MAX + 1];
	uint8_t key[WARRANT_KEY];
};
struct operator_keys {
	struct operator_key v[OPERATOR_KEYS_MAX];
	unsigned n;
};

/* operator_keys_parse - "alice:HEX, bob:HEX", as the configuration has it; a name may have several keys, a key has one
 * name. 0; -EINVAL with a sentence */
MUST_USE int operator_keys_parse(struct span text, struct operator_keys *ret, struct err *e);

/* operator_name - whose key it is; NULL: nobody's
 * operator_signed - is a warrant by whom it says? */
const char *operator_name(const struct operator_keys *k, const uint8_t key[WARRANT_KEY]);
bool operator_signed(const struct operator_keys *k, const struct warrant *w);

#endif
