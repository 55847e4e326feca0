/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "holders/diff.h"

#include <errno.h>

#include "holders/registry_check.h"
#include "util/clock.h"

/* struct side - one of the two files, at the records [at, end) of one range */
struct side {
	const struct registry *r;
	uint32_t at, end;
	const uint32_t *row; /* of the counts, by label */
};

struct walk {
	struct side was, is;
	struct diff *to;
	bool count; /* the first walk counts, the second one tells */
	diff_fn *fn;
	void *ctx;
};

/* --- voices --------------------------------------------------------------------------------------- */

static struct span source_of(const struct registry *r, uint32_t i)
{
	return text_of(r, r->label[r->net_told[i].source]);
}

bool diff_object(const struct registry *r, uint32_t network)
{
	return r->net_told[network].handle.len > 0 || r->net_told[network].name.len > 0;
}

static bool voice_eq(const struct registry *a, uint32_t i, const struct registry *b, uint32_t k)
{
	return diff_object(a, i) == diff_object(b, k) &&
	       span_eq(source_of(a, i), source_of(b, k)) &&
	       span_eq(text_of(a, a->net_told[i].handle), text_of(b, b->net_told[k].handle));
}

/* The one among the records [from, to) of b; NONE when none or several speak with that voice. */
static uint32_t partner(const struct registry *a, uint32_t i, const struct registry *b,
    uint32_t from, uint32_t to, bool *several)
{
	uint32_t found = REGISTRY_NONE;

	*several = false;
	for (uint32_t k = from; k < to; k++) {
		if (!voice_eq(a, i, b, k))
			continue;
		*several = found != REGISTRY_NONE;
		found = k;
	}
	return *several ? REGISTRY_NONE : found;
}

static bool range_eq(struct range a, struct range b)
{
	return addr_eq(a.first, b.first) && addr_eq(a.last, b.last);
}

uint32_t diff_same_voice(const struct registry *r, uint32_t network, const struct registry *other)
{
	struct range range = registry_net_range(r, network);
	uint32_t at = registry_network(other, range.first), end;
	bool several;

	while (at != REGISTRY_NONE && !range_eq(registry_net_range(other, at), range))
		at = other->network[at].parent;
	if (at == REGISTRY_NONE)
		return REGISTRY_NONE;
	for (end = at + 1; registry_network_same(other, end - 1) != REGISTRY_NONE;)
		end++;
	return partner(r, network, other, at, end, &several);
}

/* --- holders, and the rest of a record ------------------------------------------------------------ */

static bool has_holder(const struct registry *r, uint32_t i)
{
	return r->network[i].holder != REGISTRY_NONE;
}

bool diff_same_holder(
    const struct registry *a, uint32_t network_a, const struct registry *b, uint32_t network_b)
{
	const struct reg_holder *x, *y;

	if (!has_holder(a, network_a) || !has_holder(b, network_b))
		return false;
	x = &a->holder[a->network[network_a].holder];
	y = &b->holder[b->network[network_b].holder];
	return span_eq(text_of(a, x->handle), text_of(b, y->handle)) &&
	       span_eq(text_of(a, a->label[x->source]), text_of(b, b->label[y->source]));
}

static struct span mail_of(const struct registry *r, uint32_t i)
{
	uint32_t c = r->network[i].abuse;

	return c == REGISTRY_NONE ? SPAN("") : text_of(r, r->contact[c].mail);
}

static struct span status_of(const struct registry *r, uint32_t i)
{
	return text_of(r, r->label[r->net_told[i].status]);
}

/* --- split and joined ----------------------------------------------------------------------------- */

static bool within(struct range inner, struct range outer)
{
	return range_has(outer, inner.first) && range_has(outer, inner.last);
}

/* Of the records of one range, from this one on, the only one of a source and kind; NONE where there is none, or several. */
static uint32_t only_of(
    const struct registry *r, uint32_t at, const struct registry *like, uint32_t i)
{
	uint32_t found = REGISTRY_NONE;

	for (; at != REGISTRY_NONE; at = registry_network_same(r, at)) {
		if (diff_object(r, at) != diff_object(like, i) ||
		    !span_eq(source_of(r, at), source_of(like, i)))
			continue;
		if (found != REGISTRY_NONE)
			return REGISTRY_NONE;
		found = at;
	}
	return found;
}

