/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Warrants: what is signed reads the same, no byte of it can be changed, and nothing that warrant_check refuses is
 * believed when somebody signs it all the same. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>

#include "core/warrant.h"
#include "util/file.h"

#define SINCE INT64_C(1790000000)
#define TAIL  (2 + 2 * WARRANT_KEY + 2 * crypto_sign_BYTES)

struct pair {
	uint8_t key[WARRANT_KEY], secret[WARRANT_SECRET];
};

static struct pair pair_of(uint8_t seed_byte)
{
	uint8_t seed[crypto_sign_SEEDBYTES];
	struct pair p;

	assert_true(sodium_init() >= 0);
	memset(seed, seed_byte, sizeof(seed));
	(void)crypto_sign_seed_keypair(p.key, p.secret, seed);
	return p;
}

static struct warrant about(const char *entity)
{
	struct warrant w = { .action = ACTION_REJECT,
		.since_s = SINCE,
		.until_s = SINCE + 3 * 86400,
		.by = "alice",
		.why = "answers nobody, ticket 17" };
	struct err e;

	if (entity_parse(span_str(entity), &w.entity, &e) < 0)
		fail_msg("%s", e.text);
	return w;
}

static void sign(const struct warrant *w, const struct pair *p, char ret[WARRANT_TEXT_MAX])
{
	struct err e = { "" };

	if (warrant_sign(w, p->secret, ret, &e) < 0)
		fail_msg("%s", e.text);
}

static void test_golden(void **state)
{
	struct pair p = pair_of(1);
	struct warrant w = about("as:64500"), back;
	char text[WARRANT_TEXT_MAX], path[512];
	struct buf want;
	struct err e = { "" };

	(void)snprintf(path, sizeof(path), "%s/tests/golden/warrant", getenv("ONUS_SOURCE"));
	buf_init(&want, 65536);
	assert_int_equal(file_read(path, &want, &e), 0);
	sign(&w, &p, text);
	if (!span_eq(span_trim(buf_text(&want)), span_str(text)))
		fail_msg("got %s", text);
	buf_done(&want);
	assert_int_equal(warrant_parse(span_str(text), &back, &e), 0);
	assert_int_equal(back.entity.kind, ENTITY_AS);
	assert_int_equal(back.entity.asn, 64500);
	assert_int_equal(back.action, ACTION_REJECT);
	assert_int_equal(back.since_s, SINCE);
	assert_int_equal(back.until_s, SINCE + 3 * 86400);
	assert_false(back.forced);
	assert_string_equal(back.by, "alice");
	assert_string_equal(back.why, "answers nobody, ticket 17");
	assert_memory_equal(back.key, p.key, sizeof(p.key));
}

static void test_every_kind(void **state)
{
	static const char *const names[] = { "addr:192.0.2.1", "addr:2001:db8::/64",
		"block:192.0.2.0/24", "net:RIPE/NET-1", "net:ARIN/2001:db8::-2001:db8::ffff",
		"prefix:1.0.128.0-1.0.196.255", "as:4294967295", "org:RIPE/ORG-X1-RIPE",
		"country:NL" };
	struct pair p = pair_of(2);

	for (unsigned i = 0; i < NELEM(names); i++) {
		struct warrant w = about(names[i]), back;
		char text[WARRANT_TEXT_MAX], name[ENTITY_NAME_MAX];
		struct err e = { "" };

		w.forced = i % 2;
		w.action = warrant_action(w.entity.kind);
		sign(&w, &p, text);
		if (warrant_parse(span_str(text), &back, &e) < 0)
			fail_msg("%s: %s", text, e.text);
		(void)entity_format(&back.entity, name);
		assert_string_equal(name, names[i]);
		assert_int_equal(back.forced, i % 2);
	}
}

