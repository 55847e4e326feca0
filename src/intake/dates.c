/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "intake/dates.h"

#include <ctype.h>
#include <errno.h>

#include "core/event.h"
#include "intake/date_text.h"

struct dates {
	struct date_form *form[DATES_FORMS_MAX];
	unsigned n;
	unsigned last; /* the form that found the last date: it is tried first */
	bool standard; /* the defaults and no others */
	bool brackets; /* DATES_BRACKETS and nothing else */
	bool may_lack;
	struct date_room *room;
	struct date_memory memory;
};

/* fail2ban's default forms, in its order. Each that does not say where it begins comes twice, first at the beginning
 * of the line. Source: fail2ban 1.0.2, server/datedetector.py. */
static const struct {
	const char *text;
	bool word; /* no expression: {DATE} cannot stand for it */
} defaults[] = {
	/* 2005-01-23T21:59:59.981746, 2005/01/23 21:59:59, 2006.12.21 06:43:20 */
	{ "%ExY(?P<_sep>[-/.])%m(?P=_sep)%d(?:T|  ?)%H:%M:%S(?:[.,]%f)?(?:\\s*%z)?", false },
	/* Sun Jan 23 21:59:59.011 2005 */
	{ "(?:%a )?%b %d %k:%M:%S(?:\\.%f)?(?: %ExY)?", false },
	/* Sun Jan 23 2005 21:59:59.011 */
	{ "(?:%a )?%b %d %ExY %k:%M:%S(?:\\.%f)?", false },
	/* 23/01/2005 21:59:59, 23/01/05 21:59:59, 17-07-2008 17:23:25 */
	{ "%d(?P<_sep>[-/])%m(?P=_sep)(?:%ExY|%Exy) %k:%M:%S", false },
	/* 31/Oct/2006:09:22:55 -0000, 26-Jul-2007 15:20:52.252 */
	{ "%d(?P<_sep>[-/])%b(?P=_sep)%ExY[ :]?%H:%M:%S(?:\\.%f)?(?: %z)?", false },
	/* 05/20/2008:01:57:39 */
	{ "%m/%d/%ExY:%H:%M:%S", false },
	/* 01-27-2012 16:22:44.252 */
	{ "%m-%d-%ExY %k:%M:%S(?:\\.%f)?", false },
	{ "EPOCH", true },
	{ "{^LN-BEG}%H:%M:%S", false },
	/* <09/16/08@05:03:30> */
	{ "^<%m/%d/%Exy@%H:%M:%S>", false },
	/* 130322 11:46:11 */
	{ "%Exy%Exm%Exd  ?%H:%M:%S", false },
	/* Jan 23, 2005 9:59:59 PM */
	{ "%b %d, %ExY %I:%M:%S %p", false },
	/* Apr-27-13 02:33:06 */
	{ "^%b-%d-%Exy %k:%M:%S", false },
	/* 20050123T215959 */
	{ "%ExY%Exm%Exd(?:T|  ?)%ExH%ExM%ExS(?:[.,]%f)?(?:\\s*%z)?", false },
	/* PDT Apr 16 21:05:29 */
	{ "(?:%Z )?(?:%a )?%b %d %k:%M:%S(?:\\.%f)?(?: %ExY)?", false },
	/* +00:00 Jan 23 21:59:59.011 2005 */
	{ "(?:%z )?(?:%a )?%b %d %k:%M:%S(?:\\.%f)?(?: %ExY)?", false },
	{ "TAI64N", true },
};

/* --- making --- */

static int add(struct dates *d, struct span pattern, struct err *e)
{
	int r;

	if (d->n == DATES_FORMS_MAX)
		return err_set(e, -E2BIG, "more than %u forms of a date", DATES_FORMS_MAX);
	r = date_form_new(pattern, &d->form[d->n], e);
	if (r == 0)
		d->may_lack |= date_form_is_none(d->form[d->n++]);
	return r;
}

