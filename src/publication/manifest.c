/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "publication/manifest.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <sys/stat.h>

#include "publication/place.h"
#include "publication/text.h"
#include "util/num.h"

#define TIME_MAX_S UINT32_MAX

/* The lines of the head, in the order in which they stand. */
enum field_type { FIELD_COUNT, FIELD_TIME, FIELD_FLAG, FIELD_TEXT };

static const struct field {
	const char *name;
	enum field_type type;
	size_t at; /* in struct publication_head */
} fields[] = {
#define F(name, type)                                                                              \
	{                                                                                          \
#name, FIELD_##type, offsetof(struct publication_head, name)                       \
	}
#define FS(name)                                                                                   \
	{                                                                                          \
#name, FIELD_TIME, offsetof(struct publication_head, name##_s)                     \
	}
	F(generation, COUNT),
	FS(created),
	FS(expires),
	FS(as_of),
	F(formula, TEXT),
	F(site, TEXT),
	F(simulated, FLAG),
	F(provisional, FLAG),
	FS(registry_date),
	F(attribution, TEXT),
#undef F
#undef FS
};

static void field_put(const struct field *f, const struct publication_head *head, struct buf *out)
{
	const void *p = (const char *)head + f->at;
	int64_t v;
	bool flag;
	struct span s;

	buf_str(out, f->name);
	buf_byte(out, '\t');
	switch (f->type) {
	case FIELD_COUNT:
		buf_u64(out, *(const uint64_t *)p);
		break;
	case FIELD_TIME:
		memcpy(&v, p, sizeof(v));
		buf_u64(out, v < 0 ? 0 : (uint64_t)v);
		break;
	case FIELD_FLAG:
		memcpy(&flag, p, sizeof(flag));
		buf_byte(out, flag ? '1' : '0');
		break;
	case FIELD_TEXT:
		memcpy(&s, p, sizeof(s));
		text_put(out, s, MANIFEST_TEXT_MAX);
	}
	buf_byte(out, '\n');
}

static bool name_ok(struct span s)
{
	if (span_empty(s) || span_len(s) >= MANIFEST_FILE_NAME || *s.p == '.' ||
	    span_is(s, MANIFEST_NAME))
		return false;
	for (const char *p = s.p; p < s.end; p++)
		if (!(*p >= 'a' && *p <= 'z') && !(*p >= '0' && *p <= '9') && *p != '.' &&
		    *p != '_' && *p != '-')
			return false;
	return true;
}

static bool digest_ok(struct span s)
{
	if (span_len(s) != SHA256_HEX - 1)
		return false;
	for (const char *p = s.p; p < s.end; p++)
		if (!(*p >= '0' && *p <= '9') && !(*p >= 'a' && *p <= 'f'))
			return false;
	return true;
}

int manifest_format(const struct publication_head *head, const struct manifest_file *files,
    unsigned n_files, const struct sign_key *key, struct buf *out, struct err *e)
{
	uint8_t signature[crypto_sign_BYTES];
	char hex[2 * crypto_sign_BYTES + 1];
	size_t start = out->len;

	if (n_files > MANIFEST_FILES_MAX)
		return err_set(
		    e, -E2BIG, "%u files, a manifest holds %u", n_files, MANIFEST_FILES_MAX);
	buf_str(out, MANIFEST_HEADER "\n");
	for (unsigned i = 0; i < NELEM(fields); i++)
		field_put(&fields[i], head, out);
	for (unsigned i = 0; i < n_files; i++) {
		if (!name_ok(span_str(files[i].name)) || !digest_ok(span_str(files[i].sha256)))
			return err_set(
			    e, -EINVAL, "\"%s\": no name for a published file", files[i].name);
		buf_fmt(out, "file\t%s\t%" PRIu64 "\t%s\n", files[i].name, files[i].size_bytes,
		    files[i].sha256);
	}
	(void)sodium_bin2hex(hex, sizeof(hex), key->public_key, sizeof(key->public_key));
	buf_fmt(out, "key\t%s\n", hex);
	if (!buf_ok(out))
		return err_set(e, -EFBIG, "the manifest grew over its maximum");
	(void)crypto_sign_detached(signature, NULL, (const uint8_t *)out->p + start,
	    out->len - start, key->secret); /* cannot fail */
	(void)sodium_bin2hex(hex, sizeof(hex), signature, sizeof(signature));
	buf_fmt(out, "signature\t%s\n", hex);
	return buf_ok(out) ? 0 : err_set(e, -EFBIG, "the manifest grew over its maximum");
}

static int measure(const char *dir, const char *name, struct manifest_file *ret, struct err *e)
{
	char path[4096];
	struct stat st;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, name) >= sizeof(path))
		return err_set(e, -ENAMETOOLONG, "%s: name too long", dir);
	if (lstat(path, &st) < 0)
		return err_set(e, -errno, "%s: %m", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, -EBADMSG, "%s: no ordinary file", path);
	ret->size_bytes = (uint64_t)st.st_size;
	return file_sha256(path, ret->sha256, e);
}

/* --- reading ------------------------------------------------------------------------------------ */

struct reader {
	struct span rest;
	unsigned line;
};

