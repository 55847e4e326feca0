/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finding files, and which stream each of them holds. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <xxhash.h>

#include "intake/follow_priv.h"
#include "util/unpack.h"

#define LISTINGS_MAX 6u

uint64_t mark_hash(const struct mark *m)
{
	return m->have ? XXH3_64bits(m->bytes, m->len) : m->hash;
}

static bool mark_is(const struct mark *m, const char *bytes)
{
	return mark_hash(m) == XXH3_64bits(bytes, m->len);
}

/* --- finding ------------------------------------------------------------------------------------ */

/* A digest of the file and its name; 0 when it is gone meanwhile. */
static uint64_t add_file(struct follow *f, struct files *fs, const char *path, bool primary)
{
	struct stat st;
	struct err e;
	uint64_t digest;

	if (stat(path, &st) < 0)
		return 0;
	digest = XXH3_64bits_withSeed(
	    path, strlen(path), (uint64_t)st.st_ino ^ (uint64_t)st.st_dev << 32);
	if (S_ISREG(st.st_mode) && st.st_size == 0 && primary)
		empty_seen(f, path, &st);
	if (!S_ISREG(st.st_mode) || st.st_size == 0)
		return digest; /* nothing in it that could be told from another */
	for (size_t i = 0; i < fs->n; i++)
		if (fs->v[i].st.st_dev == st.st_dev && fs->v[i].st.st_ino == st.st_ino)
			return digest;
	if (strlen(path) > FOLLOW_PATH_MAX || strchr(path, '\n')) {
		f->counts.refused++;
		(void)err_set(&e, 0,
		    "%.80s…: not followed, its path is over %u bytes or has a line feed", path,
		    FOLLOW_PATH_MAX);
		follow_say(f, &e);
		return digest;
	}
	if (fs->n == fs->cap) {
		fs->cap = fs->cap ? 2 * fs->cap : 16;
		fs->v = reallocarray(fs->v, fs->cap, sizeof(*fs->v));
		if (!fs->v)
			abort();
	}
	fs->v[fs->n] =
	    (struct file){ .path = strdup(path), .st = st, .primary = primary, .fd = -1 };
	if (!fs->v[fs->n++].path)
		abort();
	return digest;
}

static void files_cut(struct files *fs, size_t n)
{
	while (fs->n > n) {
		fs->n--;
		file_close(&fs->v[fs->n]);
		free(fs->v[fs->n].path);
	}
}

void files_done(struct files *fs)
{
	files_cut(fs, 0);
	for (size_t i = 0; i < fs->n_rotations; i++)
		free(fs->rotations[i]);
	free(fs->rotations);
	free(fs->v);
	*fs = (struct files){ 0 };
}

void find_primary(struct follow *f, const char *pattern, struct files *ret)
{
	glob_t g = { 0 };

	if (glob(pattern, GLOB_NOSORT, NULL, &g) == 0)
		for (size_t i = 0; i < g.gl_pathc; i++)
			(void)add_file(f, ret, g.gl_pathv[i], true);
	globfree(&g);
}

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The length of a file's name without ".gz" and without ".1" or "-20261123". */
static size_t stem(const char *name)
{
	static const char *const packed[] = { ".gz", ".zst", ".xz", ".bz2" };
	size_t n = strlen(name), at;

	for (size_t i = 0; i < NELEM(packed); i++) {
		size_t m = strlen(packed[i]);

		if (n > m && strcmp(name + n - m, packed[i]) == 0) {
			n -= m;
			break;
		}
	}
	at = n;
	while (at > 0 && (digit(name[at - 1]) || name[at - 1] == '-'))
		at--;
	if (at == n || at == 0)
		return n;
	if (name[at - 1] == '.')
		return at - 1 > 0 ? at - 1 : n;
	while (at < n && name[at] != '-') /* "x1-2026": the digits before belong to the name */
		at++;
	return at < n && at > 0 ? at : n;
}

bool same_rotation(const char *a, const char *b)
{
	const char *x = strrchr(a, '/'), *y = strrchr(b, '/');
	size_t dir = x ? (size_t)(x - a) + 1 : 0, n;

	if (dir != (y ? (size_t)(y - b) + 1 : 0) || memcmp(a, b, dir) != 0)
		return false;
	n = stem(a + dir);
	return n == stem(b + dir) && memcmp(a + dir, b + dir, n) == 0;
}

/* One listing. Returns a digest of the names and what has them, whatever their order. */
static uint64_t list_rotated(struct follow *f, const char *dir, struct span base, struct files *ret)
{
	DIR *d = opendir(dir);
	const struct dirent *de;
	uint64_t digest = 0;
	size_t n = span_len(base);

	while (d && (de = readdir(d)) != NULL) {
		CLEANUP(free_p) char *full = NULL;

		if (strlen(de->d_name) <= n || stem(de->d_name) != n ||
		    memcmp(de->d_name, base.p, n) != 0)
			continue;
		if (asprintf(&full, "%s%s", dir, de->d_name) < 0)
			abort();
		digest += add_file(f, ret, full, false);
	}
	if (d)
		(void)closedir(d); /* read only */
	return digest;
}

static bool is_listed(const struct files *fs, const char *path)
{
	for (size_t i = 0; i < fs->n_rotations; i++)
		if (same_rotation(fs->rotations[i], path))
			return true;
	return false;
}

static void set_listed(struct files *fs, const char *path)
{
	fs->rotations = reallocarray(fs->rotations, fs->n_rotations + 1, sizeof(*fs->rotations));
	if (!fs->rotations)
		abort();
	fs->rotations[fs->n_rotations] = strdup(path);
	if (!fs->rotations[fs->n_rotations++])
		abort();
}

