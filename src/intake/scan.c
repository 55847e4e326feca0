/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "intake/scan.h"

#include <errno.h>

#include "intake/join.h"
#include "intake/sieve.h"
#include "intake/window.h"
#include "util/num.h"

/* A line, its LF, and what the expressions may read behind it. */
#define LINE_ROOM (INPUT_LINE_MAX + 2 + REGEX_SLACK)

/* struct names - of the events of one filter */
struct names {
	struct span source, service;
};

/* struct memory - of what the lines before say, for filters that ask for it */
struct memory {
	int64_t time_s;	       /* FILTER_DATE_OWN: of the last line that had a date, 0: none yet */
	struct join *join;     /* <F-MLFID>; or NULL */
	struct window *window; /* maxlines; or NULL */
};

struct scan {
	/* Those of a single line, those of several lines, those whose date stands in brackets, and those of either
	 * sort with dates of their own. */
	struct filter *filters[FILTERS_MAX];
	unsigned n_single, n_common, n_brackets, n;
	struct scan_options o;
	struct stamp_reader stamp;
	struct heads *heads; /* of the first n_single filters */
	struct sieve sieve;
	struct dates *dates; /* what the stamp reader does not know; or NULL: nobody asks */
	struct scan_counts counts;
	uint64_t first_refused; /* since scan_first_refused, 0: none */
	const char *why_refused;
	const char *why; /* the line at hand is to be refused; NULL: a limit was reached */
	int64_t now_s;	 /* when the block at hand came */
	bool time_apart; /* scan_time */
	bool weak;	 /* scan_weak */
	int64_t time_s;	 /* of the line at hand, as what follows; 0 before the first date */
	uint64_t number;
	const struct regex_match *pre; /* what the prefregex found */
	struct regex_match pre_room, match;
	struct span
	    whole; /* the line, where an ignoreregex may ask for more than the prefregex leaves */
	struct event event;
	struct names names[FILTERS_MAX];
	struct memory memory[FILTERS_MAX];
	scan_sink *sink;
	void *ctx;
	struct ends ends;	 /* of the piece at hand */
	bool v4_special[256];	 /* a /8 with special space in it */
	char subject[LINE_ROOM]; /* lines that had to be pieced together */
	char content[LINE_ROOM];
	char line[LINE_ROOM]; /* scan_line's, with its LF */
};

/* Which of the four sorts of struct scan's filters it is. */
static unsigned sort_of(const struct filter *f)
{
	if (f->date == FILTER_DATE_OWN)
		return 3;
	if (f->date == FILTER_DATE_BRACKETS)
		return 2;
	return f->lines > 1;
}

static int add_filter(struct scan *s, struct filter *f, struct span source)
{
	struct memory *m = &s->memory[s->n];

	s->filters[s->n] = f;
	s->names[s->n++] =
	    (struct names){ span_empty(source) ? span_str(f->name) : source, span_str(f->service) };
	if (f->joins && !(m->join = join_new()))
		return -ENOMEM;
	if (f->lines > 1 && !(m->window = window_new(f->lines)))
		return -ENOMEM;
	s->n_single += sort_of(f) == 0;
	s->n_common += sort_of(f) <= 1;
	s->n_brackets += sort_of(f) <= 2;
	return 0;
}

static int add_filters(struct scan *s, struct filter *const *filters, unsigned n, struct err *e)
{
	for (unsigned sort = 0; sort < 4; sort++)
		for (unsigned i = 0; i < n; i++)
			if (sort_of(filters[i]) == sort &&
			    add_filter(s, filters[i], s->o.source) < 0)
				return err_set(e, -ENOMEM, "out of memory");
	s->heads = heads_new(s->filters, s->n_single);
	if (!s->heads)
		return err_set(e, -ENOMEM, "out of memory");
	return s->n_common > 0 ? dates_new(SPAN(""), &s->dates, e) : 0;
}

int scan_new(struct filter *const *filters, unsigned n, const struct scan_options *o,
    struct scan **ret, struct err *e)
{
	struct scan *s;

