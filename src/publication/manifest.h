/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The manifest: what belongs to one publication, signed. Whoever reads a publication believes nothing
 * that its manifest does not name. Grammar and golden file: doc/contracts/manifest.md. */
#ifndef ONUS_PUBLICATION_MANIFEST_H
#define ONUS_PUBLICATION_MANIFEST_H

#include "publication/standing.h"
#include "util/err.h"
#include "util/file.h"

#define MANIFEST_NAME	   "manifest"
#define MANIFEST_HEADER	   "#onus-manifest 1"
#define MANIFEST_BYTES_MAX 65536u
#define MANIFEST_FILES_MAX 64u
#define MANIFEST_FILE_NAME 64u /* bytes with NUL: [a-z0-9._-], no leading dot */
#define MANIFEST_TEXT_MAX  500u
#define SIGN_KEY_BYTES	   32u
#define SIGN_KEY_HEX	   65u /* with NUL */

/* struct sign_key - an ed25519 key pair; wipe with sign_key_done */
struct sign_key {
	uint8_t secret[64];
	uint8_t public_key[SIGN_KEY_BYTES];
};

/* sign_key_open - the site's key out of DIR/publish.key (mode 0600); it is made, with DIR/publish.pub
 * beside it, when there is none yet
 * Returns 0; -EBADMSG when the file holds no key; -EPERM when others may read it; -errno. */
MUST_USE int sign_key_open(const char *dir, struct sign_key *ret, struct err *e);
void sign_key_done(struct sign_key *k);

/* sign_key_read - out of one file, whose else it is; 0; -ENOENT when there is none; else as sign_key_open
 * sign_key_make - a new one into a file that was not there, whose directory is; one that is there stays. 0; -errno */
MUST_USE int sign_key_read(const char *path, struct sign_key *ret, struct err *e);
MUST_USE int sign_key_make(const char *path, struct err *e);

/* sign_key_parse - a public key from its 64 hexadecimal digits; 0 or -EINVAL */
MUST_USE int sign_key_parse(struct span hex, uint8_t ret[SIGN_KEY_BYTES]);

struct manifest_file {
	char name[MANIFEST_FILE_NAME];
	uint64_t size_bytes;
	char sha256[SHA256_HEX];
};

/* struct manifest - one that was read; texts of head borrow from texts */
struct manifest {
	struct publication_head head;
	unsigned n_files;
	struct manifest_file files[MANIFEST_FILES_MAX];
	uint8_t key[SIGN_KEY_BYTES];
	char texts[3][MANIFEST_TEXT_MAX];
};

/* manifest_write - measure the named files in dir and write dir/manifest over them
 * Every file must have been synced by its writer.
 * older  the publication before, or "": a file that is the same one there, by another name, is not read again but said to
 *        be what it was, where the same key signed that */
MUST_USE int manifest_write(const char *dir, const char *older, const struct publication_head *head,
    const char *const *names, unsigned n_names, const struct sign_key *key, struct err *e);

/* manifest_format - the signed text itself, appended; sizes and digests as given */
MUST_USE int manifest_format(const struct publication_head *head, const struct manifest_file *files,
    unsigned n_files, const struct sign_key *key, struct buf *out, struct err *e);

/* manifest_parse - read the text and check its signature by the key that it names
 * Returns 0 with *ret; -EBADMSG with line and reason. *ret must not be moved: it borrows from itself. */
MUST_USE int manifest_parse(struct span text, struct manifest *ret, struct err *e);

/* manifest_read - dir/manifest; of the files it names none is looked at
 * Returns 0; -ENOENT; -EBADMSG; -errno. */
MUST_USE int manifest_read(const char *dir, struct manifest *ret, struct err *e);

/* manifest_holds - are these bytes the file that it names so?
 * Returns 1: to the byte; 0: it names none; -EBADMSG with a sentence, which does not name the directory. */
MUST_USE int manifest_holds(
    const struct manifest *m, const char *name, struct span bytes, struct err *e);

/* manifest_current - of what is current in a directory of publications; of the files it names none is looked at
 * Returns 0; -ENOENT: nothing was published there yet; else as manifest_parse and file_read. */
MUST_USE int manifest_current(const char *dir, struct manifest *ret, struct err *e);

/* manifest_verify - read dir/manifest and check it and every file it names
 * key      the public key it must be signed with; NULL: any (trust on first use is the caller's)
 * Returns 0; -EBADMSG with what does not match; -EKEYREJECTED when another key signed it; -errno. */
MUST_USE int manifest_verify(
    const char *dir, const uint8_t *key, struct manifest *ret, struct err *e);

#endif
