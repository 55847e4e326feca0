/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "core/spool_priv.h"
#include "util/file.h"

#define FILE_MODE 0640

struct spool {
	char *dir; /* SPOOL/PRODUCER */
	char *host, *producer;
	uint64_t max_bytes;
	uint64_t last;	  /* sequence */
	uint64_t at_most; /* bytes in new/: counted once, and what was put since */
	int lock_fd;
	bool unsynced; /* a batch is in new/, but the directory could not be synced yet */
};

static const char *const room_name[] = { "tmp", "new", "done", "bad" };

int spool_say(struct err *e, const char *verb, const char *path)
{
	int code = errno ? -errno : -EIO;

	return err_set(e, code, "cannot %s %s: %s", verb, path, strerror(-code));
}

char *spool_join(const char *dir, const char *sub, const char *name)
{
	char *s;

	if (asprintf(&s, "%s/%s%s%s", dir, sub, name ? "/" : "", name ? name : "") < 0)
		abort(); /* out of memory: state is on disk */
	return s;
}

static void closedir_p(DIR **d)
{
	if (*d)
		(void)closedir(*d); /* read only */
}

int spool_each_name(const char *dir, const char *sub, spool_name_fn *fn, void *ctx, struct err *e)
{
	CLEANUP(free_p) char *path = spool_join(dir, sub, NULL);
	CLEANUP(closedir_p) DIR *d = opendir(path);
	const struct dirent *de;
	int r;

	if (!d && errno == ENOENT)
		return 0;
	if (!d)
		return spool_say(e, "list", path);
	while (errno = 0, (de = readdir(d)) != NULL) {
		if (de->d_name[0] == '.')
			continue;
		r = fn(ctx, de->d_name);
		if (r)
			return r;
	}
	return errno ? spool_say(e, "list", path) : 0;
}

/* read_file - the bytes of a regular file of at most BATCH_FILE_MAX; whatever else somebody put there
 * (a FIFO, a link, a directory) is -EBADMSG */
static int read_file(const char *path, struct buf *ret, struct err *e)
{
	CLEANUP(close_fdp) int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	ssize_t n;
	char *to;

	if (fd < 0 && (errno == ELOOP || errno == ENXIO))
		return err_set(e, -EBADMSG, "not a regular file");
	if (fd < 0)
		return spool_say(e, "open", path);
	if (fstat(fd, &st) < 0)
		return spool_say(e, "stat", path);
	if (!S_ISREG(st.st_mode) || st.st_size > BATCH_FILE_MAX)
		return err_set(e, -EBADMSG, "not a regular file, or larger than a batch may be");
	for (;;) {
		to = buf_room(ret, 65536);
		if (!to)
			return err_set(e, -EBADMSG, "larger than a batch may be");
		n = read(fd, to, 65536);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return spool_say(e, "read", path);
		if (n == 0)
			return 0;
		buf_grew(ret, (size_t)n);
	}
}

int spool_read_file(const char *path, const struct batch_name *name, struct buf *packed,
    struct batch *ret, struct err *e)
{
	int r;

	buf_init(packed, BATCH_FILE_MAX + 2 * 65536);
	r = read_file(path, packed, e);
	return r < 0 ? r : batch_unpack(buf_text(packed), name, ret, e);
}

/* --- the producer's end ------------------------------------------------------------------------- */

struct spool *spool_free(struct spool *s)
{
	if (!s)
		return NULL;
	if (s->lock_fd >= 0)
		(void)close(s->lock_fd); /* gives the lock back */
	free(s->dir);
	free(s->host);
	free(s->producer);
	free(s);
	return NULL;
}

static int take_lock(struct spool *s, struct err *e)
{
	CLEANUP(free_p) char *path = spool_join(s->dir, "lock", NULL);

	s->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);
	if (s->lock_fd < 0)
		return spool_say(e, "open", path);
	if (flock(s->lock_fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno == EWOULDBLOCK)
		return err_set(e, -EBUSY, "another %s already writes to %s", s->producer, s->dir);
	return spool_say(e, "lock", path);
}

static int empty_tmp(void *ctx, const char *name)
{
	const struct spool *s = ctx;
	CLEANUP(free_p) char *path = spool_join(s->dir, "tmp", name);

	(void)unlink(path); /* half-written by one who was killed; what stays harms nobody */
	return 0;
}

