/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "judge/explain.h"

#include <errno.h>
#include <string.h>

#include "judge/run.h"

_Static_assert(JUDGE_LEVEL_N == (int)MODEL_LEVEL_N && JUDGE_LEVEL_PART == (int)MODEL_PART &&
		   JUDGE_LEVEL_SIXTEEN == (int)MODEL_SIXTEEN,
    "levels out of step");

/* One explanation on its way. */
struct telling {
	struct judge *j;
	const struct judge_key *key;
	const struct judge_listener *to;
	struct judge_total *total;
	double x_attack, x_scan;
	double pace; /* of the leaf at hand */
	int code;
};

static void check(struct telling *t, int r)
{
	if (t->code == 0 && r < 0)
		t->code = r;
}

/* --- hosts --------------------------------------------------------------------------------------- */

/* The bits [i, end) are one host and family: p7 after `later` more silent days. */
static double p7_later(
    const struct telling *t, size_t i, size_t end, unsigned later, const struct host_part *p)
{
	const struct judge *j = t->j;
	double k = 0;

	while (i < end) {
		size_t from = i;
		unsigned lag = bit_lag(&j->bits.v[i]);
		bool anchored;

		while (i < end && bit_lag(&j->bits.v[i]) == lag)
			i++;
		if (lag + later < JUDGE_WINDOW_DAYS)
			k += host_day_weight(j, from, i, MUTE_NOBODY, &anchored) *
			     j->model.host[lag + later];
	}
	return model_p7(k * t->pace, p->days, p->last + later, p->active_28);
}

static int32_t quiet_day(const struct telling *t, size_t i, size_t end, const struct host_part *p)
{
	unsigned lo = 0, hi = JUDGE_WINDOW_DAYS; /* p7 only falls with silence */

	while (lo < hi) {
		unsigned mid = (lo + hi) / 2;

		if (p7_later(t, i, end, mid, p) < JUDGE_QUIET_P7)
			hi = mid;
		else
			lo = mid + 1;
	}
	return t->j->conf.today + (int32_t)lo;
}

static void tell_line(struct telling *t, const struct bit *b)
{
	const struct judge *j = t->j;
	struct judge_line l = { .addr = bit_addr(b->host),
		.family = (enum family)bit_family(b),
		.day = j->conf.today - (int32_t)bit_lag(b),
		.group = bit_group(b),
		.weak = b->meta & BIT_WEAK,
		.scan = b->meta & BIT_SCAN,
		.count = bit_count(b) };

	l.weight = bit_weight(j, b);
	if (t->to->line)
		check(t, t->to->line(t->to->ctx, &l));
}

static void tell_part(
    struct telling *t, uint64_t host, size_t i, size_t end, const struct host_part *p)
{
	const struct judge *j = t->j;
	struct judge_host h = { .addr = bit_addr(host),
		.family = p->family,
		.p7 = p->p7,
		.k = p->k,
		.pace = t->pace,
		.days = p->days,
		.silent = p->last,
		.active_28 = p->active_28,
		.scan = p->scan,
		.former = bit_era(host) > 0,
		.first_weight = p->w_first,
		.first_day = j->conf.today - (int32_t)p->first,
		.last_day = j->conf.today - (int32_t)p->last };

	if (!p->any)
		return;
	if (p->scan)
		t->total->returning_scan += p->p7;
	if (t->to->host) {
		h.quiet_by = quiet_day(t, i, end, p);
		check(t, t->to->host(t->to->ctx, &h));
	}
	for (; i < end; i++)
		tell_line(t, &j->bits.v[i]);
}

/* The host at bit *i; moves behind it. */
static void tell_host(struct telling *t, size_t *i)
{
	const struct bit *v = t->j->bits.v;
	size_t at = *i;
	struct host_sum h;

	host_next(t->j, MUTE_NOBODY, t->pace, i, &h);
	for (unsigned k = 0; k < h.n_part; k++) {
		size_t from = at;

		while (at < *i && bit_family(&v[at]) == h.part[k].family)
			at++;
		tell_part(t, h.host, from, at, &h.part[k]);
	}
}

/* --- stretches ----------------------------------------------------------------------------------- */

static bool row_in_net(const struct judge *j, const struct row *r, uint32_t index)
{
	for (uint32_t n = r->network; n; n = net_above(j, n))
		if (n - 1 == index)
			return true;
	return false;
}

static bool row_of_org(const struct judge *j, const struct row *r, uint32_t index)
{
	for (uint32_t k = 0; (k = row_org_next(j, r, k)) != 0;)
		if (k - 1 == index)
			return true;
	return false;
}

