/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "svc/fetch_line.h"

#include <errno.h>
#include <jansson.h>
#include <strings.h>

#include "util/jout.h"

#define HOUR_MS	    3600000u
#define SECONDS_MAX 253402300799u /* the year 9999 */

const char *const fetch_end_name[FETCH_END_N] = {
	[FETCH_OK] = "ok",
	[FETCH_REFUSED] = "refused",
	[FETCH_RESOLVE] = "resolve",
	[FETCH_CONNECT] = "connect",
	[FETCH_TLS] = "tls",
	[FETCH_TIMEOUT] = "timeout",
	[FETCH_TOO_BIG] = "too-big",
	[FETCH_CUT] = "cut",
	[FETCH_REDIRECT] = "redirect",
	[FETCH_GARBAGE] = "garbage",
	[FETCH_DISK] = "disk",
	[FETCH_LOST] = "lost",
};

/* One member of a line. Texts: max is the longest; numbers: the largest, and standard stands for 0. */
enum kind { TEXT, WORDS, NUMBER, END };
struct member {
	const char *key;
	enum kind kind; /* TEXT is printable ASCII, WORDS is UTF-8 for people */
	size_t at;
	uint64_t max, standard;
};

#define Q(key, kind, field, max, standard)                                                         \
	{                                                                                          \
		key, kind, offsetof(struct fetch_request, field), max, standard                    \
	}
static const struct member request_members[] = {
	Q("id", NUMBER, id, INT64_MAX, 0),
	Q("url", TEXT, url, FETCH_URL_MAX, 0),
	Q("out", TEXT, out, FETCH_NAME_MAX, 0),
	Q("etag", TEXT, etag, FETCH_TAG_MAX, 0),
	Q("since", NUMBER, since_s, SECONDS_MAX, 0),
	Q("accept", TEXT, accept, FETCH_TYPE_MAX, 0),
	Q("max_bytes", NUMBER, max_bytes, FETCH_BYTES_MAX, 1u << 20),
	Q("timeout_ms", NUMBER, timeout_ms, 24ull * HOUR_MS, 60000),
	Q("connect_ms", NUMBER, connect_ms, HOUR_MS, 15000),
	Q("slow_bytes", NUMBER, slow_bytes, 1u << 30, 100),
	Q("slow_s", NUMBER, slow_s, 3600, 30),
	Q("max_redirects", NUMBER, max_redirects, FETCH_NO_REDIRECT, 5),
	Q("resume", NUMBER, resume, 1, 0),
};

#define A(key, kind, field, max)                                                                   \
	{                                                                                          \
		key, kind, offsetof(struct fetch_answer, field), max, 0                            \
	}
static const struct member answer_members[] = {
	A("id", NUMBER, id, INT64_MAX),
	A("end", END, end, 0),
	A("status", NUMBER, status, 999),
	A("url", TEXT, url, FETCH_URL_MAX),
	A("etag", TEXT, etag, FETCH_TAG_MAX),
	A("modified", NUMBER, modified_s, SECONDS_MAX),
	A("type", TEXT, type, FETCH_TYPE_MAX),
	A("location", TEXT, location, FETCH_URL_MAX),
	A("retry_after", NUMBER, retry_after_s, 1u << 30),
	A("bytes", NUMBER, bytes, FETCH_BYTES_MAX),
	A("resumed", NUMBER, resumed, FETCH_BYTES_MAX),
	A("kept", NUMBER, kept, FETCH_BYTES_MAX),
	A("anew", WORDS, anew, FETCH_ERROR_MAX),
	A("error", WORDS, error, FETCH_ERROR_MAX),
};

#define P(key, kind, field, max)                                                                   \
	{                                                                                          \
		key, kind, offsetof(struct fetch_part, field), max, 0                              \
	}
static const struct member part_members[] = {
	P("url", TEXT, url, FETCH_URL_MAX),
	P("etag", TEXT, etag, FETCH_TAG_MAX),
	P("modified", NUMBER, modified_s, SECONDS_MAX),
	P("type", TEXT, type, FETCH_TYPE_MAX),
	P("total", NUMBER, total, FETCH_BYTES_MAX),
	P("boot", TEXT, boot, FETCH_BOOT_MAX),
	P("synced", NUMBER, synced, FETCH_BYTES_MAX),
};

static void put(const struct member *m, size_t n, const void *base, struct buf *out)
{
	struct jout j;

	jout_init(&j, out);
	jout_object(&j, NULL);
	for (size_t i = 0; i < n; i++) {
		const void *v = (const char *)base + m[i].at;

		if (m[i].kind == END)
			jout_str(&j, m[i].key, fetch_end_name[*(const enum fetch_end *)v]);
		else if (m[i].kind == NUMBER && *(const uint64_t *)v)
			jout_u64(&j, m[i].key, *(const uint64_t *)v);
		else if (m[i].kind != NUMBER && *(const char *)v)
			jout_str(&j, m[i].key, v);
	}
	jout_object_end(&j);
	buf_byte(out, '\n');
}

