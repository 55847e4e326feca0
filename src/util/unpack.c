/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "util/unpack.h"

#include <bzlib.h>
#include <errno.h>
#include <lzma.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "util/input.h"

#define PACKED_BLOCK (256u << 10)
#define FREE_BYTES   (64ull << 20) /* unpacked before the ratio counts */
#define MAGIC_MAX    10u
#define XZ_MEMORY    (256ull << 20)

struct unpack;

/* struct packing - one way of packing: its magic, and what unpacks it
 *
 * step consumes from in[in_pos, in_len) and fills at most n bytes; it returns how many it wrote,
 * -EBADMSG on damage, and sets u->whole when a member ended just there. */
struct packing {
	const char *name;
	uint8_t magic[MAGIC_MAX];
	unsigned magic_len, any; /* any: this byte of the magic may be another; 0: none */
	int (*start)(struct unpack *u);
	ssize_t (*step)(struct unpack *u, char *to, size_t n);
	void (*stop)(struct unpack *u);
};

struct unpack {
	int fd;
	const struct packing *how; /* NULL: as it is */
	bool started, end, whole;
	uint8_t *in;
	size_t in_pos, in_len;
	uint64_t taken, given;
	union {
		z_stream gz;
		ZSTD_DCtx *zstd;
		lzma_stream xz;
		bz_stream bz2;
	} s;
};

static int gz_start(struct unpack *u)
{
	return inflateInit2(&u->s.gz, 15 + 16) == Z_OK ? 0 : -ENOMEM;
}

static ssize_t gz_step(struct unpack *u, char *to, size_t n)
{
	z_stream *z = &u->s.gz;
	int r;

	if (u->whole) {
		(void)inflateReset(z); /* only fails for a stream that was never set up */
		u->whole = false;
	}
	z->next_in = u->in + u->in_pos;
	z->avail_in = (uInt)(u->in_len - u->in_pos);
	z->next_out = (Bytef *)to;
	z->avail_out = (uInt)n;
	r = inflate(z, Z_NO_FLUSH);
	u->in_pos = u->in_len - z->avail_in;
	if (r == Z_STREAM_END)
		u->whole = true;
	else if (r != Z_OK && r != Z_BUF_ERROR)
		return -EBADMSG;
	return (ssize_t)(n - z->avail_out);
}

static void gz_stop(struct unpack *u)
{
	(void)inflateEnd(&u->s.gz); /* frees; its answer tells nothing */
}

static int zstd_start(struct unpack *u)
{
	u->s.zstd = ZSTD_createDCtx();
	return u->s.zstd ? 0 : -ENOMEM;
}

static ssize_t zstd_step(struct unpack *u, char *to, size_t n)
{
	ZSTD_inBuffer in = { u->in, u->in_len, u->in_pos };
	ZSTD_outBuffer out = { to, n, 0 };
	size_t r = ZSTD_decompressStream(u->s.zstd, &out, &in);

	u->in_pos = in.pos;
	if (ZSTD_isError(r))
		return -EBADMSG;
	u->whole = r == 0;
	return (ssize_t)out.pos;
}

static void zstd_stop(struct unpack *u)
{
	(void)ZSTD_freeDCtx(u->s.zstd); /* always succeeds */
}

static int xz_start(struct unpack *u)
{
	u->s.xz = (lzma_stream)LZMA_STREAM_INIT;
	return lzma_stream_decoder(&u->s.xz, XZ_MEMORY, LZMA_CONCATENATED) == LZMA_OK ? 0 : -ENOMEM;
}

static ssize_t xz_step(struct unpack *u, char *to, size_t n)
{
	lzma_stream *x = &u->s.xz;
	lzma_ret r;

	x->next_in = u->in + u->in_pos;
	x->avail_in = u->in_len - u->in_pos;
	x->next_out = (uint8_t *)to;
	x->avail_out = n;
	r = lzma_code(x, u->end ? LZMA_FINISH : LZMA_RUN);
	u->in_pos = u->in_len - x->avail_in;
	if (r == LZMA_STREAM_END)
		u->whole = true;
	else if (r != LZMA_OK && r != LZMA_BUF_ERROR)
		return -EBADMSG;
	return (ssize_t)(n - x->avail_out);
}

static void xz_stop(struct unpack *u)
{
	lzma_end(&u->s.xz);
}

static int bz2_start(struct unpack *u)
{
	u->s.bz2 = (bz_stream){ .next_in = NULL };
	return BZ2_bzDecompressInit(&u->s.bz2, 0, 0) == BZ_OK ? 0 : -ENOMEM;
}

static void bz2_stop(struct unpack *u)
{
	(void)BZ2_bzDecompressEnd(&u->s.bz2); /* frees; its answer tells nothing */
}

static ssize_t bz2_step(struct unpack *u, char *to, size_t n)
{
	bz_stream *z = &u->s.bz2;
	int r;

	if (u->whole) { /* there is no reset: the next member begins anew */
		bz2_stop(u);
		if (bz2_start(u) < 0)
			return -ENOMEM;
		u->whole = false;
	}
	z->next_in = (char *)u->in + u->in_pos;
	z->avail_in = (unsigned)(u->in_len - u->in_pos);
	z->next_out = to;
	z->avail_out = (unsigned)n;
	r = BZ2_bzDecompress(z);
	u->in_pos = u->in_len - z->avail_in;
	if (r == BZ_STREAM_END)
		u->whole = true;
	else if (r != BZ_OK)
		return -EBADMSG;
	return (ssize_t)(n - z->avail_out);
}

