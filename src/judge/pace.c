/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Time to clean is a trait of a network (A8): q is the share of active host-days, of those that could be,
 * that were followed by activity of the same host within 7 days. Down from the world to the AS, the prefix
 * and the block, each leans on its parent with the weight of MODEL_Q_PRIOR host-days; a host's kernel sum
 * counts pace = sqrt(q / q_0) times. The world leans on q_0 as it does on l0 (A0), and below MODEL_FLOOR
 * host-days nothing is learnt at all: the pace is 1. Which days were followed does not depend on the pace.
 *
 * How long a silence is, is told by the rhythm of the world: sensors of one's own see a host again on the
 * next day, a list that renews its entries twice a week cannot. */
#include "judge/run.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

static void add(struct days *d, const struct leaf *l)
{
	d->again += l->again;
	d->gone += l->gone;
}

static double lean(const struct days *d, double parent)
{
	return (d->again + MODEL_Q_PRIOR * parent) / (d->gone + MODEL_Q_PRIOR);
}

double pace_of_leaf(const struct judge *j, const struct leaf *l)
{
	const struct paces *p = &j->paces;
	const struct days block = { l->again, l->gone };
	double q = p->q;

	if (!p->known)
		return 1;
	if (p->as) {
		if (l->row != NOWHERE && j->rows[l->row].as != CHAIN_NONE) {
			q = lean(&p->as[j->rows[l->row].as], q);
			q = lean(&p->prefix[j->rows[l->row].prefix], q);
		}
		q = lean(&block, q);
	}
	return sqrt(MAX_OF(q, MODEL_Q_LEAST) / MODEL_Q0);
}

void pace_forget(struct judge *j)
{
	free(j->paces.as);
	free(j->paces.prefix);
	j->paces = (struct paces){ .known = false };
}

static int learn(struct judge *j)
{
	struct paces *p = &j->paces;
	uint32_t n_as = 0, n_prefix = 0;

	for (uint32_t i = 0; i < j->n_own_rows; i++) {
		n_as = MAX_OF(n_as, j->rows[i].as + 1);
		n_prefix = MAX_OF(n_prefix, j->rows[i].prefix + 1);
	}
	p->as = calloc((size_t)n_as + 1, sizeof(*p->as));
	p->prefix = calloc((size_t)n_prefix + 1, sizeof(*p->prefix));
	if (!p->as || !p->prefix)
		return -ENOMEM;
	for (uint32_t i = 0; i < j->n_leaves; i++) {
		const struct leaf *l = leaf_at(j, i);

		if (l->row == NOWHERE || j->rows[l->row].as == CHAIN_NONE)
			continue;
		add(&p->as[j->rows[l->row].as], l);
		add(&p->prefix[j->rows[l->row].prefix], l);
	}
	return 0;
}

int pace_build(struct judge *j)
{
	struct days all = { 0, 0 };
	double q = j->conf.q > 0 ? j->conf.q : MODEL_Q0;

	pace_forget(j);
	for (uint32_t i = 0; i < j->n_leaves; i++)
		add(&all, leaf_at(j, i));
	if (j->conf.fixed ? !(j->conf.q > 0) : all.gone < MODEL_FLOOR)
		return 0;
	j->paces.known = true;
	j->paces.q = j->conf.fixed ? q : (MODEL_FLOOR * q + all.again) / (MODEL_FLOOR + all.gone);
	return j->conf.fixed ? 0 : learn(j);
}

/* The days within which a quarter of those that came again did so. */
static unsigned quartile(const double by_gap[JUDGE_WINDOW_DAYS], double all)
{
	double sum = 0;
	unsigned gap = 0;

	while (++gap + 1 < JUDGE_WINDOW_DAYS && (sum += by_gap[gap]) < all / 4)
		;
	return gap;
}

/* In whole days, so that one host more or less does not move all others. */
void rhythm_learn(struct judge *j)
{
	double by_gap[JUDGE_WINDOW_DAYS] = { 0 }, all = 0;
	const struct bit *before = NULL;

	for (size_t i = 0; !j->conf.world && !j->conf.fixed && i < j->bits.n; i++) {
		const struct bit *b = &j->bits.v[i];
		double w = bit_weight(j, b);

		if (!(w > 0))
			continue;
		if (before && before->host == b->host && bit_family(before) == bit_family(b) &&
		    bit_lag(b) > bit_lag(before)) {
			by_gap[bit_lag(b) - bit_lag(before)] += w;
			all += w;
		}
		before = b;
	}
	if (!j->conf.world)
		j->world.rhythm = all < MODEL_FLOOR ? 1 : quartile(by_gap, all);
	model_rhythm(&j->model, MAX_OF(j->world.rhythm, 1));
}