	if (n > FILTERS_MAX)
		return err_set(e, -E2BIG, "more than %u filters at once", FILTERS_MAX);
	s = calloc(1, sizeof(*s));
	if (!s)
		return err_set(e, -ENOMEM, "out of memory");
	s->o = *o;
	if (add_filters(s, filters, n, e) < 0) {
		(void)scan_free(s);
		return -ENOMEM;
	}
	stamp_init(&s->stamp, o->clock);
	s->sieve.heads = s->heads;
	s->sieve.stamp = &s->stamp;
	s->sieve.brackets = s->n_brackets > s->n_common;
	for (uint32_t i = 0; i < 256; i++)
		s->v4_special[i] = range_special(
		    (struct range){ addr_of_v4(i << 24), addr_of_v4(i << 24 | 0xffffff) });
	*ret = s;
	return 0;
}

struct scan *scan_free(struct scan *s)
{
	for (unsigned i = 0; s && i < s->n; i++) {
		(void)join_free(s->memory[i].join);
		(void)window_free(s->memory[i].window);
	}
	if (s) {
		(void)heads_free(s->heads);
		(void)dates_free(s->dates);
	}
	free(s);
	return NULL;
}

void scan_time(struct scan *s, int64_t time_s)
{
	stamp_init(&s->stamp, s->o.clock); /* what it remembers is no line's date any more */
	s->time_apart = true;
	s->time_s = time_s;
}

void scan_weak(struct scan *s, bool weak)
{
	s->weak = weak;
}

const struct scan_counts *scan_counts(const struct scan *s)
{
	static const struct scan_counts none;

	return s ? &s->counts : &none;
}

/* --- a match becomes an event --- */

static bool is_special(const struct scan *s, const struct who *w)
{
	if (w->bits < 128)
		return range_special(prefix_range(prefix_make(w->addr, w->bits))) != NULL;
	if (addr_is_v4(w->addr) && !s->v4_special[addr_v4(w->addr) >> 24])
		return false;
	return addr_special(w->addr) != NULL;
}

/* The counter of an outcome. */
static const struct {
	const char *name;
	size_t count; /* within struct scan_counts */
} outcomes[] = {
	[SCAN_EVENT] = { "event", offsetof(struct scan_counts, events) },
	[SCAN_IGNORED] = { "ignored", offsetof(struct scan_counts, ignored) },
	[SCAN_NOFAIL] = { "nofail", offsetof(struct scan_counts, nofail) },
	[SCAN_PENDING] = { "pending", offsetof(struct scan_counts, pending) },
	[SCAN_ID] = { "id", offsetof(struct scan_counts, ids) },
	[SCAN_NAME] = { "name", offsetof(struct scan_counts, names) },
	[SCAN_SPECIAL] = { "special", offsetof(struct scan_counts, special) },
	[SCAN_WIDE] = { "wide", offsetof(struct scan_counts, wide) },
	[SCAN_OWN] = { "own", offsetof(struct scan_counts, own) },
};
_Static_assert(NELEM(outcomes) == SCAN_OUTCOME_N, "outcomes out of step");

const char *scan_outcome_name(enum scan_outcome o)
{
	return outcomes[o].name;
}

/* Count a match, and tell of it. */
static void account(struct scan *s, unsigned i, enum scan_outcome o, struct span found)
{
	(*(uint64_t *)(void *)((char *)&s->counts + outcomes[o].count))++;
	if (UNLIKELY(s->o.matches != NULL))
		s->o.matches(s->o.matches_ctx,
		    &(struct scan_match){ s->filters[i], o, s->time_s, found, s->number });
}

static bool is_own(const struct scan *s, const struct who *w)
{
	if (!s->o.own)
		return false;
	return w->bits == 128
		   ? addrset_has(s->o.own, w->addr)
		   : addrset_overlaps(s->o.own, prefix_range(prefix_make(w->addr, w->bits)));
}

/* What a match is, before it is an event. */
static enum scan_outcome guard(const struct scan *s, const struct who *w)
{
	static const enum scan_outcome none[] = {
		[WHO_NOBODY] = SCAN_NAME,
		[WHO_ID] = SCAN_ID,
		[WHO_NAME] = SCAN_NAME,
		[WHO_BROKEN] = SCAN_NAME,
	};

