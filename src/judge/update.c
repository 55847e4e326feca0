/* SPDX-License-Identifier: GPL-3.0-or-later */
/* New evidence after a run (A9). What it says of its hosts and blocks is computed at once. What it says of
 * their neighbours is passed on when their AS is walked anew: at once where the AS is small, else when its
 * arrivals have grown by WALK_GROWTH since they were last. Trust, guard, world and the pace that others lend
 * stay those of the run; the next one makes everything exact. Where every AS touched is walked, the result
 * is that of a run with the same of these, bit for bit.
 *
 * Leaves, parts, hosts and evidence that change grow behind all others; judge.order keeps the order, and
 * bits_gather in judge.c puts them together again. */
#include "judge/touch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/each.h"

#define MANY  4096u /* leaves that are worth a second thread … */
#define PARTS 64u   /* … and how many parts the rows are cut into */

#define AHEAD  4u /* rows or leaves before one is needed … */
#define LEAVES 4u /* … and so many leaves of a row */

struct update {
	struct judge *j;
	struct touched touched;
	uint8_t *row;	 /* [n_rows] DIRTY_… */
	uint32_t *dirty; /* [n_dirty] of these, those that are not 0 */
	uint32_t n_dirty;
	struct tree *tree[LANES_MAX]; /* of a lane; NULL: it had nothing to do yet */
};

#define DIRTY_ROW  1 /* its leaves, or what is listed of it */
#define DIRTY_WALK 2 /* walked: its arrivals and all of its leaves */
#define DIRTY_SAYS 4 /* more has a say than before */

/* --- the order ----------------------------------------------------------------------------------- */

/* struct ordering - the new order on its way */
struct ordering {
	uint32_t *order, *host_at, *blocks;
	uint32_t n, n_own, n_blocks, hosts;
	bool fresh; /* the last one put was */
};

static void order_put(const struct judge *j, struct ordering *o, uint32_t leaf, uint32_t hosts,
    bool fresh, bool first)
{
	if (fresh || o->fresh) {
		const struct leaf *l = &j->leaves[leaf];
		const struct leaf *before = o->n ? &j->leaves[o->order[o->n - 1]] : NULL;

		first = !is_former(l->realm) &&
			(!before || before->block != l->block || before->version != l->version);
	}
	if (first)
		o->blocks[o->n_blocks++] = o->n;
	o->order[o->n] = leaf;
	o->host_at[o->n++] = o->hosts;
	o->hosts += hosts;
	o->fresh = fresh;
}

/* One leaf that was there before, at p; *block: the first block that does not begin before it */
static void order_old(
    const struct judge *j, struct ordering *o, uint32_t p, uint32_t hosts, uint32_t *block)
{
	bool first = *block < j->n_blocks && j->blocks[*block] == p;

	*block += first;
	order_put(j, o, j->order[p], hosts, false, first);
}

/* Those at [p, end), of which nothing has changed. */
static void order_copy(
    const struct judge *j, struct ordering *o, uint32_t p, uint32_t end, uint32_t *block)
{
	uint32_t more, moved;

	if (p < end && o->fresh) { /* may begin its block no longer */
		order_old(j, o, p, j->host_at[p + 1] - j->host_at[p], block);
		p++;
	}
	more = o->hosts - j->host_at[p];
	moved = o->n - p;
	memcpy(o->order + o->n, j->order + p, (end - p) * sizeof(*o->order));
	for (; *block < j->n_blocks && j->blocks[*block] < end; ++*block)
		o->blocks[o->n_blocks++] = j->blocks[*block] + moved;
	for (; p < end; p++)
		o->host_at[o->n++] = j->host_at[p] + more;
	o->hosts = j->host_at[end] + more;
}

/* Fresh leaves among the others. Their `at` becomes their position, as of all touched. */
static void order_merge(struct update *u, struct ordering *o)
{
	const struct judge *j = u->j;
	uint32_t block = 0, p = 0;

	for (size_t i = 0; i < u->touched.n; i++) {
		struct touch *t = &u->touched.v[i];
		const struct leaf *l = &j->leaves[t->leaf];

		order_copy(j, o, p, t->at, &block);
		p = t->at;
		t->at = o->n;
		if (t->fresh) {
			order_put(j, o, t->leaf, l->hosts, true, false);
			o->n_own += !is_former(l->realm);
		} else
			order_old(j, o, p++, l->hosts, &block);
		t->block = o->n_blocks - 1;
	}
	order_copy(j, o, p, j->n_order, &block);
	o->host_at[o->n] = o->hosts;
}

