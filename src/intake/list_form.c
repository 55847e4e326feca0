/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "intake/list_form.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "intake/list.h"
#include "util/num.h"

/* --- the text of a form --------------------------------------------------------------------------------- */

#define FORMS                                                                                      \
	"lines, \"columns SEPARATOR N [M]\", \"csv N\" or \"json MEMBER\", \"host\" behind it or " \
	"not"

static const struct {
	const char *name;
	char byte;
} separators[] = { { "tab", '\t' }, { "blank", ' ' }, { "comma", ',' }, { "semicolon", ';' },
	{ "pipe", '|' }, { "colon", ':' } };

static bool word(struct span *rest, struct span *ret)
{
	*rest = span_trim(*rest);
	if (span_empty(*rest))
		return false;
	(void)span_cut(rest, ' ', ret);
	return true;
}

static bool column(struct span *rest, unsigned *ret)
{
	struct span w;
	uint32_t n;

	if (!word(rest, &w) || num_u32(w, LIST_COLUMN_MAX, &n) < 0 || n == 0)
		return false;
	*ret = n;
	return true;
}

static bool separator(struct span *rest, char *ret)
{
	struct span w;

	if (word(rest, &w))
		for (size_t i = 0; i < NELEM(separators); i++)
			if (span_is(w, separators[i].name)) {
				*ret = separators[i].byte;
				return true;
			}
	return false;
}

static bool member(struct span *rest, char *ret)
{
	struct span w;

	if (!word(rest, &w) || span_len(w) > LIST_MEMBER_MAX)
		return false;
	memcpy(ret, w.p, span_len(w));
	return true;
}

/* What stands behind the layout's name. */
static bool form_rest(struct list_form *f, struct span *rest)
{
	struct span before = *rest;

	switch (f->layout) {
	case LIST_LINES:
		return true;
	case LIST_COLUMNS:
		if (!separator(rest, &f->separator) || !column(rest, &f->first))
			return false;
		before = *rest;
		if (!column(rest, &f->last)) {
			f->last = 0;
			*rest = before;
		}
		return f->first != f->last;
	case LIST_CSV:
		return column(rest, &f->first);
	case LIST_JSON:
		return member(rest, f->member);
	}
	return false;
}

int list_form_parse(struct span text, struct list_form *ret, struct err *e)
{
	static const char *const names[] = { "lines", "columns", "csv", "json" };
	struct list_form f = { .layout = LIST_LINES };
	struct span rest = text, w;
	bool good = true;

	if (word(&rest, &w)) {
		size_t i = 0;

		while (i < NELEM(names) && !span_is(w, names[i]))
			i++;
		f.layout = (enum list_layout)i;
		good = i < NELEM(names) && form_rest(&f, &rest);
	}
	if (good && word(&rest, &w)) {
		f.host = span_is(w, "host");
		good = f.host && !word(&rest, &w);
	}
	if (!good)
		return err_set(e, -EINVAL, "format is " FORMS ", not \"%.*s\"",
		    (int)MIN_OF(span_len(text), (size_t)60), text.p);
	*ret = f;
	return 0;
}

/* --- an entry of a line --------------------------------------------------------------------------------- */

