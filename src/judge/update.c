/* SPDX-License-Identifier: GPL-3.0-or-later */
/* New evidence after a run (A9). What it says of its hosts and blocks is computed at once. What it says of
 * their neighbours is passed on when their AS is walked anew: at once where the AS is small, else when its
 * arrivals have grown by WALK_GROWTH since they were last. Trust, guard, world and the pace that others lend
 * stay those of the run; the next one makes everything exact. Where every AS touched is walked, the result
 * is that of a run with the same of these, bit for bit.
 *
 * Leaves, parts, hosts and evidence that change grow behind all others; judge.order keeps the order, and
 * bits_gather in judge.c puts them together again. */
#include "judge/run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* struct touch - a leaf with new evidence */
struct touch {
	uint32_t leaf;
	uint32_t at;	  /* its position; fresh: in the order as it was, before which it comes */
	size_t from, end; /* its new evidence in judge.delta */
	uint32_t block;	  /* number of its block, as of all touched */
	double x;	  /* arrivals before, under the kernel of the AS */
	bool fresh;
};

struct update {
	struct judge *j;
	struct leaf_filler *filler;
	struct touch *v;
	size_t n, cap, n_fresh;
	struct amended *amended; /* of the leaf at hand */
	size_t n_amended, cap_amended;
	uint8_t *row;			       /* [n_rows] DIRTY_… */
	struct marks as, prefix, org, country; /* by index: to be summed again */
};

#define DIRTY_ROW  1 /* its leaves */
#define DIRTY_WALK 2 /* walked: its arrivals and all of its leaves */

/* --- leaves -------------------------------------------------------------------------------------- */

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

static size_t host_length(const struct bit *v, size_t n)
{
	size_t k = 1;

	while (k < n && v[k].host == v->host)
		k++;
	return k;
}

/* One host's evidence, old (n_old, which may be 0) and new, behind all other evidence. */
static int host_bits(
    struct judge *j, uint32_t old, size_t n_old, const struct bit *v, size_t n, uint32_t *ret)
{
	size_t room = j->bits.n + n_old + n;

	if (room > JUDGE_BITS_MAX)
		return -E2BIG;
	if (room > j->bits.cap && bits_expect(&j->bits, n_old + n + j->bits.n / 8) < 0)
		return -ENOMEM;
	*ret = (uint32_t)j->bits.n;
	n = bits_join(j->bits.v + old, n_old, v, n, j->bits.v + j->bits.n);
	j->bits.n += n;
	j->live_bits += n - n_old;
	return 0;
}

/* Hosts in v that the leaf has not got; both are in order. */
static uint32_t count_new(
    const struct judge *j, const struct leaf *l, const struct bit *v, size_t n)
{
	uint32_t k = 0, fresh = 0;

	for (size_t i = 0; i < n; i += host_length(v + i, n - i)) {
		while (k < l->hosts && j->bits.v[j->hosts[l->host + k]].host < v[i].host)
			k++;
		fresh += k == l->hosts || j->bits.v[j->hosts[l->host + k]].host != v[i].host;
	}
	return fresh;
}

static int amended_put(struct update *u, uint32_t before, uint32_t now)
{
	if (grow(&u->amended, &u->cap_amended, u->n_amended + 1, sizeof(*u->amended)) < 0)
		return -ENOMEM;
	u->amended[u->n_amended++] = (struct amended){ before, now };
	return 0;
}

/* The hosts of the leaf with those of v among them, from the end, so that it can be done in place. */
static int join_hosts(struct update *u, const struct leaf *l, uint32_t to, const struct bit *v,
    size_t n, uint32_t fresh)
{
	struct judge *j = u->j;
	uint32_t k = l->hosts;
	int r = 0;

	while (n > 0 && r == 0) {
		size_t from = n - 1;
		uint32_t old = NOWHERE, *now;
		size_t n_old = 0;

		while (from > 0 && v[from - 1].host == v[n - 1].host)
			from--;
		for (; k > 0 && j->bits.v[j->hosts[l->host + k - 1]].host > v[from].host; k--)
			j->hosts[to + k - 1 + fresh] = j->hosts[l->host + k - 1];
		if (k > 0 && j->bits.v[j->hosts[l->host + k - 1]].host == v[from].host) {
			old = j->hosts[l->host + --k];
			n_old = host_length(j->bits.v + old, j->bits.n - old);
		} else
			fresh--;
		now = &j->hosts[to + k + fresh];
		r = host_bits(j, n_old ? old : 0, n_old, v + from, n - from, now);
		if (r == 0)
			r = amended_put(u, old, *now);
		n = from;
	}
	for (; k > 0 && to != l->host; k--)
		j->hosts[to + k - 1] = j->hosts[l->host + k - 1];
	return r;
}

