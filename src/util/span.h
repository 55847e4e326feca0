/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text and bytes that somebody else owns: always a pointer and an end, never a NUL. */
#ifndef ONUS_UTIL_SPAN_H
#define ONUS_UTIL_SPAN_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "util/macro.h"

/* struct span - borrowed text, [p, end), not NUL-terminated, untrusted */
struct span {
	const char *p, *end;
};

/* struct rd - borrowed bytes with a cursor; the first short read sticks */
struct rd {
	const uint8_t *p, *end;
	bool bad;
};

#define SPAN(lit) ((struct span){ (lit), (lit) + sizeof(lit) - 1 })
/* for printf("%.*s", SPAN_ARG(s)) */
#define SPAN_ARG(s) (int)((s).end - (s).p), (s).p

static inline struct span span_of(const char *p, size_t n)
{
	return (struct span){ p, p + n };
}

static inline struct span span_str(const char *s)
{
	return (struct span){ s, s ? s + strlen(s) : s };
}

static inline size_t span_len(struct span s)
{
	return (size_t)(s.end - s.p);
}

static inline bool span_empty(struct span s)
{
	return s.p == s.end;
}

static inline bool span_eq(struct span a, struct span b)
{
	size_t n = span_len(a);

	return n == span_len(b) && (n == 0 || memcmp(a.p, b.p, n) == 0);
}

/* span_cmp - bytewise, a shorter one before a longer one that begins with it */
static inline int span_cmp(struct span a, struct span b)
{
	size_t n = MIN_OF(span_len(a), span_len(b));
	int c = n ? memcmp(a.p, b.p, n) : 0;

	if (c != 0 || span_len(a) == span_len(b))
		return c;
	return span_len(a) < span_len(b) ? -1 : 1;
}

static inline bool span_is(struct span a, const char *s)
{
	return span_eq(a, span_str(s));
}

static inline bool span_starts(struct span s, const char *head)
{
	size_t n = strlen(head);

	return span_len(s) >= n && (n == 0 || memcmp(s.p, head, n) == 0);
}

/* span_trim - without blanks and tabs (and CR, LF) at both ends */
struct span span_trim(struct span s);

/* span_cut - the text before the first sep; *rest becomes what follows it
 *
 * Returns true when sep was found. When it was not, the whole of *rest is returned in *ret and
 * *rest becomes empty. */
bool span_cut(struct span *rest, char sep, struct span *ret);

/* span_dup - a NUL-terminated copy owned by the caller; NULL when out of memory */
char *span_dup(struct span s);

/* span_tame - control characters become '?', in place, those of U+0080 to U+009F (which terminals obey as
 * well) in their two bytes; everything else stays, valid or not */
void span_tame(char *p, size_t n);

/* span_utf8 - true when s is valid UTF-8 (RFC 3629) without NUL */
bool span_utf8(struct span s);

static inline struct rd rd_of(const void *p, size_t n)
{
	return (struct rd){ p, (const uint8_t *)p + n, false };
}

static inline const uint8_t *rd_take(struct rd *r, size_t n)
{
	if (r->bad || (size_t)(r->end - r->p) < n) {
		r->bad = true;
		return NULL;
	}
	r->p += n;
	return r->p - n;
}

/* rd_sub - exactly n bytes as a reader of their own, or a bad one */
static inline struct rd rd_sub(struct rd *r, size_t n)
{
	const uint8_t *b = rd_take(r, n);

	return (struct rd){ .p = b, .end = b ? b + n : NULL, .bad = b == NULL };
}

/* Little-endian integers; 0 once the reader is bad. */
uint8_t rd_u8(struct rd *r);
uint16_t rd_le16(struct rd *r);
uint32_t rd_le32(struct rd *r);
uint64_t rd_le64(struct rd *r);
/* The same in network order. */
uint16_t rd_be16(struct rd *r);
uint32_t rd_be32(struct rd *r);
uint64_t rd_be64(struct rd *r);

static inline bool rd_done(const struct rd *r)
{
	return !r->bad && r->p == r->end;
}

#endif
