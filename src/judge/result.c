/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "judge/run.h"

#include <assert.h>
#include <string.h>

static const char *const reason_text[] = {
	[JUDGE_GRADED] = "",
	[JUDGE_ONE_GROUP] = "one source's word alone, nothing verified here",
	[JUDGE_NOTHING] = "nothing reported by anybody trusted here",
};
_Static_assert(NELEM(reason_text) == JUDGE_REASON_N, "reason_text out of step");

const char *judge_reason_text(enum judge_reason r)
{
	return reason_text[r];
}

/* b0 and the expected attackers of an average network of this size, severity applied. */
static double base(const struct judge *j, const double size[2])
{
	double sum = MODEL_B0;

	for (unsigned f = 0; f < NF; f++)
		for (unsigned v = 0; v < 2; v++)
			if (j->world.seen[f][v])
				sum += model_kappa[f] * j->world.m0[f][v] * size[v];
	return sum;
}

double judge_score_of(const struct judge *j, double m, uint64_t size_v4, uint64_t size_v6)
{
	const double size[2] = { (double)size_v4, (double)size_v6 };

	return model_score((m + MODEL_B0) / base(j, size));
}

double judge_score_among(const struct judge *j, const struct judgement *g, double times)
{
	const double size[2] = { (double)g->size_v4, (double)g->size_v6 };
	double whole = base(j, size);

	return model_score(g->rho * whole / ((whole - MODEL_B0) * times + MODEL_B0));
}

static void grade(const struct judge *j, struct judgement *r)
{
	if (!r->groups)
		r->reason = JUDGE_NOTHING;
	else if (!r->anchor && r->groups < 2)
		r->reason = JUDGE_ONE_GROUP;
	else {
		r->grade = model_grade(r->score);
		r->provisional = j->world.provisional;
	}
}

/* The lag of the day on which the run of days with evidence began that a leaf's newest day ends; days
 * with evidence that lie no more than MODEL_EPISODE apart are one run. */
static unsigned episode(const struct judge *j, const struct leaf *l)
{
	uint64_t day[JUDGE_WINDOW_DAYS / 64 + 1] = { 0 };
	unsigned began = l->last;

	for (uint32_t k = 0; k < l->hosts; k++) {
		const struct bit *b = &j->bits.v[j->hosts[l->host + k]];
		uint64_t host = b->host;

		for (; b < j->bits.v + j->bits.n && b->host == host; b++)
			if (j->trust[bit_group(b)] > 0)
				day[bit_lag(b) / 64] |= UINT64_C(1) << bit_lag(b) % 64;
	}
	for (unsigned lag = began; lag < JUDGE_WINDOW_DAYS && lag <= began + MODEL_EPISODE; lag++)
		if (day[lag / 64] >> lag % 64 & 1)
			began = lag;
	return began;
}

/* The first address of its block. */
static struct addr leaf_addr(const struct leaf *l)
{
	return l->version ? (struct addr){ l->block << 16, 0 }
			  : addr_of_v4((uint32_t)l->block << 8);
}

/* The lag of the first notice of an incident in a leaf, which began at a lag; NO_DAY: nobody was told. */
static unsigned told(const struct judge *j, const struct leaf *l, unsigned began)
{
	const struct range block = prefix_range(addr_block(leaf_addr(l)));
	unsigned first = NO_DAY;

	for (uint32_t i = 0; i < j->n_notices; i++) {
		const struct noticed *n = &j->notices[i];
		int64_t lag = (int64_t)j->conf.today - n->day;

		if (lag < 0 || lag > began || (first != NO_DAY && lag <= first))
			continue;
		if (addr_cmp(n->told.first, block.last) <= 0 &&
		    addr_cmp(block.first, n->told.last) <= 0)
			first = (unsigned)lag;
	}
	return first;
}

/* How much of the trim is left: all while the incident in the worst block is within its response window,
 * nothing a week after that (A5). Who was told within the window has a shorter one from then on. */