static bool wants_row(const struct telling *t, const struct row *r)
{
	switch (t->key->kind) {
	case ENTITY_PREFIX:
		return r->prefix == t->key->index;
	case ENTITY_AS:
		return r->as == t->key->index;
	case ENTITY_ORG:
		return row_of_org(t->j, r, t->key->index);
	case ENTITY_NET:
		return row_in_net(t->j, r, t->key->index);
	case ENTITY_COUNTRY:
		return r->country != COUNTRY_NONE && r->country == country_index(t->key->country);
	default:
		return false;
	}
}

static bool wants_leaf(const struct telling *t, const struct leaf *l)
{
	uint64_t host, unit;

	if (t->key->kind != ENTITY_BLOCK)
		return l->row != NOWHERE && wants_row(t, &t->j->rows[l->row]);
	if (is_former(l->realm) || !bit_host(t->key->addr, &host))
		return false;
	unit = bit_unit(host);
	return l->version == bit_version(host) && l->block == (l->version ? unit : unit >> 8);
}

static void at_stretch(struct trace *trace, const struct leaf *leaf, uint32_t row, uint64_t units)
{
	struct telling *t = trace->ctx;
	const struct judge *j = t->j;
	unsigned version = leaf ? leaf->version : j->rows[row].version;

	if (leaf ? !wants_leaf(t, leaf) : !wants_row(t, &j->rows[row]))
		return;
	for (unsigned f = 0; f < NF && t->to->stretch; f++) {
		struct judge_stretch s = { .family = (enum family)f,
			.quiet = !leaf,
			.former = leaf && is_former(leaf->realm),
			.prefix = row == NOWHERE ? CHAIN_NONE : j->rows[row].prefix,
			.units = units,
			.l0 = j->world.l0[f][version],
			.lambda = trace->above[f],
			.pooled = trace->pooled[f],
			.arrivals = 7 * trace->pooled[f] * (double)units };

		if (!j->world.seen[f][version])
			continue;
		if (leaf)
			s.block = version ? (struct addr){ leaf->block << 16, 0 }
					  : addr_of_v4((uint32_t)leaf->block << 8);
		memcpy(s.step, trace->step[f], sizeof(s.step));
		check(t, t->to->stretch(t->to->ctx, &s));
	}
}

static void tell_leaf_hosts(struct telling *t, const struct leaf *l)
{
	for (uint32_t k = 0; k < l->n_part; k++) {
		const struct part *p = &t->j->parts[l->part + k];

		if (p->family == FAMILY_ATTACK) {
			t->x_attack += p->x_as;
			t->x_scan += p->x_scan;
		}
	}
	t->pace = l->pace;
	for (uint32_t k = 0; k < l->hosts && t->code == 0; k++)
		tell_host(t, &(size_t){ t->j->hosts[l->host + k] });
}

/* Has an AS a row of the entity, of today or of another era? [i, end): of by_as.rows. */
static bool wants_walk(const struct telling *t, uint32_t i, uint32_t end)
{
	const struct judge *j = t->j;

	for (; i < end; i++) {
		const struct row *r = &j->rows[j->by_as.rows[i]];

		if (wants_row(t, r))
			return true;
		for (uint32_t k = 0; k < r->n_leaf && t->key->kind == ENTITY_BLOCK; k++)
			if (wants_leaf(t, leaf_at(j, r->leaf + k)))
				return true;
	}
	return false;
}

static bool is_homeless(const struct judge *j, const struct leaf *l)
{
	return l->row == NOWHERE || j->rows[l->row].as == CHAIN_NONE;
}

/* Every AS that has a row of the entity, and what no AS answers for. */
static void tell_space(struct telling *t)
{
	struct judge *j = t->j;
	struct trace trace = { .at = at_stretch, .ctx = t };

	for (uint32_t i = 0; i < 2 * j->by_as.n && t->code == 0; i++) {
		const struct walk *w = &j->walks[i];

		if (w->from == w->end ||
		    !(wants_walk(t, w->from, w->end) || wants_walk(t, w->old, w->old_end)))
			continue;
		memset(trace.step, 0, sizeof(trace.step));
		check(t, tree_trace(j, i / 2, i % 2, &trace));
	}
	memset(trace.step, 0, sizeof(trace.step));
	for (uint32_t i = 0; i < j->n_leaves && t->code == 0; i++)
		if (is_homeless(j, leaf_at(j, i)) && wants_leaf(t, leaf_at(j, i)))
			tree_trace_homeless(j, leaf_at(j, i), &trace);
}

/* --- putting together ---------------------------------------------------------------------------- */

