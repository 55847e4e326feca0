/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The manifest against doc/contracts/manifest.md: nothing that was changed verifies, and the key of the
 * site is made once and kept from others. */
#include "standings.h"

#include <errno.h>
#include <sodium.h>
#include <sys/stat.h>

#include "publication/manifest.h"

static char dir[512];

static struct sign_key fixed_key(uint8_t seed_byte)
{
	uint8_t seed[32];
	struct sign_key k;

	assert_true(sodium_init() >= 0);
	memset(seed, seed_byte, sizeof(seed));
	(void)crypto_sign_seed_keypair(k.public_key, k.secret, seed);
	return k;
}

static void put(const char *name, const char *text)
{
	char path[600];
	struct err e;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(file_write(path, span_str(text), &e), 0);
}

static void get(const char *name, struct buf *b)
{
	char path[600];
	struct err e;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	buf_init(b, 1u << 20);
	assert_int_equal(file_read(path, b, &e), 0);
}

static void make(const struct sign_key *k)
{
	static const char *const names[] = { "decisions", "plain.txt" };
	struct err e;

	put("decisions", "#onus-decisions 1\nend\t0\n");
	put("plain.txt", "");
	if (manifest_write(dir, "", &golden_head, names, 2, k, &e) < 0)
		fail_msg("%s", e.text);
}

