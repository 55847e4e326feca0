/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "publication/edition.h"

#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/settings.h"
#include "publication/carved.h"
#include "publication/edition_parts.h"
#include "util/file.h"

struct edition {
	atomic_uint holds;
	struct manifest *manifest;
	struct file_map
	    bytes; /* of the reputation file: our own, so that nobody can cut it off under us */
	struct edition_parts parts;
};

/* opening - one edition on its way */
struct opening {
	const char *dir;
	struct edition *ed;
	struct err *e;
};

/* Before a byte of it is read: a file of another size, or none that can be read at all (a pipe is waited for), is refused. 0;
 * -ENOENT; -EBADMSG */
static int size_right(const struct opening *o, const char *name, const char *path)
{
	const struct manifest *m = o->ed->manifest;
	struct stat st;

	if (stat(path, &st) < 0)
		return err_set(o->e, -errno, "%s: cannot look at it: %m", path);
	for (unsigned i = 0; i < m->n_files; i++)
		if (strcmp(m->files[i].name, name) == 0 &&
		    (!S_ISREG(st.st_mode) || (uint64_t)st.st_size != m->files[i].size_bytes))
			return err_set(o->e, -EBADMSG,
			    "%s: is not the file that its manifest names: it has another size",
			    path);
	return S_ISREG(st.st_mode) ? 0 : err_set(o->e, -EBADMSG, "%s: no regular file", path);
}

/* Bytes of a file that the manifest names; 1; 0: it names none. */
static int read_file(const struct opening *o, const char *name, uint32_t max, struct buf *b)
{
	char path[PATH_MAX];
	int r;

	buf_init(b, max);
	if ((size_t)snprintf(path, sizeof(path), "%s/%s", o->dir, name) >= sizeof(path))
		return err_set(o->e, -ENAMETOOLONG, "%s: name too long", o->dir);
	r = size_right(o, name, path);
	if (r == 0)
		r = file_read(path, b, o->e);
	if (r < 0 && r != -ENOENT)
		return r;
	r = manifest_holds(o->ed->manifest, name, buf_text(b), o->e);
	return r < 0 ? err_wrap(o->e, r, "%s", o->dir) : r;
}

static int open_reputation(const struct opening *o)
{
	struct edition *ed = o->ed;
	char path[PATH_MAX];
	struct span bytes;
	int r;

	if ((size_t)snprintf(path, sizeof(path), "%s/reputation", o->dir) >= sizeof(path))
		return err_set(o->e, -ENAMETOOLONG, "%s: name too long", o->dir);
	r = size_right(o, "reputation", path);
	if (r == 0)
		r = file_map_copy(path, &ed->bytes, o->e);
	if (r < 0)
		return r == -EAGAIN ? -EBADMSG : r;
	bytes = span_of((const char *)ed->bytes.p, ed->bytes.len);
	r = manifest_holds(ed->manifest, "reputation", bytes, o->e);
	if (r == 0)
		r = err_set(o->e, -EBADMSG, "the manifest names no reputation file");
	if (r > 0)
		r = reputation_open_memory(ed->bytes.p, ed->bytes.len, &ed->parts.reputation, o->e);
	return r < 0 ? err_wrap(o->e, r, "%s", path) : 0;
}

static int open_never(const struct opening *o, const struct addrset *own)
{
	CLEANUP(buf_done) struct buf b;
	struct settings s;
	int r = read_file(o, SETTINGS_NAME, SETTINGS_BYTES_MAX, &b);

	if (r < 0)
		return r;
	settings_init(&s);
	r = r > 0 ? settings_parse(buf_text(&b), &s, o->e) : 0;
	if (r < 0)
		return err_wrap(o->e, r, "%s/" SETTINGS_NAME, o->dir);
	r = settings_never(&s, own, o->ed->manifest->head.created_s, &o->ed->parts.never);
	settings_done(&s);
	return r < 0 ? err_set(o->e, r, "out of memory") : 0;
}

static int open_carved(const struct opening *o)
{
	CLEANUP(buf_done) struct buf b;
	int r = read_file(o, CARVED_NAME, CARVED_BYTES_MAX, &b);

	if (r <= 0)
		return r;
	r = carved_parse(buf_text(&b), o->ed->manifest->head.created_s, &o->ed->parts.carved, o->e);
	return r < 0 ? err_wrap(o->e, r, "%s/" CARVED_NAME, o->dir) : 0;
}

static int open_reach(const struct opening *o)
{
	CLEANUP(buf_done) struct buf b;
	int r = read_file(o, REACH_NAME, REACH_BYTES_MAX, &b);

	if (r <= 0)
		return r;
	r = reach_parse(buf_text(&b), o->ed->parts.reputation, &o->ed->parts.reach, o->e);
	return r < 0 ? err_wrap(o->e, r, "%s/" REACH_NAME, o->dir) : 0;
}

static int open_all(const struct opening *o, const uint8_t *key, const struct addrset *own)
{
	struct manifest *m = o->ed->manifest;
	struct publication_head head;
	int r = manifest_read(o->dir, m, o->e);

	if (r == 0 && key && memcmp(key, m->key, SIGN_KEY_BYTES) != 0)
		r = err_set(o->e, -EKEYREJECTED,
		    "%s/" MANIFEST_NAME
		    ": signed with another key than the one that is trusted (publication_key)",
		    o->dir);
	if (r == 0)
		r = open_reputation(o);
	if (r < 0)
		return r;
	head = reputation_head(o->ed->parts.reputation);
	if (head.generation != m->head.generation)
		return err_set(o->e, -EBADMSG,
		    "%s/reputation: of another generation than its manifest", o->dir);
	if ((r = open_never(o, own)) < 0 || (r = open_carved(o)) < 0)
		return r;
	return open_reach(o);
}

int edition_open(const char *dir, const uint8_t *key, const struct addrset *own,
    struct edition **ret, struct err *e)
{
	struct opening o = { dir, calloc(1, sizeof(*o.ed)), e };
	int r;

	if (o.ed)
		o.ed->manifest = calloc(1, sizeof(*o.ed->manifest));
	if (!o.ed || !o.ed->manifest) {
		free(o.ed);
		return err_set(e, -ENOMEM, "out of memory");
	}
	atomic_init(&o.ed->holds, 1);
	r = open_all(&o, key, own);
	if (r < 0)
		(void)edition_free(o.ed);
	else
		*ret = o.ed;
	return r;
}

struct edition *edition_hold(struct edition *ed)
{
	(void)atomic_fetch_add_explicit(&ed->holds, 1, memory_order_relaxed);
	return ed;
}

struct edition *edition_free(struct edition *ed)
{
	if (!ed || atomic_fetch_sub_explicit(&ed->holds, 1, memory_order_acq_rel) > 1)
		return NULL;
	(void)reach_free(ed->parts.reach);
	addrset_done(&ed->parts.carved);
	addrset_done(&ed->parts.never);
	(void)reputation_free(ed->parts.reputation);
	file_unmap(&ed->bytes);
	free(ed->manifest);
	free(ed);
	return NULL;
}

const struct reputation *edition_reputation(const struct edition *ed)
{
	return ed->parts.reputation;
}

const struct publication_head *edition_head(const struct edition *ed)
{
	return &ed->manifest->head;
}

const uint8_t *edition_key(const struct edition *ed)
{
	return ed->manifest->key;
}

const struct edition_parts *edition_parts(const struct edition *ed)
{
	return &ed->parts;
}