static void put_together(struct telling *t)
{
	const struct judge *j = t->j;
	struct judge_total *r = t->total;
	const struct judgement *g = &r->judgement;

	r->scan_off = 1 - MODEL_KAPPA_SCAN;
	r->b0 = r->average = MODEL_B0;
	r->scan_share = t->x_attack > 0 ? t->x_scan / t->x_attack : 0;
	r->size[0] = (double)g->size_v4;
	r->size[1] = g->key.kind == ENTITY_ADDR && !g->size_v4 ? 0x1p-16 : (double)g->size_v6;
	for (unsigned f = 0; f < NF; f++) {
		r->severity[f] = model_kappa[f];
		r->weighed += model_kappa[f] * (g->part[f].returning + g->part[f].arrivals);
		for (unsigned v = 0; v < 2; v++) {
			r->m0[f][v] = j->world.seen[f][v] ? j->world.m0[f][v] : 0;
			r->average += model_kappa[f] * r->m0[f][v] * r->size[v];
		}
	}
	r->weighed -=
	    r->scan_off * (r->returning_scan + g->part[FAMILY_ATTACK].arrivals * r->scan_share);
	r->weighed -= g->held;
}

static void tell_addr(struct telling *t)
{
	uint64_t host;
	size_t bit = 0;
	uint32_t n = judge_n(t->j, ENTITY_ADDR), lo = 0, hi = n;

	if (!bit_host(t->key->addr, &host))
		return;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		(void)leaf_of_host(t->j, mid, &bit);
		if (t->j->bits.v[bit].host < host)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo < n) {
		t->pace = leaf_of_host(t->j, lo, &bit)->pace;
		tell_host(t, &bit);
	}
}

int judge_explain(struct judge *j, const struct judge_key *key, const struct judge_listener *to,
    struct judge_total *ret)
{
	struct telling t = { .j = j, .key = key, .to = to, .total = ret };

	*ret = (struct judge_total){ .scan_off = 0 };
	if (!judge_find(j, key, &ret->judgement))
		return 0;
	if (key->kind == ENTITY_ADDR)
		tell_addr(&t);
	else {
		for (uint32_t i = 0; i < j->n_leaves; i++)
			if (wants_leaf(&t, leaf_at(j, i)))
				tell_leaf_hosts(&t, leaf_at(j, i));
		tell_space(&t);
	}
	if (t.code < 0)
		return t.code;
	put_together(&t);
	return 1;
}

/* --- chains -------------------------------------------------------------------------------------- */

/* struct place - an AS or a prefix on its way: the steps of the part of it in which most was seen */
struct place {
	bool any;
	struct judge_key key;
	unsigned version;
	double seen;
	struct judge_step step[NF][MODEL_LEVEL_N];
};

struct chains {
	struct judge *j;
	judge_chain_fn *fn;
	void *ctx;
	struct place as;
	struct place *prefix; /* of the walk under way; owned */
	uint32_t n_prefix, cap_prefix;
	uint32_t *place; /* [n_places] by prefix, 1 + index of its place; owned */
	uint32_t n_places;
	int code;
};

static void put_link(struct judge_chain *c, enum judge_level l, const struct judge_step *step)
{
	double before = c->n ? c->link[c->n - 1].rate : c->l0;

	c->link[c->n++] =
	    (struct judge_link){ .level = l, .step = *step, .rate = before * step->ratio };
}

/* The levels from the AS down to `own`; of the /16 and the prefix the wider one comes first. */
static void put_links(struct judge_chain *c, const struct judge_step *step, enum judge_level own)
{
	bool wide = step[JUDGE_LEVEL_PREFIX].size > step[JUDGE_LEVEL_SIXTEEN].size;
	const enum judge_level order[JUDGE_LEVEL_N] = { JUDGE_LEVEL_AS,
		wide ? JUDGE_LEVEL_PREFIX : JUDGE_LEVEL_SIXTEEN,
		wide ? JUDGE_LEVEL_SIXTEEN : JUDGE_LEVEL_PREFIX, JUDGE_LEVEL_PART,
		JUDGE_LEVEL_BLOCK };

	for (unsigned i = 0; i < JUDGE_LEVEL_N; i++) {
		if (step[order[i]].size > 0)
			put_link(c, order[i], &step[order[i]]);
		if (order[i] == own)
			return;
	}
}

static void tell_chains(struct chains *c, const struct judge_key *key, unsigned version,
    bool delegated, struct judge_step step[NF][MODEL_LEVEL_N], enum judge_level own)
{
	for (unsigned f = 0; f < NF && c->code == 0; f++) {
		struct judge_chain chain = { .key = *key,
			.family = (enum family)f,
			.v6 = version,
			.delegated = delegated,
			.l0 = c->j->world.l0[f][version] };

		if (!c->j->world.seen[f][version])
			continue;
		put_links(&chain, step[f], own);
		if (chain.n && chain.link[0].step.x > 0)
			c->code = c->fn(c->ctx, &chain);
	}
}

