/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Streams: made and dropped; their positions. */
#include "intake/follow_priv.h"

#include <errno.h>

#include "util/clock.h"
#include "util/num.h"

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

void forget_copies(struct follow *f)
{
	for (size_t i = 0; i < f->n_known; i++)
		free(f->known[i].path);
	free(f->known);
	f->known = NULL;
	f->n_known = 0;
}

void follow_lose(struct follow *f, struct stream *s)
{
	f->counts.truncated++;
	follow_unbind(s);
	s->idle_us = clock_monotonic_us();
	forget_copies(f);
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
	empties_done(f);
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

struct span follow_head(const struct follow *f)
{
	const struct stream *s = f->out.s;

	return s && s->head.have ? span_of(s->head.bytes, s->head.len) : SPAN("");
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

struct stream *stream_add(struct follow *f, const char *path)
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

void stream_drop(struct follow *f, size_t i)
{
	if (f->out.s == f->streams[i])
		f->out.s = NULL;
	(void)stream_free(f->streams[i]);
	memmove(&f->streams[i], &f->streams[i + 1], (f->n - i - 1) * sizeof(*f->streams));
	f->n--;
	forget_copies(f);
}

/* --- positions ---------------------------------------------------------------------------------- */

static const char *state_name(const struct stream *s)
{
	if (s->packed)
		return s->done ? "done" : "packed";
	return s->skip ? "skip" : "open";
}

/* A file that was empty is where a stream that has read nothing is. */
static void empty_positions(const struct follow *f, struct buf *out)
{
	static const struct mark none = { .have = true };

	for (size_t i = 0; i < f->n_empties; i++) {
		const struct empty *m = &f->empties[i];

		buf_fmt(out, "#log %s %ju %ju 0 0 0 %016jx 0 %016jx %jd open %s\n", f->source,
		    (uintmax_t)m->dev, (uintmax_t)m->ino, (uintmax_t)mark_hash(&none),
		    (uintmax_t)mark_hash(&none), (intmax_t)m->since_s, m->path);
	}
}

void follow_positions(struct follow *f, struct buf *out)
{
	empty_positions(f, out);
	for (size_t i = 0; i < f->n; i++) {
		const struct stream *s = f->streams[i];

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
	if (s && !s->packed && s->head.len == 0) {
		empty_restore(f, s);
		stream_drop(f, f->n - 1);
		return 1;
	}
	if (!s)
		return err_set(
		    e, -EINVAL, "source %s: cannot go on from \"%.*s\"", f->source, SPAN_ARG(line));
	return 1;
}