/* The narrowest record around the range of another one, of its source and kind. wider: than that range; or NONE */
static uint32_t around(
    const struct registry *r, const struct registry *like, uint32_t i, bool wider)
{
	struct range range = registry_net_range(like, i);
	uint32_t at = registry_network(r, range.first), found = REGISTRY_NONE;

	for (; at != REGISTRY_NONE && found == REGISTRY_NONE; at = r->network[at].parent) {
		struct range of = registry_net_range(r, at);

		if (within(range, of) && !(wider && range_eq(of, range)))
			found = only_of(r, at, like, i);
	}
	return found;
}

uint32_t diff_part_of(const struct registry *r, uint32_t network, const struct registry *other)
{
	uint32_t whole = around(other, r, network, false), same, outer;
	struct range range;

	if (whole == REGISTRY_NONE)
		return REGISTRY_NONE;
	range = registry_net_range(other, whole);
	if (range_eq(range, registry_net_range(r, network)))
		return REGISTRY_NONE;
	same = around(r, other, whole, false);
	if (same != REGISTRY_NONE && range_eq(registry_net_range(r, same), range))
		return REGISTRY_NONE; /* the whole stands in both */
	outer = around(r, r, network, true);
	if (outer != REGISTRY_NONE && within(registry_net_range(r, outer), range))
		return REGISTRY_NONE; /* a part of a part */
	return whole;
}

/* --- the walk ------------------------------------------------------------------------------------- */

static struct diff_source *counts_of(const struct walk *w, const struct side *s, uint32_t i)
{
	return &w->to->source[s->row[s->r->net_told[i].source]];
}

static int tell_of(
    struct walk *w, enum diff_kind kind, struct range range, uint32_t was, uint32_t is)
{
	struct diff_source *to =
	    is == REGISTRY_NONE ? counts_of(w, &w->was, was) : counts_of(w, &w->is, is);
	struct diff_change c = { kind, range, was, is };

	if (w->count) {
		to->n[kind]++;
		return 0;
	}
	if (kind == DIFF_TRANSFER && to->anew)
		c.kind = DIFF_HOLDER;
	return w->fn(w->ctx, &c);
}

static int tell(struct walk *w, enum diff_kind kind, uint32_t was, uint32_t is)
{
	struct range range = is == REGISTRY_NONE ? registry_net_range(w->was.r, was)
						 : registry_net_range(w->is.r, is);

	return tell_of(w, kind, range, was, is);
}

/* A record without a partner. of: what it is a part of on the other side, or NONE */
static int single(struct walk *w, bool old, uint32_t i, uint32_t of)
{
	uint32_t was = old ? i : of, is = old ? of : i;

	if (of != REGISTRY_NONE && has_holder(w->was.r, was) && has_holder(w->is.r, is)) {
		if (w->count)
			counts_of(w, &w->is, is)->both++;
		if (!diff_same_holder(w->was.r, was, w->is.r, is))
			return tell_of(w, DIFF_TRANSFER,
			    registry_net_range(old ? w->was.r : w->is.r, i), was, is);
	}
	return old ? tell(w, DIFF_VANISHED, i, REGISTRY_NONE)
		   : tell(w, DIFF_APPEARED, REGISTRY_NONE, i);
}

