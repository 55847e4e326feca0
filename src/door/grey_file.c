/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <sodium.h>
#include <sys/stat.h>

#include "door/grey_priv.h"
#include "util/file.h"

/* doc/contracts/greylist-file.md */
#define MAGIC	    "onusgrey"
#define VERSION	    1u
#define HEAD_BYTES  32u
#define ENTRY_BYTES 28u
#define SUM_BYTES   32u
#define COUNT_AT    12u
#define STRIDE	    512u /* corners of the table that are copied under the lock at once */

_Static_assert(SUM_BYTES == crypto_generichash_BYTES, "BLAKE2b-256");

static size_t size_of(uint64_t entries)
{
	return HEAD_BYTES + (size_t)entries * ENTRY_BYTES + SUM_BYTES;
}

size_t grey_write_max(const struct grey *g)
{
	return size_of((uint64_t)g->sets * GREY_WAYS);
}

static void put_entry(struct buf *out, const struct grey_entry *x)
{
	buf_le64(out, x->name.hi);
	buf_le64(out, x->name.lo);
	buf_le32(out, x->first_s);
	buf_le32(out, x->last_s);
	buf_le16(out, x->count);
	buf_le16(out, x->kind);
}

static uint32_t put_entries(struct grey *g, struct buf *out)
{
	uint32_t n = 0;

	for (size_t from = 0; from < g->sets; from += STRIDE) {
		size_t to = MIN_OF(from + STRIDE, (size_t)g->sets);

		(void)buf_room(out, (to - from) * GREY_WAYS * ENTRY_BYTES); /* else out is bad */
		grey_lock(g);
		for (size_t i = from * GREY_WAYS; i < to * GREY_WAYS; i++) {
			if (g->v[i].kind == GREY_EMPTY)
				continue;
			put_entry(out, &g->v[i]);
			n++;
		}
		grey_unlock(g);
	}
	return n;
}

void grey_write(struct grey *g, struct buf *out)
{
	size_t start = out->len;
	uint8_t sum[SUM_BYTES];
	uint32_t n;

	buf_put(out, MAGIC, 8);
	buf_le32(out, VERSION);
	buf_le32(out, 0);
	buf_put(out, g->key, sizeof(g->key));
	n = put_entries(g, out);
	if (!buf_ok(out))
		return;
	for (unsigned i = 0; i < 4; i++)
		out->p[start + COUNT_AT + i] = (char)(n >> 8 * i);
	(void)crypto_generichash(sum, sizeof(sum), (const uint8_t *)out->p + start,
	    out->len - start, NULL, 0); /* cannot fail: lengths are constant */
	buf_put(out, sum, sizeof(sum));
}

/* --- reading -------------------------------------------------------------------------------------------- */

static void take_entry(struct rd *r, struct grey_entry *ret, uint16_t *kind)
{
	ret->name.hi = rd_le64(r);
	ret->name.lo = rd_le64(r);
	ret->first_s = rd_le32(r);
	ret->last_s = rd_le32(r);
	ret->count = rd_le16(r);
	*kind = rd_le16(r);
	ret->kind = (uint8_t)*kind;
}

/* check - everything, before anything is believed; *entries set to where they are */
static int check(struct span file, struct rd *entries, const uint8_t **key, struct err *e)
{
	struct rd r = rd_of(file.p, span_len(file)), body;
	const uint8_t *magic = rd_take(&r, 8);
	uint32_t version = rd_le32(&r), n = rd_le32(&r);
	uint8_t sum[SUM_BYTES];
	struct grey_entry x;
	uint16_t kind;

	*key = rd_take(&r, 16);
	if (r.bad || memcmp(magic, MAGIC, 8) != 0)
		return err_set(e, -EBADMSG, "it is no greylist");
	if (version != VERSION)
		return err_set(e, -EBADMSG, "its version is %u, not %u", version, VERSION);
	if (n > GREY_ENTRIES_MAX || span_len(file) != size_of(n))
		return err_set(e, -EBADMSG, "it is cut, or longer than it says");
	(void)crypto_generichash(sum, sizeof(sum), (const uint8_t *)file.p,
	    span_len(file) - SUM_BYTES, NULL, 0); /* cannot fail: lengths are constant */
	if (memcmp(sum, file.end - SUM_BYTES, SUM_BYTES) != 0)
		return err_set(e, -EBADMSG, "its checksum is another one");
	*entries = body = rd_sub(&r, (size_t)n * ENTRY_BYTES);
	while (!body.bad && body.p < body.end) {
		take_entry(&body, &x, &kind);
		if (kind == GREY_EMPTY || kind >= GREY_KIND_N || !x.first_s || !x.last_s)
			return err_set(e, -EBADMSG, "an entry is none");
	}
	return body.bad ? err_set(e, -EBADMSG, "it is cut") : 0;
}

