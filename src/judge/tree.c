/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The chain of A3 over all the announced space of one AS after the other: world > AS > AS in the /16 >
 * prefix > delegation > /24; where no delegation is known, what the AS has in the /20 stands in. The space of an AS is cut into cells, in each of which all blocks
 * without evidence share one lambda; a run of whole /16s or /20s without evidence is one cell, so the
 * work is that of the rows and the leaves, however large the space is. */
#include "judge/run.h"

#include <errno.h>
#include <string.h>

#define PART_SHIFT(version)  ((version) ? 4u : 12u) /* of a /20 and of a /44 */
#define BLOCK_UNITS(version) ((version) ? 1.0 : 256.0)

/* struct cell - a stretch of one row within one part, or over a run of whole ones; with what is known of it from other
 * eras */
struct cell {
	uint64_t first, last; /* units */
	bool whole_sixteens;  /* of nobody else, and without evidence */
	bool whole_parts;     /* the same, within one sixteen */
	uint32_t row, leaf, n_leaf;
	uint32_t old, n_old; /* in tree.old */
	uint32_t nth;	     /* as they were cut, from 0 */
	uint64_t part;	     /* the same for all cells of one, within a sixteen */
};

#define PART_GIVEN (UINT64_C(1) << 63) /* behind all stand-ins */

/* struct place - size and arrivals of one level of the chain; unwatched: of the size, by the kernels, what others were
 * watched in who are gone */
enum { UNWATCHED_AS, UNWATCHED_MIDDLE, UNWATCHED_N };
struct place {
	double size, x[NF], unwatched[UNWATCHED_N];
	double least[NF]; /* of x, without the root that says most of it: place_close */
};

/* struct lost - what a place on its way would lose without every root that says anything there */
struct lost {
	double x[JUDGE_GROUPS_MAX][NF]; /* where roots says so */
	uint64_t roots;
};

/* struct old_leaf - a leaf of another era */
struct old_leaf {
	uint64_t unit;
	uint32_t position;
};

struct tree {
	struct judge *j;
	unsigned version;
	bool seen[NF]; /* of this version */
	double l0[NF];
	struct place as;
	struct lost lost;   /* of one place at a time */
	struct cell *cells; /* of the AS and version in work */
	uint32_t n_cells, cap_cells;
	struct old_leaf *old; /* of the same, by unit */
	uint32_t n_old, cap_old;
	struct trace *trace; /* NULL: compute; else tell, and change nothing */
};

static int cell_put(struct tree *t, struct cell c)
{
	if (grow_u32(&t->cells, &t->cap_cells, (uint64_t)t->n_cells + 1, sizeof(*t->cells)) < 0)
		return -ENOMEM;
	c.nth = t->n_cells;
	t->cells[t->n_cells++] = c;
	return 0;
}

uint64_t leaf_unit(const struct judge *j, const struct leaf *l)
{
	uint64_t first = l->version ? l->block : l->block << 8;

	return l->row == NOWHERE ? first : MAX_OF(first, j->rows[l->row].first);
}

/* The end of the cell that begins at `at`: of the run of whole 2^shift stretches without evidence when
 * there is one (*whole), else of the stretch around it. stop: no further than this. */
static uint64_t cell_end(
    uint64_t at, uint64_t stop, uint64_t next_leaf, unsigned shift, bool *whole)
{
	uint64_t size = UINT64_C(1) << shift, here = at >> shift;
	uint64_t end =
	    MIN_OF((stop + 1) >> shift, next_leaf >> shift); /* first that is not whole */

	*whole = at % size == 0 && here < end;
	if (*whole)
		return (end << shift) - 1;
	return MIN_OF(stop, ((here + 1) << shift) - 1);
}

struct addr unit_addr(unsigned version, uint64_t unit)
{
	return version ? (struct addr){ unit << 16, 0 } : addr_of_v4((uint32_t)unit);
}