/* The leaves of every row moved on by the fresh ones before them. */
static void rows_shift(struct update *u)
{
	struct judge *j = u->j;
	const struct touch *v = u->touched.v;
	uint32_t shift = 0;
	size_t t = 0, n = u->touched.n;

	for (uint32_t i = 0; i < j->n_rows; i++) {
		struct row *r = &j->rows[i];
		uint32_t own = 0;

		for (; t < n && j->leaves[v[t].leaf].place < 2 * i + 1; t++)
			shift += v[t].fresh;
		r->leaf += shift;
		for (; t < n && j->leaves[v[t].leaf].place == 2 * i + 1; t++) {
			if (r->n_leaf == 0 && own == 0)
				r->leaf = v[t].at;
			own += v[t].fresh;
			u->row[i] = DIRTY_ROW;
		}
		r->n_leaf += own;
		shift += own;
	}
}

static int reorder(struct update *u)
{
	struct judge *j = u->j;
	size_t n = (size_t)j->n_leaves + 1;
	struct ordering o = { .n_own = j->n_own,
		.order = calloc(n, sizeof(*o.order)),
		.host_at = calloc(n, sizeof(*o.host_at)),
		.blocks = calloc(n, sizeof(*o.blocks)) };

	if (!o.order || !o.host_at || !o.blocks) {
		free(o.order);
		free(o.host_at);
		free(o.blocks);
		return -ENOMEM;
	}
	order_merge(u, &o);
	free(j->order);
	free(j->host_at);
	free(j->blocks);
	j->order = o.order;
	j->host_at = o.host_at;
	j->blocks = o.blocks;
	j->n_order = o.n;
	j->n_own = o.n_own;
	j->n_blocks = o.n_blocks;
	rows_shift(u);
	return 0;
}

/* --- the chain ----------------------------------------------------------------------------------- */

/* The AS of touched leaves: their arrivals are its own. */
static void walks_grow(struct update *u)
{
	struct judge *j = u->j;

	for (size_t i = 0; i < u->touched.n; i++) {
		const struct touch *t = &u->touched.v[i];
		const struct leaf *l = &j->leaves[t->leaf];
		struct walk *w;

		if (l->row == NOWHERE || j->rows[l->row].as == CHAIN_NONE)
			continue;
		w = &j->walks[2 * (size_t)j->rows[l->row].as + l->version];
		w->x += leaf_arrivals(j, l) - t->x;
		w->n_leaf += t->fresh;
		w->touched = true;
		w->due |= is_former(l->realm); /* seldom told of */
	}
}

static void dirty_walk(struct update *u, uint32_t from, uint32_t end)
{
	for (; from < end; from++)
		u->row[u->j->by_as.rows[from]] = DIRTY_WALK;
}

/* Which ASes are to be walked, and all rows that will change. */
static int find_dirty(struct update *u)
{
	struct judge *j = u->j;
	int r = j->more_listed ? bits_seal(&j->listed) : 0;

	if (r < 0)
		return r;
	if (j->more_listed)
		listed_count(j);
	for (uint32_t i = 0; i < j->n_rows && j->more_listed; i++)
		if (j->row_sums[j->rows[i].sum].listed != j->rows[i].listed)
			u->row[i] = DIRTY_ROW;
	walks_grow(u);
	for (uint32_t k = 0; k < 2 * j->by_as.n; k++) {
		struct walk *w = &j->walks[k];

		w->due = w->touched && walk_due(j, w);
		if (w->due) {
			dirty_walk(u, w->from, w->end);
			dirty_walk(u, w->old, w->old_end);
		}
	}
	for (uint32_t i = 0; i < j->n_rows; i++)
		u->n_dirty += u->row[i] != 0;
	u->dirty = calloc((size_t)u->n_dirty + 1, sizeof(*u->dirty));
	if (!u->dirty)
		return -ENOMEM;
	for (uint32_t i = 0, n = 0; i < j->n_rows; i++)
		if (u->row[i])
			u->dirty[n++] = i;
	return 0;
}

static struct tree *tree_of(struct update *u, unsigned lane)
{
	if (!u->tree[lane])
		u->tree[lane] = tree_new(u->j);
	return u->tree[lane];
}

static int walk_some(void *ctx, unsigned lane, size_t from, size_t end)
{
	struct update *u = ctx;
	struct walk *w = u->j->walks;
	struct tree *tree = tree_of(u, lane);
	int r = tree ? 0 : -ENOMEM;

	for (; from < end && r == 0; from++) {
		if (w[from].due)
			r = tree_walk(tree, (uint32_t)from / 2, from % 2);
		w[from].touched = w[from].due = false;
	}
	return r;
}

