/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "intake/list.h"

#include <errno.h>

#include "util/num.h"

#define LIST_NO_ADDRESS "no address, prefix or range"

static int refuse(const char **why, const char *text)
{
	*why = text;
	return -EINVAL;
}

static bool separator(char c)
{
	return c == ' ' || c == '\t' || c == ',';
}

/* Cut "…<separator>17" off the end; false when no number stands there. */
static bool take_count(struct span *s, uint32_t *count)
{
	const char *p = s->end;
	uint32_t n;

	while (p > s->p && p[-1] >= '0' && p[-1] <= '9')
		p--;
	if (p == s->end || p == s->p || !separator(p[-1]))
		return false;
	/* A count beyond what an event holds is the most that it holds. */
	if (num_u32((struct span){ p, s->end }, EVENT_COUNT_MAX, &n) < 0)
		n = EVENT_COUNT_MAX;
	while (p > s->p && separator(p[-1]))
		p--;
	s->end = p;
	*count = n;
	return true;
}

static int parse_range(struct span s, struct range *ret, const char **why)
{
	struct prefix p;
	int r;

	if (span_empty(s) || span_len(s) > RANGE_TEXT_MAX + 16)
		return refuse(why, LIST_NO_ADDRESS);
	if (memchr(s.p, '/', span_len(s))) {
		r = prefix_parse(s, true, &p);
		if (r == -EDOM)
			return refuse(why, "host bits are set behind the prefix");
		if (r < 0)
			return refuse(why, LIST_NO_ADDRESS);
		*ret = prefix_range(p);
		return 1;
	}
	r = range_parse(s, ret);
	if (r == -EDOM)
		return refuse(why, "the range runs backwards, or over two families");
	return r < 0 ? refuse(why, LIST_NO_ADDRESS) : 1;
}

static bool too_wide(struct range r)
{
	uint64_t units = range_units(r);

	if (addr_is_v4(r.first) && addr_is_v4(r.last))
		return units > UINT64_C(1) << (32 - LIST_V4_WIDEST);
	return units > UINT64_C(1) << (48 - LIST_V6_WIDEST);
}

int list_entry(struct span line, struct range *ret, uint32_t *count, const char **why)
{
	struct span s = line;
	struct range found;
	const char *special;
	uint32_t n = 1;
	int r;

	for (const char *p = s.p; p < s.end; p++)
		if (*p == '#' || *p == ';') {
			s.end = p;
			break;
		}
	s = span_trim(s);
	if (span_empty(s))
		return 0;
	if (span_len(line) > LIST_LINE_MAX)
		return refuse(why, "the line is too long");
	r = parse_range(s, &found, why);
	if (r < 0 && take_count(&s, &n))
		r = parse_range(s, &found, why);
	if (r < 0)
		return r;
	if (n == 0)
		return refuse(why, "counted zero times");
	if (too_wide(found))
		return refuse(why, "wider than an IPv4 /8 or an IPv6 /16");
	special = range_special(found);
	if (special)
		return refuse(why, "private or reserved space");
	*ret = found;
	*count = n;
	return 1;
}

/* What goes through one list_input. */
struct reading {
	const struct list_options *o;
	list_sink *sink;
	list_refusal *refusal;
	void *ctx;
	struct list_counts *counts;
	bool begun; /* past the names of columns */
};

/* One line in the list's form. Names of columns stand before all entries, and are nothing to be told of. */
static int form_entry(
    struct reading *rd, struct span line, struct range *ret, uint32_t *count, const char **why)
{
	const struct list_form *f = &rd->o->form;
	bool begun = rd->begun || f->layout == LIST_LINES || f->layout == LIST_JSON;
	char room[LIST_FORM_ROOM];
	struct span s;
	int r = list_form_entry(f, line, room, &s, why);

	if (r == 1)
		r = list_entry(s, ret, count, why);
	rd->begun = begun || r != 0;
	return r < 0 && !begun && strcmp(*why, LIST_NO_ADDRESS) == 0 ? 0 : r;
}

static void refused(const struct reading *rd, const struct line *l, const char *why)
{
	rd->counts->refused++;
	if (rd->refusal)
		rd->refusal(rd->ctx, l->number,
		    span_of(l->text.p, MIN_OF(span_len(l->text), (size_t)LIST_LINE_MAX)), why);
}

static void one_line(struct reading *rd, const struct line *l)
{
	struct event ev = { .time_s = rd->o->time_s,
		.category = rd->o->category,
		.proof = rd->o->proof,
		.source = rd->o->source };
	const char *why = NULL;
	struct prefix p;
	struct range r;
	bool more = true;
	int got;

	if (l->cut) {
		refused(rd, l, "the line is too long");
		return;
	}
	got = form_entry(rd, l->text, &r, &ev.count, &why);
	if (got == 0)
		return;
	if (got > 0 && rd->o->own && addrset_overlaps(rd->o->own, r)) {
		got = -EINVAL;
		why = "own networks";
	}
	if (got < 0) {
		refused(rd, l, why);
		return;
	}
	rd->counts->entries++;
	while (more) {
		more = range_take_prefix(&r, &p);
		/* An IPv6 host is its /64, and so is what is smaller. */
		ev.subject = !prefix_is_v4(p) && p.len > 64 ? event_subject(p.addr) : p;
		rd->counts->events++;
		rd->sink(rd->ctx, &ev, l->number);
	}
}

int list_input(struct input *in, const struct list_options *o, list_sink *sink,
    list_refusal *refusal, void *ctx, struct list_counts *counts, struct err *e)
{
	struct reading rd = { o, sink, refusal, ctx, counts, false };
	struct line l;
	int r;

	while ((r = input_line(in, &l, e)) > 0) {
		counts->lines++;
		one_line(&rd, &l);
	}
	return r;
}
