/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "intake/syslog.h"

#include <errno.h>

#include "util/num.h"

#define PRI_MOST   191u
#define DIGITS_MAX 7u /* of a length: what is longer is no length */
#define HOST_MAX   255u
#define APP_MAX	   48u
#define PROCID_MAX 128u
#define MSGID_MAX  32u
#define BOM	   "\xef\xbb\xbf"

/* --- lines --------------------------------------------------------------------------------------- */

static bool take_pri(struct span *s)
{
	const char *end = memchr(s->p, '>', MIN_OF(span_len(*s), (size_t)5));
	uint32_t pri;

	if (!span_starts(*s, "<") || !end ||
	    num_u32((struct span){ s->p + 1, end }, PRI_MOST, &pri) < 0)
		return false;
	s->p = end + 1;
	return true;
}

static int64_t believed(const struct stamp_reader *dates, int64_t time_s)
{
	int64_t now_s = clock_now_s(dates->clock);

	return time_s >= now_s - SYSLOG_OLD_S && time_s <= now_s + SYSLOG_AHEAD_S ? time_s : 0;
}

/* A word of printable ASCII and the blank behind it; "-" is none. */
static bool take_word(struct span *s, size_t max, struct span *ret)
{
	const char *p = s->p;

	while (p<s->end && * p> ' ' && *p <= '~')
		p++;
	if (p == s->p || p == s->end || *p != ' ' || (size_t)(p - s->p) > max)
		return false;
	*ret = (struct span){ s->p, p };
	s->p = p + 1;
	if (span_is(*ret, "-"))
		ret->end = ret->p;
	return true;
}

/* One element, past its '[': up to the ']' that no value holds. */
static bool skip_element(struct span *s)
{
	bool quoted = false;

	for (; s->p < s->end; s->p++) {
		if (quoted && *s->p == '\\' && s->p + 1 < s->end)
			s->p++;
		else if (*s->p == '"')
			quoted = !quoted;
		else if (*s->p == ']' && !quoted) {
			s->p++;
			return true;
		}
	}
	return false;
}

static bool skip_structured(struct span *s)
{
	if (span_starts(*s, "-")) {
		s->p++;
	} else {
		if (!span_starts(*s, "["))
			return false;
		while (span_starts(*s, "[")) {
			s->p++;
			if (!skip_element(s))
				return false;
		}
	}
	if (span_empty(*s))
		return true;
	return *s->p++ == ' ';
}

/* RFC 5424 section 6, past the version. */
static bool take_new(
    const struct stamp_reader *dates, struct span *s, struct syslog_entry *h, const char **why)
{
	struct span date, msgid;
	int64_t time_s;

	*why = "no RFC 5424 header where one begins";
	if (!take_word(s, UTC_TEXT_MAX, &date) || !take_word(s, HOST_MAX, &h->host) ||
	    !take_word(s, APP_MAX, &h->app) || !take_word(s, PROCID_MAX, &h->pid) ||
	    !take_word(s, MSGID_MAX, &msgid))
		return false;
	if (!span_empty(date) && utc_parse(date, &time_s) < 0)
		return false;
	if (!span_empty(date))
		h->time_s = believed(dates, time_s);
	*why = "structured data that does not end";
	if (!skip_structured(s))
		return false;
	if (span_starts(*s, BOM))
		s->p += strlen(BOM);
	return true;
}

/* Is it a tag, "sshd[17]:" or "kernel:", and no host? */
static bool is_tag(struct span word)
{
	const char *bracket = span_empty(word) ? NULL : memchr(word.p, '[', span_len(word));
	const char *colon = span_empty(word) ? NULL : memchr(word.p, ':', span_len(word));

	return bracket || (colon && colon == word.end - 1);
}

/* RFC 3164 section 4.1, as it is met: anything may be missing. */
static void take_old(struct stamp_reader *dates, struct span *s, struct syslog_entry *h)
{
	struct span after = *s, word;
	struct stamp date;

	if (!stamp_read(dates, *s, &date) || date.begin != 0)
		return;
	h->time_s = believed(dates, date.time_s);
	s->p += date.end;
	s->p += span_starts(*s, " ");
	after = *s;
	if (take_word(&after, HOST_MAX, &word) && !is_tag(word)) {
		h->host = word;
		*s = after;
	}
}