static void put_back(struct grey *g, const struct grey_entry *x, uint32_t now)
{
	struct grey_entry *to;

	if (grey_over(g, x, now) || grey_find(g, &x->name) ||
	    !(to = grey_room(g, &x->name, 0, now)))
		return;
	grey_set(g, to, (enum grey_kind)x->kind);
	to->name = x->name;
	to->net = 0;
	to->first_s = x->first_s;
	to->last_s = x->last_s;
	to->count = x->count;
}

int grey_read(struct grey *g, struct span snapshot, int64_t now_s, struct err *e)
{
	const uint8_t *key;
	struct rd entries;
	struct grey_entry x;
	uint16_t kind;
	int r = check(snapshot, &entries, &key, e);

	if (r < 0)
		return r;
	grey_lock(g);
	memset(g->v, 0, (size_t)g->sets * GREY_WAYS * sizeof(*g->v));
	memset(g->n, 0, sizeof(g->n));
	memcpy(g->key, key, sizeof(g->key));
	while (entries.p < entries.end) {
		take_entry(&entries, &x, &kind);
		put_back(g, &x, grey_time(now_s));
	}
	g->evicted = 0;
	g->changes++;
	grey_unlock(g);
	return 0;
}

/* --- the file ------------------------------------------------------------------------------------------- */

int grey_save(struct grey *g, const char *path, struct err *e)
{
	CLEANUP(file_new_done) struct file_new n = { 0 };
	CLEANUP(buf_done) struct buf b = { 0 };
	int r;

	buf_init(&b, grey_write_max(g));
	grey_write(g, &b);
	if (!buf_ok(&b))
		return err_set(e, -ENOMEM, "out of memory");
	r = file_new_open(path, &n, e);
	if (r < 0)
		return r;
	if (fchmod(fileno(n.f), 0600) < 0) /* the key is in it */
		return err_set(e, -errno, "%s: %s", n.tmp, strerror(errno));
	if (fwrite(b.p, 1, b.len, n.f) != b.len)
		return err_set(e, -EIO, "cannot write %s: %s", n.tmp, strerror(errno));
	return file_new_commit(&n, e);
}

static int set_aside(const char *path, struct err *e)
{
	CLEANUP(free_p) char *bad = NULL;

	if (asprintf(&bad, "%s.bad", path) < 0 || rename(path, bad) < 0)
		return err_wrap(e, -EBADMSG, "%s cannot be set aside", path);
	return err_wrap(e, -EBADMSG, "%s is set aside as %s", path, bad);
}

int grey_load(struct grey *g, const char *path, int64_t now_s, struct err *e)
{
	CLEANUP(buf_done) struct buf b = { 0 };
	struct stat st;
	int r;

	file_new_tidy(path, false);
	if (stat(path, &st) < 0)
		return errno == ENOENT ? 0 : err_set(e, -errno, "%s: %s", path, strerror(errno));
	buf_init(&b, size_of(GREY_ENTRIES_MAX));
	r = file_read(path, &b, e);
	if (r == 0)
		r = grey_read(g, buf_text(&b), now_s, e);
	if (r == -EBADMSG || r == -EFBIG)
		return set_aside(path, e);
	return r < 0 ? r : 1;
}
