/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The formulas of scoring.md A1 to A4, each alone: numbers in, numbers out. */
#ifndef ONUS_JUDGE_MODEL_H
#define ONUS_JUDGE_MODEL_H

#include <stdint.h>

#include "judge/judge.h"

enum model_level { /* A1: each has its half-lives and its Gamma shape */
	MODEL_AS,
	MODEL_SIXTEEN,
	MODEL_PREFIX,
	MODEL_PART,
	MODEL_BLOCK,
	MODEL_LEVEL_N
};

#define MODEL_CAP   3.0 /* new hosts counted per block, day and family */
#define MODEL_POOL  0.2 /* say of the other families in lambda */
#define MODEL_FLOOR 1e4 /* hosts' worth of the shipped l0 and m0 (A0) */
#define MODEL_WEAK  0.1 /* v of weak proof */

#define MODEL_DRIFT_MAX	 0.25 /* no world is believed to be less steady (A4) */
#define MODEL_STRAY_DAYS 28u

#define MODEL_Q0      0.40 /* the usual share of host-days that are followed by another within 7 (A8) */
#define MODEL_Q_PRIOR 5.0  /* host-days by which a level leans on the one above */
#define MODEL_Q_LEAST 0.01 /* nobody is believed to be cleaned faster */

#define MODEL_EPISODE	  7u /* silent days that part two incidents */
#define MODEL_WINDOW	  14.0 /* days that an owner has to answer an incident nobody told him of (A5) */
#define MODEL_WINDOW_TOLD 7.0 /* … and one that he was told of */
#define MODEL_FADE	  7.0 /* days in which the trim goes after that */

#define MODEL_TOGETHER 0.5 /* day weight that groups which are no anchors reach together (A7, 5) */
#define MODEL_ALONE    1.0 /* hosts that one group may say without anybody else … */
#define MODEL_TIMES    2.0 /* … and this many times what all others say (A7, 4) */

#define MODEL_TABLE_N 512u

/* struct model - the kernels by lag in days, and their sums since collection began */
struct model {
	double host[JUDGE_WINDOW_DAYS];			  /* K: (1+lag/rhythm)^-0.8 */
	double arrival[MODEL_LEVEL_N][JUDGE_WINDOW_DAYS]; /* (2^-(lag/h1) + 2^-(lag/h2)) / 2 */
	double w[MODEL_LEVEL_N];			  /* W_l */
	unsigned days;					  /* of collection, within the window */
	double unsteady;				  /* model_drift; 0 of a steady world */
	double forecast_low[MODEL_TABLE_N + 3], forecast_high[MODEL_TABLE_N + 3];
	double guilt[MODEL_TABLE_N + 3]; /* quantile.c */
};

/* model_init - days: of collection, today included; 1 or more */
void model_init(struct model *m, unsigned days);
void model_quantiles(struct model *m); /* the tables alone; model_init does it */

/* model_rhythm - the host kernel for a world in which a quarter of the hosts that come again do so within
 * so many days (A8); model_init: 1 */
void model_rhythm(struct model *m, unsigned days);

/* model_p7 - A2; k kernel sum, days ever active, silent days r, x active days of the last 28 */
double model_p7(double k, unsigned days, unsigned silent, unsigned active_28);

/* model_step - one level of A3: the lambda of the parent times (a+X)/(a+E) */
double model_step(const struct model *m, enum model_level l, double lambda, double x, double size);

/* model_pool - A3's pooling of families, in place; seen[f] false: left alone, has no say */
void model_pool(double lambda[FAMILY_SCORED_N], const double l0[FAMILY_SCORED_N],
    const bool seen[FAMILY_SCORED_N]);

extern const double model_kappa[FAMILY_SCORED_N]; /* severity */
#define MODEL_KAPPA_SCAN 0.5			  /* of attack when nothing but scans was seen */
#define MODEL_B0	 0.5 /* hosts of evidence that it takes to leave the average */

double model_score(double rho);
char model_grade(double score);

/* model_drift - what a world as unsteady as that, d of 0 to MODEL_DRIFT_MAX, does to the shape of forecasts;
 * model_init: 0
 * model_strayed - d of a series of hosts by lag, [m->days] long: mean square of the log of what 28 days brought over
 * what the rate before them foretold; 0: too short to tell */
void model_drift(struct model *m, double d);
double model_strayed(const struct model *m, const double by_lag[JUDGE_WINDOW_DAYS]);

/* model_shape - of the negative binomial that a forecast is, X arrivals being known (A4) */
double model_shape(const struct model *m, double x);

/* model_forecast - the factors on M of the 80 % forecast interval, X arrivals being known (A4) */
void model_forecast(const struct model *m, double x, double *low, double *high);

/* model_guilt - the 10 % quantile of Gamma(1+X) / (1+E) (A4) */
double model_guilt(const struct model *m, double x, double e);

/* model_gamma_quantile - of the Gamma distribution with this shape and scale 1; p in (0,1),
 * shape >= 0.5; relative error below 1e-9, above shape 1000 below 1e-4 (Wilson and Hilferty) */
double model_gamma_quantile(double shape, double p);

/* model_trim - A5: M without what the worst child has above a third of it and one more */
double model_trim(double m, double worst);

#endif
