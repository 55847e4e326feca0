/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "intake/scan.h"

#include <errno.h>

#include "intake/stamp.h"
#include "util/num.h"

struct scan {
	struct filter *const *filters;
	unsigned n;
	struct scan_options o;
	struct stamp_reader stamp;
	struct scan_counts counts;
	scan_sink *sink;
	void *ctx;
	bool v4_special[256];		  /* a /8 with special space in it */
	char subject[INPUT_LINE_MAX + 2]; /* lines that had to be pieced together */
	char content[INPUT_LINE_MAX + 2];
	char line[INPUT_LINE_MAX + 2]; /* scan_line's, with its LF */
};

/* struct text - a line as the expressions see it */
struct text {
	struct span subject; /* without the date, with its LF */
	int64_t time_s;
	uint64_t number;
	bool dated, pri;
};

int scan_new(struct filter *const *filters, unsigned n, const struct scan_options *o,
    struct scan **ret, struct err *e)
{
	struct scan *s = calloc(1, sizeof(*s));

	if (!s)
		return err_set(e, -ENOMEM, "out of memory");
	s->filters = filters;
	s->n = n;
	s->o = *o;
	stamp_init(&s->stamp, o->clock);
	for (uint32_t i = 0; i < 256; i++)
		s->v4_special[i] = range_special(
		    (struct range){ addr_of_v4(i << 24), addr_of_v4(i << 24 | 0xffffff) });
	*ret = s;
	return 0;
}

struct scan *scan_free(struct scan *s)
{
	free(s);
	return NULL;
}

const struct scan_counts *scan_counts(const struct scan *s)
{
	return &s->counts;
}

/* --- a match becomes an event --- */

static bool is_special(const struct scan *s, struct addr a)
{
	if (addr_is_v4(a) && !s->v4_special[addr_v4(a) >> 24])
		return false;
	return addr_special(a) != NULL;
}

static bool match_addr(const struct regex_match *m, struct addr *ret)
{
	if (m->group[REGEX_IP4].p)
		return addr_parse(m->group[REGEX_IP4], ret) == 0;
	if (m->group[REGEX_IP6].p)
		return addr_parse(m->group[REGEX_IP6], ret) == 0;
	return false;
}

static void emit(struct scan *s, const struct filter *f, const struct text *t,
    const struct regex_match *m, struct span message)
{
	struct event ev = { .time_s = t->time_s,
		.category = f->category,
		.proof = f->proof,
		.count = 1,
		.service = span_str(f->service),
		.detail = span_trim(message) };
	struct addr a;

	s->counts.matched++;
	if (!match_addr(m, &a)) {
		s->counts.names++;
		return;
	}
	if (is_special(s, a)) {
		s->counts.special++;
		return;
	}
	if (own_has(s->o.own, a)) {
		s->counts.own++;
		return;
	}
	/* A number of times that is none, or absurd, is once. */
	if (m->group[REGEX_COUNT].p &&
	    (num_u32(m->group[REGEX_COUNT], 10000, &ev.count) < 0 || ev.count == 0))
		ev.count = 1;
	if (s->o.weak)
		ev.proof = PROOF_WEAK;
	ev.source = span_empty(s->o.source) ? span_str(f->name) : s->o.source;
	ev.subject = event_subject(a);
	s->counts.events++;
	s->sink(s->ctx, &ev, t->number);
}

/* --- a line through one filter --- */

/* The content with LF after it: in place where the line end follows, else copied. */
static struct span with_lf(struct scan *s, const struct text *t, struct span content)
{
	size_t n = span_len(content);

	if (content.end < t->subject.end && *content.end == '\n')
		return (struct span){ content.p, content.end + 1 };
	if (n > 0)
		memcpy(s->content, content.p, n);
	s->content[n] = '\n';
	return span_of(s->content, n + 1);
}

static bool is_ignored(const struct filter *f, struct span text)
{
	struct regex_match m;

	for (unsigned i = 0; i < f->n_ignore; i++)
		if (regex_exec(f->ignore[i], text, &m) != 0) /* past a limit: safer ignored */
			return true;
	return false;
}

/* Groups that the prefregex found hold where the failregex has none of its own. */
static void join_groups(struct regex_match *m, const struct regex_match *pre)
{
	if (m->group[REGEX_IP4].p || m->group[REGEX_IP6].p || m->group[REGEX_DNS].p)
		return;
	m->group[REGEX_IP4] = pre->group[REGEX_IP4];
	m->group[REGEX_IP6] = pre->group[REGEX_IP6];
	m->group[REGEX_DNS] = pre->group[REGEX_DNS];
}

