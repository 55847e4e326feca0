/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "intake/sieve.h"

#include "intake/fast_op.h"
#include "util/input.h"

static NOINLINE const char *behind_other_date(
    struct stamp_reader *r, const char *p, const char *lf, int64_t *time_s)
{
	struct stamp stamp;

	if (!stamp_read(r, (struct span){ p, lf }, &stamp) || stamp.begin > 0)
		return NULL;
	*time_s = stamp.time_s;
	return p + stamp.end;
}

/* The line's text up to its LF, of which may know what the filter is behind its head (or FAST_ODD), to where it goes if
 * that may match it. Returns where the next one goes. */
INLINE struct sifted *note(const struct head_filter *of, const char *text, uint64_t bad,
    const char *content, int64_t time_s, uint64_t number, struct sifted *to)
{
	to->text = text;
	to->time_s = time_s;
	to->filter = of->filter;
	to->end = number;
	if (UNLIKELY(bad == FAST_ODD)) {
		to->from =
		    of->from; /* copied: its head may give way before the line is looked at */
		to->content = NULL;
		return to + 1;
	}
	to->content = content;
	to->maybe = filter_candidates(of->f, content);
	return to + ((bad == 0) & (to->maybe != 0));
}

INLINE struct sifted *note_plain(const struct head_filter *of, const char *text, const char *end,
    int64_t time_s, uint64_t number, struct sifted *to)
{
	const char *content;
	uint64_t bad = fast_content(&of->plain, text + of->from.skip, end, &content);

	return note(of, text, bad, content, time_s, number, to);
}

bool sieve_lacks_brackets(struct span line)
{
	const char *p = memchr(line.p, '[', span_len(line));
	unsigned n;

	if (!p)
		return true;
	n = digits_at(p + 1);
	return n < 7 && p + 1 + n < line.end && p[1 + n] == ']';
}

/* The same for all filters of the line's head. */
static struct sifted *sift(const struct head *head, const char *text, const char *end,
    int64_t time_s, uint64_t number, struct sifted *to)
{
	for (const struct head_filter *of = head->of, *last = of + head->n; of < last; of++)
		if (of->is_plain)
			to = note_plain(of, text, end, time_s, number, to);
		else
			to = note(of, text, of->f->prefix ? FAST_ODD : 0, text, time_s, number, to);
	return to;
}

static struct sifted *all(const char *p, uint64_t number, struct sifted *to)
{
	*to = (struct sifted){ .text = p, .filter = SIEVE_ALL, .end = number };
	return to + 1;
}

/* A line that does not begin as the one before it. */
static NOINLINE struct sifted *other_line(
    struct sieve *s, const char *p, const char *lf, uint64_t number, struct sifted *to)
{
	const char *text = NULL;
	const struct head *head;
	int64_t time_s;

	if (lf - p >= (ptrdiff_t)STAMP_AGAIN && lf - p <= (ptrdiff_t)INPUT_LINE_MAX &&
	    lf[-1] != '\r')
		text = stamp_again(s->stamp, p, &time_s)
			   ? p + STAMP_BYTES
			   : behind_other_date(s->stamp, p, lf, &time_s);
	if (!text || (s->brackets && !sieve_lacks_brackets((struct span){ text, lf })))
		return all(p, number, to);
	head = heads_find(s->heads, text, lf + 1);
	return sift(head, text, lf + 1, time_s, number, to);
}

_Static_assert(ENDS_PIECE < INPUT_LINE_MAX, "a line that begins in a piece is never too long");

uint32_t sieve_lines(struct sieve *s, const char **line, const char *piece, const char *end,
    const struct ends *ends, uint32_t from)
{
	const struct stamp_reader *stamp = s->stamp;
	const struct head *head = s->heads->last; /* of the line before */
	struct sifted *to = s->v, *full = s->v + SIEVE_MAX - FILTERS_MAX;
	const char *p = *line, *known = end - REGEX_SLACK;
	/* Lines that are too near to the end, or may be too long, or have a date in brackets, are never alike. */
	const char *alike = p < piece || s->brackets ? p : known - STAMP_BYTES;
	uint32_t i = from;

	for (; i < ends->n && to < full; i++) {
		const char *lf = piece + ends->at[i];
		int64_t time_s;

		/* Does it begin with a date of the same minute, and the same head behind it? */
		if (LIKELY(lf < alike &&
			   (stamp_differs(stamp, p, &time_s) |
			       (~head_same(head, p + STAMP_BYTES) & head->again)) == 0 &&
			   lf[-1] != '\r')) {
			s->heads->hits++;
			to = note_plain(head->of, p + STAMP_BYTES, lf + 1, time_s, i, to);
		} else {
			to = lf < known ? other_line(s, p, lf, i, to) : all(p, i, to);
			head = s->heads->last;
			alike = s->brackets ? p : known - STAMP_BYTES;
		}
		p = lf + 1;
	}
	s->n = (uint32_t)(to - s->v);
	*line = p;
	return i;
}