/* Whatever bit of it is turned: it is none, or says the same of the same key (letters of hexadecimal digits). */
static void test_no_bit(void **state)
{
	struct pair p = pair_of(1);
	struct warrant w = about("as:64500"), back;
	char text[WARRANT_TEXT_MAX], changed[WARRANT_TEXT_MAX];
	size_t n;
	struct err e;

	sign(&w, &p, text);
	n = strlen(text);
	for (size_t i = 0; i < n; i++)
		for (unsigned bit = 0; bit < 8; bit++) {
			memcpy(changed, text, n + 1);
			changed[i] = (char)((unsigned char)changed[i] ^ 1u << bit);
			if (warrant_parse(span_of(changed, n), &back, &e) == 0 &&
			    (i < n - TAIL || memcmp(back.key, p.key, sizeof(p.key)) != 0))
				fail_msg("bit %u of byte %zu can be turned: %s", bit, i, changed);
			if (i < n)
				assert_int_equal(
				    warrant_parse(span_of(text, i), &back, &e), -EBADMSG);
		}
	memcpy(changed, text, n);
	changed[n] = ' ';
	assert_int_equal(warrant_parse(span_of(changed, n + 1), &back, &e), -EBADMSG);
}

/* What somebody with a key, but not with our code, might sign. */
static void seal(const char *body, const struct pair *p, char ret[2 * WARRANT_TEXT_MAX])
{
	uint8_t signature[crypto_sign_BYTES];
	char key[WARRANT_KEY_HEX], hex[2 * crypto_sign_BYTES + 1];

	(void)crypto_sign_detached(signature, NULL, (const uint8_t *)body, strlen(body), p->secret);
	(void)sodium_bin2hex(key, sizeof(key), p->key, sizeof(p->key));
	(void)sodium_bin2hex(hex, sizeof(hex), signature, sizeof(signature));
	(void)snprintf(ret, 2 * WARRANT_TEXT_MAX, "%s %s %s", body, key, hex);
}

static void test_refused(void **state)
{
	static const struct {
		const char *label, *body;
		bool good;
	} cases[] = {
		{ "as it is", "onus-warrant-1 as:1 reject 0 604800 bounded a why", true },
		{ "a drop", "onus-warrant-1 addr:11.0.0.1 drop 0 1 forced a why", true },
		{ "a second too long", "onus-warrant-1 as:1 reject 0 604801 bounded a why", false },
		{ "no time at all", "onus-warrant-1 as:1 reject 5 5 bounded a why", false },
		{ "backwards", "onus-warrant-1 as:1 reject 5 4 bounded a why", false },
		{ "a longest time that wraps",
		    "onus-warrant-1 as:1 reject 0 9223372036854775807 bounded a why", false },
		{ "before time began", "onus-warrant-1 as:1 reject -5 4 bounded a why", false },
		{ "a whole AS dropped", "onus-warrant-1 as:1 drop 0 5 bounded a why", false },
		{ "a country dropped", "onus-warrant-1 country:NL drop 0 5 forced a why", false },
		{ "nothing done", "onus-warrant-1 as:1 tag 0 5 bounded a why", false },
		{ "slowed down", "onus-warrant-1 as:1 greylist 0 5 bounded a why", false },
		{ "another version", "onus-warrant-2 as:1 reject 0 5 bounded a why", false },
		{ "a leading zero", "onus-warrant-1 as:1 reject 00 5 bounded a why", false },
		{ "another name of it", "onus-warrant-1 as:01 reject 0 5 bounded a why", false },
		{ "an address as a prefix",
		    "onus-warrant-1 addr:11.0.0.1/32 drop 0 5 bounded a why", false },
		{ "no entity", "onus-warrant-1 all reject 0 5 bounded a why", false },
		{ "neither bounded nor forced", "onus-warrant-1 as:1 reject 0 5 free a why",
		    false },
		{ "nobody", "onus-warrant-1 as:1 reject 0 5 bounded  why", false },
		{ "no name", "onus-warrant-1 as:1 reject 0 5 bounded a:b why", false },
		{ "no reason", "onus-warrant-1 as:1 reject 0 5 bounded a ", false },
		{ "no reason and no blank", "onus-warrant-1 as:1 reject 0 5 bounded a", false },
		{ "two lines", "onus-warrant-1 as:1 reject 0 5 bounded a why\nnot", false },
		{ "no UTF-8", "onus-warrant-1 as:1 reject 0 5 bounded a \xff", false },
		{ "two blanks", "onus-warrant-1  as:1 reject 0 5 bounded a why", false },
		{ "nothing", "", false },
	};
	struct pair p = pair_of(3);

	for (unsigned i = 0; i < NELEM(cases); i++) {
		char text[2 * WARRANT_TEXT_MAX];
		struct warrant back;
		struct err e = { "" };
		int r;

		seal(cases[i].body, &p, text);
		r = warrant_parse(span_str(text), &back, &e);
		if (r != (cases[i].good ? 0 : -EBADMSG) || (r < 0 && !e.text[0]))
			fail_msg("%s: %d: %s", cases[i].label, r, e.text);
	}
}

