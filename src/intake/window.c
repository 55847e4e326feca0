/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "intake/window.h"

#include <stdlib.h>
#include <string.h>

#include "util/macro.h"

struct window {
	unsigned max, n;
	size_t len[WINDOW_LINES_MAX]; /* of each line */
	size_t bytes;		      /* of all */
	char text[WINDOW_BYTES];
};

struct window *window_new(unsigned lines)
{
	struct window *w = calloc(1, sizeof(*w));

	if (w)
		w->max = MIN_OF(lines, WINDOW_LINES_MAX);
	return w;
}

struct window *window_free(struct window *w)
{
	free(w);
	return NULL;
}

void window_clear(struct window *w)
{
	w->n = 0;
	w->bytes = 0;
}

/* The first n lines go. */
static void forget(struct window *w, unsigned n)
{
	size_t bytes = 0;

	for (unsigned i = 0; i < n; i++)
		bytes += w->len[i];
	w->n -= n;
	w->bytes -= bytes;
	memmove(w->len, w->len + n, w->n * sizeof(w->len[0]));
	memmove(w->text, w->text + bytes, w->bytes);
}

void window_add(struct window *w, struct span line)
{
	size_t len = MIN_OF(span_len(line), (size_t)WINDOW_BYTES), bytes = w->bytes;
	unsigned n = w->n == w->max;

	if (n > 0)
		bytes -= w->len[0];
	while (bytes + len > WINDOW_BYTES)
		bytes -= w->len[n++];
	if (n > 0)
		forget(w, n);
	memcpy(w->text + w->bytes, line.p, len);
	w->len[w->n++] = len;
	w->bytes += len;
}

struct span window_text(const struct window *w)
{
	return span_of(w->text, w->bytes);
}

static bool is_within(const char *p, const char *end, struct span s)
{
	return s.p && s.p <= p && end <= s.end;
}

static bool is_used(const char *p, const char *end, const struct regex_extent *m)
{
	/* A match that begins at an LF has nothing of that line. */
	const char *from = m->whole.p, *to = m->whole.end;

	if (end <= from + 1 || (p >= to && p > from))
		return false;
	for (unsigned i = 0; i < m->n_skipped; i++)
		if (is_within(p, end, m->skipped[i]))
			return false;
	return true;
}

void window_take(struct window *w, const struct regex_extent *match)
{
	char *to = w->text;
	const char *p = w->text;
	unsigned n = 0;

	for (unsigned i = 0; i < w->n; i++) {
		size_t len = w->len[i];

		if (!is_used(p, p + len, match)) {
			memmove(to, p, len);
			to += len;
			w->len[n++] = len;
		}
		p += len;
	}
	w->n = n;
	w->bytes = (size_t)(to - w->text);
}
