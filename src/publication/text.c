/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "publication/text.h"

static bool is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

size_t text_cut(struct span s, size_t max, char *ret)
{
	bool utf8 = span_utf8(s);
	size_t n = MIN_OF(span_len(s), max);

	if (utf8)
		while (n < span_len(s) && n > 0 && ((unsigned char)s.p[n] & 0xc0) == 0x80)
			n--;
	for (size_t i = 0; i < n; i++)
		ret[i] =
		    is_control(s.p[i]) || (!utf8 && (unsigned char)s.p[i] >= 0x80) ? '?' : s.p[i];
	return n;
}

void text_put(struct buf *out, struct span s, size_t max)
{
	char text[TEXT_MAX];

	buf_put(out, text, text_cut(s, MIN_OF(max, sizeof(text)), text));
}

bool text_clean(struct span s)
{
	for (const char *p = s.p; p < s.end; p++)
		if (is_control(*p))
			return false;
	return span_utf8(s);
}
