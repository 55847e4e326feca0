/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/event.h"

#include <errno.h>

#include "util/clock.h"
#include "util/num.h"

static const char *const proof_names[] = { [PROOF_FULL] = "full", [PROOF_WEAK] = "weak" };

bool event_is_simulated(const struct event *ev)
{
	const struct span begins = SPAN(EVENT_SIMULATED_SOURCE);

	return span_is(ev->detail, EVENT_SIMULATED) && span_len(ev->source) > span_len(begins) &&
	       memcmp(ev->source.p, begins.p, span_len(begins)) == 0;
}

int event_date_check(int64_t time_s, int64_t now_s, struct err *e)
{
	char text[UTC_TEXT_MAX];

	if (time_s >= EVENT_OLDEST_S && time_s <= now_s + EVENT_FUTURE_S)
		return 0;
	if (time_s < EVENT_OLDEST_S)
		return err_set(e, -ERANGE, "dated before 1990");
	if (time_s - now_s > INT64_C(36525) * DAY_S)
		return err_set(e, -ERANGE, "dated in the future, by more than a hundred years");
	utc_format(time_s, text);
	return err_set(e, -ERANGE, "dated in the future (%s)", text);
}

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

/* One escape at s.p[0] == '\\'. Returns its length, 0 when malformed. NUL is refused. */
static size_t unescape(struct span s, char *ret)
{
	int hi, lo;

	if (span_len(s) < 2)
		return 0;
	switch (s.p[1]) {
	case 't':
		*ret = '\t';
		return 2;
	case 'n':
		*ret = '\n';
		return 2;
	case '\\':
		*ret = '\\';
		return 2;
	case 'x':
		hi = span_len(s) >= 4 ? hex(s.p[2]) : -1;
		lo = hi >= 0 ? hex(s.p[3]) : -1;
		*ret = (char)(hi * 16 + lo);
		return lo >= 0 && *ret != '\0' ? 4 : 0;
	default:
		return 0;
	}
}

/* A text field into room, or borrowed as it is where nothing is escaped. */
static int text_field(struct span in, size_t max, char *room, struct span *ret)
{
	size_t n = 0;

	if (span_empty(in) || !memchr(in.p, '\\', span_len(in))) {
		*ret = in;
		return span_len(in) <= max ? 0 : -EINVAL;
	}
	while (!span_empty(in)) {
		size_t used = 1;
		char c = *in.p;

		if (c == '\\')
			used = unescape(in, &c);
		if (used == 0 || n == max)
			return -EINVAL;
		room[n++] = c;
		in.p += used;
	}
	*ret = span_of(room, n);
	return 0;
}

static int parse_subject(struct span s, struct prefix *ret)
{
	struct prefix p;
	int r = prefix_parse(s, false, &p);

	if (r < 0)
		return r;
	/* A bare IPv6 address, or anything inside one /64, is its /64. */
	if (!prefix_is_v4(p) && p.len > 64)
		p = prefix_make(p.addr, 64);
	*ret = p;
	return 0;
}

enum { F_TIME, F_ADDRESS, F_CATEGORY, F_COUNT, F_PROOF, F_SOURCE, F_SERVICE, F_DETAIL, F_N };

static const char *const field_names[F_N] = { "time", "address", "category", "count", "proof",
	"source", "service", "detail" };

/* One field into the event; the defaults are there already. */
static int field(unsigned i, struct span s, struct event_room *room, struct event *ev)
{
	struct {
		char *at;
		size_t max;
		struct span *to;
	} text[] = {
		{ room->text, EVENT_SOURCE_MAX, &ev->source },
		{ room->text + EVENT_SOURCE_MAX, EVENT_SERVICE_MAX, &ev->service },
		{ room->text + EVENT_SOURCE_MAX + EVENT_SERVICE_MAX, EVENT_DETAIL_MAX,
		    &ev->detail },
	};

	if (i != F_ADDRESS && span_empty(s))
		return 0;
	switch (i) {
	case F_TIME:
		return utc_parse(s, &ev->time_s);
	case F_ADDRESS:
		return parse_subject(s, &ev->subject);
	case F_CATEGORY:
		return category_parse(s, &ev->category);
	case F_COUNT:
		return num_u32(s, EVENT_COUNT_MAX, &ev->count) < 0 || ev->count == 0 ? -EINVAL : 0;
	case F_PROOF:
		ev->proof = span_is(s, "full") ? PROOF_FULL : PROOF_WEAK;
		return ev->proof == PROOF_FULL || span_is(s, "weak") ? 0 : -EINVAL;
	default:
		i -= F_SOURCE;
		return text_field(s, text[i].max, text[i].at, text[i].to);
	}
}

static struct event defaults(int64_t now_s)
{
	return (struct event){
		.time_s = now_s, .category = CATEGORY_OTHER, .proof = PROOF_WEAK, .count = 1
	};
}

