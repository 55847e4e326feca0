/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "judge/run.h"

#include <errno.h>
#include <string.h>

/* New hosts of one leaf and family by day of arrival, before and after the cap. */
struct arrivals {
	double n[JUDGE_WINDOW_DAYS], scan[JUDGE_WINDOW_DAYS]; /* zero but where day says so */
	uint64_t day[(JUDGE_WINDOW_DAYS + 63) / 64];
};

struct builder {
	struct judge *j;
	struct arrivals arrivals[NF];
	double returning[NF], returning_scan;
	bool seen[NF];
	uint32_t row; /* cursor */
	const double *paces;
};

static void arrive(struct arrivals *a, const struct host_part *p)
{
	a->n[p->first] += p->w_first;
	if (p->scan)
		a->scan[p->first] += p->w_first;
	a->day[p->first / 64] |= UINT64_C(1) << p->first % 64;
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

static int grow(void **v, uint32_t *cap, size_t size)
{
	uint32_t want = *cap ? *cap * 2 : 256;
	void *p = reallocarray(*v, want, size);

	if (!p)
		return -ENOMEM;
	*v = p;
	*cap = want;
	return 0;
}

/* The row that holds a unit, or NOWHERE; hosts come in order, so the cursor only moves on. */
static uint32_t find_row(struct builder *b, unsigned version, uint64_t unit)
{
	const struct judge *j = b->j;

	for (; b->row < j->n_rows; b->row++) {
		const struct row *r = &j->rows[b->row];

		if (r->version > version || (r->version == version && unit < r->first))
			return NOWHERE;
		if (r->version == version && unit <= r->last)
			return b->row;
	}
	return NOWHERE;
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

static int leaf_open(struct builder *b, uint64_t host, uint32_t row, uint64_t block)
{
	struct judge *j = b->j;
	unsigned version = bit_version(host);

	if (j->n_leaves == j->cap_leaves &&
	    grow((void **)&j->leaves, &j->cap_leaves, sizeof(*j->leaves)))
		return -ENOMEM;
	j->leaves[j->n_leaves++] = (struct leaf){ .block = block,
		.row = row,
		.part = j->n_parts,
		.units = units_within(j, row, version, block),
		.last = NO_DAY,
		.pace = b->paces ? b->paces[j->n_leaves - 1] : 1,
		.version = (uint8_t)version };
	return 0;
}

/* What is left of a leaf without one root's groups. */
static void leaf_without(
    struct builder *b, const struct leaf *l, unsigned root, double *returning, double *x)
{
	const struct judge *j = b->j;

	*returning = *x = 0;
	for (size_t i = l->bit; i < (size_t)l->bit + l->n_bit;) {
		struct host_sum h;

		host_next(j, root, l->pace, &i, &h);
		for (unsigned k = 0; k < h.n_part; k++) {
			const struct host_part *p = &h.part[k];

			if (!p->any)
				continue;
			*returning +=
			    (model_kappa[p->family] - (p->scan ? 1 - MODEL_KAPPA_SCAN : 0)) * p->p7;
			arrive(&b->arrivals[p->family], p);
		}
	}
	for (unsigned f = 0; f < NF; f++) {
		struct part p = { .family = f };

		fold_arrivals(&j->model, &b->arrivals[f], &p);
		*x += model_kappa[f] * p.x_as - (1 - MODEL_KAPPA_SCAN) * p.x_scan;
	}
}

static int leaf_says(struct builder *b, struct leaf *l)
{
	struct judge *j = b->j;
	uint64_t roots = roots_foreign(j, l->group_mask);
	double returning, x;

	l->say = j->n_says;
	leaf_severe(j, l, &returning, &x);
	for (; roots; roots &= roots - 1) {
		struct say s = { .root = (uint32_t)__builtin_ctzll(roots) };

		if (l->group_mask & (l->group_mask - 1))
			leaf_without(b, l, s.root, &s.returning, &s.x);
		s.returning = MAX_OF(returning - s.returning, 0);
		s.x = MAX_OF(x - s.x, 0);
		if (j->n_says == j->cap_says &&
		    grow((void **)&j->says, &j->cap_says, sizeof(*j->says)))
			return -ENOMEM;
		j->says[j->n_says++] = s;
		l->n_say++;
	}
	return 0;
}

static int leaf_close(struct builder *b)
{
	struct judge *j = b->j;
	struct leaf *l = &j->leaves[j->n_leaves - 1];

	for (unsigned f = 0; f < NF; f++) {
		struct part p = { .family = f };

		if (!b->seen[f])
			continue;
		if (j->n_parts == j->cap_parts &&
		    grow((void **)&j->parts, &j->cap_parts, sizeof(*j->parts)))
			return -ENOMEM;
		fold_arrivals(&j->model, &b->arrivals[f], &p);
		p.returning = b->returning[f];
		p.returning_scan = f == FAMILY_ATTACK ? b->returning_scan : 0;
		j->parts[j->n_parts++] = p;
		l->n_part++;
		b->seen[f] = false;
		b->returning[f] = 0;
	}
	b->returning_scan = 0;
	return leaf_says(b, l);
}

static void leaf_take(struct builder *b, struct leaf *l, const struct host_sum *h, uint32_t n_bit)
{
	struct judge *j = b->j;

	l->n_bit += n_bit;
	l->hosts++;
	l->events += h->events;
	l->group_mask |= h->group_mask;
	l->anchor |= h->anchor;
	l->first = (uint16_t)MAX_OF(l->first, h->first);
	l->last = (uint16_t)MIN_OF(l->last, h->last);
	for (unsigned i = 0; i < h->n_part; i++) {
		const struct host_part *p = &h->part[i];

		if (!p->any)
			continue;
		b->seen[p->family] = true;
		l->again += p->again;
		l->gone += p->gone;
		b->returning[p->family] += p->p7;
		if (p->scan)
			b->returning_scan += p->p7;
		arrive(&b->arrivals[p->family], p);
		j->arrived[p->family][l->version] += p->w_first;
		j->arrived_all += p->w_first;
	}
}

static int build(struct builder *b)
{
	struct judge *j = b->j;
	uint64_t block = 0;
	uint32_t row = NOWHERE;
	unsigned version = 0;

	for (size_t i = 0; i < j->bits.n;) {
		uint32_t first = (uint32_t)i;
		struct host_sum h;

		uint64_t unit = bit_unit(j->bits.v[i].host);
		unsigned v = bit_version(j->bits.v[i].host);
		uint32_t r = find_row(b, v, unit);

		j->hosts[j->n_hosts++] = first;
		if (!j->n_leaves || unit >> block_shift(v) != block || r != row || v != version) {
			if (j->n_leaves && leaf_close(b))
				return -ENOMEM;
			version = v;
			block = unit >> block_shift(v);
			row = r;
			if (leaf_open(b, j->bits.v[i].host, row, block))
				return -ENOMEM;
			j->leaves[j->n_leaves - 1].bit = first;
		}
		host_next(j, MUTE_NOBODY, j->leaves[j->n_leaves - 1].pace, &i, &h);
		leaf_take(b, &j->leaves[j->n_leaves - 1], &h, (uint32_t)i - first);
	}
	return j->n_leaves ? leaf_close(b) : 0;
}

/* First leaf of every row and of every block. */
static int index_leaves(struct judge *j)
{
	j->blocks = calloc(j->n_leaves ? j->n_leaves : 1, sizeof(*j->blocks));
	if (!j->blocks)
		return -ENOMEM;
	for (uint32_t i = 0; i < j->n_leaves; i++) {
		const struct leaf *l = &j->leaves[i], *before = i ? l - 1 : NULL;

		if (!before || before->block != l->block || before->version != l->version)
			j->blocks[j->n_blocks++] = i;
		if (l->row == NOWHERE)
			continue;
		if (j->rows[l->row].n_leaf++ == 0)
			j->rows[l->row].leaf = i;
	}
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
	for (uint32_t i = 0; i < j->n_rows; i++)
		j->rows[i].n_leaf = 0;
	free(j->leaves);
	free(j->parts);
	free(j->says);
	free(j->hosts);
	free(j->blocks);
	j->leaves = NULL;
	j->parts = NULL;
	j->says = NULL;
	j->hosts = j->blocks = NULL;
	j->n_leaves = j->cap_leaves = j->n_parts = j->cap_parts = 0;
	j->n_hosts = j->n_blocks = j->n_says = j->cap_says = 0;
	memset(j->arrived, 0, sizeof(j->arrived));
	j->arrived_all = 0;
}

int leaf_build(struct judge *j, const double *paces)
{
	struct builder *b = calloc(1, sizeof(*b));
	int r = -ENOMEM;

	j->hosts = calloc((size_t)count_hosts(j) + 1, sizeof(*j->hosts));
	if (b && j->hosts) {
		b->j = j;
		b->paces = paces;
		r = build(b);
	}
	free(b);
	return r < 0 ? r : index_leaves(j);
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
		const struct leaf *l = &j->leaves[i];

		for (uint32_t k = 0; l->version == 0 && k < l->n_part; k++)
			map[l->block] += (float)j->parts[l->part + k].returning;
	}
}
