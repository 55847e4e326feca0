/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading streams: whole lines out, marks and offsets kept. */
#include <errno.h>

#include "intake/follow_priv.h"
#include "util/clock.h"

#define UNFINISHED_S 60 /* a last line without its LF is taken as it is when its file is this old */

static void hand_out(
    struct follow *f, struct stream *s, struct span text, size_t extra, bool cut, struct block *ret)
{
	f->out.s = s;
	f->out.rest = text;
	f->out.extra = extra;
	f->out.cut = cut;
	if (cut && span_len(text) > INPUT_LINE_MAX)
		text.end = text.p + INPUT_LINE_MAX;
	*ret = (struct block){ .text = text, .first_number = s->line + 1, .cut = cut };
	s->idle_us = clock_monotonic_us();
}

/* The bytes [p, p + n) at the stream's offset are dealt with: both marks and the offset move. */
static void advance(struct stream *s, const char *p, size_t n)
{
	uint64_t end = s->offset + n;
	unsigned tail = (unsigned)MIN_OF(end, (uint64_t)MARK_MAX);

	if (s->offset < MARK_MAX) {
		size_t from = (size_t)s->offset, to = (size_t)MIN_OF(end, (uint64_t)MARK_MAX);

		memcpy(s->head.bytes + from, p, to - from);
		s->head.len = MAX_OF(s->head.len, (unsigned)to);
	}
	if (n >= tail) {
		memcpy(s->tail.bytes, p + n - tail, tail);
	} else {
		unsigned keep = tail - (unsigned)n;

		memmove(s->tail.bytes, s->tail.bytes + s->tail.len - keep, keep);
		memcpy(s->tail.bytes + keep, p, n);
	}
	s->tail.len = tail;
	s->offset = end;
}

/* Bytes after the offset into f->buf + MARK_MAX, in one read with the tail before them, or with all that is
 * known of the head, which proves that they belong together. Their number, 0 when there are none. */
static size_t read_more(struct follow *f, struct stream *s)
{
	char *to = f->buf + MARK_MAX - s->tail.len;
	off_t at = (off_t)(s->offset - s->tail.len);
	const struct mark *proof = at == 0 ? &s->head : &s->tail;
	struct err e;
	ssize_t n;

	do
		n = pread(s->fd, to, s->tail.len + CHUNK_MAX, at);
	while (n < 0 && errno == EINTR);
	if (n < 0) {
		(void)err_set(&e, 0, "cannot read %s: %s", s->path, strerror(errno));
		follow_say(f, &e);
		return 0;
	}
	if ((size_t)n < proof->len || memcmp(to, proof->bytes, proof->len) != 0) {
		follow_lose(f, s);
		return 0;
	}
	return (size_t)n - s->tail.len;
}

static bool is_old(const struct stream *s)
{
	const struct clock clock = clock_system();
	struct stat st;

	return fstat(s->fd, &st) == 0 && clock_now_s(&clock) - st.st_mtime >= UNFINISHED_S;
}

static bool next_plain(struct follow *f, struct stream *s, struct block *ret)
{
	char *p = f->buf + MARK_MAX;
	size_t n = read_more(f, s);
	const char *lf;

	while (s->skip && n) { /* the rest of a line that was handed out cut */
		size_t gone;

		lf = memchr(p, '\n', n);
		gone = lf ? (size_t)(lf - p) + 1 : n;
		advance(s, p, gone);
		s->skip = !lf;
		s->line += lf != NULL;
		p += gone;
		n -= gone;
		if (n == 0) {
			p = f->buf + MARK_MAX;
			n = read_more(f, s);
		}
	}
	lf = n ? memrchr(p, '\n', n) : NULL;
	if (lf) {
		hand_out(f, s, (struct span){ p, lf + 1 }, 0, false, ret);
	} else if (n > INPUT_LINE_MAX) {
		hand_out(f, s, span_of(p, n), 0, true, ret);
	} else if (n && is_old(s)) {
		p[n] = '\n'; /* the buffer has room for it */
		hand_out(f, s, span_of(p, n + 1), 1, false, ret);
	}
	return f->out.s == s;
}

/* Without the lines that were read before it was packed, or before a restart. */
static void cut_lines(struct block *b, uint64_t *lines)
{
	while (*lines && !span_empty(b->text)) {
		const char *lf = memchr(b->text.p, '\n', span_len(b->text));

		b->text.p = lf && !b->cut ? lf + 1 : b->text.end;
		(*lines)--;
	}
}

/* Is the stream's file still the one that has its name? */
static bool has_name(const struct stream *s, struct stat *st)
{
	return stat(s->path, st) == 0 && s->ino == (uint64_t)st->st_ino &&
	       s->dev == (uint64_t)st->st_dev;
}

static bool open_packed(struct follow *f, struct stream *s)
{
	struct err e;
	struct stat st;

	if (s->in)
		return true;
	if (s->broken_size && has_name(s, &st) && s->broken_size == (uint64_t)st.st_size)
		return false;
	if (!has_name(s, &st) || input_open(s->path, &s->in, &e) < 0 || !has_name(s, &st)) {
		s->in = input_free(s->in);
		s->lost = true; /* renamed meanwhile, or not to be read: the next poll tells */
		s->idle_us = clock_monotonic_us();
		return false;
	}
	s->open_size = (uint64_t)st.st_size;
	s->skip_lines = s->line;
	return true;
}

static bool next_packed(struct follow *f, struct stream *s, struct block *ret)
{
	struct err e;
	struct block b;
	int r;

	if (s->done || !open_packed(f, s))
		return false;
	do {
		r = input_block(s->in, &b, &e);
		if (r > 0)
			cut_lines(&b, &s->skip_lines);
	} while (r > 0 && span_empty(b.text));
	if (r > 0) {
		hand_out(f, s, b.text, 0, b.cut, ret);
		return true;
	}
	s->in = input_free(s->in);
	s->done = r == 0;
	if (s->done) {
		s->offset = s->open_size;
	} else {
		s->broken_size = s->open_size;
		follow_say(f, &e);
	}
	return false;
}

bool follow_next(struct follow *f, struct block *ret)
{
	if (f->out.s && f->out.s->packed && !span_empty(f->out.rest))
		f->out.s->in = input_free(f->out.s->in); /* back to what was not taken */
	f->out.s = NULL;
	for (size_t i = 0; i < f->n; i++) {
		struct stream *s;

		f->turn = (f->turn + 1) % f->n;
		s = f->streams[f->turn];
		if (!s->lost && (s->packed ? next_packed(f, s, ret) : next_plain(f, s, ret)))
			return true;
	}
	return false;
}

void follow_take(struct follow *f, uint64_t lines)
{
	struct stream *s = f->out.s;
	struct span *rest = &f->out.rest;
	const char *from = rest->p;
	size_t n;

	if (!s)
		return;
	for (; lines && rest->p < rest->end; lines--) {
		const char *lf = memchr(rest->p, '\n', span_len(*rest));

		rest->p = lf && !f->out.cut ? lf + 1 : rest->end;
		/* of a cut line the end is still to come, unless util/input.h skips it */
		s->line += !f->out.cut || s->packed;
	}
	if (s->packed)
		return;
	n = (size_t)(rest->p - from);
	if (n && rest->p == rest->end)
		n -= f->out.extra;
	advance(s, from, n);
	s->skip = f->out.cut && n > 0;
}