static void test_golden(void **state)
{
	struct sign_key k = fixed_key(1);
	static struct manifest m;
	struct buf b;
	struct err e;

	make(&k);
	get("manifest", &b);
	golden_same("manifest", buf_text(&b));
	if (manifest_verify(dir, k.public_key, &m, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(m.head.generation, 7);
	assert_int_equal(m.head.created_s, NOW);
	assert_int_equal(m.head.as_of_s, NOW - 60);
	assert_int_equal(m.head.expires_s, NOW + 86400);
	assert_int_equal(m.head.registry_date_s, NOW - 10 * 86400);
	assert_true(m.head.simulated && !m.head.provisional);
	assert_true(span_is(m.head.formula, "onus-1") && span_is(m.head.site, "example"));
	assert_int_equal(m.n_files, 2);
	assert_string_equal(m.files[1].name, "plain.txt");
	assert_int_equal(m.files[0].size_bytes, 24);
	buf_done(&b);
}

static void test_damaged(void **state)
{
	struct sign_key k = fixed_key(1);
	static struct manifest m;
	struct buf b;
	struct err e;

	make(&k);
	get("manifest", &b);
	assert_int_equal(manifest_parse(buf_text(&b), &m, &e), 0);
	for (size_t n = 0; n < b.len; n++)
		if (manifest_parse(span_of(b.p, n), &m, &e) == 0)
			fail_msg("accepted when cut at %zu", n);
	for (size_t i = 0; i < b.len; i++) {
		bool hex = i + 130 > b.len; /* upper case is the same digit there */

		b.p[i] ^= hex ? 1 : 0x20;
		if (manifest_parse(buf_text(&b), &m, &e) == 0)
			fail_msg("accepted with byte %zu changed", i);
		b.p[i] ^= hex ? 1 : 0x20;
	}
	buf_put(&b, "x", 1);
	assert_int_equal(manifest_parse(buf_text(&b), &m, &e), -EBADMSG);
	buf_done(&b);
}

static void test_files_and_keys(void **state)
{
	static const char *const bad_names[] = { "../x", "a/b", ".x", "", "manifest", "UPPER" };
	struct sign_key k = fixed_key(1), other = fixed_key(2);
	static struct manifest m;
	struct err e;

	make(&k);
	assert_int_equal(manifest_verify(dir, other.public_key, &m, &e), -EKEYREJECTED);
	put("plain.txt", "192.0.2.1\n");
	assert_int_equal(manifest_verify(dir, NULL, &m, &e), -EBADMSG);
	put("plain.txt", "");
	assert_int_equal(manifest_verify(dir, NULL, &m, &e), 0);
	put("decisions", "#onus-decisions 1\nend\t1\n"); /* same size */
	assert_int_equal(manifest_verify(dir, NULL, &m, &e), -EBADMSG);
	for (unsigned i = 0; i < NELEM(bad_names); i++)
		assert_int_equal(
		    manifest_write(dir, "", &golden_head, &bad_names[i], 1, &k, &e), -EINVAL);
}

static void under(const char *sub, const char *name, char ret[600])
{
	(void)snprintf(ret, 600, "%s/%s%s", dir, sub, name);
}

/* Overwritten in place: still the same file, so the manifest says what it was, and readers see that it is not. */
static void change(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void test_shared_files(void **state)
{
	static const char *const names[] = { "decisions", "plain.txt" };
	struct sign_key k = fixed_key(1), other = fixed_key(2);
	char from[600], to[600], next[600];
	static struct manifest m;
	struct err e;

	make(&k);
	under("next", "", next);
	assert_int_equal(mkdir(next, 0755), 0);
	for (unsigned i = 0; i < NELEM(names); i++) {
		under("", names[i], from);
		under("next/", names[i], to);
		assert_int_equal(link(from, to), 0);
	}
	assert_int_equal(manifest_write(next, dir, &golden_head, names, 2, &k, &e), 0);
	assert_int_equal(manifest_verify(next, k.public_key, &m, &e), 0);
	change(from, "192.0.2.1\n"); /* plain.txt, longer */
	assert_int_equal(manifest_write(next, dir, &golden_head, names, 2, &k, &e), 0);
	assert_int_equal(manifest_verify(next, k.public_key, &m, &e), 0);
	under("", names[0], from);
	change(from, "#onus-decisions 1\nend\t1\n"); /* as long as it was */
	assert_int_equal(manifest_write(next, dir, &golden_head, names, 2, &k, &e), 0);
	assert_int_equal(manifest_verify(next, k.public_key, &m, &e), -EBADMSG);
	assert_int_equal(manifest_write(next, dir, &golden_head, names, 2, &other, &e), 0);
	assert_int_equal(manifest_verify(next, other.public_key, &m, &e), 0);
	make(&k); /* writes new ones: those in next are others now */
	assert_int_equal(manifest_write(next, dir, &golden_head, names, 2, &k, &e), 0);
	assert_int_equal(manifest_verify(next, k.public_key, &m, &e), 0);
	for (unsigned i = 0; i < NELEM(names); i++) {
		under("next/", names[i], to);
		assert_int_equal(unlink(to), 0);
	}
	under("next/", "manifest", to);
	assert_int_equal(unlink(to), 0);
	assert_int_equal(rmdir(next), 0);
}

static void test_key_file(void **state)
{
	struct sign_key one, two;
	char path[600];
	struct stat st;
	struct buf b;
	uint8_t pub[SIGN_KEY_BYTES];
	struct err e;

	assert_int_equal(sign_key_open(dir, &one, &e), 0);
	assert_int_equal(sign_key_open(dir, &two, &e), 0);
	assert_memory_equal(&one, &two, sizeof(one));
	get("publish.pub", &b);
	assert_int_equal(sign_key_parse(span_trim(buf_text(&b)), pub), 0);
	assert_memory_equal(pub, one.public_key, sizeof(pub));
	buf_done(&b);
	(void)snprintf(path, sizeof(path), "%s/publish.key", dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(sign_key_open(dir, &two, &e), -EPERM);
	put("publish.key", "no key\n");
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(sign_key_open(dir, &two, &e), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_files_and_keys),
		cmocka_unit_test(test_shared_files),
		cmocka_unit_test(test_key_file),
	};
	static const char *const made[] = { "manifest", "decisions", "plain.txt", "publish.key",
		"publish.pub" };
	char name[] = "/tmp/onus-test-manifest-XXXXXX", path[600];
	int failed;

	assert_non_null(mkdtemp(name));
	(void)snprintf(dir, sizeof(dir), "%s", name);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	for (unsigned i = 0; i < NELEM(made); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, made[i]);
		(void)unlink(path);
	}
	(void)rmdir(dir);
	return failed;
}