void find_rotated(struct follow *f, const char *path, struct files *ret)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	CLEANUP(free_p)
	char *dir = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup("./");
	struct span name = span_of(base, stem(base));
	size_t from = ret->n;
	uint64_t was, now;

	if (!dir)
		abort();
	if (is_listed(ret, path))
		return;
	set_listed(ret, path);
	now = list_rotated(f, dir, name, ret);
	for (unsigned i = 0; i < LISTINGS_MAX; i++) {
		was = now;
		files_cut(ret, from);
		now = list_rotated(f, dir, name, ret);
		if (now == was)
			return;
	}
	ret->unsettled = true;
}

/* --- what a file holds -------------------------------------------------------------------------- */

int file_open(struct file *file, struct err *e)
{
	CLEANUP(close_fdp)
	int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0)
		return err_set(e, -errno, "cannot open %s: %s", file->path, strerror(errno));
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_dev != file->st.st_dev ||
	    st.st_ino != file->st.st_ino)
		return -ESTALE;
	file->fd = take_fd(&fd);
	return 0;
}

void file_close(struct file *file)
{
	close_fdp(&file->fd);
	file->fd = -1;
}

/* read_unpacked - the bytes up to `upto` of what fd holds; the last of them, at most MARK_MAX, are left
 * in last. Returns how many are there, which is less where the file is shorter; -errno. */
static int64_t read_unpacked(int fd, uint64_t upto, char last[MARK_MAX], struct err *e)
{
	CLEANUP(free_p) char *block = malloc(CHUNK_MAX);
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 0); /* which unpack_free closes */
	struct unpack *u = own < 0 || lseek(own, 0, SEEK_SET) < 0 ? NULL : unpack_new(own);
	uint64_t got = 0;
	ssize_t n = 0;

	if (!block)
		abort();
	if (!u) {
		close_fdp(&own);
		return err_set(e, -EMFILE, "no descriptor or memory to look into a packed file");
	}
	while (got < upto) {
		size_t kept = MIN_OF(got, (uint64_t)MARK_MAX), room;

		n = unpack_read(u, block, MIN_OF(upto - got, (uint64_t)CHUNK_MAX), e);
		if (n <= 0)
			break;
		got += (uint64_t)n;
		room = (size_t)MIN_OF((uint64_t)n, (uint64_t)MARK_MAX);
		if (kept + room > MARK_MAX) {
			memmove(last, last + (kept + room - MARK_MAX), MARK_MAX - room);
			kept = MARK_MAX - room;
		}
		memcpy(last + kept, block + n - (ssize_t)room, room);
	}
	(void)unpack_free(u);
	return n < 0 ? n : (int64_t)got;
}

int match_head(struct file *file, char head[MARK_MAX], struct err *e)
{
	ssize_t n = pread(file->fd, head, MARK_MAX, 0);

	if (n < 0)
		return err_set(e, -errno, "cannot read %s: %s", file->path, strerror(errno));
	file->packed = unpack_is_packed(head, (size_t)n);
	if (!file->packed)
		return (int)n;
	n = (ssize_t)read_unpacked(file->fd, MARK_MAX, head, e);
	return n < 0 ? err_wrap(e, (int)n, "%s", file->path) : (int)n;
}

static bool tail_is(int fd, const struct stream *s, char tail[MARK_MAX])
{
	off_t at = (off_t)(s->offset - s->tail.len);

	return pread(fd, tail, s->tail.len, at) == (ssize_t)s->tail.len && mark_is(&s->tail, tail);
}

bool match_holds(const struct stream *s, const struct file *file, const char *head, size_t n)
{
	char tail[MARK_MAX];

	if (s->head.len == 0 || n < s->head.len || !mark_is(&s->head, head))
		return false;
	if (s->packed)
		return true;
	if (!file->packed)
		return tail_is(file->fd, s, tail);
	return read_unpacked(file->fd, s->offset, tail, NULL) == (int64_t)s->offset &&
	       mark_is(&s->tail, tail + (MIN_OF(s->offset, (uint64_t)MARK_MAX) - s->tail.len));
}

/* --- binding ------------------------------------------------------------------------------------ */

void follow_unbind(struct stream *s)
{
	if (s->fd >= 0)
		(void)close(s->fd); /* read only */
	s->fd = -1;
	s->in = input_free(s->in);
	s->dev = s->ino = 0;
	s->lost = true;
}

static void bound(struct stream *s, const struct file *file)
{
	char *path = strdup(file->path);

	if (!path)
		abort();
	free(s->path);
	s->path = path;
	s->dev = (uint64_t)file->st.st_dev;
	s->ino = (uint64_t)file->st.st_ino;
	s->mtime_s = file->st.st_mtime;
	s->lost = false;
	s->there = true;
}

bool bind_plain(struct stream *s, const struct file *file)
{
	CLEANUP(close_fdp) int fd = fcntl(file->fd, F_DUPFD_CLOEXEC, 0);
	char head[MARK_MAX], tail[MARK_MAX];
	ssize_t n;

	if (fd < 0)
		return false;
	n = pread(fd, head, MARK_MAX, 0);
	if (n < (ssize_t)s->head.len || !mark_is(&s->head, head) || !tail_is(fd, s, tail))
		return false;
	s->head = (struct mark){ .len = (unsigned)n, .have = true };
	memcpy(s->head.bytes, head, (size_t)n);
	memcpy(s->tail.bytes, tail, s->tail.len);
	s->tail.have = true;
	follow_unbind(s);
	s->fd = take_fd(&fd);
	s->packed = false;
	bound(s, file);
	return true;
}

void bind_packed(struct stream *s, const struct file *file)
{
	follow_unbind(s);
	s->packed = s->checked = true;
	s->done = s->skip = false;
	s->offset = s->broken_size = 0;
	s->tail.len = 0;
	bound(s, file);
}
