/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/warrant.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <string.h>

#include "util/num.h"

#define KEY_HEX	      (2 * (size_t)WARRANT_KEY)
#define SIGNATURE_HEX (2 * (size_t)crypto_sign_BYTES)
#define TAIL	      (1 + KEY_HEX + 1 + SIGNATURE_HEX) /* " KEY SIGNATURE" */
#define SHOWN	      60

_Static_assert(WARRANT_KEY == crypto_sign_PUBLICKEYBYTES, "ed25519");
_Static_assert(WARRANT_SECRET == crypto_sign_SECRETKEYBYTES, "ed25519");
_Static_assert(WARRANT_TEXT_MAX > sizeof(WARRANT_HEADER) + ENTITY_NAME_MAX + 80 + PARAM_NAME_MAX +
				      WARRANT_WHY_MAX + TAIL,
    "every warrant fits");

static const char *const scopes[] = { [false] = "bounded", [true] = "forced" };

static bool may_drop(enum entity_kind kind)
{
	return kind == ENTITY_ADDR || kind == ENTITY_BLOCK;
}

enum action warrant_action(enum entity_kind kind)
{
	return kind == ENTITY_ADDR ? ACTION_DROP : ACTION_REJECT;
}

/* One line, and no blank at its ends. */
static bool reason_ok(struct span s)
{
	if (span_empty(s) || span_len(s) > WARRANT_WHY_MAX || !span_utf8(s) || *s.p == ' ' ||
	    s.end[-1] == ' ')
		return false;
	for (const char *p = s.p; p < s.end; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return false;
	return true;
}

int warrant_check(const struct warrant *w, struct err *e)
{
	if (w->action != ACTION_REJECT && w->action != ACTION_DROP)
		return err_set(e, -EINVAL, "a warrant says reject, or drop");
	if (w->action == ACTION_DROP && !may_drop(w->entity.kind))
		return err_set(e, -EINVAL,
		    "only an address or a block may be dropped; what is larger is refused by those "
		    "who can tell why: reject");
	if (w->since_s < 0 || w->until_s <= w->since_s)
		return err_set(e, -EINVAL, "it ends before it begins");
	if (w->until_s - w->since_s > WARRANT_LONGEST_S)
		return err_set(e, -EINVAL,
		    "a warrant is for 7 days at most; what is to stand for longer is signed again");
	if (!section_name_ok(span_str(w->by)))
		return err_set(e, -EINVAL,
		    "who signs has a name of 1 to %u letters, digits, '.', '_' or '-'",
		    PARAM_NAME_MAX);
	if (!reason_ok(span_str(w->why)))
		return err_set(
		    e, -EINVAL, "the reason is one line of 1 to %u bytes", WARRANT_WHY_MAX);
	return 0;
}

/* The signed text. Its length. */
static size_t format(const struct warrant *w, char ret[WARRANT_TEXT_MAX])
{
	char name[ENTITY_NAME_MAX];

	(void)entity_format(&w->entity, name);
	return (size_t)snprintf(ret, WARRANT_TEXT_MAX,
	    WARRANT_HEADER " %s %s %" PRId64 " %" PRId64 " %s %s %s", name, action_name(w->action),
	    w->since_s, w->until_s, scopes[w->forced], w->by, w->why);
}

int warrant_sign(const struct warrant *w, const uint8_t secret[WARRANT_SECRET],
    char ret[WARRANT_TEXT_MAX], struct err *e)
{
	uint8_t key[WARRANT_KEY], signature[crypto_sign_BYTES];
	char hex[SIGNATURE_HEX + 1], text[WARRANT_TEXT_MAX];
	size_t n;
	int r = warrant_check(w, e);

	if (r < 0)
		return r;
	if (sodium_init() < 0)
		return err_set(e, -EINVAL, "the crypto library does not start");
	n = format(w, text);
	(void)crypto_sign_ed25519_sk_to_pk(key, secret); /* neither can fail */
	(void)crypto_sign_detached(signature, NULL, (const uint8_t *)text, n, secret);
	text[n++] = ' ';
	(void)sodium_bin2hex(hex, sizeof(hex), key, sizeof(key));
	memcpy(text + n, hex, KEY_HEX);
	n += KEY_HEX;
	text[n++] = ' ';
	(void)sodium_bin2hex(hex, sizeof(hex), signature, sizeof(signature));
	memcpy(text + n, hex, SIGNATURE_HEX + 1);
	memcpy(ret, text, n + SIGNATURE_HEX + 1);
	return 0;
}

/* --- reading ------------------------------------------------------------------------------------ */

static int from_hex(const char *hex, uint8_t *ret, size_t n)
{
	size_t got;

	return sodium_hex2bin(ret, n, hex, 2 * n, NULL, &got, NULL) == 0 && got == n ? 0 : -EINVAL;
}

static int time_read(struct span s, int64_t *ret)
{
	return num_i64(s, 0, INT64_MAX, ret);
}

static int scope_read(struct span s, bool *ret)
{
	*ret = span_is(s, scopes[true]);
	return *ret || span_is(s, scopes[false]) ? 0 : -EINVAL;
}

static void copy(char *ret, size_t size, struct span s)
{
	(void)snprintf(ret, size, "%.*s", SPAN_ARG(s)); /* what is cut is not what was signed */
}

static int fields_read(struct span text, struct warrant *w, struct err *e)
{
	struct span rest = text, field[7];

	for (unsigned i = 0; i < NELEM(field); i++)
		if (!span_cut(&rest, ' ', &field[i]))
			return err_set(e, -EBADMSG, "it ends too early");
	if (!span_is(field[0], WARRANT_HEADER))
		return err_set(e, -EBADMSG, "it does not begin with \"" WARRANT_HEADER "\"");
	if (entity_parse(field[1], &w->entity, e) < 0)
		return -EBADMSG;
	if (action_parse(field[2], &w->action) < 0)
		return err_set(e, -EBADMSG, "no action \"%.*s\"",
		    (int)MIN_OF(span_len(field[2]), (size_t)SHOWN), field[2].p);
	if (time_read(field[3], &w->since_s) < 0 || time_read(field[4], &w->until_s) < 0 ||
	    scope_read(field[5], &w->forced) < 0)
		return err_set(e, -EBADMSG, "its times, or how far it goes, cannot be read");
	copy(w->by, sizeof(w->by), field[6]);
	copy(w->why, sizeof(w->why), rest);
	return warrant_check(w, e) < 0 ? -EBADMSG : 0;
}

/* The same is said in one way only. */
static int canonical(struct span text, const struct warrant *w, struct err *e)
{
	char own[WARRANT_TEXT_MAX];

	return span_eq(text, span_of(own, format(w, own)))
		   ? 0
		   : err_set(e, -EBADMSG, "it is not written as onus writes it");
}

int warrant_parse(struct span text, struct warrant *ret, struct err *e)
{
	uint8_t signature[crypto_sign_BYTES];
	struct warrant w = { .since_s = 0 };
	struct span body = text;
	int r;

	if (sodium_init() < 0)
		return err_set(e, -EBADMSG, "the crypto library does not start");
	if (span_len(text) >= WARRANT_TEXT_MAX || span_len(text) <= TAIL)
		return err_set(e, -EBADMSG, "it is too short or too long");
	body.end -= TAIL;
	if (body.end[0] != ' ' || from_hex(body.end + 1, w.key, sizeof(w.key)) < 0 ||
	    body.end[1 + KEY_HEX] != ' ' ||
	    from_hex(body.end + 2 + KEY_HEX, signature, sizeof(signature)) < 0)
		return err_set(e, -EBADMSG, "it bears no signature");
	r = fields_read(body, &w, e);
	if (r == 0)
		r = canonical(body, &w, e);
	if (r < 0)
		return r;
	if (crypto_sign_verify_detached(
		signature, (const uint8_t *)body.p, span_len(body), w.key) != 0)
		return err_set(
		    e, -EBADMSG, "the signature does not match: it was changed, or is another's");
	*ret = w;
	return 0;
}

/* --- whose word counts -------------------------------------------------------------------------- */

static int key_add(struct operator_keys *k, struct span word, struct err *e)
{
	struct operator_key *x = &k->v[k->n];
	struct span hex = word, name;

	if (k->n == OPERATOR_KEYS_MAX)
		return err_set(e, -EINVAL, "more than %u keys", OPERATOR_KEYS_MAX);
	if (!span_cut(&hex, ':', &name) || !section_name_ok(name))
		return err_set(e, -EINVAL, "want NAME:KEY, not \"%.*s\"",
		    (int)MIN_OF(span_len(word), (size_t)SHOWN), word.p);
	if (span_len(hex) != KEY_HEX || from_hex(hex.p, x->key, sizeof(x->key)) < 0)
		return err_set(e, -EINVAL, "the key of %.*s is not %zu hexadecimal digits",
		    SPAN_ARG(name), KEY_HEX);
	if (operator_name(k, x->key))
		return err_set(e, -EINVAL, "the key of %.*s is that of %s", SPAN_ARG(name),
		    operator_name(k, x->key));
	copy(x->name, sizeof(x->name), name);
	k->n++;
	return 0;
}

int operator_keys_parse(struct span text, struct operator_keys *ret, struct err *e)
{
	struct operator_keys k = { .n = 0 };
	struct span rest = text, word;

	while (!span_empty(rest)) {
		(void)span_cut(&rest, ',', &word);
		word = span_trim(word);
		if (!span_empty(word) && key_add(&k, word, e) < 0)
			return -EINVAL;
	}
	*ret = k;
	return 0;
}

const char *operator_name(const struct operator_keys *k, const uint8_t key[WARRANT_KEY])
{
	for (unsigned i = 0; i < k->n; i++)
		if (memcmp(k->v[i].key, key, WARRANT_KEY) == 0)
			return k->v[i].name;
	return NULL;
}

bool operator_signed(const struct operator_keys *k, const struct warrant *w)
{
	const char *name = operator_name(k, w->key);

	return name && strcmp(name, w->by) == 0;
}
