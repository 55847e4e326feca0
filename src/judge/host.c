/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "judge/run.h"

#include <string.h>

#define CLEAN_DAYS 7u /* a host that came again within them was not cleaned */

/* The days of one host in one family, newest first, as host_part needs them. */
struct kept {
	double k;   /* kernel sum */
	unsigned n; /* days with weight */
	unsigned first, last;
	unsigned active_28; /* of the 28 days that end with the last one */
};

double bit_weight(const struct judge *j, const struct bit *b)
{
	unsigned g = bit_group(b);

	return j->trust[g] * j->guard[g][bit_lag(b)] * (b->meta & BIT_WEAK ? MODEL_WEAK : 1);
}

static bool muted(const struct judge *j, unsigned group, unsigned mute)
{
	return j->root[group] == mute && !j->anchor[group];
}

uint64_t roots_of(const struct judge *j, uint64_t group_mask)
{
	uint64_t roots = 0;

	for (; group_mask; group_mask &= group_mask - 1)
		roots |= UINT64_C(1) << j->root[__builtin_ctzll(group_mask)];
	return roots;
}

uint64_t roots_foreign(const struct judge *j, uint64_t group_mask)
{
	uint64_t roots = 0;

	for (; group_mask; group_mask &= group_mask - 1) {
		unsigned g = (unsigned)__builtin_ctzll(group_mask);

		if (!j->anchor[g])
			roots |= UINT64_C(1) << j->root[g];
	}
	return roots;
}

/* Of two bits and more. */
static double together(const struct judge *j, size_t i, size_t end, unsigned mute, bool *anchored)
{
	double by_root[JUDGE_GROUPS_MAX], miss = 1, most = 0;
	uint64_t roots = 0;

	*anchored = false;
	for (; i < end; i++) {
		const struct bit *b = &j->bits.v[i];
		unsigned g = bit_group(b), root = j->root[g];
		uint64_t bar = UINT64_C(1) << root;
		double w = bit_weight(j, b);

		if (muted(j, g, mute))
			continue;
		if (!(roots & bar) || by_root[root] < w)
			by_root[root] = w;
		roots |= bar;
		most = MAX_OF(most, w);
		*anchored |= j->anchor[g] && !(b->meta & BIT_WEAK);
	}
	for (; roots; roots &= roots - 1)
		miss *= 1 - by_root[__builtin_ctzll(roots)];
	return *anchored ? 1 - miss : MIN_OF(1 - miss, MAX_OF(MODEL_TOGETHER, most));
}

double host_day_weight(const struct judge *j, size_t i, size_t end, unsigned mute, bool *anchored)
{
	const struct bit *b = &j->bits.v[i];
	unsigned g = bit_group(b);

	if (end - i > 1)
		return together(j, i, end, mute, anchored);
	*anchored = j->anchor[g] && !(b->meta & BIT_WEAK);
	return muted(j, g, mute) ? 0 : bit_weight(j, b);
}

static void take_day(const struct judge *j, unsigned lag, double w, bool anchored, struct kept *d,
    struct host_part *p)
{
	if (!(w > 0))
		return;
	if (d->n++ == 0)
		d->last = lag;
	d->first = lag;
	d->k += w * j->model.host[lag];
	d->active_28 += lag - d->last < 28;
	p->w_first = w; /* days come newest first: the oldest stays */
	if (lag < 28 && w > p->w_28)
		p->w_28 = w;
	if (anchored || w >= 0.5) {
		if (p->verified_last == NO_DAY)
			p->verified_last = lag;
		if (lag < 7)
			p->verified_7 |= UINT64_C(1) << lag;
	}
}

/* The bits [i, end) of one host and family. */
void host_family(
    const struct judge *j, size_t i, size_t end, unsigned mute, double pace, struct host_part *ret)
{
	const struct bit *v = j->bits.v;
	struct kept d = { 0 };

	*ret = (struct host_part){ .family = (enum family)bit_family(&v[i]),
		.verified_last = NO_DAY,
		.scan = bit_family(&v[i]) == FAMILY_ATTACK };
	while (i < end) {
		unsigned lag = bit_lag(&v[i]);
		size_t from = i;
		bool anchored;
		double w;

		for (; i < end && bit_lag(&v[i]) == lag; i++)
			if (j->trust[bit_group(&v[i])] > 0 && !muted(j, bit_group(&v[i]), mute))
				ret->scan &= (v[i].meta & BIT_SCAN) != 0;
		w = host_day_weight(j, from, i, mute, &anchored);
		take_day(j, lag, w, anchored, &d, ret);
	}
	ret->any = d.n > 0;
	ret->k = d.k;
	ret->days = d.n;
	ret->active_28 = d.active_28;
	ret->first = d.first;
	ret->last = d.last;
	ret->p7 = model_p7(d.k * pace, d.n, d.last, d.active_28);
}

void host_next(const struct judge *j, unsigned mute, double pace, size_t *i, struct host_sum *ret)
{
	const struct bit *v = j->bits.v;
	size_t at = *i, n = j->bits.n;

	ret->host = v[at].host;
	ret->n_part = 0;
	ret->events = ret->group_mask = 0;
	ret->anchor = false;
	ret->first = 0;
	ret->last = NO_DAY;
	while (at < n && v[at].host == ret->host) {
		unsigned f = bit_family(&v[at]);
		struct host_part *part = &ret->part[ret->n_part++];
		uint64_t groups = 0;
		size_t from = at;

		for (; at < n && v[at].host == ret->host && bit_family(&v[at]) == f; at++) {
			unsigned g = bit_group(&v[at]), lag = bit_lag(&v[at]);

			ret->events += bit_count(&v[at]);
			if (muted(j, g, mute))
				continue;
			groups |= (uint64_t)(j->trust[g] > 0) << g;
			ret->anchor |= j->anchor[g] && !(v[at].meta & BIT_WEAK);
			ret->first = MAX_OF(ret->first, lag);
			ret->last = MIN_OF(ret->last, lag);
		}
		host_family(j, from, at, mute, pace, part);
		part->group_mask = groups;
		part->n_bit = (uint32_t)(at - from);
		ret->group_mask |= groups;
	}
	*i = at;
}

void host_cleaned(const struct judge *j, size_t *i, struct days *d)
{
	const struct bit *v = j->bits.v;
	const uint64_t host = v[*i].host;
	size_t at = *i, n = j->bits.n;

	while (at < n && v[at].host == host) {
		unsigned f = bit_family(&v[at]), newer = NO_DAY;

		while (at < n && v[at].host == host && bit_family(&v[at]) == f) {
			unsigned lag = bit_lag(&v[at]);
			size_t from = at;
			bool anchored;
			double w;

			do
				at++;
			while (at < n && v[at].host == host && bit_family(&v[at]) == f &&
			       bit_lag(&v[at]) == lag);
			w = host_day_weight(j, from, at, MUTE_NOBODY, &anchored);
			if (!(w > 0))
				continue;
			if (lag >= CLEAN_DAYS) {
				d->gone += w;
				d->again += newer != NO_DAY && lag - newer <= CLEAN_DAYS ? w : 0;
			}
			newer = lag;
		}
	}
	*i = at;
}
