/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Streams: made, found again, given up; their positions. */
#include "intake/follow_priv.h"

#include <errno.h>

#include "util/clock.h"
#include "util/num.h"

#define LOST_PATIENCE_US    INT64_C(600000000) /* a lost stream is sought for this long */
#define DETACHED_IDLE_US    INT64_C(300000000) /* a writer may keep the old file open for a while */
#define DETACHED_CROWDED_US INT64_C(5000000)
#define CROWD		    100u

struct follow *follow_new(const char *source, const char *pattern)
{
	struct follow *f = calloc(1, sizeof(*f));

	if (!f)
		abort();
	f->source = strdup(source);
	f->pattern = strdup(pattern);
	f->streams = calloc(FOLLOW_STREAMS_MAX, sizeof(struct stream *));
	f->buf = malloc(MARK_MAX + CHUNK_MAX + 1);
	if (!f->source || !f->pattern || !f->streams || !f->buf)
		abort();
	return f;
}

static void forget_copies(struct follow *f)
{
	for (size_t i = 0; i < f->n_known; i++)
		free(f->known[i].path);
	free(f->known);
	f->known = NULL;
	f->n_known = 0;
}

static struct stream *stream_free(struct stream *s)
{
	follow_unbind(s);
	free(s->path);
	free(s);
	return NULL;
}

struct follow *follow_free(struct follow *f)
{
	if (!f)
		return NULL;
	for (size_t i = 0; i < f->n; i++)
		(void)stream_free(f->streams[i]);
	forget_copies(f);
	free(f->streams);
	free(f->source);
	free(f->pattern);
	free(f->buf);
	free(f);
	return NULL;
}

void follow_say(struct follow *f, const struct err *e)
{
	f->trouble = *e;
	f->troubled = true;
}

const char *follow_path(const struct follow *f)
{
	return f->out.s ? f->out.s->path : f->pattern;
}

const char *follow_trouble(struct follow *f)
{
	if (!f->troubled)
		return NULL;
	f->troubled = false;
	return f->trouble.text;
}

struct follow_counts follow_counts(const struct follow *f)
{
	struct follow_counts c = f->counts;

	c.streams = f->n;
	return c;
}

/* --- streams ------------------------------------------------------------------------------------ */

static struct stream *stream_add(struct follow *f, const char *path)
{
	struct stream *s;
	struct err e;

	if (f->n == FOLLOW_STREAMS_MAX) {
		f->counts.refused++;
		(void)err_set(&e, 0, "%s: not followed, source %s has %u files already", path,
		    f->source, FOLLOW_STREAMS_MAX);
		follow_say(f, &e);
		return NULL;
	}
	s = calloc(1, sizeof(*s));
	if (!s)
		abort();
	s->fd = -1;
	s->lost = true;
	s->idle_us = clock_monotonic_us();
	s->path = strdup(path);
	if (!s->path)
		abort();
	f->streams[f->n++] = s;
	return s;
}

static void stream_drop(struct follow *f, size_t i)
{
	if (f->out.s == f->streams[i])
		f->out.s = NULL;
	(void)stream_free(f->streams[i]);
	memmove(&f->streams[i], &f->streams[i + 1], (f->n - i - 1) * sizeof(*f->streams));
	f->n--;
	forget_copies(f);
}

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
	if (holds == 0) {
		f->counts.truncated++;
		follow_unbind(s);
	}
	if (holds != 1)
		return;
	if (s->packed && s->done && s->offset != (uint64_t)file->st.st_size)
		s->done = false; /* it went on growing */
	s->lost = false;
	s->seen = s->seen || file->primary;
	s->mtime_s = file->st.st_mtime;
	if (strcmp(s->path, file->path) != 0) {
		free(s->path);
		s->path = strdup(file->path);
		if (!s->path)
			abort();
	}
}