static int refuse(const char **why, const char *text)
{
	*why = text;
	return -EINVAL;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The column number n, from 1; false when there are fewer. */
static bool column_of(const struct list_form *f, struct span line, unsigned n, struct span *ret)
{
	const char *p = line.p;

	for (unsigned i = 1;; i++) {
		const char *from;

		while (f->separator == ' ' && p < line.end && is_blank(*p))
			p++;
		from = p;
		while (p < line.end && *p != f->separator && (f->separator != ' ' || *p != '\t'))
			p++;
		*ret = span_trim((struct span){ from, p });
		if (i == n)
			return f->separator != ' ' || !span_empty(*ret);
		if (p++ == line.end)
			return false;
	}
}

static int columns_entry(
    const struct list_form *f, struct span line, char *room, struct span *ret, const char **why)
{
	struct span last;
	int n;

	if (!column_of(f, line, f->first, ret))
		return refuse(why, "fewer columns than the format says");
	if (!f->last)
		return 1;
	if (!column_of(f, line, f->last, &last))
		return refuse(why, "fewer columns than the format says");
	/* two columns of one line are no longer than the line */
	n = snprintf(room, LIST_FORM_ROOM, "%.*s-%.*s", SPAN_ARG(*ret), SPAN_ARG(last));
	*ret = span_of(room, (size_t)n);
	return 1;
}

/* One value of RFC 4180, from *p on; what was quoted is copied to room. Returns where it ends, or NULL. */
static const char *csv_value(const char *p, const char *end, char *room, struct span *ret)
{
	size_t n = 0;

	if (p == end || *p != '"') {
		const char *at = memchr(p, ',', (size_t)(end - p));

		*ret = span_trim((struct span){ p, at ? at : end });
		return at ? at : end;
	}
	for (p++; p < end; p++) {
		if (*p == '"' && (p + 1 == end || p[1] != '"')) {
			*ret = span_of(room, n);
			return p + 1;
		}
		p += *p == '"';
		room[n++] = *p;
	}
	return NULL;
}

static int csv_entry(
    const struct list_form *f, struct span line, char *room, struct span *ret, const char **why)
{
	const char *p = line.p;

	for (unsigned i = 1;; i++) {
		while (p < line.end && is_blank(*p))
			p++;
		p = csv_value(p, line.end, room, ret);
		if (!p)
			return refuse(why, "a quote that does not end");
		if (i == f->first)
			return 1;
		while (p < line.end && is_blank(*p))
			p++;
		if (p == line.end)
			return refuse(why, "fewer columns than the format says");
		if (*p++ != ',')
			return refuse(why, "something between a quote and the next comma");
	}
}

static int json_entry(
    const struct list_form *f, struct span line, char *room, struct span *ret, const char **why)
{
	json_error_t error;
	json_t *o = json_loadb(line.p, span_len(line), JSON_REJECT_DUPLICATES, &error);
	const json_t *v = json_is_object(o) ? json_object_get(o, f->member) : NULL;
	int r = 1;

	if (!json_is_object(o)) {
		r = refuse(why, "no JSON object, or a member of it stands there twice");
	} else if (!v) {
		r = 0; /* a line about the list itself */
	} else if (!json_is_string(v)) {
		r = refuse(why, "the member is no text");
	} else {
		/* it is no longer than the line; a NUL in it is no part of an address */
		memcpy(room, json_string_value(v), json_string_length(v));
		*ret = span_of(room, json_string_length(v));
	}
	json_decref(o);
	return r;
}

/* --- the host in it ------------------------------------------------------------------------------------- */

static bool could_be_v4(struct span s)
{
	for (const char *p = s.p; p < s.end; p++)
		if ((*p < '0' || *p > '9') && *p != '.')
			return false;
	return !span_empty(s);
}

/* What stands between "//" and the next of "/?#", without user and password. */
static struct span authority(const char *p, const char *end)
{
	struct span s = { p, p };
	const char *at;

	while (s.end < end && *s.end != '/' && *s.end != '?' && *s.end != '#')
		s.end++;
	at = memrchr(s.p, '@', span_len(s));
	return (struct span){ at ? at + 1 : s.p, s.end };
}

/* 1: *s is what could be an address; 0: it is a name */
static int host_of(struct span *s)
{
	const char *scheme, *end;
	struct span host = *s, port;

	for (const char *p = host.p; p < host.end; p++)
		if (is_blank(*p)) {
			host.end = p;
			break;
		}
	scheme = memmem(host.p, span_len(host), "://", 3);
	if (scheme)
		host = authority(scheme + 3, host.end);
	if (!span_empty(host) && *host.p == '[') {
		host.p++;
		end = memchr(host.p, ']', span_len(host));
		*s = (struct span){ host.p, end ? end : host.end };
		return 1;
	}
	port = host;
	end = memchr(host.p, ':', span_len(host));
	if (end && !memchr(end + 1, ':', (size_t)(host.end - end) - 1))
		(void)span_cut(&port, ':', &host); /* two of them: IPv6 without a port */
	*s = host;
	return !scheme || could_be_v4(host);
}

int list_form_entry(
    const struct list_form *f, struct span line, char *room, struct span *ret, const char **why)
{
	static int (*const entry[])(
	    const struct list_form *, struct span, char *, struct span *, const char **) = {
		[LIST_COLUMNS] = columns_entry, [LIST_CSV] = csv_entry, [LIST_JSON] = json_entry
	};
	int r;

	*ret = span_trim(line);
	if (span_empty(*ret) || *ret->p == '#' || (*ret->p == ';' && f->separator != ';'))
		return 0;
	if (span_len(line) > LIST_LINE_MAX)
		return refuse(why, "the line is too long");
	if (f->layout != LIST_LINES) {
		r = entry[f->layout](f, line, room, ret, why);
		if (r <= 0)
			return r;
	}
	return f->host ? host_of(ret) : 1;
}