uint32_t delegation_at(const struct judge *j, const struct row *r, uint64_t unit, uint64_t *last)
{
	struct addr end;
	uint32_t ret;

	*last = r->last;
	if (!j->conf.delegation)
		return 0;
	ret = j->conf.delegation(j->space_ctx, unit_addr(r->version, unit), &end);
	*last = r->version ? end.hi >> 16 : addr_v4(end);
	*last = MIN_OF(MAX_OF(*last, unit), r->last);
	return ret;
}

static int by_unit(const void *a, const void *b)
{
	const struct old_leaf *x = a, *y = b;

	if (x->unit != y->unit)
		return x->unit < y->unit ? -1 : 1;
	return x->position < y->position ? -1 : x->position > y->position;
}

/* The leaves of other eras that an AS still answers for. */
static int old_gather(struct tree *t, const struct walk *w)
{
	const struct judge *j = t->j;

	t->n_old = 0;
	for (uint32_t i = w->old; i < w->old_end; i++) {
		const struct row *r = &j->rows[j->by_as.rows[i]];

		for (uint32_t k = r->leaf; k < r->leaf + r->n_leaf; k++) {
			if (grow_u32(
				&t->old, &t->cap_old, (uint64_t)t->n_old + 1, sizeof(*t->old)) < 0)
				return -ENOMEM;
			t->old[t->n_old++] = (struct old_leaf){ leaf_unit(j, leaf_at(j, k)), k };
		}
	}
	if (t->n_old > 1)
		qsort(t->old, t->n_old, sizeof(*t->old), by_unit);
	return 0;
}

static struct leaf *old_at(const struct tree *t, uint32_t i)
{
	return leaf_at(t->j, t->old[i].position);
}

/* The first unit behind the cells so far of which anything is known. */
static uint64_t next_known(const struct tree *t, const struct cell *c, uint32_t leaf_end)
{
	uint64_t next = c->leaf < leaf_end ? leaf_unit(t->j, leaf_at(t->j, c->leaf)) : UINT64_MAX;

	return c->old < t->n_old ? MIN_OF(next, t->old[c->old].unit) : next;
}

/* The cells of [at, stop] of a row: of a delegation, or of nobody's. Returns 0 or -ENOMEM. */
static int cut_stretch(struct tree *t, struct cell *c, uint64_t at, uint64_t stop, uint32_t given)
{
	const struct judge *j = t->j;
	const struct row *r = &j->rows[c->row];
	uint32_t leaf_end = r->leaf + r->n_leaf;

	for (;; at = c->last + 1) {
		uint64_t next = next_known(t, c, leaf_end);
		uint32_t leaf = c->leaf, old = c->old;

		c->first = at;
		c->whole_parts = false;
		c->last = cell_end(at, stop, next, SIXTEEN_SHIFT, &c->whole_sixteens);
		c->part = given ? PART_GIVEN | given : at >> PART_SHIFT(t->version);
		if (!given && !c->whole_sixteens)
			c->last =
			    cell_end(at, c->last, next, PART_SHIFT(t->version), &c->whole_parts);
		while (leaf < leaf_end && leaf_unit(j, leaf_at(j, leaf)) <= c->last)
			leaf++;
		c->n_leaf = leaf - c->leaf;
		while (old < t->n_old && t->old[old].unit <= c->last)
			old++;
		c->n_old = old - c->old;
		if (cell_put(t, *c) < 0)
			return -ENOMEM;
		c->leaf = leaf;
		c->old = old;
		if (c->last == stop)
			return 0;
	}
}

/* *old: the first one of another era that is in no cell yet */
static int cut_row(struct tree *t, uint32_t row, uint32_t *old)
{
	const struct row *r = &t->j->rows[row];
	struct cell c = { .row = row, .leaf = r->leaf, .old = *old };
	uint64_t at = r->first, stop;
	int err;

	for (;; at = stop + 1) {
		uint32_t given = delegation_at(t->j, r, at, &stop);

		err = cut_stretch(t, &c, at, stop, given);
		*old = c.old;
		if (err < 0 || stop == r->last)
			return err;
	}
}