	if (w->kind != WHO_ADDR)
		return none[w->kind];
	if (w->bits < (addr_is_v4(w->addr) ? 96 + SCAN_BITS_4 : SCAN_BITS_6))
		return SCAN_WIDE;
	if (is_special(s, w))
		return SCAN_SPECIAL;
	return is_own(s, w) ? SCAN_OWN : SCAN_EVENT;
}

static void emit(struct scan *s, unsigned i, const struct who *w, struct span message)
{
	const struct filter *f = s->filters[i];
	struct span count = s->match.group[REGEX_COUNT];
	struct event *ev = &s->event;
	enum scan_outcome o = guard(s, w);

	s->counts.matched++;
	account(s, i, o, w->text);
	if (o != SCAN_EVENT)
		return;
	ev->time_s = s->time_s;
	ev->subject = w->bits == 128 ? event_subject(w->addr) : prefix_make(w->addr, w->bits);
	ev->category = f->category;
	ev->proof = s->o.weak || s->weak ? PROOF_WEAK : f->proof;
	ev->count = 1;
	ev->source = s->names[i].source;
	ev->service = s->names[i].service;
	ev->detail = f->good ? span_str(good_name(f->good)) : span_trim(message);
	/* A number of times that is none, or absurd, is once. */
	if (count.p && (num_u32(count, 10000, &ev->count) < 0 || ev->count == 0))
		ev->count = 1;
	s->sink(s->ctx, ev, s->number);
}

/* --- a line through one filter ---
 * The subject is a line as the expressions see it: without the date, with its LF. Its two ends travel one by
 * one, in registers: a span is written to the stack in halves and read back whole, for which the processor
 * waits (5 ns a line). */

/* The content with LF after it, copied. */
static NOINLINE struct span with_lf(struct scan *s, struct span content)
{
	size_t n = span_len(content);

	if (n > 0)
		memcpy(s->content, content.p, n);
	s->content[n] = '\n';
	return span_of(s->content, n + 1);
}

static inline int exec(const struct scan *s, struct regex *re, struct span t, struct regex_match *m)
{
	return s->o.pcre2 ? regex_exec_pcre2(re, t, m) : regex_exec(re, t, m);
}

static bool ignores(const struct scan *s, const struct filter *f, struct span text)
{
	struct regex_match m;

	for (unsigned i = 0; i < f->n_ignore; i++)
		if (exec(s, f->ignore[i], text, &m) != 0) /* past a limit: safer ignored */
			return true;
	return false;
}

/* fail2ban looks at the whole line too, not only at what the prefregex leaves, where ignoreregexes are fewer than
 * failregexes by three. */
static bool is_ignored(const struct scan *s, const struct filter *f, struct span text)
{
	return ignores(s, f, text) || (f->prefix && f->lines == 1 && f->n_ignore + 2 < f->n_fail &&
					  ignores(s, f, s->whole));
}

static const struct regex_match no_groups; /* what a straight prefix finds, but for the content */

static bool took_part(struct span group)
{
	return group.p && !span_empty(group);
}

/* A rare group of the failregex that has matched, or else of the prefregex. */
static struct span rare_group(
    const struct scan *s, const struct filter *f, const struct regex *re, enum regex_group g)
{
	struct span own = regex_group(re, &s->match, g);

	return own.p ? own : regex_group(f->prefix, s->pre, g);
}

/* <F-ID>, which may say an address, when there is no other; <CIDR> behind an address. */
static void rare_who(
    const struct scan *s, const struct filter *f, const struct regex *re, struct who *w)
{
	struct span id = rare_group(s, f, re, REGEX_ID), bits = rare_group(s, f, re, REGEX_CIDR);
	uint32_t n, most;

	if (w->kind == WHO_NOBODY && id.p) {
		w->kind = addr_parse(id, &w->addr) == 0 ? WHO_ADDR : WHO_ID;
		w->text = id;
	}
	if (w->kind != WHO_ADDR || !bits.p)
		return;
	most = addr_is_v4(w->addr) ? 32 : 128;
	if (num_u32(bits, most, &n) < 0)
		w->kind = WHO_BROKEN; /* "/99" makes no network, and no host either */
	else
		w->bits = (uint8_t)(128 - most + n);
}

