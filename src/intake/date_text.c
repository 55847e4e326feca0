/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "intake/date_text.h"

#include <ctype.h>
#include <errno.h>

#include "intake/date_form.h"
#include "intake/pattern.h"

#define RE_EPOCH  "(?P<_epoch>\\d{10,11}\\b(?:\\.\\d{3,6})?)"
#define RE_LEPOCH "(?P<_lepoch>\\d{10,11}(?:\\d{3}(?:\\.\\d{1,6}|\\d{3})?)?)"
#define RE_TAI	  "(?P<_tai>@[0-9a-f]{24})"
/* Alone in a pattern: at the line's beginning, in brackets there (nsd), or in audit(…) */
#define EPOCH_PLACE(re) "(?:^|(?<=^\\[)|(?<=\\baudit\\())(" re ")"

#define RE_ZONE "[A-Z](?:[A-Z]{2,4})?" /* as it is written: no case is folded in zones */
#define RE_OFF	"[+-][01]\\d(?::?\\d{2})?"
#define RE_MON	"(?P<b>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
#define RE_DAY	"(?P<a>mon|tue|wed|thu|fri|sat|sun)"

/* Directives, the longer names first. Source: Python's strptime, and fail2ban's changes to it. A year is this
 * century's, or of the nineties: nothing older is an event. */
static const struct {
	const char *name, *text;
} directives[] = {
	{ "Exd", "(?P<d>[1-2]\\d|0[1-9]|3[0-1])" },
	{ "Exm", "(?P<m>0[1-9]|1[0-2])" },
	{ "ExH", "(?P<H>[0-1]\\d|2[0-3])" },
	{ "Exk", " ?(?P<H>[0-1]?\\d|2[0-3])" },
	{ "Exl", " ?(?P<I>1[0-2]|\\d)" },
	{ "ExM", "(?P<M>[0-5]\\d)" },
	{ "ExS", "(?P<S>[0-5]\\d|6[0-1])" },
	{ "ExY", "(?P<Y>(?:199|20\\d)\\d)" },
	{ "Exy", "(?P<y>\\d{2})" },
	{ "ExZ", "(?-i:(?P<Z>" RE_ZONE "))" },
	{ "Exz", "(?-i:(?P<z>(?:" RE_ZONE ")?" RE_OFF "|" RE_ZONE "))" },
	{ "a", RE_DAY },
	{ "A", "(?P<A>wednesday|thursday|saturday|tuesday|monday|friday|sunday)" },
	{ "b", RE_MON },
	{ "B", "(?P<B>september|february|november|december|january|october|august|march|april|june|"
	       "july|may)" },
	{ "d", "(?P<d>[1-2]\\d|[0 ]?[1-9]|3[0-1])" },
	{ "f", "(?P<f>[0-9]{1,6})" },
	{ "H", "(?P<H>[0-1]?\\d|2[0-3])" },
	{ "I", "(?P<I>1[0-2]|0[1-9]|[1-9])" },
	{ "j", "(?P<j>36[0-6]|3[0-5]\\d|[1-2]\\d\\d|0[1-9]\\d|00[1-9]|[1-9]\\d|0[1-9]|[1-9])" },
	{ "k", " ?(?P<H>[0-2]?\\d)" },
	{ "l", " ?(?P<I>1?\\d)" },
	{ "m", "(?P<m>0?[1-9]|1[0-2])" },
	{ "M", "(?P<M>[0-5]?\\d)" },
	{ "p", "(?P<p>am|pm)" },
	{ "S", "(?P<S>[0-5]?\\d|6[0-1])" },
	{ "U", "(?P<U>5[0-3]|[0-4]\\d|\\d)" },
	{ "w", "(?P<w>[0-6])" },
	{ "W", "(?P<W>5[0-3]|[0-4]\\d|\\d)" },
	{ "y", "(?P<y>\\d\\d)" },
	{ "Y", "(?P<Y>\\d{4})" },
	{ "z", "(?-i:(?P<z>Z|UTC|GMT|" RE_OFF "))" },
	{ "Z", "(?-i:(?P<Z>Z|[A-Z]{3,5}))" },
	{ "c",
	    RE_DAY "\\s+" RE_MON
		   "\\s+(?P<d>3[0-1]|[1-2]\\d|0[1-9]|[1-9]| [1-9])\\s+(?P<H>2[0-3]|[0-1]\\d|\\d):"
		   "(?P<M>[0-5]\\d|\\d):(?P<S>6[0-1]|[0-5]\\d|\\d)\\s+(?P<Y>\\d\\d\\d\\d)" },
	{ "x",
	    "(?P<m>1[0-2]|0[1-9]|[1-9])/(?P<d>3[0-1]|[1-2]\\d|0[1-9]|[1-9]| [1-9])/(?P<y>\\d\\d)" },
	{ "X", "(?P<H>2[0-3]|[0-1]\\d|\\d):(?P<M>[0-5]\\d|\\d):(?P<S>6[0-1]|[0-5]\\d|\\d)" },
	{ "%", "%" },
};