/* Space of a row of today. */
static void place_space(const struct tree *t, const struct row *r, uint64_t units, struct place *p)
{
	p->size += (double)units;
	if (r->watched) {
		const double *share = t->j->tracts[r->watched - 1].unwatched;

		p->unwatched[UNWATCHED_AS] += (double)units * share[MODEL_AS];
		p->unwatched[UNWATCHED_MIDDLE] += (double)units * share[MODEL_PART];
	}
}

static void place_resize(struct place *p, double size)
{
	for (unsigned i = 0; i < UNWATCHED_N; i++)
		p->unwatched[i] *= size / p->size;
	p->size = size;
}

static void leaf_lost(
    const struct judge *j, const struct leaf *l, enum leaf_kernel k, struct lost *lost)
{
	for (uint32_t i = 0; i < l->n_say; i++) {
		const struct say *s = &j->says[l->say + i];
		uint64_t bar = UINT64_C(1) << s->root;

		if (!(lost->roots & bar))
			memset(lost->x[s->root], 0, sizeof(lost->x[s->root]));
		lost->roots |= bar;
		lost->x[s->root][s->family] += k == LEAF_X_MID ? s->x_mid : s->x_as;
	}
}

/* A leaf as a part of a wider place. */
static void place_leaf(struct tree *t, const struct leaf *l, enum leaf_kernel k, struct place *p)
{
	leaf_x(t->j, l, k, p->x);
	leaf_lost(t->j, l, k, &t->lost);
}

static void place_add(struct tree *t, const struct cell *c, struct place *p)
{
	place_space(t, &t->j->rows[c->row], c->last - c->first + 1, p);
	for (uint32_t i = 0; i < c->n_leaf; i++)
		place_leaf(t, leaf_at(t->j, c->leaf + i), LEAF_X_MID, p);
	for (uint32_t i = 0; i < c->n_old; i++)
		place_leaf(t, old_at(t, c->old + i), LEAF_X_MID, p);
}

/* All of a place was added; the next one begins. */
static void place_close(struct tree *t, struct place *p)
{
	memcpy(p->least, p->x, sizeof(p->least));
	for (uint64_t roots = t->lost.roots; roots; roots &= roots - 1) {
		const double *lost = t->lost.x[__builtin_ctzll(roots)];

		for (unsigned f = 0; f < NF; f++)
			p->least[f] = MIN_OF(p->least[f], MAX_OF(p->x[f] - lost[f], 0));
	}
	t->lost.roots = 0;
}

/* One step down the chain for every family. watched: of the size, all its time */
static void step_sized(const struct tree *t, enum model_level l, const double x[NF],
    const double least[NF], double size, double watched, struct rates *to)
{
	const struct model *m = &t->j->model;

	for (unsigned f = 0; f < NF; f++) {
		double before = to->lambda[f];

		if (!t->seen[f])
			continue;
		to->lambda[f] = model_step(m, l, before, x[f], watched);
		to->least[f] = (float)model_step(m, l, (double)to->least[f], least[f], watched);
		if (t->trace)
			t->trace->step[f][l] = (struct judge_step){ .x = x[f],
				.size = size,
				.e = before * watched * m->w[l],
				.ratio = to->lambda[f] / before };
	}
}

static void step(const struct tree *t, enum model_level l, const struct place *p, struct rates *to)
{
	double unwatched = p->unwatched[l == MODEL_AS ? UNWATCHED_AS : UNWATCHED_MIDDLE];

	step_sized(t, l, p->x, p->least, p->size, p->size - unwatched, to);
}

