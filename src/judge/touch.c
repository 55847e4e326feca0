/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Looking for hosts in their leaves, and computing the leaves once more, is waiting for memory: both are done by
 * several threads. What grows is left to one, or has room before. */
#include "judge/touch.h"

#include <errno.h>
#include <stdlib.h>

#include "util/each.h"

#define PART 512u   /* leaves that a thread takes at a time … */
#define ROOM 16384u /* … and for how many there is room at a time */

#define AHEAD 6u  /* leaves before a leaf is needed … */
#define HOSTS 24u /* … and so many of its hosts */

struct touching {
	struct judge *j;
	struct touched *t;
	struct leaf_filler *filler[LANES_MAX]; /* of a lane; NULL: it had nothing to do yet */
	size_t from;			       /* leaves before it are done */
};

/* What the leaves some places behind the i-th will need, first themselves, then what they name (fetch_ahead). */
static void ahead(const struct touching *w, size_t i, size_t end)
{
	const struct judge *j = w->j;
	const struct touch *v = w->t->v;
	const struct leaf *l;

	touch_ahead(j, v, i, end, AHEAD);
	if (i + 2 * (size_t)AHEAD < end) {
		l = &j->leaves[v[i + 2 * AHEAD].leaf];
		fetch_ahead(&j->hosts[l->host], MIN_OF(l->hosts, HOSTS) * sizeof(*j->hosts));
	}
	if (i + AHEAD < end) {
		l = &j->leaves[v[i + AHEAD].leaf];
		for (uint32_t k = 0; k < MIN_OF(l->hosts, HOSTS); k++)
			fetch_ahead(&j->bits.v[j->hosts[l->host + k]], 1);
	}
}

/* --- which leaves -------------------------------------------------------------------------------- */

