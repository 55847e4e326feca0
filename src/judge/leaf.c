/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "judge/run.h"

#include <errno.h>
#include <string.h>

/* New hosts of one leaf and family by day of arrival, before and after the cap. */
struct arrivals {
	double n[JUDGE_WINDOW_DAYS], scan[JUDGE_WINDOW_DAYS]; /* zero but where day says so */
	uint64_t day[(JUDGE_WINDOW_DAYS + 63) / 64];
};

/* struct noted - one host of the leaf in one family, for those who ask what is left without somebody */
struct noted {
	double p7, w_first;
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

static int note(struct leaf_filler *b, const struct host_part *p, size_t bit, size_t end)
{
	const struct judge *j = b->j;

	if (grow_u32(&b->noted, &b->cap_noted, (uint64_t)b->n_noted + 1, sizeof(*b->noted)) < 0)
		return -ENOMEM;
	b->noted[b->n_noted++] = (struct noted){ .p7 = p->p7,
		.w_first = p->w_first,
		.roots = roots_foreign(j, p->group_mask),
		.bit = bit,
		.end = end,
		.first = p->first,
		.family = p->family,
		.scan = p->scan,
		.anchor = (p->group_mask & j->anchor_mask) != 0 };
	return 0;
}

/* What is left of a leaf without one root's groups. Most hosts are seen by one alone. */
static void leaf_without(
    struct leaf_filler *b, const struct leaf *l, unsigned root, double *returning, double *x)
{
	const struct judge *j = b->j;