static double trim_left(const struct judge *j, const struct sum *s)
{
	const struct leaf *l;
	unsigned began, since;
	double over;

	if (s->worst_leaf == NOWHERE)
		return 0;
	l = &j->leaves[s->worst_leaf];
	began = episode(j, l);
	since = told(j, l, began);
	over = began - MODEL_WINDOW;
	if (since != NO_DAY && began - since < MODEL_WINDOW)
		over = since - MODEL_WINDOW_TOLD;
	return MIN_OF(MAX_OF((MODEL_FADE - over) / MODEL_FADE, 0), 1);
}

/* Everything that follows from a sum; size: units of each version it is judged by. */
static void conclude(const struct judge *j, const struct sum *s, const double size[2],
    enum model_level level, struct judgement *r)
{
	double returning, arrivals, m, whole = base(j, size), low, high, over, e = 0;

	sum_severe(s, &returning, &arrivals);
	m = returning + arrivals - s->held;
	for (unsigned f = 0; f < NF; f++) {
		r->part[f] = (struct judge_part){ s->returning[f], s->arrivals[f] };
		r->m += s->returning[f] + s->arrivals[f];
		for (unsigned v = 0; v < 2; v++)
			if (j->world.seen[f][v])
				e += j->world.l0[f][v] * size[v] * j->model.w[level];
	}
	model_forecast(&j->model, s->x, &low, &high);
	r->shape = model_shape(&j->model, s->x);
	r->m_low = r->m * low;
	r->m_high = r->m * high;
	r->rho = (m + MODEL_B0) / whole;
	r->score = model_score(r->rho);
	r->low = model_score((m * high + MODEL_B0) / whole);
	r->high = model_score((m * low + MODEL_B0) / whole);
	over = m - model_trim(m, MIN_OF(s->worst, m));
	if (over > 0) /* looking for the episode reads all of the worst block */
		m -= over * trim_left(j, s);
	r->trimmed = model_score((m + MODEL_B0) / whole);
	r->x = s->x;
	r->guilt = model_guilt(&j->model, s->x, e);
	r->held = s->held;
	r->held_group = s->held_root;
	r->hosts = s->hosts;
	r->events = s->events;
	r->listed = s->listed;
	r->group_mask = s->group_mask;
	r->groups = (unsigned)__builtin_popcountll(roots_of(j, s->group_mask));
	r->anchor = s->anchor;
	r->last_day = s->last == NO_DAY ? -1 : j->conf.today - s->last;
	r->first_day = s->last == NO_DAY ? 0 : j->conf.today - s->first;
	r->prefix = s->prefix;
	r->as = s->as;
	r->org = s->org;
	grade(j, r);
}

static void clear(struct judgement *r, enum entity_kind kind)
{
	memset(r, 0, sizeof(*r));
	r->key.kind = kind;
	r->verified_last = INT32_MIN;
}

static void sum_chain(const struct judge *j, struct sum *s, const struct leaf *l)
{
	bool known = l->row != NOWHERE;

	s->prefix = known ? j->rows[l->row].prefix : CHAIN_NONE;
	s->as = known ? j->rows[l->row].as : CHAIN_NONE;
	s->org = known ? j->rows[l->row].org : CHAIN_NONE;
}

const struct leaf *leaf_of_host(const struct judge *j, uint32_t i, size_t *first)
{
	uint32_t lo = 0, hi = j->n_leaves;

	while (hi - lo > 1) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (j->host_at[mid] <= i)
			lo = mid;
		else
			hi = mid;
	}
	*first = j->hosts[leaf_at(j, lo)->host + (i - j->host_at[lo])];
	return leaf_at(j, lo);
}

static void verified(const struct judge *j, const struct host_sum *h, struct judgement *r)
{
	for (unsigned i = 0; i < h->n_part; i++) {
		const struct host_part *p = &h->part[i];

		if (p->family == FAMILY_ABUSE_OF_SERVICE)
			continue;
		if (p->verified_last != NO_DAY)
			r->verified_last =
			    MAX_OF(r->verified_last, j->conf.today - (int32_t)p->verified_last);
		if (p->p7 > r->p7_max) {
			r->p7_max = p->p7;
			r->w_max = p->w_28;
		}
	}
}