#define FOLDING "aAbBpc" /* directives that make all of the pattern deaf to case */

/* Patterns that are a word, with no % in them; their case does not matter. */
static const struct {
	const char *word, *text; /* NULL: no date at all */
} words[] = {
	{ "{NONE}", NULL },
	{ "EPOCH", "**" EPOCH_PLACE(RE_EPOCH) },
	{ "{^LN-BEG}EPOCH", "{^LN-BEG}(" RE_EPOCH ")" },
	{ "^EPOCH", "{^LN-BEG}(" RE_EPOCH ")" },
	{ "LEPOCH", "**" EPOCH_PLACE(RE_LEPOCH) },
	{ "{^LN-BEG}LEPOCH", "{^LN-BEG}(" RE_LEPOCH ")" },
	{ "^LEPOCH", "{^LN-BEG}(" RE_LEPOCH ")" },
	{ "TAI64N", "**(" RE_TAI ")" },
	{ "{^LN-BEG}TAI64N", "{^LN-BEG}(" RE_TAI ")" },
	{ "^TAI64N", "{^LN-BEG}(" RE_TAI ")" },
};

/* --- spans --- */

static bool span_folds(struct span s, const char *word)
{
	return span_len(s) == strlen(word) && strncasecmp(s.p, word, span_len(s)) == 0;
}

static bool skip(struct span *s, const char *word)
{
	bool is = span_starts(*s, word);

	if (is)
		s->p += strlen(word);
	return is;
}

static bool ends_with(struct span s, const char *word)
{
	size_t n = strlen(word);

	return span_len(s) >= n && memcmp(s.end - n, word, n) == 0 &&
	       !(span_len(s) > n && s.end[-(ptrdiff_t)n - 1] == '\\');
}

static struct span without_end(struct span s, char c)
{
	while (!span_empty(s) && s.end[-1] == c)
		s.end--;
	return s;
}

struct span date_text_tag(struct span s, const char *tag)
{
	size_t n = strlen(tag);

	for (const char *p = s.p; (size_t)(s.end - p) >= n; p++)
		if (strncasecmp(p, tag, n) == 0 && (p == s.p || p[-1] != '\\'))
			return span_of(p, n);
	return span_of(s.p, 0);
}

void date_text_add_inner(struct span s, struct buf *out)
{
	if (!skip(&s, "{UNB}"))
		(void)skip(&s, DATE_LINE_BEGIN);
	buf_span(out, s);
}

/* --- directives --- */

static int one_directive(struct span *in, bool *folds, struct buf *out, struct err *e)
{
	struct span rest = { in->p + 1, in->end };

	for (size_t i = 0; i < NELEM(directives); i++)
		if (skip(&rest, directives[i].name)) {
			*folds |= strchr(FOLDING, *directives[i].name) != NULL;
			buf_str(out, directives[i].text);
			*in = rest;
			return 0;
		}
	return err_set(e, -ENOTSUP,
	    "%.*s is no directive that can be carried over (a %% that means itself is written %%%% "
	    "in a filter, and %%%%%%%% in its datepattern)",
	    (int)MIN_OF(span_len(*in), (size_t)4), in->p);
}

static int directives_out(struct span in, bool *folds, struct buf *out, struct err *e)
{
	int r = 0;

	while (r == 0 && !span_empty(in)) {
		struct span rest = in;

		if (*in.p == '%') {
			r = one_directive(&in, folds, out, e);
		} else if (skip(&rest, "{EPOCH}") || skip(&rest, "{epoch}")) {
			buf_str(out, RE_EPOCH);
			in = rest;
		} else if (skip(&rest, "{LEPOCH}") || skip(&rest, "{lepoch}")) {
			buf_str(out, RE_LEPOCH);
			in = rest;
		} else {
			if (*in.p == '\\' && span_len(in) > 1)
				buf_byte(out, *in.p++);
			buf_byte(out, *in.p++);
		}
	}
	return r;
}

/* --- borders --- */

/* "(?imsx)" at s.p, or empty */
static struct span flags_at(struct span s)
{
	const char *p = s.p + 2;

	if (!span_starts(s, "(?"))
		return span_of(s.p, 0);
	while (p < s.end && islower((unsigned char)*p))
		p++;
	return p > s.p + 2 && p < s.end && *p == ')' ? (struct span){ s.p, p + 1 }
						     : span_of(s.p, 0);
}

/* The first flags of the expression count for all of it. */
static void take_flags(struct buf *b, struct buf *out)
{
	struct span s = buf_text(b);

	for (const char *p = s.p; p < s.end; p++) {
		struct span flags = flags_at((struct span){ p, s.end });

		if (span_empty(flags))
			continue;
		buf_span(out, flags);
		memmove(b->p + (p - s.p), flags.end, (size_t)(s.end - flags.end));
		b->len -= span_len(flags);
		b->p[b->len] = '\0';
		return;
	}
}

