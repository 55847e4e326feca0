/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "svc/http.h"

#include "util/percent.h"

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Decode s to *to, which has room for as many bytes as s has; false for a bad escape. */
static bool decode(struct span s, bool query, char **to, struct span *ret)
{
	char *out = *to;
	int hi, lo;

	for (const char *p = s.p; p < s.end; p++) {
		if (*p == '+' && query) {
			*out++ = ' ';
		} else if (*p != '%') {
			*out++ = *p;
		} else {
			if (s.end - p < 3)
				return false;
			hi = hex(p[1]);
			lo = hex(p[2]);
			if (hi < 0 || lo < 0)
				return false;
			*out++ = (char)(hi << 4 | lo);
			p += 2;
		}
	}
	*ret = (struct span){ *to, out };
	*to = out;
	return true;
}

static bool plain(struct span s)
{
	for (const char *p = s.p; p < s.end; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return false;
	return span_utf8(s);
}

unsigned http_target_parse(struct span raw, struct http_target *ret)
{
	char *to = ret->text;
	struct span path, arg, name;

	ret->path = (struct span){ ret->text, ret->text };
	ret->n_args = 0;
	if (span_len(raw) > HTTP_TARGET_MAX)
		return 414;
	span_cut(&raw, '?', &path);
	if (!span_starts(path, "/") || memchr(path.p, '#', span_len(path)) ||
	    !decode(path, false, &to, &path) || !plain(path))
		return 400;
	while (!span_empty(raw)) {
		span_cut(&raw, '&', &arg);
		if (span_empty(arg))
			continue;
		if (ret->n_args == HTTP_ARGS_MAX)
			return 400;
		span_cut(&arg, '=', &name);
		if (!decode(name, true, &to, &ret->args[ret->n_args].name) ||
		    !decode(arg, true, &to, &ret->args[ret->n_args].value) ||
		    !span_utf8(ret->args[ret->n_args].name) ||
		    !span_utf8(ret->args[ret->n_args].value))
			return 400;
		ret->n_args++;
	}
	ret->path = path;
	return 0;
}

struct span http_arg(const struct http_target *t, const char *name)
{
	for (unsigned i = 0; i < t->n_args; i++)
		if (span_is(t->args[i].name, name))
			return t->args[i].value;
	return (struct span){ NULL, NULL };
}

void http_escape(struct buf *out, struct span s)
{
	char text[3];

	for (const char *p = s.p; p < s.end; p++)
		buf_put(out, text, percent_byte(*p, "-._~:", text));
}