static struct days cleaned(const struct judge *j, size_t bit)
{
	struct days d = { 0, 0 };

	host_cleaned(j, &bit, &d);
	return d;
}

/* Whether anybody is cleaned more or less often than before: news of today seldom tell. */
static bool cleans_anew(const struct update *u)
{
	for (size_t i = 0; i < u->n_amended; i++) {
		const struct amended *a = &u->amended[i];
		struct days was = { 0, 0 }, is = cleaned(u->j, a->now);

		if (a->before != NOWHERE)
			was = cleaned(u->j, a->before);
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

static int leaf_hosts(struct update *u, struct leaf *l, const struct bit *v, size_t n)
{
	struct judge *j = u->j;
	uint32_t fresh = count_new(j, l, v, n), to = l->host;
	int r;

	if (fresh) {
		if (grow_u32(&j->hosts, &j->cap_hosts, (uint64_t)j->end_hosts + l->hosts + fresh,
			sizeof(*j->hosts)) < 0)
			return -ENOMEM;
		to = j->end_hosts;
		j->end_hosts += l->hosts + fresh;
	}
	u->n_amended = 0;
	r = join_hosts(u, l, to, v, n, fresh);
	l->host = to;
	l->hosts += fresh;
	j->n_hosts += fresh;
	if (r == 0 && j->paces.as && cleans_anew(u))
		clean_again(j, l);
	return r;
}

static double arrivals_of(const struct judge *j, const struct leaf *l)
{
	double x = 0;

	for (uint32_t i = 0; i < l->n_part; i++)
		x += j->parts[l->part + i].x_as;
	return x;
}

static int touch_put(struct update *u, const struct touch *t)
{
	if (grow(&u->v, &u->cap, u->n + 1, sizeof(*u->v)) < 0)
		return -ENOMEM;
	u->v[u->n++] = *t;
	u->n_fresh += t->fresh;
	return 0;
}

/* New evidence [from, end) of one leaf. */
static int touch(struct update *u, const struct leaf *key, uint32_t *at, size_t from, size_t end)
{
	struct judge *j = u->j;
	struct touch t = { .from = from, .end = end };
	struct leaf *l;
	int r;

	t.at = *at = find_place(j, *at, key);
	t.fresh = t.at == j->n_order || leaf_cmp(leaf_at(j, t.at), key) != 0;
	if (t.fresh && leaf_put(j, key) < 0)
		return -ENOMEM;
	t.leaf = t.fresh ? j->n_leaves - 1 : j->order[t.at];
	l = &j->leaves[t.leaf];
	t.x = arrivals_of(j, l);
	if ((r = leaf_hosts(u, l, j->delta.v + from, end - from)) < 0 ||
	    (r = leaf_amend(u->filler, l, u->amended, u->n_amended)) < 0)
		return r;
	return touch_put(u, &t);
}

static int touch_all(struct update *u)
{
	struct judge *j = u->j;
	const struct bits *d = &j->delta;
	uint32_t row = 0, at = 0;
	struct leaf key, next;
	int r = 0;

	for (size_t from = 0, i; from < d->n && r == 0; from = i) {
		leaf_key(j, d->v[from].host, &row, &key);
		for (i = from + 1; i < d->n; i++) {
			if (d->v[i].host == d->v[i - 1].host)
				continue;
			leaf_key(j, d->v[i].host, &row, &next);
			if (leaf_cmp(&key, &next) != 0)
				break;
		}
		r = touch(u, &key, &at, from, i);
	}
	return r;
}

/* --- the order ----------------------------------------------------------------------------------- */

/* struct ordering - the new order on its way */
struct ordering {
	uint32_t *order, *host_at, *blocks;
	uint32_t n, n_blocks, hosts;
	bool fresh; /* the last one put was */
};

static void order_put(const struct judge *j, struct ordering *o, uint32_t leaf, uint32_t hosts,
    bool fresh, bool first)
{
	if (fresh || o->fresh) {
		const struct leaf *l = &j->leaves[leaf];
		const struct leaf *before = o->n ? &j->leaves[o->order[o->n - 1]] : NULL;

		first = !before || before->block != l->block || before->version != l->version;
	}
	if (first)
		o->blocks[o->n_blocks++] = o->n;
	o->order[o->n] = leaf;
	o->host_at[o->n++] = o->hosts;
	o->hosts += hosts;
	o->fresh = fresh;
}

/* Fresh leaves among the others. Their `at` becomes their position, as of all touched. */
static void order_merge(struct update *u, struct ordering *o)
{
	const struct judge *j = u->j;
	uint32_t block = 0;
	size_t t = 0;

	for (uint32_t p = 0; p <= j->n_order; p++) {
		bool first = block < j->n_blocks && j->blocks[block] == p;

		for (; t < u->n && u->v[t].fresh && u->v[t].at == p; t++) {
			u->v[t].at = o->n;
			order_put(j, o, u->v[t].leaf, j->leaves[u->v[t].leaf].hosts, true, false);
			u->v[t].block = o->n_blocks - 1;
		}
		if (p == j->n_order)
			break;
		block += first;
		if (t < u->n && !u->v[t].fresh && u->v[t].at == p) {
			u->v[t].at = o->n;
			order_put(j, o, j->order[p], leaf_at(j, p)->hosts, false, first);
			u->v[t++].block = o->n_blocks - 1;
		} else
			order_put(
			    j, o, j->order[p], j->host_at[p + 1] - j->host_at[p], false, first);
	}
	o->host_at[o->n] = o->hosts;
}

/* The leaves of every row moved on by the fresh ones before them. */
static void rows_shift(struct update *u)
{
	struct judge *j = u->j;
	uint32_t shift = 0;
	size_t t = 0;

	for (uint32_t i = 0; i < j->n_rows; i++) {
		struct row *r = &j->rows[i];
		uint32_t own = 0;

		for (; t < u->n && j->leaves[u->v[t].leaf].place < 2 * i + 1; t++)
			shift += u->v[t].fresh;
		r->leaf += shift;
		for (; t < u->n && j->leaves[u->v[t].leaf].place == 2 * i + 1; t++) {
			if (r->n_leaf == 0 && own == 0)
				r->leaf = u->v[t].at;
			own += u->v[t].fresh;
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
	struct ordering o = { .order = calloc(n, sizeof(*o.order)),
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
	j->n_blocks = o.n_blocks;
	rows_shift(u);
	return 0;
}

/* --- the chain ----------------------------------------------------------------------------------- */

static void mark_row(struct update *u, const struct row *r)
{
	marks_set(&u->as, r->as);
	marks_set(&u->prefix, r->prefix);
	if (r->org != CHAIN_NONE)
		marks_set(&u->org, r->org);
	if (r->country != COUNTRY_NONE)
		marks_set(&u->country, r->country);
}

/* The AS of touched leaves: their arrivals are its own. */
static void walks_grow(struct update *u)
{
	struct judge *j = u->j;

	for (size_t i = 0; i < u->n; i++) {
		const struct touch *t = &u->v[i];
		const struct leaf *l = &j->leaves[t->leaf];
		struct walk *w;

		if (l->row == NOWHERE)
			continue;
		w = &j->walks[2 * (size_t)j->rows[l->row].as + l->version];
		w->x += arrivals_of(j, l) - t->x;
		w->n_leaf += t->fresh;
		w->touched = true;
	}
}

static int chain(struct update *u)
{
	struct judge *j = u->j;
	struct tree *tree = tree_new(j);
	int r = tree ? 0 : -ENOMEM;

	walks_grow(u);
	for (uint32_t k = 0; k < 2 * j->by_as.n && r == 0; k++) {
		if (!j->walks[k].touched || !walk_due(j, &j->walks[k]))
			continue;
		r = tree_walk(tree, k / 2, k % 2);
		for (uint32_t i = j->walks[k].from; i < j->walks[k].end && r == 0; i++)
			u->row[j->by_as.rows[i]] = DIRTY_WALK;
	}
	for (size_t i = 0; i < u->n && r == 0; i++) {
		struct leaf *l = &j->leaves[u->v[i].leaf];

		if (l->row == NOWHERE || u->row[l->row] != DIRTY_WALK)
			tree_leaf(tree, u->v[i].at, u->v[i].fresh);
	}
	for (size_t i = 0; i < 2 * (size_t)j->by_as.n; i++)
		j->walks[i].touched = false;
	tree_free(tree);
	return r;
}

static int sum_up(struct update *u)
{
	struct judge *j = u->j;
	int r = j->more_listed ? bits_seal(&j->listed) : 0;

	if (r == 0 && j->more_listed)
		listed_count(j);
	for (uint32_t i = 0; i < j->n_rows && r == 0; i++) {
		struct row_sum *s = &j->row_sums[j->rows[i].sum];

		if (!u->row[i] && (!j->more_listed || s->listed == j->rows[i].listed))
			continue;
		s->listed = j->rows[i].listed;
		if (u->row[i] && j->rows[i].n_leaf)
			r = row_sum_up(j, &j->rows[i]);
		mark_row(u, &j->rows[i]);
	}
	return r < 0 ? r : sums_update(j, &u->as, &u->prefix, &u->org, &u->country);
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

	for (size_t k = 0; k < u->n; k++) {
		const struct touch *t = &u->v[k];
		const struct leaf *l = &j->leaves[t->leaf];
		uint32_t h = 0;

		for (size_t i = t->from; i < t->end && r == 0; i++) {
			while (j->bits.v[j->hosts[l->host + h]].host < j->delta.v[i].host)
				h++;
			r = changed_put(&j->changed[ENTITY_ADDR], j->host_at[t->at] + h);
		}
	}
	return r;
}

static uint32_t block_of_position(const struct judge *j, uint32_t position)
{
	uint32_t lo = 0, hi = j->n_blocks;

	while (hi - lo > 1) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (j->blocks[mid] <= position)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

/* Blocks of touched leaves, and of all leaves of rows that were walked. */
static int changed_blocks(struct update *u)
{
	struct judge *j = u->j;
	CLEANUP(marks_done) struct marks mark = { NULL, 0 };
	int r = marks_make(&mark, j->n_blocks);

	for (size_t t = 0; t < u->n && r == 0; t++)
		marks_set(&mark, u->v[t].block);
	for (uint32_t i = 0; i < j->n_rows && r == 0; i++) {
		const struct row *row = &j->rows[i];
		uint32_t b;

		if (u->row[i] != DIRTY_WALK || !row->n_leaf)
			continue;
		b = block_of_position(j, row->leaf);
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
	return !j->ran || j->stale || j->conf.kinds || j->conf.only || j->map_arrivals ||
	       j->map_returning || j->bits.n / 2 > j->live_bits + (1u << 20);
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
	*u = (struct update){ .j = j, .filler = leaf_filler_new(j) };
	u->row = calloc((size_t)j->n_rows + 1, 1);
	if (!u->filler || !u->row || marks_make(&u->as, j->by_as.n) < 0 ||
	    marks_make(&u->prefix, j->by_prefix.n) < 0 || marks_make(&u->org, j->by_org.n) < 0 ||
	    marks_make(&u->country, j->by_country.n) < 0)
		return -ENOMEM;
	return 0;
}

static void update_done(struct update *u)
{
	leaf_filler_free(&u->filler);
	free(u->row);
	free(u->v);
	free(u->amended);
	marks_done(&u->as);
	marks_done(&u->prefix);
	marks_done(&u->org);
	marks_done(&u->country);
}

static int take(struct update *u)
{
	struct judge *j = u->j;
	int r;

	if ((r = touch_all(u)) < 0 || (r = reorder(u)) < 0 || (r = chain(u)) < 0 ||
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