/* Of the bits [i, end) of one host, those of a day that anchors verified. */
static uint64_t hits(const struct judge *j, size_t i, size_t end, int32_t day)
{
	uint64_t sum = 0;

	for (; i < end; i++) {
		const struct bit *b = &j->bits.v[i];

		if (bit_family(b) != FAMILY_ABUSE_OF_SERVICE &&
		    j->conf.today - (int32_t)bit_lag(b) == day &&
		    j->anchor_mask >> bit_group(b) & 1 && !(b->meta & BIT_WEAK))
			sum += bit_count(b);
	}
	return sum;
}

static void host_add(const struct host_sum *h, struct sum *s)
{
	for (unsigned k = 0; k < h->n_part; k++) {
		const struct host_part *p = &h->part[k];

		if (!p->any)
			continue;
		s->returning[p->family] = p->p7;
		s->returning_scan += p->scan ? p->p7 : 0;
	}
}

/* What a host would come to without each of the groups that are no anchors. */
static void addr_support(const struct judge *j, size_t bit, double pace, struct sum *s)
{
	struct support support = { .roots = roots_foreign(j, s->group_mask), .x = 0 };
	double returning, none;

	sum_severe(s, &returning, &none);
	for (uint64_t roots = support.roots; roots; roots &= roots - 1) {
		unsigned g = (unsigned)__builtin_ctzll(roots);

		if (!(s->group_mask & (s->group_mask - 1))) { /* nobody else says anything */
			support.returning_lost[g] = returning;
			continue;
		}
		struct sum without = { 0 };
		struct host_sum h;
		double left;

		host_next(j, g, pace, &(size_t){ bit }, &h);
		host_add(&h, &without);
		sum_severe(&without, &left, &none);
		support.returning_lost[g] = returning - left;
	}
	support_close(j, &support, (const uint64_t[2]){ 0, 0 }, s);
}

static void addr_at(const struct judge *j, uint32_t i, struct judgement *r)
{
	size_t first, bit;
	const struct leaf *leaf = leaf_of_host(j, i, &first);
	struct host_sum h;
	struct sum s = { .worst_leaf = NOWHERE };

	sum_chain(j, &s, leaf);
	bit = first;
	host_next(j, MUTE_NOBODY, leaf->pace, &bit, &h);
	host_add(&h, &s);
	for (unsigned k = 0; k < h.n_part; k++) {
		const struct host_part *p = &h.part[k];

		if (p->any)
			s.x += p->w_first * j->model.arrival[MODEL_BLOCK][p->first];
	}
	s.worst = 0;
	s.hosts = 1;
	s.events = h.events;
	s.group_mask = h.group_mask;
	s.anchor = h.anchor;
	s.first = (uint16_t)h.first;
	s.last = (uint16_t)h.last;
	addr_support(j, first, leaf->pace, &s);
	/* An IPv6 host is one of the 2^16 /64s in its unit. */
	const double size[2] = { bit_version(h.host) ? 0 : 1, bit_version(h.host) ? 0x1p-16 : 0 };

	conclude(j, &s, size, MODEL_BLOCK, r);
	r->key.addr = bit_addr(h.host);
	r->size_v4 = bit_version(h.host) ? 0 : 1;
	verified(j, &h, r);
	r->hits = hits(j, first, bit, r->verified_last);
}

static void block_verified(
    const struct judge *j, const struct leaf *l, uint32_t day[7], struct judgement *r)
{
	if (l->verified_last != NO_DAY)
		r->verified_last =
		    MAX_OF(r->verified_last, j->conf.today - (int32_t)l->verified_last);
	r->verified_7 += l->verified_7;
	for (unsigned d = 0; d < NELEM(l->verified_day); d++)
		day[d] += l->verified_day[d];
}

static void block_leaf(const struct judge *j, const struct leaf *l, struct sum *s)
{
	for (uint32_t i = 0; i < l->n_part; i++) {
		const struct part *p = &j->parts[l->part + i];

		s->returning[p->family] += p->returning;
		s->returning_scan += p->returning_scan;
		s->x += p->x_block;
		if (p->family == FAMILY_ATTACK) {
			s->x_attack += p->x_as;
			s->x_scan += p->x_scan;
		}
	}
	for (unsigned f = 0; f < NF; f++)
		if (j->world.seen[f][l->version])
			s->arrivals[f] += 7 * l->lambda[f] * (double)l->units;
	s->least += l->least;
	s->hosts += l->hosts;
	s->events += l->events;
	s->group_mask |= l->group_mask;
	s->anchor |= l->anchor;
	s->first = MAX_OF(s->first, l->first);
	s->last = MIN_OF(s->last, l->last);
}

