/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the average network is: l0 and M0 by family and IP version, from the shipped values and this
 * deployment's own evidence (A0: 10^4 hosts' worth of the shipped ones). */
#include "judge/run.h"

#include <string.h>

/* struct seen - the evidence of one family in one IP version, summed over all leaves */
struct seen {
	double
	    hosts; /* each by the weight of its first day, so that floods of little trust do little */
	double x; /* arrivals under the kernel of the AS */
	double returning;
};

static void sum_leaves(const struct judge *j, struct seen s[NF][2])
{
	for (uint32_t i = 0; i < j->n_leaves; i++) {
		const struct leaf *l = leaf_at(j, i);

		for (uint32_t k = 0; k < l->n_part; k++) {
			const struct part *p = &j->parts[l->part + k];

			s[p->family][l->version].x += p->x_as;
			s[p->family][l->version].returning += p->returning;
		}
	}
}

/* How many units of this version make up what one IPv4 address is in the shipped rates: the world
 * has one total rate, of which each version gets its share of hosts. */
static double per_unit(const struct judge *j, unsigned version)
{
	const uint64_t *size = j->world.size;

	if (version == 0)
		return 1;
	return size[0] && size[1] ? (double)size[0] / (double)size[1] : 256;
}

static void rates_learn(struct judge *j)
{
	struct seen s[NF][2] = { 0 };
	struct judge_world *w = &j->world;
	double all, floor_n;

	for (unsigned f = 0; f < NF; f++)
		for (unsigned v = 0; v < 2; v++)
			s[f][v].hosts = j->arrived[f][v];
	all = j->arrived_all;
	floor_n = j->conf.fixed ? 0 : all;
	sum_leaves(j, s);
	memset(w->l0, 0, sizeof(w->l0));
	memset(w->m0, 0, sizeof(w->m0));
	for (unsigned f = 0; f < NF; f++) {
		for (unsigned v = 0; v < 2; v++) {
			double size = (double)w->size[v];
			double share = all > 0 ? s[f][v].hosts / all * per_unit(j, v) : 0;
			double l0 = j->conf.l0 * share, m0 = j->conf.m0 * share;

			w->seen[f][v] = s[f][v].hosts > 0;
			if (size > 0) {
				double rate = s[f][v].x / (size * j->model.w[MODEL_AS]);

				l0 = (MODEL_FLOOR * l0 + floor_n * rate) / (MODEL_FLOOR + floor_n);
				m0 = (MODEL_FLOOR * m0 +
					 floor_n * (s[f][v].returning / size + 7 * rate)) /
				     (MODEL_FLOOR + floor_n);
			}
			w->l0[f][v] = l0;
			w->m0[f][v] = m0;
		}
	}
}

void world_learn(struct judge *j)
{
	struct judge_world *w = &j->world;

	w->hosts = j->n_hosts;
	w->bits = j->bits.n;
	if (!j->conf.world) {
		double n = j->conf.fixed ? 0 : j->arrived_all;

		rates_learn(j);
		w->drift = n * MIN_OF(model_strayed(&j->model, j->arrived_on), MODEL_DRIFT_MAX) /
			   (MODEL_FLOOR + n);
	}
	model_drift(&j->model, w->drift);
}
