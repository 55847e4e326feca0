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

/* Where the expressions begin to look, of a line whose date stands at its beginning; or NULL. */
INLINE const char *behind_date(
    struct stamp_reader *r, const char *p, const char *lf, int64_t *time_s)
{
	return LIKELY(stamp_again(r, p, time_s)) ? p + STAMP_BYTES
						 : behind_other_date(r, p, lf, time_s);
}

/* May the filter match the text behind the date? Then the rest of to is set. */
INLINE bool may_match(
    const struct head_filter *of, const char *text, const char *end, struct sifted *to)
{
	const struct filter *f = of->f;
	const char *p = text;
	enum fast_result r = FAST_YES;

	to->content = NULL;
	if (LIKELY(of->is_plain))
		r = fast_content(&of->plain, text + of->from.skip, end, &p);
	else if (f->prefix)
		return true;
	if (UNLIKELY(r == FAST_UNDECIDED))
		return true;
	to->content = p;
	to->maybe = filter_candidates(f, p);
	return (r == FAST_YES) & ((to->maybe != 0) | (f->n_fail > 64));
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

/* The filters that may match a line: they are noted from to on. Returns where the next goes. */
INLINE struct sifted *sift(struct sieve *s, const char *text, const char *end, int64_t time_s,
    uint32_t number, struct sifted *to)
{
	const struct head *head = heads_find(s->heads, text, end);
	const struct head_filter *of = head->of, *last = of + head->n;

	for (; of < last; of++) {
		to->filter =
		    of->filter; /* copied: its head may give way before the line is looked at */
		to->from = of->from;
		to->text = text;
		to->time_s = time_s;
		to->end = number;
		to += may_match(of, text, end, to);
	}
	return to;
}

uint32_t sieve_lines(struct sieve *s, const char **line, const char *piece, const char *end,
    const struct ends *ends, uint32_t from)
{
	struct sifted *to = s->v, *full = s->v + SIEVE_MAX - FILTERS_MAX;
	const char *p = *line, *known = end - REGEX_SLACK;
	uint32_t i = from;

	for (; i < ends->n && to < full; i++) {
		const char *lf = piece + ends->at[i], *text;
		size_t len = (size_t)(lf - p);
		int64_t time_s;

		if (LIKELY(len - STAMP_AGAIN <= INPUT_LINE_MAX - STAMP_AGAIN && lf < known &&
			   lf[-1] != '\r' &&
			   (text = behind_date(s->stamp, p, lf, &time_s)) != NULL &&
			   (!s->brackets || sieve_lacks_brackets((struct span){ text, lf }))))
			to = sift(s, text, lf + 1, time_s, i, to);
		else
			*to++ = (struct sifted){ .text = p, .filter = SIEVE_ALL, .end = i };
		p = lf + 1;
	}
	s->n = (uint32_t)(to - s->v);
	*line = p;
	return i;
}