static void block_at(const struct judge *j, uint32_t i, struct judgement *r)
{
	uint32_t end = i + 1 < j->n_blocks ? j->blocks[i + 1] : j->n_own;
	const struct leaf *first = leaf_at(j, j->blocks[i]);
	struct support support = { .roots = 0, .x = 0 };
	struct sum s = { .last = NO_DAY, .worst_leaf = NOWHERE };
	uint32_t day[7] = { 0 };

	sum_chain(j, &s, first);
	for (uint32_t k = j->blocks[i]; k < end; k++) {
		const struct leaf *l = leaf_at(j, k);

		block_leaf(j, l, &s);
		support_leaf(j, l, &support);
		block_verified(j, l, day, r);
	}
	for (unsigned d = 0; d < NELEM(day); d++) {
		r->verified_days += day[d] > 0;
		r->verified_peak = MAX_OF(r->verified_peak, day[d]);
	}
	const uint64_t units[2] = { first->version ? 0 : 256, first->version ? 1 : 0 };
	const double size[2] = { (double)units[0], (double)units[1] };

	support_close(j, &support, units, &s);
	conclude(j, &s, size, MODEL_BLOCK, r);
	r->key.addr = leaf_addr(first);
	r->size_v4 = first->version ? 0 : 256;
	r->size_v6 = first->version ? 1 : 0;
}

static const struct sums *sums_of(const struct judge *j, enum entity_kind kind)
{
	switch (kind) {
	case ENTITY_PREFIX:
		return &j->prefix;
	case ENTITY_AS:
		return &j->as;
	case ENTITY_ORG:
		return &j->org;
	case ENTITY_COUNTRY:
		return &j->country;
	case ENTITY_NET:
		return &j->net;
	default:
		return NULL;
	}
}

static void sum_at(const struct judge *j, enum entity_kind kind, uint32_t i, struct judgement *r)
{
	const struct sum *s = sums_at(sums_of(j, kind), i);
	const double size[2] = { (double)s->size[0], (double)s->size[1] };

	conclude(
	    j, s, size, kind == ENTITY_PREFIX || kind == ENTITY_NET ? MODEL_PREFIX : MODEL_AS, r);
	r->size_v4 = s->size[0];
	r->size_v6 = s->size[1];
	if (kind == ENTITY_COUNTRY) {
		r->key.country[0] = (char)('A' + s->index / 26);
		r->key.country[1] = (char)('A' + s->index % 26);
	} else
		r->key.index = s->index;
}

uint32_t judge_n(const struct judge *j, enum entity_kind kind)
{
	const struct sums *s = sums_of(j, kind);

	if (kind == ENTITY_ADDR)
		return j->n_own ? j->host_at[j->n_own] : 0;
	return s ? s->n : kind == ENTITY_BLOCK ? j->n_blocks : 0;
}

void judge_at(const struct judge *j, enum entity_kind kind, uint32_t i, struct judgement *ret)
{
	assert(i < judge_n(j, kind));
	clear(ret, kind);
	if (kind == ENTITY_ADDR)
		addr_at(j, i, ret);
	else if (kind == ENTITY_BLOCK)
		block_at(j, i, ret);
	else
		sum_at(j, kind, i, ret);
}

static uint64_t host_of(const struct judge *j, uint32_t i)
{
	size_t bit;

	(void)leaf_of_host(j, i, &bit);
	return j->bits.v[bit].host;
}

/* What results of a kind are ordered by: the host, the block's first host, or the index. */
static uint64_t order_of(const struct judge *j, enum entity_kind kind, uint32_t i)
{
	const struct leaf *l;

	if (kind == ENTITY_ADDR)
		return host_of(j, i);
	if (kind != ENTITY_BLOCK)
		return sums_at(sums_of(j, kind), i)->index;
	l = leaf_at(j, j->blocks[i]);
	return l->version ? l->block << 16 : l->block << 8;
}