/* The last step: a block, or what a row has of it. */
static void step_block(const struct tree *t, uint32_t row, const double x[NF],
    const double least[NF], struct rates *to)
{
	const struct row *r = row == NOWHERE ? NULL : &t->j->rows[row];
	double size = BLOCK_UNITS(t->version), watched = size;

	if (r && !is_former(r->realm) && r->watched)
		watched -= size * t->j->tracts[r->watched - 1].unwatched[MODEL_BLOCK];
	step_sized(t, MODEL_BLOCK, x, least, size, watched, to);
}

/* Steps done: tell of a leaf (or of what is left of a cell), whose lambda is `pooled` now. */
static void tell(const struct tree *t, const struct leaf *leaf, uint32_t row, uint64_t units,
    const double pooled[NF])
{
	memcpy(t->trace->pooled, pooled, sizeof(t->trace->pooled));
	t->trace->at(t->trace, leaf, row, units);
}

/* The pooling of families, which a trace wants to see from both sides. */
static void pool(const struct tree *t, struct rates *to)
{
	double least[NF];

	if (t->trace)
		memcpy(t->trace->above, to->lambda, sizeof(t->trace->above));
	model_pool(to->lambda, t->l0, t->seen);
	for (unsigned f = 0; f < NF; f++)
		least[f] = (double)to->least[f];
	model_pool(least, t->l0, t->seen);
	for (unsigned f = 0; f < NF; f++)
		to->least[f] = (float)least[f];
}

/* Rates of a block of a row of which nothing is known. */
static void quiet_block(const struct tree *t, uint32_t row, struct rates *to)
{
	static const double nothing[NF];

	step_block(t, row, nothing, nothing, to);
	pool(t, to);
}

/* Arrivals in 7 days that so many units have at least, severity applied. */
static double least_of(const struct tree *t, const struct rates *r, uint64_t units)
{
	double sum = 0;

	for (unsigned f = 0; f < NF; f++)
		if (t->seen[f])
			sum += model_kappa[f] * 7 * (double)r->least[f] * (double)units;
	return sum;
}

/* Of a leaf of another era, what it adds to the space that is there with or without it. */
static void leaf_excess(
    const struct tree *t, const struct leaf *l, const struct rates *above, struct rates *to)
{
	struct tree untold = *t;
	struct rates quiet = *above;

	untold.trace = NULL;
	quiet_block(&untold, l->row, &quiet);
	for (unsigned f = 0; f < NF; f++) {
		to->lambda[f] = MAX_OF(to->lambda[f] - quiet.lambda[f], 0);
		to->least[f] = MAX_OF(to->least[f] - quiet.least[f], 0);
	}
}

static void leaf_finish(const struct tree *t, struct leaf *l, const struct rates *above)
{
	struct rates own = *above;
	double x[NF] = { 0 }, least[NF];

	leaf_x(t->j, l, LEAF_X_BLOCK, x);
	memcpy(least, x, sizeof(least));
	for (uint32_t i = 0; i < l->n_say; i++) {
		const struct say *s = &t->j->says[l->say + i];

		least[s->family] = MIN_OF(least[s->family], MAX_OF(x[s->family] - s->x_block, 0));
	}
	step_block(t, l->row, x, least, &own);
	pool(t, &own);
	if (is_former(l->realm))
		leaf_excess(t, l, above, &own);
	l->above = *above;
	memcpy(l->lambda, own.lambda, sizeof(l->lambda));
	l->least = least_of(t, &own, l->units);
	if (t->trace)
		tell(t, l, l->row, l->units, l->lambda);
}

/* The blocks of a cell, one by one, for those who asked for a map; quiet: lambda where no leaf is. */
static void cell_map(const struct tree *t, const struct cell *c, const double quiet[NF], float *map)
{
	uint32_t leaf = c->leaf, end = c->leaf + c->n_leaf;

	for (uint64_t b = c->first >> 8; b <= c->last >> 8; b++) {
		uint64_t units = MIN_OF(c->last, b << 8 | 255) - MAX_OF(c->first, b << 8) + 1;
		bool is_leaf = leaf < end && leaf_at(t->j, leaf)->block == b;
		const double *lambda = is_leaf ? leaf_at(t->j, leaf++)->lambda : quiet;

		for (unsigned f = 0; f < NF; f++)
			if (t->seen[f])
				map[b] += (float)(7 * lambda[f] * (double)units);
	}
}