/* Whom the match is about. What the prefregex found holds where the failregex has no address of its own. */
static void find_who(
    const struct scan *s, const struct filter *f, const struct regex *re, struct who *ret)
{
	const struct regex_match *m = &s->match;

	if (f->prefix && !m->group[REGEX_IP4].p && !m->group[REGEX_IP6].p && !m->group[REGEX_DNS].p)
		m = s->pre;
	*ret = (struct who){ .kind = WHO_NAME, .bits = 128 };
	if (m->v4_known) {
		ret->text = m->group[REGEX_IP4];
		ret->addr = addr_of_v4(m->v4);
		ret->kind = WHO_ADDR;
	} else if (m->group[REGEX_IP4].p || m->group[REGEX_IP6].p) {
		ret->text = m->group[m->group[REGEX_IP4].p ? REGEX_IP4 : REGEX_IP6];
		ret->kind = addr_parse(ret->text, &ret->addr) == 0 ? WHO_ADDR : WHO_BROKEN;
	} else if (m->group[REGEX_DNS].p) {
		ret->text = m->group[REGEX_DNS];
	} else {
		ret->kind = WHO_NOBODY;
	}
	if (UNLIKELY(f->rare))
		rare_who(s, f, re, ret);
}

/* A line with an <F-MLFID>. Returns whether it is a failure of *who now. */
static NOINLINE bool is_failure(
    struct scan *s, unsigned i, const struct regex *re, struct span id, struct who *who)
{
	const struct filter *f = s->filters[i];
	struct join_line l = { .id = id,
		.user = rare_group(s, f, re, REGEX_USER),
		.who = *who,
		.time_s = s->time_s,
		.gained = took_part(rare_group(s, f, re, REGEX_MLFGAINED)),
		.forget = took_part(rare_group(s, f, re, REGEX_MLFFORGET)) };
	enum join_verdict v;

	l.nofail = l.gained || took_part(s->match.group[REGEX_NOFAIL]) ||
		   (f->prefix && took_part(s->pre->group[REGEX_NOFAIL]));
	v = join_add(s->memory[i].join, &l, who);
	if (v != JOIN_FAILURE)
		account(s, i, v == JOIN_NOFAIL ? SCAN_NOFAIL : SCAN_PENDING, who->text);
	return v == JOIN_FAILURE;
}

/* A failregex has matched. */
static void judge(struct scan *s, unsigned i, const struct regex *re, struct span text)
{
	const struct filter *f = s->filters[i];
	struct span id = { NULL, NULL };
	struct who who;

	find_who(s, f, re, &who);
	if (f->n_ignore > 0 && is_ignored(s, f, text)) {
		account(s, i, SCAN_IGNORED, who.text);
		return;
	}
	if (f->joins)
		id = rare_group(s, f, re, REGEX_MLFID);
	if (id.p) {
		if (!is_failure(s, i, re, id, &who))
			return;
	} else if (took_part(s->match.group[REGEX_NOFAIL]) ||
		   (f->prefix && took_part(s->pre->group[REGEX_NOFAIL]))) {
		account(s, i, SCAN_NOFAIL, who.text);
		return;
	}
	emit(s, i, &who, text);
}

/* Which of the first 64 failregexes can match what begins at p. The slack makes all of its bytes readable. */
static inline uint64_t candidates(const struct scan *s, const struct filter *f, const char *p)
{
	if (UNLIKELY(s->o.pcre2))
		return f->n_fail < 64 ? (UINT64_C(1) << f->n_fail) - 1 : UINT64_MAX;
	return filter_candidates(f, p);
}

/* The first of the failregexes that matches, of the first 64 only those in maybe. Returns false when the line is
 * to be refused. */
