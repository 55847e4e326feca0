/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "holders/fact_text.h"

#include "net/idn.h"
#include <strings.h>

#include "util/clock.h"
#include "util/num.h"

bool fact_room_init(struct buf *room)
{
	buf_init(room, FACT_ROOM_BYTES);
	return buf_room(room, FACT_ROOM_BYTES) != NULL;
}

void fact_room_reset(struct buf *room)
{
	buf_reset(room);
}

/* A byte of Latin-1 as UTF-8. Those of 0x80 to 0x9f are control characters there. */
static void latin1(struct buf *room, unsigned char c)
{
	if (c >= 0xa0)
		buf_byte(room, (char)(0xc0 | c >> 6));
	buf_byte(room, (char)(c < 0x80 ? c : c < 0xa0 ? '?' : 0x80 | (c & 0x3f)));
}

struct span fact_head(struct span s, size_t max)
{
	const char *end;

	if (span_len(s) <= max)
		return s;
	end = s.p + max;
	while (end > s.p && ((unsigned char)*end & 0xc0) == 0x80)
		end--;
	return (struct span){ s.p, end };
}

/* Appends one line; at most max bytes. */
static void line_put(struct buf *room, struct span s, bool valid, size_t max)
{
	size_t start = room->len;

	s = span_trim(s);
	if (valid)
		buf_span(room, fact_head(s, max));
	for (const char *p = s.p; !valid && p < s.end && room->len - start + 2 <= max; p++)
		latin1(room, (unsigned char)*p);
	if (!buf_ok(room) || room->len == start)
		return;
	for (char *p = room->p + start; p < room->p + room->len; p++)
		if (*p == '\n' || *p == '\t' || *p == '\r')
			*p = ' ';
	span_tame(room->p + start, room->len - start);
}

static struct span since(const struct buf *room, size_t start)
{
	return buf_ok(room) && room->len > start ? span_of(room->p + start, room->len - start)
						 : SPAN("");
}

struct span fact_text(struct buf *room, struct span s, size_t max)
{
	size_t start = room->len;

	line_put(room, s, span_utf8(s), max);
	return since(room, start);
}

struct span fact_lines(struct buf *room, struct span s, size_t max)
{
	size_t start = room->len;
	bool valid = span_utf8(s);
	struct span line;

	while (!span_empty(s)) {
		size_t used = room->len - start;

		(void)span_cut(&s, '\n', &line);
		if (span_empty(span_trim(line)))
			continue;
		if (used + 2 > max)
			break;
		if (used)
			buf_byte(room, '\n');
		line_put(room, line, valid, max - used - (used ? 1 : 0));
	}
	if (buf_ok(room) && room->len > start && room->p[room->len - 1] == '\n')
		room->len--; /* no whole character of the last line had room */
	return since(room, start);
}

struct span fact_key(struct buf *room, struct span s)
{
	s = span_trim(s);
	if (span_len(s) > FACT_KEY_MAX || !span_utf8(s))
		return SPAN("");
	for (const char *p = s.p; p < s.end; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return SPAN("");
	return fact_text(room, s, FACT_KEY_MAX);
}

/* A domain in letters beyond ASCII as DNS has it; what cannot be so stays for others to refuse. */
static struct span mail_ascii(struct buf *room, struct span s)
{
	char name[IDN_NAME_MAX + 1], mail[2 * FACT_KEY_MAX + sizeof(name) + 1];
	struct span domain = s, local;
	bool plain = true;

	(void)span_cut(&domain, '@', &local); /* there is one */
	for (const char *p = domain.p; p < domain.end; p++)
		plain = plain && (unsigned char)*p < 0x80;
	if (plain || !idn_ascii(domain, name))
		return fact_text(room, s, FACT_TEXT_MAX);
	(void)snprintf(mail, sizeof(mail), "%.*s@%s", SPAN_ARG(local), name); /* it fits */
	return fact_text(room, span_str(mail), FACT_TEXT_MAX);
}

struct span fact_mail(struct buf *room, struct span s)
{
	unsigned at = 0;