/* A cell, told: what is quiet first, as its steps are the last ones made. */
static void cell_tell(
    const struct tree *t, const struct cell *c, const struct rates *above, const double quiet[NF])
{
	uint64_t rest = c->last - c->first + 1;

	for (uint32_t i = 0; i < c->n_leaf; i++)
		rest -= MIN_OF(rest, leaf_at(t->j, c->leaf + i)->units);
	if (rest > 0)
		tell(t, NULL, c->row, rest, quiet);
	for (uint32_t i = 0; i < c->n_leaf; i++)
		leaf_finish(t, leaf_at(t->j, c->leaf + i), above);
	for (uint32_t i = 0; i < c->n_old; i++)
		leaf_finish(t, old_at(t, c->old + i), above);
}

/* A leaf of a row, and what it makes the row expect. */
static void leaf_add(const struct tree *t, struct leaf *l, const struct rates *above)
{
	struct row_sum *sum = &t->j->row_sums[t->j->rows[l->row].sum];

	leaf_finish(t, l, above);
	for (unsigned f = 0; f < NF; f++)
		if (t->seen[f])
			sum->arrivals[f] += 7 * l->lambda[f] * (double)l->units;
	sum->least += l->least;
}

/* The rates of everything in a cell, and its arrivals; above: of its part */
static void cell_finish(const struct tree *t, const struct cell *c, const struct rates *above)
{
	struct judge *j = t->j;
	struct row_sum *sum;
	struct rates quiet = *above;
	uint64_t rest = c->last - c->first + 1;

	quiet_block(t, c->row, &quiet);
	if (t->trace) {
		cell_tell(t, c, above, quiet.lambda);
		return;
	}
	sum = &j->row_sums[j->rows[c->row].sum];
	if (c->first == j->rows[c->row].first)
		sum->above = *above;
	for (uint32_t i = 0; i < c->n_leaf; i++) {
		struct leaf *l = leaf_at(j, c->leaf + i);

		leaf_add(t, l, above);
		rest -= MIN_OF(rest, l->units);
	}
	for (uint32_t i = 0; i < c->n_old; i++)
		leaf_add(t, old_at(t, c->old + i), above);
	for (unsigned f = 0; f < NF; f++)
		if (t->seen[f])
			sum->arrivals[f] += 7 * quiet.lambda[f] * (double)rest;
	sum->least += least_of(t, &quiet, rest);
	if (j->map_arrivals && t->version == 0)
		cell_map(t, c, quiet.lambda, j->map_arrivals);
}

/* The AS's space in the /16 and the prefix: the wider one first, so that each is a part of what went
 * before; measured against the other order on Data-Shield: AUC .9345 for .9307, LL 3.03 for 3.00. */
static void step_middle(
    const struct tree *t, const struct place *prefix, const struct place *six, struct rates *to)
{
	bool wide = prefix->size > six->size;

	step(t, wide ? MODEL_PREFIX : MODEL_SIXTEEN, wide ? prefix : six, to);
	step(t, wide ? MODEL_SIXTEEN : MODEL_PREFIX, wide ? six : prefix, to);
}

static int by_part(const void *a, const void *b)
{
	const struct cell *x = a, *y = b;

	if (x->part != y->part)
		return x->part < y->part ? -1 : 1;
	return x->nth < y->nth ? -1 : x->nth > y->nth;
}