static NOINLINE bool find_failure(struct scan *s, unsigned i, struct span text, uint64_t maybe)
{
	const struct filter *f = s->filters[i];
	struct regex *re = NULL;
	int r = 0;

	for (; r == 0 && maybe; maybe &= maybe - 1)
		r = exec(s, re = f->fail[__builtin_ctzll(maybe)], text, &s->match);
	for (unsigned k = 64; r == 0 && k < f->n_fail; k++)
		r = exec(s, re = f->fail[k], text, &s->match);
	if (r > 0)
		judge(s, i, re, text);
	return r >= 0;
}

static int match_prefix(
    struct scan *s, const struct filter *f, const struct fast_from *from, struct span text)
{
	if (LIKELY(from->op != NULL)) {
		enum fast_result r = fast_exec_from(f->prefix->fast, from, text, &s->pre_room);

		return LIKELY(r != FAST_UNDECIDED)
			   ? (int)r
			   : regex_exec_pcre2(f->prefix, text, &s->pre_room);
	}
	return exec(s, f->prefix, text, &s->pre_room);
}

/* from: where the filter's prefix goes on, if that is known. inside: the date does not stand at the line's beginning. Returns
 * false when the line is to be refused. */
static bool try_filter(struct scan *s, unsigned i, const struct fast_from *from, const char *p,
    const char *end, bool inside)
{
	const struct filter *f = s->filters[i];
	uint64_t maybe;

	if (f->date == FILTER_DATE_START && inside)
		return true;
	s->pre = &s->pre_room;
	if (LIKELY(f->prefix != NULL)) {
		struct span content;
		int r = match_prefix(s, f, from, (struct span){ p, end });

		if (r <= 0)
			return r == 0;
		if (UNLIKELY(f->n_ignore > 0))
			s->whole = (struct span){ p, end };
		if (took_part(s->pre->group[REGEX_CONTENT])) {
			content = s->pre->group[REGEX_CONTENT];
			if (LIKELY(content.end < end && *content.end == '\n'))
				content.end++;
			else
				content = with_lf(s, content);
			p = content.p;
			end = content.end;
		}
	}
	maybe = candidates(s, f, p);
	if (maybe == 0)
		return true;
	return find_failure(s, i, (struct span){ p, end }, maybe);
}

/* --- several lines through one filter --- */

/* Returns false when the line is to be refused. */
static bool search_window(struct scan *s, unsigned i)
{
	const struct filter *f = s->filters[i];
	struct window *w = s->memory[i].window;
	struct span text = window_text(w);
	struct regex_extent at;
	int r = 0;

	if (f->prefix) {
		r = regex_exec_pcre2(f->prefix, text, &s->pre_room);
		if (r <= 0)
			return r == 0;
		s->pre = &s->pre_room;
		if (took_part(s->pre->group[REGEX_CONTENT]))
			text = with_lf(s, s->pre->group[REGEX_CONTENT]);
	}
	for (unsigned k = 0; r <= 0 && k < f->n_fail; k++) {
		r = regex_exec_pcre2(f->fail[k], text, &s->match);
		if (r < 0)
			return false;
		if (r == 0)
			continue;
		regex_extent(f->fail[k], text, &at);
		judge(s, i, f->fail[k], at.whole);
		if (text.p == s->content)
			window_clear(w);
		else
			window_take(w, &at);
	}
	return true;
}

static bool try_window(struct scan *s, unsigned i, struct span text)
{
	window_add(s->memory[i].window, text);
	return search_window(s, i);
}

static NOINLINE bool try_windows(struct scan *s, const char *p, const char *end, bool inside)
{
	bool good = true;

	for (unsigned i = s->n_single; i < s->n_common; i++)
		if (s->filters[i]->date != FILTER_DATE_START || !inside)
			good &= try_window(s, i, (struct span){ p, end });
	return good;
}

/* --- lines --- */

static bool try_filters(struct scan *s, const char *p, const char *end, bool inside)
{
	const struct head *head = s->o.pcre2 ? &s->heads->all : heads_find(s->heads, p, end);
	bool good = true;

	for (unsigned k = 0; k < head->n; k++)
		good &= try_filter(s, head->of[k].filter, &head->of[k].from, p, end, inside);
	if (UNLIKELY(s->n_common > s->n_single))
		good &= try_windows(s, p, end, inside);
	return good;
}

