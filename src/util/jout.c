/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "util/jout.h"

#include <assert.h>
#include <math.h>

void jout_init(struct jout *j, struct buf *out)
{
	*j = (struct jout){ .out = out };
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

static void lead(struct jout *j, const char *key)
{
	if (j->comma[j->depth])
		buf_byte(j->out, ',');
	j->comma[j->depth] = true;
	if (!key)
		return;
	quoted(j->out, span_str(key));
	buf_byte(j->out, ':');
}

static void nest(struct jout *j, const char *key, char open)
{
	lead(j, key);
	buf_byte(j->out, open);
	assert(j->depth + 1 < JOUT_DEPTH_MAX);
	j->comma[++j->depth] = false;
}

static void unnest(struct jout *j, char close_with)
{
	assert(j->depth > 0);
	j->depth--;
	buf_byte(j->out, close_with);
	if (j->depth == 0)
		j->comma[0] = false; /* values of a stream stand on lines of their own */
}

void jout_object(struct jout *j, const char *key)
{
	nest(j, key, '{');
}

void jout_object_end(struct jout *j)
{
	unnest(j, '}');
}

void jout_array(struct jout *j, const char *key)
{
	nest(j, key, '[');
}

void jout_array_end(struct jout *j)
{
	unnest(j, ']');
}

void jout_null(struct jout *j, const char *key)
{
	lead(j, key);
	buf_str(j->out, "null");
}

void jout_bool(struct jout *j, const char *key, bool v)
{
	lead(j, key);
	buf_str(j->out, v ? "true" : "false");
}

void jout_u64(struct jout *j, const char *key, uint64_t v)
{
	lead(j, key);
	buf_u64(j->out, v);
}

void jout_i64(struct jout *j, const char *key, int64_t v)
{
	lead(j, key);
	buf_fmt(j->out, "%lld", (long long)v);
}

void jout_real(struct jout *j, const char *key, double v, int decimals)
{
	if (!isfinite(v)) {
		jout_null(j, key);
		return;
	}
	lead(j, key);
	buf_fmt(j->out, "%.*f", decimals, v);
}

void jout_span(struct jout *j, const char *key, struct span v)
{
	if (!v.p) {
		jout_null(j, key);
		return;
	}
	lead(j, key);
	quoted(j->out, v);
}

void jout_str(struct jout *j, const char *key, const char *v)
{
	jout_span(j, key, span_str(v));
}
