/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "intake/anchor.h"

#include <ctype.h>
#include <string.h>

#include "intake/pattern.h"
#include "util/macro.h"

#define WORD_MIN  3u  /* letters in a row */
#define FIXED_MAX 3u  /* bytes of a set, as often: still spelled out */
#define DEPTH_MAX 120 /* PCRE2 was told to take fewer groups in groups */

/* struct shape - of a piece of an expression */
struct shape {
	struct anchor a;
	bool empty;	  /* it takes nothing at all */
	bool fixed;	  /* all of it is spelled out */
	bool loose;	  /* any text may stand before its first word */
	bool word;	  /* it has a word */
	unsigned letters; /* a literal: how many, to join them to words */
};

/* struct set - what an atom of one byte may be, as far as it matters */
struct set {
	bool blank, letter, other;
};

struct reader {
	const char *p, *end;
	int depth;
};

static const struct shape nothing = { .empty = true, .fixed = true };

/* --- pieces together --- */

static struct shape behind(const struct shape *x, const struct shape *y)
{
	struct shape r = { .empty = x->empty && y->empty,
		.fixed = x->fixed && y->fixed,
		.letters = y->letters + (y->letters ? x->letters : 0) };

	r.word = x->word || y->word || r.letters >= WORD_MIN;
	r.loose = x->loose || (!x->word && y->loose);
	r.a.begins = x->a.begins || (x->empty && y->a.begins);
	r.a.ends = y->a.ends || (y->empty && x->a.ends);
	for (unsigned i = 0; i < ANCHOR_MARKS; i++) {
		bool in_x = x->a.mark[i].there, in_y = y->a.mark[i].there;

		r.a.mark[i].there = in_x || in_y;
		/* In both: one of them stands before the other, and is not spelled out. */
		r.a.mark[i].head =
		    in_x != in_y && (in_x ? x->a.mark[i].head : x->fixed && y->a.mark[i].head);
		r.a.mark[i].tail =
		    in_x != in_y && (in_y ? y->a.mark[i].tail : y->fixed && x->a.mark[i].tail);
		r.a.mark[i].loose = (in_x && x->a.mark[i].loose) ||
				    (in_y && (x->loose || (!x->word && y->a.mark[i].loose)));
		r.a.mark[i].word = in_x ? x->a.mark[i].word : x->word || y->a.mark[i].word;
	}
	return r;
}

static struct shape either(const struct shape *x, const struct shape *y)
{
	struct shape r = { .empty = x->empty && y->empty,
		.fixed = x->fixed && y->fixed,
		.word = x->word && y->word,
		.loose = x->loose || y->loose };

	r.a.begins = x->a.begins && y->a.begins;
	r.a.ends = x->a.ends && y->a.ends;
	for (unsigned i = 0; i < ANCHOR_MARKS; i++) {
		bool in_x = x->a.mark[i].there, in_y = y->a.mark[i].there;

		r.a.mark[i].there = in_x || in_y;
		r.a.mark[i].head = (!in_x || x->a.mark[i].head) && (!in_y || y->a.mark[i].head);
		r.a.mark[i].tail = (!in_x || x->a.mark[i].tail) && (!in_y || y->a.mark[i].tail);
		r.a.mark[i].loose = (in_x && x->a.mark[i].loose) || (in_y && y->a.mark[i].loose);
		r.a.mark[i].word = (!in_x || x->a.mark[i].word) && (!in_y || y->a.mark[i].word);
	}
	return r;
}

static struct shape marked_here(enum anchor_mark m)
{
	struct shape r = { .fixed = true };

	r.a.mark[m].there = r.a.mark[m].head = r.a.mark[m].tail = true;
	return r;
}

/* --- atoms --- */

static void set_byte(struct set *s, char c)
{
	s->blank |= c == ' ';
	s->letter |= isalpha((unsigned char)c) != 0;
	s->other |= c != ' ' && c != '\t' && !isalnum((unsigned char)c);
}

/* \d and the like in a set. */
static void set_escape(struct set *s, char c)
{
	switch (c) {
	case 'd':
		break;
	case 's':
		s->blank = true;
		break;
	case 'w':
		s->letter = s->other = true;
		break;
	case 'S':
		s->letter = s->other = true;
		break;
	case 'D':
	case 'W':
		s->blank = s->other = true;
		s->letter |= c == 'D';
		break;
	default:
		s->other = true;
	}
}

/* A [class], p behind its [. */
static struct set read_class(struct reader *r)
{
	struct set s = { false, false, false };
	bool no = r->p < r->end && *r->p == '^';

