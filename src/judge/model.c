/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "judge/model.h"

#include <math.h>

static const struct {
	double h1, h2; /* half-lives, days */
	double shape;
} level[MODEL_LEVEL_N] = {
	[MODEL_AS] = { 60, 60, 1.0 },
	[MODEL_SIXTEEN] = { 7, 60, 0.5 },
	[MODEL_PREFIX] = { 7, 60, 0.5 },
	[MODEL_PART] = { 7, 60, 0.5 },
	[MODEL_BLOCK] = { 3, 30, 0.3 },
};

const double model_kappa[FAMILY_SCORED_N] = {
	[FAMILY_ATTACK] = 1.0,
	[FAMILY_MAIL] = 1.0,
	[FAMILY_HOSTING] = 3.0,
	[FAMILY_ABUSE_OF_SERVICE] = 0.3,
};

void model_init(struct model *m, unsigned days)
{
	*m = (struct model){ 0 };
	model_quantiles(m);
	model_rhythm(m, 1);
	if (days > JUDGE_WINDOW_DAYS)
		days = JUDGE_WINDOW_DAYS;
	for (unsigned lag = 0; lag < JUDGE_WINDOW_DAYS; lag++) {
		for (unsigned l = 0; l < MODEL_LEVEL_N; l++) {
			double v = 0.5 * (exp2(-(double)lag / level[l].h1) +
					     exp2(-(double)lag / level[l].h2));

			m->arrival[l][lag] = v;
			if (lag < days)
				m->w[l] += v;
		}
	}
	m->days = days;
}

void model_rhythm(struct model *m, unsigned days)
{
	for (unsigned lag = 0; lag < JUDGE_WINDOW_DAYS; lag++)
		m->host[lag] = pow(1 + (double)lag / days, -0.8);
}

/* All entities share what the world does, as a factor of mean 1 on their means: the squares of the relative
 * spreads of both, and of their product, add up. */
void model_drift(struct model *m, double d)
{
	m->unsteady = expm1(d);
}

double model_shape(const struct model *m, double x)
{
	double k = 1 + x / (1 + x / 1.5);

	return k / (1 + m->unsteady * (1 + k));
}

double model_strayed(const struct model *m, const double by_lag[JUDGE_WINDOW_DAYS])
{
	double fade = m->arrival[MODEL_AS][1] / m->arrival[MODEL_AS][0];
	double seen = 0, days = 0, sum = 0;
	unsigned n = 0;

	for (unsigned lag = m->days; lag-- > MODEL_STRAY_DAYS;) {
		double came = 0;

		seen = seen * fade + by_lag[lag];
		days = days * fade + 1;
		if (m->days - lag < JUDGE_PROVISIONAL_DAYS)
			continue;
		for (unsigned k = 1; k <= MODEL_STRAY_DAYS; k++)
			came += by_lag[lag - k];
		if (!(seen > 0) || !(came > 0))
			continue;
		sum += pow(log(came / (MODEL_STRAY_DAYS * seen / days)), 2);
		n++;
	}
	return n ? sum / n : 0;
}

double model_p7(double k, unsigned days, unsigned silent, unsigned active_28)
{
	double c = days == 1 ? 0.5 : days == 2 ? 0.8 : 1.0;
	double u = (double)silent * active_28 / 28.0;

	if (days == 0)
		return 0;
	return c * -expm1(-0.55 * k) / (1 + u / 7 * (u / 7));
}

double model_step(const struct model *m, enum model_level l, double lambda, double x, double size)
{
	return lambda * (level[l].shape + x) / (level[l].shape + lambda * size * m->w[l]);
}

void model_pool(double lambda[FAMILY_SCORED_N], const double l0[FAMILY_SCORED_N],
    const bool seen[FAMILY_SCORED_N])
{
	double ratio[FAMILY_SCORED_N] = { 0 }, sum = 0;
	unsigned n = 0;

	for (unsigned f = 0; f < FAMILY_SCORED_N; f++) {
		if (!seen[f])
			continue;
		ratio[f] = lambda[f] / l0[f];
		sum += ratio[f];
		n++;
	}
	if (n < 2)
		return;
	for (unsigned f = 0; f < FAMILY_SCORED_N; f++) {
		double others = (sum - ratio[f]) / (n - 1);

		if (seen[f])
			lambda[f] = (1 - MODEL_POOL) * lambda[f] + MODEL_POOL * l0[f] * others;
	}
}

double model_score(double rho)
{
	return 100 / (1 + rho / 4);
}

char model_grade(double score)
{
	static const struct {
		double least;
		char grade;
	} grades[] = { { 90, 'A' }, { 75, 'B' }, { 50, 'C' }, { 25, 'D' }, { 10, 'E' } };

	for (unsigned i = 0; i < NELEM(grades); i++)
		if (score >= grades[i].least)
			return grades[i].grade;
	return 'F';
}

double model_trim(double m, double worst)
{
	double over = worst - (m - worst) / 2 - 1;

	return over > 0 ? m - over : m;
}
