/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A poll: which files there are, which stream each of them holds, which are new, which streams are given up. */
#include <errno.h>

#include "intake/follow_priv.h"
#include "util/clock.h"

#define LOST_PATIENCE_US    INT64_C(600000000) /* a lost stream is sought for this long */
#define DETACHED_IDLE_US    INT64_C(300000000) /* a writer may keep the old file open for a while */
#define DETACHED_CROWDED_US INT64_C(5000000)
#define CROWD		    100u
#define MAKING_S	    60 /* a file that nobody wrote to for so long is finished */

/* A file that nobody knows: from its start. */
static void stream_begin(struct follow *f, struct file *file, const char *head, size_t n)
{
	struct stream *s = stream_add(f, file->path);

	if (!s)
		return;
	s->head = (struct mark){ .len = (unsigned)n, .have = true };
	memcpy(s->head.bytes, head, n);
	s->tail.have = true;
	s->seen = file->primary;
	s->detached = !file->primary;
	if (file->packed)
		bind_packed(s, file);
	else if (!bind_plain(s, file))
		stream_drop(f, f->n - 1); /* changed under our eyes: the next poll sees it anew */
	f->counts.begun++;
}

/* --- a poll ------------------------------------------------------------------------------------- */

/* Does the file that has a stream's inode hold the stream? While it is open here it is seen when it is
 * read; of one that was only restored from a position, now. 1, 0; -ESTALE: it cannot be told now. */
static int still_holds(struct stream *s, struct file *file)
{
	char head[MARK_MAX];
	int n;

	if (s->packed ? s->in || s->checked : s->fd >= 0)
		return 1;
	n = file_open(file, NULL);
	if (n < 0)
		return -ESTALE;
	if (!s->packed)
		return bind_plain(s, file);
	n = match_head(file, head, NULL);
	s->checked = n > 0 && match_holds(s, file, head, (size_t)n);
	return s->checked;
}

/* A file that is known by its inode. */
static void attach(struct follow *f, struct stream *s, struct file *file)
{
	int holds = still_holds(s, file);

	file_close(file);
	file->used = holds != 0;
	if (holds == 0)
		follow_lose(f, s);
	if (holds != 1)
		return;
	if (s->packed && s->done && s->offset != (uint64_t)file->st.st_size)
		s->done = false; /* it went on growing */
	s->lost = false;
	s->there = true;
	s->seen = s->seen || file->primary;
	s->mtime_s = file->st.st_mtime;
	if (strcmp(s->path, file->path) != 0) {
		free(s->path);
		s->path = strdup(file->path);
		if (!s->path)
			abort();
	}
}

/* Of what a poll found: the files beside path, or all where path is NULL. */
static bool concerns(const struct file *file, const char *path)
{
	return !path || (!file->primary && same_rotation(file->path, path));
}

static void attach_known(struct follow *f, struct files *fs, const char *beside)
{
	for (size_t i = 0; i < fs->n; i++)
		for (size_t j = 0; j < f->n && !fs->v[i].used && concerns(&fs->v[i], beside); j++)
			if (f->streams[j]->ino == (uint64_t)fs->v[i].st.st_ino &&
			    f->streams[j]->dev == (uint64_t)fs->v[i].st.st_dev)
				attach(f, f->streams[j], &fs->v[i]);
}

static bool is_copy(const struct follow *f, const struct file *file)
{
	for (size_t i = 0; i < f->n_known; i++) {
		const struct stat *a = &f->known[i].st, *b = &file->st;

		if (a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
		    a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
		    a->st_mtim.tv_nsec == b->st_mtim.tv_nsec)
			return true;
	}
	return false;
}

static void remember_copy(struct follow *f, const struct file *file)
{
	f->known = reallocarray(f->known, f->n_known + 1, sizeof(*f->known));
	if (!f->known)
		abort();
	f->known[f->n_known] = *file;
	f->known[f->n_known++].path = NULL;
}

static bool at_end(const struct stream *s)
{
	struct stat st;

	return s->fd >= 0 && fstat(s->fd, &st) == 0 && (uint64_t)st.st_size <= s->offset;
}

/* The file holds the stream. Take it over when that has no file, or one that is out of sight and read to
 * its end; else it is a copy. */