/* Control characters become #ooo. */
static void put_tame(struct buf *out, struct span text)
{
	const char *from = text.p;

	for (const char *p = text.p; p < text.end; p++) {
		unsigned char c = (unsigned char)*p;

		if ((c >= ' ' && c != 0x7f) || c == '\t')
			continue;
		buf_span(out, (struct span){ from, p });
		buf_fmt(out, "#%03o", c);
		from = p + 1;
	}
	buf_span(out, (struct span){ from, text.end });
}

void syslog_compose(const struct syslog_entry *m, struct buf *out)
{
	char date[UTC_TEXT_MAX];

	utc_format(m->time_s, date);
	buf_str(out, date);
	buf_byte(out, ' ');
	put_tame(out, m->host);
	buf_byte(out, ' ');
	if (!span_empty(m->app)) {
		put_tame(out, m->app);
		if (!span_empty(m->pid)) {
			buf_byte(out, '[');
			put_tame(out, m->pid);
			buf_byte(out, ']');
		}
		buf_str(out, ": ");
	}
	put_tame(out, m->text);
	buf_byte(out, '\n');
}

int syslog_line(struct stamp_reader *dates, struct span message, struct span from, struct buf *out,
    const char **why)
{
	struct syslog_entry h = { .time_s = 0 };
	struct span s = message;

	/* What senders end a datagram with, and no part of the message. */
	while (!span_empty(s) && (s.end[-1] == '\n' || s.end[-1] == '\r' || s.end[-1] == '\0'))
		s.end--;
	*why = "longer than a message may be";
	if (span_len(s) > SYSLOG_MESSAGE_MAX)
		return -EINVAL;
	*why = "it does not begin with <PRI>, as a syslog message does";
	if (!take_pri(&s))
		return -EINVAL;
	if (span_starts(s, "1 ")) {
		s.p += 2;
		if (!take_new(dates, &s, &h, why))
			return -EINVAL;
	} else {
		take_old(dates, &s, &h);
	}
	if (!h.time_s)
		h.time_s = clock_now_s(dates->clock);
	if (span_empty(h.host))
		h.host = from;
	h.text = s;
	syslog_compose(&h, out);
	return 0;
}

/* --- frames -------------------------------------------------------------------------------------- */

/* Pass over what is left of one that was too long; true: there is still more of it. */
static bool pass_over(struct syslog_cut *c, struct span *rest)
{
	uint64_t n = MIN_OF(c->bytes, (uint64_t)span_len(*rest));
	const char *lf;

	rest->p += n;
	c->bytes -= n;
	if (c->bytes)
		return true;
	if (!c->line)
		return false;
	lf = span_empty(*rest) ? NULL : memchr(rest->p, '\n', span_len(*rest));
	rest->p = lf ? lf + 1 : rest->end;
	c->line = !lf;
	return c->line;
}

static int counted(struct syslog_cut *c, struct span *rest, struct span *ret)
{
	size_t digits = 0, most = MIN_OF(span_len(*rest), (size_t)DIGITS_MAX);
	uint32_t n = 0;

	while (digits < most && rest->p[digits] >= '0' && rest->p[digits] <= '9')
		n = n * 10 + (uint32_t)(rest->p[digits++] - '0');
	if (digits == span_len(*rest))
		return 0;
	if (rest->p[digits] != ' ')
		return -EBADMSG;
	if (n > SYSLOG_MESSAGE_MAX) {
		rest->p += digits + 1;
		c->bytes = n;
		return -EMSGSIZE;
	}
	if (span_len(*rest) - digits - 1 < n)
		return 0;
	*ret = span_of(rest->p + digits + 1, n);
	rest->p = ret->end;
	return 1;
}

int syslog_frame(struct syslog_cut *c, struct span *rest, struct span *ret)
{
	const char *lf;

	if (pass_over(c, rest) || span_empty(*rest))
		return 0;
	if (*rest->p >= '1' && *rest->p <= '9')
		return counted(c, rest, ret);
	lf = memchr(rest->p, '\n', span_len(*rest));
	if (lf && (size_t)(lf - rest->p) <= SYSLOG_MESSAGE_MAX) {
		*ret = (struct span){ rest->p, lf };
		rest->p = lf + 1;
		return 1;
	}
	if (span_len(*rest) <= SYSLOG_MESSAGE_MAX)
		return 0;
	c->line = true;
	(void)pass_over(c, rest); /* what it says is asked for again by the next call */
	return -EMSGSIZE;
}