/* The cells of every part side by side. Without delegations they are. */
static void sort_parts(struct tree *t, uint32_t i, uint32_t end)
{
	for (uint32_t k = i + 1; k < end; k++)
		if (t->cells[k].part < t->cells[k - 1].part) {
			qsort(&t->cells[i], end - i, sizeof(*t->cells), by_part);
			return;
		}
}

/* The rates at the top of every chain. */
static struct rates world_rates(const struct tree *t)
{
	struct rates r;

	memcpy(r.lambda, t->l0, sizeof(r.lambda));
	for (unsigned f = 0; f < NF; f++)
		r.least[f] = (float)t->l0[f];
	return r;
}

/* The cells [i, end) of one sixteen, or one run of whole ones. prefix: of every cell, as they were cut. */
static void sixteen_finish(struct tree *t, uint32_t i, uint32_t end, const struct place *prefix)
{
	struct place six = { 0 };
	struct rates top = world_rates(t), down;

	for (uint32_t k = i; k < end; k++)
		place_add(t, &t->cells[k], &six);
	place_close(t, &six);
	if (t->cells[i].whole_sixteens)
		place_resize(&six, (double)SIXTEEN_UNITS);
	step(t, MODEL_AS, &t->as, &top);
	sort_parts(t, i, end);
	while (i < end) {
		uint32_t from = i;
		struct place part = { 0 };

		do
			place_add(t, &t->cells[i++], &part);
		while (i < end && t->cells[i].part == t->cells[from].part);
		place_close(t, &part);
		if (!(t->cells[from].part & PART_GIVEN) &&
		    (t->cells[from].whole_parts || t->cells[from].whole_sixteens))
			place_resize(&part, (double)(UINT64_C(1) << PART_SHIFT(t->version)));
		for (; from < i; from++) {
			down = top;
			step_middle(t, &prefix[t->cells[from].nth], &six, &down);
			step(t, MODEL_PART, &part, &down);
			cell_finish(t, &t->cells[from], &down);
		}
	}
}

/* Size and arrivals of the prefix of every cell; the cells of one prefix lie side by side. */
static struct place *prefixes(struct tree *t)
{
	struct place *v = calloc(t->n_cells, sizeof(*v));

	for (uint32_t i = 0; v && i < t->n_cells;) {
		uint32_t from = i, prefix = t->j->rows[t->cells[i].row].prefix;
		struct place p = { 0 };

		for (; i < t->n_cells && t->j->rows[t->cells[i].row].prefix == prefix; i++)
			place_add(t, &t->cells[i], &p);
		place_close(t, &p);
		for (; from < i; from++)
			v[from] = p;
	}
	return v;
}

/* The walk is of this IP version from now on. */
static void set_version(struct tree *t, unsigned version)
{
	t->version = version;
	for (unsigned f = 0; f < NF; f++) {
		t->seen[f] = t->j->world.seen[f][version];
		t->l0[f] = t->seen[f] ? t->j->world.l0[f][version] : 0;
	}
}

/* What a row is before anything is expected there. Of another era, the space is counted today. */
static void sum_begin(struct judge *j, const struct row *r)
{
	struct row_sum *s = &j->row_sums[r->sum];

	s->version = r->version;
	s->size = is_former(r->realm) ? 0 : r->last - r->first + 1;
	s->listed = r->listed;
	memset(s->arrivals, 0, sizeof(s->arrivals));
	s->least = 0;
}

/* A row of the AS, of whatever era: what it is to the AS as a whole. */
static void as_add(struct tree *t, const struct row *r)
{
	const struct judge *j = t->j;

	if (!t->trace)
		sum_begin(t->j, r);
	if (!is_former(r->realm))
		place_space(t, r, r->last - r->first + 1, &t->as);
	for (uint32_t k = 0; k < r->n_leaf; k++)
		place_leaf(t, leaf_at(j, r->leaf + k), LEAF_X_AS, &t->as);
}