static void take_over(struct follow *f, struct stream *s, struct file *file, struct files *fs)
{
	bool free_to = s->lost || (!s->there && (s->packed || at_end(s)));

	file->used = true;
	if (!free_to) {
		if (!s->packed && s->offset == 0)
			fs->unsettled = true; /* nothing read of it: too little to call it a copy */
		else if (s->seen)
			remember_copy(f, file);
		return;
	}
	if (file->packed || s->packed)
		bind_packed(s, file);
	else if (!bind_plain(s, file))
		return;
	s->seen = file->primary;
	s->idle_us = clock_monotonic_us();
}

static bool is_recent(const struct file *file)
{
	const struct clock clock = clock_system();

	return clock_now_s(&clock) - file->st.st_mtime < MAKING_S;
}

/* A file that begins like a stream whose own file is there too, and holds less than was read of that: a copy
 * in the making (copytruncate), or being packed (gzip writes its file beside the other one). */
static bool in_the_making(
    const struct follow *f, const struct file *file, const char *head, size_t n)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct stream *s = f->streams[i];

		if (s->there && !s->packed && s->head.have &&
		    memcmp(s->head.bytes, head, MIN_OF(n, (size_t)s->head.len)) == 0 &&
		    (file->packed || (uint64_t)file->st.st_size < s->offset))
			return is_recent(file);
	}
	return false;
}

/* The stream that an unknown, open file holds, taken over; or a new one, when begin says so. */
static void adopt_open(
    struct follow *f, struct file *file, bool packed, bool begin, struct files *fs)
{
	char head[MARK_MAX];
	struct err e = { "" };
	int n = match_head(file, head, &e);

	if (n < 0 && file->primary && packed)
		follow_say(f, &e);
	if (n <= 0 && is_recent(file))
		fs->unsettled = true; /* its first bytes are on their way */
	if (n <= 0 || file->packed != packed)
		return;
	for (unsigned pass = 0; pass < 2; pass++) /* lost ones first */
		for (size_t i = 0; i < f->n; i++) {
			struct stream *s = f->streams[i];

			/* Two packed files that begin alike are two files: only what is inside could
			 * tell. */
			if (s->lost != (pass == 0) || (pass == 1 && packed && s->packed) ||
			    !match_holds(s, file, head, (size_t)n))
				continue;
			take_over(f, s, file, fs);
			return;
		}
	if (in_the_making(f, file, head, (size_t)n))
		fs->unsettled = true;
	else if (begin)
		stream_begin(f, file, head, (size_t)n);
}

/* packed: which sort is looked at, for plain files are preferred */
static void adopt(struct follow *f, struct files *fs, size_t i, bool packed, bool begin)
{
	struct file *file = &fs->v[i];
	struct err e = { "" };
	int r;

	if (file->used || is_copy(f, file))
		return;
	r = file_open(file, &e);
	if (r == 0)
		adopt_open(f, file, packed, begin, fs);
	else if (r == -ESTALE || r == -ENOENT)
		fs->unsettled = true; /* another file has its name by now */
	else if (file->primary)
		follow_say(f, &e);
	file_close(file);
}

static void adopt_all(struct follow *f, struct files *fs, const char *beside, bool begin)
{
	for (unsigned packed = 0; packed < 2; packed++)
		for (size_t i = 0; i < fs->n; i++)
			if (concerns(&fs->v[i], beside))
				adopt(f, fs, i, packed == 1, begin);
}

static bool is_newer(const struct file *file, const struct newer *n)
{
	return file->st.st_mtime >= n->than_s || (n->ino && n->ino == (uint64_t)file->st.st_ino &&
						     n->dev == (uint64_t)file->st.st_dev);
}

void look_beside(struct follow *f, const char *path, const struct newer *newer, struct files *fs)
{
	find_rotated(f, path, fs);
	attach_known(f, fs, path);
	adopt_all(f, fs, path, false);
	for (unsigned packed = 0; packed < 2; packed++)
		for (size_t i = 0; i < fs->n; i++)
			if (concerns(&fs->v[i], path) && is_newer(&fs->v[i], newer))
				adopt(f, fs, i, packed == 1, true);
}

