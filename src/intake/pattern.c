/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "intake/pattern.h"

#include <ctype.h>
#include <errno.h>

/* What <HOST> and its kin accept is part of the format: an address in dotted or colon form, perhaps
 * v4-mapped, perhaps in brackets, or (HOST, DNS) something like a name. */
#define RE_IP4	"(?:::f{4,6}:)?(?P<ip4>(?:\\d{1,3}\\.){3}\\d{1,3})"
#define RE_IP6	"(?P<ip6>(?:[0-9a-fA-F]{1,4}::?|::){1,7}(?:[0-9a-fA-F]{1,4}|(?<=:):))"
#define RE_DNS	"(?P<dns>[\\w\\-.^_]*\\w)"
#define RE_ADDR "\\[?(?:\x01|\x02)\\]?"
#define RE_CIDR "(?P<cidr>\\d+)"
#define RE_NET	"\\[?(?:\x01|\x02)(?:/" RE_CIDR ")?\\]?"

static const struct {
	const char *tag, *text;
} tags[] = {
	{ "HOST", "(?:" RE_ADDR "|" RE_DNS ")" },
	{ "ADDR", RE_ADDR },
	{ "F-ADDR/", RE_ADDR },
	{ "IP4", "\x01" },
	{ "F-IP4/", "\x01" },
	{ "IP6", "\x02" },
	{ "F-IP6/", "\x02" },
	{ "CIDR", RE_CIDR },
	{ "F-CIDR/", RE_CIDR },
	{ "SUBNET", RE_NET },
	{ "F-SUBNET/", RE_NET },
	{ "DNS", RE_DNS },
	{ "F-DNS/", RE_DNS },
	{ "F-ID/", "(?P<fid>\\S+)" },
	{ "F-PORT/", "(?P<fport>\\w+)" },
};

/* --- tags --- */

#define OPEN_MAX 64

struct open_tags {
	struct span name[OPEN_MAX];
	unsigned n;
	unsigned skips; /* <SKIPLINES> so far */
};

/* The tag at s.p[0] == '<', with its brackets, or empty: </?[\w-]+/?> */
static struct span tag_at(struct span s)
{
	const char *p = s.p + 1;

	if (p < s.end && *p == '/')
		p++;
	while (p < s.end && (isalnum((unsigned char)*p) || *p == '_' || *p == '-'))
		p++;
	if (p < s.end && *p == '/')
		p++;
	return p < s.end && *p == '>' && p > s.p + 1 ? (struct span){ s.p, p + 1 }
						     : span_of(s.p, 0);
}

static bool is_custom(struct span name)
{
	if (span_len(name) < 3 || name.p[0] != 'F' || name.p[1] != '-')
		return false;
	for (const char *p = name.p + 2; p < name.end; p++)
		if (!isupper((unsigned char)*p) && !isdigit((unsigned char)*p) && *p != '_')
			return false;
	return true;
}

static int custom_tag(struct span name, bool closing, struct open_tags *open, struct buf *out)
{
	bool is_open = false;

	for (unsigned i = 0; i < open->n; i++)
		is_open |= span_eq(open->name[i], name);
	if (closing) {
		if (!is_open)
			return 0;
		buf_byte(out, ')');
		return 1;
	}
	if (open->n < OPEN_MAX && !is_open)
		open->name[open->n++] = name;
	buf_str(out, "(?P<");
	if (span_is(name, "F-ID"))
		buf_str(out, "fid");
	else if (span_is(name, "F-PORT"))
		buf_str(out, "fport");
	else
		for (const char *p = name.p + 2; p < name.end; p++)
			buf_byte(out, (char)tolower((unsigned char)*p));
	buf_byte(out, '>');
	return 1;
}

/* Returns 1 when the tag was replaced, 0 when it stands for itself. */
static int one_tag(struct span tag, struct open_tags *open, struct buf *out)
{
	struct span name = { tag.p + 1, tag.end - 1 };
	bool closing = *name.p == '/';

	for (size_t i = 0; i < NELEM(tags); i++)
		if (span_is(name, tags[i].tag)) {
			buf_str(out, tags[i].text);
			return 1;
		}
	if (span_is(name, "SKIPLINES")) {
		buf_fmt(out, "\\n(?P<skiplines%u>(?:(?:.*\\n)*?))", open->skips++);
		return 1;
	}
	name.p += closing;
	return is_custom(name) ? custom_tag(name, closing, open, out) : 0;
}