/* Leaves of one row follow each other, and are left to one thread: who has the first one has them all. */
static bool goes_on(const struct update *u, size_t i)
{
	const struct touch *t = u->touched.v;
	uint32_t row = u->j->leaves[t[i].leaf].row;

	return i > 0 && row != NOWHERE && u->j->leaves[t[i - 1].leaf].row == row;
}

/* What the touched leaves some places behind the i-th will need (fetch_ahead). */
static void leaves_ahead(const struct update *u, size_t i)
{
	const struct judge *j = u->j;
	const struct touch *v = u->touched.v;
	const size_t end = u->touched.n;
	const struct leaf *l;

	touch_ahead(j, v, i, end, AHEAD);
	if (i + AHEAD < end) {
		l = &j->leaves[v[i + AHEAD].leaf];
		if (l->row != NOWHERE)
			fetch_ahead(&j->row_sums[j->rows[l->row].sum], sizeof(*j->row_sums));
	}
}

static int leaf_some(void *ctx, unsigned lane, size_t from, size_t end)
{
	struct update *u = ctx;
	struct judge *j = u->j;
	struct tree *tree = tree_of(u, lane);

	if (!tree)
		return -ENOMEM;
	while (from < end && goes_on(u, from))
		from++;
	for (size_t i = from; from < end && i < u->touched.n && (i < end || goes_on(u, i)); i++) {
		const struct touch *t = &u->touched.v[i];
		const struct leaf *l = &j->leaves[t->leaf];

		leaves_ahead(u, i);
		if (l->row == NOWHERE || !(u->row[l->row] & DIRTY_WALK))
			tree_leaf(tree, t->at, t->fresh);
	}
	return 0;
}

static int chain(struct update *u)
{
	const struct judge *j = u->j;
	unsigned threads = u->touched.n < MANY ? 1 : j->conf.threads;
	uint32_t n = 2 * j->by_as.n;
	int r = each(threads, n, n / PARTS + 1, walk_some, u);

	return r < 0 ? r : each(threads, u->touched.n, u->touched.n / PARTS + 1, leaf_some, u);
}

/* What the rows some places behind the i-th will need (fetch_ahead). */
static void rows_ahead(const struct update *u, size_t i, size_t end)
{
	const struct judge *j = u->j;
	const struct row *r;

	if (i + 4 * (size_t)AHEAD < end)
		fetch_ahead(&j->rows[u->dirty[i + 4 * AHEAD]], sizeof(*r));
	if (i + 3 * (size_t)AHEAD < end) {
		r = &j->rows[u->dirty[i + 3 * AHEAD]];
		fetch_ahead(&j->row_sums[r->sum], sizeof(*j->row_sums));
		fetch_ahead(&j->order[r->leaf], 1);
	}
	if (i + 2 * (size_t)AHEAD < end) {
		r = &j->rows[u->dirty[i + 2 * AHEAD]];
		for (uint32_t k = 0; k < MIN_OF(r->n_leaf, LEAVES); k++)
			fetch_ahead(leaf_at(j, r->leaf + k), sizeof(struct leaf));
	}
	if (i + AHEAD < end) {
		r = &j->rows[u->dirty[i + AHEAD]];
		for (uint32_t k = 0; k < MIN_OF(r->n_leaf, LEAVES); k++)
			fetch_leaf_ahead(j, leaf_at(j, r->leaf + k));
	}
}

static int rows_some(void *ctx, unsigned lane, size_t from, size_t end)
{
	struct update *u = ctx;

	(void)lane;
	for (; from < end; from++) {
		uint32_t i = u->dirty[from];
		struct row *r = &u->j->rows[i];

		rows_ahead(u, from, end);

		if (!row_sum_up(u->j, r))
			u->row[i] |= DIRTY_SAYS;
	}
	return 0;
}

static int sum_up(struct update *u)
{
	struct judge *j = u->j;
	int r = each(u->n_dirty < MANY ? 1 : j->conf.threads, u->n_dirty, u->n_dirty / PARTS + 1,
	    rows_some, u);

	for (uint32_t i = 0; i < u->n_dirty && r == 0; i++) {
		const struct row *row = &j->rows[u->dirty[i]];

		if (u->row[u->dirty[i]] & DIRTY_SAYS)
			r = row_sum_new(j, row);
	}
	return r < 0 ? r : sums_put(j, u->dirty, u->n_dirty);
}

/* --- what has changed ---------------------------------------------------------------------------- */

static int changed_put(struct changed *c, uint32_t i)
{
	if (c->n && c->v[c->n - 1] == i)
		return 0;
	if (grow_u32(&c->v, &c->cap, (uint64_t)c->n + 1, sizeof(*c->v)) < 0)
		return -ENOMEM;
	c->v[c->n++] = i;
	return 0;
}

