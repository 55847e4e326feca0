/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "util/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* PATH.tmp-PID is being written, and not yet PATH */
#define TMP ".tmp-"

static int say(struct err *e, const char *verb, const char *path)
{
	int code = errno ? -errno : -EIO;

	return err_set(e, code, "cannot %s %s: %s", verb, path, strerror(-code));
}

int file_read(const char *path, struct buf *b, struct err *e)
{
	CLEANUP(close_fdp) int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return say(e, "open", path);
	do {
		char *to = buf_room(b, MIN_OF((size_t)65536, b->max - b->len));

		if (!to)
			return err_set(e, -ENOMEM, "%s: out of memory", path);
		if (b->len == b->max) {
			char one;

			n = read(fd, &one, 1);
			if (n > 0)
				return err_set(
				    e, -EFBIG, "%s: larger than %zu bytes", path, b->max);
			break;
		}
		n = read(fd, to, MIN_OF((size_t)65536, b->max - b->len));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return say(e, "read", path);
		buf_grew(b, (size_t)n);
	} while (n != 0);
	return 0;
}

int file_read_lines(const char *path, const char *head, const char *what, struct buf *b,
    struct span *ret, struct err *e)
{
	struct span text, line;
	int r = file_read(path, b, e);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	text = buf_text(b);
	(void)span_cut(&text, '\n', &line); /* an empty file has no head */
	if (!span_is(line, head))
		return err_set(e, -EBADMSG, "%s: %s", path, what);
	*ret = text;
	return 1;
}

int file_map(const char *path, struct file_map *ret, struct err *e)
{
	struct stat st;

	return file_map_stat(path, ret, &st, e);
}

