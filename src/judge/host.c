/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hosts are read a million at a time, so what every bit asks of its group is in masks, and the usual day, on
 * which one group alone says something, takes no function. */
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

void masks_build(struct judge *j)
{
	memset(j->root_mask, 0, sizeof(j->root_mask));
	j->trusted_mask = 0;
	for (unsigned g = 0; g < JUDGE_GROUPS_MAX; g++) {
		j->trusted_mask |= (uint64_t)(j->trust[g] > 0) << g;
		if (!j->anchor[g])
			j->root_mask[j->root[g]] |= UINT64_C(1) << g;
	}
}

static uint64_t mute_mask(const struct judge *j, unsigned mute)
{
	return mute == MUTE_NOBODY ? 0 : j->root_mask[mute];
}

/* Family and day of a bit; together with its host, what one day weight is of. */
static inline uint64_t family_day(const struct bit *b)
{
	return b->meta >> 53;
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
	return roots_of(j, group_mask & ~j->anchor_mask);
}

/* Of several bits of one root the greatest counts, of equal ones the first. */
static bool counts(const struct judge *j, const struct bit *v, size_t n, size_t i, uint64_t muted)
{
	unsigned root = j->root[bit_group(&v[i])];
	double w = bit_weight(j, &v[i]);

	for (size_t k = 0; k < n; k++) {
		double other;

		if (k == i || j->root[bit_group(&v[k])] != root || muted >> bit_group(&v[k]) & 1)
			continue;
		other = bit_weight(j, &v[k]);
		if (other > w || (k < i && !(other < w)))
			return false;
	}
	return true;
}

/* Of two bits and more of one day. */
static double together(
    const struct judge *j, const struct bit *v, size_t n, uint64_t muted, bool *anchored)
{
	double miss = 1, most = 0;

	*anchored = false;
	for (size_t i = 0; i < n; i++) {
		unsigned g = bit_group(&v[i]);
		double w;

		if (muted >> g & 1)
			continue;
		w = bit_weight(j, &v[i]);
		most = MAX_OF(most, w);
		*anchored |= j->anchor_mask >> g & 1 && !(v[i].meta & BIT_WEAK);
		if (counts(j, v, n, i, muted))
			miss *= 1 - w;
	}
	return *anchored ? 1 - miss : MIN_OF(1 - miss, MAX_OF(MODEL_TOGETHER, most));
}

static inline double day_weight(
    const struct judge *j, const struct bit *v, size_t n, uint64_t muted, bool *anchored)
{
	unsigned g = bit_group(v);

	if (n > 1)
		return together(j, v, n, muted, anchored);
	*anchored = j->anchor_mask >> g & 1 && !(v->meta & BIT_WEAK);
	return muted >> g & 1 ? 0 : bit_weight(j, v);
}

double host_day_weight(const struct judge *j, size_t i, size_t end, unsigned mute, bool *anchored)
{
	return day_weight(j, &j->bits.v[i], end - i, mute_mask(j, mute), anchored);
}

static inline void take_day(const struct judge *j, unsigned lag, double w, bool anchored,
    struct kept *d, struct host_part *p)
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

/* How many of the n bits are of the day of the first one. */
static inline size_t day_length(const struct bit *v, size_t n)
{
	size_t k = 1;

	while (k < n && v[k].host == v->host && family_day(&v[k]) == family_day(v))
		k++;
	return k;
}

void host_family(
    const struct judge *j, size_t i, size_t end, unsigned mute, double pace, struct host_part *ret)
{
	const uint64_t muted = mute_mask(j, mute), heard = j->trusted_mask & ~muted;
	const struct bit *v = j->bits.v;
	struct kept d = { 0 };

	*ret = (struct host_part){ .family = (enum family)bit_family(&v[i]),
		.verified_last = NO_DAY,
		.scan = bit_family(&v[i]) == FAMILY_ATTACK,
		.n_bit = (uint32_t)(end - i) };
	while (i < end) {
		size_t n = day_length(&v[i], end - i);
		bool anchored;
		double w = day_weight(j, &v[i], n, muted, &anchored);

		take_day(j, bit_lag(&v[i]), w, anchored, &d, ret);
		for (; n > 0; n--, i++) {
			uint64_t bar = UINT64_C(1) << bit_group(&v[i]);

			ret->group_mask |= bar & heard;
			ret->scan &= !(bar & heard) || v[i].meta & BIT_SCAN;
		}
	}
	ret->any = d.n > 0;
	ret->k = d.k;
	ret->days = d.n;
	ret->active_28 = d.active_28;
	ret->first = d.first;
	ret->last = d.last;
	ret->p7 = d.n ? exact(model_p7(d.k * pace, d.n, d.last, d.active_28)) : 0;
}

void host_arrival(
    const struct judge *j, size_t i, size_t end, unsigned mute, struct host_arrival *ret)
{
	const uint64_t muted = mute_mask(j, mute), heard = j->trusted_mask & ~muted;
	const struct bit *v = j->bits.v;

	*ret = (struct host_arrival){ .scan = bit_family(&v[i]) == FAMILY_ATTACK };
	for (size_t k = i; k < end; k++) {
		uint64_t bar = UINT64_C(1) << bit_group(&v[k]) & heard;

		ret->group_mask |= bar;
		ret->scan &= !bar || v[k].meta & BIT_SCAN;
	}
	while (end > i && !(ret->w > 0)) { /* days come newest first */
		size_t from = end - 1;
		bool anchored;

		while (from > i && family_day(&v[from - 1]) == family_day(&v[from]))
			from--;
		ret->w = day_weight(j, &v[from], end - from, muted, &anchored);
		ret->lag = bit_lag(&v[from]);
		end = from;
	}
}

void host_next(const struct judge *j, unsigned mute, double pace, size_t *i, struct host_sum *ret)
{
	const uint64_t muted = mute_mask(j, mute);
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
		size_t from = at;

		for (; at < n && v[at].host == ret->host && bit_family(&v[at]) == f; at++) {
			unsigned g = bit_group(&v[at]), lag = bit_lag(&v[at]);

			ret->events += bit_count(&v[at]);
			if (muted >> g & 1)
				continue;
			ret->anchor |= j->anchor_mask >> g & 1 && !(v[at].meta & BIT_WEAK);
			ret->first = MAX_OF(ret->first, lag);
			ret->last = MIN_OF(ret->last, lag);
		}
		host_family(j, from, at, mute, pace, &ret->part[ret->n_part]);
		ret->group_mask |= ret->part[ret->n_part++].group_mask;
	}
	*i = at;
}

void host_cleaned(const struct judge *j, size_t *i, struct days *d)
{
	const struct bit *v = j->bits.v;
	const uint64_t host = v[*i].host;
	size_t at = *i, n = j->bits.n;

	if (at + 1 == n || v[at + 1].host != host) { /* most have one day, and are not followed */
		if (bit_lag(&v[at]) >= CLEAN_DAYS)
			d->gone += bit_weight(j, &v[at]);
		*i = at + 1;
		return;
	}
	while (at < n && v[at].host == host) {
		unsigned f = bit_family(&v[at]), newer = NO_DAY;

		while (at < n && v[at].host == host && bit_family(&v[at]) == f) {
			size_t days = day_length(&v[at], n - at);
			unsigned lag = bit_lag(&v[at]);
			bool anchored;
			double w = day_weight(j, &v[at], days, 0, &anchored);

			at += days;
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