/* head, pattern, tail: one form of the three */
static int add_within(
    struct dates *d, struct span head, const char *pattern, struct span tail, struct err *e)
{
	struct buf b;
	int r;

	buf_init(&b, DATE_FORM_BYTES);
	buf_span(&b, head);
	date_text_add_inner(span_str(pattern), &b);
	buf_span(&b, tail);
	r = buf_ok(&b) ? add(d, buf_text(&b), e)
		       : err_set(e, -E2BIG, "longer than %u bytes", DATE_FORM_BYTES);
	buf_done(&b);
	return r;
}

static bool says_start(const char *pattern)
{
	return *pattern == '^' || strncmp(pattern, DATE_LINE_BEGIN, strlen(DATE_LINE_BEGIN)) == 0;
}

/* all: not only those of the beginning of a line */
static int add_defaults(struct dates *d, bool all, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < NELEM(defaults); i++)
		if (!says_start(defaults[i].text))
			r = add_within(d, SPAN(DATE_LINE_BEGIN), defaults[i].text, SPAN(""), e);
	for (size_t i = 0; r == 0 && i < NELEM(defaults); i++)
		if (all || says_start(defaults[i].text))
			r = add(d, span_str(defaults[i].text), e);
	return r;
}

static int add_line(struct dates *d, struct span line, struct err *e)
{
	struct span tag = date_text_tag(line, "{DATE}");
	int r = 0;

	if (span_is(line, DATE_LINE_BEGIN))
		return add_defaults(d, false, e);
	if (span_len(line) == 9 && strncasecmp(line.p, "{DEFAULT}", 9) == 0)
		return add_defaults(d, true, e);
	if (span_empty(tag))
		return add(d, line, e);
	for (size_t i = 0; r == 0 && i < NELEM(defaults); i++)
		if (!defaults[i].word)
			r = add_within(d, (struct span){ line.p, tag.p }, defaults[i].text,
			    (struct span){ tag.end, line.end }, e);
	return r;
}

static int add_lines(struct dates *d, struct span patterns, struct err *e)
{
	struct span line;
	int r = 0;

	while (r == 0 && !span_empty(patterns)) {
		(void)span_cut(&patterns, '\n', &line); /* the last has no LF */
		line = span_trim(line);
		if (!span_empty(line))
			r = add_line(d, line, e);
	}
	d->standard =
	    d->n == 0; /* compiled when they are asked for, as most logs need none of them */
	return r;
}

int dates_new(struct span patterns, struct dates **ret, struct err *e)
{
	struct dates *d = calloc(1, sizeof(*d));
	int r;

	if (d)
		d->room = date_room_new();
	if (!d || !d->room)
		r = err_set(e, -ENOMEM, "out of memory");
	else
		r = add_lines(d, patterns, e);
	if (r < 0) {
		(void)dates_free(d);
		return r;
	}
	d->brackets = span_is(span_trim(patterns), DATES_BRACKETS);
	*ret = d;
	return 0;
}

struct dates *dates_free(struct dates *d)
{
	for (unsigned i = 0; d && i < d->n; i++)
		(void)date_form_free(d->form[i]);
	if (d)
		(void)date_room_free(d->room);
	free(d);
	return NULL;
}

bool dates_may_lack(const struct dates *d)
{
	return d->may_lack;
}

/* --- finding --- */

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

/* ":5:4" or ":05:4" at p, which is before end */
static bool minutes_at(const char *p, const char *end)
{
	size_t n = (size_t)(end - p);

	return n >= 4 && digit(p[1]) &&
	       ((p[2] == ':' && digit(p[3])) ||
		   (n >= 5 && digit(p[2]) && p[3] == ':' && digit(p[4])));
}

/* Could one of the defaults match? All have "9:05:4", or eight digits and more, or TAI64N's @. */
static bool may_be_dated(struct span line)
{
	unsigned run = 0;

	for (const char *p = line.p; p < line.end; p++) {
		if (!digit(*p)) {
			if (*p == '@' || (*p == ':' && run > 0 && minutes_at(p, line.end)))
				return true;
			run = 0;
		} else if (++run == 8) {
			return true;
		}
	}
	return false;
}