static void place_tell(struct chains *c, struct place *p)
{
	if (p->any)
		tell_chains(c, &p->key, p->version, false, p->step,
		    p->key.kind == ENTITY_AS ? JUDGE_LEVEL_AS : JUDGE_LEVEL_PREFIX);
	p->any = false;
}

/* by: the level whose arrivals choose among its parts */
static void place_at(struct place *p, enum entity_kind kind, uint32_t index,
    const struct trace *trace, unsigned version, enum judge_level by)
{
	double seen = 0;

	for (unsigned f = 0; f < NF; f++)
		seen += trace->step[f][by].x;
	if (p->any && seen <= p->seen)
		return;
	*p = (struct place){ .any = true,
		.key = { .kind = kind, .index = index },
		.version = version,
		.seen = seen };
	memcpy(p->step, trace->step, sizeof(p->step));
}

/* Leaves of a prefix do not follow each other: those of a delegation come after all others of their /16. */
static void prefix_at(
    struct chains *c, uint32_t prefix, const struct trace *trace, unsigned version)
{
	if (prefix >= c->n_places)
		return;
	if (!c->place[prefix]) {
		if (grow_u32(&c->prefix, &c->cap_prefix, (uint64_t)c->n_prefix + 1,
			sizeof(*c->prefix)) < 0) {
			c->code = -ENOMEM;
			return;
		}
		c->prefix[c->n_prefix] = (struct place){ .any = false };
		c->place[prefix] = ++c->n_prefix;
	}
	place_at(&c->prefix[c->place[prefix] - 1], ENTITY_PREFIX, prefix, trace, version,
	    JUDGE_LEVEL_SIXTEEN);
}

/* One AS in one version is done. */
static void prefixes_tell(struct chains *c)
{
	for (uint32_t i = 0; i < c->n_prefix; i++) {
		c->place[c->prefix[i].key.index] = 0;
		place_tell(c, &c->prefix[i]);
	}
	c->n_prefix = 0;
}

static bool same_block(const struct leaf *a, const struct leaf *b)
{
	return a->realm == b->realm && a->block == b->block;
}

/* Is the leaf one of several of its block? Directly after a run leaves lie in their order. */
static bool is_parted(const struct judge *j, const struct leaf *leaf)
{
	size_t i = (size_t)(leaf - j->leaves);

	return (i && same_block(leaf, leaf - 1)) ||
	       (i + 1 < j->n_leaves && same_block(leaf, leaf + 1));
}

/* Has the chain of a leaf a delegation, not the /20? */
static bool is_given(const struct judge *j, const struct leaf *l)
{
	uint64_t last;

	return l->row != NOWHERE && delegation_at(j, &j->rows[l->row], leaf_unit(j, l), &last) > 0;
}

static void at_leaf(struct trace *trace, const struct leaf *leaf, uint32_t row, uint64_t units)
{
	struct chains *c = trace->ctx;
	const struct judge *j = c->j;
	struct judge_key key = { .kind = ENTITY_BLOCK };

	(void)units;
	if (!leaf || is_former(leaf->realm))
		return;
	if (row != NOWHERE) {
		if (c->as.any && c->as.key.index != j->rows[row].as)
			place_tell(c, &c->as);
		place_at(&c->as, ENTITY_AS, j->rows[row].as, trace, leaf->version, JUDGE_LEVEL_AS);
		prefix_at(c, j->rows[row].prefix, trace, leaf->version);
	}
	if (is_parted(j, leaf))
		return;
	key.addr = leaf->version ? (struct addr){ leaf->block << 16, 0 }
				 : addr_of_v4((uint32_t)leaf->block << 8);
	tell_chains(c, &key, leaf->version, is_given(j, leaf), trace->step, JUDGE_LEVEL_BLOCK);
}

int judge_chains(struct judge *j, judge_chain_fn *fn, void *ctx)
{
	struct chains c = { .j = j, .fn = fn, .ctx = ctx, .n_places = j->by_prefix.n };
	struct trace trace = { .at = at_leaf, .ctx = &c };

	c.place = calloc((size_t)c.n_places + 1, sizeof(*c.place));
	if (!c.place)
		return -ENOMEM;
	for (uint32_t i = 0; i < 2 * j->by_as.n && c.code == 0; i++) {
		memset(trace.step, 0, sizeof(trace.step));
		if (j->walks[i].n_leaf && tree_trace(j, i / 2, i % 2, &trace) < 0)
			c.code = -ENOMEM;
		prefixes_tell(&c);
	}
	place_tell(&c, &c.as);
	memset(trace.step, 0, sizeof(trace.step));
	for (uint32_t i = 0; i < j->n_leaves && c.code == 0; i++)
		if (j->leaves[i].row == NOWHERE)
			tree_trace_homeless(j, &j->leaves[i], &trace);
	free(c.prefix);
	free(c.place);
	return c.code;
}