/* One AS in one IP version */
static int as_run(struct tree *t, const struct walk *w, unsigned version)
{
	struct judge *j = t->j;
	uint32_t old = 0;
	int r = old_gather(t, w);

	set_version(t, version);
	t->n_cells = 0;
	t->as = (struct place){ 0 };
	for (uint32_t i = w->from; i < w->end && r == 0; i++) {
		as_add(t, &j->rows[j->by_as.rows[i]]);
		r = cut_row(t, j->by_as.rows[i], &old);
	}
	for (uint32_t i = w->old; i < w->old_end; i++)
		as_add(t, &j->rows[j->by_as.rows[i]]);
	place_close(t, &t->as);
	if (r < 0)
		return r;
	struct place *prefix = prefixes(t);

	if (!prefix)
		return -ENOMEM;
	for (uint32_t k = 0; k < t->n_cells;) {
		uint32_t from = k++;

		while (k < t->n_cells && !t->cells[from].whole_sixteens &&
		       !t->cells[k].whole_sixteens &&
		       t->cells[k].first >> SIXTEEN_SHIFT == t->cells[from].first >> SIXTEEN_SHIFT)
			k++;
		sixteen_finish(t, from, k, prefix);
	}
	free(prefix);
	return 0;
}

/* A row of another era that no AS of today answers for: as if nobody announced it. */
static void stray(struct tree *t, const struct row *r)
{
	struct rates world;

	set_version(t, r->version);
	world = world_rates(t);
	sum_begin(t->j, r);
	for (uint32_t k = r->leaf; k < r->leaf + r->n_leaf; k++)
		leaf_add(t, leaf_at(t->j, k), &world);
}

/* A block that nobody announces: the world and the block are all there is of its chain. */
static void homeless(struct tree *t, struct leaf *l)
{
	struct rates world;

	set_version(t, l->version);
	world = world_rates(t);
	leaf_finish(t, l, &world);
}

/* What no AS answers for. */
static void all_homeless(struct tree *t)
{
	struct judge *j = t->j;

	for (uint32_t i = 0; i < j->n_own; i++)
		if (leaf_at(j, i)->row == NOWHERE)
			homeless(t, leaf_at(j, i));
	for (uint32_t i = j->n_own_rows; i < j->n_rows; i++)
		if (j->rows[i].as == CHAIN_NONE)
			stray(t, &j->rows[i]);
}

/* --- all of it, and what has changed -------------------------------------------------------------- */

/* The walks of all ASes: of the rows of one, those of IPv4 come first. */
static int walks_make(struct judge *j)
{
	free(j->walks);
	j->walks = calloc(2 * (size_t)j->by_as.n + 1, sizeof(*j->walks));
	if (!j->walks)
		return -ENOMEM;
	for (uint32_t as = 0; as < j->by_as.n; as++) {
		uint32_t i = j->by_as.start[as], end = j->by_as.start[as + 1];

		for (unsigned part = 0; part < 4; part++) { /* today's, then the others' */
			unsigned v = part & 1;
			struct walk *w = &j->walks[2 * (size_t)as + v];
			uint32_t from = i;

			for (; i < end; i++) {
				const struct row *r = &j->rows[j->by_as.rows[i]];

				if (r->version != v || is_former(r->realm) != (part > 1))
					break;
				w->n_leaf += r->n_leaf;
			}
			*(part > 1 ? &w->old : &w->from) = from;
			*(part > 1 ? &w->old_end : &w->end) = i;
		}
	}
	return 0;
}

int tree_walk(struct tree *t, uint32_t as, unsigned version)
{
	struct walk *w = &t->j->walks[2 * (size_t)as + version];
	int r = w->from < w->end ? as_run(t, w, version) : 0;

	w->x = 0;
	for (unsigned f = 0; f < NF && w->from < w->end; f++)
		w->x += t->as.x[f];
	w->x_walked = w->x;
	return r;
}

struct tree *tree_new(struct judge *j)
{
	struct tree *t = calloc(1, sizeof(*t));