/* The line at hand without [begin, end), which is its date, and with LF, copied. */
static struct span without_date(struct scan *s, struct span line, size_t begin, size_t end)
{
	size_t tail = span_len(line) - end;

	if (begin > 0)
		memcpy(s->subject, line.p, begin);
	if (tail > 0)
		memcpy(s->subject + begin, line.p + end, tail);
	s->subject[begin + tail] = '\n';
	return span_of(s->subject, begin + tail + 1);
}

static struct span without_cr(const char *p, const char *lf)
{
	while (lf > p && lf[-1] == '\r')
		lf--;
	return (struct span){ p, lf };
}

/* A line without a date: it goes on with what the one before it began, unless its time is known anyway. */
static bool undated_line(struct scan *s, struct span line)
{
	struct span text = without_date(s, line, 0, 0);

	if (s->time_apart)
		return try_filters(s, text.p, text.end, false);
	s->counts.undated++;
	if (s->n_common == s->n_single || s->time_s == 0)
		return true;
	return try_windows(s, text.p, text.end, false);
}

#define BAD_DATE "the line's date is impossible, before 1990, or more than a day ahead"

/* Any of fail2ban's default dates. */
static enum dates_result common_date(struct scan *s, struct span line, struct stamp *ret)
{
	enum dates_result r;
	struct date d;

	if (stamp_read(&s->stamp, line, ret))
		return DATES_FOUND;
	r = dates_find(s->dates, s->now_s, line, &d);
	if (r == DATES_FOUND)
		*ret = (struct stamp){
			.time_s = d.time_s, .begin = d.begin, .end = d.end, .inside = !d.start
		};
	return r;
}

/* A line that is not simply a date of the last minute and its message. */
static NOINLINE bool odd_line(struct scan *s, const char *p, const char *lf)
{
	struct span line = without_cr(p, lf), text;
	struct stamp stamp;
	enum dates_result r = DATES_NONE;

	if (!s->time_apart)
		r = common_date(s, line, &stamp);
	if (r == DATES_NONE)
		return undated_line(s, line);
	if (r != DATES_FOUND) {
		s->why = r == DATES_BAD ? BAD_DATE : NULL;
		return false;
	}
	s->time_s = stamp.time_s;
	if (stamp.begin == 0 && line.end == lf)
		text = (struct span){ p + stamp.end, lf + 1 };
	else
		text = without_date(s, line, stamp.begin, stamp.end);
	return try_filters(s, text.p, text.end, stamp.inside);
}

/* [p, lf): lf is the line end, readable as REGEX_SLACK bytes behind it are. Returns false when the
 * line was refused. */
static bool common_line(struct scan *s, const char *p, const char *lf)
{
	int64_t time_s;

	if (UNLIKELY(lf - p < (ptrdiff_t)STAMP_AGAIN || lf[-1] == '\r' ||
		     !stamp_again(&s->stamp, p, &time_s)))
		return odd_line(s, p, lf);
	s->time_s = time_s;
	return try_filters(s, p + STAMP_BYTES, lf + 1, false);
}

/* A line through filter i, of which nothing is known. */
static bool try_whole(struct scan *s, unsigned i, struct span text)
{
	return try_filter(s, i, &(struct fast_from){ .op = NULL }, text.p, text.end, false);
}

/* A line through filter i, which has dates of its own. */
static enum dates_result own_line(struct scan *s, unsigned i, struct span line)
{
	const struct filter *f = s->filters[i];
	struct memory *m = &s->memory[i];
	struct date d = { .time_s = m->time_s };
	enum dates_result r = DATES_ABSENT;
	struct span text;

	if (s->time_apart)
		d.time_s = s->time_s;
	else
		r = dates_find(f->dates, s->now_s, line, &d);
	if (r == DATES_BAD)
		s->why = BAD_DATE;
	if (r == DATES_BAD || r == DATES_COSTLY || (r == DATES_NONE && (!m->window || !m->time_s)))
		return r;
	if (r == DATES_FOUND)
		m->time_s = d.time_s;
	s->time_s = d.time_s ? d.time_s : s->now_s;
	text = without_date(s, line, d.begin, d.end);
	if (!(m->window ? try_window(s, i, text) : try_whole(s, i, text)))
		return DATES_COSTLY;
	return r;
}