/* A pair of one voice: what of it is told otherwise. */
static int pair(struct walk *w, uint32_t was, uint32_t is)
{
	const struct registry *a = w->was.r, *b = w->is.r;
	bool held = has_holder(a, was), holds = has_holder(b, is);
	const struct {
		enum diff_kind kind;
		bool differs;
	} what[] = {
		{ DIFF_TRANSFER, held && holds && !diff_same_holder(a, was, b, is) },
		{ DIFF_HOLDER, held != holds },
		{ DIFF_COUNTRY, a->network[was].country != b->network[is].country },
		{ DIFF_ABUSE, !span_eq(mail_of(a, was), mail_of(b, is)) },
		{ DIFF_STATUS, !span_eq(status_of(a, was), status_of(b, is)) },
	};
	int r = 0;

	if (w->count)
		counts_of(w, &w->is, is)->both += held && holds;
	for (size_t i = 0; i < NELEM(what) && r == 0; i++)
		if (what[i].differs)
			r = tell(w, what[i].kind, was, is);
	return r;
}

/* Records of one range; either side may have none. Several of one voice cannot be told apart: they are
 * the same, whatever they say. */
static int group(struct walk *w, uint32_t was_end, uint32_t is_end)
{
	const struct side *a = &w->was, *b = &w->is;
	bool several;
	int r = 0;

	for (uint32_t k = b->at; k < is_end && r == 0; k++) {
		uint32_t at = partner(b->r, k, a->r, a->at, was_end, &several), back = k;

		if (at != REGISTRY_NONE)
			back = partner(a->r, at, b->r, b->at, is_end, &several);
		if (w->count)
			counts_of(w, b, k)->is++;
		if (several)
			continue;
		r = at == REGISTRY_NONE ? single(w, false, k, diff_part_of(b->r, k, a->r))
					: pair(w, at, back);
	}
	for (uint32_t i = a->at; i < was_end && r == 0; i++) {
		if (w->count)
			counts_of(w, a, i)->was++;
		if (partner(a->r, i, b->r, b->at, is_end, &several) == REGISTRY_NONE && !several)
			r = single(w, true, i, diff_part_of(a->r, i, b->r));
	}
	return r;
}

/* As networks are in order: IPv4 first, by address, the wider one first. */
static int place_cmp(struct range a, struct range b)
{
	int c = addr_is_v4(b.first) - addr_is_v4(a.first);

	if (c == 0)
		c = addr_cmp(a.first, b.first);
	return c ? c : addr_cmp(b.last, a.last);
}

static void next_group(struct side *s)
{
	s->at = s->end;
	if (s->end < s->r->n_network)
		s->end++;
	while (s->end < s->r->n_network && registry_net_same(s->r, s->at, s->end))
		s->end++;
}

static int networks(struct walk *w)
{
	struct side *a = &w->was, *b = &w->is;
	int r = 0;

	a->end = b->end = 0;
	next_group(a);
	next_group(b);
	while (r == 0 && (a->at < a->end || b->at < b->end)) {
		int c = a->at == a->end	  ? 1
			: b->at == b->end ? -1
					  : place_cmp(registry_net_range(a->r, a->at),
						registry_net_range(b->r, b->at));

		r = group(w, c <= 0 ? a->end : a->at, c >= 0 ? b->end : b->at);
		if (c <= 0)
			next_group(a);
		if (c >= 0)
			next_group(b);
	}
	return r;
}

/* --- origins -------------------------------------------------------------------------------------- */

static int origin(struct walk *w, uint32_t was, uint32_t is, struct range both)
{
	struct diff_change c = { DIFF_ORIGIN, both, was, is };

	if (!w->count)
		return w->fn(w->ctx, &c);
	w->to->origins++;
	*(addr_is_v4(both.first) ? &w->to->v4_addresses : &w->to->v6_blocks) += range_units(both);
	return 0;
}

static int origins(struct walk *w)
{
	const struct registry *a = w->was.r, *b = w->is.r;
	uint32_t i = 0, k = 0;
	int r = 0;

	while (r == 0 && i < registry_n_prefix(a) && k < registry_n_prefix(b)) {
		struct registry_prefix x = registry_prefix_at(a, i), y = registry_prefix_at(b, k);
		struct range both = x.range;
		int family = addr_is_v4(y.range.first) - addr_is_v4(x.range.first);
		int ends = family ? family : addr_cmp(x.range.last, y.range.last);

		if (addr_cmp(both.first, y.range.first) < 0)
			both.first = y.range.first;
		if (addr_cmp(both.last, y.range.last) > 0)
			both.last = y.range.last;
		if (family == 0 && addr_cmp(both.first, both.last) <= 0 &&
		    registry_asn(a, x.as) != registry_asn(b, y.as))
			r = origin(w, i, k, both);
		i += ends <= 0;
		k += ends >= 0;
	}
	return r;
}