/* next - the next line's first word and what follows it */
static bool next(struct reader *rd, struct span *word, struct span *value)
{
	struct span line;

	rd->line++;
	if (!span_cut(&rd->rest, '\n', &line)) /* the last line ends with LF too */
		return false;
	if (!span_cut(&line, '\t', word))
		return false;
	*value = line;
	return true;
}

static int bad(const struct reader *rd, struct err *e, const char *what)
{
	return err_set(e, -EBADMSG, "line %u: %s", rd->line, what);
}

static int field_read(const struct field *f, struct span value, struct manifest *m, unsigned *texts)
{
	void *p = (char *)&m->head + f->at;
	uint64_t v;
	int64_t time_s;
	bool flag;
	struct span kept;

	if (f->type == FIELD_TEXT) {
		if (span_len(value) > MANIFEST_TEXT_MAX || !text_clean(value))
			return -EINVAL;
		memcpy(m->texts[*texts], value.p, span_len(value));
		kept = span_of(m->texts[(*texts)++], span_len(value));
		memcpy(p, &kept, sizeof(kept));
		return 0;
	}
	if (num_u64(value,
		f->type == FIELD_COUNT	? INT64_MAX
		: f->type == FIELD_FLAG ? 1
					: TIME_MAX_S,
		&v) < 0)
		return -EINVAL;
	time_s = (int64_t)v;
	flag = v;
	if (f->type == FIELD_FLAG)
		memcpy(p, &flag, sizeof(flag));
	else
		memcpy(p, &time_s, sizeof(time_s)); /* counts are below INT64_MAX */
	return 0;
}

static int file_read_line(struct span value, struct manifest *m)
{
	struct manifest_file *f = &m->files[m->n_files];
	struct span name, size, digest = value;

	if (m->n_files == MANIFEST_FILES_MAX || !span_cut(&digest, '\t', &name) ||
	    !span_cut(&digest, '\t', &size) || !name_ok(name) || !digest_ok(digest) ||
	    num_u64(size, INT64_MAX, &f->size_bytes) < 0)
		return -EINVAL;
	memset(f->name, 0, sizeof(f->name));
	memcpy(f->name, name.p, span_len(name));
	memcpy(f->sha256, digest.p, SHA256_HEX - 1);
	f->sha256[SHA256_HEX - 1] = '\0';
	for (unsigned i = 0; i < m->n_files; i++)
		if (strcmp(m->files[i].name, f->name) == 0)
			return -EINVAL;
	m->n_files++;
	return 0;
}

static int head_read(struct reader *rd, struct manifest *m, struct err *e)
{
	struct span line, word, value;
	unsigned texts = 0;

	rd->line++;
	if (!span_cut(&rd->rest, '\n', &line) || !span_is(line, MANIFEST_HEADER))
		return bad(
		    rd, e, "no \"" MANIFEST_HEADER "\": this is no manifest of this version");
	for (unsigned i = 0; i < NELEM(fields); i++) {
		if (!next(rd, &word, &value) || !span_is(word, fields[i].name))
			return err_set(
			    e, -EBADMSG, "line %u: \"%s\" is missing", rd->line, fields[i].name);
		if (field_read(&fields[i], value, m, &texts) < 0)
			return err_set(
			    e, -EBADMSG, "line %u: malformed %s", rd->line, fields[i].name);
	}
	return 0;
}

int manifest_parse(struct span text, struct manifest *ret, struct err *e)
{
	struct reader rd = { .rest = text };
	uint8_t signature[crypto_sign_BYTES];
	struct span word = { 0 }, value;
	size_t got;
	int r;

	if (sodium_init() < 0)
		return err_set(e, -EIO, "the crypto library does not start");
	if (span_len(text) > MANIFEST_BYTES_MAX)
		return err_set(e, -EBADMSG, "longer than %u bytes", MANIFEST_BYTES_MAX);
	memset(ret, 0, sizeof(*ret));
	r = head_read(&rd, ret, e);
	if (r < 0)
		return r;
	while (next(&rd, &word, &value) && span_is(word, "file"))
		if (file_read_line(value, ret) < 0)
			return bad(&rd, e, "malformed or repeated file, or too many");
	if (!span_is(word, "key") || sign_key_parse(value, ret->key) < 0)
		return bad(&rd, e, "no \"file\" and no \"key\"");
	text.end = rd.rest.p;
	if (!next(&rd, &word, &value) || !span_is(word, "signature") ||
	    span_len(value) != 2 * sizeof(signature) ||
	    sodium_hex2bin(
		signature, sizeof(signature), value.p, span_len(value), NULL, &got, NULL) ||
	    !span_empty(rd.rest))
		return bad(&rd, e, "no \"signature\", or something after it");
	if (crypto_sign_verify_detached(
		signature, (const uint8_t *)text.p, span_len(text), ret->key))
		return err_set(
		    e, -EBADMSG, "the signature does not match: it was changed or damaged");
	return 0;
}