	r->p += no;
	for (bool first = true; r->p < r->end && (*r->p != ']' || first); first = false) {
		if (*r->p == '\\' && r->p + 1 < r->end) {
			set_escape(&s, r->p[1]);
			if (r->p[1] == ' ')
				s.blank = true;
			r->p += 2;
			continue;
		}
		if (r->p + 2 < r->end && r->p[1] == '-' &&
		    r->p[2] != ']') { /* a range: what it spans */
			for (int c = (unsigned char)r->p[0]; c <= (unsigned char)r->p[2]; c++)
				set_byte(&s, (char)c);
			r->p += 3;
			continue;
		}
		set_byte(&s, *r->p++);
	}
	r->p += r->p < r->end;
	if (no) { /* a blank is left out by name only; of the others some are always in it */
		s.blank = !s.blank;
		s.letter = s.other = true;
	}
	return s;
}

/* One byte of a set, repeated min to max times. */
static struct shape repeated(struct set s, uint32_t max)
{
	struct shape r = { .fixed = true };

	if (max > FIXED_MAX && (s.letter || s.other)) {
		r.fixed = false;
		r.loose = s.blank;
	}
	return r;
}

static const struct set any_byte = { true, true, true };

/* {m}, {m,}, {,n}, {m,n}, *, +, ?: how often at least and at most; false when there is none. */
static bool quantifier(struct reader *r, uint32_t *min, uint32_t *max)
{
	const char *p = r->p;

	*min = 0;
	*max = UINT32_MAX;
	if (p == r->end)
		return false;
	if (*p == '*' || *p == '+' || *p == '?') {
		*min = *p == '+';
		*max = *p == '?' ? 1 : UINT32_MAX;
		p++;
	} else if (*p == '{') {
		uint32_t n[2] = { 0, 0 };
		unsigned k = 0;

		for (p++; p < r->end && (isdigit((unsigned char)*p) || (*p == ',' && k == 0)); p++)
			if (*p == ',')
				k = 1;
			else
				n[k] = MIN_OF(n[k] * 10 + (uint32_t)(*p - '0'), 100000u);
		if (p == r->end || *p != '}' || p == r->p + 1)
			return false;
		*min = n[0];
		*max = k == 0 ? n[0] : p[-1] == ',' ? UINT32_MAX : n[1];
		p++;
	} else {
		return false;
	}
	if (p < r->end && (*p == '?' || *p == '+')) /* lazy, possessive */
		p++;
	r->p = p;
	return true;
}

static struct shape alternatives(struct reader *r);

/* Up to the ) that closes a comment, a name or a condition. */
static void skip_to(struct reader *r, char c)
{
	const char *q = memchr(r->p, c, (size_t)(r->end - r->p));

	r->p = q ? q + 1 : r->end;
}

static bool starts(const struct reader *r, const char *head)
{
	return span_starts((struct span){ r->p, r->end }, head);
}

/* (?P<name>: what it marks, or ANCHOR_MARKS */
static enum anchor_mark name_marks(struct span name)
{
	static const struct {
		const char *name;
		enum anchor_mark mark;
	} marks[] = { { "dns", ANCHOR_ADDR }, { "fid", ANCHOR_ADDR }, { "ip4", ANCHOR_ADDR },
		{ "ip6", ANCHOR_ADDR }, { "content", ANCHOR_CONTENT }, { "mlfid", ANCHOR_ID } };

	for (size_t i = 0; i < NELEM(marks); i++)
		if (span_is(name, marks[i].name))
			return marks[i].mark;
	return ANCHOR_MARKS;
}

/* A group, p behind its (. */
static struct shape group(struct reader *r)
{
	enum anchor_mark mark = ANCHOR_MARKS;
	bool looks = starts(r, "?=") || starts(r, "?!") || starts(r, "?<");
	struct shape in;

	if (starts(r, "?P=")) { /* what a group said before: anything */
		skip_to(r, ')');
		return repeated(any_byte, UINT32_MAX);
	}
	if (starts(r, "?#")) {
		skip_to(r, ')');
		return nothing;
	}
	if (starts(r, "?P<")) {
		const char *name = r->p + 3;

		skip_to(r, '>');
		mark = name_marks((struct span){ name, MAX_OF(name, r->p - 1) });
	} else if (starts(r, "?(")) { /* a condition */
		r->p += 2;
		skip_to(r, ')');
	} else if (*r->p == '?') {
		while (r->p < r->end && !strchr(":=!>)", *r->p))
			r->p++;
		if (r->p < r->end && *r->p++ == ')') /* (?i) */
			return nothing;
	}
	r->depth++;
	in = r->depth > DEPTH_MAX ? repeated(any_byte, UINT32_MAX) : alternatives(r);
	r->depth--;
	r->p += r->p < r->end; /* its ) */
	if (looks)
		return nothing;
	if (mark == ANCHOR_ADDR)
		return marked_here(mark);
	if (mark < ANCHOR_MARKS)
		in.a.mark[mark] = marked_here(mark).a.mark[mark];
	return in;
}