/* The first position, from `at` on, whose leaf does not come before l. */
static uint32_t find_place(const struct judge *j, uint32_t at, const struct leaf *l)
{
	uint32_t step = 1, lo = at, hi = at;

	while (hi < j->n_order && leaf_cmp(leaf_at(j, hi), l) < 0) {
		lo = hi + 1;
		hi = MIN_OF(hi + step, j->n_order);
		step *= 2;
	}
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (leaf_cmp(leaf_at(j, mid), l) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* The leaf of the new evidence [from, end), of so many hosts. */
static int find(struct judge *j, struct touched *ret, const struct leaf *key, const struct touch *t)
{
	struct touch *to;

	if (grow(&ret->v, &ret->cap, ret->n + 1, sizeof(*ret->v)) < 0)
		return -ENOMEM;
	to = &ret->v[ret->n];
	*to = *t;
	to->at = find_place(j, ret->n ? to[-1].at : 0, key);
	to->fresh = to->at == j->n_order || leaf_cmp(leaf_at(j, to->at), key) != 0;
	if (to->fresh && leaf_put(j, key) < 0)
		return -ENOMEM;
	to->leaf = to->fresh ? j->n_leaves - 1 : j->order[to->at];
	ret->n++;
	return 0;
}

static int find_all(struct judge *j, struct touched *ret)
{
	const struct bits *d = &j->delta;
	struct touch t = { .n_amended = 0 };
	struct leaf key, next;
	uint32_t row = 0;
	int r = 0;

	for (; t.from < d->n && r == 0; t.from = t.end, t.amended += t.n_amended) {
		leaf_key(j, d->v[t.from].host, &row, &key);
		t.n_amended = 1;
		for (t.end = t.from + 1; t.end < d->n; t.end++) {
			if (d->v[t.end].host == d->v[t.end - 1].host)
				continue;
			leaf_key(j, d->v[t.end].host, &row, &next);
			if (leaf_cmp(&key, &next) != 0)
				break;
			t.n_amended++;
		}
		r = find(j, ret, &key, &t);
	}
	return r;
}

/* --- which hosts --------------------------------------------------------------------------------- */

static size_t host_length(const struct bit *v, size_t n)
{
	size_t k = 1;

	while (k < n && v[k].host == v->host)
		k++;
	return k;
}

static uint64_t nth_host(const struct judge *j, const struct leaf *l, uint32_t k)
{
	return j->bits.v[j->hosts[l->host + k]].host;
}

/* The first of the leaf's hosts, from k on, that does not come before one. */
static uint32_t host_place(const struct judge *j, const struct leaf *l, uint32_t k, uint64_t host)
{
	uint32_t end = l->hosts;

	while (k < end) {
		uint32_t mid = k + (end - k) / 2;

		if (nth_host(j, l, mid) < host)
			k = mid + 1;
		else
			end = mid;
	}
	return k;
}

/* Where the hosts of the new evidence are in their leaf, if they are. */
static void meet(const struct judge *j, struct touch *t, struct amended *a)
{
	const struct leaf *l = &j->leaves[t->leaf];
	const struct bit *v = j->delta.v;
	uint32_t k = 0;

	t->x = leaf_arrivals(j, l);
	for (size_t i = t->from; i < t->end; i += host_length(v + i, t->end - i), a++) {
		k = host_place(j, l, k, v[i].host);
		a->place = k;
		a->before = NOWHERE;
		if (k < l->hosts && nth_host(j, l, k) == v[i].host)
			a->before = j->hosts[l->host + k];
		t->fresh_hosts += a->before == NOWHERE;
	}
}

static int meet_some(void *ctx, unsigned lane, size_t from, size_t end)
{
	const struct touching *w = ctx;

	(void)lane;
	for (; from < end; from++) {
		ahead(w, from, end);
		meet(w->j, &w->t->v[from], w->t->amended + w->t->v[from].amended);
	}
	return 0;
}

/* --- their evidence ------------------------------------------------------------------------------ */

/* One host's evidence, old (if there is any) and new, behind all other evidence. */
static int join_bits(struct judge *j, struct amended *a, const struct bit *v, size_t n)
{
	size_t n_old = 0;

	if (a->before != NOWHERE)
		n_old = host_length(j->bits.v + a->before, j->bits.n - a->before);
	if (j->bits.n + n_old + n > JUDGE_BITS_MAX)
		return -E2BIG;
	if (j->bits.n + n_old + n > j->bits.cap &&
	    bits_expect(&j->bits, n_old + n + j->bits.n / 8) < 0)
		return -ENOMEM;
	a->now = (uint32_t)j->bits.n;
	n = bits_join(j->bits.v + (n_old ? a->before : 0), n_old, v, n, j->bits.v + j->bits.n);
	j->bits.n += n;
	j->live_bits += n - n_old;
	return 0;
}

/* The hosts of the leaf with the fresh ones among them, from the end; in place where none is fresh. */
static void join_hosts(const struct judge *j, const struct leaf *l, uint32_t to,
    const struct touch *t, const struct amended *a)
{
	uint32_t k = l->hosts, fresh = t->fresh_hosts;

	for (size_t i = t->n_amended; i-- > 0;) {
		uint32_t next = a[i].place + (a[i].before != NOWHERE);

		for (; k > next && to != l->host; k--)
			j->hosts[to + k - 1 + fresh] = j->hosts[l->host + k - 1];
		fresh -= a[i].before == NOWHERE;
		k = a[i].place;
		j->hosts[to + k + fresh] = a[i].now;
	}
	for (; k > 0 && to != l->host; k--)
		j->hosts[to + k - 1] = j->hosts[l->host + k - 1];
}

static int join(struct judge *j, const struct touch *t, struct amended *a)
{
	struct leaf *l = &j->leaves[t->leaf];
	const struct bit *v = j->delta.v + t->from;
	uint32_t to = l->host;
	int r = 0;

	for (size_t i = 0; i < t->n_amended && r == 0; i++) {
		size_t n = host_length(v, (size_t)(j->delta.v + t->end - v));

		r = join_bits(j, &a[i], v, n);
		v += n;
	}
	if (r < 0)
		return r;
	if (t->fresh_hosts) {
		if (grow_u32(&j->hosts, &j->cap_hosts,
			(uint64_t)j->end_hosts + l->hosts + t->fresh_hosts, sizeof(*j->hosts)) < 0)
			return -ENOMEM;
		to = j->end_hosts;
		j->end_hosts += l->hosts + t->fresh_hosts;
	}
	join_hosts(j, l, to, t, a);
	l->host = to;
	l->hosts += t->fresh_hosts;
	j->n_hosts += t->fresh_hosts;
	return 0;
}

/* --- their leaves -------------------------------------------------------------------------------- */

static struct days cleaned(const struct judge *j, size_t bit)
{
	struct days d = { 0, 0 };

	host_cleaned(j, &bit, &d);
	return d;
}

/* Whether anybody is cleaned more or less often than before: news of today seldom tell. */
static bool cleans_anew(const struct judge *j, const struct amended *a, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct days was = { 0, 0 }, is = cleaned(j, a[i].now);

		if (a[i].before != NOWHERE)
			was = cleaned(j, a[i].before);
		if (was.again < is.again || was.again > is.again || was.gone < is.gone ||
		    was.gone > is.gone)
			return true;
	}
	return false;
}

static void clean_again(const struct judge *j, struct leaf *l)
{
	l->again = l->gone = 0;
	for (uint32_t k = 0; k < l->hosts; k++) {
		struct days d = cleaned(j, j->hosts[l->host + k]);

		l->again += d.again;
		l->gone += d.gone;
	}
}

static int amend(
    struct judge *j, struct leaf_filler *filler, struct touch *t, const struct amended *a)
{
	struct leaf *l = &j->leaves[t->leaf];
	int r;

	if (j->paces.as && cleans_anew(j, a, t->n_amended))
		clean_again(j, l);
	r = leaf_amend(filler, l, a, t->n_amended);
	return r == 1 ? leaf_fill(filler, l, false) : r;
}

static int amend_some(void *ctx, unsigned lane, size_t from, size_t end)
{
	struct touching *w = ctx;
	int r = 0;

	from += w->from;
	end += w->from;
	if (!w->filler[lane] && !(w->filler[lane] = leaf_filler_new(w->j)))
		return -ENOMEM;
	for (; from < end && r == 0; from++) {
		ahead(w, from, end);
		r = amend(
		    w->j, w->filler[lane], &w->t->v[from], w->t->amended + w->t->v[from].amended);
	}
	return r;
}

/* --- all of it ----------------------------------------------------------------------------------- */

static int take(struct touching *w)
{
	struct judge *j = w->j;
	struct touched *t = w->t;
	int r;

	if ((r = find_all(j, t)) < 0 || (r = each(j->conf.threads, t->n, PART, meet_some, w)) < 0)
		return r;
	for (size_t i = 0; i < t->n && r == 0; i++) {
		ahead(w, i, t->n);
		r = join(j, &t->v[i], t->amended + t->v[i].amended);
	}
	for (; w->from < t->n && r == 0; w->from += ROOM) {
		size_t n = MIN_OF(t->n - w->from, ROOM);

		r = leaf_room(j, (uint32_t)n);
		if (r == 0)
			r = each(j->conf.threads, n, PART, amend_some, w);
	}
	return r;
}

int touch_all(struct judge *j, struct touched *ret)
{
	struct touching w = { .j = j, .t = ret };
	int r;

	ret->amended = calloc(j->delta.n + 1, sizeof(*ret->amended));
	r = ret->amended ? take(&w) : -ENOMEM;
	for (unsigned i = 0; i < LANES_MAX; i++)
		leaf_filler_free(&w.filler[i]);
	return r;
}

void touched_done(struct touched *t)
{
	free(t->v);
	free(t->amended);
	*t = (struct touched){ NULL };
}