/* The magic of bzip2 goes on behind the size of its blocks: three letters alone begin texts as well. */
static const struct packing packings[] = {
	{ "gzip", { 0x1f, 0x8b }, 2, 0, gz_start, gz_step, gz_stop },
	{ "zstd", { 0x28, 0xb5, 0x2f, 0xfd }, 4, 0, zstd_start, zstd_step, zstd_stop },
	{ "xz", { 0xfd, '7', 'z', 'X', 'Z', 0 }, 6, 0, xz_start, xz_step, xz_stop },
	{ "bzip2", { 'B', 'Z', 'h', '9', '1', 'A', 'Y', '&', 'S', 'Y' }, 10, 3, bz2_start, bz2_step,
	    bz2_stop },
};

/* Do the first n bytes, or as many as the magic has, agree with it? */
static bool agrees(const struct packing *p, const uint8_t *b, size_t n)
{
	for (size_t i = 0; i < MIN_OF(n, p->magic_len); i++)
		if (b[i] != p->magic[i] && !(p->any && i == p->any))
			return false;
	return true;
}

bool unpack_is_packed(const void *head, size_t n)
{
	for (size_t i = 0; i < NELEM(packings); i++)
		if (n >= packings[i].magic_len && agrees(&packings[i], head, n))
			return true;
	return false;
}

struct unpack *unpack_new(int fd)
{
	struct unpack *u = calloc(1, sizeof(*u));

	if (u)
		u->in = malloc(PACKED_BLOCK);
	if (!u || !u->in) {
		free(u);
		return NULL;
	}
	u->fd = fd;
	return u;
}

struct unpack *unpack_free(struct unpack *u)
{
	if (!u)
		return NULL;
	if (u->how)
		u->how->stop(u);
	(void)close(u->fd); /* read only */
	free(u->in);
	free(u);
	return NULL;
}

uint64_t unpack_taken(const struct unpack *u)
{
	return u->taken;
}

static ssize_t read_fd(struct unpack *u, void *to, size_t n)
{
	ssize_t got;

	do
		got = read(u->fd, to, n);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	u->taken += (size_t)got;
	return got;
}

/* May more bytes show that it is packed? */
static bool undecided(const struct unpack *u)
{
	for (size_t i = 0; i < NELEM(packings); i++)
		if (u->in_len < packings[i].magic_len && agrees(&packings[i], u->in, u->in_len))
			return true;
	return false;
}

/* The first bytes decide; a pipe may hand them over one at a time, and whoever types a short line there is not
 * made to type another. */
static int start(struct unpack *u)
{
	while (!u->end && undecided(u)) {
		ssize_t got = read_fd(u, u->in + u->in_len, PACKED_BLOCK - u->in_len);

		if (got < 0)
			return (int)got;
		u->end = got == 0;
		u->in_len += (size_t)got;
	}
	u->started = true;
	for (size_t i = 0; i < NELEM(packings); i++) {
		const struct packing *p = &packings[i];

		if (u->in_len < p->magic_len || !agrees(p, u->in, u->in_len))
			continue;
		if (p->start(u) < 0)
			return -ENOMEM;
		u->how = p;
	}
	return 0;
}

static ssize_t plain(struct unpack *u, char *to, size_t n)
{
	size_t have = u->in_len - u->in_pos;

	if (have == 0)
		return u->end ? 0 : read_fd(u, to, n);
	have = MIN_OF(have, n);
	memcpy(to, u->in + u->in_pos, have);
	u->in_pos += have;
	return (ssize_t)have;
}

static ssize_t unpacked(struct unpack *u, char *to, size_t n, struct err *e)
{
	for (;;) {
		bool dry = u->in_pos == u->in_len;
		ssize_t got;

		if (dry && !u->end) {
			got = read_fd(u, u->in, PACKED_BLOCK);
			if (got < 0)
				return err_set(e, (int)got, "cannot read: %s", strerror((int)-got));
			u->end = got == 0;
			u->in_pos = 0;
			u->in_len = (size_t)got;
			continue;
		}
		if (dry && u->whole)
			return 0;
		got = u->how->step(u, to, n);
		if (got < 0)
			return err_set(e, -EBADMSG, "damaged %s data", u->how->name);
		u->given += (size_t)got;
		if (u->given > FREE_BYTES && u->given / INPUT_RATIO_MAX > u->taken)
			return err_set(e, -EFBIG, "%s data unpacks to more than %u times its size",
			    u->how->name, INPUT_RATIO_MAX);
		if (got > 0)
			return got;
		if (u->end && u->in_pos == u->in_len && !u->whole)
			return err_set(e, -EBADMSG, "%s data ends too early", u->how->name);
	}
}

ssize_t unpack_read(struct unpack *u, char *to, size_t n, struct err *e)
{
	ssize_t got;

	if (!u->started) {
		int r = start(u);

		if (r < 0)
			return err_set(e, r, "cannot read: %s", strerror(-r));
	}
	if (u->how)
		return unpacked(u, to, n, e);
	got = plain(u, to, n);
	if (got < 0)
		return err_set(e, (int)got, "cannot read: %s", strerror((int)-got));
	return got;
}