/* --- counts --------------------------------------------------------------------------------------- */

/* The old file's labels have the first rows, what only the new one has the rest. */
static void rows_of(
    const struct registry *was, const struct registry *is, uint32_t *row, struct diff *d)
{
	for (uint32_t i = 0; i < was->n_label; i++) {
		row[i] = i;
		d->source[i].name = text_of(was, was->label[i]);
	}
	for (uint32_t i = 0; i < is->n_label; i++) {
		struct span name = text_of(is, is->label[i]);
		uint32_t at = 0;

		while (at < was->n_label && !span_eq(d->source[at].name, name))
			at++;
		row[was->n_label + i] = at < was->n_label ? at : was->n_label + i;
		d->source[row[was->n_label + i]].name = name;
	}
}

static void judge_anew(struct diff *d)
{
	for (uint32_t i = 0; i < d->n_source; i++) {
		struct diff_source *s = &d->source[i];

		if (s->both < DIFF_ANEW_MIN || s->n[DIFF_TRANSFER] <= s->both / 10)
			continue;
		s->anew = true;
		s->n[DIFF_HOLDER] += s->n[DIFF_TRANSFER];
		s->n[DIFF_TRANSFER] = 0;
	}
}

/* Labels are states of networks, too: those go. */
static void only_sources(struct diff *d)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < d->n_source; i++)
		if (d->source[i].was || d->source[i].is)
			d->source[n++] = d->source[i];
	d->n_source = n;
}

int diff_registries(
    const struct registry *was, const struct registry *is, diff_fn *fn, void *ctx, struct diff *ret)
{
	struct walk w = { .was = { .r = was }, .is = { .r = is }, .to = ret, .count = true };
	size_t labels = (size_t)was->n_label + is->n_label;
	uint32_t *row = calloc(labels + 1, sizeof(*row));
	int r = 0;

	*ret = (struct diff){ .source = calloc(labels + 1, sizeof(*ret->source)),
		.n_source = (uint32_t)labels };
	if (!row || !ret->source) {
		free(row);
		diff_done(ret);
		return -ENOMEM;
	}
	rows_of(was, is, row, ret);
	w.was.row = row;
	w.is.row = row + was->n_label;
	(void)networks(&w); /* counting does not fail */
	(void)origins(&w);
	judge_anew(ret);
	w.count = false;
	w.fn = fn;
	w.ctx = ctx;
	if (fn && (r = networks(&w)) == 0)
		r = origins(&w);
	only_sources(ret);
	free(row);
	return r;
}

void diff_done(struct diff *d)
{
	free(d->source);
	*d = (struct diff){ .n_source = 0 };
}

/* --- days ----------------------------------------------------------------------------------------- */

int32_t diff_told_day(const struct registry *r)
{
	int64_t newest = 0;

	for (uint32_t i = 0; i < registry_n_input(r); i++) {
		struct registry_input in = registry_input_at(r, i);

		/* what we asked for ourselves is no newer word of the registries about all */
		if (!span_starts(in.kind, "range-") && !span_is(in.kind, "rdap") &&
		    !span_is(in.kind, "mailboxes"))
			newest = MAX_OF(newest, in.date_s);
	}
	return day_of(newest ? newest : registry_date_s(r));
}

int32_t diff_transfer_day(
    const struct registry *was, const struct registry *is, const struct diff_change *c)
{
	const struct reg_net_told *told = &is->net_told[c->is];
	int32_t after = diff_told_day(was), upto = diff_told_day(is);
	const int32_t days[] = { told->changed, told->created };

	for (size_t i = 0; i < NELEM(days); i++)
		if (days[i] > after && days[i] <= upto)
			return days[i];
	return upto;
}