int event_parse(
    struct span line, int64_t now_s, struct event_room *room, struct event *ret, struct err *e)
{
	struct event ev = defaults(now_s);
	struct span rest = line, s;
	bool more = true;

	if (span_starts(line, "#onus-events") && !span_is(span_trim(line), EVENT_HEADER))
		return err_set(e, -EINVAL,
		    "events of another version: \"%.*s\" (this is version 1)",
		    (int)MIN_OF(span_len(line), (size_t)40), line.p);
	if (span_empty(span_trim(line)) || *line.p == '#')
		return 0;
	if (span_len(line) > EVENT_LINE_MAX)
		return err_set(e, -EINVAL, "longer than %u bytes", EVENT_LINE_MAX);
	if (memchr(line.p, '\0', span_len(line)))
		return err_set(e, -EINVAL, "holds a NUL byte");
	for (unsigned i = 0; i < F_N; i++) {
		s = (struct span){ rest.end, rest.end };
		if (more)
			more = span_cut(&rest, '\t', &s);
		if (field(i, s, room, &ev) < 0)
			return err_set(e, -EINVAL, "bad %s \"%.*s\"", field_names[i],
			    (int)MIN_OF(span_len(s), (size_t)60), s.p);
	}
	if (more)
		return err_set(e, -EINVAL, "more than %d fields", F_N);
	*ret = ev;
	return 1;
}

/* How many bytes from p on need no escape: 0x20 to 0x7e without the backslash. */
static size_t plain_bytes(const char *p, const char *end)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), highs = ones << 7;
	const char *q = p;
	unsigned char c;

	for (; end - q >= 8; q += 8) {
		uint64_t w, slash;

		memcpy(&w, q, 8);
		slash = w ^ ones * '\\';
		/* A high bit: below 0x20, a backslash, 0x7f and above. Doubt is settled byte by byte. */
		if (((w - ones * 0x20) | (slash - ones) | (w + ones) | w) & highs)
			break;
	}
	for (; q < end; q++) {
		c = (unsigned char)*q;
		if (c < 0x20 || c > 0x7e || c == '\\')
			break;
	}
	return (size_t)(q - p);
}

static void put_escaped(struct buf *out, unsigned char c, bool utf8)
{
	static const char digits[] = "0123456789abcdef";

	if (c == '\t')
		buf_str(out, "\\t");
	else if (c == '\n')
		buf_str(out, "\\n");
	else if (c == '\\')
		buf_str(out, "\\\\");
	else if (c != '\0' && (c < 0x20 || c == 0x7f || (c >= 0x80 && !utf8)))
		buf_put(out, (char[]){ '\\', 'x', digits[c >> 4], digits[c & 15] }, 4);
	else if (c != '\0')
		buf_byte(out, (char)c);
}

/* A text field: at most max bytes of it, escaped. NUL is dropped; the contract is UTF-8, so the
 * high bytes of a text that is not become \xHH. */
static void put_text(struct buf *out, struct span s, size_t max)
{
	size_t n;
	bool utf8;

	if (span_empty(s)) /* which may be nowhere */
		return;
	if (span_len(s) > max) {
		s.end = s.p + max;
		for (unsigned i = 0; i < 3 && (s.p[max] & 0xc0) == 0x80 && s.end > s.p; i++)
			s.end--, max--; /* no character is cut in two */
	}
	n = plain_bytes(s.p, s.end);
	buf_put(out, s.p, n);
	s.p += n;
	if (span_empty(s))
		return;
	utf8 = span_utf8(s); /* what came before was ASCII */
	while (s.p < s.end) {
		put_escaped(out, (unsigned char)*s.p++, utf8);
		n = plain_bytes(s.p, s.end);
		buf_put(out, s.p, n);
		s.p += n;
	}
}

static size_t subject_text(const struct event *ev, char ret[PREFIX_TEXT_MAX])
{
	size_t n = prefix_format(ev->subject, ret);

	if (ev->subject.len == 128) { /* a host goes without its /32 */
		n = (size_t)(strchr(ret, '/') - ret);
		ret[n] = '\0';
	}
	return n;
}

void event_format(const struct event *ev, struct buf *out)
{
	char subject[PREFIX_TEXT_MAX];
	size_t n = subject_text(ev, subject);

	buf_u64(out, (uint64_t)MAX_OF(ev->time_s, (int64_t)0));
	buf_byte(out, '\t');
	buf_put(out, subject, n);
	buf_byte(out, '\t');
	buf_str(out, category_name(ev->category));
	buf_byte(out, '\t');
	buf_u64(out, ev->count);
	buf_byte(out, '\t');
	buf_str(out, proof_names[ev->proof]);
	buf_byte(out, '\t');
	put_text(out, ev->source, EVENT_SOURCE_MAX);
	buf_byte(out, '\t');
	put_text(out, ev->service, EVENT_SERVICE_MAX);
	buf_byte(out, '\t');
	put_text(out, ev->detail, EVENT_DETAIL_MAX);
	buf_byte(out, '\n');
}
