/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bound of one group (A7, 4): what a group that is no anchor adds to an entity counts up to
 * MODEL_ALONE + MODEL_TIMES x what all others say. What others say is what would be left without it:
 * hosts that return, exactly; of the arrivals above the world's rate, the share of the new hosts that
 * would be left here, or in the whole AS if that is less, as the chain carries arrivals from one block
 * to its neighbours. At most one group can be above its bound, and adding evidence never lowers what
 * others say, so no lie clears anybody. */
#include "judge/run.h"

void sum_severe(const struct sum *s, double *returning, double *arrivals)
{
	*returning = -(1 - MODEL_KAPPA_SCAN) * s->returning_scan;
	*arrivals = 0;
	for (unsigned f = 0; f < NF; f++) {
		*returning += model_kappa[f] * s->returning[f];
		*arrivals += model_kappa[f] * s->arrivals[f];
	}
	if (s->x_attack > 0)
		*arrivals -=
		    (1 - MODEL_KAPPA_SCAN) * s->arrivals[FAMILY_ATTACK] * (s->x_scan / s->x_attack);
}

void support_add(struct support *s, double x, const struct say *says, uint32_t n)
{
	s->x += x;
	for (uint32_t i = 0; i < n; i++) {
		const struct say *say = &says[i];
		uint64_t bar = UINT64_C(1) << say->root;

		if (!(s->roots & bar))
			s->returning_lost[say->root] = s->x_lost[say->root] = 0;
		s->roots |= bar;
		s->returning_lost[say->root] += MAX_OF(say->returning, 0);
		s->x_lost[say->root] += say->x;
	}
}

/* What an average network of this size shows without any evidence of its own. */
static double quiet(const struct judge *j, const uint64_t size[2])
{
	double m = 0;

	for (unsigned f = 0; f < NF; f++)
		for (unsigned v = 0; v < 2; v++)
			if (j->world.seen[f][v])
				m += model_kappa[f] * 7 * j->world.l0[f][v] * (double)size[v];
	return m;
}

/* Of x, the share that is left without a root's groups: shape a as in the chain, 0 for the plain share. */
static double left(double x, double lost, double a)
{
	return x + a > 0 ? (a + x - MIN_OF(lost, x)) / (a + x) : 1;
}

void support_close(
    const struct judge *j, const struct support *s, const uint64_t size[2], struct sum *ret)
{
	const struct sum *as = ret->as == CHAIN_NONE ? NULL : sums_find(&j->as, ret->as);
	double returning, arrivals, excess;

	sum_severe(ret, &returning, &arrivals);
	excess = MAX_OF(arrivals - quiet(j, size), 0);
	ret->quiet = arrivals - excess;
	ret->held_root = MUTE_NOBODY;
	ret->others = returning + excess;
	ret->top_root = MUTE_NOBODY;
	ret->top_left = 1;
	for (uint64_t roots = s->roots; roots; roots &= roots - 1) {
		unsigned g = (unsigned)__builtin_ctzll(roots);
		double share = left(s->x, s->x_lost[g], 0);
		double in_as = left(s->x, s->x_lost[g], 1);
		double others;

		if (in_as < ret->top_left) {
			ret->top_left = in_as;
			ret->top_root = g;
		}
		if (as && as->top_root == g)
			share = MIN_OF(share, as->top_left);
		others = MAX_OF(returning - s->returning_lost[g], 0) + excess * share;
		if (others < ret->others) {
			ret->others = others;
			ret->held_root = g;
		}
	}
	ret->held = MAX_OF(returning + excess - MODEL_ALONE - (1 + MODEL_TIMES) * ret->others, 0);
	if (!(ret->held > 0))
		ret->held_root = MUTE_NOBODY;
}