	*returning = *x = 0;
	for (uint32_t i = 0; i < b->n_noted; i++) {
		struct noted n = b->noted[i];

		if (n.roots >> root & 1) {
			struct host_part p;

			if (!n.anchor && !(n.roots & (n.roots - 1)))
				continue;
			host_family(j, n.bit, n.end, root, l->pace, &p);
			if (!p.any)
				continue;
			n.p7 = p.p7;
			n.w_first = p.w_first;
			n.first = p.first;
			n.scan = p.scan;
		}
		*returning += (model_kappa[n.family] - (n.scan ? 1 - MODEL_KAPPA_SCAN : 0)) * n.p7;
		arrive(&b->arrivals[n.family], n.first, n.w_first, n.scan);
	}
	for (unsigned f = 0; f < NF; f++) {
		struct part p = { .family = f };

		fold_arrivals(&j->model, &b->arrivals[f], &p);
		*x += model_kappa[f] * p.x_as - (1 - MODEL_KAPPA_SCAN) * p.x_scan;
	}
}

static int leaf_says(struct leaf_filler *b, struct leaf *l)
{
	struct judge *j = b->j;
	uint64_t roots = roots_foreign(j, l->group_mask);
	uint32_t n = (uint32_t)__builtin_popcountll(roots), k = 0;
	double returning, x;

	if (n > l->n_say) { /* what it said before stays behind, unused */
		l->say = j->n_says;
		if (grow_u32(&j->says, &j->cap_says, (uint64_t)j->n_says + n, sizeof(*j->says)) < 0)
			return -ENOMEM;
		j->n_says += n;
	}
	l->n_say = n;
	leaf_severe(j, l, &returning, &x);
	for (; roots; roots &= roots - 1) {
		struct say s = { .root = (uint32_t)__builtin_ctzll(roots) };

		if (l->group_mask & (l->group_mask - 1))
			leaf_without(b, l, s.root, &s.returning, &s.x);
		s.returning = MAX_OF(returning - s.returning, 0);
		s.x = MAX_OF(x - s.x, 0);
		j->says[l->say + k++] = s;
	}
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
		l->part = j->n_parts;
		if (grow_u32(
			&j->parts, &j->cap_parts, (uint64_t)j->n_parts + n, sizeof(*j->parts)) < 0)
			return -ENOMEM;
		j->n_parts += n;
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

static int leaf_take(struct leaf_filler *b, struct leaf *l, size_t bit)
{
	struct judge *j = b->j;
	const struct host_sum *h = &b->host;

	l->events += h->events;
	l->group_mask |= h->group_mask;
	l->anchor |= h->anchor;
	l->first = (uint16_t)MAX_OF(l->first, h->first);
	l->last = (uint16_t)MIN_OF(l->last, h->last);
	for (unsigned i = 0; i < h->n_part; i++) {
		const struct host_part *p = &h->part[i];
		size_t from = bit;

		bit += p->n_bit;
		if (!p->any)
			continue;
		b->seen[p->family] = true;
		b->returning[p->family] += p->p7;
		if (p->scan)
			b->returning_scan += p->p7;
		arrive(&b->arrivals[p->family], p->first, p->w_first, p->scan);
		if (b->counted) {
			j->arrived[p->family][l->version] += p->w_first;
			j->arrived_all += p->w_first;
		}
		if (note(b, p, from, bit) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* What the policy asks of a block: its verified hosts of the last seven days. */
static void leaf_verify(struct leaf *l, const struct host_sum *h)
{
	uint64_t days = 0;

	for (unsigned i = 0; i < h->n_part; i++) {
		const struct host_part *p = &h->part[i];

		if (p->verified_last != NO_DAY)
			l->verified_last = (uint16_t)MIN_OF(l->verified_last, p->verified_last);
		if (p->family != FAMILY_ABUSE_OF_SERVICE)
			days |= p->verified_7;
	}
	l->verified_7 += days != 0;
	for (; days; days &= days - 1)
		l->verified_day[__builtin_ctzll(days)]++;
}

int leaf_fill(struct leaf_filler *b, struct leaf *l, bool counted)
{
	int r;

	b->counted = counted;
	l->pace = pace_of_leaf(b->j, l);
	l->events = l->group_mask = 0;
	l->anchor = false;
	l->first = 0;
	l->last = l->verified_last = NO_DAY;
	l->verified_7 = 0;
	memset(l->verified_day, 0, sizeof(l->verified_day));
	b->n_noted = 0;
	for (uint32_t k = 0; k < l->hosts; k++) {
		size_t from = b->j->hosts[l->host + k];

		host_next(b->j, MUTE_NOBODY, l->pace, &(size_t){ from }, &b->host);
		leaf_verify(l, &b->host);
		if (leaf_take(b, l, from) < 0)
			return -ENOMEM;
	}
	r = leaf_parts(b, l);
	return r < 0 ? r : leaf_says(b, l);
}

/* --- cutting ------------------------------------------------------------------------------------- */

/* The place of a unit: in the row that holds it, or in the gap before the row that comes next. Units come in order,
 * so the cursor, a row, only moves on. */
static uint32_t place_of(const struct judge *j, uint32_t *row, unsigned version, uint64_t unit)
{
	for (; *row < j->n_rows; ++*row) {
		const struct row *r = &j->rows[*row];

		if (r->version > version || (r->version == version && unit < r->first))
			return 2 * *row;
		if (r->version == version && unit <= r->last)
			return 2 * *row + 1;
	}
	return 2 * *row;
}

static unsigned block_shift(unsigned version)
{
	return version ? 0 : 8;
}

/* How much of a block lies within a row. */
static uint64_t units_within(const struct judge *j, uint32_t row, unsigned version, uint64_t block)
{
	uint64_t first = block << block_shift(version);
	uint64_t last = first + ((UINT64_C(1) << block_shift(version)) - 1);

	if (row == NOWHERE)
		return last - first + 1;
	return MIN_OF(last, j->rows[row].last) - MAX_OF(first, j->rows[row].first) + 1;
}

void leaf_key(const struct judge *j, uint64_t host, uint32_t *row, struct leaf *ret)
{
	unsigned version = bit_version(host);
	uint64_t unit = bit_unit(host);
	uint32_t place = place_of(j, row, version, unit);

	*ret = (struct leaf){ .block = unit >> block_shift(version),
		.row = place % 2 ? place / 2 : NOWHERE,
		.place = place,
		.version = (uint8_t)version };
	ret->units = units_within(j, ret->row, version, ret->block);
}

int leaf_cmp(const struct leaf *a, const struct leaf *b)
{
	if (a->version != b->version)
		return a->version < b->version ? -1 : 1;
	if (a->block != b->block)
		return a->block < b->block ? -1 : 1;
	return a->place == b->place ? 0 : a->place < b->place ? -1 : 1;
}

int leaf_put(struct judge *j, const struct leaf *l)
{
	if (grow_u32(&j->leaves, &j->cap_leaves, (uint64_t)j->n_leaves + 1, sizeof(*j->leaves)) < 0)
		return -ENOMEM;
	j->leaves[j->n_leaves++] = *l;
	return 0;
}

static int cut(struct judge *j)
{
	uint32_t row = 0;
	struct leaf *l = NULL;

	for (size_t i = 0; i < j->bits.n;) {
		struct leaf next;
		struct days d = { 0, 0 };
		uint32_t from = (uint32_t)i;

		leaf_key(j, j->bits.v[i].host, &row, &next);
		if (!l || leaf_cmp(l, &next) != 0) {
			next.host = j->n_hosts;
			if (leaf_put(j, &next) < 0)
				return -ENOMEM;
			l = &j->leaves[j->n_leaves - 1];
		}
		j->hosts[j->n_hosts++] = from;
		host_cleaned(j, &i, &d);
		l->again += d.again;
		l->gone += d.gone;
		l->hosts++;
	}
	return 0;
}

/* The order, as cut has made the leaves: first leaf of every row and of every block. */
static int leaf_index(struct judge *j)
{
	uint32_t *order = reallocarray(j->order, (size_t)j->n_leaves + 1, sizeof(*order)),
		 hosts = 0;
	uint32_t *host_at = reallocarray(j->host_at, (size_t)j->n_leaves + 1, sizeof(*host_at));
	uint32_t *blocks = reallocarray(j->blocks, (size_t)j->n_leaves + 1, sizeof(*blocks));

	j->order = order ? order : j->order;
	j->host_at = host_at ? host_at : j->host_at;
	j->blocks = blocks ? blocks : j->blocks;
	if (!order || !host_at || !blocks)
		return -ENOMEM;
	for (uint32_t i = 0; i < j->n_leaves; i++) {
		const struct leaf *l = &j->leaves[i], *before = i ? l - 1 : NULL;

		order[i] = i;
		host_at[i] = hosts;
		hosts += l->hosts;
		if (!before || before->block != l->block || before->version != l->version)
			j->blocks[j->n_blocks++] = i;
		if (l->row != NOWHERE && j->rows[l->row].n_leaf++ == 0)
			j->rows[l->row].leaf = i;
	}
	host_at[j->n_leaves] = hosts;
	j->n_order = j->n_leaves;
	j->end_hosts = j->cap_hosts = j->n_hosts;
	return 0;
}

static uint32_t count_hosts(const struct judge *j)
{
	uint32_t n = 0;

	for (size_t i = 0; i < j->bits.n; i++)
		n += i == 0 || j->bits.v[i].host != j->bits.v[i - 1].host;
	return n;
}

void leaf_forget(struct judge *j)
{
	free(j->leaves);
	free(j->order);
	free(j->host_at);
	free(j->parts);
	free(j->says);
	free(j->hosts);
	free(j->blocks);
	j->leaves = NULL;
	j->order = j->host_at = NULL;
	j->parts = NULL;
	j->says = NULL;
	j->hosts = j->blocks = NULL;
	j->n_order = j->end_hosts = j->cap_hosts = 0;
	j->n_leaves = j->cap_leaves = j->n_parts = j->cap_parts = 0;
	j->n_hosts = j->n_blocks = j->n_says = j->cap_says = 0;
	memset(j->arrived, 0, sizeof(j->arrived));
	j->arrived_all = 0;
}

int leaf_cut(struct judge *j)
{
	j->hosts = calloc((size_t)count_hosts(j) + 1, sizeof(*j->hosts));
	if (!j->hosts || cut(j) < 0)
		return -ENOMEM;
	return leaf_index(j);
}

void leaf_x(const struct judge *j, const struct leaf *l, enum leaf_kernel k, double add_to[NF])
{
	for (uint32_t i = 0; i < l->n_part; i++) {
		const struct part *p = &j->parts[l->part + i];

		add_to[p->family] += k == LEAF_X_BLOCK ? p->x_block
				     : k == LEAF_X_MID ? p->x_mid
						       : p->x_as;
	}
}

void leaf_severe(const struct judge *j, const struct leaf *l, double *returning, double *x)
{
	*returning = *x = 0;
	for (uint32_t i = 0; i < l->n_part; i++) {
		const struct part *p = &j->parts[l->part + i];

		*returning += model_kappa[p->family] * p->returning -
			      (1 - MODEL_KAPPA_SCAN) * p->returning_scan;
		*x += model_kappa[p->family] * p->x_as - (1 - MODEL_KAPPA_SCAN) * p->x_scan;
	}
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
