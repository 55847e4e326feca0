/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "judge/run.h"

#include <errno.h>
#include <string.h>

/* New hosts of one leaf and family by day of arrival, before and after the cap. */
struct arrivals {
	double n[JUDGE_WINDOW_DAYS], scan[JUDGE_WINDOW_DAYS]; /* zero but where day says so */
	uint64_t day[(JUDGE_WINDOW_DAYS + 63) / 64];
};

/* struct noted - one host of the leaf in one family, for those who ask what came without somebody */
struct noted {
	double w_first;
	uint64_t roots; /* of groups that are no anchors */
	size_t bit, end;
	uint32_t first;
	enum family family;
	bool scan, anchor; /* anchor: one has a say */
};

struct leaf_filler {
	struct judge *j;
	bool counted;
	struct host_sum host;
	struct noted *noted; /* of the leaf at hand */
	uint32_t n_noted, cap_noted;
	struct arrivals arrivals[NF];
	double returning[NF], returning_scan;
	double lost[JUDGE_GROUPS_MAX][NF]; /* of returning, where roots says so; as in struct say */
	uint64_t roots[NF];
	bool seen[NF];
};

struct leaf_filler *leaf_filler_new(struct judge *j)
{
	struct leaf_filler *b = calloc(1, sizeof(*b));

	if (b)
		b->j = j;
	return b;
}

void leaf_filler_free(struct leaf_filler **b)
{
	if (*b)
		free((*b)->noted);
	free(*b);
	*b = NULL;
}

/* --- arrivals ------------------------------------------------------------------------------------ */

static void arrive(struct arrivals *a, unsigned lag, double w, bool scan)
{
	a->n[lag] += w;
	if (scan)
		a->scan[lag] += w;
	a->day[lag / 64] |= UINT64_C(1) << lag % 64;
}

/* Sums what arrived under the three kernels, at most MODEL_CAP a day, and empties the table. */
static void fold_arrivals(const struct model *m, struct arrivals *a, struct part *ret)
{
	ret->x_block = ret->x_mid = ret->x_as = ret->x_scan = 0;
	for (unsigned w = 0; w < NELEM(a->day); w++) {
		while (a->day[w]) {
			unsigned lag = w * 64 + (unsigned)__builtin_ctzll(a->day[w]);
			double n = MIN_OF(a->n[lag], MODEL_CAP);

			ret->x_block += n * m->arrival[MODEL_BLOCK][lag];
			ret->x_mid += n * m->arrival[MODEL_SIXTEEN][lag];
			ret->x_as += n * m->arrival[MODEL_AS][lag];
			if (a->scan[lag] > 0)
				ret->x_scan +=
				    n * m->arrival[MODEL_AS][lag] * (a->scan[lag] / a->n[lag]);
			a->n[lag] = a->scan[lag] = 0;
			a->day[w] &= a->day[w] - 1;
		}
	}
}

static int note(struct leaf_filler *b, const struct noted *n)
{
	if (grow_u32(&b->noted, &b->cap_noted, (uint64_t)b->n_noted + 1, sizeof(*b->noted)) < 0)
		return -ENOMEM;
	b->noted[b->n_noted++] = *n;
	arrive(&b->arrivals[n->family], n->first, n->w_first, n->scan);
	return 0;
}

/* Notes all hosts of a leaf; the table of arrivals is theirs after that. */
static int note_hosts(struct leaf_filler *b, const struct leaf *l)
{
	const struct judge *j = b->j;
	const struct bit *v = j->bits.v;
	int r = 0;

	b->n_noted = 0;
	for (uint32_t k = 0; k < l->hosts; k++) {
		size_t at = j->hosts[l->host + k], end;
		const uint64_t host = v[at].host;

		for (; at < j->bits.n && v[at].host == host && r == 0; at = end) {
			struct host_arrival a;

			for (end = at + 1; end < j->bits.n && v[end].host == host &&
					   bit_family(&v[end]) == bit_family(&v[at]);)
				end++;
			host_arrival(j, at, end, MUTE_NOBODY, &a);
			if (a.w > 0)
				r = note(b, &(struct noted){ .w_first = a.w,
						.roots = roots_foreign(j, a.group_mask),
						.bit = at,
						.end = end,
						.first = a.lag,
						.family = (enum family)bit_family(&v[at]),
						.scan = a.scan,
						.anchor = (a.group_mask & j->anchor_mask) != 0 });
		}
	}
	return r;
}

