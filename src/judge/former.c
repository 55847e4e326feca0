/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses that changed hands. What was seen of a host while somebody else held it becomes the evidence of another
 * host, of an era (bits.h), for as long as a run's results stand: trust, guard and rhythm know of no eras, nor does what
 * is kept. Its rows are those of the space that was announced around it, once more for every era: they belong to who
 * held it, and to those who answer for it now as they did then. Where that is the AS, the chain is walked with the
 * evidence of all its eras (tree.c), so that it expects what it would if nothing had changed hands. */
#include "judge/run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(JUDGE_FORMER_MAX == BIT_ERAS, "an era each");

/* --- what is told -------------------------------------------------------------------------------- */

static bool units_of(const struct judge_former *f, struct former *ret)
{
	bool v4 = addr_is_v4(f->range.first);

	if (v4 != addr_is_v4(f->range.last) || addr_cmp(f->range.first, f->range.last) > 0 ||
	    f->from >= f->until)
		return false;
	*ret = (struct former){ .first = v4 ? addr_v4(f->range.first) : f->range.first.hi >> 16,
		.last = v4 ? addr_v4(f->range.last) : f->range.last.hi >> 16,
		.from = f->from,
		.until = f->until,
		.network = f->network,
		.version = v4 ? 0 : 1,
		.era = 1,
		.moved = f->moved };
	memcpy(ret->org, f->org, sizeof(ret->org));
	return v4 || ((f->range.first.hi & 0xffff) == 0 && f->range.first.lo == 0 &&
			 (f->range.last.hi & 0xffff) == 0xffff && f->range.last.lo == UINT64_MAX);
}

static bool same_range(const struct former *a, const struct former *b)
{
	return a->version == b->version && a->first == b->first && a->last == b->last;
}

/* Does it follow the one before it? Its era, then. */
static bool follows(const struct former *before, struct former *f)
{
	if (same_range(before, f)) {
		f->era = before->era + 1;
		return f->until <= before->from && f->era <= BIT_ERAS;
	}
	return before->version < f->version ||
	       (before->version == f->version && before->last < f->first);
}

int judge_formers(struct judge *j, const struct judge_former *v, size_t n)
{
	struct former *f;
	struct tract *s;

	if (n > UINT32_MAX / 2)
		return -ENOMEM;
	f = calloc(n + 1, sizeof(*f));
	s = calloc(n + 1, sizeof(*s));
	if (!f || !s) {
		free(f);
		free(s);
		return -ENOMEM;
	}
	free(j->formers);
	free(j->tracts);
	j->formers = f;
	j->tracts = s;
	j->n_formers = j->n_tracts = 0;
	j->stale = true;
	for (uint32_t i = 0; i < n; i++) {
		if (!units_of(&v[i], &f[i]) || (i && !follows(&f[i - 1], &f[i]))) {
			j->n_formers = j->n_tracts = 0;
			return -EINVAL;
		}
		if (f[i].era == 1)
			s[j->n_tracts++] = (struct tract){ .first = f[i].first,
				.last = f[i].last,
				.former = i,
				.version = f[i].version };
		f[i].tract = j->n_tracts - 1;
		s[f[i].tract].n_former++;
		j->n_formers++;
	}
	return 0;
}

/* --- as of a day --------------------------------------------------------------------------------- */

/* What is yet to come is no transfer, and what ended before the window has no evidence. */
static bool counts(const struct judge *j, const struct former *f)
{
	return f->until <= j->conf.today &&
	       (int64_t)j->conf.today - f->until < JUDGE_WINDOW_DAYS - 1;
}

/* The share of its days in all days of collection, under the kernel of a level. */
static double share_of(const struct judge *j, const struct former *f, enum model_level l)
{
	int64_t newest = (int64_t)j->conf.today - f->until + 1;
	int64_t oldest = MIN_OF((int64_t)j->conf.today - f->from, (int64_t)j->model.days - 1);
	double sum = 0;

	for (int64_t lag = newest; lag <= oldest; lag++)
		sum += j->model.arrival[l][lag];
	return MIN_OF(sum / j->model.w[l], 1);
}