static int changed_hosts(struct update *u)
{
	struct judge *j = u->j;
	int r = 0;

	for (size_t k = 0; k < u->touched.n; k++) {
		const struct touch *t = &u->touched.v[k];
		uint32_t at = j->host_at[t->at], fresh = 0;

		if (t->at >= j->n_own)
			break; /* in their order */
		for (size_t i = t->amended; i < t->amended + t->n_amended && r == 0; i++) {
			const struct amended *a = &u->touched.amended[i];

			r = changed_put(&j->changed[ENTITY_ADDR], at + a->place + fresh);
			fresh += a->before == NOWHERE;
		}
	}
	return r;
}

/* Blocks of touched leaves, and of all leaves of rows that were walked. */
static int changed_blocks(struct update *u)
{
	struct judge *j = u->j;
	CLEANUP(marks_done) struct marks mark = { NULL, 0 };
	int r = marks_make(&mark, j->n_blocks);

	for (size_t t = 0; t < u->touched.n && u->touched.v[t].at < j->n_own && r == 0; t++)
		marks_set(&mark, u->touched.v[t].block);
	for (uint32_t i = 0; i < j->n_own_rows && r == 0; i++) {
		const struct row *row = &j->rows[i];
		uint32_t b;

		if (!(u->row[i] & DIRTY_WALK) || !row->n_leaf)
			continue;
		b = block_of_leaf(j, row->leaf);
		for (; b < j->n_blocks && j->blocks[b] < row->leaf + row->n_leaf; b++)
			marks_set(&mark, b);
	}
	for (uint32_t b = 0; b < j->n_blocks && r == 0; b++)
		if (mark.v[b])
			r = changed_put(&j->changed[ENTITY_BLOCK], b);
	return r;
}

/* --- all of it ----------------------------------------------------------------------------------- */

/* What only a run can do: nothing has been run, something else than evidence is new, or too much of what is
 * kept is out of use. */
static bool only_a_run(const struct judge *j)
{
	return !j->ran || j->stale || !may_update(j) || j->bits.n / 2 > j->live_bits + (1u << 20);
}

/* Evidence of a family that was in no sum until now begins with a run. */
static bool is_known(const struct judge *j)
{
	for (size_t i = 0; i < j->delta.n; i++) {
		const struct bit *b = &j->delta.v[i];

		if (bit_weight(j, b) > 0 && !j->world.seen[bit_family(b)][bit_version(b->host)])
			return false;
	}
	return true;
}

static int update_open(struct update *u, struct judge *j)
{
	*u = (struct update){ .j = j };
	u->row = calloc((size_t)j->n_rows + 1, 1);
	return u->row ? 0 : -ENOMEM;
}

static void update_done(struct update *u)
{
	touched_done(&u->touched);
	free(u->row);
	free(u->dirty);
	for (unsigned i = 0; i < LANES_MAX; i++)
		tree_free(u->tree[i]);
}

static int take(struct update *u)
{
	struct judge *j = u->j;
	int r;

	if ((r = touch_all(j, &u->touched)) < 0 || (r = reorder(u)) < 0 || (r = find_dirty(u)) < 0)
		return r;
	if ((r = sums_take(j, u->dirty, u->n_dirty)) < 0 || (r = chain(u)) < 0 ||
	    (r = sum_up(u)) < 0 || (r = changed_hosts(u)) < 0)
		return r;
	j->more_listed = false;
	j->world.hosts = j->n_hosts;
	j->world.bits = j->live_bits;
	return changed_blocks(u);
}

int judge_update(struct judge *j, struct err *e)
{
	struct update u;
	int r;

	for (unsigned k = 0; k < ENTITY_KIND_N; k++)
		j->changed[k].n = 0;
	if (only_a_run(j))
		return 1;
	if (bits_seal(&j->delta) < 0)
		return err_set(e, -ENOMEM, "judging: out of memory");
	if (!is_known(j))
		return 1;
	if (j->delta.n == 0 && !j->more_listed)
		return 0;
	if (former_split(j, &j->delta) < 0)
		return err_set(e, -ENOMEM, "judging: out of memory");
	r = update_open(&u, j);
	j->moved = true;
	if (r == 0)
		r = take(&u);
	update_done(&u);
	bits_done(&j->delta);
	if (r < 0) {
		j->stale = j->broken = true;
		return err_set(
		    e, r, r == -E2BIG ? "judging: too much evidence" : "judging: out of memory");
	}
	return 0;
}

uint32_t judge_changed(const struct judge *j, enum entity_kind kind, const uint32_t **ret)
{
	*ret = j->changed[kind].v;
	return j->changed[kind].n;
}