static int no_control(struct span in, struct err *e)
{
	for (const char *p = in.p; p < in.end; p++)
		if ((unsigned char)*p < ' ' && *p != '\t')
			return err_set(e, -EINVAL, "a control byte in the expression");
	return 0;
}

static int replace_tags(struct span in, struct buf *out, struct err *e)
{
	struct open_tags open = { .n = 0 };
	int printable = no_control(in, e);

	if (printable < 0)
		return printable;
	while (!span_empty(in)) {
		struct span tag = *in.p == '<' ? tag_at(in) : span_of(in.p, 0);
		int r = span_empty(tag) ? 0 : one_tag(tag, &open, out);

		if (r == 0)
			buf_byte(out, *in.p++);
		else
			in.p = tag.end;
	}
	return 0;
}

/* --- Python to PCRE2 --- */

/* Escapes that mean the same in both. A letter that is not here is an error in Python. */
#define SAME_ESCAPES "abBdDfnrsStwWxA0123456789"

static int refuse(struct err *e, const char *what, struct span at)
{
	return err_set(e, -ENOTSUP, "%s: %.*s", what, (int)MIN_OF(span_len(at), (size_t)24), at.p);
}

static int escape(struct span *in, bool in_class, struct buf *out, struct err *e)
{
	char c;

	if (span_len(*in) < 2)
		return err_set(e, -EINVAL, "a backslash at the end");
	c = in->p[1];
	if (c == 'Z' && !in_class) {
		buf_str(out, "\\z");
	} else if (c == 'v') { /* a class of its own in PCRE2 */
		buf_str(out, "\\x0b");
	} else if (c == 'x' && (span_len(*in) < 4 || !isxdigit((unsigned char)in->p[2]) ||
				   !isxdigit((unsigned char)in->p[3]))) {
		return refuse(e, "\\x wants two hexadecimal digits", *in);
	} else if (isalnum((unsigned char)c) && !strchr(SAME_ESCAPES, c)) {
		return refuse(
		    e, "an escape that Python does not know, or that cannot be carried over", *in);
	} else {
		buf_byte(out, '\\');
		buf_byte(out, c);
	}
	in->p += 2;
	return 0;
}

static int class_text(struct span *in, struct buf *out, struct err *e)
{
	struct span whole = *in;
	int r = 0;

	buf_byte(out, *in->p++);
	if (!span_empty(*in) && *in->p == '^')
		buf_byte(out, *in->p++);
	if (!span_empty(*in) && *in->p == ']')
		buf_str(out, "\\]"), in->p++;
	while (r == 0 && !span_empty(*in) && *in->p != ']') {
		if (*in->p == '\\') {
			r = escape(in, true, out, e);
			continue;
		}
		if (*in->p == '[') /* PCRE2 would look for [:alpha:] */
			buf_byte(out, '\\');
		buf_byte(out, *in->p++);
	}
	if (r == 0 && span_empty(*in))
		return refuse(e, "a [ without its ]", whole);
	if (r == 0)
		buf_byte(out, *in->p++);
	return r;
}

/* What may follow "(?" in Python and means the same in PCRE2. */
static bool known_group(struct span s)
{
	static const char *const heads[] = { ":", "=", "!", "<=", "<!", "P<", "P=", "(", "#", ">" };

	for (size_t i = 0; i < NELEM(heads); i++)
		if (span_starts(s, heads[i]))
			return true;
	return false;
}

/* (?imsx), (?imsx-ims:, and Python's (?u) and (?a), which are nothing here: bytes are ASCII's */
static int flags(struct span *in, struct buf *out, struct err *e)
{
	struct span whole = *in;
	const char *p = in->p + 2;

	buf_str(out, "(?");
	while (p < in->end && (strchr("imsxua-", *p) && *p != '\0')) {
		if (*p != 'u' && *p != 'a')
			buf_byte(out, *p);
		p++;
	}
	if (p == in->end || (*p != ')' && *p != ':') || p == in->p + 2)
		return refuse(
		    e, "a group that Python does not know, or that cannot be carried over", whole);
	buf_byte(out, *p);
	in->p = p + 1;
	return 0;
}

