/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/db_rewrite.h"

/* From p, which begins a quoted text, to after its end. */
static const char *after_quoted(const char *p, const char *end)
{
	const char *q = memchr(p + 1, *p, (size_t)(end - p - 1));

	return q ? q + 1 : end;
}

unsigned rewrite_dollars(struct span sql, struct buf *out)
{
	unsigned n = 0;

	while (!span_empty(sql)) {
		const char *next = sql.p + 1;

		if (*sql.p == '?') {
			buf_fmt(out, "$%u", ++n);
		} else {
			if (*sql.p == '\'' || *sql.p == '"')
				next = after_quoted(sql.p, sql.end);
			buf_put(out, sql.p, (size_t)(next - sql.p));
		}
		sql.p = next;
	}
	return n;
}

static const char *after_name(struct span s)
{
	const char *p = s.p;

	if (p < s.end && *p == '"')
		return after_quoted(p, s.end);
	while (p < s.end && ((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') || *p == '_'))
		p++;
	return p;
}

/* Where the text goes on after a head that is spelt otherwise; NULL: it stays as it is here. */
static const char *conflict(struct span s, struct buf *out)
{
	static const char head[] = "ON CONFLICT (", tail[] = ") DO UPDATE SET ";
	const char *close = span_starts(s, head) ? memchr(s.p, ')', span_len(s)) : NULL;

	if (!close || !span_starts((struct span){ close, s.end }, tail))
		return NULL;
	buf_str(out, "ON DUPLICATE KEY UPDATE ");
	return close + sizeof(tail) - 1;
}

static const char *excluded(struct span s, struct buf *out)
{
	static const char head[] = "excluded.";
	struct span name;

	if (!span_starts(s, head))
		return NULL;
	name.p = s.p + sizeof(head) - 1;
	name.end = after_name((struct span){ name.p, s.end });
	buf_str(out, "VALUES(");
	buf_span(out, name);
	buf_str(out, ")");
	return name.end;
}

void rewrite_duplicate_key(struct span sql, struct buf *out)
{
	while (!span_empty(sql)) {
		const char *next = conflict(sql, out);

		if (!next)
			next = excluded(sql, out);
		if (!next) {
			next = *sql.p == '\'' || *sql.p == '"' ? after_quoted(sql.p, sql.end)
							       : sql.p + 1;
			buf_put(out, sql.p, (size_t)(next - sql.p));
		}
		sql.p = next;
	}
}