/* A line through those whose date stands in brackets: it is looked for once. */
static NOINLINE enum dates_result brackets_line(struct scan *s, struct span line)
{
	struct date d = { .time_s = s->time_s };
	enum dates_result r = DATES_ABSENT;
	bool good = true;
	struct span text;

	if (!s->time_apart)
		r = dates_find(s->filters[s->n_common]->dates, s->now_s, line, &d);
	if (r == DATES_BAD)
		s->why = BAD_DATE;
	if (r != DATES_FOUND && r != DATES_ABSENT)
		return r;
	s->time_s = d.time_s;
	text = without_date(s, line, d.begin, d.end);
	for (unsigned i = s->n_common; i < s->n_brackets; i++)
		good &= try_whole(s, i, text);
	return good ? r : DATES_COSTLY;
}

/* A line through the filters that have dates of their own, too. */
static NOINLINE bool own_lines(struct scan *s, const char *p, const char *lf)
{
	bool good = s->n_common == 0 || common_line(s, p, lf), dated = s->n_common > 0;
	struct span line = without_cr(p, lf);
	int64_t time_s = s->time_s; /* of the common dates, which this is not to change */

	for (unsigned i = s->n_common; i < s->n;) {
		bool brackets = i < s->n_brackets;
		enum dates_result r = DATES_NONE;

		if (!brackets)
			r = own_line(s, i, line);
		else if (s->time_apart || !sieve_lacks_brackets(line))
			r = brackets_line(s, line);
		i = brackets ? s->n_brackets : i + 1;
		s->time_s = time_s;
		dated |= r != DATES_NONE;
		good &= r != DATES_BAD && r != DATES_COSTLY;
	}
	s->counts.undated += !dated;
	return good;
}

static bool plain_line(struct scan *s, const char *p, const char *lf, uint64_t number)
{
	s->number = number;
	if (UNLIKELY(s->n > s->n_common))
		return own_lines(s, p, lf);
	return common_line(s, p, lf);
}

/* A line behind which nothing may be read. */
static NOINLINE bool copied_line(struct scan *s, struct span text, uint64_t number)
{
	size_t n = span_len(text);

	if (n > 0)
		memcpy(s->line, text.p, n);
	s->line[n] = '\n';
	return plain_line(s, s->line, s->line + n, number);
}

static void refuse(struct scan *s, uint64_t number, const char *why)
{
	s->counts.refused++;
	if (s->first_refused == 0) {
		s->first_refused = number;
		s->why_refused = why;
	}
}

uint64_t scan_first_refused(struct scan *s, const char **why)
{
	uint64_t number = s->first_refused;

	*why = s->why_refused;
	s->first_refused = 0;
	return number;
}

#define TOO_LONG   "the line is too long"
#define HAS_NUL	   "the line has NUL bytes"
#define TOO_COSTLY "the line is too costly to match"

static void refuse_judged(struct scan *s, uint64_t number)
{
	refuse(s, number, s->why ? s->why : TOO_COSTLY);
	s->why = NULL;
}

/* The line [p, lf) of a block that ends at end; nul: a NUL byte may be in it. */
static void block_line(
    struct scan *s, const char *p, const char *lf, const char *end, bool nul, uint64_t number)
{
	bool good = true;

	if (UNLIKELY((size_t)(lf - p) > INPUT_LINE_MAX))
		refuse(s, number, TOO_LONG);
	else if (UNLIKELY(nul && memchr(p, '\0', (size_t)(lf - p))))
		refuse(s, number, HAS_NUL);
	else if (LIKELY((size_t)(end - lf) > REGEX_SLACK))
		good = plain_line(s, p, lf, number);
	else
		good = copied_line(s, (struct span){ p, lf }, number);
	if (UNLIKELY(!good))
		refuse_judged(s, number);
}

/* Lines of a block: the first begins at p, the others each behind the one before; they end where s->ends says,
 * counted from piece. end: of the block. nul: a NUL byte may be in them. Returns where the next line begins. */