int file_map_stat(const char *path, struct file_map *ret, struct stat *st, struct err *e)
{
	CLEANUP(close_fdp) int fd = open(path, O_RDONLY | O_CLOEXEC);
	void *p;

	if (fd < 0)
		return say(e, "open", path);
	if (fstat(fd, st) < 0)
		return say(e, "stat", path);
	if (!S_ISREG(st->st_mode))
		return err_set(e, -EINVAL, "%s: not a regular file", path);
	if (st->st_size == 0) {
		*ret = (struct file_map){ 0 };
		return 0;
	}
	p = mmap(NULL, (size_t)st->st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return say(e, "map", path);
	*ret = (struct file_map){ p, (size_t)st->st_size };
	return 0;
}

/* The first `len` bytes of a file. */
static int fill(int fd, char *to, size_t len)
{
	for (size_t at = 0; at < len;) {
		ssize_t n = pread(fd, to + at, len - at, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EAGAIN;
		at += (size_t)n;
	}
	return 0;
}

int file_map_copy(const char *path, struct file_map *ret, struct err *e)
{
	CLEANUP(close_fdp) int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct file_map m = { 0 };
	struct stat st;
	int r;
	void *p;

	if (fd < 0)
		return say(e, "open", path);
	if (fstat(fd, &st) < 0)
		return say(e, "stat", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, -EINVAL, "%s: not a regular file", path);
	if (st.st_size == 0) {
		*ret = m;
		return 0;
	}
	m.len = (size_t)st.st_size;
	p = mmap(NULL, m.len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return say(e, "find memory for", path);
	m.p = p;
	(void)madvise(p, m.len, MADV_HUGEPAGE); /* a wish: fewer page walks in large files */
	r = fill(fd, p, m.len);
	if (r == 0 && mprotect(p, m.len, PROT_READ) < 0)
		r = -errno;
	if (r < 0) {
		file_unmap(&m);
		return r == -EAGAIN ? err_set(e, r, "%s: cut while it was read", path)
				    : err_set(e, r, "%s: cannot read: %s", path, strerror(-r));
	}
	*ret = m;
	return 0;
}

void file_unmap(struct file_map *m)
{
	if (m && m->p)
		(void)munmap((void *)(uintptr_t)m->p, m->len); /* our own mapping: cannot fail */
	if (m)
		*m = (struct file_map){ 0 };
}

static char *dir_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return strdup(".");
	return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

int file_sync_dir(const char *path, struct err *e)
{
	CLEANUP(close_fdp) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return say(e, "open", path);
	if (fsync(fd) < 0)
		return say(e, "sync", path);
	return 0;
}

void file_new_hold(int fd)
{
	(void)flock(fd, LOCK_EX | LOCK_NB); /* where that does not work nobody tidies up either */
}

#define DIGITS "0123456789"

/* NAME, or NAME-NUMBER, then ".tmp-" and a number */
static bool is_left(const char *file, const char *name, bool numbered)
{
	size_t n = strlen(name), tmp = strlen(TMP);

	if (strncmp(file, name, n) != 0)
		return false;
	file += n;
	if (numbered && *file == '-')
		file += 1 + strspn(file + 1, DIGITS);
	return strncmp(file, TMP, tmp) == 0 && file[tmp] != '\0' &&
	       file[tmp + strspn(file + tmp, DIGITS)] == '\0';
}

static void remove_left(int dir, const char *file)
{
	CLEANUP(close_fdp)
	int fd = openat(dir, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    flock(fd, LOCK_EX | LOCK_NB) == 0)
		(void)unlinkat(dir, file, 0); /* the next one tries again */
}

void file_new_tidy(const char *path, bool numbered)
{
	CLEANUP(free_p) char *dir = dir_of(path);
	const char *slash = strrchr(path, '/');
	DIR *d = dir ? opendir(dir) : NULL;
	const struct dirent *entry;

	while (d && (entry = readdir(d)) != NULL)
		if (is_left(entry->d_name, slash ? slash + 1 : path, numbered))
			remove_left(dirfd(d), entry->d_name);
	if (d)
		(void)closedir(d); /* read only */
}

/* tmp is taken over */
static int new_open(const char *path, char *tmp, struct file_new *ret, struct err *e)
{
	struct file_new n = { .path = strdup(path), .tmp = tmp };
	int fd;

	if (!n.path || !n.tmp) {
		free(n.path);
		free(n.tmp);
		return err_set(e, -ENOMEM, "%s: out of memory", path);
	}
	fd = open(n.tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd >= 0) {
		file_new_hold(fd);
		n.f = fdopen(fd, "w");
	}
	if (!n.f) {
		int code = say(e, "create", n.tmp);

		if (fd >= 0)
			(void)close(fd); /* nothing written yet */
		free(n.path);
		free(n.tmp);
		return code;
	}
	*ret = n;
	return 0;
}

int file_new_open(const char *path, struct file_new *ret, struct err *e)
{
	char *tmp;

	return new_open(
	    path, asprintf(&tmp, "%s" TMP "%ld", path, (long)getpid()) < 0 ? NULL : tmp, ret, e);
}

int file_new_commit(struct file_new *n, struct err *e)
{
	CLEANUP(free_p) char *dir = dir_of(n->path);

	if (!dir)
		return err_set(e, -ENOMEM, "%s: out of memory", n->path);
	errno = 0;
	if (fflush(n->f) != 0 || ferror(n->f) || fsync(fileno(n->f)) < 0)
		return say(e, "write", n->tmp);
	if (fclose(n->f) != 0) {
		n->f = NULL;
		return say(e, "close", n->tmp);
	}
	n->f = NULL;
	if (rename(n->tmp, n->path) < 0)
		return say(e, "rename into place", n->path);
	free(n->tmp);
	n->tmp = NULL;
	return file_sync_dir(dir, e);
}

void file_new_done(struct file_new *n)
{
	if (!n)
		return;
	if (n->f)
		(void)fclose(n->f); /* it is thrown away */
	if (n->tmp)
		(void)unlink(n->tmp); /* best effort: a stale .tmp- file harms nobody */
	free(n->tmp);
	free(n->path);
	*n = (struct file_new){ 0 };
}

static int fill_new(struct file_new *n, struct span text, struct err *e)
{
	if (fwrite(text.p, 1, span_len(text), n->f) != span_len(text))
		return say(e, "write", n->tmp);
	return file_new_commit(n, e);
}

int file_write(const char *path, struct span text, struct err *e)
{
	CLEANUP(file_new_done) struct file_new n = { 0 };
	int r = file_new_open(path, &n, e);

	return r < 0 ? r : fill_new(&n, text, e);
}

int file_write_by(const char *path, const char *tmp, struct span text, struct err *e)
{
	CLEANUP(file_new_done) struct file_new n = { 0 };
	int r = new_open(path, strdup(tmp), &n, e);

	return r < 0 ? r : fill_new(&n, text, e);
}

int file_append(int fd, const char *path, struct span text, struct err *e)
{
	ssize_t n = write(fd, text.p, span_len(text));
	int code = 0;

	if (n >= 0 && (size_t)n != span_len(text))
		code = ENOSPC;
	else if (n < 0 || fdatasync(fd) < 0)
		code = errno;
	return code ? err_set(e, -code, "cannot write %s: %s", path, strerror(code)) : 0;
}

int file_mkdirs(const char *path, unsigned mode, struct err *e)
{
	CLEANUP(free_p) char *copy = strdup(path);

	if (!copy)
		return err_set(e, -ENOMEM, "%s: out of memory", path);
	for (char *p = copy + 1;; p++) {
		char was = *p;

		if (was != '/' && was != '\0')
			continue;
		*p = '\0';
		if (mkdir(copy, mode) < 0 && errno != EEXIST)
			return say(e, "make directory", copy);
		*p = was;
		if (was == '\0')
			return 0;
	}
}

int file_sha256(const char *path, char ret[SHA256_HEX], struct err *e)
{
	CLEANUP(close_fdp) int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned char digest[crypto_hash_sha256_BYTES], block[65536];
	crypto_hash_sha256_state st;
	ssize_t n;

	if (fd < 0)
		return say(e, "open", path);
	(void)crypto_hash_sha256_init(&st);
	while ((n = read(fd, block, sizeof(block))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return say(e, "read", path);
		(void)crypto_hash_sha256_update(&st, block, (unsigned long long)n);
	}
	(void)crypto_hash_sha256_final(&st, digest);
	(void)sodium_bin2hex(ret, SHA256_HEX, digest, sizeof(digest));
	return 0;
}

void bytes_sha256(struct span bytes, char ret[SHA256_HEX])
{
	unsigned char digest[crypto_hash_sha256_BYTES];

	(void)crypto_hash_sha256(
	    digest, (const unsigned char *)bytes.p, span_len(bytes)); /* cannot fail */
	(void)sodium_bin2hex(ret, SHA256_HEX, digest, sizeof(digest));
}