/* Arrivals of the noted hosts without one root's groups. Most hosts are seen by one alone. */
static void arrivals_without(struct leaf_filler *b, unsigned root, struct part ret[NF])
{
	const struct judge *j = b->j;

	for (uint32_t i = 0; i < b->n_noted; i++) {
		const struct noted *n = &b->noted[i];
		struct host_arrival a = { .w = n->w_first, .lag = n->first, .scan = n->scan };

		if (n->roots >> root & 1) {
			if (!n->anchor && !(n->roots & (n->roots - 1)))
				continue;
			host_arrival(j, n->bit, n->end, root, &a);
		}
		if (a.w > 0)
			arrive(&b->arrivals[n->family], a.lag, a.w, a.scan);
	}
	for (unsigned f = 0; f < NF; f++)
		fold_arrivals(&j->model, &b->arrivals[f], &ret[f]);
}

/* --- what follows from hosts --------------------------------------------------------------------- */

static bool alone(uint64_t group_mask)
{
	return !(group_mask & (group_mask - 1));
}

/* p7, half of it for a host that only scans: exact as p7 is, for it is taken out again */
static double severe(const struct host_part *p)
{
	return (p->scan ? MODEL_KAPPA_SCAN : 1) * p->p7;
}

/* What a host that returns would be less without a root's groups. */
static double lost(const struct judge *j, const struct leaf *l, const struct host_part *p,
    size_t bit, unsigned root)
{
	struct host_part without;

	if (alone(p->group_mask))
		return severe(p);
	host_family(j, bit, bit + p->n_bit, root, l->pace, &without);
	return severe(p) - (without.any ? severe(&without) : 0);
}

/* What the policy asks of a block: its verified hosts of the last seven days. by: 1, or -1 to take a host out. */
static void leaf_verify(struct leaf *l, const struct host_sum *h, int by)
{
	uint64_t days = 0;

	for (unsigned i = 0; i < h->n_part; i++) {
		const struct host_part *p = &h->part[i];

		if (p->family == FAMILY_ABUSE_OF_SERVICE)
			continue;
		if (p->verified_last != NO_DAY)
			l->verified_last = (uint16_t)MIN_OF(l->verified_last, p->verified_last);
		days |= p->verified_7;
	}
	l->verified_7 += (uint32_t)(days ? by : 0);
	for (; days; days &= days - 1)
		l->verified_day[__builtin_ctzll(days)] += (uint32_t)by;
}

static void leaf_take(struct leaf *l, const struct host_sum *h, int by)
{
	l->events += (uint64_t)by * h->events;
	l->group_mask |= h->group_mask;
	l->anchor |= h->anchor;
	l->first = (uint16_t)MAX_OF(l->first, h->first);
	l->last = (uint16_t)MIN_OF(l->last, h->last);
	leaf_verify(l, h, by);
}

/* --- a leaf from all its hosts ------------------------------------------------------------------- */

static int host_fill(struct leaf_filler *b, struct leaf *l, size_t bit)
{
	struct judge *j = b->j;
	const struct host_sum *h = &b->host;
	int r = 0;

	leaf_take(l, h, 1);
	for (unsigned i = 0; i < h->n_part && r == 0; i++) {
		const struct host_part *p = &h->part[i];
		const uint64_t roots = roots_foreign(j, p->group_mask);
		size_t from = bit;

		bit += p->n_bit;
		if (!p->any)
			continue;
		b->seen[p->family] = true;
		b->returning[p->family] += p->p7;
		if (p->scan)
			b->returning_scan += p->p7;
		for (uint64_t of = roots; of; of &= of - 1) {
			unsigned g = (unsigned)__builtin_ctzll(of);

			if (!(b->roots[p->family] >> g & 1))
				b->lost[g][p->family] = 0;
			b->lost[g][p->family] += lost(j, l, p, from, g);
			b->roots[p->family] |= UINT64_C(1) << g;
		}
		if (b->counted) {
			j->arrived[p->family][l->version] += p->w_first;
			j->arrived_all += p->w_first;
			j->arrived_on[p->first] += p->w_first;
		}
		r = note(b, &(struct noted){ .w_first = p->w_first,
				.roots = roots,
				.bit = from,
				.end = bit,
				.first = p->first,
				.family = p->family,
				.scan = p->scan,
				.anchor = (p->group_mask & j->anchor_mask) != 0 });
	}
	return r;
}

/* Room for n more behind all others; what a leaf had before stays behind, unused. Several threads may ask where
 * leaf_room has made enough of it. */