	s = span_trim(s);
	for (const char *p = s.p; p < s.end; p++) {
		at += *p == '@';
		if ((unsigned char)*p <= 0x20 || *p == 0x7f || strchr("<>()[]\",;:\\|", *p))
			return SPAN("");
	}
	if (at != 1 || *s.p == '@' || s.end[-1] == '@' || span_len(s) > FACT_KEY_MAX * 2)
		return SPAN("");
	return span_utf8(s) ? mail_ascii(room, s) : SPAN("");
}

static bool is_letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

struct span fact_source(struct buf *room, struct span s)
{
	size_t start = room->len;
	const char *p;

	s = span_trim(s);
	for (p = s.p; p < s.end && *p != ' ' && *p != '\t' && *p != '#'; p++)
		if (!is_letter(*p) && !(*p >= '0' && *p <= '9') && *p != '-')
			return SPAN("");
	s.end = p;
	if (span_empty(s) || span_len(s) > FACT_KEY_MAX)
		return SPAN("");
	for (p = s.p; p < s.end; p++)
		buf_byte(room, upper(*p));
	return since(room, start);
}

bool fact_country(struct span s, char ret[3])
{
	memset(ret, 0, 3);
	s = span_trim(s);
	if (span_empty(s))
		return true;
	if (span_len(s) != 2 || !is_letter(s.p[0]) || !is_letter(s.p[1]))
		return false;
	ret[0] = upper(s.p[0]);
	ret[1] = upper(s.p[1]);
	if (ret[0] == 'Z' && ret[1] == 'Z')
		ret[0] = ret[1] = '\0';
	return true;
}

bool fact_date8(struct span s, int64_t *ret)
{
	char text[10];
	int64_t t;

	if (span_len(s) != 8 || num_i64(s, 0, 99999999, &t) < 0)
		return false;
	if (t / 10000 > 0 && t / 10000 < 1970) { /* a day of the same form, to be checked as such */
		*ret = 0;
		return t / 100 % 100 >= 1 && t / 100 % 100 <= 12 && t % 100 >= 1 && t % 100 <= 31;
	}
	(void)memcpy(text, s.p, 4);
	text[4] = text[7] = '-';
	(void)memcpy(text + 5, s.p + 4, 2);
	(void)memcpy(text + 8, s.p + 6, 2);
	return utc_parse(span_of(text, sizeof(text)), ret) == 0;
}

int64_t fact_date(struct span s)
{
	int64_t t = 0;

	s = span_trim(s);
	if (fact_date8(s, &t))
		return t;
	/* Bare seconds are what utc_parse reads too, but registries write none. */
	return span_len(s) >= 10 && s.p[4] == '-' && utc_parse(s, &t) == 0 ? MAX_OF(t, 0) : 0;
}

/* "074.125.000.000", as ARIN has written them: decimal, all of three digits, so that it cannot be octal. */
static bool padded(struct span s, struct addr *ret)
{
	uint32_t v4 = 0;

	if (span_len(s) != 15)
		return false;
	for (unsigned i = 0; i < 4; i++) {
		uint32_t n;

		if (num_u32(span_of(s.p + 4 * i, 3), 255, &n) < 0 || (i && s.p[4 * i - 1] != '.'))
			return false;
		v4 = v4 << 8 | n;
	}
	*ret = addr_of_v4(v4);
	return true;
}

bool fact_addr(struct span s, struct addr *ret)
{
	s = span_trim(s);
	return padded(s, ret) || addr_parse(s, ret) == 0;
}

bool fact_geofeed(struct span remark)
{
	struct span word;

	remark = span_trim(remark);
	(void)span_cut(&remark, ' ', &word);
	return span_len(word) == 7 && strncasecmp(word.p, "Geofeed", 7) == 0 &&
	       span_starts(span_trim(remark), "https://");
}