static bool is_mine(const struct spool *s, const char *file, struct batch_name *ret)
{
	return batch_name_parse(span_str(file), ret) == 0 && strcmp(ret->host, s->host) == 0 &&
	       strcmp(ret->producer, s->producer) == 0;
}

static int see_sequence(void *ctx, const char *file)
{
	struct spool *s = ctx;
	struct batch_name n;

	if (is_mine(s, file, &n))
		s->last = MAX_OF(s->last, n.sequence);
	return 0;
}

static int make_dirs(struct spool *s, struct err *e)
{
	for (unsigned i = 0; i < NELEM(room_name); i++) {
		CLEANUP(free_p) char *path = spool_join(s->dir, room_name[i], NULL);
		int r = file_mkdirs(path, SPOOL_DIR_MODE, e);

		if (r < 0)
			return r;
	}
	return 0;
}

int spool_open(const char *dir, const char *host, const char *producer, uint64_t max_bytes,
    struct spool **ret, struct err *e)
{
	struct spool *s = calloc(1, sizeof(*s));
	struct batch_name n;
	int r;

	if (!s)
		abort();
	s->lock_fd = -1;
	s->at_most = s->max_bytes = max_bytes; /* not counted yet */
	s->dir = spool_join(dir, producer, NULL);
	s->host = strdup(host);
	s->producer = strdup(producer);
	if (!s->host || !s->producer)
		abort();
	r = batch_name_make(host, producer, 1, &n, e);
	if (r == 0)
		r = make_dirs(s, e);
	if (r == 0)
		r = take_lock(s, e);
	if (r == 0)
		r = spool_each_name(s->dir, "tmp", empty_tmp, s, e);
	/* new/ before done/: a batch that the loader moves meanwhile is seen at least once. */
	for (unsigned i = 1; i < NELEM(room_name) && r == 0; i++)
		r = spool_each_name(s->dir, room_name[i], see_sequence, s, e);
	if (r < 0) {
		(void)spool_free(s);
		return r;
	}
	*ret = s;
	return 0;
}

struct newest {
	const struct spool *s;
	struct batch_name below, best; /* the highest sequence under below's */
};

static int see_newest(void *ctx, const char *file)
{
	struct newest *w = ctx;
	struct batch_name n;

	if (is_mine(w->s, file, &n) && n.sequence < w->below.sequence &&
	    n.sequence > w->best.sequence)
		w->best = n;
	return 0;
}

static int positions_of(
    const struct spool *s, const struct batch_name *n, struct buf *ret, struct err *e)
{
	char file[BATCH_NAME_MAX];
	struct batch b;
	int r = -ENOENT;

	batch_name_format(n, file);
	/* Twice, for the loader may move it from new/ to done/ between two looks. */
	for (unsigned i = 1; i <= 2 && r == -ENOENT; i++) {
		CLEANUP(free_p) char *path = spool_join(s->dir, room_name[i], file);
		CLEANUP(buf_done) struct buf packed = { 0 };

		r = spool_read_file(path, n, &packed, &b, e);
		if (r == -EBADMSG && i == 2)
			return err_wrap(e, -EIO,
			    "%s tells where this producer stood, and is unreadable; "
			    "move it away to read all inputs from their start again",
			    path);
	}
	if (r < 0)
		return r;
	buf_span(ret, b.positions);
	batch_done(&b);
	return buf_ok(ret) ? 0 : err_set(e, -ENOMEM, "out of memory");
}

int spool_positions(struct spool *s, struct buf *ret, struct err *e)
{
	struct newest w = { .s = s, .below = { .sequence = UINT64_MAX } };
	int r;

	for (;;) {
		w.best.sequence = 0;
		r = spool_each_name(s->dir, "new", see_newest, &w, e);
		if (r == 0)
			r = spool_each_name(s->dir, "done", see_newest, &w, e);
		if (r < 0 || w.best.sequence == 0)
			return r;
		r = positions_of(s, &w.best, ret, e);
		/* One in new/ that cannot be read is never loaded: what it held is read again. One that
		 * went to bad/ a moment ago, likewise. */
		if (r != -EBADMSG && r != -ENOENT)
			return r;
		w.below = w.best;
	}
}