static int group(struct span *in, struct buf *out, struct err *e)
{
	if (span_starts(*in, "(*"))
		return refuse(e, "nothing to repeat", *in);
	if (!span_starts(*in, "(?")) {
		buf_byte(out, *in->p++);
		return 0;
	}
	if (!known_group((struct span){ in->p + 2, in->end }))
		return flags(in, out, e);
	/* The head only: what is inside is read on as usual. Names and comments hold no escapes. */
	buf_str(out, "(?");
	in->p += 2;
	if (span_starts(*in, "#"))
		while (!span_empty(*in) && *in->p != ')')
			buf_byte(out, *in->p++);
	else if (span_starts(*in, "P<") || span_starts(*in, "P="))
		while (!span_empty(*in) && *in->p != '>' && *in->p != ')')
			buf_byte(out, *in->p++);
	else if (span_starts(*in, "("))
		while (!span_empty(*in) && *in->p != ')')
			buf_byte(out, *in->p++);
	else
		buf_byte(out, *in->p++);
	return 0;
}

static int translate(struct span in, struct buf *out, struct err *e)
{
	int r = 0;

	while (r == 0 && !span_empty(in)) {
		switch (*in.p) {
		case '\\':
			r = escape(&in, false, out, e);
			break;
		case '[':
			r = class_text(&in, out, e);
			break;
		case '(':
			r = group(&in, out, e);
			break;
		case '{': /* {,3} is {0,3} in Python and three letters in PCRE2 */
			buf_byte(out, *in.p++);
			if (span_len(in) > 1 && in.p[0] == ',' && isdigit((unsigned char)in.p[1]))
				buf_byte(out, '0');
			break;
		default:
			buf_byte(out, *in.p++);
		}
	}
	return r;
}

/* fail2ban reads "((?i)…" as "(?i:…": the flag's reach is the same, the group does not capture. */
static void local_flags(struct span in, struct buf *out)
{
	while (!span_empty(in)) {
		struct span t = in;
		bool escaped = *in.p == '\\' && span_len(in) > 1;
		const char *p;

		if (escaped || *in.p != '(') {
			buf_byte(out, *in.p++);
			if (escaped)
				buf_byte(out, *in.p++);
			continue;
		}
		t.p++;
		if (span_starts(t, "?:"))
			t.p += 2;
		p = t.p + 2;
		while (span_starts(t, "(?") && p < t.end && islower((unsigned char)*p))
			p++;
		if (!span_starts(t, "(?") || p == t.p + 2 || p >= t.end || *p != ')') {
			buf_byte(out, *in.p++);
			continue;
		}
		buf_span(out, (struct span){ t.p, p });
		buf_byte(out, ':');
		in.p = p + 1;
	}
}

int pattern_translate(struct span python, struct buf *marked, struct err *e)
{
	struct buf tagged, flagged;
	int r;

	buf_init(&tagged, PATTERN_MAX);
	buf_init(&flagged, PATTERN_MAX);
	r = replace_tags(python, &tagged, e);
	if (r == 0) {
		local_flags(buf_text(&tagged), &flagged);
		r = translate(buf_text(&flagged), marked, e);
	}
	if (r == 0 && (!buf_ok(&tagged) || !buf_ok(&flagged) || !buf_ok(marked)))
		r = err_set(e, -EFBIG, "the expression grows over %u bytes", PATTERN_MAX);
	buf_done(&tagged);
	buf_done(&flagged);
	return r;
}

int pattern_syntax(struct span python, struct buf *out, struct err *e)
{
	int r = no_control(python, e);

	return r < 0 ? r : translate(python, out, e);
}

void pattern_expand(struct span marked, struct buf *out)
{
	for (const char *p = marked.p; p < marked.end; p++)
		if (*p == PATTERN_IP4)
			buf_str(out, RE_IP4);
		else if (*p == PATTERN_IP6)
			buf_str(out, RE_IP6);
		else
			buf_byte(out, *p);
}
