/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "util/json.h"

#include <assert.h>
#include <math.h>

void json_init(struct json *j, struct buf *out)
{
	*j = (struct json){ .out = out };
}

/* A quoted string. Runs of plain bytes are copied whole. */
static void quoted(struct buf *b, struct span s)
{
	static const char hex[] = "0123456789abcdef";
	const char *run = s.p;
	bool valid = span_utf8(s);

	buf_byte(b, '"');
	for (const char *p = s.p; p < s.end; p++) {
		unsigned char c = (unsigned char)*p;

		if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7f && (c < 0x80 || valid))
			continue;
		buf_put(b, run, (size_t)(p - run));
		run = p + 1;
		if (c == '"' || c == '\\') {
			buf_byte(b, '\\');
			buf_byte(b, (char)c);
		} else if (c >= 0x80) {
			buf_str(b, "\xef\xbf\xbd");
		} else {
			buf_str(b, "\\u00");
			buf_byte(b, hex[c >> 4]);
			buf_byte(b, hex[c & 15]);
		}
	}
	buf_put(b, run, (size_t)(s.end - run));
	buf_byte(b, '"');
}

static void lead(struct json *j, const char *key)
{
	if (j->comma[j->depth])
		buf_byte(j->out, ',');
	j->comma[j->depth] = true;
	if (!key)
		return;
	quoted(j->out, span_str(key));
	buf_byte(j->out, ':');
}

static void nest(struct json *j, const char *key, char open)
{
	lead(j, key);
	buf_byte(j->out, open);
	assert(j->depth + 1 < JSON_DEPTH_MAX);
	j->comma[++j->depth] = false;
}

static void unnest(struct json *j, char close_with)
{
	assert(j->depth > 0);
	j->depth--;
	buf_byte(j->out, close_with);
	if (j->depth == 0)
		j->comma[0] = false; /* values of a stream stand on lines of their own */
}

void json_object(struct json *j, const char *key)
{
	nest(j, key, '{');
}

void json_object_end(struct json *j)
{
	unnest(j, '}');
}

void json_array(struct json *j, const char *key)
{
	nest(j, key, '[');
}

void json_array_end(struct json *j)
{
	unnest(j, ']');
}

void json_null(struct json *j, const char *key)
{
	lead(j, key);
	buf_str(j->out, "null");
}

void json_bool(struct json *j, const char *key, bool v)
{
	lead(j, key);
	buf_str(j->out, v ? "true" : "false");
}

void json_u64(struct json *j, const char *key, uint64_t v)
{
	lead(j, key);
	buf_u64(j->out, v);
}

void json_i64(struct json *j, const char *key, int64_t v)
{
	lead(j, key);
	buf_fmt(j->out, "%lld", (long long)v);
}

void json_real(struct json *j, const char *key, double v, int decimals)
{
	if (!isfinite(v)) {
		json_null(j, key);
		return;
	}
	lead(j, key);
	buf_fmt(j->out, "%.*f", decimals, v);
}

void json_span(struct json *j, const char *key, struct span v)
{
	if (!v.p) {
		json_null(j, key);
		return;
	}
	lead(j, key);
	quoted(j->out, v);
}

void json_str(struct json *j, const char *key, const char *v)
{
	json_span(j, key, span_str(v));
}