int manifest_holds(const struct manifest *m, const char *name, struct span bytes, struct err *e)
{
	char sha[SHA256_HEX];

	for (unsigned i = 0; i < m->n_files; i++) {
		const struct manifest_file *f = &m->files[i];

		if (strcmp(f->name, name) != 0)
			continue;
		if (span_len(bytes) == f->size_bytes) {
			bytes_sha256(bytes, sha);
			if (strcmp(sha, f->sha256) == 0)
				return 1;
		}
		return err_set(e, -EBADMSG,
		    "%s is not the file that its manifest names: it was changed, or damaged on the "
		    "way",
		    name);
	}
	return 0;
}

static int verify_file(const char *dir, const struct manifest_file *f, struct err *e)
{
	struct manifest_file found;
	int r = measure(dir, f->name, &found, e);

	if (r < 0)
		return r;
	if (found.size_bytes != f->size_bytes || strcmp(found.sha256, f->sha256) != 0)
		return err_set(e, -EBADMSG,
		    "%s/%s: is not the file that its manifest names: it was "
		    "changed, or damaged on the way",
		    dir, f->name);
	return 0;
}

int manifest_read(const char *dir, struct manifest *ret, struct err *e)
{
	CLEANUP(buf_done) struct buf text;
	char path[4096];
	int r;

	buf_init(&text, MANIFEST_BYTES_MAX);
	if ((size_t)snprintf(path, sizeof(path), "%s/" MANIFEST_NAME, dir) >= sizeof(path))
		return err_set(e, -ENAMETOOLONG, "%s: name too long", dir);
	r = file_read(path, &text, e);
	if (r < 0)
		return r;
	r = manifest_parse(buf_text(&text), ret, e);
	return r < 0 ? err_wrap(e, r, "%s", path) : 0;
}

/* --- a directory --------------------------------------------------------------------------------- */

/* Is dir/name the file that older/name is? Then ret is what older says of it. */
static bool is_older(const char *dir, const char *older, const struct manifest *m, const char *name,
    struct manifest_file *ret)
{
	char path[4096], path_older[4096];
	struct stat st, st_older;

	if (!m || !m->n_files ||
	    (size_t)snprintf(path, sizeof(path), "%s/%s", dir, name) >= sizeof(path) ||
	    (size_t)snprintf(path_older, sizeof(path_older), "%s/%s", older, name) >=
		sizeof(path_older) ||
	    lstat(path, &st) < 0 || lstat(path_older, &st_older) < 0 ||
	    st.st_ino != st_older.st_ino || st.st_dev != st_older.st_dev)
		return false;
	for (unsigned i = 0; i < m->n_files; i++)
		if (strcmp(m->files[i].name, name) == 0 &&
		    m->files[i].size_bytes == (uint64_t)st.st_size) {
			*ret = m->files[i];
			return true;
		}
	return false;
}

int manifest_write(const char *dir, const char *older, const struct publication_head *head,
    const char *const *names, unsigned n_names, const struct sign_key *key, struct err *e)
{
	struct manifest_file files[MANIFEST_FILES_MAX];
	CLEANUP(free_p) struct manifest *m = *older ? malloc(sizeof(*m)) : NULL;
	CLEANUP(buf_done) struct buf out;
	char path[4096];
	int r = 0;

	buf_init(&out, MANIFEST_BYTES_MAX);
	if (n_names > MANIFEST_FILES_MAX)
		return err_set(
		    e, -E2BIG, "%u files, a manifest holds %u", n_names, MANIFEST_FILES_MAX);
	if (m && (manifest_read(older, m, NULL) < 0 ||
		     memcmp(m->key, key->public_key, SIGN_KEY_BYTES) != 0))
		m->n_files = 0;
	for (unsigned i = 0; i < n_names && r == 0; i++) {
		if (!name_ok(span_str(names[i])))
			return err_set(
			    e, -EINVAL, "\"%s\": no name for a published file", names[i]);
		(void)snprintf(files[i].name, sizeof(files[i].name), "%s", names[i]);
		if (!is_older(dir, older, m, names[i], &files[i]))
			r = measure(dir, names[i], &files[i], e);
	}
	if (r == 0)
		r = manifest_format(head, files, n_names, key, &out, e);
	if (r < 0)
		return r;
	if ((size_t)snprintf(path, sizeof(path), "%s/" MANIFEST_NAME, dir) >= sizeof(path))
		return err_set(e, -ENAMETOOLONG, "%s: name too long", dir);
	return file_write(path, buf_text(&out), e);
}

int manifest_current(const char *dir, struct manifest *ret, struct err *e)
{
	char current[PLACE_PATH_MAX];
	int r = place_current(dir, current, NULL, e);

	return r < 0 ? r : manifest_read(current, ret, e);
}

int manifest_verify(const char *dir, const uint8_t *key, struct manifest *ret, struct err *e)
{
	int r = manifest_read(dir, ret, e);

	if (r < 0)
		return r;
	if (key && memcmp(key, ret->key, SIGN_KEY_BYTES) != 0)
		return err_set(e, -EKEYREJECTED,
		    "%s/" MANIFEST_NAME ": signed with another key than the one you trust", dir);
	for (unsigned i = 0; i < ret->n_files && r == 0; i++)
		r = verify_file(dir, &ret->files[i], e);
	return r;
}