/* Is it an IPv6 address in which no form finds a date? A time could only stand at its beginning, which is of three
 * digits or more, or "::f"; and of all digits there are at most four together. */
static bool is_address6(struct span field)
{
	unsigned run = 0, groups = 0;

	for (const char *p = field.p; p < field.end; p++) {
		if (*p != ':' && *p != '.') {
			if (!isxdigit((unsigned char)*p) || ++run > 4)
				return false;
			continue;
		}
		if (groups++ == 0 && run < 3 && !span_starts(field, "::f"))
			return false;
		run = 0;
	}
	return groups >= 2;
}

/* may_be_dated of what stands before the date of a web server: fields with blanks between. */
static bool fields_may_be_dated(struct span head)
{
	struct span field;

	while (!span_empty(head)) {
		(void)span_cut(&head, ' ', &field); /* the last has no blank behind it */
		if (!is_address6(field) && may_be_dated(field))
			return true;
	}
	return false;
}

/* "03/Jan/2026:01:02:03 +0000]", and nothing unusual */
#define WEB_DATE 27u

#define BRACKETS_LOOK 128u /* DATES_BRACKETS: a date ends within so many bytes */

static bool web_number(const char *p, unsigned n, int most, int *ret)
{
	bool good = true;

	*ret = 0;
	for (unsigned i = 0; i < n; i++) {
		good &= digit(p[i]);
		*ret = *ret * 10 + (p[i] & 15);
	}
	return good && *ret <= most;
}

static bool web_civil(const char *p, struct civil *c, int *offset_s)
{
	static const char names[] = CALENDAR_MONTHS;
	int hours, minutes;

	if (p[2] != '/' || p[6] != '/' || p[11] != ':' || p[14] != ':' || p[17] != ':' ||
	    p[20] != ' ' || (p[21] != '+' && p[21] != '-') || p[26] != ']')
		return false;
	for (c->month = 1; c->month <= 12; c->month++)
		if (memcmp(names + (size_t)(c->month - 1) * 3, p + 3, 3) == 0)
			break;
	if (c->month > 12)
		return false;
	if (!web_number(p, 2, 31, &c->day) || !web_number(p + 7, 4, 2099, &c->year) ||
	    !web_number(p + 12, 2, 23, &c->hour) || !web_number(p + 15, 2, 59, &c->minute) ||
	    !web_number(p + 18, 2, 59, &c->second) || !web_number(p + 22, 2, 19, &hours) ||
	    !web_number(p + 24, 2, 99, &minutes))
		return false;
	*offset_s = (p[21] == '-' ? -60 : 60) * (hours * 60 + minutes);
	return c->year >= 1990 && c->day >= 1 && c->day <= calendar_days(c->year, c->month);
}

/* What web servers write, in brackets behind the client's address, where nothing before it could be a date: found
 * without the forms, and the same as by them. */
static bool web_date(int64_t now_s, struct span line, struct date *ret)
{
	const char *open = span_empty(line) ? NULL : memchr(line.p, '[', span_len(line));
	struct civil c;
	int offset_s;

	if (!open || open - line.p < 2 || (size_t)(line.end - open) <= WEB_DATE ||
	    !web_civil(open + 1, &c, &offset_s) ||
	    fields_may_be_dated((struct span){ line.p, open }))
		return false;
	*ret = (struct date){ .time_s = calendar_utc(&c) - offset_s,
		.begin = (uint32_t)(open + 1 - line.p),
		.end = (uint32_t)(open + WEB_DATE - line.p) };
	return event_date_check(ret->time_s, now_s, NULL) == 0;
}

/* DATES_BRACKETS without the forms, and as by them; DATES_COSTLY where they must be asked. */
static enum dates_result bracketed(int64_t now_s, struct span line, struct date *ret)
{
	const char *open = span_empty(line) ? NULL : memchr(line.p, '[', span_len(line)), *close;
	struct span inside;
	struct civil c;
	int offset_s;