struct oldest {
	const struct spool *s;
	uint64_t sequence;
};

static int see_oldest(void *ctx, const char *file)
{
	struct oldest *w = ctx;
	struct batch_name n;

	if (is_mine(w->s, file, &n))
		w->sequence = MIN_OF(w->sequence, n.sequence);
	return 0;
}

int spool_loaded(struct spool *s, uint64_t *ret_waits, uint64_t *ret_loaded, struct err *e)
{
	struct oldest waits = { .s = s, .sequence = UINT64_MAX };
	struct newest loaded = { .s = s, .below = { .sequence = UINT64_MAX } };
	int r = spool_each_name(s->dir, "new", see_oldest, &waits, e);

	if (r == 0)
		r = spool_each_name(s->dir, "done", see_newest, &loaded, e);
	if (r < 0)
		return r;
	*ret_waits = waits.sequence;
	*ret_loaded = loaded.best.sequence;
	return 0;
}

static int write_synced(const char *path, const struct buf *b, struct err *e)
{
	CLEANUP(close_fdp) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, FILE_MODE);
	size_t done = 0;

	if (fd < 0)
		return spool_say(e, "create", path);
	while (done < b->len) {
		ssize_t n = write(fd, b->p + done, b->len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return spool_say(e, "write", path);
		done += (size_t)n;
	}
	return fsync(fd) < 0 ? spool_say(e, "sync", path) : 0;
}

int spool_put(struct spool *s, struct batch_writer *w, enum batch_type type, int64_t now_s,
    struct span positions, struct err *e)
{
	CLEANUP(buf_done) struct buf packed;
	CLEANUP(free_p) char *tmp = NULL, *to = NULL, *new_dir = NULL;
	char file[BATCH_NAME_MAX];
	struct batch_name name;
	/* A spool that was emptied must not use numbers again that the hub has seen: it starts at the
	 * time in microseconds, which no producer overtakes by counting. */
	uint64_t next = s->last ? s->last + 1 : (uint64_t)MAX_OF(now_s, 1) * 1000000;
	int r = batch_name_make(s->host, s->producer, next, &name, e);

	buf_init(&packed, BATCH_FILE_MAX);
	if (r == 0)
		r = batch_pack(w, &name, type, now_s, positions, &packed, e);
	if (r < 0)
		return r;
	batch_name_format(&name, file);
	tmp = spool_join(s->dir, "tmp", file);
	to = spool_join(s->dir, "new", file);
	new_dir = spool_join(s->dir, "new", NULL);
	r = write_synced(tmp, &packed, e);
	if (r == 0 && rename(tmp, to) < 0)
		r = spool_say(e, "rename into place", to);
	if (r < 0) {
		(void)unlink(tmp); /* spool_open removes it otherwise */
		return r;
	}
	/* In place. If a power cut undoes an unsynced rename, events and positions vanish together. */
	s->last = next;
	s->at_most += packed.len;
	s->unsynced = file_sync_dir(new_dir, NULL) < 0;
	batch_writer_reset(w);
	return 0;
}

struct sum {
	const char *dir;
	uint64_t bytes;
};

static int add_size(void *ctx, const char *file)
{
	struct sum *sum = ctx;
	CLEANUP(free_p) char *path = spool_join(sum->dir, "new", file);
	struct stat st;

	if (lstat(path, &st) == 0) /* else it was loaded meanwhile */
		sum->bytes += (uint64_t)st.st_size;
	return 0;
}

bool spool_full(struct spool *s)
{
	struct sum sum = { .dir = s->dir };
	CLEANUP(free_p) char *new_dir = spool_join(s->dir, "new", NULL);

	if (s->unsynced && file_sync_dir(new_dir, NULL) < 0)
		return true;
	if (s->at_most < s->max_bytes)
		return false;
	if (spool_each_name(s->dir, "new", add_size, &sum, NULL) < 0)
		return false; /* the trouble shows when the next batch is put */
	s->at_most = sum.bytes;
	return sum.bytes >= s->max_bytes;
}

uint64_t spool_last_sequence(const struct spool *s)
{
	return s->last;
}