static void test_reason(void **state)
{
	struct pair p = pair_of(3);
	char text[WARRANT_TEXT_MAX];
	struct warrant w = about("as:1"), back;
	struct err e = { "" };

	memset(w.why, 'x', WARRANT_WHY_MAX);
	w.why[WARRANT_WHY_MAX] = '\0';
	memset(w.by, 'y', PARAM_NAME_MAX);
	w.by[PARAM_NAME_MAX] = '\0';
	sign(&w, &p, text);
	assert_int_equal(warrant_parse(span_str(text), &back, &e), 0);
	assert_string_equal(back.why, w.why);
	w.why[0] = ' ';
	assert_int_equal(warrant_sign(&w, p.secret, text, &e), -EINVAL);
	w.why[0] = 'x';
	w.until_s = w.since_s + WARRANT_LONGEST_S + 1;
	assert_int_equal(warrant_sign(&w, p.secret, text, &e), -EINVAL);
}

static void test_keys(void **state)
{
	struct pair alice = pair_of(1), bob = pair_of(2), other = pair_of(4);
	char a[WARRANT_KEY_HEX], b[WARRANT_KEY_HEX], text[PARAM_VALUE_MAX];
	struct operator_keys keys;
	struct warrant w = about("as:1");
	struct err e = { "" };

	(void)sodium_bin2hex(a, sizeof(a), alice.key, sizeof(alice.key));
	(void)sodium_bin2hex(b, sizeof(b), bob.key, sizeof(bob.key));
	assert_int_equal(operator_keys_parse(SPAN(""), &keys, &e), 0);
	assert_int_equal(keys.n, 0);
	assert_null(operator_name(&keys, alice.key));
	(void)snprintf(text, sizeof(text), " alice:%s , bob:%s", a, b);
	assert_int_equal(operator_keys_parse(span_str(text), &keys, &e), 0);
	assert_int_equal(keys.n, 2);
	assert_string_equal(operator_name(&keys, bob.key), "bob");
	assert_null(operator_name(&keys, other.key));
	memcpy(w.key, alice.key, sizeof(w.key));
	assert_true(operator_signed(&keys, &w));
	memcpy(w.key, bob.key, sizeof(w.key)); /* bob says that he is alice */
	assert_false(operator_signed(&keys, &w));
	(void)snprintf(text, sizeof(text), "alice:%s,bob:%s", a, a);
	assert_int_equal(operator_keys_parse(span_str(text), &keys, &e), -EINVAL);
	(void)snprintf(text, sizeof(text), "alice:%.62s", a);
	assert_int_equal(operator_keys_parse(span_str(text), &keys, &e), -EINVAL);
	assert_int_equal(operator_keys_parse(SPAN("alice"), &keys, &e), -EINVAL);
	assert_int_equal(keys.n, 2); /* as it was */
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_golden),
		cmocka_unit_test(test_every_kind), cmocka_unit_test(test_no_bit),
		cmocka_unit_test(test_refused), cmocka_unit_test(test_reason),
		cmocka_unit_test(test_keys) };

	return cmocka_run_group_tests_name("warrant", tests, NULL, NULL);
}
