/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Quantiles of the Gamma distribution, and the two intervals made of them (A4). A judgement asks for
 * three, which took most of its time: what the intervals need is tabled and interpolated, to 1e-8. */
#include <assert.h>
#include <math.h>

#include "judge/model.h"

/* The regularised lower incomplete gamma function: series below a+1, continued fraction (modified
 * Lentz) above. Source: Abramowitz and Stegun 6.5.29 and 6.5.31. */
static double gamma_p(double a, double x)
{
	double head = exp(a * log(x) - x - lgamma(a));

	if (x < a + 1) {
		double term = 1 / a, sum = term;

		for (unsigned n = 1; n < 2000 && term > sum * 1e-16; n++) {
			term *= x / (a + n);
			sum += term;
		}
		return head * sum;
	}
	double b = x + 1 - a, c = 1e300, d = 1 / b, h = d;

	for (unsigned n = 1; n < 2000; n++) {
		double an = -(double)n * (n - a), step;

		b += 2;
		d = 1 / (an * d + b);
		c = b + an / c;
		step = c * d;
		h *= step;
		if (fabs(step - 1) < 1e-15)
			break;
	}
	return 1 - head * h;
}

/* Quantile of the standard normal distribution, only for the two that are asked for. */
static double normal_quantile(double p)
{
	return p < 0.5 ? -1.2815515655446004 : 1.2815515655446004;
}

double model_gamma_quantile(double shape, double p)
{
	double g = 1 - 1 / (9 * shape) + normal_quantile(p) / (3 * sqrt(shape));
	double x = shape * g * g * g, lo = 0, hi = shape * 20 + 50;

	assert(p == 0.1 || p == 0.9);
	if (shape > 1000)
		return x;
	if (!(x > 0))
		x = shape / 10;
	for (unsigned i = 0; i < 100; i++) { /* Newton, kept inside a shrinking bracket */
		double miss = gamma_p(shape, x) - p;
		double slope = exp((shape - 1) * log(x) - x - lgamma(shape));
		double next = x - miss / slope;

		if (miss > 0)
			hi = x;
		else
			lo = x;
		if (!(next > lo && next < hi))
			next = (lo + hi) / 2;
		if (fabs(next - x) <= 1e-12 * x)
			return next;
		x = next;
	}
	return x;
}

#define FORECAST_LEAST 0.6 /* shape: below what the most unsteady world leaves of 1 … */
#define FORECAST_END   1.9 /* … and no more above that, as it stays below 2.5 */
#define GUILT_END      6.802394763324311 /* log 900 */

static double forecast_low(double at)
{
	double shape = FORECAST_LEAST + at;

	return model_gamma_quantile(shape, 0.1) / shape;
}

static double forecast_high(double at)
{
	double shape = FORECAST_LEAST + at;

	return model_gamma_quantile(shape, 0.9) / shape;
}

static double guilt_share(double at)
{
	return model_gamma_quantile(exp(at), 0.1) / exp(at);
}

/* One point more on either side: every step has two neighbours. */
static void fill(double table[MODEL_TABLE_N + 3], double end, double f(double))
{
	for (int i = 0; i < (int)MODEL_TABLE_N + 3; i++)
		table[i] = f(end / MODEL_TABLE_N * (i - 1));
}

void model_quantiles(struct model *m)
{
	fill(m->forecast_low, FORECAST_END, forecast_low);
	fill(m->forecast_high, FORECAST_END, forecast_high);
	fill(m->guilt, GUILT_END, guilt_share);
}

/* The cubic through the four points around at; 0 <= at <= end. */
static double look_up(const double table[MODEL_TABLE_N + 3], double end, double at)
{
	double x = at / end * MODEL_TABLE_N;
	unsigned i = MIN_OF((unsigned)x, MODEL_TABLE_N - 1);
	const double *p = table + i;
	double t = x - i;

	double a = -t * (t - 1) * (t - 2) / 6, b = (t + 1) * (t - 1) * (t - 2) / 2;
	double c = -(t + 1) * t * (t - 2) / 2, d = (t + 1) * t * (t - 1) / 6; /* Lagrange's */

	return a * p[0] + b * p[1] + c * p[2] + d * p[3];
}

void model_forecast(const struct model *m, double x, double *low, double *high)
{
	double at = model_shape(m, x) - FORECAST_LEAST;

	*low = look_up(m->forecast_low, FORECAST_END, at);
	*high = look_up(m->forecast_high, FORECAST_END, at);
}

double model_guilt(const struct model *m, double x, double e)
{
	double shape = 1 + x, at = log(shape);

	if (at >= GUILT_END)
		return model_gamma_quantile(shape, 0.1) / (1 + e);
	return shape * look_up(m->guilt, GUILT_END, at) / (1 + e);
}