static void attach_known(struct follow *f, struct files *fs, size_t from)
{
	for (size_t i = from; i < fs->n; i++)
		for (size_t j = 0; j < f->n && !fs->v[i].used; j++)
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
static void take_over(struct follow *f, struct stream *s, struct file *file)
{
	bool free_to = s->lost || (!s->seen && (s->packed || at_end(s)));

	file->used = true;
	if (!free_to) {
		if (s->seen)
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

/* The stream that an unknown, open file holds, taken over; or a new one, when begin says so. */
static void adopt_open(struct follow *f, struct file *file, bool packed, bool begin)
{
	char head[MARK_MAX];
	struct err e = { "" };
	int n = match_head(file, head, &e);

	if (n < 0 && file->primary && packed)
		follow_say(f, &e);
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
			take_over(f, s, file);
			return;
		}
	if (begin)
		stream_begin(f, file, head, (size_t)n);
}

/* packed: which sort is looked at, for plain files are preferred */
static void adopt(struct follow *f, struct file *file, bool packed, bool begin)
{
	struct err e = { "" };
	int r;

	if (file->used || is_copy(f, file))
		return;
	r = file_open(file, &e);
	if (r == 0)
		adopt_open(f, file, packed, begin);
	else if (r != -ESTALE && r != -ENOENT && file->primary)
		follow_say(f, &e);
	file_close(file);
}

static void adopt_all(struct follow *f, struct files *fs, size_t from, bool begin)
{
	for (unsigned packed = 0; packed < 2; packed++)
		for (size_t i = from; i < fs->n; i++)
			adopt(f, &fs->v[i], packed == 1, begin);
}

/* Beside a stream that lost its name: itself, under another one, and what was written after it. */
static void look_beside(struct follow *f, struct stream *s, struct files *fs)
{
	size_t from = fs->n;
	int64_t since_s = s->mtime_s;

	find_rotated(f, s->path, fs);
	attach_known(f, fs, from);
	adopt_all(f, fs, from, false);
	for (unsigned packed = 0; packed < 2; packed++)
		for (size_t i = from; i < fs->n; i++)
			if (fs->v[i].st.st_mtime >= since_s)
				adopt(f, &fs->v[i], packed == 1, true);
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
	if (newest && !newest->seen)
		look_beside(f, newest, fs);
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
			look_beside(f, s, fs);
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
	struct files fs = { NULL, 0, 0 };
	size_t known = f->n, n;

	for (size_t i = 0; i < f->n; i++)
		f->streams[i]->seen = false;
	find_primary(f, f->pattern, &fs);
	attach_known(f, &fs, 0);
	for (size_t i = 0; i < f->n; i++) {
		struct stream *s = f->streams[i];

		if (!s->seen && !s->lost && !s->detached)
			forget_copies(f); /* one of them may be its only file now */
		if (!s->seen && s->packed && !s->in && !s->detached && !s->lost) {
			s->lost = true; /* not open: its name is all there is of it */
			s->idle_us = clock_monotonic_us();
		}
	}
	adopt_all(f, &fs, 0, true);
	n = f->n; /* those that look_beside begins need no look */
	for (size_t i = 0; i < n; i++) {
		struct stream *s = f->streams[i];
		bool newly = !s->seen && !s->detached;

		s->detached = !s->seen && (s->detached || !s->lost);
		if (newly || s->lost)
			look_beside(f, s, &fs);
	}
	for (size_t i = known; i < n; i++)
		look_before(f, known, f->streams[i], &fs);
	look_nameless(f, known, &fs);
	files_done(&fs);
	retire(f);
}

/* --- positions ---------------------------------------------------------------------------------- */

static const char *state_name(const struct stream *s)
{
	if (s->packed)
		return s->done ? "done" : "packed";
	return s->skip ? "skip" : "open";
}

void follow_positions(struct follow *f, struct buf *out)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct stream *s = f->streams[i];

		if (s->line == 0 && s->offset == 0)
			continue; /* nothing read, nothing to remember */
		buf_fmt(out, "#log %s %ju %ju %ju %ju ", f->source, (uintmax_t)s->dev,
		    (uintmax_t)s->ino, (uintmax_t)s->offset, (uintmax_t)s->line);
		buf_fmt(out, "%u %016jx %u %016jx ", s->head.len, (uintmax_t)mark_hash(&s->head),
		    s->tail.len, (uintmax_t)mark_hash(&s->tail));
		buf_fmt(out, "%jd %s %s\n", (intmax_t)s->mtime_s, state_name(s), s->path);
	}
}

static bool take_u64(struct span *rest, uint64_t max, uint64_t *ret)
{
	struct span word;

	return span_cut(rest, ' ', &word) && num_u64(word, max, ret) == 0;
}

static bool take_hash(struct span *rest, uint64_t *ret)
{
	static const char digits[] = "0123456789abcdef";
	struct span word;
	uint64_t v = 0;

	if (!span_cut(rest, ' ', &word) || span_len(word) != 16)
		return false;
	for (const char *p = word.p; p < word.end; p++) {
		const char *at = *p ? strchr(digits, *p) : NULL;

		if (!at)
			return false;
		v = v << 4 | (uint64_t)(at - digits);
	}
	*ret = v;
	return true;
}

static bool take_mark(struct span *rest, struct mark *ret)
{
	uint64_t len;

	*ret = (struct mark){ 0 };
	if (!take_u64(rest, MARK_MAX, &len) || !take_hash(rest, &ret->hash))
		return false;
	ret->len = (unsigned)len;
	return true;
}

static bool take_state(struct span *rest, struct stream *s)
{
	static const struct {
		const char *name;
		bool packed, done, skip;
	} states[] = { { "open", false, false, false }, { "skip", false, false, true },
		{ "packed", true, false, false }, { "done", true, true, false } };
	struct span word;

	if (!span_cut(rest, ' ', &word))
		return false;
	for (size_t i = 0; i < NELEM(states); i++)
		if (span_is(word, states[i].name)) {
			s->packed = states[i].packed;
			s->done = states[i].done;
			s->skip = states[i].skip;
			return true;
		}
	return false;
}

static bool read_position(struct span rest, struct stream *s)
{
	uint64_t mtime;

	if (!take_u64(&rest, UINT64_MAX, &s->dev) || !take_u64(&rest, UINT64_MAX, &s->ino) ||
	    !take_u64(&rest, INT64_MAX, &s->offset) || !take_u64(&rest, INT64_MAX, &s->line) ||
	    !take_mark(&rest, &s->head) || !take_mark(&rest, &s->tail) ||
	    !take_u64(&rest, INT64_MAX, &mtime) || !take_state(&rest, s))
		return false;
	s->mtime_s = (int64_t)mtime;
	if (s->tail.len > s->offset || span_empty(rest) || span_len(rest) > FOLLOW_PATH_MAX ||
	    memchr(rest.p, '\0', span_len(rest)))
		return false;
	free(s->path);
	s->path = span_dup(rest);
	if (!s->path)
		abort();
	return true;
}

int follow_restore(struct follow *f, struct span line, struct err *e)
{
	struct span rest = line, word;
	struct stream *s;

	if (!span_cut(&rest, ' ', &word) || !span_is(word, "#log") ||
	    !span_cut(&rest, ' ', &word) || !span_is(word, f->source))
		return 0;
	s = stream_add(f, "?");
	if (s && !read_position(rest, s)) {
		stream_drop(f, f->n - 1);
		s = NULL;
	}
	if (!s)
		return err_set(
		    e, -EINVAL, "source %s: cannot go on from \"%.*s\"", f->source, SPAN_ARG(line));
	return 1;
}