static const char *piece_lines(
    struct scan *s, const char *p, const char *piece, const char *end, bool nul, uint64_t number)
{
	for (uint32_t i = 0; i < s->ends.n; i++, number++) {
		const char *lf = piece + s->ends.at[i];

		block_line(s, p, lf, end, nul, number);
		p = lf + 1;
	}
	return p;
}

/* What the sieve left of a line, through the filter that it was left for. lf: its line end. */
static bool sifted_line(struct scan *s, const struct sifted *line, const char *lf)
{
	const struct filter *f = s->filters[line->filter];

	s->time_s = line->time_s;
	if (!line->content)
		return try_filter(s, line->filter, &line->from, line->text, lf + 1, false);
	s->pre = &no_groups;
	if (UNLIKELY(f->n_ignore > 0))
		s->whole = (struct span){ line->text, lf + 1 };
	return find_failure(s, line->filter, (struct span){ line->content, lf + 1 }, line->maybe);
}

/* As piece_lines, of a piece without NUL bytes, where no line depends on the one before. */
static const char *sieved_lines(
    struct scan *s, const char *p, const char *piece, const char *end, uint64_t number)
{
	const struct sieve *sv = &s->sieve;
	uint64_t bad = UINT64_MAX; /* the last line that was refused */

	for (uint32_t i = 0; i < s->ends.n;) {
		i = sieve_lines(&s->sieve, &p, piece, end, &s->ends, i);
		for (uint32_t k = 0; k < sv->n; k++) {
			const struct sifted *line = &sv->v[k];
			const char *lf = piece + s->ends.at[line->end];

			s->number = number + line->end;
			if (UNLIKELY(line->filter == SIEVE_ALL)) {
				block_line(s, line->text, lf, end, false, s->number);
			} else if (UNLIKELY(!sifted_line(s, line, lf)) && bad != line->end) {
				bad = line->end;
				refuse_judged(s, s->number);
			}
		}
	}
	return p;
}

/* Is each line for itself, and its date of the common ones? */
static bool can_sieve(const struct scan *s)
{
	return s->n_single > 0 && s->n_single == s->n_common && s->n_brackets == s->n &&
	       !s->time_apart && !s->o.pcre2;
}

uint64_t scan_block(struct scan *s, const struct block *b, scan_sink *sink, void *ctx)
{
	const char *p = b->text.p, *end = b->text.end;
	bool nul = false;
	uint64_t n = 0;

	s->sink = sink;
	s->ctx = ctx;
	s->now_s = clock_now_s(s->o.clock);
	if (b->cut) {
		s->counts.lines++;
		refuse(s, b->first_number, TOO_LONG);
		return 1;
	}
	for (const char *piece = p; piece < end;) {
		size_t len = MIN_OF((size_t)(end - piece), (size_t)ENDS_PIECE);

		ends_find(piece, len, &s->ends);
		nul |= s->ends.nul; /* also for a line that goes on in the next piece */
		p = nul || !can_sieve(s) ? piece_lines(s, p, piece, end, nul, b->first_number + n)
					 : sieved_lines(s, p, piece, end, b->first_number + n);
		n += s->ends.n;
		piece += len;
	}
	s->counts.lines += n;
	return n;
}

void scan_line(struct scan *s, const struct line *line, scan_sink *sink, void *ctx)
{
	size_t n = span_len(line->text);

	s->sink = sink;
	s->ctx = ctx;
	s->now_s = clock_now_s(s->o.clock);
	s->counts.lines++;
	if (line->cut || n > INPUT_LINE_MAX)
		refuse(s, line->number, TOO_LONG);
	else if (n > 0 && memchr(line->text.p, '\0', n))
		refuse(s, line->number, HAS_NUL);
	else if (!copied_line(s, line->text, line->number))
		refuse_judged(s, line->number);
}

int scan_input(struct scan *s, struct input *in, scan_sink *sink, void *ctx, struct err *e)
{
	struct block b;
	int r;

	while ((r = input_block(in, &b, e)) > 0)
		input_block_lines(in, scan_block(s, &b, sink, ctx));
	return r;
}