/* "^…", "(^…", "(?:^…", "**…": it says itself where it begins. */
static bool own_begin(struct span s)
{
	bool open = span_starts(s, "(");

	while (span_starts(s, "(") && !span_starts(s, "(?"))
		s.p++;
	if (open && span_starts(s, "(?:^"))
		return true;
	return span_starts(s, "^") || span_starts(s, "**");
}

static bool own_end(struct span s)
{
	return ends_with(s, "$") || ends_with(s, "$)") || ends_with(s, "\\b") ||
	       ends_with(s, "\\s") || ends_with(without_end(s, ')'), "**");
}

/* A "(" of its own that captures, and is no (?P<…>. */
static bool is_grouped(struct span s)
{
	for (const char *p = s.p; p < s.end; p++)
		if (*p == '(' && !(p + 1 < s.end && p[1] == '?') && !(p > s.p && p[-1] == '\\'))
			return true;
	return false;
}

/* Without "**" at its ends, which have done their work; a group around it where it has none: what is to be cut. */
static void add_body(struct span s, struct buf *out)
{
	bool group = !is_grouped(s);
	const char *stars = s.p;
	struct span tail;

	while (stars < s.end && *stars == '(')
		stars++;
	if (span_starts((struct span){ stars, s.end }, "**")) {
		buf_span(out, (struct span){ s.p, stars });
		s.p = stars + 2;
	}
	if (group && skip(&s, "^"))
		buf_byte(out, '^');
	if (group)
		buf_byte(out, '(');
	tail = without_end(s, ')');
	if (ends_with(tail, "**")) {
		buf_span(out, (struct span){ s.p, tail.end - 2 });
		s.p = tail.end;
	}
	if (group && ends_with(s, "$")) {
		buf_span(out, (struct span){ s.p, s.end - 1 });
		buf_str(out, ")$");
		return;
	}
	buf_span(out, s);
	if (group)
		buf_byte(out, ')');
}

/* --- the whole --- */

/* struct borders - which are to be added */
struct borders {
	bool begin, end, start;
};

static struct borders take_borders(struct span *s)
{
	struct borders b = { .begin = true, .end = true };

	if (skip(s, "{UNB}"))
		return (struct borders){ .begin = false };
	if (skip(s, DATE_LINE_BEGIN))
		b.start = true;
	return b;
}

/* body: directives replaced; out: with borders, still in Python's syntax */
static void add_borders(struct buf *body, struct borders b, bool *start, struct buf *out)
{
	struct span s;

	take_flags(body, out);
	s = buf_text(body);
	b.begin = b.begin && !own_begin(s);
	b.end = b.end && !own_end(s);
	*start = (b.begin && b.start) || span_starts(s, "^") ||
		 (span_starts(s, "(^") && !span_starts(s, "(^|")) ||
		 (span_starts(s, "(?:^") && !span_starts(s, "(?:^|"));
	if (b.begin)
		buf_str(out, b.start ? "^(?:\\W{0,2})?" : "(?=^|\\b|\\W)");
	add_body(s, out);
	if (b.end)
		buf_str(out, "(?=\\b|\\W|$)");
}

int date_text(struct span pattern, struct buf *out, bool *start, struct err *e)
{
	struct buf body, whole;
	struct borders b;
	bool folds = false, cut_all;
	int r;

	*start = false;
	pattern = span_trim(pattern);
	if (span_len(pattern) > DATE_FORM_BYTES)
		return err_set(e, -E2BIG, "longer than %u bytes", DATE_FORM_BYTES);
	for (size_t i = 0; i < NELEM(words); i++)
		if (span_folds(pattern, words[i].word)) {
			*start = words[i].text == NULL;
			if (!words[i].text)
				return 0;
			pattern = span_str(words[i].text);
			break;
		}
	buf_init(&body, DATE_FORM_BYTES * 4);
	buf_init(&whole, DATE_FORM_BYTES * 4);
	b = take_borders(&pattern);
	cut_all = !span_empty(date_text_tag(pattern, "{EPOCH}")) ||
		  !span_empty(date_text_tag(pattern, "{LEPOCH}"));
	if (cut_all)
		buf_byte(&body, '(');
	r = directives_out(pattern, &folds, &body, e);
	if (cut_all)
		buf_byte(&body, ')');
	if (r == 0) {
		if (folds)
			buf_str(&whole, "(?i)");
		add_borders(&body, b, start, &whole);
		r = buf_ok(&body) && buf_ok(&whole)
			? pattern_syntax(buf_text(&whole), out, e)
			: err_set(e, -EFBIG, "the expression grows too long");
	}
	buf_done(&body);
	buf_done(&whole);
	return r;
}