static uint32_t claim(uint32_t *used, uint32_t n)
{
	return __atomic_fetch_add(used, n, __ATOMIC_RELAXED);
}

int leaf_room(struct judge *j, uint32_t leaves)
{
	const uint64_t parts = (uint64_t)leaves * NF;
	const uint64_t says =
	    parts * (unsigned)__builtin_popcountll(roots_foreign(j, j->trusted_mask));

	if (grow_u32(&j->parts, &j->cap_parts, j->n_parts + parts, sizeof(*j->parts)) < 0 ||
	    grow_u32(&j->says, &j->cap_says, j->n_says + says, sizeof(*j->says)) < 0)
		return -ENOMEM;
	return 0;
}

/* Puts what was summed up into parts of the leaf. */
static int leaf_parts(struct leaf_filler *b, struct leaf *l)
{
	struct judge *j = b->j;
	uint32_t n = 0, k = 0;

	for (unsigned f = 0; f < NF; f++)
		n += b->seen[f];
	if (n > l->n_part) {
		l->part = claim(&j->n_parts, n);
		if (grow_u32(&j->parts, &j->cap_parts, (uint64_t)l->part + n, sizeof(*j->parts)) <
		    0)
			return -ENOMEM;
	}
	l->n_part = n;
	for (unsigned f = 0; f < NF; f++) {
		struct part p = { .family = f };

		if (!b->seen[f])
			continue;
		fold_arrivals(&j->model, &b->arrivals[f], &p);
		p.returning = b->returning[f];
		p.returning_scan = f == FAMILY_ATTACK ? b->returning_scan : 0;
		j->parts[l->part + k++] = p;
		b->seen[f] = false;
		b->returning[f] = 0;
	}
	b->returning_scan = 0;
	return 0;
}

/* What its roots say of arrivals: what is lost without them. Says of one root lie side by side. */
static void says_close(struct leaf_filler *b, const struct leaf *l)
{
	struct judge *j = b->j;
	struct part without[NF] = { 0 };

	for (uint32_t i = 0; i < l->n_say; i++) {
		struct say *s = &j->says[l->say + i];

		if (!alone(l->group_mask) && (i == 0 || s->root != s[-1].root))
			arrivals_without(b, s->root, without);
		for (uint32_t k = 0; k < l->n_part; k++) {
			const struct part *p = &j->parts[l->part + k], *w = &without[s->family];

			if (p->family != s->family)
				continue;
			s->x_block = MAX_OF(p->x_block - w->x_block, 0);
			s->x_mid = MAX_OF(p->x_mid - w->x_mid, 0);
			s->x_as = MAX_OF(p->x_as - w->x_as, 0);
		}
	}
}

static int leaf_says(struct leaf_filler *b, struct leaf *l)
{
	struct judge *j = b->j;
	uint64_t roots = 0;
	uint32_t n = 0, k = 0;

	for (unsigned f = 0; f < NF; f++) {
		n += (uint32_t)__builtin_popcountll(b->roots[f]);
		roots |= b->roots[f];
	}
	if (n > l->n_say) {
		l->say = claim(&j->n_says, n);
		if (grow_u32(&j->says, &j->cap_says, (uint64_t)l->say + n, sizeof(*j->says)) < 0)
			return -ENOMEM;
	}
	l->n_say = n;
	for (; roots; roots &= roots - 1) {
		unsigned g = (unsigned)__builtin_ctzll(roots);

		for (unsigned f = 0; f < NF; f++)
			if (b->roots[f] >> g & 1)
				j->says[l->say + k++] = (struct say){ .returning = b->lost[g][f],
					.root = (uint16_t)g,
					.family = (uint16_t)f };
	}
	memset(b->roots, 0, sizeof(b->roots));
	says_close(b, l);
	return 0;
}

int leaf_fill(struct leaf_filler *b, struct leaf *l, bool counted)
{
	int r = 0;

	b->counted = counted;
	l->pace = pace_of_leaf(b->j, l);
	l->events = l->group_mask = 0;
	l->anchor = false;
	l->first = 0;
	l->last = l->verified_last = NO_DAY;
	l->verified_7 = 0;
	memset(l->verified_day, 0, sizeof(l->verified_day));
	b->n_noted = 0;
	for (uint32_t k = 0; k < l->hosts && r == 0; k++) {
		size_t from = b->j->hosts[l->host + k];

		host_next(b->j, MUTE_NOBODY, l->pace, &(size_t){ from }, &b->host);
		r = host_fill(b, l, from);
	}
	if (r == 0)
		r = leaf_parts(b, l);
	return r < 0 ? r : leaf_says(b, l);
}

