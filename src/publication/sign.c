/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A signing key on disk, the site's or an operator's: 128 hexadecimal digits and a line end, for the owner's eyes only. */
#include "publication/manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>

#define SECRET_HEX (2 * crypto_sign_SECRETKEYBYTES + 1)

_Static_assert(sizeof(((struct sign_key *)0)->secret) == crypto_sign_SECRETKEYBYTES, "ed25519");
_Static_assert(SIGN_KEY_BYTES == crypto_sign_PUBLICKEYBYTES, "ed25519");

void sign_key_done(struct sign_key *k)
{
	sodium_memzero(k, sizeof(*k));
}

static int from_hex(struct span hex, uint8_t *ret, size_t n)
{
	size_t got;

	if (span_len(hex) != 2 * n ||
	    sodium_hex2bin(ret, n, hex.p, span_len(hex), NULL, &got, NULL) != 0 || got != n)
		return -EINVAL;
	return 0;
}

int sign_key_parse(struct span hex, uint8_t ret[SIGN_KEY_BYTES])
{
	uint8_t key[SIGN_KEY_BYTES];
	int r = from_hex(hex, key, sizeof(key));

	if (r == 0)
		memcpy(ret, key, sizeof(key));
	return r;
}

int sign_key_read(const char *path, struct sign_key *ret, struct err *e)
{
	CLEANUP(close_fdp) int fd = -1;
	char text[SECRET_HEX + 1];
	struct stat st;
	ssize_t n;
	int r;

	if (sodium_init() < 0)
		return err_set(e, -EIO, "the crypto library does not start");
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(e, -errno, "%s: cannot open: %m", path);
	if (st.st_mode & 077)
		return err_set(e, -EPERM,
		    "%s: others may read the signing key; make a new one "
		    "(remove it), or chmod 0600 if you know nobody did",
		    path);
	n = read(fd, text, sizeof(text));
	r = n < 0 ? -errno
		  : from_hex(span_trim(span_of(text, (size_t)n)), ret->secret, sizeof(ret->secret));
	sodium_memzero(text, sizeof(text));
	if (r < 0)
		return err_set(
		    e, -EBADMSG, "%s: holds no signing key; remove it to get a new one", path);
	(void)crypto_sign_ed25519_sk_to_pk(ret->public_key, ret->secret); /* cannot fail */
	return 0;
}

static int write_public(const char *path, const struct sign_key *k, struct err *e)
{
	char hex[SIGN_KEY_HEX];

	(void)sodium_bin2hex(hex, SIGN_KEY_HEX, k->public_key, sizeof(k->public_key));
	hex[SIGN_KEY_HEX - 1] = '\n';
	return file_write(path, span_of(hex, SIGN_KEY_HEX), e);
}

/* Written under a temporary name and linked in place: whoever comes second finds the first one's key, and half a key is
 * never seen. */
int sign_key_make(const char *path, struct err *e)
{
	char tmp[4096], hex[SECRET_HEX + 1];
	CLEANUP(close_fdp) int fd = -1;
	struct sign_key k;
	int r = 0;

	if ((size_t)snprintf(tmp, sizeof(tmp), "%s.tmp-%ld", path, (long)getpid()) >= sizeof(tmp))
		return err_set(e, -ENAMETOOLONG, "%s: name too long", path);
	if (sodium_init() < 0)
		return err_set(e, -EIO, "the crypto library does not start");
	(void)unlink(tmp); /* of a killed process that had our number */
	fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_set(e, -errno, "%s: cannot make: %m", tmp);
	if (crypto_sign_keypair(k.public_key, k.secret) != 0)
		return err_set(e, -EIO, "cannot make a key pair");
	(void)sodium_bin2hex(hex, SECRET_HEX, k.secret, sizeof(k.secret));
	hex[SECRET_HEX - 1] = '\n';
	if (write(fd, hex, SECRET_HEX) != (ssize_t)SECRET_HEX || fsync(fd) < 0)
		r = err_set(e, -EIO, "%s: cannot write: %m", tmp);
	else if (link(tmp, path) < 0 && errno != EEXIST)
		r = err_set(e, -errno, "%s: cannot make: %m", path);
	(void)unlink(tmp); /* linked, or worthless */
	sodium_memzero(hex, sizeof(hex));
	sign_key_done(&k);
	return r;
}

int sign_key_open(const char *dir, struct sign_key *ret, struct err *e)
{
	char path[4096], pub[4096];
	struct sign_key k;
	int r;

	if ((size_t)snprintf(path, sizeof(path), "%s/publish.key", dir) >= sizeof(path) - 32)
		return err_set(e, -ENAMETOOLONG, "%s: name too long", dir);
	(void)snprintf(pub, sizeof(pub), "%s/publish.pub", dir);
	r = sign_key_read(path, &k, e);
	if (r == -ENOENT) {
		r = file_mkdirs(dir, 0755, e);
		if (r == 0)
			r = sign_key_make(path, e);
		if (r == 0)
			r = file_sync_dir(dir, e);
		if (r == 0)
			r = sign_key_read(path, &k, e);
	}
	if (r == 0 && access(pub, F_OK) != 0)
		r = write_public(pub, &k, e);
	if (r == 0)
		*ret = k;
	sign_key_done(&k);
	return r;
}