void fetch_request_put(const struct fetch_request *q, struct buf *out)
{
	put(request_members, NELEM(request_members), q, out);
}

void fetch_answer_put(const struct fetch_answer *a, struct buf *out)
{
	put(answer_members, NELEM(answer_members), a, out);
}

void fetch_part_put(const struct fetch_part *p, struct buf *out)
{
	put(part_members, NELEM(part_members), p, out);
}

static int take_text(const struct member *m, const json_t *v, char *to)
{
	size_t n = json_string_length(v);

	if (!json_is_string(v) || n > m->max)
		return -EINVAL;
	for (const char *p = json_string_value(v), *end = p + n; p < end; p++)
		if (*p == '\0' || (m->kind == TEXT && (*p < ' ' || *p > '~')))
			return -EINVAL;
	memcpy(to, json_string_value(v), n + 1);
	span_tame(to, n);
	return 0;
}

static int take_number(const struct member *m, const json_t *v, uint64_t *to)
{
	json_int_t n = json_integer_value(v);

	if (!json_is_integer(v) || n < 0 || (uint64_t)n > m->max)
		return -EINVAL;
	*to = n == 0 ? m->standard : (uint64_t)n;
	return 0;
}

static int take_end(const json_t *v, enum fetch_end *to)
{
	for (unsigned i = 0; i < FETCH_LOST; i++) {
		if (!json_is_string(v) || strcmp(json_string_value(v), fetch_end_name[i]) != 0)
			continue;
		*to = (enum fetch_end)i;
		return 0;
	}
	return -EINVAL;
}

static int take(const struct member *m, const json_t *v, void *to)
{
	switch (m->kind) {
	case NUMBER:
		return take_number(m, v, to);
	case END:
		return take_end(v, to);
	case TEXT:
	case WORDS:
		break;
	}
	return take_text(m, v, to);
}

/* Every member that stands there must be known, and every known one is as its row says. */
static int members(const struct member *m, size_t n, const json_t *o, void *base, struct err *e)
{
	size_t known = 0;

	for (size_t i = 0; i < n; i++) {
		const json_t *v = json_object_get(o, m[i].key);
		void *to = (char *)base + m[i].at;

		if (!v && m[i].kind == NUMBER)
			*(uint64_t *)to = m[i].standard;
		if (!v)
			continue;
		known++;
		if (take(&m[i], v, to) < 0)
			return err_set(e, -EINVAL, "bad %s", m[i].key);
	}
	if (known != json_object_size(o))
		return err_set(e, -EINVAL, "a member that is not known");
	return 0;
}

static int parse(const struct member *m, size_t n, struct span line, void *base, struct err *e)
{
	json_error_t why;
	json_t *o;
	int r;

	if (span_len(line) > FETCH_LINE_MAX)
		return err_set(e, -EINVAL, "longer than %u bytes", FETCH_LINE_MAX);
	o = json_loadb(line.p, span_len(line), JSON_REJECT_DUPLICATES, &why);
	if (json_is_object(o))
		r = members(m, n, o, base, e);
	else
		r = err_set(e, -EINVAL, "not a JSON object: %s", o ? "another value" : why.text);
	json_decref(o);
	return r;
}

static bool name_ok(const char *s)
{
	static const char ok[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

	return *s && *s != '.' && s[strspn(s, ok)] == '\0';
}

static bool url_ok(const char *s)
{
	return (strncasecmp(s, "http://", 7) == 0 || strncasecmp(s, "https://", 8) == 0) &&
	       !strchr(s, ' ');
}

int fetch_request_parse(struct span line, struct fetch_request *ret, struct err *e)
{
	struct fetch_request q = { 0 };
	int r = parse(request_members, NELEM(request_members), line, &q, e);

	if (r < 0)
		return r;
	if (!url_ok(q.url))
		return err_set(e, -EINVAL, "url wants http:// or https://, and no blanks");
	if (!name_ok(q.out))
		return err_set(e, -EINVAL,
		    "out wants the name of a file: letters, digits, dot, dash, underscore, and no "
		    "dot first");
	*ret = q;
	return 0;
}

int fetch_answer_parse(struct span line, struct fetch_answer *ret, struct err *e)
{
	struct fetch_answer a = { .end = FETCH_END_N };
	int r = parse(answer_members, NELEM(answer_members), line, &a, e);

	if (r < 0)
		return r;
	if (a.end == FETCH_END_N || (a.end != FETCH_OK) != (a.error[0] != '\0') ||
	    (a.end == FETCH_OK && a.status < 100))
		return err_set(e, -EINVAL, "end, status and error contradict each other");
	*ret = a;
	return 0;
}

int fetch_part_parse(struct span line, struct fetch_part *ret, struct err *e)
{
	struct fetch_part p = { .total = 0 };
	int r = parse(part_members, NELEM(part_members), line, &p, e);

	if (r < 0)
		return r;
	if (!url_ok(p.url) || (p.etag[0] ? p.etag[0] != '"' : !p.modified_s) ||
	    (p.total && p.synced > p.total))
		return err_set(e, -EINVAL, "not what a kept part is remembered by");
	*ret = p;
	return 0;
}