/* Beside a stream that lost its name: itself, under another one, and what was written after it. */
static void look_beside_stream(struct follow *f, const struct stream *s, struct files *fs)
{
	CLEANUP(free_p) char *path = strdup(s->path); /* which it may change */

	if (!path)
		abort();
	look_beside(f, path, &(struct newer){ .than_s = s->mtime_s }, fs);
}

/* A file has appeared under the pattern. Its forerunner that we know is not always the file before it: when
 * that lost its name in an earlier poll, a whole file may have come and been rotated away since. */
static void look_before(
    struct follow *f, size_t known, const struct stream *begun, struct files *fs)
{
	struct stream *newest = NULL;

	for (size_t i = 0; i < known; i++)
		if (same_rotation(f->streams[i]->path, begun->path) &&
		    (!newest || f->streams[i]->mtime_s > newest->mtime_s))
			newest = f->streams[i];
	if (newest && !newest->seen) {
		newest->look = true;
		look_beside_stream(f, newest, fs);
	}
}

/* The name is nobody's at the moment: then too a whole file may have come and been rotated away since the
 * newest one that had it was seen to lose it. */
static void look_nameless(struct follow *f, size_t known, struct files *fs)
{
	for (size_t i = 0; i < known; i++) {
		struct stream *s = f->streams[i];
		bool newest = s->detached && !s->seen && !s->lost;

		for (size_t k = 0; k < f->n && newest; k++) {
			const struct stream *o = f->streams[k];

			if (k != i && same_rotation(o->path, s->path))
				newest = !o->seen && (o->mtime_s < s->mtime_s ||
							 (o->mtime_s == s->mtime_s && k < i));
		}
		if (newest)
			look_beside_stream(f, s, fs);
	}
}

/* What is out of sight and read to its end is given up in time, but never the newest: by its date the
 * next rotation is told from what was read long ago. */
static void retire(struct follow *f)
{
	int64_t now_us = clock_monotonic_us(), newest_s = INT64_MIN;

	for (size_t i = 0; i < f->n; i++)
		newest_s = MAX_OF(newest_s, f->streams[i]->mtime_s);
	for (size_t i = f->n; i-- > 0;) {
		const struct stream *s = f->streams[i];
		int64_t idle_us = now_us - s->idle_us;
		bool out = !s->lost && s->detached && !s->seen && (s->packed ? s->done : at_end(s));

		if (s->lost && idle_us > LOST_PATIENCE_US) {
			f->counts.lost += !s->done;
			stream_drop(f, i);
		} else if (out && s->mtime_s < newest_s &&
			   idle_us > (f->n > CROWD ? DETACHED_CROWDED_US : DETACHED_IDLE_US)) {
			stream_drop(f, i);
		}
	}
}

void follow_poll(struct follow *f)
{
	struct files fs = { 0 };
	size_t known = f->n, n;

	for (size_t i = 0; i < f->n; i++)
		f->streams[i]->seen = f->streams[i]->there = false;
	for (size_t i = 0; i < f->n_empties; i++)
		f->empties[i].there = false;
	find_primary(f, f->pattern, &fs);
	attach_known(f, &fs, NULL);
	for (size_t i = 0; i < f->n; i++) {
		struct stream *s = f->streams[i];

		if (!s->seen && !s->lost && !s->detached)
			forget_copies(f); /* one of them may be its only file now */
		if (!s->seen && s->packed && !s->in && !s->detached && !s->lost) {
			s->lost = true; /* not open: its name is all there is of it */
			s->idle_us = clock_monotonic_us();
		}
	}
	adopt_all(f, &fs, NULL, true);
	n = f->n; /* those that look_beside begins need no look */
	for (size_t i = 0; i < n; i++) {
		struct stream *s = f->streams[i];
		bool newly = !s->seen && !s->detached;

		s->detached = !s->seen && (s->detached || !s->lost);
		s->look = s->look || newly || s->lost;
		if (s->look)
			look_beside_stream(f, s, &fs);
	}
	for (size_t i = known; i < n; i++)
		look_before(f, known, f->streams[i], &fs);
	look_nameless(f, known, &fs);
	empties_look(f, &fs);
	for (size_t i = 0; i < f->n && !fs.unsettled; i++)
		f->streams[i]->look = false;
	files_done(&fs);
	retire(f);
}