void former_begin(struct judge *j)
{
	for (uint32_t i = 0; i < j->n_tracts; i++)
		memset(j->tracts[i].unwatched, 0, sizeof(j->tracts[i].unwatched));
	for (uint32_t i = 0; i < j->n_formers; i++) {
		struct former *f = &j->formers[i];
		struct tract *s = &j->tracts[f->tract];

		f->share = counts(j, f) ? share_of(j, f, MODEL_AS) : 0;
		for (unsigned l = 0; l < MODEL_LEVEL_N && f->moved && counts(j, f); l++)
			s->unwatched[l] =
			    MIN_OF(s->unwatched[l] + share_of(j, f, (enum model_level)l), 1);
	}
}

/* The first stretch that does not end before a unit. */
static uint32_t tract_from(const struct judge *j, unsigned version, uint64_t unit)
{
	uint32_t lo = 0, hi = j->n_tracts;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		const struct tract *s = &j->tracts[mid];

		if (s->version < version || (s->version == version && s->last < unit))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

uint32_t former_cut(const struct judge *j, unsigned version, uint64_t unit, uint64_t *last)
{
	for (uint32_t i = tract_from(j, version, unit); i < j->n_tracts; i++) {
		const struct tract *s = &j->tracts[i];

		if (s->version != version || s->first > *last)
			break;
		if (!(s->unwatched[MODEL_AS] > 0))
			continue;
		*last = MIN_OF(*last, unit < s->first ? s->first - 1 : s->last);
		return unit < s->first ? 0 : i + 1;
	}
	return 0;
}

/* --- rows ---------------------------------------------------------------------------------------- */

/* struct making - rows of other eras on their way */
struct making {
	struct judge *j;
	uint32_t cap;
};

/* around: the row of today; NULL: nobody announces it */
static int put(
    struct making *m, uint32_t former, uint64_t first, uint64_t last, const struct row *around)
{
	struct judge *j = m->j;
	const struct former *f = &j->formers[former];
	struct row r = { .first = first,
		.last = last,
		.prefix = CHAIN_NONE,
		.as = CHAIN_NONE,
		.org = CHAIN_NONE,
		.country = COUNTRY_NONE,
		.version = f->version,
		.realm = (uint8_t)(1 + BIT_ERAS * f->version + f->era),
		.former = former };

	if (around) {
		r.country = around->country;
		r.network = f->network;
	}
	if (around && !f->moved) {
		r.prefix = around->prefix;
		r.as = around->as;
		r.org = around->org;
	}
	if (grow_u32(&j->rows, &m->cap, (uint64_t)j->n_rows + 1, sizeof(*j->rows)) < 0)
		return -ENOMEM;
	j->rows[j->n_rows++] = r;
	return 0;
}

/* The first row of today that does not end before a unit. */
static uint32_t row_from(const struct judge *j, unsigned version, uint64_t unit)
{
	uint32_t lo = 0, hi = j->n_own_rows;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		const struct row *r = &j->rows[mid];

		if (r->version < version || (r->version == version && r->last < unit))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static int put_all(struct making *m, uint32_t former)
{
	struct judge *j = m->j;
	const struct former *f = &j->formers[former];
	uint64_t at = f->first;
	uint32_t i = row_from(j, f->version, at);

	for (;; i++) {
		struct row r = { .first = UINT64_MAX };

		if (i < j->n_own_rows && j->rows[i].version == f->version)
			r = j->rows[i];
		if (at < r.first) {
			if (put(m, former, at, MIN_OF(r.first - 1, f->last), NULL) < 0)
				return -ENOMEM;
			if (r.first > f->last)
				return 0;
			at = r.first;
		}
		if (put(m, former, at, MIN_OF(r.last, f->last), &r) < 0)
			return -ENOMEM;
		if (r.last >= f->last)
			return 0;
		at = r.last + 1;
	}
}

int former_rows(struct judge *j)
{
	struct making m = { .j = j, .cap = j->n_rows };

	j->n_own_rows = j->n_rows;
	for (uint32_t i = 0; i < j->n_formers; i++)
		if (counts(j, &j->formers[i]) && put_all(&m, i) < 0)
			return -ENOMEM;
	if (j->n_rows > j->n_own_rows)
		qsort(
		    j->rows + j->n_own_rows, j->n_rows - j->n_own_rows, sizeof(*j->rows), row_cmp);
	return 0;
}

uint64_t former_estate(const struct judge *j, const struct row *r)
{
	return (uint64_t)((double)(r->last - r->first + 1) * j->formers[r->former].share);
}

uint32_t former_org_next(const struct judge *j, const struct row *r, uint32_t k)
{
	uint32_t v[1 + JUDGE_FORMER_ORGS], n = 0, at = 0;

	if (r->org != CHAIN_NONE)
		v[n++] = r->org + 1;
	for (unsigned i = 0; i < JUDGE_FORMER_ORGS; i++) {
		uint32_t org = j->formers[r->former].org[i], known = 0;

		while (known < n && v[known] != org + 1)
			known++;
		if (org != CHAIN_NONE && known == n)
			v[n++] = org + 1;
	}
	while (k && at < n && v[at++] != k)
		;
	return at < n ? v[at] : 0;
}

void judge_former_seen(const struct judge *j, size_t i, uint64_t *hosts, uint64_t *events)
{
	*hosts = *events = 0;
	for (uint32_t k = j->n_own_rows; k < j->n_rows; k++) {
		const struct row_sum *s = &j->row_sums[j->rows[k].sum];

		if (j->rows[k].former != i || !s->evidence)
			continue;
		*hosts += s->hosts;
		*events += s->events;
	}
}

/* --- evidence ------------------------------------------------------------------------------------ */

/* The first bit of a host that does not come before one. */
static size_t bit_from(const struct bits *b, uint64_t host)
{
	size_t lo = 0, hi = b->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (b->v[mid].host < host)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void bits_of(const struct bits *b, const struct tract *s, size_t *from, size_t *end)
{
	unsigned shift = s->version ? 16 : 0;

	*from = bit_from(b, s->first << shift);
	*end = bit_from(b, (s->last + 1) << shift);
}

/* The era of a bit, and its host there; false: today's. */
static bool era_of(
    const struct judge *j, const struct tract *s, const struct bit *b, uint64_t *host)
{
	int32_t day = j->conf.today - (int32_t)bit_lag(b);

	for (uint32_t i = s->former; i < s->former + s->n_former; i++) {
		const struct former *f = &j->formers[i];

		if (day >= f->from && day < f->until)
			return counts(j, f) && bit_of_era(b->host, f->era, host);
	}
	return false;
}

/* What is to leave, into `old`, sorted: 0 or -ENOMEM. */
static int collect(const struct judge *j, const struct bits *b, struct bits *old)
{
	size_t from, end, n = 0;
	uint64_t host;

	for (uint32_t i = 0; i < j->n_tracts; i++)
		for (bits_of(b, &j->tracts[i], &from, &end); from < end; from++)
			n += era_of(j, &j->tracts[i], &b->v[from], &host);
	if (n == 0)
		return 0;
	if (bits_expect(old, n) < 0)
		return -ENOMEM;
	for (uint32_t i = 0; i < j->n_tracts; i++)
		for (bits_of(b, &j->tracts[i], &from, &end); from < end; from++)
			if (era_of(j, &j->tracts[i], &b->v[from], &host))
				old->v[old->n++] = (struct bit){ host, b->v[from].meta };
	return bits_seal(old);
}

int former_split(const struct judge *j, struct bits *b)
{
	struct bits old = { .sealed = false };
	size_t to = 0, at = 0, from, end;
	uint64_t host;

	if (j->n_tracts == 0)
		return 0;
	if (collect(j, b, &old) < 0) {
		bits_done(&old);
		return -ENOMEM;
	}
	if (old.n == 0)
		return 0;
	for (uint32_t i = 0; i < j->n_tracts; i++) {
		bits_of(b, &j->tracts[i], &from, &end);
		if (to != at)
			memmove(b->v + to, b->v + at, (from - at) * sizeof(*b->v));
		to += from - at;
		for (at = from; at < end; at++)
			if (!era_of(j, &j->tracts[i], &b->v[at], &host))
				b->v[to++] = b->v[at];
	}
	memmove(b->v + to, b->v + at, (b->n - at) * sizeof(*b->v));
	memcpy(b->v + (b->n - old.n), old.v, old.n * sizeof(*b->v));
	bits_done(&old);
	return 0;
}

int former_join(struct bits *b)
{
	struct bits old = { .least = b->least };
	size_t from = bit_from(b, UINT64_C(1) << 62);
	int r = 0;

	if (from == b->n)
		return 0;
	if (bits_expect(&old, b->n - from) < 0)
		return -ENOMEM;
	for (size_t i = from; i < b->n; i++)
		old.v[old.n++] = (struct bit){ bit_today(b->v[i].host), b->v[i].meta };
	r = bits_seal(&old);
	if (r == 0) {
		b->n = from;
		r = bits_merge(b, &old, SIZE_MAX); /* there is room for what was there */
	}
	bits_done(&old);
	return r;
}
