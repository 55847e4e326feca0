/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "util/span.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct span span_trim(struct span s)
{
	while (s.p < s.end && is_blank(*s.p))
		s.p++;
	while (s.p < s.end && is_blank(s.end[-1]))
		s.end--;
	return s;
}

bool span_cut(struct span *rest, char sep, struct span *ret)
{
	const char *at = span_empty(*rest) ? NULL : memchr(rest->p, sep, span_len(*rest));

	if (!at) {
		*ret = *rest;
		rest->p = rest->end;
		return false;
	}
	*ret = (struct span){ rest->p, at };
	rest->p = at + 1;
	return true;
}

char *span_dup(struct span s)
{
	size_t n = span_len(s);
	char *copy = malloc(n + 1);

	if (!copy)
		return NULL;
	if (n)
		memcpy(copy, s.p, n);
	copy[n] = '\0';
	return copy;
}

/* One row for each lead byte range: how many bytes follow and what the first of them may be. The
 * narrowed second byte is what keeps out overlong forms, surrogates and values over U+10FFFF. */
static const struct {
	uint8_t lead_lo, lead_hi, follow, lo, hi;
} utf8_rows[] = {
	{ 0xc2, 0xdf, 1, 0x80, 0xbf },
	{ 0xe0, 0xe0, 2, 0xa0, 0xbf },
	{ 0xe1, 0xec, 2, 0x80, 0xbf },
	{ 0xed, 0xed, 2, 0x80, 0x9f },
	{ 0xee, 0xef, 2, 0x80, 0xbf },
	{ 0xf0, 0xf0, 3, 0x90, 0xbf },
	{ 0xf1, 0xf3, 3, 0x80, 0xbf },
	{ 0xf4, 0xf4, 3, 0x80, 0x8f },
};

/* Bytes in the sequence that starts at p, 0 when it is not UTF-8. */
static size_t utf8_len(const uint8_t *p, const uint8_t *end)
{
	for (size_t i = 0; i < NELEM(utf8_rows); i++) {
		if (*p < utf8_rows[i].lead_lo || *p > utf8_rows[i].lead_hi)
			continue;
		size_t n = utf8_rows[i].follow;

		if ((size_t)(end - p) <= n || p[1] < utf8_rows[i].lo || p[1] > utf8_rows[i].hi)
			return 0;
		for (size_t k = 2; k <= n; k++)
			if ((p[k] & 0xc0) != 0x80)
				return 0;
		return n + 1;
	}
	return 0;
}

void span_tame(char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)p[i];
		unsigned char next = i + 1 < n ? (unsigned char)p[i + 1] : 0;

		if (c < 0x20 || c == 0x7f) {
			p[i] = '?';
		} else if (c == 0xc2 && next >= 0x80 && next < 0xa0) {
			p[i] = '?';
			p[++i] = '?';
		}
	}
}

bool span_utf8(struct span s)
{
	const uint8_t *p = (const uint8_t *)s.p, *end = (const uint8_t *)s.end;

	while (p < end) {
		size_t n = *p && *p < 0x80 ? 1 : utf8_len(p, end);

		if (n == 0)
			return false;
		p += n;
	}
	return true;
}

uint8_t rd_u8(struct rd *r)
{
	const uint8_t *b = rd_take(r, 1);

	return b ? *b : 0;
}

uint16_t rd_le16(struct rd *r)
{
	const uint8_t *b = rd_take(r, 2);

	return b ? (uint16_t)(b[0] | b[1] << 8) : 0;
}

uint32_t rd_le32(struct rd *r)
{
	uint32_t lo = rd_le16(r), hi = rd_le16(r);

	return r->bad ? 0 : lo | hi << 16;
}

uint64_t rd_le64(struct rd *r)
{
	uint64_t lo = rd_le32(r), hi = rd_le32(r);

	return r->bad ? 0 : lo | hi << 32;
}

uint16_t rd_be16(struct rd *r)
{
	return __builtin_bswap16(rd_le16(r));
}

uint32_t rd_be32(struct rd *r)
{
	return __builtin_bswap32(rd_le32(r));
}

uint64_t rd_be64(struct rd *r)
{
	return __builtin_bswap64(rd_le64(r));
}