/* Returns 0, or -E2BIG when the line is to be refused. */
static int try_filter(struct scan *s, const struct filter *f, const struct text *t)
{
	struct regex_match pre = { 0 }, m;
	struct span text = t->subject;

	if (f->date == FILTER_DATE_START && t->pri)
		return 0;
	if (f->prefix) {
		int r = regex_exec(f->prefix, t->subject, &pre);

		if (r <= 0)
			return r;
		if (pre.group[REGEX_CONTENT].p && !span_empty(pre.group[REGEX_CONTENT]))
			text = with_lf(s, t, pre.group[REGEX_CONTENT]);
	}
	for (unsigned i = 0; i < f->n_fail; i++) {
		int r = regex_exec(f->fail[i], text, &m);

		if (r < 0)
			return r;
		if (r == 0)
			continue;
		if (is_ignored(f, text)) {
			s->counts.ignored++;
		} else if ((m.group[REGEX_NOFAIL].p && !span_empty(m.group[REGEX_NOFAIL])) ||
			   (pre.group[REGEX_NOFAIL].p && !span_empty(pre.group[REGEX_NOFAIL]))) {
			s->counts.nofail++;
		} else {
			join_groups(&m, &pre);
			emit(s, f, t, &m, text);
		}
		return 0;
	}
	return 0;
}

/* --- lines --- */

/* [p, lf): lf is the line end, and readable. Returns false when the line was refused. */
static bool plain_line(struct scan *s, const char *p, const char *lf, uint64_t number)
{
	struct text t = { .number = number };
	struct stamp stamp;
	const char *end = lf;

	while (end > p && end[-1] == '\r')
		end--;
	if (!stamp_read(&s->stamp, (struct span){ p, end }, &stamp)) {
		s->counts.undated++;
		return true;
	}
	t.time_s = stamp.time_s;
	t.pri = stamp.pri;
	if (stamp.begin == 0 && end == lf) {
		t.subject = (struct span){ p + stamp.end, lf + 1 };
	} else {
		size_t tail = (size_t)(end - p) - stamp.end;

		memcpy(s->subject, p, stamp.begin);
		memcpy(s->subject + stamp.begin, p + stamp.end, tail);
		s->subject[stamp.begin + tail] = '\n';
		t.subject = span_of(s->subject, stamp.begin + tail + 1);
	}
	for (unsigned i = 0; i < s->n; i++)
		if (try_filter(s, s->filters[i], &t) < 0)
			return false;
	return true;
}

uint64_t scan_block(struct scan *s, const struct block *b, scan_sink *sink, void *ctx)
{
	const char *p = b->text.p, *end = b->text.end;
	bool nul;
	uint64_t n = 0;

	s->sink = sink;
	s->ctx = ctx;
	if (b->cut) {
		s->counts.lines++;
		s->counts.refused++;
		return 1;
	}
	nul = p < end && memchr(p, '\0', (size_t)(end - p));
	while (p < end) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));

		if (!lf) /* a block's lines all end with LF */
			break;
		if ((size_t)(lf - p) > INPUT_LINE_MAX ||
		    (nul && memchr(p, '\0', (size_t)(lf - p))) ||
		    !plain_line(s, p, lf, b->first_number + n))
			s->counts.refused++;
		n++;
		p = lf + 1;
	}
	s->counts.lines += n;
	return n;
}

void scan_line(struct scan *s, const struct line *line, scan_sink *sink, void *ctx)
{
	size_t n = span_len(line->text);

	s->sink = sink;
	s->ctx = ctx;
	s->counts.lines++;
	if (line->cut || n > INPUT_LINE_MAX || (n > 0 && memchr(line->text.p, '\0', n))) {
		s->counts.refused++;
		return;
	}
	if (n > 0)
		memcpy(s->line, line->text.p, n);
	s->line[n] = '\n';
	s->counts.refused += !plain_line(s, s->line, s->line + n, line->number);
}

int scan_input(struct scan *s, struct input *in, scan_sink *sink, void *ctx, struct err *e)
{
	struct block b;
	int r;

	while ((r = input_block(in, &b, e)) > 0)
		input_block_lines(in, scan_block(s, &b, sink, ctx));
	return r;
}