	if (!open)
		return DATES_NONE;
	inside = (struct span){ open + 1, line.end };
	if (span_len(inside) >= WEB_DATE && web_civil(inside.p, &c, &offset_s)) {
		*ret = (struct date){ .time_s = calendar_utc(&c) - offset_s,
			.begin = (uint32_t)(inside.p - line.p),
			.end = (uint32_t)(inside.p - line.p) + WEB_DATE - 1,
			.start = true };
		return event_date_check(ret->time_s, now_s, NULL) == 0 ? DATES_FOUND : DATES_BAD;
	}
	/* No form has a bracket in it, and none is that long. */
	inside = span_of(inside.p, MIN_OF(span_len(inside), (size_t)BRACKETS_LOOK));
	close = span_empty(inside) ? NULL : memchr(inside.p, ']', span_len(inside));
	inside.end = close ? close : inside.end;
	return may_be_dated(inside) ? DATES_COSTLY : DATES_NONE;
}

/* struct search - the best place so far */
struct search {
	struct date_found at;
	unsigned form;
	bool any;
};

/* Is there a better place by form i? -E2BIG past a limit. */
static int try_form(struct dates *d, unsigned i, struct span line, struct search *s)
{
	struct date_found at;
	size_t last = span_len(line);
	int r;

	if (s->any) {
		if (s->at.begin == 0 && i > s->form)
			return 0;
		last = s->at.begin - (i > s->form ? 1 : 0);
	}
	r = date_form_find(d->form[i], d->room, line, last, &at);
	if (r <= 0)
		return r;
	*s = (struct search){ at, i, true };
	return 1;
}

/* The standard forms. Returns 0, or -ENOMEM: the next line tries again. */
static int make_standard(struct dates *d)
{
	int r = add_defaults(d, true, NULL);

	while (r < 0 && d->n > 0)
		(void)date_form_free(d->form[--d->n]);
	return r;
}

static int search(struct dates *d, struct span line, struct search *s)
{
	int r = d->n == 0 ? make_standard(d) : 0;

	if (r < 0)
		return r;
	/* It says how far the others need look. */
	if (!date_form_is_start(d->form[d->last])) {
		r = try_form(d, d->last, line, s);
		if (r < 0)
			return r;
	}
	for (unsigned i = 0; i < d->n; i++) {
		if (s->any && i == s->form)
			continue;
		r = try_form(d, i, line, s);
		if (r < 0)
			return r;
		if (r > 0 && (date_form_is_start(d->form[i]) || s->at.begin == 0))
			break;
	}
	return s->any;
}

enum dates_result dates_find(struct dates *d, int64_t now_s, struct span line, struct date *ret)
{
	struct search s = { .any = false };
	int64_t time_s;
	int r;

	if (d->brackets) {
		enum dates_result quick = bracketed(now_s, line, ret);

		if (quick != DATES_COSTLY)
			return quick;
	}
	if (d->standard && web_date(now_s, line, ret))
		return DATES_FOUND;
	if (d->standard && !may_be_dated(line))
		return DATES_NONE;
	r = search(d, line, &s);
	if (r <= 0)
		return r < 0 ? DATES_COSTLY : DATES_NONE;
	d->last = s.form;
	if (span_empty(s.at.cut))
		return date_form_is_none(d->form[s.form]) ? DATES_ABSENT : DATES_NONE;
	if (date_read(s.at.part, now_s, &d->memory, &time_s) < 0 ||
	    event_date_check(time_s, now_s, NULL) < 0)
		return DATES_BAD;
	*ret = (struct date){ .time_s = time_s,
		.begin = (uint32_t)(s.at.cut.p - line.p),
		.end = (uint32_t)(s.at.cut.end - line.p),
		.start = date_form_is_start(d->form[s.form]) };
	return DATES_FOUND;
}
