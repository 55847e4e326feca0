/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bound of one group (A7, 4): what a group that is no anchor adds to an entity counts up to
 * MODEL_ALONE + MODEL_TIMES x what all others say. What others say is
 *
 *	hosts that return, as it would be without the group, exactly, and
 *	of the arrivals above the world's rate as many as others' own arrivals here make without any prior
 *	(7 X / W under the kernel of the block), and those that the chain expects without whoever says most,
 *	level by level (tree.c): so a place that others know to be bad stays bad.
 *
 * Nothing of that leans on what the group itself says, and all of it only grows with what others say; M only grows
 * with both. So whatever somebody adds today, the less of M and of each group's bound only grows: no lie clears
 * anybody. That a group says nothing here is one case more of it, for which what all say is what others say; else
 * its first word here would bound what it says of the space around. */
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

static void support_add(struct support *s, unsigned root, double returning, double x)
{
	uint64_t bar = UINT64_C(1) << root;

	if (!(s->roots & bar))
		s->returning_lost[root] = s->x_lost[root] = 0;
	s->roots |= bar;
	s->returning_lost[root] += returning;
	s->x_lost[root] += x;
}

void support_leaf(const struct judge *j, const struct leaf *l, struct support *s)
{
	for (uint32_t i = 0; i < l->n_part; i++) {
		const struct part *p = &j->parts[l->part + i];

		s->x += model_kappa[p->family] * p->x_block;
	}
	for (uint32_t i = 0; i < l->n_say; i++) {
		const struct say *say = &j->says[l->say + i];
		double kappa = model_kappa[say->family];

		support_add(s, say->root, kappa * MAX_OF(say->returning, 0), kappa * say->x_block);
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

void support_close(
    const struct judge *j, const struct support *s, const uint64_t size[2], struct sum *ret)
{
	const double rate = 7 / j->model.w[MODEL_BLOCK], average = quiet(j, size);
	double returning, arrivals, excess, around, least;

	sum_severe(ret, &returning, &arrivals);
	excess = MAX_OF(arrivals - average, 0);
	around = MAX_OF(ret->least - average, 0);
	least = returning + MIN_OF(excess, rate * s->x + around);
	ret->held_root = MUTE_NOBODY;
	for (uint64_t roots = s->roots; roots; roots &= roots - 1) {
		unsigned g = (unsigned)__builtin_ctzll(roots);
		double x = MAX_OF(s->x - s->x_lost[g], 0);
		double others =
		    MAX_OF(returning - s->returning_lost[g], 0) + MIN_OF(excess, rate * x + around);

		if (others < least) {
			least = others;
			ret->held_root = g;
		}
	}
	ret->held = MAX_OF(returning + excess - MODEL_ALONE - (1 + MODEL_TIMES) * least, 0);
	if (!(ret->held > 0))
		ret->held_root = MUTE_NOBODY;
}