	if (t)
		t->j = j;
	return t;
}

struct tree *tree_free(struct tree *t)
{
	if (t) {
		free(t->cells);
		free(t->old);
	}
	free(t);
	return NULL;
}

int tree_run(struct judge *j)
{
	struct tree *t = tree_new(j);
	int r = t ? walks_make(j) : -ENOMEM;

	for (uint32_t as = 0; as < j->by_as.n && r == 0; as++)
		for (unsigned v = 0; v < 2 && wants_as(j, as) && r == 0; v++)
			r = tree_walk(t, as, v);
	if (r == 0)
		all_homeless(t);
	tree_free(t);
	return r;
}

/* What tells the parts of a row apart within a /16: as cell.part. */
static uint64_t part_of(const struct judge *j, const struct leaf *l)
{
	uint64_t last, unit = leaf_unit(j, l);
	uint32_t given = delegation_at(j, &j->rows[l->row], unit, &last);

	return given ? PART_GIVEN | given : unit >> PART_SHIFT(l->version);
}

/* A neighbour in the same part of the same row, whose lambda before the block's step is the leaf's own. */
static const struct leaf *neighbour(const struct judge *j, uint32_t position)
{
	const struct leaf *l = leaf_at(j, position);
	const struct row *r = &j->rows[l->row];
	const uint32_t beside[] = { position - 1, position + 1 };

	for (unsigned i = 0; i < NELEM(beside); i++) {
		const struct leaf *other;

		if (beside[i] < r->leaf || beside[i] >= r->leaf + r->n_leaf)
			continue;
		other = leaf_at(j, beside[i]);
		if (other->lambda[0] + other->lambda[1] + other->lambda[2] + other->lambda[3] > 0 &&
		    leaf_unit(j, other) >> SIXTEEN_SHIFT == leaf_unit(j, l) >> SIXTEEN_SHIFT &&
		    part_of(j, other) == part_of(j, l))
			return other;
	}
	return NULL;
}

/* A leaf that was not there when its AS was walked: what its space was until now. */
static void begin(struct tree *t, struct leaf *l, uint32_t position)
{
	const struct leaf *beside = neighbour(t->j, position);
	struct rates quiet;

	l->above = beside ? beside->above : t->j->row_sums[t->j->rows[l->row].sum].above;
	quiet = l->above;
	quiet_block(t, l->row, &quiet);
	memcpy(l->lambda, quiet.lambda, sizeof(l->lambda));
	l->least = least_of(t, &quiet, l->units);
}

void tree_leaf(struct tree *t, uint32_t position, bool fresh)
{
	struct judge *j = t->j;
	struct leaf *l = leaf_at(j, position);
	struct row_sum *sum;
	double before[NF], least;
	struct rates above;

	if (l->row == NOWHERE) {
		homeless(t, l);
		return;
	}
	set_version(t, l->version);
	if (j->rows[l->row].as == CHAIN_NONE) {
		stray(t, &j->rows[l->row]);
		return;
	}
	sum = &j->row_sums[j->rows[l->row].sum];
	if (fresh)
		begin(t, l, position);
	memcpy(before, l->lambda, sizeof(before));
	least = l->least;
	above = l->above;
	leaf_finish(t, l, &above);
	for (unsigned f = 0; f < NF; f++)
		if (t->seen[f])
			sum->arrivals[f] += 7 * (l->lambda[f] - before[f]) * (double)l->units;
	sum->least += l->least - least;
}

int tree_trace(struct judge *j, uint32_t as, unsigned version, struct trace *trace)
{
	struct tree t = { .j = j, .trace = trace };
	int r = as_run(&t, &j->walks[2 * (size_t)as + version], version);

	free(t.cells);
	free(t.old);
	return r;
}

void tree_trace_homeless(struct judge *j, struct leaf *l, struct trace *trace)
{
	struct tree t = { .j = j, .trace = trace };

	homeless(&t, l);
}