static struct shape repeat_group(struct shape in, uint32_t min, uint32_t max)
{
	if (max > FIXED_MAX && !in.fixed)
		in.loose = true;
	if (min == 0) { /* or it is not there */
		in.word = false;
		in.a.begins = in.a.ends = false;
	}
	if (max > 1) /* an address in it has itself before and behind it */
		for (unsigned i = 0; i < ANCHOR_MARKS; i++)
			if (in.a.mark[i].there)
				in.a.mark[i].head = in.a.mark[i].tail = false;
	in.letters = 0;
	in.empty = in.empty || max == 0;
	return in;
}

/* An escape outside of a class, p at its backslash. *byte: it takes one of *s. */
static struct shape escape(struct reader *r, struct set *s, bool *byte)
{
	struct shape one = nothing;
	char c = r->p + 1 < r->end ? r->p[1] : '\0';

	r->p = MIN_OF(r->p + 2, r->end);
	if (c == 'A')
		one.a.begins = true;
	else if (c == 'z' || c == 'Z')
		one.a.ends = true;
	if (strchr("AzZbB", c) && c != '\0')
		return one;
	*byte = true;
	if (c == 'x')
		r->p = MIN_OF(r->p + 2, r->end);
	if (c != '\0' && strchr("dDsSwW", c))
		set_escape(s, c);
	else if (isdigit((unsigned char)c) && c != '0') /* what a group said before */
		*s = any_byte;
	else
		set_byte(s, c);
	return nothing;
}

/* One atom with its quantifier. */
static struct shape piece(struct reader *r)
{
	struct shape one = nothing;
	struct set s = { false, false, false };
	bool byte = false, is_group = false, letter = false;
	uint32_t min = 1, max = 1;
	char c = *r->p;

	switch (c) {
	case PATTERN_IP4:
	case PATTERN_IP6:
		r->p++;
		one = marked_here(ANCHOR_ADDR);
		is_group = true;
		break;
	case '^':
	case '$':
		r->p++;
		one.a.begins = c == '^';
		one.a.ends = c == '$';
		break;
	case '(':
		r->p++;
		one = group(r);
		is_group = true;
		break;
	case '[':
		r->p++;
		s = read_class(r);
		byte = true;
		break;
	case '.':
		r->p++;
		s = any_byte;
		byte = true;
		break;
	case '\\':
		one = escape(r, &s, &byte);
		break;
	default:
		r->p++;
		set_byte(&s, c);
		byte = true;
		letter = isalpha((unsigned char)c) != 0;
	}
	if (quantifier(r, &min, &max)) {
		if (is_group)
			return repeat_group(one, min, max);
		return byte ? repeated(s, max) : nothing;
	}
	if (!byte)
		return one;
	one = repeated(s, 1);
	one.letters = letter;
	return one;
}

static struct shape alternatives(struct reader *r)
{
	struct shape all = nothing, one = nothing;
	bool first = true;

	for (;;) {
		bool over = r->p == r->end || *r->p == ')';

		if (over || *r->p == '|') {
			one.letters = 0;
			all = first ? one : either(&all, &one);
			first = false;
			one = nothing;
			if (over)
				return all;
			r->p++;
		} else {
			struct shape next = piece(r);

			one = behind(&one, &next);
		}
	}
}

struct anchor anchor_read(struct span marked)
{
	struct reader r = { marked.p, marked.end, 0 };

	return alternatives(&r).a;
}

bool anchor_holds(const struct anchor *p, const struct anchor *f)
{
	bool content = p && p->mark[ANCHOR_CONTENT].there;
	bool word, loose, head, tail;

	if (!f->mark[ANCHOR_ADDR].there && p && p->mark[ANCHOR_ADDR].there)
		return anchor_holds(NULL, p);
	/* The id that lines are joined by is taken from where it says. */
	if (p && p->mark[ANCHOR_ID].there && (!p->begins || p->mark[ANCHOR_ID].loose))
		return false;
	if (f->mark[ANCHOR_ID].there && (!f->begins || f->mark[ANCHOR_ID].loose))
		return false;
	if (!f->begins || (content && !p->begins))
		return false;
	if (!f->mark[ANCHOR_ADDR].there) /* another expression of the same filter has it */
		return true;
	word = content && p->mark[ANCHOR_CONTENT].word;
	loose = (content && p->mark[ANCHOR_CONTENT].loose) || (!word && f->mark[ANCHOR_ADDR].loose);
	head = f->mark[ANCHOR_ADDR].head && (!content || p->mark[ANCHOR_CONTENT].head);
	tail = f->mark[ANCHOR_ADDR].tail && f->ends &&
	       (!content || (p->mark[ANCHOR_CONTENT].tail && p->ends));
	return !loose && (head || tail);
}