static bool order_sought(const struct judge_key *key, uint64_t *ret)
{
	if (key->kind == ENTITY_ADDR || key->kind == ENTITY_BLOCK) {
		if (!bit_host(key->addr, ret))
			return false;
		if (key->kind == ENTITY_BLOCK)
			*ret &= bit_version(*ret) ? UINT64_MAX << 16 : UINT64_MAX << 8;
		return true;
	}
	*ret = key->kind == ENTITY_COUNTRY ? country_index(key->country) : key->index;
	return true;
}

uint32_t block_of_leaf(const struct judge *j, uint32_t position)
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

static const struct grouping *grouping_of(const struct judge *j, enum entity_kind kind)
{
	switch (kind) {
	case ENTITY_PREFIX:
		return &j->by_prefix;
	case ENTITY_AS:
		return &j->by_as;
	case ENTITY_ORG:
		return &j->by_org;
	case ENTITY_COUNTRY:
		return &j->by_country;
	case ENTITY_NET:
		return &j->by_net;
	default:
		return NULL;
	}
}

void judge_each_block(
    const struct judge *j, const struct judge_key *key, judge_block_fn *fn, void *ctx)
{
	const struct grouping *g = grouping_of(j, key->kind);
	uint32_t last = NOWHERE;
	uint64_t index;

	if (!g || !order_sought(key, &index) || index >= g->n)
		return;
	for (uint32_t k = g->start[index]; k < g->start[index + 1]; k++) {
		uint32_t i = g == &j->by_as ? g->rows[k] : j->by_as.rows[g->rows[k]];
		const struct row *row = &j->rows[i];

		if (is_former(row->realm))
			continue;
		for (uint32_t at = row->leaf; at < row->leaf + row->n_leaf; at++) {
			uint32_t block = block_of_leaf(j, at);

			if (block != last)
				fn(ctx, block);
			last = block;
		}
	}
}

static bool find(const struct judge *j, const struct judge_key *key, uint32_t *ret)
{
	uint32_t lo = 0, hi = judge_n(j, key->kind);
	uint64_t want;

	if (!order_sought(key, &want))
		return false;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		uint64_t have = order_of(j, key->kind, mid);

		if (have == want) {
			*ret = mid;
			return true;
		}
		if (have < want)
			lo = mid + 1;
		else
			hi = mid;
	}
	return false;
}

bool judge_find(const struct judge *j, const struct judge_key *key, struct judgement *ret)
{
	uint32_t i;

	if (!find(j, key, &i))
		return false;
	judge_at(j, key->kind, i, ret);
	return true;
}

void judge_tenant(const struct judge *j, int32_t from_day, struct judgement *g)
{
	const struct bit *v = j->bits.v;
	struct host_sum h = { .n_part = 0 };
	const struct leaf *leaf;
	size_t first, end, cut;
	uint64_t mask = 0;
	uint32_t i;

	if (!find(j, &g->key, &i))
		return;
	leaf = leaf_of_host(j, i, &first);
	end = first;
	g->p7_max = g->w_max = 0;
	g->verified_last = INT32_MIN;
	g->anchor = false;
	for (size_t at = first; at < j->bits.n && v[at].host == v[first].host; at = end) {
		for (end = at; end < j->bits.n && v[end].host == v[at].host &&
			       bit_family(&v[end]) == bit_family(&v[at]);)
			end++;
		for (cut = at; cut < end && j->conf.today - (int32_t)bit_lag(&v[cut]) >= from_day;
		     cut++) /* newest first */
			g->anchor |=
			    j->anchor_mask >> bit_group(&v[cut]) & 1 && !(v[cut].meta & BIT_WEAK);
		if (cut == at)
			continue;
		host_family(j, at, cut, MUTE_NOBODY, leaf->pace, &h.part[h.n_part]);
		mask |= h.part[h.n_part++].group_mask;
	}
	verified(j, &h, g);
	g->group_mask = mask;
	g->groups = (unsigned)__builtin_popcountll(roots_of(j, mask));
	g->hits = hits(j, first, end, g->verified_last);
}