/* --- a leaf from what has changed ---------------------------------------------------------------- */

/* struct filled - parts and says of a leaf, by family and root */
struct filled {
	struct part *part[NF];
	struct say *say[JUDGE_GROUPS_MAX][NF];
};

static void filled_find(struct judge *j, const struct leaf *l, struct filled *ret)
{
	memset(ret, 0, sizeof(*ret));
	for (uint32_t i = 0; i < l->n_part; i++)
		ret->part[j->parts[l->part + i].family] = &j->parts[l->part + i];
	for (uint32_t i = 0; i < l->n_say; i++) {
		struct say *s = &j->says[l->say + i];

		ret->say[s->root][s->family] = s;
	}
}

/* One host in or out. False: it says something of which there is no sum yet. */
static bool host_amend(
    struct leaf_filler *b, struct leaf *l, const struct filled *f, size_t bit, int by)
{
	const struct judge *j = b->j;
	const struct host_sum *h = &b->host;

	host_next(j, MUTE_NOBODY, l->pace, &(size_t){ bit }, &b->host);
	if (h->group_mask & ~l->group_mask)
		return false;
	leaf_take(l, h, by);
	for (unsigned i = 0; i < h->n_part; i++) {
		const struct host_part *p = &h->part[i];
		size_t from = bit;

		bit += p->n_bit;
		if (!p->any)
			continue;
		if (!f->part[p->family])
			return false;
		f->part[p->family]->returning += by * p->p7;
		if (p->scan)
			f->part[p->family]->returning_scan += by * p->p7;
		for (uint64_t of = roots_foreign(j, p->group_mask); of; of &= of - 1) {
			struct say *say = f->say[__builtin_ctzll(of)][p->family];

			if (!say)
				return false;
			say->returning += by * lost(j, l, p, from, say->root);
		}
	}
	return true;
}

int leaf_amend(struct leaf_filler *b, struct leaf *l, const struct amended *v, size_t n)
{
	struct judge *j = b->j;
	struct filled f;
	double pace = pace_of_leaf(j, l);

	if (n >= l->hosts || pace < l->pace || pace > l->pace)
		return 1;
	filled_find(j, l, &f);
	for (size_t i = 0; i < n; i++)
		if ((v[i].before != NOWHERE && !host_amend(b, l, &f, v[i].before, -1)) ||
		    !host_amend(b, l, &f, v[i].now, 1))
			return 1;
	if (note_hosts(b, l) < 0)
		return -ENOMEM;
	for (unsigned i = 0; i < NF; i++)
		if (f.part[i])
			fold_arrivals(&j->model, &b->arrivals[i], f.part[i]);
	says_close(b, l);
	return 0;
}

/* --- what is asked of a leaf --------------------------------------------------------------------- */

void leaf_x(const struct judge *j, const struct leaf *l, enum leaf_kernel k, double add_to[NF])
{
	for (uint32_t i = 0; i < l->n_part; i++) {
		const struct part *p = &j->parts[l->part + i];

		add_to[p->family] += k == LEAF_X_BLOCK ? p->x_block
				     : k == LEAF_X_MID ? p->x_mid
						       : p->x_as;
	}
}

double leaf_arrivals(const struct judge *j, const struct leaf *l)
{
	double x = 0;

	for (uint32_t i = 0; i < l->n_part; i++)
		x += j->parts[l->part + i].x_as;
	return x;
}

double leaf_m(const struct judge *j, const struct leaf *l)
{
	double m = 0;

	for (unsigned f = 0; f < NF; f++)
		if (j->world.seen[f][l->version])
			m += model_kappa[f] * 7 * l->lambda[f] * (double)l->units;
	for (uint32_t i = 0; i < l->n_part; i++) {
		const struct part *p = &j->parts[l->part + i];

		m += model_kappa[p->family] * p->returning -
		     (1 - MODEL_KAPPA_SCAN) * p->returning_scan;
	}
	return m;
}

void leaf_map(const struct judge *j, float *map)
{
	for (uint32_t i = 0; i < j->n_leaves; i++) {
		const struct leaf *l = leaf_at(j, i);

		for (uint32_t k = 0; l->version == 0 && k < l->n_part; k++)
			map[l->block] += (float)j->parts[l->part + k].returning;
	}
}
